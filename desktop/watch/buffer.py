"""Between threads that read and the loop that shows: a bounded buffer that lets the oldest go, and counts them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
LINES = 20_000
"""Lines of one stream that wait for the screen."""


class Buffer(Generic[T]):
    """Put from any thread, take from any other."""

    def __init__(self, most: int = LINES) -> None:
        self._items: deque[T] = deque(maxlen=most)
        self._lock = threading.Lock()
        self._dropped = 0
        self.total_dropped = 0

    def put(self, item: T) -> None:
        with self._lock:
            self._dropped += len(self._items) == self._items.maxlen
            self._items.append(item)

    def put_all(self, items: Sequence[T]) -> None:
        with self._lock:
            kept = self._items
            before, most = len(kept), kept.maxlen or 0
            many = len(items)
            kept.extend(items)
            self._dropped += max(0, before + many - most)

    def take(self, most: int = LINES) -> tuple[list[T], int]:
        """What waits, oldest first and at most so many, and how many were let go since the last call."""
        with self._lock:
            kept = self._items
            items = [kept.popleft() for _ in range(min(most, len(kept)))]
            dropped, self._dropped = self._dropped, 0
        self.total_dropped += dropped
        return items, dropped

    async def room(self) -> None:
        """Returns when at least half of it is free. For a reader on the loop that may be slowed down."""
        most = self._items.maxlen or 0
        while len(self._items) * 2 > most:  # noqa: ASYNC110  the taker may be a thread, which cannot set an Event
            await asyncio.sleep(0.02)

    def __len__(self) -> int:
        return len(self._items)
