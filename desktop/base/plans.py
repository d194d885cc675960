"""Plans: what will be done, readable before, watched during, resumable after.

A plan that was shown is a proposal. The runner asks each step's check again right before it applies it, skips what
already holds, stops at the first failure and records every command with its output.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .commands import Command
from .errors import GoferryError, explained
from .processes import Completed
from .words import Words


class StepState(StrEnum):
    HELD = "held"
    APPLIED = "applied"
    FAILED = "failed"
    SKIPPED = "skipped"
    PENDING = "pending"


@dataclass(slots=True)
class Recorder:
    """What a step's functions tell while they run: commands with their output, progress."""

    on_command: Callable[[str, Completed], None] = lambda step, done: None
    on_text: Callable[[str, str], None] = lambda step, text: None
    on_progress: Callable[[str, float | None], None] = lambda step, fraction: None
    step: str = ""
    on_begin: Callable[[str], None] = lambda step: None
    """A step's check does not hold: it is applied now."""
    on_reconnect: Callable[[str, bool], None] = lambda step, waiting: None
    """A step ended the connection and waits for a new one (True), or has it (False)."""

    def begin(self) -> None:
        self.on_begin(self.step)

    def reconnecting(self, waiting: bool) -> None:
        self.on_reconnect(self.step, waiting)

    def command(self, done: Completed) -> None:
        self.on_command(self.step, done)

    def text(self, line: str) -> None:
        self.on_text(self.step, line)

    def progress(self, fraction: float | None) -> None:
        self.on_progress(self.step, fraction)


Check = Callable[[Recorder], Awaitable[bool]]
Act = Callable[[Recorder], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One idempotent change. `commands` is what a person reads before; `apply` does the same.

    `check` answers whether it holds already; `verify` raises when it does not hold after; `undo` takes it back.
    """

    id: str
    title: Words
    why: Words
    apply: Act
    commands: tuple[Command, ...] = ()
    check: Check | None = None
    verify: Act | None = None
    undo: Act | None = None
    undo_commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went. `commands` are those that really ran."""

    id: str
    title: Words
    state: StepState
    seconds: float = 0.0
    commands: tuple[str, ...] = ()
    error: GoferryError | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": str(self.title),
            "state": str(self.state),
            "commands": list(self.commands),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order, for one machine."""

    title: Words
    host: str
    steps: tuple[Step, ...]
    notes: tuple[Words, ...] = ()

    def pending(self) -> tuple[StepResult, ...]:
        """The plan as it stands before it runs."""
        return tuple(
            StepResult(s.id, s.title, StepState.PENDING, commands=tuple(c.shown() for c in s.commands))
            for s in self.steps
        )


@dataclass(slots=True)
class PlanRun:
    """A plan while and after it runs. `results` has one entry for every step, in order."""

    plan: Plan
    results: list[StepResult] = field(default_factory=list)
    error: GoferryError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


Watcher = Callable[[PlanRun, StepResult], None]


async def run_plan(
    plan: Plan, *, recorder: Recorder | None = None, watch: Watcher = lambda run, result: None
) -> PlanRun:
    """Carries a plan out. A failure is in the result, not raised; the steps after it stay pending. A cancel is raised
    after the step in hand has tidied up. Nothing is undone here: what that means is for the caller to decide."""
    recorder = recorder or Recorder()
    run = PlanRun(plan, list(plan.pending()))
    for index, step in enumerate(plan.steps):
        result = await _run_step(step, recorder)
        run.results[index] = result
        if result.error is not None:
            run.error = result.error
        watch(run, result)
        if run.error is not None:
            break
    return run


async def undo_plan(
    plan: Plan, done: list[StepResult], *, recorder: Recorder | None = None
) -> list[GoferryError]:
    """Takes back what was applied (or had failed half-way), last first. Goes on after a failure; returns them all."""
    recorder = recorder or Recorder()
    failures = []
    states = {result.id: result.state for result in done}
    for step in reversed(plan.steps):
        if step.undo is not None and states.get(step.id) in (StepState.APPLIED, StepState.FAILED):
            recorder.step = step.id
            try:
                await step.undo(recorder)
            except Exception as error:  # noqa: BLE001  the rest must still be taken back
                failures.append(explained(error))
    return failures


async def _run_step(step: Step, recorder: Recorder) -> StepResult:
    ran: list[str] = []

    def on_command(name: str, done: Completed) -> None:
        ran.append(done.command.shown())
        recorder.on_command(name, done)

    inner = replace(recorder, on_command=on_command, step=step.id)
    started = time.monotonic()

    def result(state: StepState, error: GoferryError | None = None) -> StepResult:
        return StepResult(step.id, step.title, state, time.monotonic() - started, tuple(ran), error)

    try:
        if step.check is not None and await step.check(inner):
            return result(StepState.HELD)
        inner.begin()
        await step.apply(inner)
        if step.verify is not None:
            await step.verify(inner)
    except Exception as error:  # noqa: BLE001  a failed step is a result that is shown
        return result(StepState.FAILED, explained(error))
    return result(StepState.APPLIED)
