"""Collects garbage on the window's thread only.

Python collects cycles in whichever thread happens to allocate; a QObject that dies in a worker thread takes its timers
and children down from there, which Qt forbids. So the automatic collector is off, and this beats instead.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_BEAT_MS = 500
_BUSY_MS = 100
"""While much comes and goes, as under a flood of log lines: ten short looks instead of one that a person sees."""
_YOUNG, _MIDDLE, _OLD = 2_000, 10, 20
_LATEST = 10 * _OLD
"""A look at all there is waits for a calm moment, but not for ever."""


class Garbage(QObject):
    """Make one on the window's thread; `release` gives the collector back."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self.settle()
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def settle(self) -> None:
        """What is loaded by now stays, and is never looked at again. Of 145,000 objects that a start leaves, 800 are
        garbage: they are not worth the 30 ms that the window would stand still for them."""
        gc.freeze()

    def collect(self) -> None:
        """The oldest generation that is due, nearly as Python itself would choose."""
        young, middle, old = gc.get_count()
        busy = young > _YOUNG
        if old > (_LATEST if busy else _OLD):
            gc.collect(2)
        elif middle > _MIDDLE:
            gc.collect(1)
        elif busy:
            gc.collect(0)
        beat = _BUSY_MS if busy else _BEAT_MS
        if beat != self._timer.interval():
            self._timer.setInterval(beat)

    def release(self) -> None:
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
