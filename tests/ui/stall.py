"""How long the window's loop stood still, without the time in which this thread only waited for a processor."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer

STALL_MS = 100.0
_TICK_MS = 4
_SCHEDSTAT = Path("/proc/thread-self/schedstat")


def waited_for_processor() -> float:
    """Seconds that this thread was ready to run but others ran (Linux); 0 elsewhere."""
    try:
        return int(_SCHEDSTAT.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class StallMeter:
    """Beats on the loop; each late beat is a stall. `lags_ms` are the delays of all beats."""

    def __init__(self) -> None:
        self.lags_ms: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._beat)
        self._last = self._waited = 0.0

    def start(self) -> None:
        self._last, self._waited = time.perf_counter(), waited_for_processor()
        self._timer.start()

    def stop(self) -> None:
        self._beat()
        self._timer.stop()

    def _beat(self) -> None:
        now, waited = time.perf_counter(), waited_for_processor()
        stood = (now - self._last) - (waited - self._waited)
        self.lags_ms.append(max(0.0, stood * 1000 - _TICK_MS))
        self._last, self._waited = now, waited

    @property
    def worst_ms(self) -> float:
        return max(self.lags_ms, default=0.0)

    def percentile(self, share: float) -> float:
        """The lag in ms that `share` (0 to 1) of all beats stayed under."""
        ordered = sorted(self.lags_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
