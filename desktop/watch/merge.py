"""Lines of several sources in one order of time. Pure: the clock comes in as an argument."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter

from .model import LogLine

WAIT = 0.3
"""Seconds that a line waits for slower sources."""

_at = attrgetter("at")


class Merger:
    """Takes lines per source, gives them back ordered by time.

    A line waits at most WAIT seconds for sources that may still bring an older one; it goes at once when each of
    them has already brought a newer one. What comes after a newer line was given out is marked late.
    """

    def __init__(
        self, sources: Iterable[Hashable] = (), *, wait: float = WAIT, began: float = float("-inf")
    ) -> None:
        """`sources` are waited for from the start. What was written before `began` (seconds UTC) is history: it is
        never called late."""
        self._wait, self._began = wait, began
        self._newest: dict[Hashable, float] = dict.fromkeys(sources, float("-inf"))
        self._waiting: list[LogLine] = []
        self._arrived: deque[tuple[float, float]] = deque()
        """(when a batch came, its newest time stamp), oldest first."""
        self._given = float("-inf")

    def push(self, source: Hashable, lines: Sequence[LogLine], now: float) -> None:
        """`lines` came from `source` at `now` (monotonic seconds)."""
        if not lines:
            return
        newest = max(map(_at, lines))
        self._newest[source] = max(newest, self._newest.get(source, newest))
        self._waiting.extend(lines)
        self._arrived.append((now, newest))

    def forget(self, source: Hashable) -> None:
        """`source` has ended or is cut off: nobody waits for it."""
        self._newest.pop(source, None)

    def take(self, now: float) -> list[LogLine]:
        """What need not wait any longer, ordered by time."""
        if not self._waiting:
            return []
        horizon = min(self._newest.values(), default=float("inf"))
        while self._arrived and now - self._arrived[0][0] >= self._wait:
            horizon = max(horizon, self._arrived.popleft()[1])
        return self._up_to(horizon)

    def rest(self) -> list[LogLine]:
        """All that still waits: nothing more will come."""
        self._arrived.clear()
        return self._up_to(float("inf"))

    def _up_to(self, horizon: float) -> list[LogLine]:
        self._waiting.sort(key=_at)  # stable: lines of one source with one stamp keep their order
        end = bisect_right(self._waiting, horizon, key=_at)
        ready, self._waiting = self._waiting[:end], self._waiting[end:]
        if not self._waiting:
            self._arrived.clear()
        if ready and ready[0].at < self._given:
            ready = [
                replace(line, late=True) if self._began <= line.at < self._given else line for line in ready
            ]
        if ready:
            self._given = max(self._given, ready[-1].at)
        return ready
