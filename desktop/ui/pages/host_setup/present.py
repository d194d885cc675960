"""From a plan, its checks and its results to the words of the Set-up page; pure, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from desktop.app_setup import Prepared, undo_choices
from desktop.app_setup_flow import ASKS_PASSWORD, FlowState, HostFlow, without
from desktop.base.errors import Fix, GoferryError
from desktop.base.plans import StepState
from desktop.base.visible import visible
from desktop.base.words import msg, ntr, tr
from desktop.hosts.setup import Piece, Script

RUN_ON = frozenset({"setup.again", "setup.reconnect", "setup.next_mirror"})
"""Fixes that change nothing a person should read first: the run goes on at once."""
SKIP = Fix(msg("Leave this step out"), "skip")
AGAIN = Fix(msg("Try again"), "setup.again")


class Phase(StrEnum):
    """What a host's row and its page show; an undo that is looked at before it runs is one of them."""

    EMPTY = "empty"
    CONTACT = "contact"
    LOOKING = "looking"
    PLANNED = "planned"
    NOTHING = "nothing"
    WAITS = "waits"
    """For a password, a key to be confirmed, or another answer."""
    RUNNING = "running"
    LOST = "lost"
    FAILED = "failed"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(slots=True)
class HostView:
    """How one host's flow is looked at."""

    flow: HostFlow
    chosen: str = ""
    """The step in view."""
    back: Prepared | None = None
    """An undo that is looked at before it runs."""
    only: tuple[str, ...] = ()
    """Of that undo: these steps alone."""
    held: dict[str, bool] | None = None
    """Which steps held at the last look; a run keeps it."""

    @property
    def host(self) -> str:
        return self.flow.host

    @property
    def undo(self) -> bool:
        return self.back is not None or (self.flow.undo and self.flow.prepared is not None)

    @property
    def prepared(self) -> Prepared | None:
        return self.back or self.flow.prepared

    @property
    def busy(self) -> bool:
        return self.flow.busy

    @property
    def phase(self) -> Phase:
        return _phase(self)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return self.prepared.pieces if self.prepared is not None else ()

    @property
    def left_out(self) -> frozenset[str]:
        return frozenset() if self.undo else self.flow.left_out

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
        return sum(one.state is StepState.APPLIED for one in self.flow.results.values())

    @property
    def failed_step(self) -> str:
        results = {} if self.back is not None else self.flow.results
        return next((id_ for id_, one in results.items() if one.state is StepState.FAILED), "")

    @property
    def can_undo(self) -> bool:
        if self.undo or self.busy or self.prepared is None:
            return False
        return self.prepared.found.was_set_up or self.applied > 0

    @property
    def holds(self) -> dict[str, bool]:
        return {} if self.undo else self.held or {}


def opening_step(view: HostView) -> str:
    """The step to open with: the first that changes something; none where all is as planned."""
    changing = (piece.id for piece in view.taken if not view.holds.get(piece.id))
    return next(changing, "")


_PHASES = {
    FlowState.CONTACT: Phase.CONTACT,
    FlowState.LOOKING: Phase.LOOKING,
    FlowState.NEEDS_YOU: Phase.WAITS,
    FlowState.RUNNING: Phase.RUNNING,
    FlowState.RECONNECTING: Phase.LOST,
    FlowState.STOPPED: Phase.STOPPED,
    FlowState.DONE: Phase.DONE,
    FlowState.FAILED: Phase.FAILED,
}


def _phase(view: HostView) -> Phase:
    flow = view.flow
    if view.back is not None and not flow.busy:
        return Phase.PLANNED
    if flow.state is FlowState.PLANNED:
        if flow.busy:  # between the plan and its run
            return Phase.LOOKING
        nothing = view.pieces and view.held is not None and all(view.held.get(one.id) for one in view.taken)
        return Phase.NOTHING if nothing else Phase.PLANNED
    if flow.state is FlowState.STOPPED and not flow.results and flow.prepared is None:
        return Phase.EMPTY
    if flow.state is FlowState.WAITING:
        return Phase.LOOKING if flow.busy else Phase.EMPTY
    return _PHASES[flow.state]


@dataclass(frozen=True, slots=True)
class StepLine:
    id: str
    title: str
    second: str
    state: str


def step_lines(view: HostView) -> list[StepLine]:
    """The steps in order, each with its state in words."""
    lines = []
    for number, piece in enumerate(view.pieces, 1):
        state, words = step_state(view, piece.id)
        lines.append(StepLine(piece.id, f"{number}  {piece.title}", words, state))
    return lines


def step_state(view: HostView, step: str) -> tuple[str, str]:
    """(kit state, words) of a step of the plan."""
    result = None if view.back is not None else view.flow.results.get(step)
    if result is not None and result.state is StepState.FAILED:
        error = result.error
        return "fail", str(error.what) if error is not None else tr("failed")
    if result is not None and result.state is StepState.HELD:
        return "ok", tr("already right, nothing changed")
    if result is not None and result.state is StepState.APPLIED:
        words = (
            tr("taken back") if view.undo else tr("changed, in {seconds} s", seconds=f"{result.seconds:.1f}")
        )
        return "ok", words
    if step in view.left_out:
        return "off", tr("left out")
    return _step_to_do(view, step)


def _step_to_do(view: HostView, step: str) -> tuple[str, str]:
    if view.flow.busy and step == view.flow.current:
        share = view.flow.fraction
        return "busy", tr("running") if share is None else tr("running, {share}%", share=round(share * 100))
    if view.undo:
        return "wait", tr("to be taken back")
    if view.held is None:
        return "wait", tr("to do")
    if view.holds.get(step):
        return "skip", tr("already right")
    return "wait" if view.flow.results or view.busy else "info", tr("will change something")


def states(view: HostView) -> list[str]:
    """For the bar of segments."""
    return [step_state(view, piece.id)[0] for piece in view.pieces]


def position(view: HostView, step: str) -> int:
    """The number of a step, from 1; 0 when it is none."""
    return next((n for n, piece in enumerate(view.pieces, 1) if piece.id == step), 0)


def headline(view: HostView, now: float) -> tuple[str, str]:
    """A state and the sentence over the plan. `now` is the clock of the countdown (time.monotonic)."""
    phase = view.phase
    if phase is Phase.LOST:
        return ("warn" if view.flow.retry_at is not None else "busy"), _lost(view, now)
    if phase in (Phase.PLANNED, Phase.DONE):
        words = _planned(view) if phase is Phase.PLANNED else _done(view)
        return ("info" if phase is Phase.PLANNED else "ok"), words
    if phase in (Phase.RUNNING, Phase.FAILED, Phase.STOPPED):
        return _moving(view, phase)
    return {
        Phase.CONTACT: ("busy", tr("Meeting {host}", host=view.host)),
        Phase.LOOKING: ("busy", tr("Looking at {host}; nothing changes", host=view.host)),
        Phase.WAITS: ("warn", tr("Waits for you")),
        Phase.NOTHING: ("ok", tr("Already as planned")),
    }.get(phase, ("wait", tr("No plan yet")))


def _moving(view: HostView, phase: Phase) -> tuple[str, str]:
    total = len(view.taken)
    if phase is Phase.RUNNING:
        n = min(total, len(view.flow.results) + 1)
        stops = "  " + tr("It stops after this step.") if view.flow.stop_asked else ""
        return "busy", tr("Step {n} of {total}", n=n, total=total) + stops
    if phase is Phase.FAILED:
        n = position(view, view.failed_step)
        if n:
            return "fail", tr("Stopped at step {n} of {total}", n=n, total=len(view.pieces))
        return "fail", tr("No plan: see why below") if view.prepared is None else tr("Stopped")
    done = len(view.flow.results)
    return "paused", tr("Stopped as you asked, {n} of {total} steps done", n=done, total=total)


def _lost(view: HostView, now: float) -> str:
    if view.flow.retry_at is None:
        return tr("Connecting to {host} again", host=view.host)
    seconds = max(1, round(view.flow.retry_at - now))
    n = position(view, view.failed_step)
    if not n:
        return tr("{host} is lost. Trying again in {seconds} s", host=view.host, seconds=seconds)
    return tr("Lost at step {n}. Trying again in {seconds} s", n=n, seconds=seconds)


def _done(view: HostView) -> str:
    if view.undo:
        return tr("What was asked for is taken back.") if view.flow.only else tr("The set-up is taken back.")
    return ntr("Ready. {n} step changed the host", "Ready. {n} steps changed the host", view.applied)


def _planned(view: HostView) -> str:
    count = len(view.taken)
    if view.undo:
        return ntr("{n} step would be taken back", "{n} steps would be taken back", count)
    if view.held is None:
        return ntr("{n} step, not checked", "{n} steps, not checked", count)
    changing = sum(not view.holds.get(piece.id) for piece in view.taken)
    return tr("{n} steps, {changing} will change something", n=count, changing=changing)


def counts(view: HostView) -> str:
    """What stands beside the headline."""
    results = view.flow.results
    if not results or view.back is not None:
        return ""
    failed = 1 if view.failed_step else 0
    to_go = len(view.taken) - len(results)
    return tr(
        "{done} done, {failed} failed, {left} to go",
        done=len(results) - failed,
        failed=failed,
        left=max(0, to_go),
    )


@dataclass(frozen=True, slots=True)
class MainAction:
    key: str
    text: str
    kind: str = "primary"


def main_action(view: HostView) -> MainAction | None:
    """The one button that a person most likely wants now."""
    phase = view.phase
    if phase is Phase.RUNNING:
        return None if view.flow.stop_asked else MainAction("stop", tr("Stop after this step"), "standard")
    if phase is Phase.LOST:
        return MainAction("now", tr("Try now")) if view.flow.retry_at is not None else None
    if phase is Phase.PLANNED and view.taken:
        count = len(view.taken)
        if view.back is not None:
            return MainAction("undo", ntr("Take back {n} step…", "Take back {n} steps…", count), "danger")
        return MainAction("run", ntr("Run {n} step", "Run {n} steps", count))
    if phase is Phase.EMPTY:
        return MainAction("plan", tr("Plan again"))
    if phase is Phase.STOPPED:
        return MainAction("run", tr("Go on"))
    if phase is Phase.DONE and not view.undo:
        return MainAction("deploy", tr("Deploy to it…"))
    if phase is Phase.NOTHING or (phase is Phase.DONE and view.undo):
        return MainAction("close", tr("Close"))
    return None


def fixes(view: HostView) -> tuple[Fix, ...]:
    """What helps, as buttons: the error's own, else another try; and going on without the step."""
    error = view.flow.error
    if error is None:
        return ()
    own = error.fixes
    if error.code in ASKS_PASSWORD or error.code == "host.auth_refused":
        own = (Fix(msg("Enter the password…"), "setup.password"), *_others(own, "host.sign_in"))
    own = tuple(fix for fix in own if fix.action not in NOT_HERE) or (AGAIN,)
    may_skip = bool(view.failed_step) and not view.undo and view.failed_step != "root"
    return (*own[:3], SKIP) if may_skip else own[:3]


def explanation(error: GoferryError) -> list[str]:
    """Why, and what to do; where a sheet asks, the command line's words for it are left out."""
    asked = error.code in ASKS_PASSWORD or error.code == "host.key_unknown"
    parts = (error.why,) if asked else (error.why, error.fix)
    return [str(part) for part in parts if str(part)]


NOT_HERE = frozenset({"host.terminal", "host.check", "host.show_keys", "host.passphrase"})
"""Buttons of the Hosts page."""


def _others(own: Sequence[Fix], but: str) -> tuple[Fix, ...]:
    return tuple(fix for fix in own if fix.action not in (but, "setup.password"))


def commands(piece: Piece, *, undo: bool = False) -> str:
    """A step's commands, to be read: the check (an undo has none), then what is applied, values in front of each."""
    parts = []
    if not undo:
        parts += [f"# {tr('Check: does it hold already?')}", *_script(piece.check), ""]
    rights = tr("Apply, as root") if piece.as_root else tr("Apply, as yourself")
    parts.append(f"# {rights}")
    for script in piece.apply:
        parts += [*_script(script), ""]
    if not undo:
        parts.append(f"# {tr('Verify: the check is asked again')}")
    return "\n".join(parts).rstrip("\n")


def _script(script: Script) -> list[str]:
    values = [f"# ${n} = {_short(value)}" for n, value in enumerate(script.arguments, 1)]
    return [*values, script.text.rstrip("\n")]


def _short(value: str) -> str:
    first, _, rest = value.partition("\n")
    cut = bool(rest) or len(first) > 100
    return visible(first[:100]) + (" …" if cut else "")


def copied(view: HostView, step: str) -> str:
    """The chosen step's commands as they can be pasted into a shell."""
    steps = view.prepared.plan.steps if view.prepared is not None else ()
    found = next((one for one in steps if one.id == step), None)
    return "\n".join(command.shown() for command in found.commands) if found is not None else ""


def changes(view: HostView) -> list[tuple[str, str]]:
    """What the plan changes in sum, (kind, a name a line); empty kinds are left out."""
    taken = [piece.changes for piece in view.taken if not view.holds.get(piece.id)]

    def names(lists: Sequence[Sequence[str]]) -> str:
        return "\n".join(dict.fromkeys(name for names in lists for name in names))

    pairs = [
        (tr("Users"), names([one.users for one in taken])),
        (tr("Packages"), names([one.packages for one in taken])),
        (tr("Files"), names([one.files for one in taken])),
        (tr("Services"), names([one.services for one in taken])),
    ]
    return [pair for pair in pairs if pair[1]]


def mirror_choices(view: HostView) -> list[tuple[str, str]]:
    """(id, words) with the time each took to answer the server; first the quickest by itself."""
    choices = [("", tr("The quickest"))]
    if view.prepared is None:
        return choices
    for one in view.prepared.found.measured:
        took = tr("{ms} ms", ms=round(one.ms)) if one.ms is not None else tr("no answer")
        choices.append((one.mirror.id, f"{one.mirror.name}, {took}"))
    if view.flow.wish.mirror and view.flow.wish.mirror not in [key for key, _ in choices]:
        choices.append((view.flow.wish.mirror, view.flow.wish.mirror))
    return choices


def script(view: HostView) -> str:
    """The plan as a file; empty where there is none, or only an undo."""
    if view.flow.prepared is None or view.undo:
        return ""
    return without(view.flow.prepared, view.left_out).script()


def can_take_back(view: HostView, step: str) -> bool:
    """Whether set-up has made something of this step on the server, now or earlier."""
    result = view.flow.results.get(step)
    if result is not None and result.state is StepState.APPLIED:
        return step not in ("trial", "root", "state")
    return view.prepared is not None and any(one.step == step for one in undo_choices(view.prepared))


def system_text(view: HostView) -> str:
    """System and architecture, for the head."""
    if view.prepared is None:
        return ""
    facts = view.prepared.found.facts
    return tr(", ").join(
        part for part in (f"{facts.system.name} {facts.system.version}".strip(), facts.arch) if part
    )
