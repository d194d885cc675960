"""What the Deploy page says, worked out from plans, progress and history; no widgets."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from desktop.base.errors import GoferryError
from desktop.base.plans import StepResult, StepState
from desktop.base.words import ntr, tr
from desktop.release import STAGES, Change, HostResult, HostState, Strategy, ToSend

from .failed import short
from .history import short_digest

if TYPE_CHECKING:
    from desktop.app_deploy import Prepared
    from desktop.hosts import Host

LANE_OF = {"lock": "upload", "record": "retire"}
"""Stages without a lane of their own, and the lane that shows their failure."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What one host gets. `commands`: pairs of a stage's title and its command lines."""

    name: str
    address: str = ""
    unchanged: bool = False
    to_send: ToSend = field(default_factory=ToSend)
    commands: tuple[tuple[str, tuple[str, ...]], ...] = ()
    offline: GoferryError | None = None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as the page shows it."""

    app: str
    environment: str
    production: bool
    before: str
    after: str
    release: str
    digest: str
    changes: tuple[Change, ...]
    hosts: tuple[HostPlan, ...]
    made: float
    rollback: bool = False
    strategy: Strategy = field(default_factory=Strategy)
    relay: str = ""
    fronted: bool = False
    """Whether a front owns the port from now on."""
    gap: bool = True
    """Whether nobody answers for a moment on one host at least."""

    @property
    def offline(self) -> tuple[HostPlan, ...]:
        return tuple(host for host in self.hosts if host.offline is not None)

    @property
    def unchanged(self) -> bool:
        return all(host.unchanged for host in self.hosts)

    @property
    def commands(self) -> int:
        return sum(len(lines) for host in self.hosts for _, lines in host.commands)


@dataclass(frozen=True, slots=True)
class Tile:
    """One fact of the plan strip."""

    head: str
    strong: str
    second: str = ""
    mono: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A host's stage: a shape, a line of text, and the same for a screen reader."""

    state: str = "wait"
    text: str = ""
    spoken: str = ""
    tip: str = ""
    """The whole sentence, where `text` is short for one."""


@dataclass(frozen=True, slots=True)
class Lane:
    host: str
    address: str
    chip: tuple[str, str] | None
    cells: tuple[Cell, ...]
    told: str = ""
    """What its result says beside: why it was not touched, or sent its own."""


@dataclass(slots=True)
class Progress:
    """What a running deploy has told so far."""

    steps: dict[str, dict[str, StepResult]] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    said: dict[tuple[str, str], str] = field(default_factory=dict)
    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    results: dict[str, HostResult] = field(default_factory=dict)

    def stage(self, host: str) -> str:
        """The stage that a host is in now; empty before and after."""
        known = self.steps.get(host)
        if known is None or host in self.results:
            return ""
        if any(result.state is StepState.FAILED for result in known.values()):
            return ""
        return next((s for s, result in known.items() if result.state is StepState.PENDING), "")


def plan_view(prepared: Prepared, now: float | None = None, *, rollback: bool = False) -> PlanView:
    """A plan as values."""
    first = next(iter(prepared.seen.values()), None)
    serving = first.serving if first is not None else None
    addresses = {host.name: address_of(host) for host in prepared.target.hosts}
    hosts = []
    for rollout in prepared.rollouts:
        name = rollout.place.host
        steps = () if rollout.decision.unchanged else rollout.plan().steps
        commands = tuple((str(s.title), tuple(c.shown() for c in s.commands)) for s in steps if s.commands)
        sent = prepared.to_send.get(name, ToSend())
        hosts.append(HostPlan(name, addresses.get(name, ""), rollout.decision.unchanged, sent, commands))
    hosts += [HostPlan(name, addresses.get(name, ""), offline=e) for name, e in prepared.offline.items()]
    order = {host.name: place for place, host in enumerate(prepared.target.hosts)}
    hosts.sort(key=lambda host: order.get(host.name, len(order)))
    return PlanView(
        prepared.target.app,
        prepared.target.environment.name,
        prepared.target.production,
        serving.version if serving is not None else "",
        prepared.release.version,
        prepared.release.id,
        prepared.release.image_digest,
        prepared.changes,
        tuple(hosts),
        time.time() if now is None else now,
        rollback,
        prepared.strategy,
        prepared.relay,
        any(rollout.release.proxied for rollout in prepared.rollouts),
        any(rollout.gap for rollout in prepared.rollouts if not rollout.decision.unchanged),
    )


def _change(plan: PlanView) -> str:
    """How the versions change places, in few words."""
    if not plan.fronted:
        return tr("In place")
    return tr("To a front, one gap") if plan.gap else tr("Behind a front")


def address_of(host: Host) -> str:
    """Without user and port, which a person knows under Hosts."""
    return "" if host.local else host.address


def stage_title(stage: str) -> str:
    return _TITLES[stage]()


_TITLES: dict[str, Callable[[], str]] = {
    "upload": lambda: tr("Upload"),
    "load": lambda: tr("Load"),
    "start": lambda: tr("Start"),
    "health": lambda: tr("Health"),
    "switch": lambda: tr("Switch"),
    "retire": lambda: tr("Retire"),
}


def megabytes(size: float) -> str:
    if size >= 50_000:
        return f"{size / 1e6:.1f} MB"
    return f"{max(1.0, size / 1e3):.0f} KB" if size else "0 KB"


def duration(seconds: float) -> str:
    """4.6 s, 0:48, 6 min."""
    if seconds < 20:
        return tr("{seconds} s", seconds=f"{seconds:.1f}")
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def rough(seconds: float) -> str:
    """8 s, 0:48: no more exact than a guess is."""
    whole = max(1, round(seconds))
    return tr("{seconds} s", seconds=whole) if whole < 60 else duration(whole)


def about(seconds: float | None, plan: PlanView) -> tuple[str, str]:
    """The time tile: from earlier deploys, else from what has to be sent."""
    if seconds is not None:
        return tr("about {time}", time=rough(seconds)), tr("as the last ones took")
    bytes_ = sum(host.to_send.bytes for host in plan.hosts)
    if plan.relay and plan.hosts:
        bytes_ = bytes_ // len(plan.hosts)
    rounds = sum(1 for _ in plan.strategy.batches(plan.hosts))
    guess = 4.0 * rounds + bytes_ / 8e6
    return tr("about {time}", time=rough(guess)), tr("an estimate")


def tiles(plan: PlanView, seconds: float | None) -> tuple[Tile, ...]:
    """Image, to send, configuration, strategy, time."""
    keys = ", ".join(change.key.removeprefix("env.") for change in plan.changes)
    count = len(plan.changes)
    time_strong, time_second = about(seconds, plan)
    return (
        Tile(tr("Image"), plan.after, short_digest(plan.digest), mono=True, tip=plan.digest),
        _sending(plan),
        Tile(
            tr("Config"),
            ntr("{n} key changes", "{n} keys change", count) if count else tr("no change"),
            keys,
            tip="\n".join(f"{c.key}: {c.before or '–'} → {c.after or '–'}" for c in plan.changes),
        ),
        Tile(
            tr("Strategy"),
            _change(plan),
            str(plan.strategy.words(len(plan.hosts))),
            tip=str(plan.strategy.on_failure()) if len(plan.hosts) > 1 else "",
        ),
        Tile(tr("Time"), time_strong, time_second),
    )


def _sending(plan: PlanView) -> Tile:
    wanting = [host.to_send for host in plan.hosts if host.to_send.bytes]
    if not wanting:
        return Tile(tr("To send"), tr("nothing"), tr("the image is there"))
    most = max(wanting, key=lambda one: one.bytes)
    strong = megabytes(most.bytes) if len(wanting) == 1 else f"{len(wanting)} × {megabytes(most.bytes)}"
    if plan.relay and len(wanting) > 1:
        relay = plan.relay.partition(":")[0]
        return Tile(tr("To send"), megabytes(most.bytes), tr("once, through {host}", host=relay))
    if not most.layers:
        return Tile(tr("To send"), strong, tr("the program itself"))
    if most.changes_only:
        return Tile(tr("To send"), strong, tr("changes only"))
    return Tile(
        tr("To send"), strong, tr("{there} of {all} layers are there", there=most.there, all=most.layers)
    )


def lanes(plan: PlanView, progress: Progress) -> tuple[Lane, ...]:
    return tuple(_lane(host, progress) for host in plan.hosts)


def _lane(host: HostPlan, progress: Progress) -> Lane:
    result = progress.results.get(host.name)
    cells = tuple(_spoken(host, stage, _cell(host, stage, progress, result)) for stage in STAGES)
    told = "\n".join(str(note) for note in result.notes) if result is not None else ""
    return Lane(host.name, host.address, _chip(host, result, progress), cells, told)


def shows_other_key(error: GoferryError) -> bool:
    """The host answers, and is perhaps another one: that is nothing to try again."""
    return error.code in ("host.key_changed", "host.key_type_changed")


def _chip(host: HostPlan, result: HostResult | None, progress: Progress) -> tuple[str, str] | None:
    if host.offline is not None:
        other = shows_other_key(host.offline)
        return (tr("another key"), "fail") if other else (tr("no answer"), "off")
    if result is None:
        return (tr("serves it already"), "ok") if host.unchanged and not progress.steps else None
    words: dict[HostState, tuple[str, str]] = {
        HostState.DONE: (tr("done"), "ok"),
        HostState.FAILED: (tr("failed"), "fail"),
        HostState.ROLLED_BACK: (tr("rolled back"), "off"),
        HostState.UNKNOWN: (tr("unknown"), "off"),
    }
    if result.state is HostState.UNCHANGED:
        return (tr("serves it already"), "ok") if host.unchanged else (tr("not touched"), "off")
    return words[result.state]


def _cell(host: HostPlan, stage: str, progress: Progress, result: HostResult | None) -> Cell:
    if host.offline is not None:
        return Cell("off")
    steps = progress.steps.get(host.name, {})
    failed = next((step for step in steps.values() if step.state is StepState.FAILED), None)
    if failed is not None and LANE_OF.get(failed.id, failed.id) == stage:
        whole = str(failed.error.what) if failed.error is not None else ""
        return Cell("fail", short(failed.error), tip=whole)
    step = steps.get(stage)
    if step is None:
        return Cell("skip" if host.unchanged else "wait")
    if step.state is StepState.APPLIED:
        if result is not None and result.state is HostState.ROLLED_BACK and stage == "start":
            return Cell("undo", tr("taken back"))
        return Cell("ok", _ended(host, stage, step, result))
    if step.state is StepState.HELD:
        return Cell("ok" if stage != "retire" else "skip", "" if stage == "retire" else tr("was there"))
    if LANE_OF.get(progress.stage(host.name), progress.stage(host.name)) == stage:
        return Cell("busy", _running(host, stage, progress))
    return Cell("wait")


def _ended(host: HostPlan, stage: str, step: StepResult, result: HostResult | None) -> str:
    took = duration(step.seconds)
    if stage == "upload" and host.to_send.bytes:
        size = result.sent_bytes if result is not None and result.sent_bytes else host.to_send.bytes
        return f"{megabytes(size)}, {took}"
    if stage == "switch" and result is not None and result.downtime_ms is not None:
        return tr("gap {ms} ms", ms=result.downtime_ms) if result.downtime_ms else tr("no gap")
    return took


def _running(host: HostPlan, stage: str, progress: Progress) -> str:
    share = progress.shares.get(host.name)
    if stage == "upload" and share is not None and host.to_send.bytes:
        done = megabytes(host.to_send.bytes * share).removesuffix(" MB").removesuffix(" KB")
        return tr("{done} of {all}", done=done, all=megabytes(host.to_send.bytes))
    return progress.said.get((host.name, stage), "")


def _spoken(host: HostPlan, stage: str, cell: Cell) -> Cell:
    parts = (host.name, stage_title(stage), _SPOKEN[cell.state](), cell.tip or cell.text)
    return replace(cell, spoken=", ".join(part for part in parts if part))


_SPOKEN: dict[str, Callable[[], str]] = {
    "ok": lambda: tr("done"),
    "fail": lambda: tr("failed"),
    "busy": lambda: tr("under way"),
    "wait": lambda: tr("waiting"),
    "skip": lambda: tr("nothing to do"),
    "undo": lambda: tr("taken back"),
    "off": lambda: tr("no answer"),
}


def hosts_note(plan: PlanView, progress: Progress) -> str:
    """How many hosts have the new version. One that was not touched after another's failure has not."""
    serving = 0
    for host in plan.hosts:
        result = progress.results.get(host.name)
        done = result is not None and result.state is HostState.DONE
        serving += (done or host.unchanged) and (result is None or result.error is None)
    return tr("{n} of {all} on the new version", n=serving, all=len(plan.hosts))


def config_diff(plan: PlanView) -> str:
    """What changes in the configuration, as a diff; empty when nothing does."""
    lines = []
    for change in plan.changes:
        if change.before is not None:
            lines.append(f"- {change.key}: {change.before}")
        if change.after is not None:
            lines.append(f"+ {change.key}: {change.after}")
    return "\n".join(lines)


def all_commands(plan: PlanView) -> str:
    """Every command by host and stage, as a script that a person can read."""
    lines: list[str] = []
    for host in plan.hosts:
        lines.append(f"# ---- {host.name} ----")
        for title, commands in host.commands:
            lines += [f"# {title}", *commands]
        lines.append("")
    return "\n".join(lines)


def output_of(chosen: tuple[str, str], progress: Progress, plan: PlanView | None) -> str:
    """What a stage of a host ran and said; for an empty stage the host's failure with its last lines."""
    host, stage = chosen
    result = progress.results.get(host)
    lines: list[str] = []
    if stage:
        lines = list(progress.lines.get((host, stage), ()))
        if not lines and plan is not None:
            lines = [
                f"$ {line}"
                for one in plan.hosts
                if one.name == host
                for title, commands in one.commands
                if title == stage_title(stage)
                for line in commands
            ]
    step = progress.steps.get(host, {}).get(stage)
    failed = stage == "" or (step is not None and step.state is StepState.FAILED)
    if result is not None and result.error is not None and failed:
        error = result.error
        lines += [str(part) for part in (error.what, error.why, error.fix) if str(part)]
        if error.detail:
            lines += ["", *error.detail.splitlines()]
    return "\n".join(lines)
