"""A LogView with its tools: search, level, wrap, copy, save, pause and follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from desktop.base.paths import write_atomically
from desktop.base.words import ntr, tr
from desktop.ui.theme import theme

from .controls import IconButton, Segmented, button, set_kind
from .fields import SearchField
from .labels import label, line, set_tone
from .log_buffer import CAPACITY
from .log_text import clock_time
from .log_view import LogView
from .says import Text, say, show_icon

_WIDE = 620


class _Find(SearchField):
    """Enter and Shift+Enter walk the hits; Esc clears."""

    def __init__(self, view: LogView, *, name: str) -> None:
        super().__init__(lambda: tr("Find"), name=name)
        self._view = view

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._view.next_hit(-1 if back else 1)
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class LogPane(QWidget):
    """The tools over a `view`. `tools` is the row of tools: a page may put its own in front (index 0)."""

    def __init__(
        self,
        *,
        name: str,
        label_text: Text,
        time_text: Callable[[float], str] | None = clock_time,
        levels: bool = True,
        sources: bool = True,
        pausable: bool = False,
        capacity: int = CAPACITY,
        ordered: bool = False,
        row_px: int = 20,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.view = LogView(
            name=f"{name}.log",
            label=label_text,
            time_text=time_text,
            levels=levels,
            sources=sources,
            capacity=capacity,
            ordered=ordered,
            row_px=row_px,
        )
        self.regex = self.only_hits = self._narrow = False
        self._add_left(name, levels)
        self._add_right(name, pausable, compact=levels)
        self.status = label("", "caption", "secondary")
        self.problem = label("", "caption", "fail")
        self.problem.setContentsMargins(12, 0, 12, 6)
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.tools)
        layout.addWidget(self.problem)
        layout.addWidget(line())
        layout.addWidget(self.view, 1)
        self._connect()
        self._show_state()

    def _connect(self) -> None:
        self.view.followChanged.connect(lambda _: self._show_state())
        self.view.pausedChanged.connect(lambda _: self._show_state())
        self.view.countsChanged.connect(self._show_counts)
        self.finder.searched.connect(lambda _: self._search())
        for keys, act in (
            ("Ctrl+F", self.finder.setFocus),
            ("Alt+Z", self._toggle_wrap),
            ("Ctrl+Shift+T", self.view.open_as_text),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _add_left(self, name: str, levels: bool) -> None:
        self.finder = _Find(self.view, name=f"{name}.find")
        self.finder.setMinimumWidth(110)
        self.finder.setMaximumWidth(260)
        self.hits = label("", "caption", "secondary")
        self.tools = QHBoxLayout()
        self.tools.setContentsMargins(12, 8, 8, 8)
        self.tools.setSpacing(6)
        self.tools.addWidget(self.finder, 1)
        self.tools.addWidget(self.hits)
        self.level: Segmented | None = None
        if levels:
            self.level = self._level_choice(name)
            self.tools.addSpacing(6)
            self.tools.addWidget(self.level)
        self.tools.addStretch(1)

    def _level_choice(self, name: str) -> Segmented:
        made = Segmented(
            [
                ("debug", lambda: tr("Debug")),
                ("info", lambda: tr("Info")),
                ("warn", lambda: tr("Warn")),
                ("error", lambda: tr("Error")),
            ],
            name=f"{name}.level",
            label=lambda: tr("Least level"),
            value="debug",
            small=True,
        )
        made.chosen.connect(lambda key: self.view.set_filter("" if key == "debug" else key))
        return made

    def _add_right(self, name: str, pausable: bool, *, compact: bool) -> None:
        self.wrap = self._toggle("wrap", lambda: tr("Wrap lines (Alt+Z)"), f"{name}.wrap")
        self.wrap.toggled.connect(self.view.set_wrap)
        copy = IconButton("copy", lambda: tr("Copy (Ctrl+C)"), name=f"{name}.copy")
        copy.clicked.connect(self._copy)
        save = IconButton("save", lambda: tr("Save as…"), name=f"{name}.save")
        save.clicked.connect(self.save_as)
        self.more = IconButton("more", lambda: tr("More"), name=f"{name}.more")
        self.more.clicked.connect(self._show_more)
        for widget in (self.wrap, copy, save, self.more):
            self.tools.addWidget(widget)
        if compact:
            copy.hide()
            save.hide()
        self.pause = button("", name=f"{name}.pause", icon="pause", small=True)
        self.pause.clicked.connect(lambda: self.view.set_paused(not self.view.paused))
        if not pausable:
            self.pause.hide()
        self.follow = button("", name=f"{name}.follow", icon="follow", small=True)
        self.follow.clicked.connect(lambda: self.view.set_follow(not self.view.follow))
        self.tools.addWidget(self.pause)
        self.tools.addWidget(self.follow)

    @staticmethod
    def _toggle(icon: str, text: Text, name: str) -> IconButton:
        made = IconButton(icon, text, name=name)
        made.setCheckable(True)
        return made

    def _show_more(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, on, act in (
            (tr("Regular expression"), self.regex, self.set_regex),
            (tr("Only hits"), self.only_hits, self.set_only_hits),
        ):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(on)
            action.toggled.connect(act)
        wrap = menu.addAction(tr("Wrap lines (Alt+Z)"))
        wrap.setCheckable(True)
        wrap.setChecked(self.view.wrap)
        wrap.toggled.connect(self.wrap.setChecked)
        menu.addSeparator()
        menu.addAction(tr("Copy (Ctrl+C)"), self._copy)
        menu.addAction(tr("Save as…"), self.save_as)
        menu.addAction(tr("Open as text"), self.view.open_as_text)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def set_regex(self, on: bool) -> None:
        self.regex = on
        self._search()

    def set_only_hits(self, on: bool) -> None:
        self.only_hits = on
        self._search()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow pane the tools keep their pictures and give up their words."""
        super().resizeEvent(event)
        narrow = event.size().width() < theme().px(_WIDE if self.level else _WIDE - 220)
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_state()

    def _search(self) -> None:
        error = self.view.set_search(self.finder.text(), regex=self.regex, only_hits=self.only_hits)
        self.problem.setText(tr("Not a regular expression: {why}", why=error) if error else "")
        self.problem.setVisible(bool(error))
        self._show_counts()

    def _show_state(self) -> None:
        paused, following = self.view.paused, self.view.follow
        self._name(self.pause, (lambda: tr("Go on")) if paused else (lambda: tr("Pause")))
        self._name(self.follow, (lambda: tr("Following")) if following else (lambda: tr("Follow")))
        show_icon(self.pause, "play" if paused else "pause", "text.primary", 14)
        set_kind(self.follow, "accent" if following else "standard")
        self.hits.setVisible(not self._narrow)
        self.wrap.setVisible(not self._narrow)
        self._show_counts()

    def _name(self, target: QPushButton, text: Text) -> None:
        say(target, target.setText, "" if self._narrow else text)
        say(target, target.setToolTip, text)
        say(target, target.setAccessibleName, text)

    def _show_counts(self) -> None:
        buffer = self.view.buffer
        if self.view.paused:
            text = ntr("Paused, {n} new line", "Paused, {n} new lines", self.view.waiting)
        else:
            text = tr("{kept} of {most} lines kept", kept=f"{buffer.kept:,}", most=f"{buffer.capacity:,}")
        if self.status.text() != text:
            self.status.setText(text)
            set_tone(self.status, "warn" if self.view.paused else "secondary")
        hits = ntr("{n} hit", "{n} hits", len(buffer.hits)) if buffer.search else ""
        if self.hits.text() != hits:
            self.hits.setText(hits)

    def _toggle_wrap(self) -> None:
        self.wrap.toggle()

    def _copy(self) -> None:
        if not self.view.selected_text():
            self.view.select_all()
        self.view.copy()

    def save_as(self) -> None:
        """Ask for a file and write the shown lines to it."""
        dialog = QFileDialog(self, tr("Save as…"))
        dialog.setObjectName("log.saveAs")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("log")
        dialog.fileSelected.connect(self.write_to)
        dialog.open()

    def write_to(self, file: str) -> None:
        """Write the shown lines to a file, as text."""
        try:
            write_atomically(Path(file), self.view.text())
        except OSError as error:
            self.problem.setText(tr("Not saved: {why}", why=str(error)))
            self.problem.show()
