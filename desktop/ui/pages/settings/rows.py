"""A row of Settings: icon, name, what it does, control; and the tiles to choose a theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from desktop.base.words import tr
from desktop.ui.style import paint_radio
from desktop.ui.theme import theme, tokens
from desktop.ui.widgets import (
    Picture,
    Text,
    column,
    label,
    line,
    paint_text,
    row,
    say,
    stay_low,
    text_width,
    words,
)

_WORDS_PX = 240


class SettingRow(QFrame):
    """Icon, title, what it does, and controls at the right. `set_problem` shows a failed write under it."""

    def __init__(self, icon: str, title: Text, note: Text, *controls: QWidget) -> None:
        super().__init__()
        self._texts = (title, note)
        self.title = label(title)
        self.note = label(note, "caption", "secondary", wrap=True)
        if not self.note.text():
            self.note.hide()
        self.problem = label("", "caption", "fail", wrap=True)
        self.problem.hide()
        self._controls = row(None, *controls, spacing=14)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._box.setSpacing(10)
        self._box.addLayout(column(self.title, self.note, self.problem, spacing=1), 1)
        self._box.addLayout(self._controls)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 9, 14, 9)
        layout.setSpacing(14)
        layout.addWidget(Picture(icon, "text.secondary", 16))
        layout.addLayout(self._box, 1)

    def minimumSizeHint(self) -> QSize:
        """Narrower than its layout would have it: the controls then go below the words."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self._controls.sizeHint().width() + 80), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = self._controls.sizeHint().width() + theme().px(_WORDS_PX)
        below = needed > event.size().width()
        wanted = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        if self._box.direction() != wanted:
            self._box.setDirection(wanted)

    def set_note(self, note: Text) -> None:
        self._texts = (self._texts[0], note)
        say(self.note, self.note.setText, note)
        self.note.setVisible(bool(self.note.text()))

    def set_problem(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def matches(self, query: str) -> bool:
        """Whether every word of the query is in the row's texts."""
        text = " ".join(words(part) for part in self._texts).casefold()
        return all(part in text for part in query.casefold().split())


class Section(QWidget):
    """A heading over a card of rows."""

    def __init__(self, title: Text, rows: list[SettingRow], note: Text = "") -> None:
        super().__init__()
        stay_low(self)
        self.rows = rows
        self._lines: list[QFrame] = []
        card = QFrame()
        card.setProperty("surface", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        for at, shown in enumerate(rows):
            if at:
                divider = line()
                self._lines.append(divider)
                inside.addWidget(divider)
            inside.addWidget(shown)
        head = QHBoxLayout()
        head.addWidget(label(title, "bodyStrong"))
        head.addStretch(1)
        head.addWidget(label(note, "caption", "secondary"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(card)

    def filter(self, query: str) -> bool:
        """Show only rows that match; False when none does, and the section hides."""
        shown = 0
        for at, entry in enumerate(self.rows):
            fits = entry.matches(query)
            entry.setVisible(fits)
            if at:
                self._lines[at - 1].setVisible(fits and shown > 0)
            shown += fits
        self.setVisible(bool(shown))
        return bool(shown)


class ThemeTiles(QWidget):
    """System, light, dark as small pictures. `chosen(mode)`."""

    chosen = Signal(str)

    def __init__(self, value: str, *, name: str = "settings") -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        self._group = QButtonGroup(self)
        self._tiles: dict[str, _Tile] = {}
        names: dict[str, Text] = {
            "system": lambda: tr("System"),
            "light": lambda: tr("Light"),
            "dark": lambda: tr("Dark"),
        }
        for mode, text in names.items():
            tile = _Tile(mode, text, f"{name}.theme.{mode}")
            tile.clicked.connect(lambda _=False, mode=mode: self.chosen.emit(mode))
            self._group.addButton(tile)
            self._tiles[mode] = tile
            layout.addWidget(tile)
        self.set_value(value)

    def set_value(self, mode: str) -> None:
        if mode in self._tiles:
            self._tiles[mode].setChecked(True)


class _Tile(QAbstractButton):
    """A radio button that is a picture of the window in that theme."""

    def __init__(self, mode: str, text: Text, name: str) -> None:
        super().__init__()
        self._mode = mode
        self.setObjectName(name)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        say(self, self.setText, text)
        say(self, self.setAccessibleName, text)

    def sizeHint(self) -> QSize:
        return QSize(86 + 8 + 16 + 8 + text_width(self.text()) + 4, 52)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        from PySide6.QtWidgets import QStyle

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1, 1, 84, 50)
        shape = QPainterPath()
        shape.addRoundedRect(box, 6, 6)
        painter.save()
        painter.setClipPath(shape)
        if self._mode == "system":
            _paint_mock(painter, QRectF(box.left(), box.top(), box.width() / 2, box.height()), "light")
            _paint_mock(painter, QRectF(box.center().x(), box.top(), box.width() / 2, box.height()), "dark")
        else:
            _paint_mock(painter, box, self._mode)
        painter.restore()
        chosen = self.isChecked()
        role, width = ("accent.default", 2.0) if chosen else ("stroke.control", 1.0)
        painter.setPen(QPen(theme().color(role), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 6, 6)
        state = QStyle.StateFlag.State_Enabled
        state |= QStyle.StateFlag.State_On if chosen else QStyle.StateFlag.State_Off
        paint_radio(painter, QRectF(94, self.height() / 2 - 8, 16, 16), state)
        paint_text(painter, QRectF(118, 0, self.width() - 118, self.height()), self.text())
        painter.end()


def _paint_mock(painter: QPainter, box: QRectF, mode: str) -> None:
    """A window in little, in the colours of that theme, whichever is in force."""
    colors = {role: QColor(value) for role, value in tokens()["color"][mode].items()}
    painter.fillRect(box, colors["bg.base"])
    narrow = box.width() < 60
    left = box.left() + (box.width() * (0.3 if narrow else 0.22))
    card = QRectF(left, box.top() + 14, box.right() - left - 6, box.height() - 22)
    painter.fillRect(
        QRectF(left - 4, box.top() + 6, box.right() - left + 4, box.height()), colors["bg.layer"]
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors["bg.card"])
    painter.drawRoundedRect(card, 3, 3)
    painter.setBrush(colors["accent.default"])
    painter.drawRoundedRect(QRectF(QPointF(box.left() + 5, box.top() + 15), QSize(8, 3).toSizeF()), 1.5, 1.5)
    painter.drawRoundedRect(QRectF(card.right() - 15, card.center().y() - 2, 12, 5), 2, 2)
    if not narrow:
        painter.setBrush(colors["text.secondary"])
        painter.drawRoundedRect(QRectF(card.left() + 8, card.center().y() - 1, 20, 3), 1.5, 1.5)
