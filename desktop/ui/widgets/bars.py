"""Bars and strips: progress, steps, layers, health, volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolTip, QWidget

from desktop.base.words import tr
from desktop.ui.theme import theme

from .labels import label, stay_low
from .paint import paint_bar, paint_text, tone_of
from .says import Text, say


class _Painted(QWidget):
    """A picture of fixed height that takes the width it gets."""

    height_px = 4

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, self.height_px)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, self.height_px)


class ProgressBar(_Painted):
    """The 4 px bar. None hides it: where the length is unknown there is no bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0

    def set_share(self, share: float | None) -> None:
        self.setVisible(share is not None)
        self._share = share or 0.0
        self.setAccessibleDescription(f"{self._share:.0%}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_bar(painter, QRectF(0, (self.height() - 4) / 2, self.width(), 4), self._share)
        painter.end()


class ProgressLine(QWidget):
    """A bar with its words: "Compile 171 of 268", 64%."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        stay_low(self)
        self.text = label("", "caption", "secondary")
        self.bar = ProgressBar()
        self.percent = label("", "caption", "secondary")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.text)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.percent)

    def show_progress(self, text: Text, share: float | None) -> None:
        """`share` 0 to 1, or None where nothing is counted."""
        say(self.text, self.text.setText, text)
        self.bar.set_share(share)
        self.percent.setText("" if share is None else f"{share:.0%}")


class SegmentBar(_Painted):
    """One segment a step, coloured by its state."""

    height_px = 6

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states: tuple[str, ...] = ()

    def show_states(self, states: Sequence[str], summary: str = "") -> None:
        self._states = tuple(states)
        self.setAccessibleDescription(summary)
        self.setToolTip(summary)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._states:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        gap = 4
        wide = (self.width() - gap * (len(self._states) - 1)) / len(self._states)
        for index, state in enumerate(self._states):
            family = tone_of(state)
            role = {"accent": "accent.default", "off": "off.fill"}.get(family, f"{family}.fill")
            if state == "wait":
                role = "stroke.card"
            painter.setBrush(theme().color(role))
            painter.drawRoundedRect(QRectF(index * (wide + gap), 0, wide, self.height()), 3, 3)
        painter.end()


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of a LayerBar."""

    name: str
    size: int
    shown: str
    """The size in words."""


LAYER_ROLES = ("chart.1", "chart.2", "chart.3")


class LayerBar(_Painted):
    """Parts by size, 2 px gaps, each at least 3 px."""

    height_px = 12

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[Layer, ...] = ()
        self.setMouseTracking(True)

    def show_layers(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self.setAccessibleDescription(", ".join(f"{layer.name} {layer.shown}" for layer in layers))
        self.update()

    @staticmethod
    def role(index: int) -> str:
        """The colour role of the layer's square in the list below."""
        return LAYER_ROLES[index % len(LAYER_ROLES)]

    def _spans(self) -> list[tuple[float, float]]:
        total = sum(layer.size for layer in self._layers) or 1
        room = self.width() - 2 * (len(self._layers) - 1)
        wides = [max(3.0, room * layer.size / total) for layer in self._layers]
        over = sum(wides) - room
        if wides and over > 0:
            widest = wides.index(max(wides))
            wides[widest] = max(3.0, wides[widest] - over)
        spans, x = [], 0.0
        for wide in wides:
            spans.append((x, wide))
            x += wide + 2
        return spans

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        for layer, (x, wide) in zip(self._layers, self._spans(), strict=True):
            if x <= event.position().x() <= x + wide:
                QToolTip.showText(event.globalPosition().toPoint(), f"{layer.name}  {layer.shown}", self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, (x, wide) in enumerate(self._spans()):
            painter.setBrush(theme().color(self.role(index)))
            painter.drawRoundedRect(QRectF(x, 0, wide, self.height()), 2, 2)
        painter.end()


class HealthStrip(_Painted):
    """One bar a period: full height ok, 70 % warn, 40 % failed, 3 px without data. `clicked(index)`."""

    height_px = 14
    clicked = Signal(int)

    _SHARE = {"ok": 1.0, "warn": 0.7, "fail": 0.4}  # noqa: RUF012

    def __init__(self, slots: int = 30, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._slots = slots
        self._states: tuple[str, ...] = ()

    def show_states(self, states: Sequence[str], summary: str = "") -> None:
        """Oldest first: ok, warn, fail; anything else counts as no data."""
        self._states = tuple(states)[-self._slots :]
        self.setAccessibleDescription(summary)
        self.setToolTip(summary)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = int(event.position().x() / max(1, self.width()) * self._slots)
        self.clicked.emit(index - (self._slots - len(self._states)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        step = self.width() / self._slots
        missing = self._slots - len(self._states)
        for index in range(self._slots):
            state = self._states[index - missing] if index >= missing else "none"
            share = self._SHARE.get(state)
            tall = 3.0 if share is None else self.height() * share
            painter.setBrush(theme().color("stroke.control" if share is None else f"{state}.fill"))
            painter.drawRoundedRect(
                QRectF(index * step, self.height() - tall, max(1.0, step - 1.5), tall), 1, 1
            )
        painter.end()


class VolumeStrip(_Painted):
    """Lines per period, stacked by level. A click jumps, a drag chooses a span: `span_chosen(first, last)` indexes."""

    height_px = 52
    jumped = Signal(int)
    span_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[tuple[int, int, int], ...] = ()
        self._marks: tuple[str, ...] = ()
        self._press: float | None = None
        self._drag: float | None = None

    def show_counts(self, counts: Sequence[tuple[int, int, int]], marks: Sequence[str] = ()) -> None:
        """(other, warn, error) per period, oldest first; `marks` are times spread evenly below."""
        self._counts, self._marks = tuple(counts), tuple(marks)
        total = sum(sum(count) for count in counts)
        errors = sum(count[2] for count in counts)
        self.setAccessibleDescription(tr("{total} lines, {errors} errors", total=total, errors=errors))
        self.update()

    def _index(self, x: float) -> int:
        return max(0, min(len(self._counts) - 1, int(x / max(1, self.width()) * len(self._counts))))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press = self._drag = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._drag = event.position().x()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        start, self._press = self._press, None
        if start is None or not self._counts:
            return
        first, last = sorted((self._index(start), self._index(event.position().x())))
        if abs(event.position().x() - start) < 4:
            self.jumped.emit(first)
        else:
            self.span_chosen.emit(first, last)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        foot = theme().px(16) if self._marks else 0
        base = self.height() - foot
        most = max((sum(count) for count in self._counts), default=0) or 1
        step = self.width() / max(1, len(self._counts))
        for index, count in enumerate(self._counts):
            bottom = float(base)
            for amount, role in zip(count, ("chart.1", "warn.fill", "fail.fill"), strict=True):
                tall = (base - 2) * amount / most
                if amount:
                    tall = max(1.5, tall)
                    painter.fillRect(
                        QRectF(index * step, bottom - tall, max(1.0, step - 2), tall), theme().color(role)
                    )
                    bottom -= tall + 0.5
        if self._press is not None and self._drag is not None:
            span = QRectF(QPointF(self._press, 0), QPointF(self._drag, base)).normalized()
            painter.setPen(theme().color("accent.default"))
            painter.drawRect(span)
        for index, mark in enumerate(self._marks):
            share = index / max(1, len(self._marks) - 1)
            box = QRectF(share * (self.width() - 60), base, 60, foot)
            last = index == len(self._marks) - 1
            align = Qt.AlignmentFlag.AlignRight if last else Qt.AlignmentFlag.AlignLeft
            paint_text(painter, box, mark, "caption", "text.secondary", align)
        painter.end()
