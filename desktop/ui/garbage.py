"""Collects garbage on the window's thread only.

Python collects cycles in whichever thread happens to allocate; a QObject that dies in a worker thread takes its timers
and children down from there, which Qt forbids. So the automatic collector is off, and this beats instead.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_BEAT_MS = 500
_THRESHOLDS = (2_000, 10, 20)


class Garbage(QObject):
    """Make one on the window's thread; `release` gives the collector back."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def settle(self) -> None:
        """What is loaded by now stays: it need not be looked at again, which keeps full collections short."""
        gc.collect()
        gc.freeze()

    def collect(self) -> None:
        """The oldest generation that is due, as Python itself would choose."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > _THRESHOLDS[generation]:
                gc.collect(generation)
                return

    def release(self) -> None:
        self._timer.stop()
        gc.enable()
