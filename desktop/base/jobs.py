"""The one door between work and whoever watches it: jobs outlive the page that started them.

A Job is an async function with progress, a log, a cancel and a result. `Jobs` owns every running task; nothing else
in the program creates one. No Qt here: the window polls `changed` sets or listens, the headless face prints.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from .errors import GoferryError, explained
from .words import Words, msg

T = TypeVar("T")
LOG_LINES = 20_000
_MAY_JUMP = ("build",)
"""Gates that only spare this computer; all others keep two changes of one thing apart."""


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    NEEDS_YOU = "needs_you"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of a job's log. `at` is seconds since the job's start; `source` is a target, host or step."""

    at: float
    source: str
    text: str
    level: str = ""
    """"" plain, "command", "ok", "warn", "fail"."""


@dataclass(eq=False)
class Job(Generic[T]):
    """One piece of long work. Read its fields at any time; only the work itself reports."""

    id: int
    kind: str
    """What it is, for the median of its durations and for icons: "build", "deploy", "host.check"..."""
    title: Words
    subject: str = ""
    """The project or host it is about."""
    page: str = ""
    """The page that shows it."""
    state: JobState = JobState.WAITING
    stage: Words = ""
    fraction: float | None = None
    """0..1 when counted in bytes, packages, steps or hosts; else None."""
    started: float = field(default_factory=time.time)
    ended: float | None = None
    expected: float | None = None
    """Seconds the last five of its kind took, as the median."""
    cancel_asked: bool = False
    result: T | None = None
    error: GoferryError | None = None
    log: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    dropped: int = 0
    """Lines that the full log let go."""
    seen: bool = False
    again: Callable[[], object] | None = None
    """Does the same once more, as its page would; None where that is not possible."""
    can_jump: bool = False
    """Whether it waits for a limit that a person may override: builds take turns only to spare the computer."""
    _turn: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[Any] | None = None
    _changed: Callable[[Job[Any]], None] = lambda job: None
    _clock: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return (self.ended if self.ended is not None else time.time()) - self.started

    def report(self, stage: Words | None = None, fraction: float | None = None) -> None:
        """What it does now, and how far it is. Called on the loop's thread."""
        if stage is not None:
            self.stage = stage
        self.fraction = fraction
        self._changed(self)

    def say(self, text: str, source: str = "", level: str = "") -> None:
        """Adds a line to the log. May be called from any thread."""
        if len(self.log) == LOG_LINES:
            self.dropped += 1
        self.log.append(LogEntry(time.monotonic() - self._clock, source, text, level))

    def needs_you(self, waiting: bool) -> None:
        """The job waits for an answer of a person, or has it."""
        self.state = JobState.NEEDS_YOU if waiting else JobState.RUNNING
        self._changed(self)

    def cancel(self) -> None:
        """Ask it to end. It does at the next safe point and tidies up; harmless when it is over."""
        if self._task is not None and not self._task.done() and not self.cancel_asked:
            self.cancel_asked = True
            self._task.cancel()
            self._changed(self)

    def start_now(self) -> None:
        """Do not wait for the others any longer, where that is allowed."""
        if self.can_jump and self.state is JobState.WAITING:
            self._turn.set()

    async def wait(self) -> T:
        """Its result. Raises its GoferryError, or CancelledError when it was cancelled."""
        if self._task is not None:
            await asyncio.wait({self._task})
        if self.state is JobState.CANCELLED:
            raise asyncio.CancelledError
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # done: whatever the work returned is the T


async def _turn(job: Job[Any], gate: asyncio.Semaphore, stack: AsyncExitStack) -> None:
    """Wait for a place behind the gate, which `stack` gives back; or until a person says "now"."""
    if not job.can_jump:
        await stack.enter_async_context(gate)
        return
    place, jump = asyncio.ensure_future(gate.acquire()), asyncio.ensure_future(job._turn.wait())
    try:
        await asyncio.wait({place, jump}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        jump.cancel()
        if not place.cancel() and not place.cancelled():
            stack.callback(gate.release)
        await asyncio.gather(place, jump, return_exceptions=True)


Work = Callable[[Job[T]], Awaitable[T]]
Listener = Callable[[Job[Any]], None]


class Jobs:
    """Owns every running task, keeps what ended, and tells listeners (on the loop's thread) of each change."""

    def __init__(self, *, limits: dict[str, int] | None = None) -> None:
        self.all: list[Job[Any]] = []
        self._ids = itertools.count(1)
        self._listeners: list[Listener] = []
        self._limits = limits or {"build": 2, "hosts": 4}
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._durations: dict[str, deque[float]] = {}

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each job that changes; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    @property
    def running(self) -> list[Job[Any]]:
        return [job for job in self.all if not job.state.over]

    def start(
        self,
        kind: str,
        title: Words,
        work: Work[T],
        *,
        subject: str = "",
        page: str = "",
        gate: str = "",
        again: Callable[[], object] | None = None,
    ) -> Job[T]:
        """Start `work`. Jobs with the same `gate` run at most as many at a time as its limit (1 for unknown gates,
        such as "host:web-1": one changing job per host); the others wait."""
        past = self._durations.get(kind)
        job: Job[T] = Job(
            next(self._ids), kind, title, subject, page, expected=_median(past) if past else None
        )
        job.again, job.can_jump = again, gate in _MAY_JUMP
        job._changed = self._tell
        self.all.append(job)
        job._task = asyncio.get_running_loop().create_task(
            self._run(job, work, gate), name=f"job {job.id} {kind}"
        )
        self._tell(job)
        return job

    async def _run(self, job: Job[T], work: Work[T], gate: str) -> None:
        try:
            async with AsyncExitStack() as stack:
                if gate:
                    limit = self._limits.get(gate, 1)
                    await _turn(job, self._gates.setdefault(gate, asyncio.Semaphore(limit)), stack)
                job.started, job._clock = time.time(), time.monotonic()
                job.state = JobState.RUNNING
                self._tell(job)
                job.result = await work(job)
            job.state = JobState.DONE
            self._durations.setdefault(job.kind, deque(maxlen=5)).append(job.seconds)
        except asyncio.CancelledError:
            job.state = JobState.CANCELLED
            job.stage = msg("Cancelled")
        except Exception as error:  # noqa: BLE001  whatever ends a job is shown to a person, whole
            job.error = explained(error)
            job.state = JobState.FAILED
            job.stage = job.error.what
        finally:
            job.ended = time.time()
            self._tell(job)

    def _tell(self, job: Job[Any]) -> None:
        for listener in list(self._listeners):
            listener(job)

    def clear_done(self) -> None:
        """Takes what is over out of the list."""
        self.all = self.running

    async def close(self) -> None:
        """Cancel what still runs and wait until each has tidied up."""
        tasks = [job._task for job in self.running if job._task is not None]
        for job in self.running:
            job.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _median(seconds: Collection[float]) -> float:
    """As the statistics module's, which takes longer to load than the rest of this one."""
    ordered, half = sorted(seconds), len(seconds) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
