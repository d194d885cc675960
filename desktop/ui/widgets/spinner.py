"""One timer for everything that turns; it stops when nothing that turns is on screen."""

from __future__ import annotations

import time
from functools import cache

import shiboken6
from PySide6.QtCore import QObject, QRect, QTimer
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from desktop.ui.motion import animations_wanted
from desktop.ui.theme import tokens

_FRAME_MS = 40


class Spinner(QObject):
    """Whoever paints something that turns asks for `turn`; a frame later the place that it turns in is painted again,
    and not the whole widget: a table has a hundred cells around it."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[QWidget, QRegion] = {}
        self._scrolled: dict[QWidget, tuple[int, int]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._tick)

    def turn(self, widget: QWidget | None, place: QRect) -> float:
        """The position now, 0 to 1; still when the system wishes for no animation. `place` is the widget's."""
        if widget is None or not animations_wanted():
            return 0.0
        self._asked[widget] = self._asked.get(widget, QRegion()) | place
        self._scrolled.setdefault(widget, _scrolled(widget))
        if not self._timer.isActive():
            self._timer.start()
        period: float = tokens()["motion"]["spinnerPeriodMs"] / 1000
        return (time.monotonic() % period) / period

    def _tick(self) -> None:
        asked, self._asked = self._asked, {}
        before, self._scrolled = self._scrolled, {}
        alive = [widget for widget in asked if shiboken6.isValid(widget) and widget.isVisible()]
        for widget in alive:
            if before[widget] == _scrolled(widget):
                widget.update(asked[widget])
            else:
                widget.update()  # what turns was moved along, without being painted
        if not alive:
            self._timer.stop()


def _scrolled(widget: QWidget) -> tuple[int, int]:
    """How far what the widget shows is scrolled."""
    area = widget.parentWidget()
    if not isinstance(area, QAbstractScrollArea) or area.viewport() is not widget:
        return 0, 0
    return area.horizontalScrollBar().value(), area.verticalScrollBar().value()


@cache
def spinner() -> Spinner:
    """The one Spinner of this process."""
    return Spinner()
