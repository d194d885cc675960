"""The layer that pages lie on: one edge, and a round corner towards the navigation."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.ui.theme import theme

_RADIUS = 8


class Layer(QWidget):
    """Painted here: a style sheet on it would go over every page inside as well."""

    def paintEvent(self, event: QPaintEvent) -> None:
        box = QRectF(self.rect()).adjusted(0.5, 0.5, 20, -0.5)  # the right edge lies outside
        path = QPainterPath()
        path.moveTo(box.bottomLeft())
        path.lineTo(box.left(), box.top() + _RADIUS)
        path.arcTo(QRectF(box.left(), box.top(), 2 * _RADIUS, 2 * _RADIUS), 180, -90)
        path.lineTo(box.topRight())
        path.lineTo(box.bottomRight())
        path.closeSubpath()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("stroke.card"), 1))
        painter.setBrush(theme().color("bg.layer"))
        painter.drawPath(path)
        painter.end()
