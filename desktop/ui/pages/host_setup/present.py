"""From a plan, its checks and its results to the words of the Set-up page; pure, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from desktop.app_setup import Prepared
from desktop.base.errors import Fix, GoferryError
from desktop.base.plans import StepResult, StepState
from desktop.base.secret import Secret
from desktop.base.visible import visible
from desktop.base.words import msg, ntr, tr
from desktop.hosts.setup import Piece, Script, Wish

PASSWORD_CODES = ("setup.sudo_needs_password", "setup.sudo_wrong_password")
RUN_ON = frozenset({"setup.again", "setup.reconnect", "setup.next_mirror"})
"""Fixes that change nothing a person should read first: the run goes on at once."""
SKIP = Fix(msg("Leave this step out"), "skip")
AGAIN = Fix(msg("Try again"), "setup.again")


class Phase(StrEnum):
    EMPTY = "empty"
    LOOKING = "looking"
    PLANNED = "planned"
    NOTHING = "nothing"
    WAITS = "waits"
    """For the password of sudo, or an answer."""
    RUNNING = "running"
    FAILED = "failed"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Said:
    """A line of output. `at` is seconds since the epoch."""

    at: float
    step: str
    text: str
    level: str = ""


@dataclass(slots=True)
class HostSetup:
    """What the page knows of one host's set-up, or of its undo."""

    host: str
    wish: Wish = field(default_factory=Wish)
    prepared: Prepared | None = None
    holds: dict[str, bool] | None = None
    """Which steps hold already; None: not checked."""
    left_out: frozenset[str] = frozenset()
    results: dict[str, StepResult] = field(default_factory=dict)
    current: str = ""
    """The step in hand."""
    chosen: str = ""
    said: list[Said] = field(default_factory=list)
    failure: GoferryError | None = None
    phase: Phase = Phase.EMPTY
    undo: bool = False
    stop_asked: bool = False
    password: Secret | None = None
    """For sudo; in memory only, dropped when the run is over."""

    @property
    def busy(self) -> bool:
        return self.phase in (Phase.LOOKING, Phase.RUNNING)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return self.prepared.pieces if self.prepared is not None else ()

    @property
    def taken(self) -> tuple[Piece, ...]:
        """The steps that are in the plan."""
        return tuple(piece for piece in self.pieces if piece.id not in self.left_out)

    @property
    def piece(self) -> Piece | None:
        """The step in view."""
        return next((piece for piece in self.pieces if piece.id == self.chosen), None)

    @property
    def applied(self) -> int:
        return sum(result.state is StepState.APPLIED for result in self.results.values())

    @property
    def failed_step(self) -> str:
        return next((id_ for id_, one in self.results.items() if one.state is StepState.FAILED), "")

    @property
    def can_undo(self) -> bool:
        if self.undo or self.busy or self.prepared is None:
            return False
        return self.prepared.found.was_set_up or self.applied > 0

    def to_run(self) -> Prepared | None:
        """The plan without the steps that were left out."""
        if self.prepared is None:
            return None
        steps = tuple(step for step in self.prepared.plan.steps if step.id not in self.left_out)
        plan = replace(self.prepared.plan, steps=steps)
        return replace(self.prepared, plan=plan, pieces=self.taken)


@dataclass(frozen=True, slots=True)
class StepLine:
    id: str
    title: str
    second: str
    state: str


def step_lines(setup: HostSetup) -> list[StepLine]:
    """The steps in order, each with its state in words."""
    lines = []
    for number, piece in enumerate(setup.pieces, 1):
        state, words = _state(setup, piece.id)
        lines.append(StepLine(piece.id, f"{number}  {piece.title}", words, state))
    return lines


def _state(setup: HostSetup, step: str) -> tuple[str, str]:
    result = setup.results.get(step)
    if result is not None and result.state is StepState.FAILED:
        error = result.error
        return "fail", str(error.what) if error is not None else tr("failed")
    if result is not None and result.state is StepState.HELD:
        return "ok", tr("already right, nothing changed")
    if result is not None and result.state is StepState.APPLIED:
        words = (
            tr("taken back") if setup.undo else tr("changed, in {seconds} s", seconds=f"{result.seconds:.1f}")
        )
        return "ok", words
    if step in setup.left_out:
        return "off", tr("left out")
    if setup.phase is Phase.RUNNING and step == setup.current:
        return "busy", tr("running")
    if setup.holds is None:
        return "wait", tr("to be taken back") if setup.undo else tr("to do")
    if setup.holds.get(step):
        return "skip", tr("already right")
    return "wait" if setup.results or setup.busy else "info", tr("will change something")


def states(setup: HostSetup) -> list[str]:
    """For the bar of segments."""
    return [_state(setup, piece.id)[0] for piece in setup.pieces]


def position(setup: HostSetup, step: str) -> int:
    """The number of a step, from 1; 0 when it is none."""
    return next((n for n, piece in enumerate(setup.pieces, 1) if piece.id == step), 0)


def headline(setup: HostSetup) -> tuple[str, str]:
    """A state and the sentence over the plan."""
    total, phase = len(setup.pieces), setup.phase
    if phase is Phase.LOOKING:
        return "busy", tr("Looking at {host}; nothing changes", host=setup.host)
    if phase is Phase.RUNNING:
        n = position(setup, setup.current)
        stops = "  " + tr("It stops after this step.") if setup.stop_asked else ""
        return "busy", tr("Step {n} of {total}", n=n or total, total=total) + stops
    if phase is Phase.FAILED:
        n = position(setup, setup.failed_step)
        return "fail", tr("Stopped at step {n} of {total}", n=n, total=total) if n else tr("Stopped")
    if phase is Phase.WAITS:
        return "warn", tr("Waits for you")
    if phase is Phase.STOPPED:
        return "paused", tr(
            "Stopped as you asked, {n} of {total} steps done", n=len(setup.results), total=total
        )
    if phase is Phase.NOTHING:
        return "ok", tr("Already as planned")
    if phase is Phase.DONE:
        return "ok", _done(setup)
    if phase is Phase.PLANNED:
        return "info", _planned(setup)
    return "wait", tr("No plan yet")


def _done(setup: HostSetup) -> str:
    if setup.undo:
        return tr("The set-up is taken back.")
    return ntr("Ready. {n} step changed the host", "Ready. {n} steps changed the host", setup.applied)


def _planned(setup: HostSetup) -> str:
    count = len(setup.taken)
    if setup.undo:
        return ntr("{n} step would be taken back", "{n} steps would be taken back", count)
    if setup.holds is None:
        return ntr("{n} step, not checked", "{n} steps, not checked", count)
    changing = sum(not setup.holds.get(piece.id) for piece in setup.taken)
    return tr("{n} steps, {changing} will change something", n=count, changing=changing)


def counts(setup: HostSetup) -> str:
    """What stands beside the headline."""
    if not setup.results:
        return ""
    failed = 1 if setup.failed_step else 0
    done = len(setup.results) - failed
    to_go = len(setup.taken) - len(setup.results)
    return tr("{done} done, {failed} failed, {left} to go", done=done, failed=failed, left=max(0, to_go))


@dataclass(frozen=True, slots=True)
class MainAction:
    key: str
    text: str
    kind: str = "primary"


def main_action(setup: HostSetup) -> MainAction | None:
    """The one button that a person most likely wants now."""
    phase = setup.phase
    if phase is Phase.RUNNING:
        return None if setup.stop_asked else MainAction("stop", tr("Stop after this step"), "standard")
    if phase is Phase.PLANNED and setup.taken:
        count = len(setup.taken)
        if setup.undo:
            return MainAction("undo", ntr("Take back {n} step…", "Take back {n} steps…", count), "danger")
        return MainAction("run", ntr("Run {n} step", "Run {n} steps", count))
    if phase is Phase.EMPTY:
        return MainAction("plan", tr("Plan again"))
    if phase is Phase.STOPPED:
        return MainAction("run", tr("Go on"))
    if phase is Phase.DONE and not setup.undo:
        return MainAction("deploy", tr("Deploy to it…"))
    if phase is Phase.NOTHING or (phase is Phase.DONE and setup.undo):
        return MainAction("close", tr("Close"))
    return None


def fixes(setup: HostSetup) -> tuple[Fix, ...]:
    """What helps, as buttons: the error's own, else another try; and going on without the step."""
    if setup.failure is None:
        return ()
    own = setup.failure.fixes or (AGAIN,)
    may_skip = bool(setup.failed_step) and not setup.undo and setup.failed_step != "root"
    return (*own[:2], SKIP) if may_skip else own[:3]


def commands(piece: Piece, *, undo: bool = False) -> str:
    """A step's commands, to be read: the check (an undo has none), then what is applied, values in front of each."""
    parts = []
    if not undo:
        parts += [f"# {tr('Check: does it hold already?')}", *_script(piece.check), ""]
    rights = tr("Apply, as root") if piece.as_root else tr("Apply, as yourself")
    parts.append(f"# {rights}")
    for script in piece.apply:
        parts += [*_script(script), ""]
    return "\n".join(parts).rstrip("\n")


def _script(script: Script) -> list[str]:
    values = [f"# ${n} = {_short(value)}" for n, value in enumerate(script.arguments, 1)]
    return [*values, script.text.rstrip("\n")]


def _short(value: str) -> str:
    first, _, rest = value.partition("\n")
    cut = bool(rest) or len(first) > 100
    return visible(first[:100]) + (" …" if cut else "")


def copied(setup: HostSetup, step: str) -> str:
    """The chosen step's commands as they can be pasted into a shell."""
    steps = setup.prepared.plan.steps if setup.prepared is not None else ()
    found = next((one for one in steps if one.id == step), None)
    return "\n".join(command.shown() for command in found.commands) if found is not None else ""


def changes(setup: HostSetup) -> list[tuple[str, str]]:
    """What the plan changes in sum, (kind, a name a line); empty kinds are left out."""
    taken = [piece.changes for piece in setup.taken if not (setup.holds or {}).get(piece.id)]

    def names(lists: Sequence[Sequence[str]]) -> str:
        return "\n".join(dict.fromkeys(name for names in lists for name in names))

    pairs = [
        (tr("Users"), names([one.users for one in taken])),
        (tr("Packages"), names([one.packages for one in taken])),
        (tr("Files"), names([one.files for one in taken])),
        (tr("Services"), names([one.services for one in taken])),
    ]
    return [pair for pair in pairs if pair[1]]


def mirror_choices(setup: HostSetup) -> list[tuple[str, str]]:
    """(id, words) with the time each took to answer the server; first the quickest by itself."""
    choices = [("", tr("The quickest"))]
    if setup.prepared is None:
        return choices
    for one in setup.prepared.found.measured:
        took = tr("{ms} ms", ms=round(one.ms)) if one.ms is not None else tr("no answer")
        choices.append((one.mirror.id, f"{one.mirror.name}, {took}"))
    if setup.wish.mirror and setup.wish.mirror not in [key for key, _ in choices]:
        choices.append((setup.wish.mirror, setup.wish.mirror))
    return choices


def system_text(setup: HostSetup) -> str:
    """System and architecture, for the head."""
    if setup.prepared is None:
        return ""
    facts = setup.prepared.found.facts
    return ", ".join(
        part for part in (f"{facts.system.name} {facts.system.version}".strip(), facts.arch) if part
    )
