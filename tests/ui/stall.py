"""How long the window's loop stood still by its own doing, and how much of that this computer is to blame for."""

from __future__ import annotations

import math
import statistics
import sys
import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer

STALL_MS = 100.0
"""The promise, on a computer like the one that `REFERENCE_S` was measured on."""
REFERENCE_S = 0.0031
NOISE = 1.5
"""Shared machines lend their caches and clock to others meanwhile, which no counter tells."""
_HELD_MS = 400.0
_TICK_MS = 4
_SCHEDSTAT = Path("/proc/thread-self/schedstat")


def waited_for_processor() -> float:
    """Seconds that this thread was ready to run but others ran (Linux); 0 elsewhere."""
    try:
        return int(_SCHEDSTAT.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def under_wine() -> bool:
    """Whether this Windows is Wine, where a call to the system takes as long as Linux's X server does beside it."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")


def allowed_ms(limit_ms: float) -> float:
    """What a limit comes to on this computer as fast as it is now."""
    if under_wine():
        return math.inf  # what a Windows would take cannot be told there
    return limit_ms * NOISE * max(1.0, statistics.median(_errand() for _ in range(9)) / REFERENCE_S)


def _errand() -> float:
    """Seconds of processor time that the same small work takes here and now."""
    began = time.thread_time()
    words = {f"{number % 97} {number}": number for number in range(12_000)}
    sorted(words)
    return time.thread_time() - began


class StallMeter:
    """Beats on the loop; each late beat is a stall. `lags_ms` are the delays of all beats.

    Time in which the thread only waited for a processor does not count. Time in which it waited for something else
    counts from 0.4 s on, as a call that blocks: on a busy machine the thread that holds Python's lock may be set aside.
    Windows does not tell the one from the other, so there only what the thread itself worked counts.
    """

    def __init__(self) -> None:
        self.lags_ms: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._beat)
        self._last = self._waited = self._busy = 0.0

    def start(self) -> None:
        self._last, self._waited, self._busy = time.perf_counter(), waited_for_processor(), time.thread_time()
        self._timer.start()

    def stop(self) -> None:
        self._beat()
        self._timer.stop()

    def _beat(self) -> None:
        now, waited, busy = time.perf_counter(), waited_for_processor(), time.thread_time()
        stood = ((now - self._last) - (waited - self._waited)) * 1000 - _TICK_MS
        worked = (busy - self._busy) * 1000
        held = stood - worked > _HELD_MS and _SCHEDSTAT.exists()
        self.lags_ms.append(max(0.0, stood if held else min(stood, worked)))
        self._last, self._waited, self._busy = now, waited, busy

    @property
    def worst_ms(self) -> float:
        return max(self.lags_ms, default=0.0)

    def percentile(self, share: float) -> float:
        """The lag in ms that `share` (0 to 1) of all beats stayed under."""
        ordered = sorted(self.lags_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
