"""What the Deploy page knows and does: plans, runs and roll-backs as jobs; no widgets but sheets that ask."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog

from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.plans import Recorder, StepResult, StepState
from desktop.base.secret import Secret
from desktop.base.words import Message, msg, tr
from desktop.release import STAGES, Release, RolloutResult, SecretMissing
from desktop.ui.environments import environment_words
from desktop.ui.pages.base import Page
from desktop.ui.wishes import DeployTo

from . import banners, compare, export, present
from .deeds import Deeds
from .pause import Pause
from .sheets import CommandsSheet, CompareSheet, SecretsSheet
from .spread import Spread, SpreadSheet

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_deploy import Prepared
    from desktop.app_releases import Overview
    from desktop.ui.pages.base import Frame

OLD_PLAN = 600.0
"""Seconds after which a plan is made again before it is run."""


class DeployRuns(Page):
    """The page without its looks: what is read, planned and run; `render_now` shows it."""

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame)
        self.deeds = deeds or Deeds(app)
        self.folder: Path | None = None
        self.environment = ""
        self.names: tuple[str, ...] = ()
        """The project's environments, and this computer."""
        self.found: Overview | None = None
        self.offline: GoferryError | None = None
        self.prepared: Prepared | None = None
        self.plan: present.PlanView | None = None
        self.progress = present.Progress()
        self.pause = Pause(self._render_soon)
        self.job: Job[Any] | None = None
        self.failure: GoferryError | None = None
        self.outcome: RolloutResult | None = None
        self.part: DeployTo | None = None
        """The hosts that the plan is for, where it is not for all of the environment."""
        self._part_wanted: DeployTo | None = None
        self._without: tuple[str, ...] = ()
        self._chosen: tuple[str, str] | None = None
        self._looking: Any = None
        self._back_wanted = False
        """Whether the way back is asked for as soon as the hosts were read (Ctrl+Shift+R)."""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(80)
        self._soon.timeout.connect(self.render_now)

    def render_now(self) -> None:
        """Shows what is known."""

    def _render_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _reset(self) -> None:
        self.found = self.offline = self.prepared = self.plan = self.failure = self.outcome = None
        self.progress, self._without, self._chosen, self.job = present.Progress(), (), None, None
        self.part = None

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
                self._remember(folder, name, found)
        self.render_now()
        if self._back_wanted and self.found is not None:
            self._back_wanted = False
            self.ask_rollback("")

    def _remember(self, folder: Path, name: str, found: Overview) -> None:
        """What serves, for the Build page: the oldest where hosts differ, as that one needs the most."""
        serving = [seen.serving for seen in found.seen.values() if seen.serving is not None]
        if serving and len(serving) == len(found.target.hosts):
            self.frame.serving[folder, name] = min(serving, key=lambda release: release.sequence)
        else:
            self.frame.serving.pop((folder, name), None)

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

    @property
    def to_come(self) -> tuple[str, ...]:
        """Hosts of the run under way that have not begun."""
        if not self.running or self.plan is None or not self.progress.steps:
            return ()
        begun = self.progress.steps.keys() | self.progress.results.keys()
        return tuple(host.name for host in self.plan.hosts if host.name not in begun and not host.unchanged)

    # ---------------------------------------------------------------- wishes

    def toggle_pause(self) -> None:
        """No further host begins, until this is asked again."""
        if self.pause.asked or self.to_come:
            self.pause.toggle()
            self.render_now()

    def make_plan(self) -> None:
        """Builds, looks at the hosts, and shows what would be done. On this computer it is done at once."""
        if self.folder is None or self.running:
            return
        if self.outcome is not None and self.outcome.ok:
            self.part = None  # it is done
        self.prepared = self.plan = self.failure = self.outcome = None
        self.progress = present.Progress()
        folder, name, without = self.folder, self.environment, self._without
        to = self.part or DeployTo(name)

        async def work(job: Job[Any]) -> None:
            def say(text: Message | str) -> None:
                job.report(text)
                job.say(str(text))
                self._render_soon()

            self._take(name, await self.deeds.plan(folder, to, say, without))
            if name == "local" and self.ready:
                await self._run(job, name)

        self._begin("deploy.plan", msg("Plan for {environment}", environment=environment_words(name)), work)

    def plan_part(self, wish: DeployTo | None) -> None:
        """The plan for some hosts of the environment in view; None: for all of them again."""
        if self.running or (wish is not None and wish.environment != self.environment):
            return
        self.part, self._without = wish, ()
        self.make_plan()

    def _take_part(self) -> None:
        """What the page was opened for, once its environment is known."""
        wish, self._part_wanted = self._part_wanted, None
        if wish is not None:
            self.plan_part(wish)

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
            "Deploy {app} {version} to {environment}",
            app=plan.app,
            version=plan.after,
            environment=environment_words(name),
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
                self._reset_plan()  # how an earlier deploy ended is no longer how it is
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
                    msg("Taking over in {environment}", environment=environment_words(name)),
                    lambda job: self._run(job, name, take_over=True),
                )

        self.frame.open_sheet(banners.take_over_sheet(), go)

    def cancel(self) -> None:
        """Ends what runs; an old version that was stopped serves again. Asks while a version is being tried."""
        job = self.job
        if job is None or job.state.over:
            return

        def go(result: object = True) -> None:
            if result:
                job.cancel()
                self.render_now()

        tried = next((h for h in self.progress.steps if self.progress.stage(h) in ("start", "health")), "")
        if tried:
            self.frame.open_sheet(banners.cancel_sheet(tried), go)
        else:
            go()

    def ask_spread(self) -> None:
        """How many hosts at a time, what happens after a failure, and whether one hands on to the others."""
        prepared, plan, folder, name = self.prepared, self.plan, self.folder, self.environment
        if prepared is None or plan is None or folder is None or not self.ready or len(plan.hosts) < 2:
            return

        def go(result: object) -> None:
            if not isinstance(result, Spread) or self.prepared is not prepared or self.plan is None:
                return
            prepared.strategy, prepared.relay = result.strategy, result.relay
            self.plan = replace(self.plan, strategy=result.strategy, relay=result.relay)
            if result.keep:
                self.spawn(self.deeds.keep_spread(folder, name, result.values()))
            self.render_now()

        now = Spread(prepared.strategy, prepared.relay)
        hosts = [host.name for host in plan.hosts]
        self.frame.open_sheet(SpreadSheet(now, hosts, environment_words(name)), go)

    def show_commands(self) -> None:
        if self.plan is not None:
            sheet = CommandsSheet(present.all_commands(self.plan))
            sheet.save_asked.connect(self.save_commands)
            self.frame.open_sheet(sheet)

    def save_commands(self) -> None:
        """The plan as a script, to where the person says."""
        plan = self.plan
        if plan is None:
            return
        dialog = QFileDialog(self, tr("Save as script…"), str(Path.home() / export.script_name(plan)))
        dialog.setObjectName("deploy.saveScript")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        text = export.plan_script(plan)
        dialog.fileSelected.connect(lambda file: self.spawn(self.deeds.save(Path(file), text)))
        dialog.open()

    def compare(self, release: str = "") -> None:
        """Two releases side by side; `release` is one of them."""
        if self.found is None:
            return
        planned = self.prepared.release if self.prepared is not None else None
        releases = compare.all_releases(self.found.seen, planned)
        if len(releases) > 1:
            self.spawn(self._compare(releases, release))

    async def _compare(self, releases: Sequence[Release], chosen: str) -> None:
        seen = self.found.seen.values() if self.found is not None else ()
        serving = next((one.serving.id for one in seen if one.serving is not None), "")
        held = await self.deeds.images(releases)
        by_id = {release.id: release for release in releases}
        self.frame.open_sheet(
            CompareSheet(
                [(release.id, release.title) for release in releases],
                compare.first_pair(releases, serving, chosen),
                lambda old, new: compare.comparison(by_id[old], by_id[new], held),
            )
        )

    # ---------------------------------------------------------------- jobs

    def _begin(self, kind: str, title: Message, work: Callable[[Job[Any]], Awaitable[None]]) -> None:
        self.failure = None
        name, folder = self.environment, self.folder
        subject = folder.name if folder is not None else ""
        to = self.part or DeployTo(name)
        again = (lambda: self._again(folder, to)) if kind in ("deploy", "deploy.plan") and folder else None
        job = self.app.jobs.start(
            kind, title, work, subject=subject, page=self.key, gate=f"deploy:{subject}:{name}", again=again
        )
        self.job = job
        self.spawn(self._await(job, folder, name))
        self.render_now()

    def _again(self, folder: Path, to: DeployTo) -> None:
        """The same once more begins with a new plan, to be read first."""
        self.frame.set_current_project(folder)
        if to.only:
            self.frame.navigate(self.key, to)
            return
        self.frame.navigate(self.key, to.environment)
        self.make_plan()

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
        self.pause = Pause(self._render_soon)
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
            prepared,
            watch,
            lambda host: self._recorder(progress, job, host),
            take_over=take_over,
            hold=self.pause.passed,
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
        sheet = SecretsSheet(error.names, environment_words(name))

        async def keep(values: dict[str, Secret]) -> None:
            await self.deeds.keep_secrets(app_name, name, values)
            self.make_plan()

        def ended(values: dict[str, Secret] | None) -> None:
            if values:
                self.spawn(keep(values))

        self.frame.open_sheet(sheet, ended)

    def _reset_plan(self) -> None:
        self.prepared = self.plan = self.outcome = self.failure = None
        self.progress = present.Progress()

    def _usual_seconds(self) -> float | None:
        """What the last deploys of this project took, as the median."""
        name = self.folder.name if self.folder is not None else ""
        took = [
            p.seconds
            for p in self.app.history.past
            if p.kind == "deploy" and p.subject == name and p.state == "done"
        ]
        return median(took[:5]) if took else None
