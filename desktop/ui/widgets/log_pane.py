"""A LogView with its tools: search, level, wrap, copy, save, pause and follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop.base.paths import write_atomically
from desktop.base.words import ntr, tr

from .controls import IconButton, Segmented, button, set_kind
from .fields import SearchField
from .log_buffer import CAPACITY
from .log_view import LogView, clock_time
from .says import Text, say, show_icon
from .surfaces import label, line, set_tone


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
            row_px=row_px,
        )
        self.find = _Find(self.view, name=f"{name}.find")
        self.find.setMinimumWidth(110)
        self.find.setMaximumWidth(260)
        self.find.searched.connect(lambda _: self._search())
        self.hits = label("", "caption", "secondary")
        self.regex = IconButton("api", lambda: tr("Regular expression"), name=f"{name}.regex")
        self.regex.setCheckable(True)
        self.regex.toggled.connect(lambda _: self._search())
        self.only = IconButton("filter", lambda: tr("Only hits"), name=f"{name}.only")
        self.only.setCheckable(True)
        self.only.toggled.connect(lambda _: self._search())
        self.tools = QHBoxLayout()
        self.tools.setContentsMargins(12, 8, 8, 8)
        self.tools.setSpacing(6)
        for widget in (self.find, self.hits, self.regex, self.only):
            self.tools.addWidget(widget)
        self.level: Segmented | None = None
        if levels:
            self.level = self._level_choice(name)
            self.tools.addSpacing(6)
            self.tools.addWidget(self.level)
        self.tools.addStretch(1)
        self._add_right(name, pausable)
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
        self.view.followChanged.connect(lambda _: self._show_state())
        self.view.pausedChanged.connect(lambda _: self._show_state())
        self.view.countsChanged.connect(self._show_counts)
        for keys, act in (
            ("Ctrl+F", self.find.setFocus),
            ("Alt+Z", self._toggle_wrap),
            ("Ctrl+Shift+T", self.view.open_as_text),
        ):
            shortcut = QShortcut(
                QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
            )
            shortcut.activated.connect(act)
        self._show_state()

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

    def _add_right(self, name: str, pausable: bool) -> None:
        self.wrap = IconButton("wrap", lambda: tr("Wrap lines (Alt+Z)"), name=f"{name}.wrap")
        self.wrap.setCheckable(True)
        self.wrap.toggled.connect(self.view.set_wrap)
        copy = IconButton("copy", lambda: tr("Copy (Ctrl+C)"), name=f"{name}.copy")
        copy.clicked.connect(self._copy)
        save = IconButton("save", lambda: tr("Save as…"), name=f"{name}.save")
        save.clicked.connect(self.save_as)
        for widget in (self.wrap, copy, save):
            self.tools.addWidget(widget)
        self.pause = button("", name=f"{name}.pause", icon="pause", small=True)
        self.pause.clicked.connect(lambda: self.view.set_paused(not self.view.paused))
        self.pause.setVisible(pausable)
        self.follow = button("", name=f"{name}.follow", icon="follow", small=True)
        self.follow.clicked.connect(lambda: self.view.set_follow(not self.view.follow))
        self.tools.addWidget(self.pause)
        self.tools.addWidget(self.follow)

    def _search(self) -> None:
        error = self.view.set_search(
            self.find.text(), regex=self.regex.isChecked(), only_hits=self.only.isChecked()
        )
        self.problem.setText(tr("Not a regular expression: {why}", why=error) if error else "")
        self.problem.setVisible(bool(error))
        self._show_counts()

    def _show_state(self) -> None:
        paused = self.view.paused
        say(self.pause, self.pause.setText, (lambda: tr("Go on")) if paused else (lambda: tr("Pause")))
        show_icon(self.pause, "play" if paused else "pause", "text.primary", 14)
        following = self.view.follow
        say(
            self.follow,
            self.follow.setText,
            (lambda: tr("Following")) if following else (lambda: tr("Follow")),
        )
        set_kind(self.follow, "accent" if following else "standard")
        self._show_counts()

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
