"""Lines over time: the small Spark and the LineChart with limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QMenu,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from desktop.base.words import tr
from desktop.ui.theme import theme

from .paint import paint_text, text_width

SERIES_ROLES = ("chart.1", "chart.2", "chart.3")


class Spark(QWidget):
    """A small line, oldest at the left. None is a gap."""

    def __init__(self, capacity: int = 60, *, role: str = "chart.1", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: deque[float | None] = deque(maxlen=capacity)
        self._role = role
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, 26)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, 26)

    def add(self, value: float | None) -> None:
        self._values.append(value)
        self.update()

    def show_values(self, values: Sequence[float | None], summary: str = "", role: str | None = None) -> None:
        """All values at once; `summary` is what a screen reader says."""
        self._values.clear()
        self._values.extend(values)
        self._role = role or self._role
        self.setAccessibleDescription(summary)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        known = [value for value in self._values if value is not None]
        if not known:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 2, -1, -1)
        top = max(known) or 1.0
        paint_line(
            painter, area, list(self._values), self._values.maxlen or len(self._values), top, self._role
        )
        painter.end()


def paint_line(
    painter: QPainter,
    area: QRectF,
    values: Sequence[float | None],
    slots: int,
    top: float,
    role: str,
    filled: bool = True,
    width: float = 1.5,
) -> None:
    """One series as a line with a tint below it, its last value at the right edge."""
    color = theme().color(role)
    tint = QColor(color)
    tint.setAlphaF(0.13)
    step = area.width() / max(1, slots - 1)
    start = slots - len(values)
    runs: list[list[QPointF]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            y = area.bottom() - area.height() * min(1.0, max(0.0, value / top))
            runs[-1].append(QPointF(area.left() + (start + index) * step, y))
    pen = QPen(color, width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    for points in (run for run in runs if run):
        if filled:
            ends = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            painter.drawPolygon(QPolygonF(points + ends))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart."""

    name: str
    values: tuple[float | None, ...]


class LineChart(QWidget):
    """Up to three series, a dashed limit, marks of time. The pointer's values in a tooltip, all in a table (menu)."""

    def __init__(self, *, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series: tuple[Series, ...] = ()
        self._marks: tuple[str, ...] = ()
        self._times: tuple[str, ...] = ()
        self._limit: tuple[float, str] | None = None
        self._unit = unit
        self.setMouseTracking(True)
        self.setMinimumHeight(96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(240, 120)

    def show_series(
        self,
        series: Sequence[Series],
        *,
        marks: Sequence[str] = (),
        times: Sequence[str] = (),
        limit: tuple[float, str] | None = None,
        summary: str = "",
    ) -> None:
        """`marks` stand below the axis, `times` name each value, `limit` is (value, its label)."""
        self._series, self._marks, self._times, self._limit = (
            tuple(series)[:3],
            tuple(marks),
            tuple(times),
            limit,
        )
        self.setAccessibleDescription(summary)
        self.update()

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(0, theme().px(18), 0, -theme().px(18))

    def _top(self) -> float:
        known = [value for line in self._series for value in line.values if value is not None]
        if self._limit:
            known.append(self._limit[0])
        return max(known, default=1.0) * 1.15 or 1.0

    def _slots(self) -> int:
        return max((len(line.values) for line in self._series), default=0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        painter.setPen(QPen(theme().color("chart.grid"), 1))
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - area.height() * share
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
        for index, line in enumerate(self._series):
            paint_line(
                painter,
                area,
                line.values,
                self._slots(),
                self._top(),
                SERIES_ROLES[index],
                len(self._series) == 1,
            )
        self._paint_limit(painter, area)
        self._paint_words(painter, area)
        painter.end()

    def _paint_limit(self, painter: QPainter, area: QRectF) -> None:
        if self._limit is None:
            return
        value, text = self._limit
        y = area.bottom() - area.height() * value / self._top()
        painter.setPen(QPen(theme().color("fail.fill"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(area.left(), y, area.right(), y))
        box = QRectF(area.left(), area.bottom() + 2, area.width(), theme().px(16))
        paint_text(painter, box, text, "caption", "fail.text", Qt.AlignmentFlag.AlignHCenter)

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        x = area.right()
        for index, line in reversed(list(enumerate(self._series))):
            if len(self._series) < 2:
                break
            wide = text_width(line.name, "caption")
            paint_text(
                painter, QRectF(x - wide, 0, wide + 2, theme().px(16)), line.name, "caption", "text.secondary"
            )
            painter.setPen(QPen(theme().color(SERIES_ROLES[index]), 2))
            painter.drawLine(QLineF(x - wide - 18, theme().px(8), x - wide - 6, theme().px(8)))
            x -= wide + 32
        for index, mark in enumerate(self._marks):
            last = index == len(self._marks) - 1
            share = index / max(1, len(self._marks) - 1)
            box = QRectF(area.left() + share * (area.width() - 60), area.bottom() + 2, 60, theme().px(16))
            align = Qt.AlignmentFlag.AlignRight if last and index else Qt.AlignmentFlag.AlignLeft
            paint_text(painter, box, mark, "caption", "text.secondary", align)

    def _rows(self, index: int) -> list[str]:
        slots, rows = self._slots(), []
        for line in self._series:
            at = index - (slots - len(line.values))
            value = line.values[at] if 0 <= at < len(line.values) else None
            rows.append("–" if value is None else f"{value:g} {self._unit}".strip())
        return rows

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        slots = self._slots()
        if slots < 2:
            return
        index = round(event.position().x() / max(1, self.width()) * (slots - 1))
        lines = [f"{line.name}  {shown}" for line, shown in zip(self._series, self._rows(index), strict=True)]
        when = self._times[index] if index < len(self._times) else ""
        QToolTip.showText(event.globalPosition().toPoint(), "\n".join(filter(None, [when, *lines])), self)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Show as table"), self.show_table)
        menu.popup(event.globalPos())

    def show_table(self) -> None:
        """The same numbers as a table, which every screen reader can walk."""
        window = QWidget(self, Qt.WindowType.Window)
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        window.setWindowTitle(tr("Numbers"))
        table = QTableWidget(self._slots(), len(self._series) + 1, window)
        table.setObjectName("chart.table")
        table.setAccessibleName(tr("Numbers"))
        table.setHorizontalHeaderLabels([tr("When"), *(line.name for line in self._series)])
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        for index in range(self._slots()):
            when = self._times[index] if index < len(self._times) else str(index + 1)
            for place, text in enumerate([when, *self._rows(index)]):
                table.setItem(index, place, QTableWidgetItem(text))
        layout = QVBoxLayout(window)
        layout.addWidget(table)
        window.resize(420, 480)
        window.show()
