"""Carries a release out on one host, stage by stage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace

from desktop.base.errors import GoferryError, explained
from desktop.base.plans import Act, Plan, PlanRun, Recorder, Step, StepResult, StepState, run_plan
from desktop.base.processes import Completed
from desktop.base.words import Words, msg

from .decide import Decision, check_unchanged, decide, leftovers, superseded
from .errors import ChangedSinceSeen, Locked, OldDidNotComeBack
from .front import moves
from .health import described, gate
from .model import Artifact, HostResult, HostState, Outcome, Release, Seen, Sent
from .place import GoesAhead, Place, Probe, Shipment, Values

Watch = Callable[[str, StepResult], None]
"""Takes a host's name and a stage that just ended."""
Hold = Callable[[], Awaitable[None]]
"""Waits for as long as a person wants no further host to begin."""

_LINK_GONE = ("host.cut", "host.ssh_dropped", "host.too_slow", "host.unreachable")
"""What says nothing about the host itself: its answer did not come."""

TITLES: dict[str, tuple[Words, Words]] = {
    "lock": (msg("Lock and check"), msg("Two people must not change the same app on one host at once.")),
    "upload": (msg("Upload"), msg("Only what the host does not have is sent.")),
    "load": (msg("Load"), msg("The image is complete on the host before anything is stopped.")),
    "start": (msg("Start"), msg("The new version takes the port of the old one, which is kept.")),
    "health": (msg("Health"), msg("Only a version that answers well may stay.")),
    "switch": (msg("Switch"), msg("From here on a reboot brings the new version back, not the old one.")),
    "retire": (msg("Retire"), msg("Releases that are no longer needed make room. The last good one stays.")),
    "record": (msg("Record"), msg("Everyone who looks at this host sees who released what, and when.")),
}


BEHIND_A_FRONT: dict[str, Words] = {
    "start": msg("The new version starts beside the old one, which goes on answering."),
    "switch": msg(
        "Requests go to the new version from now on. The old one ends when it has answered what it has begun."
    ),
}
"""Other reasons where the port stays with a front."""


@dataclass(slots=True)
class Rollout:
    """One release on one host while it runs. `plan()` may be shown before; `run()` does it."""

    place: Place
    release: Release
    artifact: Artifact
    values: Values
    seen: Seen
    """As planned on; looked at again under the lock."""
    by: str = ""
    keep: int = 5
    rollback: bool = False
    anew: bool = False
    """Whether the container is made again although what serves is the same: somebody changed it past Goferry."""
    take_over: bool = False
    """Whether a person has said that somebody else's lock does not count."""
    watch: Watch = lambda host, result: None
    recorder: Recorder = field(default_factory=Recorder)
    hold: Hold | None = None
    """Awaited before this host begins."""
    decision: Decision = field(init=False)
    _stack: AsyncExitStack = field(init=False, default_factory=AsyncExitStack)
    _shipment: Shipment | None = field(init=False, default=None)
    _sent: Sent = field(init=False, default_factory=Sent)
    _stopped_at: float | None = field(init=False, default=None)
    _gap: int | None = field(init=False, default=None)
    _created: bool = field(init=False, default=False)
    _swapped: bool = field(init=False, default=False)
    _confirmed: bool = field(init=False, default=False)
    _unseen: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.decision = decide(self.release, self.seen, self.keep, anew=self.anew)

    @property
    def switched(self) -> bool:
        """Whether the host has the new release now by this run."""
        return self._confirmed

    @property
    def gap(self) -> bool:
        """Whether nobody answers at the port for a moment."""
        return moves(self.release, self.decision.old)

    # ---------------------------------------------------------------- the plan

    def plan(self) -> Plan:
        """All stages with their commands; nothing has happened yet."""
        acts = {
            "lock": self._lock,
            "upload": self._upload,
            "load": self._load,
            "start": self._start,
            "health": self._health,
            "switch": self._switch,
            "retire": self._retire,
            "record": self._record,
        }
        checks = {"upload": self._there, "load": self._there, "retire": self._nothing_to_retire}
        old = self.decision.old
        reasons = {stage: why for stage, (_, why) in TITLES.items()}
        if old is not None and not moves(self.release, old):
            reasons |= BEHIND_A_FRONT
        steps = tuple(
            Step(
                id=stage,
                title=TITLES[stage][0],
                why=reasons[stage],
                apply=self._told(stage, act),
                commands=self.place.commands(stage, self.release, old, self.artifact),
                check=checks.get(stage),
            )
            for stage, act in acts.items()
        )
        title = msg("{release} on {host}", release=self.release.id, host=self.place.host)
        return Plan(title, self.place.host, steps, self._notes())

    def _told(self, stage: str, act: Act) -> Act:
        """`act`, with what it ran told in words that a person can repeat by hand."""

        async def apply(recorder: Recorder) -> None:
            await act(recorder)
            old = self.decision.old
            for command in self.place.commands(stage, self.release, old, self.artifact):
                recorder.command(Completed(command, 0))

        return apply

    def _notes(self) -> tuple[Words, ...]:
        if self.decision.unchanged:
            return (msg("{host} serves this release already: nothing will be done.", host=self.place.host),)
        release, old = self.release, self.decision.old
        notes: list[Words] = [described(release.health, release.port if release.proxied else release.publish)]
        if old is not None:
            notes.append(_change(release, old))
        return tuple(notes)

    # ---------------------------------------------------------------- doing

    async def run(self) -> HostResult:
        """Does it. Failures are in the result; a cancel is raised after the host is as it was."""
        started = time.monotonic()
        if self.decision.unchanged:
            return self._unchanged(started)
        plan = self.plan()
        run = PlanRun(plan, list(plan.pending()))
        for result in run.results:
            self.watch(self.place.host, result)
        try:
            # the lock is in the stack: it turns the cancel that follows its loss into what happened
            async with self._stack:
                await self._run_plan(run)
        except GoferryError as error:
            run.error = error
        return await self._result(run, time.monotonic() - started)

    async def _run_plan(self, run: PlanRun) -> None:
        """Fills `run`. After a failure or a cancel the old version serves again before anybody is told."""

        def watch(now: PlanRun, result: StepResult) -> None:
            run.results = list(now.results)
            self.watch(self.place.host, result)

        try:
            ended = await run_plan(run.plan, recorder=self.recorder, watch=watch)
            if ended.error is not None:
                run.error = await self._taken_back(ended.error)
        except BaseException:
            await self._taken_back(None)
            raise

    async def _taken_back(self, failure: GoferryError | None) -> GoferryError | None:
        """Brings the old version back. Answers the failure to tell: the first, or that this failed too."""
        if self._confirmed or not self._created:
            return failure
        self.recorder.step = "start"
        try:
            await self.place.restore(
                self.release, self.decision.old if self._swapped else None, self.recorder
            )
        except Exception as error:  # noqa: BLE001  told together with what failed first
            trouble = explained(error)
            if self.decision.old is None or not self._swapped or failure is None:
                return failure or trouble
            if trouble.code in _LINK_GONE:
                self._unseen = True  # what guards the release on the host brings the old one back by itself
                return failure
            detail = "\n".join(
                part for part in (str(failure), failure.detail, str(trouble), trouble.detail) if part
            )
            return OldDidNotComeBack(self.place.host, self.decision.old.title, trouble.what, detail=detail)
        with suppress(GoferryError):  # a full disk takes no record; what failed is told all the same
            failed = self.release.ended(Outcome.FAILED, str(failure.what) if failure is not None else "")
            await self.place.record(failed)
        return failure

    # ---------------------------------------------------------------- stages

    async def _lock(self, recorder: Recorder) -> None:
        what = f"{'rollback' if self.rollback else 'deploy'} {self.release.id} {self.release.version}".strip()
        if isinstance(self.place, GoesAhead):
            self.place.ship_ahead(self.release, self.artifact, self.recorder)
        try:
            await self._stack.enter_async_context(self.place.hold(self.release.app, self.by, what))
        except Locked:
            if not self.take_over:
                raise
            await self.place.take_over(self.release.app)
            await self._stack.enter_async_context(self.place.hold(self.release.app, self.by, what))
        found = await self.place.look(self.release.app)
        check_unchanged(self.seen, found)
        self.seen = found
        self.decision = decide(self.release, found, self.keep, anew=self.anew)
        if self.decision.unchanged:
            raise ChangedSinceSeen(self.place.host, "-", self.release.id)
        await self.place.sweep(leftovers(found, self.release), recorder)
        await self.place.check(self.release, self.artifact, found)

    async def _there(self, recorder: Recorder) -> bool:
        return self._shipment is None and await self.place.has(self.release, self.artifact)

    async def _upload(self, recorder: Recorder) -> None:
        self._shipment = await self._stack.enter_async_context(
            self.place.ship(self.release, self.artifact, recorder)
        )
        self._sent = await self._shipment.sent()
        if self._sent.seconds > 0.05:
            recorder.text(f"{self._sent.bytes} bytes, {self._sent.seconds:.1f} s")

    async def _load(self, recorder: Recorder) -> None:
        if self._shipment is None:
            return
        await self._start_ahead(recorder)
        try:
            self._sent = await self._shipment.loaded()
        except GoferryError:
            if isinstance(self.place, GoesAhead) and not await self.place.called_off():
                self._created = self._swapped = False
            raise
        if self._swapped and self.gap:
            self._stopped_at = time.monotonic()

    async def _start_ahead(self, recorder: Recorder) -> None:
        """From here on the host may have begun."""
        if isinstance(self.place, GoesAhead):
            wish = (self.release, self.decision.old, self.artifact, self.values, recorder)
            self._created = self._swapped = await self.place.start_ahead(*wish)

    async def _start(self, recorder: Recorder) -> None:
        self._created = True
        await self.place.create(self.release, self.artifact, self.values, recorder)
        if self._stopped_at is None and self.gap:
            self._stopped_at = time.monotonic()
        self._swapped = True
        await self.place.swap(self.release, self.decision.old, recorder)

    async def _health(self, recorder: Recorder) -> None:
        def tell(probe: Probe, good: int) -> None:
            if probe.ok and good == 1 and self._stopped_at is not None:
                self._gap = round((time.monotonic() - self._stopped_at) * 1000)
            recorder.text(f"{probe.said}")

        await gate(self.place, self.release, tell)

    async def _switch(self, recorder: Recorder) -> None:
        # from here on there is no way back but a rollback: a cancel in these milliseconds comes after them
        self._confirmed = True
        good = replace(self.release, outcome=Outcome.GOOD, why="")
        confirming = asyncio.ensure_future(self.place.confirm(good, self.decision.old, recorder))
        try:
            await asyncio.shield(confirming)
        except asyncio.CancelledError:
            [answer] = await asyncio.gather(confirming, return_exceptions=True)
            # the link went before the answer came: nobody knows here whether it was kept
            self._confirmed = not isinstance(answer, BaseException)
            raise
        except Exception:
            self._confirmed = False
            raise
        if self.decision.old is not None and self._stopped_at is None:
            self._gap = 0
        await self.place.settle(self.release, recorder)

    async def _nothing_to_retire(self, recorder: Recorder) -> bool:
        return not self.decision.obsolete

    async def _retire(self, recorder: Recorder) -> None:
        await self.place.retire(self.decision.obsolete, self.decision.kept, recorder)
        for release in self.decision.obsolete:
            if release.outcome is not Outcome.FAILED:
                await self.place.record(release.ended(Outcome.REMOVED))

    async def _record(self, recorder: Recorder) -> None:
        old = self.decision.old
        if old is not None and (left := superseded(old, self.release)) != old:
            await self.place.record(left)

    # ---------------------------------------------------------------- results

    def _unchanged(self, started: float) -> HostResult:
        held = tuple(replace(result, state=StepState.HELD) for result in self.plan().pending())
        for result in held:
            self.watch(self.place.host, result)
        return HostResult(self.place.host, HostState.UNCHANGED, held, seconds=time.monotonic() - started)

    async def _result(self, run: PlanRun, seconds: float) -> HostResult:
        state = HostState.DONE if run.ok else await self._state_after(run.error)
        notes: tuple[Words, ...] = ()
        if self._gap is not None and run.ok:
            notes = (
                msg("Requests were refused for {ms} ms.", ms=self._gap)
                if self._gap
                else msg("No request was lost."),
            )
        sent = self._sent
        if sent.note and run.ok:
            notes = (*notes, sent.note)
        return HostResult(
            self.place.host,
            state,
            tuple(run.results),
            sent.bytes,
            self._gap,
            seconds,
            run.error,
            notes,
            sent.how,
            sent.relayed,
        )

    async def _state_after(self, error: GoferryError | None) -> HostState:
        if isinstance(error, OldDidNotComeBack):
            return HostState.FAILED
        if self._unseen:
            return HostState.UNKNOWN
        if self._confirmed:
            # it serves; only the tidying after it failed
            return HostState.FAILED
        if not self._swapped or self.decision.old is None:
            return HostState.FAILED if not self._created or await self._answers() else HostState.UNKNOWN
        return HostState.ROLLED_BACK if await self._answers() else HostState.UNKNOWN

    async def _answers(self) -> bool:
        """Whether the host can be asked at all, after a failure."""
        try:
            await self.place.look(self.release.app)
        except GoferryError:
            return False
        return True


def _change(release: Release, old: Release) -> Words:
    """What the change costs those who ask at the port."""
    if not moves(release, old):
        return msg("{release} answers until the new one is well: no request is lost.", release=old.id)
    if release.proxied and not old.proxied:
        return msg(
            "{release} gives its port to a front, once: nobody answers for a moment. From then on no request is lost.",
            release=old.id,
        )
    if old.proxied:
        return msg(
            "The front in front of {release} gives its port up, once: nobody answers for a moment.",
            release=old.id,
        )
    return msg("{release} stops for a moment, and starts again if the new one fails.", release=old.id)


__all__ = ["Rollout", "Watch"]
