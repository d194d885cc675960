"""What the hosts of one run share: each stream is packed once, and may go once over the uplink, to a relay."""

from __future__ import annotations

import time
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Self

from desktop.base.blocking import CancelToken, Pool

from .packings import Packings

if TYPE_CHECKING:
    from types import TracebackType

    from .relay import Relay

STALE = 86400.0
"""Seconds after which what a killed run left is taken away."""


class Convoy:
    """Use it as an async context manager around a run."""

    def __init__(self, pool: Pool, folder: Path, hosts: int, relay: Relay | None = None) -> None:
        self._pool, self._folder = pool, folder
        self.packings = Packings(pool, folder)
        self.hosts, self.relay = hosts, relay

    @property
    def shares(self) -> bool:
        return self.hosts > 1

    async def __aenter__(self) -> Self:
        if self.shares:
            await self._pool.run(_sweep, self._folder)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.relay is not None:
            await self.relay.close()
        await self.packings.close()


def _sweep(token: CancelToken, folder: Path) -> None:
    for left in folder.glob("run-*"):
        if left.stat().st_mtime < time.time() - STALE:
            rmtree(left, ignore_errors=True)
