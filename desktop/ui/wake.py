"""Notices that the computer slept: connections are then asked at once whether they still live, instead of one by one
failing under what a person does next."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

BEAT_S = 10.0
SLEPT_S = 30.0
"""A beat that comes so much too late was slept through. A clock that was set forward looks alike, and does no harm."""


class Wake(QObject):
    """`woke` after a sleep. `now` is the wall clock: on Linux the other one stands still meanwhile."""

    woke = Signal()

    def __init__(self, parent: QObject, now: Callable[[], float] = time.time) -> None:
        super().__init__(parent)
        self._now, self._last = now, now()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.setInterval(round(BEAT_S * 1000))
        self._timer.timeout.connect(self.beat)
        self._timer.start()

    def beat(self) -> None:
        last, self._last = self._last, self._now()
        if self._last - last > BEAT_S + SLEPT_S:
            self.woke.emit()
