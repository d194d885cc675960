"""What the Projects page says. Pure: what was looked at, jobs and a clock in; cards, rows and words out."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from desktop.app_project import EnvironmentLook, FolderLook
from desktop.base.history import JobRecord
from desktop.base.jobs import Job, JobState
from desktop.base.words import ntr, tr
from desktop.project import Finding, visible
from desktop.ui.pages.activity.present import STATE_SHAPES, duration, when

MOST_CELLS = 3
BARS = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """One environment on a card. `warns`: it takes the colour of the state."""

    name: str
    title: str
    state: str
    version: str
    words: str

    @property
    def warns(self) -> bool:
        return self.state in ("warn", "fail")


@dataclass(frozen=True, slots=True)
class BuildBar:
    """One of the last builds: height by its time (0..1), colour by its end."""

    height: float
    state: str


@dataclass(frozen=True, slots=True)
class Card:
    """A project as it is painted. `note` stands in place of the cells where there are none."""

    folder: Path
    name: str
    module: str = ""
    branch: str = ""
    pinned: bool = False
    gone: bool = False
    reading: bool = False
    cells: tuple[Cell, ...] = ()
    note: str = ""
    state: str = "wait"
    line: str = ""
    share: float | None = None
    bars: tuple[BuildBar, ...] = ()
    building: bool = False
    findings: int = 0
    tip: str = ""
    payload: Any = field(default=None, compare=False)

    @property
    def spoken(self) -> str:
        """The card in words, for a screen reader."""
        cells = [f"{cell.title}: {cell.version}, {cell.words}" for cell in self.cells]
        return ", ".join(filter(None, [self.name, self.module, self.branch, *cells, self.note, self.line]))


@dataclass(frozen=True, slots=True)
class Pressing:
    """The one thing that most needs a look."""

    folder: Path
    title: str
    why: str
    action: str
    label: str


def environment_title(name: str) -> str:
    """The usual environments in a person's language, others by their names."""
    known = {
        "dev": lambda: tr("Dev"),
        "staging": lambda: tr("Staging"),
        "prod": lambda: tr("Production"),
        "production": lambda: tr("Production"),
        "local": lambda: tr("This computer"),
    }
    return known[name]() if name in known else name


def cell(name: str, look: EnvironmentLook | None, now: float) -> Cell:
    """An environment's state, version and count of healthy instances."""
    title = environment_title(name)
    if look is None:
        return Cell(name, title, "wait", "–", tr("not asked yet"))
    if not look.instances:
        if look.offline:
            return Cell(name, title, "off", "–", tr("no answer"))
        return Cell(name, title, "wait", tr("none"), tr("not deployed"))
    version = visible(look.instances[0][2], 40) or "–"
    total = len(look.instances) + look.offline
    running = [one for one in look.instances if one[0] == "running"]
    healthy = sum(1 for one in running if one[1] in ("healthy", ""))
    counted = tr("{healthy} of {total} healthy", healthy=healthy, total=total)
    if not running:
        restarting = any(one[0] == "restarting" for one in look.instances)
        return Cell(name, title, "fail" if restarting else "off", version, _stopped(restarting))
    if any(one[1] == "starting" for one in running):
        return Cell(name, title, "busy", version, tr("starting"))
    state = "ok" if healthy == total else "warn" if healthy else "fail"
    if now - look.at > 120:
        counted = tr(
            "{words} as of {time}", words=counted, time=time.strftime("%H:%M", time.localtime(look.at))
        )
    return Cell(name, title, state, version, counted)


def _stopped(restarting: bool) -> str:
    return tr("restarts again and again") if restarting else tr("stopped")


def ago(seconds: float, at: float, now: float) -> str:
    """ "12 min ago", "2 h ago", else as dates are told."""
    if seconds < 60:
        return tr("just now")
    if seconds < 3600:
        return ntr("{n} min ago", "{n} min ago", int(seconds // 60))
    if seconds < 6 * 3600:
        return ntr("{n} h ago", "{n} h ago", int(seconds // 3600))
    return when(at, now)


def is_about(subject: str, folder: Path, name: str) -> bool:
    """Whether a job's subject is this project."""
    return subject in (name, folder.name, str(folder)) and bool(subject)


def card(
    folder: Path,
    look: FolderLook | None,
    environments: Mapping[str, EnvironmentLook],
    jobs: Sequence[Job[Any]],
    past: Sequence[JobRecord],
    now: float,
    *,
    pinned: bool = False,
) -> Card:
    """A project's card: the name at once, the rest as it becomes known."""
    named = folder.name or str(folder)
    if look is None:
        return Card(
            folder, named, visible(str(folder)), pinned=pinned, reading=True, line=tr("Reading the folder")
        )
    if look.gone:
        return Card(folder, named, visible(str(folder)), pinned=pinned, gone=True, note=tr("Folder is gone"))
    if look.project is None:
        why = str(look.error.what) if look.error else ""
        return Card(
            folder, named, visible(str(folder)), pinned=pinned, note=tr("Folder cannot be read"), tip=why
        )
    project = look.project
    modules = [visible(module.path, 120) for module in project.modules if module.path]
    names = list(project.config.environments) if project.config else []
    made = Card(
        folder=folder,
        name=project.name,
        module=_modules(modules, folder),
        branch=visible(look.git.branch or look.git.commit, 60) if look.git else "",
        pinned=pinned,
        cells=tuple(cell(name, environments.get(name), now) for name in names[:MOST_CELLS]),
        note="" if names else tr("No environments yet: deploying makes the first"),
        findings=len(project.warnings),
        tip="\n".join(str(finding.what) for finding in project.warnings[:5]),
        payload=look,
    )
    return _with_builds(made, jobs, past, now)


def _modules(modules: list[str], folder: Path) -> str:
    if not modules:
        return visible(str(folder))
    if len(modules) == 1:
        return modules[0]
    n = len(modules) - 1
    return ntr("{first} and {n} more", "{first} and {n} more", n, first=modules[0])


def _with_builds(made: Card, jobs: Sequence[Job[Any]], past: Sequence[JobRecord], now: float) -> Card:
    own = [job for job in jobs if job.kind == "build" and is_about(job.subject, made.folder, made.name)]
    older = [one for one in past if one.kind == "build" and is_about(one.subject, made.folder, made.name)]
    told = _build_line(own, older, now)
    running = bool(own) and not own[-1].state.over
    share = own[-1].fraction if running else None
    bars = _bars(own, older, now)
    return replace(made, state=told[0], line=told[1], share=share, building=running, bars=bars)


def _build_line(own: Sequence[Job[Any]], older: Sequence[JobRecord], now: float) -> tuple[str, str]:
    if own:
        last = own[-1]
        if not last.state.over:
            stage = str(last.stage)
            percent = f", {last.fraction:.0%}" if last.fraction is not None else ""
            return STATE_SHAPES[last.state], (stage or tr("Building")) + percent
        return _ended(str(last.state), last.ended or now, last.seconds, str(last.stage), now)
    if older:
        return _ended(
            older[0].state, older[0].ended or older[0].started, older[0].seconds, str(older[0].stage), now
        )
    return "wait", tr("Not built yet")


def _ended(state: str, at: float, seconds: float, stage: str, now: float) -> tuple[str, str]:
    time_ago = ago(now - at, at, now)
    if state == "done":
        return "ok", tr("Built {ago}, {seconds}", ago=time_ago, seconds=duration(seconds))
    if state == "failed":
        return "fail", tr("Build failed {ago}: {why}", ago=time_ago, why=stage) if stage else tr(
            "Build failed {ago}", ago=time_ago
        )
    return STATE_SHAPES.get(state, "off"), tr("Build cancelled {ago}", ago=time_ago)


def _bars(own: Sequence[Job[Any]], older: Sequence[JobRecord], now: float) -> tuple[BuildBar, ...]:
    timed = [(one.seconds, STATE_SHAPES.get(one.state, "off")) for one in reversed(older[:BARS])]
    timed += [(job.seconds, STATE_SHAPES[job.state]) for job in own]
    timed = timed[-BARS:]
    longest = max((seconds for seconds, _ in timed), default=0.0) or 1.0
    return tuple(BuildBar(max(0.25, seconds / longest), state) for seconds, state in timed)


def in_order(cards: Iterable[Card], pinned: Sequence[str], text: str = "") -> list[Card]:
    """Pinned ones first, in their own order; the others as they were opened. Only those that match `text`."""
    places = {folder: place for place, folder in enumerate(pinned)}
    wanted = text.strip().casefold()
    shown = [
        one for one in cards if wanted in f"{one.name} {one.module} {one.branch} {one.folder}".casefold()
    ]
    return sorted(shown, key=lambda one: places.get(str(one.folder), len(places)))


def pressing(cards: Iterable[Card]) -> Pressing | None:
    """What most needs a look: an environment that fails, one that is not whole, a file that cannot be used."""
    worst: tuple[int, Pressing] | None = None
    for one in cards:
        for rank, found in _pressing_of(one):
            if worst is None or rank < worst[0]:
                worst = (rank, found)
    return worst[1] if worst else None


def _pressing_of(one: Card) -> Iterable[tuple[int, Pressing]]:
    title = tr("{project} needs a look", project=one.name)
    for shown in one.cells:
        if shown.warns:
            why = tr("{environment}: {words}.", environment=shown.title, words=shown.words)
            rank = 0 if shown.state == "fail" else 1
            yield rank, Pressing(one.folder, title, why, "live", tr("Open Live"))
    findings: tuple[Finding, ...] = (
        one.payload.project.warnings if one.payload and one.payload.project else ()
    )
    for finding in findings:
        if finding.code == "project.config":
            yield 2, Pressing(one.folder, title, str(finding.what), "findings", tr("Show"))


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """A job in the table of recent activity."""

    key: str
    state: str
    kind: str
    subject: str
    text: str
    when: str
    took: str
    failed: bool = False
    job: Job[Any] | None = field(default=None, compare=False)


def activity_rows(
    jobs: Sequence[Job[Any]],
    past: Sequence[JobRecord],
    now: float,
    *,
    failed_only: bool = False,
    most: int = 50,
) -> list[ActivityRow]:
    """Jobs of this run and of earlier ones, newest first."""
    rows = [_job_row(job, now) for job in reversed(jobs)]
    rows += [_past_row(record, now) for record in past[:most]]
    return [row for row in rows if row.failed or not failed_only][:most]


def _job_row(job: Job[Any], now: float) -> ActivityRow:
    over = job.state.over
    at = job.ended or now
    told = ago(now - at, at, now) if over else tr("now")
    took = duration((job.ended or now) - job.started) if job.state is not JobState.WAITING else ""
    state, failed = STATE_SHAPES[job.state], job.state is JobState.FAILED
    done = job.state is JobState.DONE  # its last stage says little then
    text = str(job.title) if done else str(job.stage) or str(job.title)
    subject = short_subject(job.subject)
    return ActivityRow(f"job-{job.id}", state, kind_title(job.kind), subject, text, told, took, failed, job)


def short_subject(subject: str) -> str:
    """A project's folder by its name; other subjects as they are."""
    return re.split(r"[/\\]", subject.rstrip("/\\"))[-1]


def _past_row(record: JobRecord, now: float) -> ActivityRow:
    at = record.ended or record.started
    text = tr("Goferry ended before it was done") if record.state == "interrupted" else str(record.stage)
    if record.state == "done":
        text = str(record.title)
    return ActivityRow(
        record.key,
        STATE_SHAPES.get(record.state, "off"),
        kind_title(record.kind),
        short_subject(record.subject),
        text or str(record.title),
        ago(now - at, at, now),
        duration(record.seconds),
        record.state in ("failed", "interrupted"),
    )


def kind_title(kind: str) -> str:
    """A kind of job as a heading."""
    known = {
        "build": lambda: tr("Build"),
        "image": lambda: tr("Image"),
        "deploy": lambda: tr("Deploy"),
        "on_save": lambda: tr("On save"),
        "rollback": lambda: tr("Roll back"),
        "demo": lambda: tr("Sample"),
        "project.new": lambda: tr("New project"),
    }
    first = kind.split(".")[0]
    if kind in known:
        return known[kind]()
    if first in known:
        return known[first]()
    return tr("Host") if first in ("host", "hosts") else kind
