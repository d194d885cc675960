"""The steps of set-up, one below the other."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.theme import theme
from desktop.ui.widgets import paint_text

from .present import Step


class StepRail(QWidget):
    """The four steps of set-up, one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: tuple[Step, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_steps(self, found: list[Step]) -> None:
        self._steps = tuple(found)
        self.setAccessibleDescription("; ".join(f"{step.title}: {step.note}" for step in found))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, theme().px(54) * max(1, len(self._steps)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tall = theme().px(54)
        for at, step in enumerate(self._steps):
            top = at * tall
            circle = QRectF(1, top + 6, 22, 22)
            if at + 1 < len(self._steps):
                role = "ok.fill" if step.state == "ok" else "stroke.control"
                painter.setPen(QPen(theme().color(role), 2))
                painter.drawLine(QPointF(12, top + 32), QPointF(12, top + tall + 2))
            self._paint_circle(painter, circle, at, step)
            text = QRectF(36, top, self.width() - 36, theme().px(18))
            strong = "bodyStrong" if step.now else "body"
            paint_text(painter, text, step.title, strong)
            paint_text(painter, text.translated(0, theme().px(18)), step.note, "caption", "text.secondary")
        painter.end()

    def _paint_circle(self, painter: QPainter, circle: QRectF, at: int, step: Step) -> None:
        filled = step.now or step.state == "ok"
        if filled:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(
                theme().color("ok.fill" if step.state == "ok" and not step.now else "accent.default")
            )
        else:
            painter.setPen(QPen(theme().color("stroke.strong"), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        if step.state == "ok" and not step.now:
            picture = theme().pixmap("check", "text.onFill", 14, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(circle.center().x() - 7, circle.center().y() - 7), picture)
        else:
            ink = "text.onAccent" if filled else "text.secondary"
            paint_text(painter, circle, str(at + 1), "captionStrong", ink, Qt.AlignmentFlag.AlignHCenter)
