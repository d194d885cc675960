"""What the Activity panel and the status bar say about jobs. Pure: jobs and a clock in, words out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from desktop.base.history import JobRecord
from desktop.base.jobs import Job, JobState
from desktop.base.words import ntr, tr

STATE_SHAPES = {
    "waiting": "wait",
    "running": "busy",
    "needs_you": "warn",
    "done": "ok",
    "failed": "fail",
    "cancelled": "off",
    "interrupted": "warn",
}
_MOST_PAST = 200


@dataclass(frozen=True, slots=True)
class JobRow:
    """One row of the panel: a heading (`group`), a job of this run, or one of the past."""

    key: str
    group: str = ""
    title: str = ""
    second: str = ""
    state: str = "wait"
    right: str = ""
    share: float | None = None
    buttons: tuple[tuple[str, str, str], ...] = ()
    """(key, text, kind)."""
    job: Job[Any] | None = field(default=None, compare=False)
    record: JobRecord | None = field(default=None, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether it needs the taller form with a bar or buttons."""
        return bool(self.buttons) or self.share is not None


def duration(seconds: float) -> str:
    """0:48, 12:05 or 1:02:30."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def when(at: float, now: float) -> str:
    """14:31 today, "yesterday 18:20", else the date."""
    then, today = time.localtime(at), time.localtime(now)
    clock = time.strftime("%H:%M", then)
    days = (
        time.mktime((*today[:3], 12, 0, 0, 0, 0, -1)) - time.mktime((*then[:3], 12, 0, 0, 0, 0, -1))
    ) / 86400
    if round(days) == 0:
        return clock
    if round(days) == 1:
        return tr("yesterday {clock}", clock=clock)
    return time.strftime("%Y-%m-%d", then) + " " + clock


def elapsed(job: Job[Any], now: float) -> str:
    """0:19, "0:19 of about 0:25", or that it takes longer than usual."""
    if job.state is JobState.WAITING:
        return tr("waiting")
    spent = (job.ended or now) - job.started
    if job.state.over or job.expected is None:
        return duration(spent)
    if spent > 2 * job.expected:
        return tr("{spent}, longer than usual", spent=duration(spent))
    return tr("{spent} of about {expected}", spent=duration(spent), expected=duration(job.expected))


def ended_words(state: str, stage: str, seconds: float) -> str:
    """How a job ended: what went wrong, or how long it took; its last stage tells nothing any more."""
    if state == "done":
        return tr("Done in {time}", time=duration(seconds))
    return tr("Goferry ended before it was done") if state == "interrupted" else stage


def _ways_on(job: Job[Any]) -> tuple[tuple[str, str, str], ...]:
    """Buttons of a job that is over: those of what failed until it was seen, and of what was cancelled."""
    if job.state is JobState.DONE or job.seen:
        return ()
    look = (("open", tr("Open"), "standard"),) if job.state is JobState.FAILED else ()
    again = (("again", tr("Run again"), "standard"),) if job.again is not None else ()
    return (*look, *again)


def job_row(job: Job[Any], now: float) -> JobRow:
    """A job of this run as a row."""
    key, title, stage = f"job-{job.id}", str(job.title), str(job.stage)
    if job.state.over:
        buttons = _ways_on(job)
        second = ended_words(str(job.state), stage, job.seconds)
        ended = when(job.ended or now, now)
        return JobRow(key, "", title, second, STATE_SHAPES[job.state], ended, None, buttons, job)
    if job.cancel_asked:
        return JobRow(key, "", title, tr("Cancelling…"), "busy", elapsed(job, now), job.fraction, (), job)
    buttons = (("cancel", tr("Cancel"), "standard"),)
    if job.state is JobState.NEEDS_YOU:
        buttons = (("open", tr("Open"), "accent"), *buttons)
    if job.state is JobState.WAITING and not stage:
        stage = tr("Starts when the one before it is done")
        if job.can_jump:
            buttons = (("now", tr("Start now"), "standard"), *buttons)
    return JobRow(
        key, "", title, stage, STATE_SHAPES[job.state], elapsed(job, now), job.fraction, buttons, job
    )


def past_row(record: JobRecord, now: float) -> JobRow:
    """A job of an earlier run."""
    second = ended_words(record.state, str(record.stage), record.seconds)
    shape = STATE_SHAPES.get(record.state, "off")
    return JobRow(record.key, "", str(record.title), second, shape, when(record.started, now), record=record)


def rows(
    jobs: Sequence[Job[Any]], past: Sequence[JobRecord], now: float, cleared: float = 0.0
) -> list[JobRow]:
    """The panel: needs you, running and waiting, done, earlier. What ended before `cleared` is left out."""
    needs = [job for job in jobs if job.state is JobState.NEEDS_YOU]
    active = [job for job in jobs if job.state in (JobState.RUNNING, JobState.WAITING)]
    done = [job for job in jobs if job.state.over and (job.ended or 0) > cleared]
    done.sort(key=lambda job: (job.state is JobState.FAILED and not job.seen, job.ended or 0), reverse=True)
    older = [record for record in past if (record.ended or record.started) > cleared][:_MOST_PAST]
    found: list[JobRow] = []
    for heading, group in (
        (tr("Needs you, {n}", n=len(needs)), [job_row(job, now) for job in needs]),
        (tr("Running and waiting, {n}", n=len(active)), [job_row(job, now) for job in active]),
        (tr("Done, {n}", n=len(done)), [job_row(job, now) for job in done]),
        (tr("Earlier, {n}", n=len(older)), [past_row(record, now) for record in older]),
    ):
        if group:
            found.append(JobRow(f"group-{heading}", group=heading))
            found.extend(group)
    return found


@dataclass(frozen=True, slots=True)
class Summary:
    """What the status bar says: the one most important job, and the badge."""

    state: str | None
    text: str
    share: float | None = None
    job: Job[Any] | None = field(default=None, compare=False)
    badge: int = 0


def summary(jobs: Iterable[Job[Any]]) -> Summary:
    """Needs you before failed before running; nothing else."""
    listed = list(jobs)
    active = [job for job in listed if not job.state.over]
    needs = [job for job in active if job.state is JobState.NEEDS_YOU]
    failed = [job for job in listed if job.state is JobState.FAILED and not job.seen]
    running = [job for job in active if job.state is JobState.RUNNING]
    badge = len(active)
    if needs:
        return Summary("warn", tr("{title} needs you", title=str(needs[-1].title)), None, needs[-1], badge)
    if failed:
        return Summary("fail", tr("{title}: failed", title=str(failed[-1].title)), None, failed[-1], badge)
    if len(active) > 1:
        waiting = len(active) - len(running)
        parts = [ntr("{n} running", "{n} running", len(running))]
        if waiting:
            parts.append(ntr("{n} waiting", "{n} waiting", waiting))
        counted = [job.fraction for job in running if job.fraction is not None]
        return Summary(
            "busy", tr(", ").join(parts), sum(counted) / len(counted) if counted else None, None, badge
        )
    if active:
        job = active[0]
        stage = str(job.stage)
        text = tr("{title}: {stage}", title=str(job.title), stage=stage) if stage else str(job.title)
        return Summary("busy" if running else "wait", text, job.fraction, job, badge)
    return Summary(None, tr("Nothing running"))


def report(job: Job[Any]) -> str:
    """The job as text for a bug report. Secrets never are in a log: they are a type that shows itself as dots."""
    lines = [
        f"{job.kind}: {job.title}",
        f"state: {job.state}, {job.seconds:.1f} s",
        f"stage: {job.stage}",
    ]
    if job.error is not None:
        lines += [f"code: {job.error.code}", f"what: {job.error.what}", f"why: {job.error.why}"]
        if job.error.detail:
            lines += ["", job.error.detail]
    lines += ["", *(f"{entry.at:8.1f}  {entry.source:16}  {entry.text}" for entry in list(job.log)[-400:])]
    return "\n".join(lines)
