"""The binaries that were sent, kept on this computer by their hash: a delta needs the old one too."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from desktop.base.blocking import CancelToken, Pool
from desktop.base.paths import Home, replace_file
from desktop.base.scratch import Scratch

if TYPE_CHECKING:
    from .delta import DeltaTools, Helper, Patch
    from .recipe import Program

T = TypeVar("T")
MOST_FILES = 40
MOST_BYTES = 2 << 30
MOST_ENCODED = 256 << 20
"""Bytes of a program that patches are made of, as in resources/delta: both builds are in memory then."""
LARGE = 20 << 20
"""Bytes of a program from which on a helper is quicker than Python: it saves some 0.3 s of 40 MB."""
PATCHES = 32
"""Kept at a time: of a fleet, each host may have another version."""


class Programs:
    """Old binaries by hash, bounded, and the patches between them: each is made once, however many hosts want it."""

    def __init__(
        self,
        home: Home,
        pool: Pool,
        find_tools: Callable[[], Awaitable[DeltaTools | None]],
        find_helper: Callable[[str, bool], Awaitable[Helper | None]],
    ) -> None:
        self._home, self._pool, self._find_tools = home, pool, find_tools
        self._find_helper = find_helper
        self.scratch = Scratch(home.root / "programs" / "patches")
        """Of this run: what is not whole yet, and patches."""
        self.wants_helper: Callable[[], bool] = lambda: False
        """Whether a person wants it on servers that have Python too."""
        self._helpers: dict[str, asyncio.Task[Helper | None]] = {}
        self._tools: asyncio.Task[DeltaTools | None] | None = None
        self._patches: dict[tuple[str, str], asyncio.Task[Patch | None]] = {}
        self.encodings = 0
        """How many patches were made, whoever had them."""

    @property
    def folder(self) -> Path:
        return self._home.folder("programs")

    async def run(self, work: Callable[[CancelToken], T]) -> T:
        """Small work on files, away from the loop."""
        return await self._pool.run(work)

    async def keep(self, program: Program) -> None:
        """Files it under its hash; the oldest ones make room."""
        await self._pool.run(self._keep, program)

    def _keep(self, token: CancelToken, program: Program) -> None:
        final = self.folder / program.sha256
        if final.is_file():
            with suppress(OSError):
                os.utime(final)
            return
        part = self.scratch.folder() / f"{program.sha256}.part"
        part.unlink(missing_ok=True)
        try:
            try:
                os.link(
                    program.path, part
                )  # the next build puts another file in its place and leaves this one
            except OSError:
                shutil.copyfile(program.path, part)
            replace_file(part, final)
        except OSError:
            part.unlink(missing_ok=True)  # it costs the next delta, nothing else
        self._bound()

    def _bound(self) -> None:
        files = sorted(self.folder.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime, reverse=True)
        size = 0
        for number, path in enumerate(files):
            size += path.stat().st_size
            if number >= MOST_FILES or (size > MOST_BYTES and number > 1):
                path.unlink(missing_ok=True)

    def newest_of(self, kept: Mapping[str, int], but: str) -> Path | None:
        """The newest binary that is both here and in `kept` (hash to size)."""
        here = [self.folder / name for name in kept if name != but]
        fitting = [path for path in here if path.is_file() and path.stat().st_size == kept[path.name]]
        return max(fitting, key=lambda path: path.stat().st_mtime, default=None)

    def get_ready(self) -> asyncio.Task[DeltaTools | None]:
        """Finds or makes the encoder, once; well begun while a whole image is on the wire, for the next change."""
        if self._tools is None:
            self._tools = asyncio.ensure_future(self._find_tools())
        return self._tools

    async def helper(self, arch: str) -> Helper | None:
        """For servers with this processor; None while it is being made, which nobody waits for."""
        helper = await self._find_helper(arch, False)
        if helper is None and (arch not in self._helpers or self._helpers[arch].done()):
            self._helpers[arch] = asyncio.ensure_future(self._find_helper(arch, True))
        return helper

    def prefers_helper(self, program: Program) -> bool:
        """Where there is Python too."""
        return program.size >= LARGE and self.wants_helper()

    @property
    def making(self) -> bool:
        return any(not task.done() for task in self._helpers.values())

    async def made(self) -> None:
        """Returns when the helpers that are wanted have been made: for a run that ends otherwise before it."""
        await asyncio.gather(*self._helpers.values(), return_exceptions=True)

    async def patch(self, old: Path, new: Program, *, stretches: bool = False) -> Patch | None:
        """From `old` to `new`; None where none can be made, or it is hardly smaller than the whole. In `stretches` for
        a large one."""
        key = (old.name, new.sha256)
        work = self._patches.get(key)
        if work is None or (work.done() and not _usable(work)):
            work = asyncio.ensure_future(self._encode(old, new, stretches))
            self._patches[key] = work
            for gone in list(self._patches)[:-PATCHES]:
                await self._forget(gone)
        return await asyncio.shield(work)

    async def _encode(self, old: Path, new: Program, stretches: bool) -> Patch | None:
        tools = await asyncio.shield(self.get_ready()) if fits(old, new) else None
        if tools is None:
            return None
        from .delta import encode, encode_stretches

        self.encodings += 1
        folder = await self._pool.run(lambda token: self.scratch.folder())
        work = encode_stretches if stretches else encode
        return await work(self._pool, tools, old, new.path, folder, limit=new.size // 3)

    async def _forget(self, key: tuple[str, str]) -> None:
        work = self._patches.pop(key)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        if not work.cancelled() and work.exception() is None and (patch := work.result()) is not None:
            patch.path.unlink(missing_ok=True)

    async def close(self) -> None:
        for key in list(self._patches):
            await self._forget(key)
        making = [*self._helpers.values(), *([self._tools] if self._tools is not None else [])]
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        await self._pool.run(lambda token: self.scratch.close())


def fits(old: Path, new: Program) -> bool:
    """Whether a patch may be made of them without much memory."""
    return max(old.stat().st_size, new.size) <= MOST_ENCODED


def _usable(work: asyncio.Task[Patch | None]) -> bool:
    if work.cancelled() or work.exception() is not None:
        return False
    patch = work.result()
    return patch is None or patch.path.is_file()
