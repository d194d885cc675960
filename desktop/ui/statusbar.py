"""The lower edge: the one most important job at the left, states of the surroundings at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.pages.activity.present import Summary
from desktop.ui.theme import theme
from desktop.ui.widgets import ElidedLabel, ProgressBar, StateLabel, StatusDot, Text, say, set_tone
from desktop.ui.widgets.paint import text_role

_ORDER = ("update", "on_save", "streams", "go", "engine", "hosts")


class _Left(QWidget):
    """The job summary; a click or Enter opens Activity."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status.jobs")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        say(self, self.setToolTip, lambda: tr("Open Activity (Ctrl+J)"))
        self.dot = StatusDot("busy")
        self.text = ElidedLabel("", "caption", "secondary")
        self.text.setMaximumWidth(420)
        self.bar = ProgressBar()
        self.bar.setFixedWidth(120)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        for part in (self.dot, self.text, self.bar):
            layout.addWidget(part)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class StatusBar(QFrame):
    """28 px. `activity_asked()` when the left side is pressed."""

    activity_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusbar")
        self.setFixedHeight(theme().size("statusbar"))
        self._left = _Left()
        self._left.pressed.connect(self.activity_asked)
        self._right: dict[str, StateLabel] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 14, 0)
        layout.setSpacing(16)
        layout.addWidget(self._left)
        layout.addStretch(1)
        for key in _ORDER:
            made = StateLabel()
            made.setObjectName(f"status.{key}")
            made.hide()
            self._right[key] = made
            layout.addWidget(made)
        theme().changed.connect(self._fit)

    def _fit(self) -> None:
        self.setFixedHeight(theme().size("statusbar"))

    def show_summary(self, summary: Summary) -> None:
        """The job side."""
        left = self._left
        left.dot.setVisible(summary.state is not None)
        if summary.state is not None:
            left.dot.set_state(summary.state)
        if left.text.whole() != summary.text:
            left.text.set_text(summary.text)
            left.setAccessibleName(summary.text)
        tone = text_role(summary.state or "ok").partition(".")[0]
        set_tone(left.text, tone if tone in ("fail", "warn") else "secondary")
        left.bar.set_share(summary.share)

    def text(self) -> str:
        return self._left.text.whole()

    def set_item(self, key: str, state: str, text: Text, tip: Text = "") -> None:
        """A state at the right: go, engine, hosts, streams, on_save or update; an empty text takes it away."""
        item = self._right[key]
        item.show_state(state, text)
        say(item, item.setToolTip, tip)
        item.setVisible(bool(item.word.text()))
