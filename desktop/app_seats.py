"""What runs on the hosts of a project, and where each of it writes its log. No Qt."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from desktop.app_deploy import Target, place_of
from desktop.base.errors import GoferryError
from desktop.base.together import together
from desktop.watch import ContainerLogs, EngineLogs, FileLogs, LogSource

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.engine import Container
    from desktop.release import Instance, Release, Seen


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
        for instance in _shown(seen)
    )
    if native or not others:
        return own
    return (*own, *await _other_seats(app, host, {seat.id for seat in own}))


def _shown(seen: Seen) -> list[Instance]:
    """What runs; else the newest of what ran. Stopped releases that are kept for a rollback are no news."""
    newest = sorted(seen.instances, key=lambda one: (one.running, one.started), reverse=True)
    return [one for one in newest if one.running] or newest[:1]


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
        memory_limit=bytes_of(release.memory) if release is not None else 0,
        publish=release.publish if release is not None else target.publish,
        bind=(release.bind if release is not None else target.environment.bind) or "127.0.0.1",
        native=native,
    )


async def _other_seats(app: App, host: str, known: set[str]) -> tuple[Seat, ...]:
    """What else the host's engine runs: a database, a proxy. Nothing is lost when it cannot be asked."""
    engine = await app.engine(host)
    found = []
    containers = await engine.containers(all=True)
    up = {_service_of(container) for container in containers if container.running}
    own = {_service_of(container) for container in containers if container.name in known}
    for container in containers:
        service = _service_of(container)
        if container.name in known or service in own or (not container.running and service in up):
            continue
        found.append(
            Seat(
                host=host,
                id=container.name,
                label=container.name,
                service=service,
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


def _service_of(container: Container) -> str:
    labels = container.labels
    return labels.get("io.goferry.app") or labels.get("com.docker.compose.service") or container.name


def bytes_of(memory: str) -> int:
    """Of "256m" the bytes, as Docker reads it; 0 where no limit is set."""
    text = memory.strip().lower().removesuffix("b")
    factor = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}.get(text[-1:], 1)
    number = text.rstrip("kmg")
    return int(float(number) * factor) if number.replace(".", "", 1).isdigit() else 0


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

    looks = await together(*(one(host.name) for host in target.hosts))
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
