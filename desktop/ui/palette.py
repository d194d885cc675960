"""Ctrl+K: find or run anything. Actions of this page first, then pages, projects, settings, keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from desktop.base.words import LANGUAGES, catalogue, tr
from desktop.ui.match import score
from desktop.ui.theme import theme
from desktop.ui.widgets import Row, line, line_edit, list_view, paint_overlay, say_again
from desktop.ui.widgets.lists import ROW_ROLE

_MOST = 12
_EDGE = 14


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to find: what it is called, the group it stands in, and what it does."""

    group: str
    text: str
    run: Callable[[], object]
    keys: str = ""
    icon: str = "arrow-right"
    more: str = ""
    """Further words that find it."""


@cache
def _english() -> dict[str, str]:
    return {words: english for language in LANGUAGES for english, words in catalogue(language).items()}


def other_words(text: str) -> str:
    """A text of the program in the other language: somebody who reads Chinese may type "build", and the reverse."""
    return _english().get(text) or next(
        (words for language in LANGUAGES if (words := catalogue(language).get(text))), ""
    )


def _score(query: str, entry: Entry) -> int:
    names = (entry.text, other_words(entry.text), entry.more)
    return max(score(query, name) for name in names if name)


def find(entries: Sequence[Entry], query: str) -> list[Entry]:
    """The best `_MOST` entries, groups in their given order, within a group the best first."""
    groups = list(dict.fromkeys(entry.group for entry in entries))
    scored = [(_score(query, entry), at, entry) for at, entry in enumerate(entries)]
    best = sorted((item for item in scored if item[0]), key=lambda item: (-item[0], item[1]))[:_MOST]
    best.sort(key=lambda item: (groups.index(item[2].group), -item[0], item[1]))
    return [entry for _, _, entry in best]


class Palette(QWidget):
    """A field and a list, under the find box. `closed()` when it goes away."""

    closed = Signal()

    def __init__(self, entries: Callable[[], Sequence[Entry]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        theme().dress(self)
        self._make, self._entries, self._window = entries, entries(), parent
        self._opener = QApplication.focusWidget()
        self.input = line_edit(
            name="palette.find",
            label_text=lambda: tr("Find or run"),
            placeholder=lambda: tr("Find a page, a project or an action"),
        )
        self.input.textChanged.connect(self._search)
        self.input.installEventFilter(self)
        self.view, self.model, _ = list_view(name="palette.list", label=lambda: tr("Results"), strong=False)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.clicked.connect(self._run_at)
        holder = QFrame(self)
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(1, 8, 1, 8)
        layout.setSpacing(8)
        field = QVBoxLayout()
        field.setContentsMargins(10, 2, 10, 0)
        field.addWidget(self.input)
        layout.addLayout(field)
        layout.addWidget(line())
        layout.addWidget(self.view, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        outer.addWidget(holder)
        say_again(self, self._again)
        self._search("")

    def _again(self) -> None:
        """Everything under its name in the language in force."""
        self._entries = self._make()
        self._search(self.input.text())

    def open_at(self, x: int, y: int) -> None:
        """Show it with its corner there, and take the focus."""
        self.move(x - _EDGE, y - _EDGE)
        self.show()
        self.raise_()
        self.input.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.instance().focusChanged.connect(self._on_focus)  # type: ignore[union-attr]  # there is one

    def close_palette(self) -> None:
        """Go away; the focus returns to where it was."""
        if not self.isVisible():
            return
        QApplication.instance().focusChanged.disconnect(self._on_focus)  # type: ignore[union-attr]  # there is one
        self.hide()
        if self._opener is not None and _is_there(self._opener):
            self._opener.setFocus()
        self.closed.emit()
        self.deleteLater()

    def _on_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and now is not self and not self.isAncestorOf(now):
            self._opener = None
            self.close_palette()

    def _search(self, query: str) -> None:
        shown: list[Row] = []
        group = ""
        for entry in find(self._entries, query):
            if entry.group != group:
                group = entry.group
                shown.append(Row("", group=group))
            shown.append(Row(entry.text, right=entry.keys, icon=entry.icon, payload=entry))
        if not shown:
            shown.append(Row("", group=tr("Nothing found")))
        self.model.show_rows(shown)
        first = next((at for at, found in enumerate(shown) if not found.group), None)
        if first is not None:
            self.view.setCurrentIndex(self.model.index(first))
        room = self._window.height() - 2 * _EDGE
        heights = sum(theme().px(32) if found.group else theme().size("row") for found in shown)
        self.resize(560 + 2 * _EDGE, min(room, heights + theme().px(84) + 2 * _EDGE))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(-1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run_at(self.view.currentIndex())
        else:
            return False
        return True

    def _step(self, by: int) -> None:
        at = self.view.currentIndex().row() + by
        while 0 <= at < self.model.rowCount() and self.model.row(at).group:
            at += by
        if 0 <= at < self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(at))

    def _run_at(self, index: QModelIndex) -> None:
        shown = index.data(ROW_ROLE)
        if isinstance(shown, Row) and isinstance(shown.payload, Entry):
            self.close_palette()
            shown.payload.run()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_overlay(self, _EDGE)


def _is_there(widget: QWidget) -> bool:
    import shiboken6

    return shiboken6.isValid(widget) and widget.isVisible()
