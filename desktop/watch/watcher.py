"""Keeps asking containers how they do, and says when one turns bad."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from desktop.base.blocking import Pool
from desktop.base.channel import Channel
from desktop.base.errors import GoferryError

from .history import HealthHistory, Turn, UsageHistory
from .model import HealthSample, UsageSample
from .probe import Check, probe

USAGE_SECONDS = 3.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alert:
    """A container turned bad, silent, or came back."""

    turn: Turn
    sample: HealthSample


async def watch_health(check: Check, channel: Channel, pool: Pool) -> AsyncIterator[HealthSample]:
    """A sample every interval, for ever. Deadlines are steady: a slow answer does not shift the next check."""
    due = time.monotonic()
    while True:
        yield await pool.run(probe, check, channel)
        due = max(due + check.interval, time.monotonic())
        await asyncio.sleep(max(0.0, due - time.monotonic()))


UsageOf = Callable[[], Awaitable[UsageSample | None]]
"""Asks once; None when the container does not run."""


class Watcher:
    """The health and the use of several containers, live. Keys are whatever the caller names them by."""

    def __init__(self, pool: Pool, on_alert: Callable[[Alert], None] = lambda alert: None) -> None:
        self._pool, self._on_alert = pool, on_alert
        self.health: dict[tuple[str, str], HealthHistory] = {}
        self.usage: dict[tuple[str, str], UsageHistory] = {}
        self.usage_errors: dict[tuple[str, str], GoferryError] = {}
        """Why a container's use is not known: shown as what is missing."""
        self._tasks: dict[tuple[str, str, str], asyncio.Task[None]] = {}

    def watch(self, check: Check, channel: Channel) -> None:
        """Begin to check; again with the same host and source replaces the check and keeps its history."""
        key = (check.host, check.source)
        self.health.setdefault(key, HealthHistory())
        self._start(("health", *key), self._check(check, channel))

    def measure(self, host: str, source: str, ask: UsageOf, every: float = USAGE_SECONDS) -> None:
        """Begin to measure CPU and memory."""
        self.usage.setdefault((host, source), UsageHistory())
        self._start(("usage", host, source), self._measure((host, source), ask, every))

    async def only(self, keys: Sequence[tuple[str, str]]) -> None:
        """Stop to look at all but these."""
        gone = [name for name in self._tasks if name[1:] not in keys]
        tasks = [self._tasks.pop(name) for name in gone]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for known in (self.health, self.usage, self.usage_errors):
            for key in [key for key in known if key not in keys]:
                del known[key]

    async def close(self) -> None:
        await self.only(())

    def _start(self, name: tuple[str, str, str], work: Awaitable[None]) -> None:
        if (old := self._tasks.pop(name, None)) is not None:
            old.cancel()
        self._tasks[name] = asyncio.ensure_future(work)

    async def _check(self, check: Check, channel: Channel) -> None:
        history = self.health[(check.host, check.source)]
        async for sample in watch_health(check, channel, self._pool):
            if turn := history.add(sample):
                self._on_alert(Alert(turn, sample))

    async def _measure(self, key: tuple[str, str], ask: UsageOf, every: float) -> None:
        while True:
            try:
                if (sample := await ask()) is not None:
                    self.usage[key].add(sample)
                self.usage_errors.pop(key, None)
            except GoferryError as error:
                self.usage_errors[key] = error
            except OSError as error:
                _log.debug("no usage of %s: %s", key, error)
            await asyncio.sleep(every)
