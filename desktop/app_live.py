"""What runs, what it writes and how it does, for the window and for `goferry logs`. No Qt."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_deploy import Target, place_of
from desktop.base.errors import GoferryError, explained
from desktop.base.words import Words, msg, nmsg
from desktop.watch import (
    Alert,
    Check,
    ContainerLogs,
    EngineLogs,
    Feed,
    FileLogs,
    LogLine,
    LogSource,
    Turn,
    UsageSample,
    Watcher,
)

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.release import HostResult, Instance, Release, Seen

LOOK_SECONDS = 5.0
FIRST_LINES = 500
"""Lines of each container that are shown at once."""
ALERTS = 50


@dataclass(frozen=True, slots=True)
class Seat:
    """One thing that runs, or has run, and writes a log: a container, or a program on this computer."""

    host: str
    id: str
    """Names it to its engine; for a program, its release."""
    label: str
    """Its name in the merged log, unique there."""
    service: str
    ours: bool
    """Of the project; the others on its hosts are shown too."""
    state: str
    health: str = ""
    """What its engine says of it: "healthy", "unhealthy" or ""."""
    version: str = ""
    release: str = ""
    image: str = ""
    digest: str = ""
    started: float = 0.0
    """Seconds UTC by our clock; 0 when unknown."""
    restarts: int = 0
    exit_code: int | None = None
    memory_limit: int = 0
    publish: int = 0
    bind: str = "127.0.0.1"
    native: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.host, self.id)

    @property
    def running(self) -> bool:
        return self.state in ("running", "restarting", "paused")


class HostAnswer(StrEnum):
    CONNECTING = "connecting"
    OK = "ok"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class HostLook:
    """What is known of a host. With LOST `seats` are those of the last answer, which came `at`."""

    host: str
    answer: HostAnswer = HostAnswer.CONNECTING
    seats: tuple[Seat, ...] = ()
    at: float = 0.0
    since: float = 0.0
    """When the state began, seconds UTC."""
    error: GoferryError | None = None


@dataclass(frozen=True, slots=True)
class LiveAlert:
    """Something a person wants to know now. `state` is a shape: fail, warn, ok, off."""

    at: float
    state: str
    title: Words
    host: str
    label: str
    said: str = ""


# ------------------------------------------------------------------------------------------ seats and their sources


async def seats_on(app: App, target: Target, host: str, *, others: bool = True) -> tuple[Seat, ...]:
    """Everything that runs on a host: the project's own first. Raises the host's and the engine's errors."""
    place = await place_of(app, host, target.app)
    asked = time.time()
    seen = await place.look(target.app)
    ahead = seen.now - (asked + time.time()) / 2 if seen.now else 0.0
    native = place.kind == "native"
    releases = {release.id: release for release in seen.releases}
    own = tuple(
        _own_seat(target, instance, releases.get(instance.release), native, ahead)
        for instance in _newest_first(seen)
    )
    if native or not others:
        return own
    return (*own, *await _other_seats(app, host, {seat.id for seat in own}))


def _newest_first(seen: Seen) -> list[Instance]:
    return sorted(seen.instances, key=lambda instance: (instance.running, instance.started), reverse=True)


def _own_seat(
    target: Target, instance: Instance, release: Release | None, native: bool, ahead: float
) -> Seat:
    return Seat(
        host=instance.host,
        id=instance.release if native else instance.container,
        label=instance.host,
        service=target.app,
        ours=True,
        state=instance.state,
        health=instance.health,
        version=instance.version,
        release=instance.release,
        started=instance.started - ahead if instance.started else 0.0,
        restarts=instance.restarts,
        exit_code=instance.exit_code,
        image=release.image_ref if release is not None else "",
        digest=release.image_digest if release is not None else "",
        publish=release.publish if release is not None else target.publish,
        bind=(release.bind if release is not None else target.environment.bind) or "127.0.0.1",
        native=native,
    )


async def _other_seats(app: App, host: str, known: set[str]) -> tuple[Seat, ...]:
    """What else the host's engine runs: a database, a proxy. Nothing is lost when it cannot be asked."""
    engine = await app.engine(host)
    found = []
    for container in await engine.containers(all=True):
        if container.name in known or container.id in known:
            continue
        service = container.labels.get("io.goferry.app") or container.labels.get("com.docker.compose.service")
        found.append(
            Seat(
                host=host,
                id=container.name,
                label=container.name,
                service=service or container.name,
                ours=False,
                state=container.state,
                health=container.health or "",
                image=container.image,
                started=container.started or 0.0,
                restarts=container.restarts or 0,
                exit_code=container.exit_code,
            )
        )
    return tuple(found)


def labelled(looks: Iterable[HostLook]) -> dict[tuple[str, str], str]:
    """A name for each seat, unique in the merged log: the host where one container of the project runs on it, the
    container's own name else."""
    seats = [seat for look in looks for seat in look.seats]
    names: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for seat in seats:
        first = seat.host if seat.ours else seat.id
        name = first if first not in taken else f"{seat.host}/{seat.id}"
        taken.add(name)
        names[seat.key] = name
    return names


async def source_of(app: App, seat: Seat, app_name: str, offset: float) -> LogSource:
    """The stream of a seat's lines."""
    if seat.native:
        from desktop.release.places.native import NativePlace

        files = NativePlace(app.home, app.pools.files).log_files(app_name, seat.release)
        return FileLogs(app.pools.files, (files[0], files[1]), name=seat.label, host=seat.host)
    channel = app.sessions.channel(seat.host)
    if channel.local:
        # its engine may be another one than the docker program's own choice, or there may be no such program
        return EngineLogs(await app.engine(seat.host), seat.id, name=seat.label, host=seat.host)
    return ContainerLogs(channel, seat.id, name=seat.label, host=seat.host, clock_offset=offset)


async def log_sources(app: App, target: Target) -> tuple[list[LogSource], dict[str, GoferryError]]:
    """The project's streams on all hosts of the target, side by side; and who did not answer, with the reason."""

    offsets: dict[str, float] = {}

    async def one(host: str) -> HostLook:
        try:
            look = HostLook(host, HostAnswer.OK, await seats_on(app, target, host, others=False))
        except GoferryError as error:
            return HostLook(host, HostAnswer.LOST, error=error)
        offsets[host] = await offset_of(app, host) if look.seats else 0.0
        return look

    looks = await asyncio.gather(*(one(host.name) for host in target.hosts))
    names = labelled(looks)
    sources = []
    for look in looks:
        own = [replace(seat, label=names[seat.key]) for seat in look.seats if seat.ours]
        sources += [await source_of(app, seat, target.app, offsets[look.host]) for seat in own]
    return sources, {look.host: look.error for look in looks if look.error is not None}


async def offset_of(app: App, host: str) -> float:
    """How far a host's clock is ahead; 0 when it cannot be asked."""
    from desktop.watch.clock import clock_offset

    with suppress(GoferryError):
        return await clock_offset(app.sessions.channel(host))
    return 0.0


async def change_seat(app: App, folder: Path, seat: Seat, verb: str) -> tuple[HostResult, ...]:
    """Restart, stop or start the project's app on the seat's host: `verb` is one of these words."""
    from desktop import app_releases as life

    found = await life.overview(app, folder, [seat.host])
    if verb == "stop":
        return await life.stop(app, found)
    return await life.start(app, found, again=verb == "restart")


# ------------------------------------------------------------------------------------------------------- the window


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
        self._feed = Feed((), app.pools.files, on_lines, tail=FIRST_LINES)
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
        old, self._sources = self._feed, {}
        await old.close()
        since = None if span is None else time.time() - span
        tail = FIRST_LINES if span is None else 20_000
        self._feed = Feed((), self.app.pools.files, self._on_lines, since=since, tail=tail)
        self._feed.start()
        await self._follow_ticked()

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
        await asyncio.gather(*(self._look_at(host) for host in self.looks))

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
        wanted = {seat.key: seat for seat in self.seats if self.is_ticked(seat) and seat.host in self.offsets}
        for key in [key for key in self._sources if key not in wanted and self.looks[key[0]].at]:
            await self._feed.remove(self._sources.pop(key))
        for key, seat in wanted.items():
            if key not in self._sources:
                source = await source_of(self.app, seat, self.target.app, self.offsets[seat.host])
                self._sources[key] = source
                self._feed.add(source)

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
        return UsageSample(
            time.time(), seat.host, seat.id, stats.cpu_percent, stats.memory, stats.memory_limit or 0
        )

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
    from desktop.app_deploy import find_target

    return Live(app, await find_target(app, folder, names), on_lines, on_alert, on_look)
