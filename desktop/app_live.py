"""What runs, what it writes and how it does, for the window and for `goferry logs`. No Qt."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_deploy import Target, find_target
from desktop.app_seats import HostAnswer, HostLook, Seat, labelled, offset_of, seats_on, source_of
from desktop.base.errors import GoferryError, explained
from desktop.base.together import together
from desktop.base.words import Words, msg, nmsg
from desktop.watch import (
    Alert,
    Check,
    Feed,
    LogLine,
    LogSource,
    Turn,
    UsageSample,
    Watcher,
)

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.release import HostResult

LOOK_SECONDS = 5.0
FIRST_LINES = 500
"""Lines of each container that are shown at once."""
ALERTS = 50


@dataclass(frozen=True, slots=True)
class LiveAlert:
    """Something a person wants to know now. `state` is a shape: fail, warn, ok, off."""

    at: float
    state: str
    title: Words
    host: str
    label: str
    said: str = ""


async def change_seat(app: App, folder: Path, seat: Seat, verb: str) -> tuple[HostResult, ...]:
    """Restart, stop or start the project's app on the seat's host: `verb` is one of these words."""
    from desktop import app_releases as life

    found = await life.overview(app, folder, [seat.host])
    if verb == "stop":
        return await life.stop(app, found)
    return await life.start(app, found, again=verb == "restart")


class Live:
    """Looks at the hosts of a target for as long as it runs; `on_lines` gets batches on the loop's thread."""

    def __init__(
        self,
        app: App,
        target: Target,
        on_lines: Callable[[list[LogLine]], None],
        on_alert: Callable[[LiveAlert], None] = lambda alert: None,
        on_look: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_look` is called when a host has answered, or failed to."""
        self.app, self.target = app, target
        self._on_lines, self._on_alert, self._on_look = on_lines, on_alert, on_look
        self.looks = {host.name: HostLook(host.name, since=time.time()) for host in target.hosts}
        self.unticked: set[tuple[str, str]] = set()
        """Seats a person took out of the log; the project's own are in it from the start."""
        self.ticked: set[tuple[str, str]] = set()
        """Other containers a person put into the log."""
        self.alerts: deque[LiveAlert] = deque(maxlen=ALERTS)
        self.watcher = Watcher(app.pools.net, self._on_turn)
        self.offsets: dict[str, float] = {}
        self._sources: dict[tuple[str, str], LogSource] = {}
        self._resting: dict[tuple[str, str], LogSource] = {}
        """Those that were in the log: a release that a rollback brings back goes on where its lines ended."""
        self._feed = self._new_feed(None, FIRST_LINES)
        self._watched: dict[tuple[str, str], Seat] = {}
        self._wake = asyncio.Event()

    # What the page reads

    @property
    def feed(self) -> Feed:
        return self._feed

    @property
    def seats(self) -> tuple[Seat, ...]:
        return tuple(seat for look in self.looks.values() for seat in look.seats)

    def is_ticked(self, seat: Seat) -> bool:
        """Whether its lines are in the log."""
        return seat.key not in self.unticked if seat.ours else seat.key in self.ticked

    @property
    def streaming_hosts(self) -> int:
        return len({key[0] for key in self._sources})

    # What the page wishes

    async def tick(self, keys: Iterable[tuple[str, str]], on: bool) -> None:
        """Put seats into the log or take them out."""
        own = {seat.key for seat in self.seats if seat.ours}
        for key in keys:
            chosen, wanted = (self.unticked, not on) if key in own else (self.ticked, on)
            chosen.add(key) if wanted else chosen.discard(key)
        await self._follow_ticked()

    async def restart_feed(self, span: float | None) -> None:
        """Read again from `span` seconds back; None: from the newest lines on."""
        since = None if span is None else time.time() - span
        old, new = self._feed, self._new_feed(since, FIRST_LINES if span is None else 20_000)
        # in one step: a look that goes on meanwhile gives its sources to the new one, and never to one that ends
        self._feed, self._sources, self._resting = new, {}, {}
        new.start()
        await old.close()
        await self._follow_ticked()

    def _new_feed(self, since: float | None, tail: int) -> Feed:
        """Its lines count for as long as it is the one in force."""

        def give_on(lines: list[LogLine]) -> None:
            if self._feed is feed:
                self._on_lines(lines)

        feed = Feed((), self.app.pools.files, give_on, since=since, tail=tail)
        return feed

    def try_now(self) -> None:
        """Ask lost hosts again at once."""
        self._feed.try_now()
        self._wake.set()

    async def run(self) -> None:
        """Look every few seconds until cancelled; far processes are ended then."""
        self._feed.start()
        try:
            while True:
                await self.look()
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
        finally:
            await self._feed.close()
            await self.watcher.close()

    async def look(self) -> None:
        """One look at all hosts, side by side."""
        await together(*(self._look_at(host) for host in self.looks))

    # Looking

    async def _look_at(self, host: str) -> None:
        before = self.looks[host]
        try:
            seats = await seats_on(self.app, self.target, host)
            if host not in self.offsets:
                self.offsets[host] = await offset_of(self.app, host)
        except (GoferryError, OSError) as error:
            self._lost(before, explained(error))
        else:
            now = time.time()
            since = before.since if before.answer is HostAnswer.OK else now
            if before.answer is HostAnswer.LOST and before.at:
                self._say("ok", msg("{host} answers again", host=host), host)
            self.looks[host] = HostLook(host, HostAnswer.OK, seats, now, since)
            self._name_seats()
            self._compare(before, self.looks[host])
        await self._follow_ticked()
        await self._watch()
        self._on_look()

    def _lost(self, before: HostLook, error: GoferryError) -> None:
        if before.answer is HostAnswer.LOST:
            self.looks[before.host] = replace(before, error=error)
            return
        self.looks[before.host] = replace(before, answer=HostAnswer.LOST, since=time.time(), error=error)
        if before.at:
            self._say(
                "off", msg("{host} does not answer", host=before.host), before.host, said=str(error.what)
            )

    def _name_seats(self) -> None:
        names = labelled(self.looks.values())
        for host, look in self.looks.items():
            seats = tuple(replace(seat, label=names[seat.key]) for seat in look.seats)
            self.looks[host] = replace(look, seats=seats)

    def _compare(self, before: HostLook, now: HostLook) -> None:
        """Restarts and ends that nobody asked for are alerts."""
        known = {seat.key: seat for seat in before.seats}
        for seat in now.seats:
            old = known.get(seat.key)
            if old is None or not seat.ours:
                continue
            if seat.restarts > old.restarts:
                n = seat.restarts - old.restarts
                title = nmsg("Restarted by itself", "Restarted by itself {n} times", n)
                self._say("warn", title, seat.host, seat.label, said=_ended(seat))
            elif old.running and not seat.running:
                self._say(
                    "fail" if seat.exit_code else "off", msg("Stopped"), seat.host, seat.label, _ended(seat)
                )

    # Following and watching

    async def _follow_ticked(self) -> None:
        feed = self._feed
        wanted = {seat.key: seat for seat in self.seats if self.is_ticked(seat) and seat.host in self.offsets}
        for key in [key for key in self._sources if key not in wanted and self.looks[key[0]].at]:
            if self._feed is feed and (source := self._sources.pop(key, None)) is not None:
                self._resting[key] = source
                await feed.remove(source)
        for key, seat in wanted.items():
            if key in self._sources:
                continue
            source = self._resting.pop(key, None) if self._feed is feed else None
            source = source or await source_of(self.app, seat, self.target.app, self.offsets[seat.host])
            if self._feed is not feed:
                return  # whoever began another one has it follow all that is ticked
            if key not in self._sources and self.is_ticked(seat):  # another host's answer may have come first
                self._sources[key] = source
                feed.add(source)

    async def _watch(self) -> None:
        wanted = {seat.key: seat for seat in self.seats if seat.ours and seat.running}
        if {key: _watched_by(seat) for key, seat in wanted.items()} == {
            key: _watched_by(seat) for key, seat in self._watched.items()
        }:
            return
        old, self._watched = self._watched, wanted
        await self.watcher.only(tuple(wanted))
        for key, seat in wanted.items():
            if key not in old:
                self._watch_seat(seat)

    def _watch_seat(self, seat: Seat) -> None:
        options = self.target.config.health
        if seat.publish and not options.command:
            check = Check(
                host=seat.host,
                source=seat.id,
                port=seat.publish,
                address="127.0.0.1" if seat.bind in ("", "0.0.0.0", "::") else seat.bind,  # noqa: S104
                path=None if options.tcp or not options.http else options.http,
                interval=options.interval,
                timeout=options.timeout,
            )
            self.watcher.watch(check, self.app.sessions.channel(seat.host))
        if not seat.native:
            self.watcher.measure(seat.host, seat.id, lambda: self._usage(seat))

    async def _usage(self, seat: Seat) -> UsageSample | None:
        engine = await self.app.engine(seat.host)
        stats = await engine.stats(seat.id)
        # without a limit of its own the engine names the host's memory
        limit = min(seat.memory_limit, stats.memory_limit) if seat.memory_limit else 0
        return UsageSample(time.time(), seat.host, seat.id, stats.cpu_percent, stats.memory, limit)

    def _on_turn(self, alert: Alert) -> None:
        sample = alert.sample
        label = next((s.label for s in self.seats if s.key == (sample.host, sample.source)), sample.source)
        titles: dict[Turn, tuple[str, Words]] = {
            Turn.BAD: ("fail", msg("Not healthy")),
            Turn.BACK: ("ok", msg("Healthy again")),
            Turn.UNKNOWN: ("off", msg("No answer to 3 checks")),
        }
        state, title = titles[alert.turn]
        self._say(state, title, sample.host, label, sample.said)

    def _say(self, state: str, title: Words, host: str, label: str = "", said: str = "") -> None:
        alert = LiveAlert(time.time(), state, title, host, label or host, said)
        self.alerts.appendleft(alert)
        self._on_alert(alert)


def _watched_by(seat: Seat) -> tuple[str, int, str, bool]:
    return (seat.id, seat.publish, seat.bind, seat.native)


def _ended(seat: Seat) -> str:
    return f"exit {seat.exit_code}" if seat.exit_code is not None else ""


async def open_live(
    app: App,
    folder: Path,
    names: Sequence[str],
    on_lines: Callable[[list[LogLine]], None],
    on_alert: Callable[[LiveAlert], None] = lambda alert: None,
    on_look: Callable[[], None] = lambda: None,
) -> Live:
    """A Live for a project's environment or hosts. Raises what finding the target raises."""
    return Live(app, await find_target(app, folder, names), on_lines, on_alert, on_look)
