"""Words and how they are set: labels, rows and columns, chips, names with facts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.theme import theme

from .controls import StatusDot
from .paint import chip_width, paint_chip, text_role
from .says import Text, say, use_font, use_tone


def label(
    text: Text = "",
    font: str = "body",
    tone: str = "",
    *,
    wrap: bool = False,
    selectable: bool = False,
    parent: QWidget | None = None,
) -> QLabel:
    """A plain-text label. `tone`: "" (primary), secondary, tertiary, accent, ok, warn, fail, info, off."""
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    use_font(made, font)
    use_tone(made, tone)
    made.setWordWrap(wrap)
    if wrap:
        made.setMinimumWidth(60)
        made.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    say(made, made.setText, text)
    return made


def set_tone(target: QLabel, tone: str) -> None:
    """Change a label's colour role."""
    if target.property("tone") != tone:
        use_tone(target, tone)


class Picture(QLabel):
    """An icon of the set alone, sharp on the screen that it is on, also when the window goes to another one."""

    def __init__(self, icon: str, role: str, px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = (icon, role, px)
        theme().changed.connect(self._draw)
        self._draw()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._draw()
        return super().event(event)

    def _draw(self) -> None:
        self.setPixmap(theme().pixmap(*self._what, self.devicePixelRatioF()))


class ElidedLabel(QLabel):
    """One line that gives way: shortened with "…", whole in the tooltip."""

    def __init__(
        self,
        text: Text = "",
        font: str = "body",
        tone: str = "",
        *,
        middle: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._whole = ""
        self._fitted: tuple[str, int, str] | None = None
        self._mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        use_font(self, font)
        use_tone(self, tone)
        say(self, self.set_text, text)

    def set_text(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(text)
            self.updateGeometry()
        self._elide()

    def whole(self) -> str:
        return self._whole

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._whole) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, QFontMetrics(self.font()).height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._elide()

    def _elide(self) -> None:
        wanted = (self._whole, self.width(), self.font().key())
        if wanted == self._fitted:
            return
        self._fitted = wanted
        shown = QFontMetrics(self.font()).elidedText(self._whole, self._mode, max(0, self.width()))
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


def stay_low(widget: QWidget) -> None:
    """Take no more height than the content needs at the width there is."""
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)


def line(vertical: bool = False) -> QFrame:
    """A divider of one pixel."""
    made = QFrame()
    made.setProperty("line", "v" if vertical else "h")
    return made


def row(
    *parts: QWidget | QLayout | int | None,
    spacing: int = 8,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> QHBoxLayout:
    """Widgets side by side; None stretches, a number is a gap."""
    layout = QHBoxLayout()
    _fill(layout, parts, spacing, margins)
    return layout


def column(
    *parts: QWidget | QLayout | int | None,
    spacing: int = 4,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> QVBoxLayout:
    """Widgets one below the other; None stretches, a number is a gap."""
    layout = QVBoxLayout()
    _fill(layout, parts, spacing, margins)
    return layout


def _fill(
    layout: QHBoxLayout | QVBoxLayout,
    parts: Sequence[QWidget | QLayout | int | None],
    spacing: int,
    margins: tuple[int, int, int, int],
) -> None:
    layout.setSpacing(spacing)
    layout.setContentsMargins(*margins)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        elif isinstance(part, QLayout):
            layout.addLayout(part)
        else:
            layout.addWidget(part)


def scrolled(content: QWidget) -> QScrollArea:
    """The content in an area that scrolls downwards only."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    content.setProperty("plain", True)
    area.setWidget(content)
    return area


def clear_layout(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear_layout(inner)


class Chip(QWidget):
    """A small word on colour. `tone`: ok, warn, fail, info, off, accent, env.dev, env.staging, env.prod."""

    def __init__(
        self, text: Text = "", tone: str = "off", *, state: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._text, self._tone, self._state = "", tone, state
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        say(self, self.set_text, text)

    def set_text(self, text: str) -> None:
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def show_state(self, text: Text, tone: str, state: str | None = None) -> None:
        self._tone, self._state = tone, state
        say(self, self.set_text, text)

    def text(self) -> str:
        return self._text

    def sizeHint(self) -> QSize:
        return QSize(chip_width(self._text, self._state is not None), theme().px(20))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_chip(painter, QRectF(self.rect()), self._text, self._tone, self._state)
        painter.end()


class StateLabel(QWidget):
    """Shape and word of a state, side by side."""

    def __init__(
        self, state: str = "wait", text: Text = "", *, font: str = "caption", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.dot = StatusDot(state)
        self.word = label("", font, "secondary")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self.dot)
        layout.addWidget(self.word)
        self.show_state(state, text)

    def show_state(self, state: str, text: Text) -> None:
        self.dot.set_state(state)
        say(self.word, self.word.setText, text)
        tone = text_role(state).partition(".")[0]
        set_tone(self.word, "secondary" if tone == "text" else tone)


class KeyValueList(QWidget):
    """Two columns, names left and facts right, each fact selectable."""

    def __init__(self, *, label_width: int = 108, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width = label_width
        stay_low(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)

    def show_pairs(self, pairs: Sequence[tuple[str, str] | tuple[str, str, str]]) -> None:
        """(name, fact) or (name, fact, tone); tone "mono" gives the fixed font."""
        clear_layout(self._layout)
        for pair in pairs:
            name, fact = pair[0], pair[1]
            tone = pair[2] if len(pair) > 2 else ""
            left = label(name, "caption", "secondary", wrap=True)
            left.setFixedWidth(theme().px(self._width))
            font = "mono" if tone == "mono" else "body"
            right = label(fact or "–", font, "" if tone == "mono" else tone, wrap=True, selectable=True)
            right.setAccessibleName(f"{name}: {fact}")
            line_of = row(left, spacing=8)
            line_of.addWidget(right, 1)
            self._layout.addLayout(line_of)
