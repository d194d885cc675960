"""What the last hour was like, from single checks: strips, uptime, latency, and the moment it turned bad. Pure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .model import Health, HealthSample, UsageSample

MISSED = 3
"""Checks in a row that could not be made, after which nobody knows."""
FAILED = 2
"""Failed checks in a row after which people are told: a deploy has a short gap, and one check may fall into it."""
SPAN = 3600.0
BAR = 120.0
"""Seconds that one bar of the strip stands for."""


class Turn(StrEnum):
    """What changed with a sample."""

    NONE = ""
    BAD = "bad"
    BACK = "back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Bar:
    """Two minutes of checks. `state` is "ok", "warn" (some failed), "fail" (most failed) or "" (no answers)."""

    start: float
    state: str
    checks: int = 0
    failed: int = 0


class HealthHistory:
    """The checks of one container, for an hour back."""

    def __init__(self) -> None:
        self._samples: deque[HealthSample] = deque()
        self._missed = self._failed = 0
        self._told = False
        self._state = Health.WAIT

    @property
    def state(self) -> Health:
        return self._state

    @property
    def last(self) -> HealthSample | None:
        """The newest check that was made, whatever it said."""
        return next((sample for sample in reversed(self._samples) if not sample.missed), None)

    def add(self, sample: HealthSample) -> Turn:
        """Takes a sample in, and says whether there is something to tell. The state turns bad at once, and is told with
        the check after; what was not told is not told to be over either."""
        self._samples.append(sample)
        while self._samples and self._samples[0].at < sample.at - SPAN - BAR:
            self._samples.popleft()
        before, self._state = self._state, self._next(sample)
        turn = Turn.NONE
        if self._state is Health.BAD and self._failed == FAILED:
            turn = Turn.BAD
        elif self._state is Health.UNKNOWN and before is not Health.UNKNOWN:
            turn = Turn.UNKNOWN
        elif self._state is Health.OK and self._told:
            turn = Turn.BACK
        if turn is not Turn.NONE:
            self._told = turn is not Turn.BACK
        return turn

    def _next(self, sample: HealthSample) -> Health:
        self._missed = self._missed + 1 if sample.missed else 0
        if not sample.missed:
            self._failed = 0 if sample.ok else self._failed + 1
        if sample.missed:
            return Health.UNKNOWN if self._missed >= MISSED else self._state
        return Health.OK if sample.ok else Health.BAD

    def uptime(self, now: float) -> float | None:
        """The share of checks of the last hour that were answered well, 0..1; None without any."""
        made = [sample.ok for sample in self._samples if not sample.missed and sample.at >= now - SPAN]
        return sum(made) / len(made) if made else None

    def bars(self, now: float) -> tuple[Bar, ...]:
        """The last hour in bars, oldest first. Bars stand on whole two minutes, so that they do not crawl."""
        count = round(SPAN / BAR)
        first = math.floor(now / BAR) - count + 1
        made = [[0, 0] for _ in range(count)]
        for sample in self._samples:
            index = math.floor(sample.at / BAR) - first
            if 0 <= index < count and not sample.missed:
                made[index][0] += 1
                made[index][1] += not sample.ok
        return tuple(
            Bar((first + index) * BAR, _bar_state(checks, failed), checks, failed)
            for index, (checks, failed) in enumerate(made)
        )

    def latencies(self, since: float) -> tuple[tuple[float, float], ...]:
        """(when, seconds) of the answers since then."""
        return tuple((s.at, s.latency) for s in self._samples if s.latency is not None and s.at >= since)


def _bar_state(checks: int, failed: int) -> str:
    if not checks:
        return ""
    if not failed:
        return "ok"
    return "fail" if failed * 2 > checks else "warn"


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` (0..1) of `values` do not pass; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1 if share else 0)]


class UsageHistory:
    """CPU and memory of one container, for `span` seconds back."""

    def __init__(self, span: float = 900.0) -> None:
        self._span = span
        self._samples: deque[UsageSample] = deque()

    def add(self, sample: UsageSample) -> None:
        self._samples.append(sample)
        while self._samples[0].at < sample.at - self._span:
            self._samples.popleft()

    @property
    def last(self) -> UsageSample | None:
        return self._samples[-1] if self._samples else None

    @property
    def samples(self) -> tuple[UsageSample, ...]:
        return tuple(self._samples)
