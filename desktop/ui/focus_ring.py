"""One ring per window that shows where the keyboard is, after keyboard use only."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from desktop.ui.theme import theme

_AIR = 3


class FocusRing(QWidget):
    """Follows the focus of its window; transparent for the mouse."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._keyboard = False
        self._target: QWidget | None = None
        self.hide()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def watch(self) -> None:
        """Listen for keys and mouse of the window; once it has a native handle."""
        handle = self.window().windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._target:
            if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
                self._follow()
            elif event.type() == QEvent.Type.Hide:
                self.hide()
        elif event.type() == QEvent.Type.KeyPress:
            self._keyboard = True
            self._follow()
        elif event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.Wheel):
            self._keyboard = False
            self.hide()
        return False

    def _on_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        if not shiboken6.isValid(self):
            return
        if self._target is not None and shiboken6.isValid(self._target):
            self._target.removeEventFilter(self)
        inside = now is not None and self.window().isAncestorOf(now)
        self._target = now if inside else None
        if self._target is not None:
            self._target.installEventFilter(self)
        self._follow()

    def _follow(self) -> None:
        target = self._target
        if target is None or not self._keyboard or not shiboken6.isValid(target) or not target.isVisible():
            self.hide()
            return
        if isinstance(target, QLineEdit | QPlainTextEdit):
            self.hide()  # an input shows its focus by its lower edge
            return
        corner = target.mapTo(self.window(), QPoint(0, 0))
        self.setGeometry(QRect(corner, target.size()).adjusted(-_AIR, -_AIR, _AIR, _AIR))
        inner = self.rect().adjusted(_AIR, _AIR, -_AIR, -_AIR)
        self.setMask(QRegion(self.rect()).subtracted(QRegion(inner)))
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("stroke.focus"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()
