"""The right column: one host's facts, connection and containers, a console, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.hosts import Host, HostState
from desktop.ui.environments import environment_words
from desktop.ui.widgets import (
    Card,
    Chip,
    ElidedLabel,
    KeyValueList,
    Row,
    Segmented,
    button,
    column,
    label,
    line,
    line_edit,
    list_view,
    row,
    scrolled,
    set_kind,
    use_font,
)
from desktop.ui.widgets.says import say

from . import present
from .present import Known
from .tabs import HistoryTab, ImagesTab

MOST_LINES = 5000
T = TypeVar("T", bound=QWidget)


class HostDetails(Card):
    """Shows one host. Wishes go up as `asked(key)`: terminal, copy, live, check, setup, confirm, sign_in.

    Each tab but the first is made when it is first looked at.
    """

    asked = Signal(str)
    command_asked = Signal(str)
    stop_asked = Signal()
    again_asked = Signal()
    """The tab in view is to be read once more."""
    remove_asked = Signal(list)
    """HostImages that a person wants away."""

    def __init__(self) -> None:
        super().__init__(flush=True)
        self.setObjectName("hosts.details")
        self._pairs: dict[KeyValueList, tuple[present.Pair, ...]] = {}
        self._host, self._known = "", Known()
        self._made: dict[str, QWidget] = {}
        self.setMinimumWidth(332)
        self.body.addWidget(self._head())
        self.tabs = Segmented(
            [
                ("facts", lambda: tr("Facts")),
                ("containers", lambda: tr("Containers")),
                ("images", lambda: tr("Images")),
                ("history", lambda: tr("History")),
                ("console", lambda: tr("Console")),
            ],
            name="hosts.tabs", label=lambda: tr("What is shown of the host"), small=True,
        )  # fmt: skip
        self.tabs.chosen.connect(self._show_tab)
        self.body.addLayout(row(self.tabs, None, margins=(12, 0, 12, 10)))
        self.body.addWidget(line())
        self.stack = QStackedWidget()
        self.body.addWidget(self.stack, 1)
        self._facts_tab()

    @property
    def images(self) -> ImagesTab:
        return self._tab("images", self._make_images)

    @property
    def history(self) -> HistoryTab:
        return self._tab("history", self._make_history)

    @property
    def console(self) -> Console:
        return self._tab("console", self._make_console)

    @property
    def containers(self) -> ContainersTab:
        return self._tab("containers", ContainersTab)

    def _tab(self, key: str, make: Callable[[], T]) -> T:
        if key not in self._made:
            made = self._made[key] = make()
            self.stack.addWidget(made)
            self._put_after_tabs(made)
        return self._made[key]  # type: ignore[return-value]  # a key has one kind of tab

    def _put_after_tabs(self, made: QWidget) -> None:
        """What is made late would come last of the whole window for the Tab key."""
        before: QWidget = self.tabs.findChildren(QToolButton)[-1]
        for part in made.findChildren(QWidget):
            if part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                QWidget.setTabOrder(before, part)
                before = part

    def _make_images(self) -> ImagesTab:
        made = ImagesTab()
        made.again_asked.connect(self.again_asked)
        made.remove_asked.connect(self.remove_asked)
        return made

    def _make_history(self) -> HistoryTab:
        made = HistoryTab()
        made.again_asked.connect(self.again_asked)
        return made

    def _make_console(self) -> Console:
        made = Console()
        made.command_asked.connect(self.command_asked)
        made.stop_asked.connect(self.stop_asked)
        made.show_host(self._host)
        return made

    def _head(self) -> QWidget:
        head = QWidget()
        layout = QVBoxLayout(head)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(8)
        self.name = ElidedLabel("", "subtitle")
        self.chip = Chip("", "off")
        self.address = ElidedLabel("", "mono", "secondary")
        layout.addLayout(row(self.name, self.chip, None))
        layout.addWidget(self.address)
        self.terminal = button(lambda: tr("Terminal"), name="hosts.terminal", small=True, icon="terminal")
        self.copy = button(
            lambda: tr("Copy"),
            name="hosts.copy",
            small=True,
            icon="copy",
            tip=lambda: tr("Copy as ssh command"),
        )
        self.check = button(lambda: tr("Check"), name="hosts.check", small=True, icon="refresh")
        self.confirm = button(lambda: tr("Confirm key…"), name="hosts.confirm", small=True, kind="accent")
        self.sign_in = button(lambda: tr("Sign in…"), name="hosts.sign_in", small=True, kind="accent")
        for key, made in (
            ("terminal", self.terminal), ("copy", self.copy), ("check", self.check),
            ("confirm", self.confirm), ("sign_in", self.sign_in),
        ):  # fmt: skip
            made.clicked.connect(lambda _=False, key=key: self.asked.emit(key))
        layout.addLayout(row(self.check, self.terminal, self.copy, None, spacing=6))
        self.waits = QWidget()
        self.waits.setLayout(row(self.confirm, self.sign_in, None, spacing=6))
        layout.addWidget(self.waits)
        return head

    def _facts_tab(self) -> None:
        holder = QWidget()
        self.trouble = label("", "body", "fail", wrap=True, selectable=True)
        self.trouble.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.age = label("", "caption", "tertiary")
        self.facts = KeyValueList(label_width=96)
        self.connection = KeyValueList(label_width=96)
        self.set_up = button(lambda: tr("Set-up plan"), name="hosts.set_up", small=True, icon="doc-list")
        self.set_up.clicked.connect(lambda: self.asked.emit("setup"))
        self.connection_title = label(lambda: tr("Connection"), "bodyStrong")
        holder.setLayout(
            column(self.trouble, self.facts, self.age, row(self.set_up, None), 8, line(), 8,
                   self.connection_title, self.connection, None,
                   spacing=6, margins=(16, 12, 16, 16))
        )  # fmt: skip
        self._facts = scrolled(holder)
        self.stack.addWidget(self._facts)

    def _show_tab(self, key: str) -> None:
        tabs: dict[str, Callable[[], QWidget]] = {
            "containers": lambda: self.containers, "images": lambda: self.images,
            "history": lambda: self.history, "console": lambda: self.console,
        }  # fmt: skip
        self.stack.setCurrentWidget(tabs[key]() if key in tabs else self._facts)
        if key == "containers":
            self.containers.show_known(self._known)

    def show_tab(self, key: str) -> None:
        self.tabs.set_value(key)
        self._show_tab(key)

    def show_host(self, host: Host, known: Known, session: HostState) -> None:
        """Renders one host."""
        self.name.set_text(tr("This computer") if host.local else host.name)
        group = host.groups[0] if host.groups else ""
        self.chip.setVisible(bool(group))
        self.chip.show_state(environment_words(group), present.tone_of(group))
        self.address.set_text("" if host.local else host.shown_address)
        self.address.setVisible(not host.local)
        code = known.error.code if known.error is not None else ""
        for button_of_ssh in (self.terminal, self.copy):
            button_of_ssh.setVisible(not host.local)
        self.confirm.setVisible(code == "host.key_unknown")
        self.sign_in.setVisible(
            code in ("host.password_needed", "host.passphrase_needed", "host.auth_refused")
        )
        self.waits.setVisible(self.confirm.isVisibleTo(self.waits) or self.sign_in.isVisibleTo(self.waits))
        self.check.setEnabled(not known.busy)
        self._show_facts(host, known, session)
        self._host, self._known = host.name, known
        if "containers" in self._made:
            self.containers.show_known(known)
        if "console" in self._made:
            self.console.show_host(host.name)

    def _show_facts(self, host: Host, known: Known, session: HostState) -> None:
        shown = known.error is not None and known.error.code not in present.KEY_CHANGED
        self.trouble.setVisible(shown)
        if known.error is not None:
            self.trouble.setText("\n".join(present.error_text(known.error)))
        facts = known.facts
        pairs = present.fact_pairs(facts) if facts is not None else ((tr("System"), tr("not asked yet")),)
        self._show_pairs(self.facts, pairs)
        self.age.setText(present.as_of(known))
        self.age.setVisible(facts is not None)
        self.set_up.setVisible(facts is not None and not host.local)
        set_kind(self.set_up, "accent" if facts is not None and facts.engine is None else "standard")
        self.connection_title.setVisible(not host.local)
        self.connection.setVisible(not host.local)
        self._show_pairs(self.connection, present.connection_pairs(host, known, session))

    def _show_pairs(self, shown: KeyValueList, pairs: tuple[present.Pair, ...]) -> None:
        """Makes the labels anew only when a word has changed: a second passes, and most stays as it was."""
        if self._pairs.get(shown) != pairs:
            self._pairs[shown] = pairs
            shown.show_pairs(pairs)


class ContainersTab(QWidget):
    """What runs there now."""

    def __init__(self) -> None:
        super().__init__()
        self.view, self.rows, _ = list_view(
            name="hosts.containers", label=lambda: tr("Running containers"), strong=False
        )
        self.nothing = label("", "body", "secondary", wrap=True)
        self.nothing.setContentsMargins(16, 12, 16, 12)
        self.setLayout(column(self.nothing, self.view, spacing=0, margins=(0, 0, 0, 0)))

    def show_known(self, known: Known) -> None:
        engine = known.facts.engine if known.facts is not None else None
        names: Sequence[str] = engine.names if engine is not None and engine.running else ()
        self.rows.show_rows([Row(name, state="ok") for name in names])
        self.view.setVisible(bool(names))
        self.nothing.setVisible(not names)
        words = (
            tr("No container is running.") if engine is not None else tr("There is no Docker Engine on it.")
        )
        self.nothing.setText(words if known.facts is not None else tr("not asked yet"))


class Console(QWidget):
    """One command after the other, run by the host's /bin/sh; plain text only."""

    command_asked = Signal(str)
    stop_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._host = ""
        self._texts: dict[str, str] = {}
        self._past: list[str] = []
        self.output = QPlainTextEdit()
        self.output.setObjectName("hosts.console.output")
        self.output.setReadOnly(True)
        self.output.setMaximumBlockCount(MOST_LINES)
        self.output.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.output.setProperty("mono", True)
        use_font(self.output, "mono")
        say(self.output, self.output.setAccessibleName, lambda: tr("Output of the commands"))
        self.input = line_edit(
            name="hosts.console.input", label_text=lambda: tr("Command"),
            placeholder=lambda: tr("A command for this host, such as uptime"), mono=True,
        )  # fmt: skip
        self.input.returnPressed.connect(self._run)
        self.run = button(lambda: tr("Run"), name="hosts.console.run", small=True, kind="accent")
        self.run.clicked.connect(self._run)
        self.stop = button(lambda: tr("Stop"), name="hosts.console.stop", small=True)
        self.stop.clicked.connect(self.stop_asked)
        self.stop.hide()
        self.setLayout(
            column(
                self.output,
                row(self.input, self.run, self.stop, spacing=6),
                spacing=8,
                margins=(12, 12, 12, 12),
            )
        )

    def show_host(self, name: str) -> None:
        """Each host has its own output."""
        if name == self._host:
            return
        self._texts[self._host] = self.output.toPlainText()
        self._host = name
        self.output.setPlainText(self._texts.get(name, ""))
        self.output.moveCursor(self.output.textCursor().MoveOperation.End)

    def set_running(self, running: bool) -> None:
        self.run.setVisible(not running)
        self.stop.setVisible(running)
        self.input.setEnabled(not running)
        if not running:
            self.input.setFocus()

    def append(self, name: str, text: str) -> None:
        """Adds lines of a host; it need not be the one in view."""
        if name == self._host:
            self.output.appendPlainText(text)
        else:
            self._texts[name] = (self._texts.get(name, "") + "\n" + text)[-200_000:]

    def _run(self) -> None:
        command = self.input.text().strip()
        if command and self.run.isVisibleTo(self):
            self._past.append(command)
            self.input.clear()
            self.command_asked.emit(command)
