"""Places to type and choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QRadioButton,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.theme import theme

from .labels import label, set_tone
from .says import Text, repolish, say, words

_REST_MS = 300


def line_edit(
    *,
    name: str,
    label_text: Text,
    placeholder: Text = "",
    mono: bool = False,
    small: bool = False,
    secret: bool = False,
) -> QLineEdit:
    """A text input by itself; inside a form use Field, which gives it a label."""
    made = QLineEdit()
    made.setObjectName(name)
    made.setProperty("mono", mono)
    made.setProperty("small", small)
    if secret:
        made.setEchoMode(QLineEdit.EchoMode.Password)
    say(made, made.setAccessibleName, label_text)
    say(made, made.setPlaceholderText, placeholder)
    return made


class SearchField(QLineEdit):
    """A filter with its icon. `searched(text)` comes 150 ms after the last key."""

    searched = Signal(str)

    def __init__(
        self, placeholder: Text, *, name: str, icon: str = "search", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        say(self, self.setPlaceholderText, placeholder)
        say(self, self.setAccessibleName, placeholder)
        self.setClearButtonEnabled(False)
        self._icon = icon
        self._fit()
        theme().changed.connect(self._fit)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(150)
        self._rest.timeout.connect(lambda: self.searched.emit(self.text()))
        self.textChanged.connect(lambda _: self._rest.start())

    def _fit(self) -> None:
        self.setTextMargins(theme().px(20), 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        picture = theme().pixmap(self._icon, "text.secondary", theme().px(16), self.devicePixelRatioF())
        painter.drawPixmap(QPointF(10, (self.height() - theme().px(16)) / 2), picture)
        painter.end()


class Choice(QComboBox):
    """A drop-down list. `chosen(key)` when the person chose."""

    chosen = Signal(str)

    def __init__(
        self,
        choices: Sequence[tuple[str, Text]] = (),
        *,
        name: str,
        label_text: Text,
        value: str | None = None,
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._choices: list[tuple[str, Text]] = []
        self.setObjectName(name)
        self.setProperty("small", small)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setItemDelegate(QStyledItemDelegate(self))  # a combo box's own knows nothing of the style sheet
        say(self, self.setAccessibleName, label_text)
        self.set_choices(choices, value)
        self.activated.connect(lambda index: self.chosen.emit(self._choices[index][0]))
        self.__dict__["_kit_said"]["choices"] = (lambda _text: self._put(), "")

    def set_choices(self, choices: Sequence[tuple[str, Text]], value: str | None = None) -> None:
        """Offer (key, text); keeps the value where it is still there."""
        kept = value if value is not None else self.value
        self._choices = list(choices)
        self._put()
        self.set_value(kept)

    def _put(self) -> None:
        index = self.currentIndex()
        blocked = self.blockSignals(True)
        self.clear()
        for _, text in self._choices:
            self.addItem(words(text))
        self.setCurrentIndex(max(0, index) if self._choices else -1)
        self.blockSignals(blocked)

    @property
    def value(self) -> str:
        index = self.currentIndex()
        return self._choices[index][0] if 0 <= index < len(self._choices) else ""

    def set_value(self, key: str) -> None:
        for index, (candidate, _) in enumerate(self._choices):
            if candidate == key:
                self.setCurrentIndex(index)

    def minimumSizeHint(self) -> QSize:
        """Qt keeps the one of the first words, in whatever language they were."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        role = "text.secondary" if self.isEnabled() else "text.disabled"
        picture = theme().pixmap("chev-down", role, 14, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(self.width() - 23, (self.height() - 14) / 2), picture)
        painter.end()


class Field(QWidget):
    """A label over an input, a hint or an error below it; the error takes the hint's place, so nothing jumps.

    `checker` gets the text 300 ms after the last key and returns an error sentence or "".
    """

    changed = Signal(str)
    """The text, at each key."""

    def __init__(
        self,
        text: Text,
        *,
        name: str,
        hint: Text = "",
        placeholder: Text = "",
        mono: bool = False,
        secret: bool = False,
        value: str = "",
        editor: QWidget | None = None,
        checker: Callable[[str], Any] | None = None,
        keep_hint_space: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._hint_text = hint
        self._error = ""
        self._checker = checker
        self.label = label(text, "caption", "secondary")
        self.input: QLineEdit = line_edit(
            name=name, label_text=text, placeholder=placeholder, mono=mono, secret=secret
        )
        self.editor: QWidget = editor or self.input
        if editor is None:
            self.input.setText(value)
            self.input.textChanged.connect(self._on_text)
        else:
            self.editor.setObjectName(name)
            say(self.editor, self.editor.setAccessibleName, text)
            self.input.deleteLater()
        self.label.setBuddy(self.editor)
        self._below = label("", "caption", "tertiary", wrap=True)
        policy = self._below.sizePolicy()
        policy.setRetainSizeWhenHidden(keep_hint_space)
        self._below.setSizePolicy(policy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.label, self.editor, self._below):
            layout.addWidget(part)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.check)
        self._show_below()

    @property
    def text(self) -> str:
        return self.input.text() if self.editor is self.input else ""

    def set_text(self, text: str) -> None:
        if self.editor is self.input and self.input.text() != text:
            self.input.setText(text)

    @property
    def error(self) -> str:
        return self._error

    def set_hint(self, hint: Text) -> None:
        self._hint_text = hint
        self._show_below()

    def set_error(self, error: object = "") -> None:
        """Show an error under the field; "" brings the hint back."""
        self._error = str(error or "")
        self._show_below()

    def check(self) -> bool:
        """Ask the checker now; True when it has nothing to say."""
        if self._checker is not None:
            self.set_error(self._checker(self.text) or "")
        return not self._error

    def _on_text(self, text: str) -> None:
        self.changed.emit(text)
        if self._checker is not None:
            self._rest.start()

    def _show_below(self) -> None:
        say(self._below, self._below.setText, self._error or self._hint_text)
        set_tone(self._below, "fail" if self._error else "tertiary")
        self._below.setVisible(bool(self._below.text()))
        self.editor.setAccessibleDescription(self._below.text())
        if bool(self.editor.property("bad")) != bool(self._error):
            self.editor.setProperty("bad", bool(self._error))
            repolish(self.editor)


def check_box(text: Text, *, name: str, on: bool = False) -> QCheckBox:
    """A check box for things that take effect with the form."""
    made = QCheckBox()
    made.setObjectName(name)
    made.setChecked(on)
    say(made, made.setText, text)
    return made


def radio_button(text: Text, *, name: str, on: bool = False) -> QRadioButton:
    made = QRadioButton()
    made.setObjectName(name)
    made.setChecked(on)
    say(made, made.setText, text)
    return made
