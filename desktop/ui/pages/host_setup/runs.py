"""What the Set-up page does: plans, runs and undos as jobs; no widgets but sheets that ask."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from desktop.app_setup import with_fix
from desktop.base.errors import Fix, GoferryError, explained
from desktop.base.jobs import Job
from desktop.base.plans import PlanRun, Recorder, StepResult
from desktop.base.processes import Completed
from desktop.base.visible import visible
from desktop.base.words import Message, msg, tr
from desktop.ui.pages.base import Page
from desktop.ui.widgets import ConfirmSheet

from . import present
from .deeds import Deeds
from .present import HostSetup, Phase, Said
from .sheets import FolderSheet, PasswordSheet

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame


class StopAsked(Exception):
    """Leaves the runner after a step."""


class SetupRuns(Page):
    """The page without its looks. Each host has its own plan, which goes on while another is looked at."""

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame)
        self.deeds = deeds or Deeds(app)
        self.setups: dict[str, HostSetup] = {}
        self.jobs: dict[str, Job[Any]] = {}
        self.setup: HostSetup | None = None

    def render_now(self) -> None:
        """Shows what is known."""

    # --- plans

    def make_plan(self) -> None:
        """Reads the server and checks each step; changes nothing."""
        setup = self.setup
        if setup is None or setup.busy:
            return
        title = msg("Looking at {host} for its set-up", host=setup.host)
        self._begin(setup, "host.setup.plan", title, lambda job: self._plan(setup), Phase.LOOKING)

    async def _plan(self, setup: HostSetup) -> None:
        await self._prepare(setup)
        if setup.prepared is None:
            return
        if setup.prepared.decision is not None and setup.prepared.decision.questions:
            from desktop.hosts.setup import Questions

            setup.failure = Questions(setup.host, setup.prepared.decision.questions)
        if not setup.undo:
            self.render_now()
            setup.holds = await self.deeds.look(setup.prepared)
        nothing = setup.holds is not None and all(setup.holds.values())
        setup.phase = Phase.NOTHING if nothing else Phase.PLANNED
        if setup.failure is not None:
            setup.phase = Phase.WAITS

    async def _prepare(self, setup: HostSetup) -> None:
        setup.holds = None
        if setup.undo:
            setup.prepared = await self.deeds.prepare_undo(setup.host, setup.password)
        else:
            setup.prepared = await self.deeds.prepare(setup.host, setup.wish, setup.password)
        if setup.piece is None and setup.pieces:
            setup.chosen = setup.pieces[0].id

    def choose_mirror(self, mirror: str) -> None:
        self._with_wish(mirror=mirror)

    def set_offline(self, on: bool) -> None:
        self._with_wish(offline=on)

    def _with_wish(self, **changes: Any) -> None:
        if self.setup is not None and not self.setup.busy:
            self.setup.wish = replace(self.setup.wish, **changes)
            self.make_plan()

    def leave_out(self, step: str, out: bool) -> None:
        """Takes a step out of the plan, or back into it."""
        setup = self.setup
        if setup is None or setup.busy:
            return
        setup.left_out = setup.left_out | {step} if out else setup.left_out - {step}
        self.render_now()

    # --- runs

    def run(self, *, again: bool = False) -> None:
        """Carries the plan in view out; `again`: decides anew first, after a failure."""
        setup = self.setup
        if setup is None or setup.busy or (setup.prepared is None and not again):
            return
        title = msg("Setting up {host}", host=setup.host)
        if setup.undo:
            title = msg("Taking back the set-up of {host}", host=setup.host)
        setup.stop_asked = False

        async def work(job: Job[Any]) -> int:
            if again:
                await self._prepare(setup)
            setup.results = {}
            return await self._carry_out(setup, job)

        self._begin(setup, "host.setup", title, work, Phase.RUNNING)

    async def _carry_out(self, setup: HostSetup, job: Job[Any]) -> int:
        plan = setup.to_run()
        if plan is None or not plan.plan.steps:
            setup.phase = Phase.NOTHING
            return 0
        order = [step.id for step in plan.plan.steps]
        follows = dict(zip(order, [*order[1:], ""], strict=True))
        self._enter(setup, order[0])

        def watch(run: PlanRun, result: StepResult) -> None:
            setup.results[result.id] = result
            job.report(result.title, len(setup.results) / len(order))
            if result.error is None:
                if setup.stop_asked and follows[result.id]:
                    raise StopAsked
                self._enter(setup, follows[result.id])

        try:
            ended = await self.deeds.run(plan, self._recorder(setup, job), watch)
        except StopAsked:
            setup.phase = Phase.STOPPED
            return setup.applied
        if ended.error is not None:
            raise ended.error
        setup.phase = Phase.DONE
        return setup.applied

    def _enter(self, setup: HostSetup, step: str) -> None:
        """The view follows the step in hand."""
        setup.current = step
        if step:
            setup.chosen = step
        if setup is self.setup:
            self.render_now()

    def _recorder(self, setup: HostSetup, job: Job[Any]) -> Recorder:
        def on_command(step: str, done: Completed) -> None:
            for text in visible_lines(done.said()):
                setup.said.append(Said(time.time(), step, text, "" if done.ok else "error"))
                job.say(text, step, "" if done.ok else "fail")
            ending = tr("exit {code}, {seconds} s", code=done.code, seconds=f"{done.seconds:.1f}")
            setup.said.append(Said(time.time(), step, ending, "debug" if done.ok else "error"))
            if setup is self.setup:
                self.render_now()

        def on_progress(step: str, fraction: float | None) -> None:
            job.report(fraction=fraction)

        return Recorder(on_command=on_command, on_progress=on_progress)

    def stop_after_step(self) -> None:
        if self.setup is not None and self.setup.phase is Phase.RUNNING:
            self.setup.stop_asked = True
            self.render_now()

    def _begin(
        self,
        setup: HostSetup,
        kind: str,
        title: Message,
        work: Callable[[Job[Any]], Awaitable[Any]],
        phase: Phase,
    ) -> None:
        setup.phase, setup.failure = phase, None

        async def guarded(job: Job[Any]) -> Any:
            try:
                return await work(job)
            except Exception as error:
                self._failed(setup, explained(error))
                if phase is Phase.LOOKING and setup.phase is Phase.WAITS:
                    return None  # no failure: the page asks a person
                raise
            finally:
                self._over(setup, phase)

        gate = f"host:{setup.host}" if phase is Phase.RUNNING else ""
        self.jobs[setup.host] = self.app.jobs.start(
            kind, title, guarded, subject=setup.host, page=self.key, gate=gate
        )
        self.render_now()

    def _failed(self, setup: HostSetup, error: GoferryError) -> None:
        setup.failure = error
        waits = error.code == "setup.question" or error.code in present.PASSWORD_CODES
        setup.phase = Phase.WAITS if waits else Phase.FAILED

    def _over(self, setup: HostSetup, phase: Phase) -> None:
        if setup.phase is phase:  # cancelled in its middle
            kept = Phase.STOPPED if phase is Phase.RUNNING else Phase.PLANNED
            setup.phase = kept if setup.prepared is not None else Phase.EMPTY
        setup.current = ""
        if phase is Phase.RUNNING and setup.phase is Phase.DONE:
            self.forget_password(setup)
        if setup is self.setup:
            self.render_now()

    def forget_password(self, setup: HostSetup) -> None:
        setup.password = None
        if setup.prepared is not None:
            setup.prepared.hands.password = None

    # --- answers

    def fix(self, fix: Fix) -> None:
        """Does what a button beside a failure says."""
        setup = self.setup
        if setup is None or setup.busy:
            return
        if fix.action == "setup.password":
            self.ask_password()
        elif fix.action == "setup.data_root":
            self.frame.open_sheet(
                FolderSheet(setup.host), lambda path: self._with_wish(data_root=path) if path else None
            )
        elif fix.action == present.SKIP.action:
            setup.left_out = setup.left_out | {setup.failed_step}
            self.run(again=True)
        else:
            setup.wish = with_fix(setup.wish, fix, setup.prepared) or setup.wish
            if fix.action in present.RUN_ON and setup.results:
                self.run(again=True)
            else:
                setup.results = {}
                self.make_plan()

    def ask_password(self) -> None:
        setup = self.setup
        if setup is None:
            return
        user = setup.prepared.found.facts.user if setup.prepared is not None else ""

        def given(secret: Any) -> None:
            if secret is None or setup.busy:
                return
            setup.password = secret
            if setup.results:
                self.run(again=True)
            else:
                self.make_plan()

        self.frame.open_sheet(PasswordSheet(setup.host, user), given)

    def plan_undo(self) -> None:
        """Shows what would be taken back; running it is asked about."""
        if self.setup is not None and self.setup.can_undo:
            self._start_over(undo=True)

    def leave_undo(self) -> None:
        if self.setup is not None and not self.setup.busy:
            self._start_over(undo=False)

    def _start_over(self, *, undo: bool) -> None:
        old = self.setup
        if old is None:
            return
        self.setup = HostSetup(old.host, old.wish, undo=undo, password=old.password)
        self.setups[old.host] = self.setup
        self.make_plan()

    def ask_undo(self) -> None:
        setup = self.setup
        if setup is None:
            return
        sheet = ConfirmSheet(
            lambda: tr("Take back the set-up of {host}?", host=setup.host),
            lambda: tr("The steps in the list are taken back, last first. What was there before comes back."),
            lambda: tr("Take back"), name="host_setup.undo_sheet", kind="dangerFilled",
        )  # fmt: skip
        self.frame.open_sheet(sheet, lambda yes: self.run() if yes else None)


def visible_lines(text: str) -> list[str]:
    """Output of a server, a line each, with odd characters shown."""
    return [visible(line.replace("\t", "    ")) for line in text.splitlines()]
