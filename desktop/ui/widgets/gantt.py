"""The stage timeline of a build: one lane a target, x in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop.base.words import tr
from desktop.ui.theme import theme

from .paint import paint_status, paint_text, text_width, tone_of

_LANE = 29
_BAR = 21
_FOOT = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage: from `start` for `length` seconds. `estimated` draws it dashed."""

    key: str
    text: str
    start: float
    length: float
    state: str = "ok"
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """A row: a target with its state and stages."""

    key: str
    title: str
    state: str | None = None
    bars: tuple[Bar, ...] = ()


class StageGantt(QWidget):
    """Lanes of stages. `bar_clicked(lane key, bar key)`, `lane_clicked(lane key)`."""

    bar_clicked = Signal(str, str)
    lane_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: tuple[Lane, ...] = ()
        self._now: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_lanes(self, lanes: Sequence[Lane], now: float | None = None) -> None:
        """`now` in seconds draws the line of the present; None once it is over."""
        grew = len(lanes) != len(self._lanes)
        self._lanes, self._now = tuple(lanes), now
        self.setAccessibleDescription(
            "; ".join(f"{lane.title}: {lane.bars[-1].text}" for lane in lanes if lane.bars)
        )
        if grew:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, theme().px(_LANE) * max(1, len(self._lanes)) + theme().px(_FOOT))

    def minimumSizeHint(self) -> QSize:
        return QSize(320, self.sizeHint().height())

    def _left(self) -> float:
        widest = max((text_width(lane.title) for lane in self._lanes), default=80)
        return min(self.width() * 0.4, widest + 36.0)

    def _span(self) -> float:
        ends = [bar.start + bar.length for lane in self._lanes for bar in lane.bars]
        longest = max([*ends, (self._now or 0.0) * 1.05, 5.0])
        return (int(longest / 5) + 1) * 5.0

    def _rect(self, row: int, bar: Bar) -> QRectF:
        left, lane = self._left(), theme().px(_LANE)
        scale = (self.width() - left - 12) / self._span()
        wide = max(3.0, bar.length * scale - 2)
        return QRectF(left + bar.start * scale, row * lane + 4, wide, theme().px(_BAR))

    def _hit(self, x: float, y: float) -> tuple[Lane | None, Bar | None]:
        row = int(y / theme().px(_LANE))
        if not 0 <= row < len(self._lanes):
            return None, None
        lane = self._lanes[row]
        return lane, next((bar for bar in lane.bars if self._rect(row, bar).contains(x, y)), None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        lane, bar = self._hit(event.position().x(), event.position().y())
        if lane and bar:
            self.bar_clicked.emit(lane.key, bar.key)
        elif lane and event.position().x() < self._left():
            self.lane_clicked.emit(lane.key)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            lane, bar = self._hit(event.pos().x(), event.pos().y())
            if lane and bar:
                text = tr(
                    "{lane}: {stage}, {seconds} s",
                    lane=lane.title,
                    stage=bar.text,
                    seconds=f"{bar.length:.1f}",
                )
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, lane_px, span = self._left(), theme().px(_LANE), self._span()
        base = lane_px * len(self._lanes)
        scale = (self.width() - left - 12) / span
        self._paint_grid(painter, left, base, scale, span)
        for index, lane in enumerate(self._lanes):
            top = index * lane_px
            x = 0.0
            if lane.state is not None:
                paint_status(painter, QRectF(0, top + lane_px / 2 - 7, 14, 14), lane.state, self)
                x = 22
            paint_text(painter, QRectF(x, top, left - x - 8, lane_px), lane.title)
            for bar in lane.bars:
                _paint_bar(painter, self._rect(index, bar), bar)
        if self._now is not None:
            painter.setPen(QPen(theme().color("accent.default"), 2))
            x = left + self._now * scale
            painter.drawLine(QLineF(x, 0, x, base))
        painter.end()

    def _paint_grid(self, painter: QPainter, left: float, base: int, scale: float, span: float) -> None:
        step = 5.0
        while step * scale < 44:
            step *= 2
        at = 0.0
        while at <= span:
            x = left + at * scale
            painter.setPen(QPen(theme().color("chart.grid"), 1))
            painter.drawLine(QLineF(x, 0, x, base))
            box = QRectF(x - 30, base, 60, theme().px(_FOOT))
            if at == 0:
                box.moveLeft(x - 4)
                paint_text(painter, box, tr("{n} s", n=0), "caption", "text.secondary")
            elif x + 24 < left + span * scale + 12:
                words = tr("{n} s", n=f"{at:g}")
                paint_text(painter, box, words, "caption", "text.secondary", Qt.AlignmentFlag.AlignHCenter)
            at += step


def _paint_bar(painter: QPainter, rect: QRectF, bar: Bar) -> None:
    box = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    family = tone_of(bar.state)
    if bar.estimated:
        pen = QPen(theme().color("stroke.control"), 1, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ink = "text.secondary"
    else:
        painter.setPen(QPen(theme().color(f"{family}.border"), 1))
        painter.setBrush(theme().color(f"{family}.bg"))
        ink = f"{family}.text"
    painter.drawRoundedRect(box, 4, 4)
    inner = box.adjusted(7, 0, -5, 0)
    if text_width(bar.text, "caption") <= inner.width() + 1:
        paint_text(painter, inner, bar.text, "caption", ink)
