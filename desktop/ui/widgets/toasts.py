"""Short notes at the lower right for things that end while the person is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.base.words import ntr, tr
from desktop.ui.theme import theme, tokens

from .controls import IconButton, StatusDot, button
from .labels import Chip, column, label
from .layouts import paint_overlay
from .says import Text

_EDGE = 16
_MOST = 3

Action = tuple[Text, Callable[[], None]]


class Toast(QWidget):
    """One note. ok and info stay 6 s, warn and those with an action 12 s, failures until closed."""

    closed = Signal()

    def __init__(self, kind: str, title: Text, text: Text = "", actions: Sequence[Action] = ()) -> None:
        super().__init__()
        self.setObjectName("toast")
        theme().dress(self)
        self.kind = kind
        self.setFixedWidth(tokens()["size"]["toastWidth"] + 2 * _EDGE)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(_EDGE + 14, _EDGE + 12, _EDGE + 10, _EDGE + 12)
        outer.setSpacing(10)
        outer.addLayout(column(3, StatusDot(kind), None, spacing=0))
        middle = QVBoxLayout()
        middle.setSpacing(2)
        self.title = label(title, "bodyStrong", wrap=True)
        middle.addWidget(self.title)
        self.text = label(text, "caption", "secondary", wrap=True)
        if self.text.text():
            middle.addWidget(self.text)
        if actions:
            middle.addSpacing(6)
            middle.addLayout(self._buttons(actions))
        outer.addLayout(middle, 1)
        close = IconButton("x", lambda: tr("Close"), name="toast.close")
        close.clicked.connect(self.closed)
        outer.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.closed)
        motion = tokens()["motion"]
        self._stay_ms = motion["toastWarnMs"] if kind == "warn" or actions else motion["toastOkMs"]
        if kind == "fail":
            self._stay_ms = 0
        self._start()

    def _buttons(self, actions: Sequence[Action]) -> QHBoxLayout:
        line_of = QHBoxLayout()
        line_of.setSpacing(8)
        for index, (text, act) in enumerate(actions):
            made = button(
                text, name=f"toast.action{index}", kind="plain" if index else "standard", small=True
            )
            made.clicked.connect(self.closed)
            made.clicked.connect(lambda _=False, act=act: act())
            line_of.addWidget(made)
        line_of.addStretch(1)
        return line_of

    def _start(self) -> None:
        if self._stay_ms:
            self._timer.start(self._stay_ms)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self._start()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_overlay(self, _EDGE)


class ToastHost(QObject):
    """Stacks toasts in the lower right corner of a window; at most three, the rest is counted."""

    def __init__(self, parent: QWidget, *, above: int = 32) -> None:
        super().__init__(parent)
        self._window, self._above = parent, above
        self._toasts: list[Toast] = []
        self._waiting: list[Toast] = []
        self._more = Chip("", parent=parent)
        self._more.hide()
        parent.installEventFilter(self)

    def show_toast(self, kind: str, title: Text, text: Text = "", actions: Sequence[Action] = ()) -> Toast:
        """`kind`: ok, info, warn, fail. Actions are (text, function)."""
        toast = Toast(kind, title, text, actions)
        toast.closed.connect(lambda: self._close(toast))
        toast.setParent(self._window)
        if len(self._toasts) < _MOST:
            self._reveal(toast)
        else:
            self._waiting.append(toast)
        self._place()
        _announce(self._window, toast)
        return toast

    @property
    def shown(self) -> list[Toast]:
        return list(self._toasts)

    def clear(self) -> None:
        """Take all away: what they say is in view by other means."""
        for toast in [*self._waiting, *self._toasts]:
            self._close(toast)

    def _reveal(self, toast: Toast) -> None:
        self._toasts.append(toast)
        toast.adjustSize()
        toast.show()
        toast.raise_()

    def _close(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
        if toast in self._waiting:
            self._waiting.remove(toast)
        toast.hide()
        toast.deleteLater()
        if self._waiting and len(self._toasts) < _MOST:
            self._reveal(self._waiting.pop(0))
        self._place()

    def _place(self) -> None:
        bottom = self._window.height() - self._above
        for toast in reversed(self._toasts):
            height = toast.heightForWidth(toast.width())
            toast.setGeometry(
                self._window.width() - toast.width() - 4, bottom - height, toast.width(), height
            )
            toast.raise_()
            bottom -= height - 2 * _EDGE + 8
        count = len(self._waiting)
        self._more.setVisible(bool(count))
        if count:
            self._more.set_text(ntr("{n} more note", "{n} more notes", count))
            self._more.adjustSize()
            left = self._window.width() - self._more.width() - 30
            self._more.move(left, bottom - self._more.height() - _EDGE + 4)
            self._more.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and (self._toasts or self._waiting):
            self._place()
        return False


def _announce(window: QWidget, toast: Toast) -> None:
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

    if QAccessible.isActive():
        QAccessible.updateAccessibility(
            QAccessibleAnnouncementEvent(window, f"{toast.title.text()}. {toast.text.text()}")
        )
