"""Deploy: plan, lanes, releases; renders what is known and asks for deeds."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.plans import Recorder, StepResult, StepState
from desktop.base.secret import Secret
from desktop.base.words import Message, msg, tr
from desktop.release import STAGES, RolloutResult, SecretMissing
from desktop.ui.pages.base import Page, PageAction
from desktop.ui.widgets import Banner, EmptyState, set_kind

from . import banners, present
from .body import DeployBody, DeployHead
from .deeds import Deeds
from .sheets import CommandsSheet, SecretsSheet

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_deploy import Prepared
    from desktop.app_releases import Overview
    from desktop.ui.pages.base import Frame

OLD_PLAN = 600.0
"""Seconds after which a plan is made again before it is run."""


class DeployPage(Page):
    """One project's environments, one at a time. A running deploy goes on when another is looked at."""

    key = "deploy"

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame)
        self.deeds = deeds or Deeds(app)
        self.folder: Path | None = None
        self.environment = ""
        self.found: Overview | None = None
        self.offline: GoferryError | None = None
        self.prepared: Prepared | None = None
        self.plan: present.PlanView | None = None
        self.progress = present.Progress()
        self.job: Job[Any] | None = None
        self.failure: GoferryError | None = None
        self.outcome: RolloutResult | None = None
        self._without: tuple[str, ...] = ()
        self._chosen: tuple[str, str] | None = None
        self._looking: Any = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(80)
        self._soon.timeout.connect(self.render_now)
        self._beat = QTimer(self)
        self._beat.setInterval(1000)
        self._beat.timeout.connect(self._tick)
        self._build()
        frame.project_changed.connect(self._on_project)

    def title(self) -> str:
        return tr("Deploy")

    def _build(self) -> None:
        self.head = DeployHead()
        self.head.environment_chosen.connect(self.show_environment)
        self.head.main.clicked.connect(self.primary)
        self.head.back.clicked.connect(lambda: self.ask_rollback(""))
        self.root.addWidget(self.head)
        self.banner = Banner(name="deploy.banner", closable=True)
        self.banner.acted.connect(self._on_banner)
        self.banner.closed.connect(self._forget_banner)
        self.body = DeployBody()
        self.body.lanes.stage_chosen.connect(self._on_stage)
        self.body.commands.clicked.connect(self.show_commands)
        self.body.releases.asked.connect(self._on_release)
        self.body.prune.clicked.connect(partial(self.ask_verb, "prune"))
        self.body.remove.clicked.connect(partial(self.ask_verb, "remove"))
        self.no_project = EmptyState(
            "ship",
            lambda: tr("No project is open"),
            lambda: tr("Open one to deploy it."),
            [("projects", lambda: tr("Projects"))],
            name="deploy.no_project",
        )
        self.no_project.acted.connect(lambda key: self.frame.navigate(key))
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(14)
        inner.addWidget(self.banner)
        inner.addWidget(self.body, 1)
        self.filled = holder
        self.stack = QStackedLayout()
        self.stack.addWidget(self.no_project)
        self.stack.addWidget(holder)
        stacked = QWidget()
        stacked.setLayout(self.stack)
        self.root.addWidget(stacked, 1)
        self.banner.hide()

    # ---------------------------------------------------------------- coming and going

    def shown(self, context: object) -> None:
        self._beat.start()
        self.body.set_narrow(self.frame.is_narrow)
        wanted = context if isinstance(context, str) else ""
        if self.frame.current_project != self.folder:
            self._open(self.frame.current_project, wanted)
        elif wanted and wanted != self.environment:
            self.show_environment(wanted)
        elif not self.running:
            self.refresh()
        self.render_now()

    def hidden(self) -> None:
        self._beat.stop()

    def retranslate(self) -> None:
        if self.prepared is not None and self.plan is not None:
            self.plan = present.plan_view(self.prepared, self.plan.made, rollback=self.plan.rollback)
        self.body.again()
        self.head.mark()
        self.render_now()

    def refresh(self) -> None:
        """Reads the hosts again."""
        if self.folder is not None:
            self._look()

    def primary(self) -> None:
        if self.running:
            self.cancel()
        elif self.ready:
            self.ask_deploy()
        elif self.folder is not None:
            self.make_plan()

    def toggle_right(self) -> None:
        self.body.right.setVisible(not self.body.right.isVisible())

    def panes(self) -> list[QWidget]:
        return [self.body.lanes, self.body.output.view, self.body.releases]

    def help_text(self) -> str:
        return tr("Plan a deploy, read it, run it; and go back to an earlier release.")

    def offers(self) -> list[PageAction]:
        return [
            PageAction("deploy.plan", tr("Build and plan"), self.make_plan),
            PageAction("deploy.rollback", tr("Roll back"), lambda: self.ask_rollback("")),
            PageAction("deploy.commands", tr("Show all commands"), self.show_commands),
            PageAction("deploy.refresh", tr("Read the hosts again"), self.refresh, "F5"),
        ]

    def _on_project(self, folder: object) -> None:
        if self.isVisible():
            self._open(self.frame.current_project, "")

    def _open(self, folder: Path | None, environment: str) -> None:
        self.folder, self.environment = folder, environment
        self._reset()
        if folder is not None:
            self.spawn(self._start(folder, environment))
        self.render_now()

    async def _start(self, folder: Path, wanted: str) -> None:
        try:
            names = await self.deeds.environments(folder)
        except GoferryError as error:
            self.failure = error
            self.render_now()
            return
        self.environment = wanted if wanted in names else names[0]
        self.head.show_environments(names, self.environment)
        self._look()

    def show_environment(self, name: str) -> None:
        """Looks at another environment; what runs elsewhere goes on as a job."""
        self.environment = name
        self.head.choose(name)
        self._reset()
        self._look()
        self.render_now()

    def _reset(self) -> None:
        self.found = self.offline = self.prepared = self.plan = self.failure = self.outcome = None
        self.progress, self._without, self._chosen, self.job = present.Progress(), (), None, None

    def _look(self) -> None:
        if self.folder is None or not self.environment:
            return
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self.spawn(self._read(self.folder, self.environment))

    async def _read(self, folder: Path, name: str) -> None:
        try:
            found = await self.deeds.look(folder, name)
        except GoferryError as error:
            if name == self.environment:
                self.offline = error
        else:
            if (folder, name) == (self.folder, self.environment):
                self.found, self.offline = found, None
        self.render_now()

    # ---------------------------------------------------------------- what is so

    @property
    def running(self) -> bool:
        return self.job is not None and not self.job.state.over

    @property
    def old(self) -> bool:
        return self.plan is not None and time.time() - self.plan.made > OLD_PLAN

    @property
    def ready(self) -> bool:
        """Whether there is a plan that may be run."""
        fresh = self.plan is not None and self.outcome is None and not self.old
        return fresh and self.plan is not None and not self.plan.offline and not self.plan.unchanged

    # ---------------------------------------------------------------- wishes

    def make_plan(self) -> None:
        """Builds, looks at the hosts, and shows what would be done. On this computer it is done at once."""
        if self.folder is None or self.running:
            return
        self.prepared = self.plan = self.failure = self.outcome = None
        self.progress = present.Progress()
        folder, name, without = self.folder, self.environment, self._without

        async def work(job: Job[Any]) -> None:
            def say(text: Message | str) -> None:
                job.report(text)
                job.say(str(text))
                self._render_soon()

            self._take(name, await self.deeds.plan(folder, name, say, without))
            if name == "local" and self.ready:
                await self._run(job, name)

        self._begin("deploy.plan", msg("Planning for {environment}", environment=name), work)

    def ask_deploy(self) -> None:
        """Runs the plan in view; for production the project's name is typed first."""
        if not self.ready or self.plan is None:
            return
        if self.plan.production and self.app.settings.now.confirm_production:
            sheet = banners.production_sheet(self.plan)
            self.frame.open_sheet(sheet, lambda result: self._deploy() if result else None)
        else:
            self._deploy()

    def _deploy(self) -> None:
        plan, name = self.plan, self.environment
        if plan is None or self.running:
            return
        title = msg(
            "Deploying {app} {version} to {environment}", app=plan.app, version=plan.after, environment=name
        )
        self._begin("deploy", title, lambda job: self._run(job, name))

    def ask_rollback(self, release: str) -> None:
        """Asks once, then goes back to `release`, or to the last good one."""
        entry = banners.rollback_entry(self.found, release)
        if entry is None or self.running or self.folder is None:
            return
        wanted, version = entry
        sheet = banners.rollback_sheet(version, self.environment, self.found)
        folder, name = self.folder, self.environment

        async def work(job: Job[Any]) -> None:
            self._take(name, await self.deeds.plan_back(folder, name, wanted), rollback=True)
            await self._run(job, name)

        def go(result: object) -> None:
            if result:
                self._reset_plan()
                self._begin("rollback", msg("Rolling back to {version}", version=version), work)

        self.frame.open_sheet(sheet, go)

    def ask_verb(self, verb: str) -> None:
        """stop, start, restart; remove and prune after a question."""
        if self.folder is None or self.running:
            return
        folder, name = self.folder, self.environment

        async def work(job: Job[Any]) -> None:
            for result in await self.deeds.act(folder, name, verb):
                if result.error is not None:
                    raise result.error

        def go(result: object = True) -> None:
            if result:
                self._begin(f"release.{verb}", banners.verb_title(verb, folder.name), work)

        sheet = banners.verb_sheet(verb, self.found)
        if sheet is None:
            go()
        else:
            self.frame.open_sheet(sheet, go)

    def ask_take_over(self) -> None:
        """Runs the same plan again, over the lock of somebody else."""
        if self.prepared is None or self.running:
            return
        name = self.environment

        def go(result: object) -> None:
            if result:
                self._begin(
                    "deploy",
                    msg("Taking over in {environment}", environment=name),
                    lambda job: self._run(job, name, take_over=True),
                )

        self.frame.open_sheet(banners.take_over_sheet(), go)

    def cancel(self) -> None:
        """Ends what runs; an old version that was stopped serves again."""
        if self.job is not None:
            self.job.cancel()
            self.render_now()

    def show_commands(self) -> None:
        if self.plan is not None:
            self.frame.open_sheet(CommandsSheet(present.all_commands(self.plan)))

    # ---------------------------------------------------------------- jobs

    def _begin(self, kind: str, title: Message, work: Callable[[Job[Any]], Awaitable[None]]) -> None:
        self.failure = None
        name, folder = self.environment, self.folder
        subject = folder.name if folder is not None else ""
        job = self.app.jobs.start(
            kind, title, work, subject=subject, page=self.key, gate=f"deploy:{subject}:{name}"
        )
        self.job = job
        self.spawn(self._await(job, folder, name))
        self.render_now()

    async def _await(self, job: Job[Any], folder: Path | None, name: str) -> None:
        """Shows how a job ended, where it is still looked at."""
        try:
            await job.wait()
        except GoferryError as error:
            if self.job is job:
                self.failure = error
                self._ask_secrets(error)
        finally:
            if self.job is job and job.state.over:
                job.seen = self.isVisible()
                self._look()
                self.render_now()

    def _take(self, name: str, prepared: Prepared, *, rollback: bool = False) -> None:
        if name == self.environment:
            self.prepared = prepared
            self.plan = present.plan_view(prepared, rollback=rollback)
            self._render_soon()

    async def _run(self, job: Job[Any], name: str, *, take_over: bool = False) -> None:
        prepared, plan = self.prepared, self.plan
        if prepared is None or plan is None:
            return
        progress = self.progress = present.Progress()
        count = max(1, len(plan.hosts) * (len(STAGES) + 2))

        def watch(host: str, result: StepResult) -> None:
            progress.steps.setdefault(host, {})[result.id] = result
            known = [step for steps in progress.steps.values() for step in steps.values()]
            ended = sum(step.state is not StepState.PENDING for step in known)
            job.report(msg("{host}: {stage}", host=host, stage=result.title), min(1.0, ended / count))
            if result.state is not StepState.PENDING:
                job.say(f"{host}: {result.title} {result.state}", host)
            self._render_soon()

        self.outcome = None
        outcome = await self.deeds.run(
            prepared, watch, lambda host: self._recorder(progress, job, host), take_over=take_over
        )
        progress.results.update({result.name: result for result in outcome.hosts})
        if self.prepared is prepared:
            self.outcome = outcome
        if outcome.error is not None:
            raise outcome.error

    def _recorder(self, progress: present.Progress, job: Job[Any], host: str) -> Recorder:
        def text(step: str, line: str) -> None:
            progress.said[(host, step)] = line
            progress.lines.setdefault((host, step), []).append(line)
            job.say(line, host)
            self._render_soon()

        def share(step: str, fraction: float | None) -> None:
            if fraction is not None:
                progress.shares[host] = fraction
                self._render_soon()

        def command(step: str, done: Any) -> None:
            line = f"$ {done.command.shown()}"
            progress.lines.setdefault((host, step), []).append(line)
            job.say(line, host, "command")

        return Recorder(command, text, share)

    def _ask_secrets(self, error: GoferryError) -> None:
        if not isinstance(error, SecretMissing) or self.folder is None:
            return
        name, app_name = self.environment, error.app
        sheet = SecretsSheet(error.names, present.environment_words(name))

        async def keep(values: dict[str, Secret]) -> None:
            await self.deeds.keep_secrets(app_name, name, values)
            self.make_plan()

        def ended(values: dict[str, Secret] | None) -> None:
            if values:
                self.spawn(keep(values))

        self.frame.open_sheet(sheet, ended)

    # ---------------------------------------------------------------- clicks in the body

    def _on_release(self, release: str, key: str) -> None:
        if key == "rollback":
            self.ask_rollback(release)
        else:
            self.ask_verb(key)

    def _on_stage(self, host: str, stage: str) -> None:
        self._chosen = (host, stage)
        self.render_now()

    def _on_banner(self, key: str) -> None:
        if key in ("again", "plan"):
            self.make_plan()
        elif key == "leave" and self.plan is not None:
            self._without = (*self._without, *banners.to_leave_out(self.plan, self.progress))
            self.make_plan()
        elif key == "rollback":
            self.ask_rollback("")
        elif key == "take_over":
            self.ask_take_over()
        elif key == "look":
            self.refresh()
        elif key == "secret" and self.failure is not None:
            self._ask_secrets(self.failure)
        elif key == "live":
            self.frame.navigate("live", self.environment)
        else:
            self.frame.navigate(key)

    def _forget_banner(self) -> None:
        self.failure = None

    def _reset_plan(self) -> None:
        self.prepared = self.plan = self.outcome = self.failure = None
        self.progress = present.Progress()

    # ---------------------------------------------------------------- rendering

    def _render_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _tick(self) -> None:
        if self.running:
            self.body.show_elapsed(self.job.seconds if self.job is not None else None)
        elif self.old and self.outcome is None:
            self.render_now()

    def render_now(self) -> None:
        """Shows what is known, in the language in force."""
        if self.folder is None:
            self.stack.setCurrentWidget(self.no_project)
            self.head.show_nothing()
            return
        self.stack.setCurrentWidget(self.filled)
        self._render_head()
        rolling = self.plan.release if self.running and self.plan is not None and self.progress.steps else ""
        rows = self.found.history() if self.found is not None else []
        self.body.show_releases(present.entries(rows, time.time(), rolling), known=self.found is not None)
        lanes = self.plan or banners.hosts_only(self.found, self.folder.name, self.environment)
        stage = str(self.job.stage) if self.running and self.job is not None else ""
        self.body.show_plan(self.plan, self._usual_seconds(), stage)
        self.body.show_lanes(lanes, self.progress)
        self.body.show_elapsed(self.job.seconds if self.job is not None and self.progress.steps else None)
        self.body.show_output(self._chosen, self.progress, self.plan)
        banners.show(self.banner, self)

    def _render_head(self) -> None:
        before, after = banners.versions(self.found, self.plan)
        self.head.show_versions(before, after, banners.chip(self))
        text, kind, enabled = banners.main_action(self)
        self.head.main.setText(text)
        set_kind(self.head.main, kind)
        self.head.main.setEnabled(enabled)
        entry = banners.rollback_entry(self.found, "")
        self.head.back.setVisible(entry is not None and not self.running)
        if entry is not None:
            self.head.back.setText(tr("Roll back to {version}", version=entry[1]))

    def _usual_seconds(self) -> float | None:
        """What the last deploys of this project took, as the median."""
        from statistics import median

        name = self.folder.name if self.folder is not None else ""
        took = [
            p.seconds
            for p in self.app.history.past
            if p.kind == "deploy" and p.subject == name and p.state == "done"
        ]
        return median(took[:5]) if took else None
