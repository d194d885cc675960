"""What the hosts of one run share: each stream is packed once, and may go once over the uplink, to a relay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from desktop.base.blocking import Pool
from desktop.base.scratch import Scratch

from .packings import Packings

if TYPE_CHECKING:
    from types import TracebackType

    from .relay import Relay


class Convoy:
    """Use it as an async context manager around a run."""

    def __init__(self, pool: Pool, folder: Path, hosts: int, relay: Relay | None = None) -> None:
        self._pool, self._scratch = pool, Scratch(folder)
        self.packings = Packings(pool, self._scratch)
        self.hosts, self.relay = hosts, relay

    @property
    def shares(self) -> bool:
        return self.hosts > 1

    async def __aenter__(self) -> Self:
        if self.shares:
            await self._pool.run(lambda token: self._scratch.folder())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.relay is not None:
            await self.relay.close()
        await self.packings.close()
        await self._pool.run(lambda token: self._scratch.close())
