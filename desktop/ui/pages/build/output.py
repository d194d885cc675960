"""The middle: the timeline, and tabs with output, problems, commands and dependencies."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from desktop.base.commands import Command
from desktop.base.words import tr
from desktop.build import Problem
from desktop.ui.widgets import (
    ROW_ROLE,
    Banner,
    Card,
    Chip,
    CodeView,
    IconButton,
    Lane,
    LogPane,
    LogRow,
    Row,
    Segmented,
    StageGantt,
    StateLabel,
    elapsed_time,
    label,
    line,
    list_view,
    row,
)

from .present import BannerText, command_text
from .results import copy

TABS = ("output", "problems", "commands", "dependencies")


class TimelineCard(Card):
    """State, expected time and stages."""

    def __init__(self) -> None:
        super().__init__(flush=True)
        self.state = StateLabel("wait", "", font="bodyStrong")
        self.note = label("", "caption", "secondary")
        self.failed = StateLabel("fail", "")
        self.failed.hide()
        self.body.addLayout(row(self.state, self.note, None, self.failed, margins=(13, 9, 13, 9)))
        self.body.addWidget(line())
        self.gantt = StageGantt()
        self.gantt.setObjectName("build.timeline")
        holder = QVBoxLayout()
        holder.setContentsMargins(13, 6, 6, 0)
        holder.addWidget(self.gantt)
        self.body.addLayout(holder)

    def show_run(
        self, head: tuple[str, str, str], failed: str, lanes: Sequence[Lane], now: float | None
    ) -> None:
        self.state.show_state(head[0], head[1])
        if self.note is not None:
            self.note.setText(head[2])
        self.failed.show_state("fail", failed)
        self.failed.setVisible(bool(failed))
        self.gantt.setAccessibleName(tr("Stages of each target"))
        self.gantt.show_lanes(lanes, now)


class OutputCard(Card):
    """`link_opened("file.go:27:12")`, `problem_opened(Problem)`, `banner_acted("fix0")`."""

    link_opened = Signal(str)
    problem_opened = Signal(object)
    banner_acted = Signal(str)

    def __init__(self, dependencies: QWidget) -> None:
        super().__init__(flush=True)
        self.body.setContentsMargins(0, 0, 0, 1)
        self.body.setSpacing(0)
        self.tabs = QTabBar()
        self.tabs.setObjectName("build.tabs")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self._counted = (0, "")
        for _ in TABS:
            self.tabs.addTab("")
        self.pane = LogPane(
            name="build", label_text=lambda: tr("Output"), time_text=elapsed_time, levels=False
        )
        self.filter = Chip("", "accent")
        self.unfilter = IconButton("x", lambda: tr("Show all output again"), name="build.unfilter")
        self.unfilter.clicked.connect(lambda: self.show_only(None))
        self.banner = Banner(name="build.banner")
        self.banner.acted.connect(self.banner_acted)
        self.problems, self.problem_model, _ = list_view(name="build.problems", label=lambda: tr("Problems"))
        self.no_problems = label(lambda: tr("No problems found"), "body", "secondary")
        self.no_problems.setContentsMargins(16, 16, 16, 16)
        self.commands = CodeView(name="build.commands", label=lambda: tr("Commands"), numbers=False)
        self.shell = Segmented(
            [("bash", "Bash"), ("powershell", "PowerShell")],
            name="build.shell",
            label=lambda: tr("Shell"),
            value="bash",
            small=True,
        )
        self._commands: Sequence[tuple[str, str, Command]] = ()
        self._arrange(dependencies)
        self._connect()
        self.say_tabs()

    def _arrange(self, dependencies: QWidget) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(6, 0, 6, 0)
        top.addWidget(self.tabs, 1)
        self.pane.tools.insertWidget(1, self.filter)
        self.pane.tools.insertWidget(2, self.unfilter)
        self.filter.hide()
        self.unfilter.hide()
        problems = QWidget()
        listed = QVBoxLayout(problems)
        listed.setContentsMargins(0, 0, 0, 0)
        listed.addWidget(self.no_problems)
        listed.addWidget(self.problems, 1)
        listed.addStretch(0)
        commands = QWidget()
        shown = QVBoxLayout(commands)
        shown.setContentsMargins(0, 0, 0, 0)
        copier = IconButton("copy", lambda: tr("Copy"), name="build.commands.copy")
        copier.clicked.connect(lambda: copy(self.commands.toPlainText()))
        shown.addLayout(row(self.shell, None, copier, margins=(12, 8, 8, 0)))
        shown.addWidget(self.commands, 1)
        self.stack = QStackedWidget()
        for widget in (self.pane, problems, commands, dependencies):
            self.stack.addWidget(widget)
        banner = QHBoxLayout()
        banner.setContentsMargins(12, 10, 12, 0)
        banner.addWidget(self.banner)
        self.body.addLayout(top)
        self.body.addWidget(line())
        self.body.addLayout(banner)
        self.body.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self.stack.setCurrentIndex)
        self.pane.view.linkActivated.connect(self.link_opened)
        self.shell.chosen.connect(lambda _: self._render_commands())
        self.problems.activated.connect(self._on_problem)
        self.problems.clicked.connect(self._on_problem)

    def say_tabs(self) -> None:
        """Put into words again what is not said by itself."""
        self._render_commands()
        words = (tr("Output"), tr("Problems"), tr("Commands"), tr("Dependencies"))
        for index, word in enumerate(words):
            self.tabs.setTabText(index, word)
        self.tabs.setAccessibleName(tr("Views of the build"))

    def go_to(self, tab: str) -> None:
        self.tabs.setCurrentIndex(TABS.index(tab))

    @property
    def tab(self) -> str:
        return TABS[self.tabs.currentIndex()]

    def append(self, rows: Sequence[LogRow]) -> None:
        self.pane.view.append(rows)

    def show_only(self, target: str | None, *, at: float | None = None) -> None:
        """Only the output of one target, from `at` on."""
        self.pane.view.set_filter(sources={target} if target else None)
        self.filter.set_text(target or "")
        for widget in (self.filter, self.unfilter):
            widget.setVisible(target is not None)
        if at is not None:
            self.pane.view.show_time(at)

    def show_banner(self, said: BannerText | None) -> None:
        if said is None:
            self.banner.hide()
            return
        actions = [(f"fix{index}", text) for index, (_, text) in enumerate(said.actions)]
        self.banner.show_banner(said.kind, said.title, said.why, actions)

    def show_problems(self, rows: Sequence[Row]) -> None:
        self.problem_model.show_rows(rows)
        worst = "fail" if any(one.state == "fail" for one in rows) else "warn"
        self._show_count(len(rows), worst)
        self.no_problems.setVisible(not rows)
        self.problems.setVisible(bool(rows))

    def _show_count(self, count: int, worst: str) -> None:
        """The number beside "Problems"; the tab bar measures its tabs anew only when a button of theirs is new."""
        if (count, worst) == self._counted:
            return
        self._counted = (count, worst)
        old = self.tabs.tabButton(1, QTabBar.ButtonPosition.RightSide)
        chip = Chip(str(count), worst) if count else None
        self.tabs.setTabButton(1, QTabBar.ButtonPosition.RightSide, chip)  # None takes it away
        if old is not None:
            old.deleteLater()

    def show_commands(self, commands: Sequence[tuple[str, str, Command]]) -> None:
        if self._commands != tuple(commands) or not self.commands.toPlainText():
            self._commands = tuple(commands)
            self._render_commands()

    def _render_commands(self) -> None:
        text = command_text(self._commands, powershell=self.shell.value == "powershell")
        self.commands.show_code(text or tr("The commands of a build appear here, to copy."), "shell")

    def _on_problem(self, index: QModelIndex) -> None:
        problem = index.data(ROW_ROLE).payload
        if isinstance(problem, Problem):
            self.problem_opened.emit(problem)
