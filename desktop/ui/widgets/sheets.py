"""Dialogs inside the window: a sheet over a scrim. Never `exec()`: open it, then listen to `finished`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.base.words import tr
from desktop.ui.theme import theme

from .controls import button
from .labels import label, scrolled
from .layouts import paint_shadow
from .says import Text, say

_EDGE = 24


class Sheet(QWidget):
    """Title, `body`, and a foot with Cancel and the primary button.

    `finished(result)`: what `accept(result)` was given, or None when it was cancelled.
    Override `on_primary` for steps that go on; it accepts with True by default.
    """

    finished = Signal(object)

    def __init__(
        self,
        title: Text,
        *,
        name: str,
        primary: Text | None = None,
        kind: str = "primary",
        cancel: Text = lambda: tr("Cancel"),
        width: int = 560,
        scrolls: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        theme().dress(self)
        self.setFixedWidth(width + 2 * _EDGE)
        say(self, self.setAccessibleName, title)
        self.title = label(title, "title", wrap=True)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(24, 8, 24, 16)
        self.body.setSpacing(10)
        self.foot = QHBoxLayout()
        """Add further buttons at index 0 (left of the stretch)."""
        self.foot.setContentsMargins(24, 14, 24, 14)
        self.foot.setSpacing(8)
        self.foot.addStretch(1)
        self.cancel = button(cancel, name=f"{name}.cancel")
        self.cancel.clicked.connect(self.reject)
        self.foot.addWidget(self.cancel)
        self.primary: QPushButton | None = None
        if primary is not None:
            self.primary = button(primary, name=f"{name}.primary", kind=kind)
            self.primary.clicked.connect(self.on_primary)
            self.foot.addWidget(self.primary)
        self._arrange(scrolls)

    def _arrange(self, scrolls: bool) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        outer.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(24, 20, 24, 8)
        top.addWidget(self.title)
        outer.addLayout(top)
        middle: QWidget = scrolled(self._content) if scrolls else self._content
        outer.addWidget(middle, 1)
        outer.addLayout(self.foot)

    # What subclasses may change

    def on_primary(self) -> None:
        """The primary button or Enter was pressed."""
        self.accept()

    def first_focus(self) -> QWidget | None:
        """What has the focus when the sheet opens: the first input, else the primary button."""
        for child in self.focusable():
            if isinstance(child, QLineEdit | QPlainTextEdit):
                return child
        return self.primary or self.cancel

    # Ending

    def accept(self, result: object = True) -> None:
        self.finished.emit(result)

    def reject(self) -> None:
        self.finished.emit(None)

    # Keys and painting

    def focusable(self) -> list[QWidget]:
        """The children that Tab reaches, in order."""
        found: list[QWidget] = []
        widget = self.nextInFocusChain()
        while widget is not None and widget is not self:
            tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if self.isAncestorOf(widget) and tab and widget.isEnabled() and widget.isVisible():
                found.append(widget)
            widget = widget.nextInFocusChain()
        return found

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes round inside the sheet."""
        stops = self.focusable()
        if not stops:
            return False
        now = QApplication.focusWidget()
        at = stops.index(now) + (1 if forward else -1) if now in stops else 0
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        stops[at % len(stops)].setFocus(reason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.reject()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focus = QApplication.focusWidget()
            if isinstance(focus, QAbstractButton) and self.isAncestorOf(focus):
                focus.click()
            elif self.primary is not None and self.primary.isEnabled():
                self.primary.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        paint_shadow(painter, box)
        painter.setPen(QPen(theme().color("stroke.card"), 1))
        painter.setBrush(theme().color("bg.card"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        foot = QRectF(box.left() + 1, self.foot.geometry().top(), box.width() - 2, 0)
        foot.setBottom(box.bottom() - 1)
        painter.setClipRect(foot)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("bg.subtle"))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 7, 7)
        painter.setPen(QPen(theme().color("stroke.divider"), 1))
        painter.drawLine(foot.topLeft(), foot.topRight())
        painter.end()


class ConfirmSheet(Sheet):
    """A question, 440 wide. The button repeats the verb. With `typed`, that name has to be typed first."""

    def __init__(
        self,
        question: Text,
        body: Text,
        verb: Text,
        *,
        name: str = "confirm",
        kind: str = "primary",
        typed: str = "",
        cancel: Text = lambda: tr("Cancel"),
    ) -> None:
        super().__init__(question, name=name, primary=verb, kind=kind, cancel=cancel, width=440)
        self.body.addWidget(label(body, "body", "secondary", wrap=True))
        self._typed = typed
        self._kind = kind
        self.input: QLineEdit | None = None
        if typed:
            self._ask_for(typed)

    def _ask_for(self, typed: str) -> None:
        from .fields import Field

        field = Field(
            lambda: tr("Type {name} to go on", name=typed), name=f"{self.objectName()}.typed", mono=True
        )
        self.input = field.input
        if (primary := self.primary) is not None:
            primary.setEnabled(False)
            field.changed.connect(lambda text: primary.setEnabled(text.strip() == typed))
        self.body.addWidget(field)

    def first_focus(self) -> QWidget | None:
        if self.input is not None:
            return self.input
        return self.cancel if self._kind == "dangerFilled" else self.primary


class SheetHost(QWidget):
    """Covers the window with a scrim while a sheet is open; sheets stack."""

    count_changed = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._sheets: list[tuple[Sheet, QWidget | None]] = []
        parent.installEventFilter(self)
        self.hide()

    @property
    def top(self) -> Sheet | None:
        return self._sheets[-1][0] if self._sheets else None

    def open(self, sheet: Sheet, ended: Callable[[object], None] | None = None) -> Sheet:
        """Show a sheet over the window; `ended` gets its result. The opener gets the focus back."""
        opener = QApplication.focusWidget()
        if self._sheets:
            self._sheets[-1][0].setEnabled(False)
        self._sheets.append((sheet, opener))
        sheet.setParent(self)
        sheet.finished.connect(lambda result: self._close(sheet, result, ended))
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        sheet.show()
        self._place()
        if (first := sheet.first_focus()) is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)
        self.count_changed.emit(len(self._sheets))
        return sheet

    def _close(self, sheet: Sheet, result: object, ended: Callable[[object], None] | None) -> None:
        found = [entry for entry in self._sheets if entry[0] is sheet]
        if not found:
            return
        self._sheets.remove(found[0])
        sheet.hide()
        sheet.deleteLater()
        if self._sheets:
            self._sheets[-1][0].setEnabled(True)
        else:
            self.hide()
        opener = found[0][1]
        if opener is not None and _alive(opener):
            opener.setFocus(Qt.FocusReason.OtherFocusReason)
        self.count_changed.emit(len(self._sheets))
        if ended is not None:
            ended(result)

    def _place(self) -> None:
        for sheet, _ in self._sheets:
            room = self.height() - 16
            wanted = (
                sheet.heightForWidth(sheet.width())
                if sheet.hasHeightForWidth()
                else sheet.sizeHint().height()
            )
            area = sheet.findChild(QScrollArea)
            content = area.widget() if area is not None else None
            if area is not None and content is not None:
                inner = content.sizeHint().height() - area.sizeHint().height()
                wanted += max(0, inner)
            height = min(room, wanted)
            sheet.resize(sheet.width(), height)
            sheet.move((self.width() - sheet.width()) // 2, max(8, (self.height() - height) * 2 // 5))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self._sheets:
            self.setGeometry(self._window.rect())
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and self._sheets:
            self._place()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        scrim = QColor(theme().color("bg.scrim"))
        scrim.setAlphaF(0.72)
        painter = QPainter(self)
        painter.fillRect(self.rect(), scrim)
        painter.end()


def _alive(widget: QWidget) -> bool:
    import shiboken6

    return shiboken6.isValid(widget) and widget.isVisible() and widget.isEnabled()
