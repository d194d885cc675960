"""Buttons, switches and the like."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from desktop.ui.theme import theme

from .paint import paint_status, paint_text, text_width
from .says import Text, repolish, say, show_icon, words

_ICON_ROLE = {
    "primary": "text.onAccent",
    "accent": "accent.text",
    "link": "text.link",
    "danger": "fail.text",
    "dangerFilled": "text.onFill",
}


def button(
    text: Text,
    *,
    name: str,
    kind: str = "standard",
    small: bool = False,
    icon: str | None = None,
    tip: Text | None = None,
    parent: QWidget | None = None,
) -> QPushButton:
    """A push button. `kind`: standard, primary, accent, danger, dangerFilled, plain, link, preset."""
    made = QPushButton(parent)
    made.setObjectName(name)
    made.setProperty("kind", kind)
    made.setProperty("small", small)
    made.setAutoDefault(False)
    say(made, made.setText, text)
    if icon:
        show_icon(made, icon, _ICON_ROLE.get(kind, "text.primary"), 14 if small else 16)
    if tip is not None:
        say(made, made.setToolTip, tip)
    if kind == "link":
        made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def set_kind(target: QPushButton, kind: str) -> None:
    """Change a button's kind after it was made."""
    target.setProperty("kind", kind)
    if "_kit_icon" in target.__dict__:
        icon, _, px = target.__dict__["_kit_icon"]
        show_icon(target, icon, _ICON_ROLE.get(kind, "text.primary"), px)
    repolish(target)


class IconButton(QToolButton):
    """A picture alone, 32 or 26 px square; `label` is its tooltip and its accessible name."""

    def __init__(
        self,
        icon: str,
        label: Text,
        *,
        name: str,
        small: bool = True,
        framed: bool = False,
        role: str = "text.secondary",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("kind", "framed" if framed else "icon")
        side = theme().size("buttonSmall" if small else "button")
        self.setFixedSize(side, side)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_label(label)
        show_icon(self, icon, role, 14 if small else 16)

    def set_label(self, label: Text) -> None:
        say(self, self.setToolTip, label)
        say(self, self.setAccessibleName, label)

    def set_icon(self, icon: str, role: str = "text.secondary") -> None:
        show_icon(self, icon, role, self.__dict__["_kit_icon"][2])


class Switch(QAbstractButton):
    """On or off, at once. `toggled(bool)` as any button."""

    def __init__(self, label: Text, *, name: str, on: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setCheckable(True)
        self.setChecked(on)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        say(self, self.setAccessibleName, label)

    def sizeHint(self) -> QSize:
        return QSize(36, 24)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0.5, self.height() / 2 - 8.5, 35, 17)
        if self.isChecked():
            fill = theme().color("accent.default" if self.isEnabled() else "text.disabled")
            painter.setPen(QPen(fill, 1))
            painter.setBrush(fill)
            painter.drawRoundedRect(track, 8.5, 8.5)
            painter.setBrush(theme().color("text.onAccent"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QPointF(track.right() - 8.5, track.center().y()), 5, 5)
        else:
            edge = theme().color("stroke.strong" if self.isEnabled() else "stroke.control")
            painter.setPen(QPen(edge, 1))
            painter.setBrush(theme().color("bg.card"))
            painter.drawRoundedRect(track, 8.5, 8.5)
            painter.setBrush(edge)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QPointF(track.left() + 8.5, track.center().y()), 5, 5)
        painter.end()


class Segmented(QFrame):
    """Two to five short words, one chosen. Arrows move the choice."""

    chosen = Signal(str)
    """The key that the person chose."""

    def __init__(
        self,
        choices: Sequence[tuple[str, Text]],
        *,
        name: str,
        label: Text,
        value: str | None = None,
        small: bool = False,
        icons: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`choices` are (key, text); with `icons` the key is also an icon's name and the text its tooltip."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("segmented", True)
        self.setProperty("small", small)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        say(self, self.setAccessibleName, label)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        for key, text in choices:
            layout.addWidget(self._segment(key, text, icons))
        if value is None and choices:
            value = choices[0][0]
        if value is not None:
            self.set_value(value)

    def _segment(self, key: str, text: Text, icons: bool) -> QToolButton:
        segment = _Segment(self)
        segment.setObjectName(f"{self.objectName()}.{key}")
        segment.setProperty("kind", "segment")
        segment.setProperty("small", self.property("small"))
        segment.setCheckable(True)
        segment.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if icons:
            show_icon(segment, key, "text.primary", 14)
            say(segment, segment.setToolTip, text)
            say(segment, segment.setAccessibleName, text)
        else:
            say(segment, segment.setText, text)
        segment.clicked.connect(lambda: self.chosen.emit(key))
        self._group.addButton(segment)
        self._buttons[key] = segment
        return segment

    @property
    def value(self) -> str:
        return next((key for key, segment in self._buttons.items() if segment.isChecked()), "")

    def set_value(self, key: str) -> None:
        """Choose without telling: `chosen` is for the person's choice."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def segment(self, key: str) -> QToolButton:
        return self._buttons[key]

    def move_choice(self, by: int) -> None:
        """Move the choice by one, as the arrow keys do."""
        keys = list(self._buttons)
        at = (keys.index(self.value) + by) % len(keys) if self.value else 0
        self._buttons[keys[at]].setFocus(Qt.FocusReason.TabFocusReason)
        self._buttons[keys[at]].click()


class _Segment(QToolButton):
    def sizeHint(self) -> QSize:
        """Wide enough for the strong font of the chosen one, so that choosing moves nothing."""
        hint = super().sizeHint()
        if self.text():
            small = bool(self.property("small"))
            font, air = ("captionStrong", 14) if small else ("bodyStrong", 26)
            hint.setWidth(text_width(self.text(), font) + theme().px(air))
        return hint

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        parent = self.parent()
        if step and isinstance(parent, Segmented):
            parent.move_choice(step)
        else:
            super().keyPressEvent(event)


class NavButton(QAbstractButton):
    """A place in the navigation: icon, word, badge; a 3 x 16 bar marks the chosen one."""

    def __init__(self, icon: str, text: Text, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._badge = 0
        self._badge_tone = "accent"
        self._compact = False
        self._text = text
        self.setObjectName(name)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        say(self, self.setText, text)
        say(self, self.setAccessibleName, text)

    def set_badge(self, count: int, tone: str = "accent") -> None:
        """A number at the right; 0 takes it away. `tone`: accent, warn or fail."""
        self._badge, self._badge_tone = count, tone
        label = words(self._text)
        self.setAccessibleName(f"{label}, {count}" if count else label)
        self.update()

    def set_compact(self, compact: bool) -> None:
        """Only the icon, with the word as tooltip."""
        self._compact = compact
        say(self, self.setToolTip, self._text if compact else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(40 if self._compact else 192, theme().size("navItem"))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, theme().size("navItem"))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, hovered = self.isChecked(), self.underMouse()
        box = QRectF(self.rect())
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("nav.selected" if chosen else "nav.hover"))
            painter.drawRoundedRect(box, 4, 4)
        if chosen:
            painter.setBrush(theme().color("accent.default"))
            painter.drawRoundedRect(QRectF(0, box.center().y() - 8, 3, 16), 1.5, 1.5)
        self._paint_content(painter, box, chosen)
        painter.end()

    def _paint_content(self, painter: QPainter, box: QRectF, chosen: bool) -> None:
        role = "text.primary" if self.isEnabled() else "text.disabled"
        side = theme().px(18)
        left = (box.width() - side) / 2 if self._compact else 12
        ink = "accent.text" if chosen else role
        picture = theme().pixmap(self._icon_name, ink, side, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(left, box.center().y() - side / 2), picture)
        if not self._compact:
            text = QRectF(
                left + side + 12, 0, box.width() - left - side - 12 - (36 if self._badge else 6), box.height()
            )
            paint_text(painter, text, self.text(), "bodyStrong" if chosen else "body", role)
        if self._badge:
            self._paint_badge(painter, box)

    def _paint_badge(self, painter: QPainter, box: QRectF) -> None:
        text = str(self._badge) if self._badge < 100 else "99+"
        wide = max(18, text_width(text, "captionStrong") + 10)
        if self._compact:
            spot = QRectF(box.right() - 16, 2, max(14, wide - 4), 14)
        else:
            spot = QRectF(box.right() - 12 - wide, box.center().y() - 9, wide, 18)
        role = "accent.default" if self._badge_tone == "accent" else f"{self._badge_tone}.fill"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(role))
        painter.drawRoundedRect(spot, spot.height() / 2, spot.height() / 2)
        ink = "text.onAccent" if self._badge_tone == "accent" else "text.onFill"
        paint_text(painter, spot, text, "captionStrong", ink, Qt.AlignmentFlag.AlignHCenter)


class StatusDot(QWidget):
    """The shape of a state alone; put the word beside it (StateLabel has both)."""

    def __init__(
        self, state: str = "wait", word: Text = "", px: int = 14, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self.still = False
        """It does not turn while busy: in a legend nothing is under way."""
        self.setFixedSize(px, px)
        say(self, self.setAccessibleName, word)

    @property
    def state(self) -> str:
        return self._state

    def set_state(self, state: str, word: Text = "") -> None:
        self._state = state
        say(self, self.setAccessibleName, word)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_status(painter, self.rect(), self._state, None if self.still else self)
        painter.end()
