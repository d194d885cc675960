"""One timer for everything that turns; it stops when nothing that turns is on screen."""

from __future__ import annotations

import time
from functools import cache

import shiboken6
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from desktop.ui.motion import animations_wanted
from desktop.ui.theme import tokens

_FRAME_MS = 40


class Spinner(QObject):
    """Whoever paints something that turns asks for `turn`, and is painted again a frame later."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: set[QWidget] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._tick)

    def turn(self, widget: QWidget | None) -> float:
        """The position now, 0 to 1; still when the system wishes for no animation."""
        if widget is None or not animations_wanted():
            return 0.0
        self._asked.add(widget)
        if not self._timer.isActive():
            self._timer.start()
        period: float = tokens()["motion"]["spinnerPeriodMs"] / 1000
        return (time.monotonic() % period) / period

    def _tick(self) -> None:
        asked, self._asked = self._asked, set()
        alive = [widget for widget in asked if shiboken6.isValid(widget) and widget.isVisible()]
        for widget in alive:
            widget.update()
        if not alive:
            self._timer.stop()


@cache
def spinner() -> Spinner:
    """The one Spinner of this process."""
    return Spinner()
