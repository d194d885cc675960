"""The page without projects: a ship that waits for cargo, and three ways to begin."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import Text, button, column, label, paint_text, row, text_width


class Ship(QWidget):
    """The picture: drawn, so that it takes the theme's colours."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(204, 122))
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._boxes(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent.default"))
        hull = QPainterPath()
        hull.addPolygon(
            QPolygonF(
                [QPointF(28, 68), QPointF(172, 68), QPointF(154, 96), QPointF(148, 100), QPointF(52, 100)]
            )
        )
        hull.lineTo(46, 96)
        hull.closeSubpath()
        painter.drawPath(hull)
        painter.setPen(QPen(theme().color("accent.border"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        wave = QPainterPath(QPointF(4, 110))
        for step in range(4):
            x = 4 + step * 48
            wave.cubicTo(x + 8, 103, x + 16, 103, x + 24, 110)
            wave.cubicTo(x + 32, 117, x + 40, 117, x + 48, 110)
        painter.drawPath(wave)
        painter.end()

    def _boxes(self, painter: QPainter) -> None:
        pen = QPen(theme().color("stroke.strong"), 1.6)
        pen.setDashPattern([2.2, 1.6])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        for x in (54, 87, 120):
            painter.drawRoundedRect(QRectF(x, 36, 26, 26), 2, 2)
        pen.setColor(theme().color("accent.default"))
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(87, 4, 26, 26), 2, 2)
        painter.setPen(QPen(theme().color("accent.default"), 1.8))
        painter.drawLine(QPointF(94, 17), QPointF(106, 17))
        painter.drawLine(QPointF(100, 11), QPointF(100, 23))


class Tile(QWidget):
    """An icon on a rounded square."""

    def __init__(self, icon: str, main: bool) -> None:
        super().__init__()
        self.setFixedSize(28, 28)
        self._icon, self._main = icon, main

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent.bg" if self._main else "bg.subtle"))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        role = "accent.default" if self._main else "text.secondary"
        painter.drawPixmap(QPointF(6, 6), theme().pixmap(self._icon, role, 16, self.devicePixelRatioF()))
        painter.end()


class KeyHint(QWidget):
    """Keys as they are on the keyboard."""

    def __init__(self, keys: str) -> None:
        super().__init__()
        self._keys = keys
        self._measure()

    def _measure(self) -> None:
        self.setFixedSize(text_width(self._keys, "caption") + 12 if self._keys else 0, theme().px(20))

    def changeEvent(self, event: QEvent) -> None:
        """Text of another size comes with a new sheet."""
        if event.type() == QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._keys:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("stroke.control"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        paint_text(
            painter, self.rect(), self._keys, "caption", "text.secondary", Qt.AlignmentFlag.AlignHCenter
        )
        painter.end()


class Way(QFrame):
    """One of the ways to begin."""

    def __init__(
        self, icon: str, title: Text, why: Text, verb: Text, *, name: str, keys: str = "", main: bool = False
    ) -> None:
        super().__init__()
        self.setProperty("surface", "card")
        if main:
            self.setProperty("edge", "accent")
        self.setFixedWidth(theme().px(262))
        self.button = button(verb, name=name, kind="primary" if main else "standard")
        words = label(why, "caption", "secondary", wrap=True)
        words.setMinimumHeight(theme().px(48))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 14)
        layout.addLayout(row(Tile(icon, main), None, KeyHint(keys)))
        layout.addSpacing(6)
        layout.addWidget(label(title, "subtitle"))
        layout.addWidget(words, 1)
        layout.addSpacing(6)
        layout.addLayout(row(self.button, None))


def ways_to_a_project(name: str) -> dict[str, Way]:
    """By what is asked for: new, open or sample. `name` begins the names of their buttons."""
    return {
        "new": Way(
            "plus",
            lambda: tr("New project"),
            lambda: tr("Start from a template with a working service, health check and Dockerfile"),
            lambda: tr("New project"),
            name=f"{name}.new",
            keys="Ctrl N",
            main=True,
        ),
        "open": Way(
            "folder-open",
            lambda: tr("Open a folder"),
            lambda: tr("Any folder with a go.mod file. Goferry reads it and changes nothing"),
            lambda: tr("Open…"),
            name=f"{name}.open",
            keys="Ctrl O",
        ),
        "sample": Way(
            "play",
            lambda: tr("Try the sample"),
            lambda: tr("A tiny web service, built and run on this computer. No server needed"),
            lambda: tr("Start"),
            name=f"{name}.sample",
        ),
    }


_WITH_SHIP = 470
"""The least height that has room for the picture above the words."""


class NoProjects(QWidget):
    """`acted(key)`: new, open or sample."""

    acted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("projects.empty")
        title = label(lambda: tr("No projects yet"), "title")
        why = label(
            lambda: tr("A project is one Go module. Goferry builds it here and carries it to your servers."),
            "body",
            "secondary",
        )
        drop = label(lambda: tr("You can also drop a folder anywhere in this window"), "caption", "secondary")
        for words in (title, why, drop):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        ways = self._ways()
        three = row(None, *ways, None, spacing=14)
        self.ship = Ship()
        picture = row(None, self.ship, None)
        self.setLayout(column(None, picture, 16, title, 2, why, 16, three, 12, drop, None, spacing=4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the words need the room of the picture: a small screen at 200 % has 500 pixels."""
        self.ship.setVisible(event.size().height() >= theme().px(_WITH_SHIP))
        super().resizeEvent(event)

    def _ways(self) -> list[Way]:
        ways = ways_to_a_project("projects.empty")
        for key, way in ways.items():
            way.button.clicked.connect(lambda _=False, key=key: self.acted.emit(key))
        return list(ways.values())
