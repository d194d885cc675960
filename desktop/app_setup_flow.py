"""Several hosts registered, set up or taken back side by side: a state, live output and a result for each.

Every host has a job of its own, so that one that fails, waits for a person or connects anew holds up nobody. Faces
read a `HostFlow` at any time and are told of changes; a person's answers come in through `SetupFlow.answer`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from desktop.app_setup import (
    AT_ONCE,
    Newcomer,
    Prepared,
    enter_host,
    look_at,
    prepare_setup,
    prepare_undo,
    run_setup,
    waits_for_jump,
)
from desktop.base.errors import GoferryError, explained
from desktop.base.jobs import Job
from desktop.base.plans import PlanRun, Recorder, StepResult, StepState
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.base.processes import Completed
    from desktop.base.secret import Secret
    from desktop.hosts.setup import Wish

LINES = 5000
LOST = frozenset({"host.cut", "host.unreachable", "host.no_ssh", "host.ssh_dropped"})
"""A connection that ended in the middle: it is made anew."""
PAUSES = (3.0, 6.0, 12.0, 24.0, 30.0)
"""Seconds before each try; the last one again and again. Servers count bare connects, and ban for many of them."""
PATIENCE = 300.0
"""Seconds after which a lost server is a failure: a reboot of real hardware takes minutes."""
ASKS_PASSWORD = frozenset({"setup.sudo_needs_password", "setup.sudo_wrong_password", "host.password_needed"})
ASKS = ASKS_PASSWORD | {"setup.question", "host.key_unknown"}
TOLD_EVERY = 0.05


class FlowState(StrEnum):
    WAITING = "waiting"
    CONTACT = "contact"
    LOOKING = "looking"
    PLANNED = "planned"
    NEEDS_YOU = "needs_you"
    RUNNING = "running"
    RECONNECTING = "reconnecting"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        return self in (FlowState.STOPPED, FlowState.DONE, FlowState.FAILED)


class Aim(StrEnum):
    LOOK = "look"
    RUN = "run"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class FlowLine:
    """A line of output. `at` is seconds since the epoch; `level` is "", "ok", "fail" or "debug"."""

    at: float
    step: str
    text: str
    level: str = ""


class StopAsked(Exception):
    """Leaves the runner after a step."""


@dataclass(eq=False)
class HostFlow:
    """One host. Read its fields at any time; only the flow changes them."""

    host: str
    wish: Wish
    state: FlowState = FlowState.WAITING
    newcomer: Newcomer | None = None
    aim: Aim = Aim.RUN
    only: tuple[str, ...] = ()
    """Of an undo: these steps alone."""
    prepared: Prepared | None = None
    holds: dict[str, bool] | None = None
    results: dict[str, StepResult] = field(default_factory=dict)
    run: PlanRun | None = None
    current: str = ""
    fraction: float | None = None
    lines: deque[FlowLine] = field(default_factory=lambda: deque(maxlen=LINES))
    line_count: int = 0
    """All lines that there were, also those that `lines` let go."""
    error: GoferryError | None = None
    retry_at: float | None = None
    tries: int = 0
    job: Job[Any] | None = None
    left_out: frozenset[str] = frozenset()
    """Ids of steps that a person took out of the plan."""
    password: Secret | None = field(default=None, repr=False)
    stop_asked: bool = False
    entered: bool = False
    """It is in the inventory."""
    begun: dict[str, StepResult | None] = field(default_factory=dict, repr=False)
    """Steps whose apply began since the flow was started: what holds after a lost connection was applied by us."""
    _answer: asyncio.Future[bool] | None = field(default=None, repr=False)
    _now: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _told: asyncio.TimerHandle | None = field(default=None, repr=False)
    _contacted: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.state.over

    @property
    def undo(self) -> bool:
        return self.aim is Aim.UNDO


class SetupFlow:
    """See the module. `asks` False (headless): what would need a person is that host's failure."""

    def __init__(
        self, app: App, changed: Callable[[HostFlow], None] = lambda flow: None, *, asks: bool = True
    ) -> None:
        self.app, self.asks = app, asks
        self.flows: dict[str, HostFlow] = {}
        self._changed = changed
        self._gate = asyncio.Semaphore(AT_ONCE)

    def add(self, host: str | Newcomer, wish: Wish | None = None, password: Secret | None = None) -> HostFlow:
        """One more host. A newcomer is registered first; one whose name is known already is only set up."""
        from desktop.hosts.setup import Wish as TheWish

        new = host if isinstance(host, Newcomer) else None
        name = new.host.name if new is not None else str(host)
        password = password or (new.password if new is not None else None)
        wish = wish or TheWish(mirror=self.app.settings.now.package_mirror)
        flow = HostFlow(name, wish, newcomer=new, password=password)
        self.flows[name] = flow
        return flow

    @property
    def counts(self) -> Counter[FlowState]:
        return Counter(flow.state for flow in self.flows.values())

    # --- what a person wants

    def look(self, *hosts: str) -> None:
        """Plans, and checks each step; changes nothing on the servers."""
        self._begin(hosts, Aim.LOOK)

    def start(self, *hosts: str) -> None:
        """Carries the plans out; no names: all of them. Hosts that are at work are left alone."""
        self._begin(hosts, Aim.RUN)

    def undo(self, *hosts: str, only: tuple[str, ...] = ()) -> None:
        """Takes the set-up back, or `only` these steps of it."""
        self._begin(hosts, Aim.UNDO, only)

    def retry_failed(self) -> None:
        """Each that failed or was stopped, again: from what really is there."""
        for flow in list(self.flows.values()):
            if flow.state in (FlowState.FAILED, FlowState.STOPPED):
                self._begin((flow.host,), flow.aim, flow.only)

    def answer(
        self, host: str, *, password: Secret | None = None, wish: Wish | None = None, fingerprint: str = ""
    ) -> None:
        """What a host that NEEDS_YOU asked for; on another it holds for its next run."""
        flow = self.flows[host]
        flow.password = password or flow.password
        flow.wish = wish or flow.wish
        if flow.newcomer is not None and (fingerprint or password):
            flow.newcomer = replace(
                flow.newcomer,
                fingerprint=fingerprint or flow.newcomer.fingerprint,
                password=password or flow.newcomer.password,
            )
        self._settle(flow, True)

    def decline(self, host: str) -> None:
        """No answer: the question becomes the host's failure."""
        self._settle(self.flows[host], False)

    def retry_now(self, host: str) -> None:
        """Does not wait for the countdown of a host that is RECONNECTING."""
        self.flows[host]._now.set()

    def stop_after_step(self, *hosts: str) -> None:
        for flow in self._named(hosts):
            if flow.busy:
                flow.stop_asked = True
                self._tell(flow)

    def cancel(self, *hosts: str) -> None:
        for flow in self._named(hosts):
            if flow.job is not None:
                flow.job.cancel()

    async def wait(self) -> dict[str, PlanRun | GoferryError]:
        """Until no host is at work. Cancelled, it cancels them."""
        try:
            while busy := [flow.job for flow in self.flows.values() if flow.job is not None and flow.busy]:
                for job in busy:
                    with suppress(GoferryError, asyncio.CancelledError):
                        await job.wait()
                    if (task := asyncio.current_task()) is not None and task.cancelling():
                        raise asyncio.CancelledError
        except asyncio.CancelledError:
            self.cancel()
            raise
        return {flow.host: _outcome(flow) for flow in self.flows.values()}

    # --- the work

    def _named(self, hosts: tuple[str, ...]) -> list[HostFlow]:
        return [self.flows[host] for host in hosts] if hosts else list(self.flows.values())

    def _begin(self, hosts: tuple[str, ...], aim: Aim, only: tuple[str, ...] = ()) -> None:
        for flow in self._named(hosts):
            if not flow.busy:
                flow.aim, flow.only, flow.stop_asked = aim, only, False
                flow.error, flow.run, flow.retry_at, flow.tries = None, None, None, 0
                flow.results, flow.begun = {}, {}
                flow.state = FlowState.WAITING
                flow._contacted.clear()
                self._start_job(flow)

    def _start_job(self, flow: HostFlow) -> None:
        async def work(job: Job[Any]) -> None:
            flow.job = job
            await self._guarded(flow, job)

        kind = "host.setup.plan" if flow.aim is Aim.LOOK else "host.setup"
        gate = "" if flow.aim is Aim.LOOK else f"host:{flow.host}"
        flow.job = self.app.jobs.start(
            kind, _title(flow), work, subject=flow.host, page="host_setup", gate=gate
        )
        self._tell(flow)

    async def _guarded(self, flow: HostFlow, job: Job[Any]) -> None:
        """Whatever ends the work, the flow says so."""
        try:
            await self._go(flow, job)
        except asyncio.CancelledError:
            flow.state = FlowState.STOPPED
            raise
        except StopAsked:
            flow.state = FlowState.STOPPED
            job.report(msg("Stopped as you asked"))
        except Exception as error:
            flow.error, flow.state = explained(error), FlowState.FAILED
            raise
        finally:
            flow._contacted.set()
            flow.current, flow.fraction, flow.retry_at = "", None, None
            if flow.state is FlowState.DONE:
                self._forget_password(flow)
            self._tell(flow)

    async def _go(self, flow: HostFlow, job: Job[Any]) -> None:
        """Until the host is where it should be: asks a person, and connects anew, as often as it must."""
        met, lost_at = False, 0.0
        while True:
            try:
                await self._enter(flow)
                await self._plan(flow, job)
                met, lost_at, flow.tries = True, 0.0, 0
                if flow.aim is Aim.LOOK:
                    return
                await self._carry_out(flow, job)
                return
            except GoferryError as error:
                if self._is_question(flow, error):
                    await self._ask(flow, job, error)
                elif met and error.code in LOST:
                    lost_at = lost_at or time.monotonic()
                    await self._pause(flow, job, error, lost_at)
                else:
                    raise

    def _is_question(self, flow: HostFlow, error: GoferryError) -> bool:
        if error.code == "host.auth_refused" and flow.newcomer is not None and not flow.entered:
            return flow.newcomer.host.auth == "password"
        return error.code in ASKS

    async def _enter(self, flow: HostFlow) -> None:
        new = flow.newcomer
        if new is None or flow.entered:
            return
        via = {one.host: one.newcomer.host.via for one in self.flows.values() if one.newcomer is not None}
        if waits_for_jump(flow.host, via) and (jump := self.flows[new.host.via]).busy:
            await jump._contacted.wait()
        async with self._gate:
            self._to(flow, FlowState.CONTACT)
            await enter_host(self.app, new)
        flow.entered = True
        flow._contacted.set()

    async def _plan(self, flow: HostFlow, job: Job[Any]) -> None:
        from desktop.hosts.setup import Questions

        async with self._gate:
            self._to(flow, FlowState.LOOKING)
            flow.holds = None
            job.report(msg("Looking at {host}", host=flow.host))
            if flow.undo:
                flow.prepared = await prepare_undo(self.app, flow.host, flow.password, flow.only)
            else:
                flow.prepared = await prepare_setup(self.app, flow.host, flow.wish, flow.password)
            if flow.aim is Aim.LOOK:
                self._tell(flow)
                flow.holds = await look_at(self.app, flow.prepared)
        decision = flow.prepared.decision
        if decision is not None and decision.questions:
            raise Questions(flow.host, decision.questions)
        self._to(flow, FlowState.PLANNED)

    async def _carry_out(self, flow: HostFlow, job: Job[Any]) -> None:
        assert flow.prepared is not None
        prepared = without(flow.prepared, flow.left_out)
        total = max(1, len(prepared.plan.steps))
        flow.results, flow.fraction = {}, None

        def watch(run: PlanRun, result: StepResult) -> None:
            result = _as_begun(flow, result)
            run.results[[each.id for each in run.results].index(result.id)] = result
            flow.results[result.id], flow.current = result, ""
            job.report(result.title, len(flow.results) / total)
            self._tell(flow)
            if flow.stop_asked and result.error is None and len(flow.results) < total:
                raise StopAsked

        async with self._gate:
            self._to(flow, FlowState.RUNNING)
            flow.run = await run_setup(self.app, prepared, self._recorder(flow, job), watch)
        if flow.run.error is not None:
            raise flow.run.error
        self._to(flow, FlowState.DONE)

    def _recorder(self, flow: HostFlow, job: Job[Any]) -> Recorder:
        def begin(step: str) -> None:
            flow.current = step
            flow.begun.setdefault(step, None)
            self._tell(flow)

        def text(step: str, line: str) -> None:
            self._say(flow, job, step, line)

        def command(step: str, done: Completed) -> None:
            ended: Words = msg("exit {code}, {seconds} s", code=done.code, seconds=f"{done.seconds:.1f}")
            self._say(flow, job, step, str(ended), "debug" if done.ok else "fail")

        def progress(step: str, fraction: float | None) -> None:
            flow.fraction = fraction
            self._soon(flow)

        def reconnect(step: str, waiting: bool) -> None:
            self._to(flow, FlowState.RECONNECTING if waiting else FlowState.RUNNING)

        return Recorder(command, text, progress, on_begin=begin, on_reconnect=reconnect)

    async def _ask(self, flow: HostFlow, job: Job[Any], error: GoferryError) -> None:
        """Waits for a person's answer. Raises `error` where there is none to be had."""
        if not self.asks:
            raise error
        if error.code in ASKS_PASSWORD or error.code == "host.auth_refused":
            flow.password = None  # a wrong one is not sent twice
        flow._answer = asyncio.get_running_loop().create_future()
        flow.error = error
        self._to(flow, FlowState.NEEDS_YOU)
        job.report(error.what)
        job.needs_you(True)
        try:
            answered = await flow._answer
        finally:
            flow._answer = None
        job.needs_you(False)
        if not answered:
            raise error
        flow.error = None

    async def _pause(self, flow: HostFlow, job: Job[Any], error: GoferryError, lost_at: float) -> None:
        """Counts down to the next try. Raises `error` when the server stays away for too long."""
        pause = PAUSES[min(flow.tries, len(PAUSES) - 1)]
        if time.monotonic() + pause - lost_at > PATIENCE:
            raise error
        flow.tries += 1
        flow.retry_at = time.monotonic() + pause
        flow._now.clear()
        self._to(flow, FlowState.RECONNECTING)
        job.report(msg("Connecting to {host} again", host=flow.host))
        with suppress(TimeoutError):
            await asyncio.wait_for(flow._now.wait(), pause)
        flow.retry_at = None
        self._tell(flow)
        self.app.sessions.drop(flow.host)

    # --- telling

    def _settle(self, flow: HostFlow, answered: bool) -> None:
        if flow._answer is not None and not flow._answer.done():
            flow._answer.set_result(answered)

    def _forget_password(self, flow: HostFlow) -> None:
        flow.password = None
        if flow.prepared is not None:
            flow.prepared.hands.password = None
        if flow.newcomer is not None:
            flow.newcomer = replace(flow.newcomer, password=None)

    def _to(self, flow: HostFlow, state: FlowState) -> None:
        flow.state = state
        self._tell(flow)

    def _say(self, flow: HostFlow, job: Job[Any], step: str, text: str, level: str = "") -> None:
        flow.lines.append(FlowLine(time.time(), step, text, level))
        flow.line_count += 1
        job.say(text, step, "" if level == "debug" else level)
        self._soon(flow)

    def _soon(self, flow: HostFlow) -> None:
        """Tells of a flood of lines a few times a second."""
        if flow._told is None:
            flow._told = asyncio.get_running_loop().call_later(TOLD_EVERY, self._tell, flow)

    def _tell(self, flow: HostFlow) -> None:
        if flow._told is not None:
            flow._told.cancel()
            flow._told = None
        self._changed(flow)


def _as_begun(flow: HostFlow, result: StepResult) -> StepResult:
    """A step that holds because this very flow applied it, before its connection was lost, was applied."""
    if result.id not in flow.begun:
        return result
    earlier = flow.begun[result.id]
    if result.state is StepState.HELD:
        result = replace(earlier or result, state=StepState.APPLIED, error=None)
    flow.begun[result.id] = result
    return result


def without(prepared: Prepared, left_out: frozenset[str]) -> Prepared:
    """The plan without some of its steps."""
    steps = tuple(step for step in prepared.plan.steps if step.id not in left_out)
    pieces = tuple(piece for piece in prepared.pieces if piece.id not in left_out)
    return replace(prepared, plan=replace(prepared.plan, steps=steps), pieces=pieces)


def _title(flow: HostFlow) -> Words:
    if flow.aim is Aim.LOOK:
        return msg("Looking at {host} for its set-up", host=flow.host)
    if flow.undo:
        return msg("Taking back the set-up of {host}", host=flow.host)
    return msg("Setting up {host}", host=flow.host)


def _outcome(flow: HostFlow) -> PlanRun | GoferryError:
    if flow.run is not None and (flow.run.error is not None or flow.state is FlowState.DONE):
        return flow.run
    return flow.error or Stopped(flow.host)


class Stopped(GoferryError):
    code = "setup.stopped"

    def __init__(self, host: str) -> None:
        super().__init__(
            msg("The set-up of {host} was stopped.", host=host),
            msg("Somebody asked for it; what is done already stays."),
            msg("Run it again: what holds is skipped."),
        )
