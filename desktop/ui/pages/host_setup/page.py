"""Set-up of one server: the plan, its run, and the way back; renders what is known and asks for deeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QStackedLayout, QVBoxLayout, QWidget

from desktop.base.blocking import CancelToken
from desktop.base.jobs import Job
from desktop.base.words import tr
from desktop.ui.pages.base import PageAction
from desktop.ui.pages.hosts.present import tone_of
from desktop.ui.widgets import (
    Card,
    Chip,
    ElidedLabel,
    EmptyState,
    PageHeader,
    SegmentBar,
    StateLabel,
    button,
    column,
    columns,
    label,
    row,
    set_kind,
)

from . import present
from .body import ChangesCard, StepCard, StepsCard
from .deeds import Deeds
from .present import HostSetup, Phase
from .runs import SetupRuns

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame


class HostSetupPage(SetupRuns):
    """`shown` gets a host's name, or a job of this page."""

    key = "host_setup"

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame, deeds=deeds)
        self._beat = QTimer(self)
        self._beat.setInterval(1000)
        self._beat.timeout.connect(self._tick)
        self._build()
        frame.narrow_changed.connect(lambda *_: self._fit())

    def title(self) -> str:
        return (
            tr("Set up {host}", host=self.setup.host) if self.setup is not None else tr("Set-up of a server")
        )

    # --- building

    def _build(self) -> None:
        self.head = PageHeader(self.title, name="host_setup.head", back=True)
        self.head.back_asked.connect(self._back)
        self.group = Chip("", "off")
        self.address = ElidedLabel("", "mono", "secondary")
        self.system = ElidedLabel("", "body", "secondary")
        self.head.add_scope(self.group, self.address, self.system)
        self.save = button(lambda: tr("Save as script…"), name="host_setup.save", icon="file")
        self.save.clicked.connect(self.ask_save)
        self.main = button(lambda: "", name="host_setup.main", kind="primary")
        self.main.clicked.connect(self.primary)
        self.head.add_actions(self.save, self.main)
        self.root.addWidget(self.head)
        self.state = StateLabel("wait", lambda: "")
        self.counts = label("", "body", "secondary")
        self.elapsed = label("", "body", "secondary")
        self.bar = SegmentBar()
        self.bar.setAccessibleName("")
        strip = Card()
        strip.body.addLayout(
            column(row(self.state, self.counts, None, self.elapsed, spacing=16), self.bar, spacing=8)
        )
        self.steps, self.step, self.sums = StepsCard(), StepCard(), ChangesCard()
        self.steps.chosen.connect(self.choose)
        self.step.part.clicked.connect(lambda on: self._on_part(on))
        self.step.copy.clicked.connect(self.copy_commands)
        self.step.banner.acted.connect(self._on_banner)
        self.sums.mirror.chosen.connect(self.choose_mirror)
        self.sums.offline.clicked.connect(lambda on: self.set_offline(on))
        self.sums.undo.clicked.connect(self.plan_undo)
        self.sums.forth.clicked.connect(self.leave_undo)
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(14)
        inner.addWidget(strip)
        inner.addWidget(columns((self.steps, 260, 2), (self.step, 380, 4), (self.sums, 290, 1)), 1)
        self.empty = EmptyState(
            "server",
            lambda: tr("No server is chosen"),
            lambda: tr("Choose one on the Hosts page, then its set-up plan."),
            [("hosts", lambda: tr("Hosts"))],
            name="host_setup.empty",
        )
        self.empty.acted.connect(lambda key: self.frame.navigate(key))
        self.stack = QStackedLayout()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(holder)
        self.filled = holder
        stacked = QWidget()
        stacked.setLayout(self.stack)
        self.root.addWidget(stacked, 1)

    # --- coming and going

    def shown(self, context: object) -> None:
        self._beat.start()
        self._fit()
        name = context.subject if isinstance(context, Job) else context
        if isinstance(name, str) and name:
            self.setup = self.setups.setdefault(name, HostSetup(name))
        self.render_now()
        if self.setup is not None and self.setup.phase is Phase.EMPTY:
            self.make_plan()

    def hidden(self) -> None:
        self._beat.stop()
        for setup in self.setups.values():
            if not setup.busy:
                self.forget_password(setup)

    def retranslate(self) -> None:
        self.head.set_title(self.title)
        self.render_now()

    def refresh(self) -> None:
        """Plans again; what had failed or was done is looked at anew."""
        if self.setup is not None and not self.setup.busy:
            self.setup.results = {}
            self.make_plan()

    def primary(self) -> None:
        action = present.main_action(self.setup) if self.setup is not None else None
        if action is None or self.setup is None:
            return
        if action.key == "run":
            self.run()
        elif action.key == "plan":
            self.make_plan()
        elif action.key == "undo":
            self.ask_undo()
        elif action.key == "stop":
            self.stop_after_step()
        elif action.key == "deploy":
            self.frame.navigate("deploy")
        else:
            self._back()

    def toggle_right(self) -> None:
        self.sums.setVisible(not self.sums.isVisible())

    def next_problem(self, step: int) -> None:
        if self.setup is not None and self.setup.failed_step:
            self.choose(self.setup.failed_step)

    def panes(self) -> list[QWidget]:
        return [self.steps.view, self.step.code, self.step.output.view]

    def help_text(self) -> str:
        return tr("Make a server ready for Docker: read every command, run the plan, take it back.")

    def offers(self) -> list[PageAction]:
        return [
            PageAction("host_setup.plan", tr("Plan again"), self.refresh, "F5"),
            PageAction("host_setup.copy", tr("Copy commands"), self.copy_commands),
            PageAction("host_setup.save", tr("Save as script…"), self.ask_save),
            PageAction("host_setup.undo", tr("Take the set-up back…"), self.plan_undo),
        ]

    def _fit(self) -> None:
        self.sums.setVisible(not self.frame.is_narrow)

    def _back(self) -> None:
        self.frame.navigate("hosts", self.setup.host if self.setup is not None else None)

    # --- clicks

    def choose(self, step: str) -> None:
        if self.setup is not None:
            self.setup.chosen = step
            self.render_now()

    def _on_part(self, on: bool) -> None:
        if self.setup is not None and self.setup.chosen:
            self.leave_out(self.setup.chosen, not on)

    def copy_commands(self) -> None:
        if self.setup is not None and self.setup.chosen:
            QApplication.clipboard().setText(present.copied(self.setup, self.setup.chosen))
            self.frame.toast("ok", lambda: tr("The step's commands are in the clipboard."))

    def _on_banner(self, action: str) -> None:
        if self.setup is None:
            return
        fix = next((fix for fix in present.fixes(self.setup) if fix.action == action), None)
        if fix is not None:
            self.fix(fix)

    def ask_save(self) -> None:
        """Where the script goes; written when a file was chosen."""
        setup = self.setup
        plan = setup.to_run() if setup is not None else None
        if setup is None or plan is None:
            return
        text = plan.script()
        dialog = QFileDialog(self, tr("Save as script…"), str(Path.home() / f"setup-{setup.host}.sh"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("sh")
        dialog.fileSelected.connect(lambda path: self.spawn(self.save_script(Path(path), text)))
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    async def save_script(self, path: Path, text: str) -> None:
        def write(token: CancelToken) -> None:
            path.write_text(text, encoding="utf-8", newline="\n")

        await self.app.pools.files.run(write)
        self.frame.toast("ok", lambda: tr("Saved {file}", file=path.name))

    # --- rendering

    def _tick(self) -> None:
        job = self.jobs.get(self.setup.host) if self.setup is not None else None
        shown = job is not None and self.setup is not None and (self.setup.busy or bool(self.setup.results))
        seconds = int(job.seconds) if job is not None and shown else 0
        self.elapsed.setText(f"{seconds // 60}:{seconds % 60:02}" if shown else "")

    def render_now(self) -> None:
        """Shows what is known, in the language in force."""
        setup = self.setup
        self.stack.setCurrentWidget(self.filled if setup is not None else self.empty)
        self.head.set_title(self.title)
        for part in (self.group, self.address, self.system, self.save, self.main):
            part.setVisible(setup is not None)
        if setup is None:
            return
        self._render_head(setup)
        state, words = present.headline(setup)
        self.state.show_state(state, words)
        self.counts.setText(present.counts(setup))
        self.bar.show_states(present.states(setup), words)
        self._tick()
        self.steps.show_steps(present.step_lines(setup), setup.chosen)
        self.step.show_step(setup)
        self.sums.show_setup(setup)
        self._render_banner(setup)

    def _render_head(self, setup: HostSetup) -> None:
        host = next((host for host in self.app.inventory.hosts() if host.name == setup.host), None)
        group = host.groups[0] if host is not None and host.groups else ""
        self.group.setVisible(bool(group))
        self.group.show_state(group, tone_of(group))
        self.address.set_text(host.shown_address if host is not None else "")
        self.system.set_text(present.system_text(setup))
        self.save.setEnabled(setup.prepared is not None and bool(setup.taken))
        self.save.setVisible(not setup.undo)
        action = present.main_action(setup)
        self.main.setVisible(action is not None)
        if action is not None:
            self.main.setText(action.text)
            set_kind(self.main, action.kind)

    def _render_banner(self, setup: HostSetup) -> None:
        banner, error = self.step.banner, setup.failure
        self.step.holder.setVisible(error is not None)
        if error is None:
            banner.hide()
            return
        kind = "warn" if setup.phase is Phase.WAITS else "fail"
        why = " ".join(str(part) for part in (error.why, error.fix) if str(part))
        buttons = [(fix.action, str(fix.label)) for fix in present.fixes(setup)]
        banner.show_banner(kind, str(error.what), why, buttons)
