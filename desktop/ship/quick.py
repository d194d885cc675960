"""What all quick deliveries of one Goferry share: the porters on servers, and the binaries of before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from desktop.base.blocking import Pool
from desktop.base.paths import Home

from .blocks import Packer
from .porter import Porters
from .programs import Programs
from .recipe import Program, pieces
from .swift import Ahead, Here, Swift

if TYPE_CHECKING:
    from desktop.base.channel import Channel
    from desktop.build import Binary, Toolchain
    from desktop.image import Image

    from .convoy import Convoy
    from .delta import DeltaTools, Helper, Patch
    from .porter import Porter


T = TypeVar("T")


class Quick:
    """Made once; `close` ends the porters."""

    def __init__(self, home: Home, pool: Pool, toolchain: Callable[[], Awaitable[Toolchain | None]]) -> None:
        async def find() -> DeltaTools | None:
            from .delta import find_tools

            return await find_tools(pool, home, await toolchain())

        async def find_helper(arch: str, build: bool) -> Helper | None:
            from .delta import helper_for

            return await helper_for(pool, home, await toolchain(), arch, build=build)

        fronts = dict[str, asyncio.Task["Helper | None"]]()

        async def make_front(arch: str) -> Helper | None:
            from .delta import front_for

            return await front_for(pool, home, await toolchain(), arch)

        async def find_front(arch: str) -> Helper | None:
            work = fronts.get(arch)
            if work is None or work.done():  # what is there is found in no time
                work = fronts[arch] = self.meanwhile(make_front(arch))
            return await asyncio.shield(work)

        self.front = find_front
        """The program that stands in front of an app on servers of an architecture (mode proxy)."""
        self._home, self._pool = home, pool
        self._tasks: set[asyncio.Task[object]] = set()
        self.porters = Porters()
        self.programs = Programs(home, pool, find, find_helper)

    def swift(
        self,
        app: str,
        folder: str,
        binary: Binary | None,
        here: Here | None = None,
        convoy: Convoy | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> Swift:
        """The quick way for one release of `app`, whose state on the server is in `folder`."""
        program = None
        if binary is not None:
            program = Program(Path(binary.path), binary.sha256, binary.size)
        names = f"{folder}/kept", f"goferry/{app}"
        return Swift(self.porters, self.programs, program, *names, here, convoy=convoy, note=note)

    def shared(self, image: Image, convoy: Convoy) -> Swift:
        """The quick way for an image that all hosts of a run want and no app owns: nothing of it is kept as files."""
        return Swift(self.porters, self.programs, None, "", image.ref.rpartition(":")[0], convoy=convoy)

    def convoy(self, hosts: int, relay: Channel | None = None, port: int = 0) -> Convoy:
        """What so many hosts of one run share; `relay` hands on to the others, at `port` where that is not 0."""
        from .convoy import Convoy
        from .relay import Relay

        through = Relay(relay, self.porters, self._pool, port, hosts) if relay is not None else None
        return Convoy(self._pool, self._home.folder("programs", "packed"), hosts, through)

    def send_ahead(self, channel: Channel, program: Helper) -> Ahead:
        """A program on its way into the memory of a porter, for an image that is wanted soon. No file is made there."""
        ahead = Ahead(Program(program.path, program.sha256, program.size))

        def blocks(porter: Porter) -> Iterator[bytes]:
            if program.blocks is not None and "xz" in (porter.packs or ()):
                packed = pieces(program.blocks)
            else:
                packer = Packer.of(porter.packs or (), amd64=program.path.name.endswith("amd64"))
                packed = packer.stream(pieces(program.path), lambda size: None)
            for piece in packed:
                ahead.sent_bytes += len(piece)
                yield piece

        self.meanwhile(self.porters.stash(channel, ahead.stash, blocks))
        return ahead

    async def foreseen(
        self, kept: Mapping[str, int], binary: Binary, ahead: Awaitable[Ahead | None] | None = None
    ) -> Patch | None:
        """The patch that a server with these files will want; made now, so that it is there then. `ahead`: what is
        being sent there already."""
        if binary.sha256 in kept:
            return None
        old = self.programs.newest_of(kept, binary.sha256)
        program = Program(Path(binary.path), binary.sha256, binary.size)
        stretches = old is None
        if old is None and ahead is not None and (known := await ahead) is not None:
            old = known.base_for(program)
        return await self.programs.patch(old, program, stretches=stretches) if old is not None else None

    def meanwhile(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        """Begins something that will be wanted soon; nobody has to wait for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.porters.close()
        await self.programs.close()
