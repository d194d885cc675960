"""From worker threads to the loop: bounded, in batches every 50 ms, so that a flood of output cannot stall anything."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque

from desktop.base.commands import Command
from desktop.base.words import Words

from .model import BuildEvent, OnEvent

BATCH_SECONDS = 0.05
MOST = 20_000


class EventFeed:
    """`say` from any thread; `on_event` is called on the loop's thread, in the order of the events' times. Close it on
    the loop's thread."""

    def __init__(self, on_event: OnEvent) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_event = on_event
        self._waiting: deque[BuildEvent] = deque()
        self._lock = threading.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._woken = False
        self._started = time.monotonic()
        self.dropped = 0
        """Lines that came faster than they could be shown."""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def say(
        self, target: str, stage: str, kind: str, text: Words = "", *, ok: bool = True,
        fraction: float | None = None, command: Command | None = None,
    ) -> None:  # fmt: skip
        with self._lock:
            if kind in ("line", "progress") and len(self._waiting) >= MOST:
                self.dropped += 1
                return
            event = BuildEvent(self.seconds, target, stage, kind, text, ok, fraction, command)
            self._waiting.append(event)
            if self._woken:
                return
            self._woken = True
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(BATCH_SECONDS, self._drain)

    def _drain(self) -> None:
        self._timer = None
        with self._lock:
            batch, self._waiting, self._woken = self._waiting, deque(), False
        for event in batch:
            self._on_event(event)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._drain()
