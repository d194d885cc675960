"""What content stands on: cards, headers, banners, rows that unfold, empty pages."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.theme import theme

from .controls import IconButton, StatusDot, button
from .labels import Picture, clear_layout, column, label, line, row, stay_low
from .layouts import FlowLayout
from .says import Text, repolish, say, show_icon


class Card(QFrame):
    """A card: a head row (title, note, actions at the right) over `body`.

    Without a title there is no head. Put views straight into `body` with `flush=True`; forms with padding.
    """

    def __init__(
        self,
        title: Text | None = None,
        *,
        note: Text = "",
        flush: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        outer = self._outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        self.title: QLabel | None = None
        self.note: QLabel | None = None
        self.foot: QWidget | None = None
        self.head = QHBoxLayout()
        if title is not None:
            self.title = label(title, "bodyStrong")
            self.note = label(note, "caption", "secondary")
            self.head.setContentsMargins(13, 0, 9, 0)
            self.head.setSpacing(8)
            self.head.addWidget(self.title)
            self.head.addWidget(self.note)
            self.head.addStretch(1)
            holder = QWidget()
            holder.setLayout(self.head)
            holder.setMinimumHeight(theme().px(38))
            # the body takes spare height
            holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            outer.addWidget(holder)
            outer.addWidget(line())
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        self.body.setContentsMargins(*((0, 0, 0, 6) if flush else (13, 12, 13, 13)))
        outer.addLayout(self.body, 1)

    def add_action(self, widget: QWidget) -> None:
        """Put something at the right end of the head."""
        self.head.addWidget(widget)

    def set_title(self, title: Text) -> None:
        if self.title is not None:
            say(self.title, self.title.setText, title)

    def set_note(self, note: Text) -> None:
        if self.note is not None:
            say(self.note, self.note.setText, note)

    def set_edge(self, tone: str) -> None:
        """Colour the edge: "", warn, fail or accent."""
        self.setProperty("edge", tone)
        repolish(self)

    def add_foot(self, *parts: QWidget | None) -> QHBoxLayout:
        """A row under a divider at the lower edge; `foot` is what holds it."""
        made = row(*parts, margins=(13, 7, 9, 7))
        self.foot = QWidget()
        self.foot.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.foot.setLayout(column(line(), made, spacing=0))
        self._outer.addWidget(self.foot)
        return made


class PageHeader(QWidget):
    """The 60 px row over a page: back arrow, title, what it is about, actions at the right."""

    back_asked = Signal()

    def __init__(self, title: Text, *, name: str, back: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme().size("pageHeader"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 0, 24, 0)
        layout.setSpacing(12)
        if back:
            arrow = IconButton("arrow-left", lambda: tr("Back (Alt+Left)"), name=f"{name}.back", small=False)
            arrow.clicked.connect(self.back_asked)
            layout.addWidget(arrow)
        self.title = label(title, "title")
        layout.addWidget(self.title)
        self.scope = QHBoxLayout()
        """Chips and notes right of the title."""
        self.scope.setSpacing(8)
        layout.addLayout(self.scope)
        layout.addStretch(1)
        self.right = QHBoxLayout()
        """Buttons at the right; the primary one last."""
        self.right.setSpacing(12)
        layout.addLayout(self.right)

    def add_scope(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self.scope.addWidget(widget)

    def add_actions(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self.right.addWidget(widget)

    def set_title(self, title: Text) -> None:
        say(self.title, self.title.setText, title)


class Banner(QFrame):
    """One sentence, why, and up to three buttons, at the top of what it speaks of.

    `acted(key)` when a button is pressed, `closed()` when it is closed.
    """

    acted = Signal(str)
    closed = Signal()

    def __init__(self, *, name: str, closable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        stay_low(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, 10, 10)
        layout.setSpacing(10)
        self._dot = StatusDot("info")
        layout.addLayout(column(3, self._dot, None, spacing=0))
        self._title = label("", "bodyStrong", wrap=True, selectable=True)
        self._why = label("", "body", "secondary", wrap=True, selectable=True)
        for text in (self._title, self._why):
            text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._actions = QWidget()
        self._buttons = FlowLayout(self._actions)
        self._actions.setContentsMargins(0, 4, 0, 0)
        layout.addLayout(column(self._title, self._why, self._actions, spacing=2), 1)
        self._close = IconButton("x", lambda: tr("Close"), name=f"{name}.close")
        if not closable:
            self._close.hide()
        self._close.clicked.connect(self._on_close)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_banner(
        self,
        kind: str,
        title: Text,
        why: Text = "",
        actions: Sequence[tuple[str, Text]] = (),
        *,
        primary: bool = True,
    ) -> None:
        """Show `kind` (info, ok, warn, fail) with buttons (key, text); the first is the main one if `primary`."""
        self.setProperty("banner", kind)
        repolish(self)
        self._dot.set_state(kind)
        say(self._title, self._title.setText, title)
        say(self._why, self._why.setText, why)
        self._why.setVisible(bool(self._why.text()))
        clear_layout(self._buttons)
        for index, (key, text) in enumerate(actions):
            look = "primary" if primary and index == 0 else "standard"
            made = button(text, name=f"{self.objectName()}.{key}", kind=look, small=True)
            made.clicked.connect(lambda _=False, key=key: self.acted.emit(key))
            self._buttons.addWidget(made)
        self._actions.setVisible(bool(actions))
        say(self, self.setAccessibleName, title)
        self.show()

    def text(self) -> str:
        return self._title.text()

    def _on_close(self) -> None:
        self.hide()
        self.closed.emit()


class ExpanderRow(QFrame):
    """A row with a part that unfolds: "Show what it does" / "Hide what it does". `body` holds the part."""

    unfolded = Signal(bool)

    def __init__(
        self,
        *,
        name: str,
        show: Text = lambda: tr("Show what it does"),
        hide: Text = lambda: tr("Hide what it does"),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._texts = (show, hide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.head = QHBoxLayout()
        """Put the row's own content here; the unfold button is at its right end."""
        self.head.setSpacing(10)
        self.button = button(show, name=f"{name}.unfold", kind="link", small=True)
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.button.clicked.connect(lambda: self.set_open(not self.is_open))
        self._top = QHBoxLayout()
        self._top.addLayout(self.head, 1)
        self._top.addWidget(self.button)
        layout.addLayout(self._top)
        self._holder = QWidget()
        self.body = QVBoxLayout(self._holder)
        self.body.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(self._holder)
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        return not self._holder.isHidden()

    def without_head(self) -> None:
        """The button alone, at the left."""
        self._top.addStretch(1)

    def set_open(self, wanted: bool) -> None:
        self._holder.setVisible(wanted)
        say(self.button, self.button.setText, self._texts[1 if wanted else 0])
        show_icon(self.button, "chev-up" if wanted else "chev-down", "text.link", 14)
        self.unfolded.emit(wanted)


class EmptyState(QWidget):
    """Says what will be here and how to get it: icon, sentence, why, one primary and up to two other ways."""

    acted = Signal(str)

    def __init__(
        self,
        icon: str,
        title: Text,
        why: Text = "",
        actions: Sequence[tuple[str, Text]] = (),
        *,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        picture = Picture(icon, "text.tertiary", 40)
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = label(title, "subtitle")
        self._why = label(why, "body", "secondary", wrap=True)
        for text in (self._title, self._why):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._why.setMaximumWidth(460)
        self._why.setMinimumWidth(320)
        buttons: list[QPushButton] = []
        for index, (key, way) in enumerate(actions):
            made = button(way, name=f"{name}.{key}", kind="standard" if index else "primary")
            made.clicked.connect(lambda _=False, key=key: self.acted.emit(key))
            buttons.append(made)
        centred = row(None, self._why, None, spacing=0)
        layout = column(
            None, picture, 8, self._title, centred, 10, row(None, *buttons, None), None, spacing=4
        )
        self.setLayout(layout)

    def show_text(self, title: Text, why: Text = "") -> None:
        say(self._title, self._title.setText, title)
        say(self._why, self._why.setText, why)
