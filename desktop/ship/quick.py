"""What all quick deliveries of one Goferry share: the porters on servers, and the binaries of before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import Pool
from desktop.base.paths import Home

from .porter import Porters
from .programs import Programs
from .recipe import Program
from .swift import Swift

if TYPE_CHECKING:
    from desktop.build import Binary, Toolchain

    from .delta import DeltaTools, Patch


class Quick:
    """Made once; `close` ends the porters."""

    def __init__(self, home: Home, pool: Pool, toolchain: Callable[[], Awaitable[Toolchain | None]]) -> None:
        async def find() -> DeltaTools | None:
            from .delta import find_tools

            return await find_tools(pool, home, await toolchain())

        self.porters = Porters()
        self.programs = Programs(home, pool, find)

    def swift(self, app: str, folder: str, binary: Binary | None) -> Swift:
        """The quick way for one release of `app`, whose state on the server is in `folder`."""
        program = None
        if binary is not None:
            program = Program(Path(binary.path), binary.sha256, binary.size)
        return Swift(self.porters, self.programs, program, f"{folder}/kept", f"goferry/{app}")

    async def foreseen(self, kept: Mapping[str, int], binary: Binary) -> Patch | None:
        """The patch that a server with these files will want; made now, so that it is there then."""
        if binary.sha256 in kept:
            return None
        old = self.programs.newest_of(kept, binary.sha256)
        program = Program(Path(binary.path), binary.sha256, binary.size)
        return await self.programs.patch(old, program) if old is not None else None

    async def close(self) -> None:
        await self.porters.close()
        await self.programs.close()
