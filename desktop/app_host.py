"""What one host carries beyond what runs now: its images, and what was done to it. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.base.errors import GoferryError
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.engine import Container, EngineImage

APP_LABEL = "io.goferry.app"
_KINDS = ("host.setup", "host.command")
"""Jobs of this computer that belong into a host's history; looking alone is none of it."""


@dataclass(frozen=True, slots=True)
class HostImage:
    """An image on a host. `app` is empty for one that Goferry did not bring."""

    id: str
    tags: tuple[str, ...]
    size: int
    created: float
    app: str = ""
    used_by: tuple[str, ...] = ()
    """Names of containers, running or not: a kept release can be gone back to."""

    @property
    def is_old(self) -> bool:
        """Ours, and nothing would miss it."""
        return bool(self.app) and not self.used_by


@dataclass(frozen=True, slots=True)
class HostDeed:
    """Something that was done to a host. `state` is one of the shapes' names, `at` UTC seconds."""

    at: float
    title: Words
    second: Words = ""
    state: str = "ok"
    by: str = ""


def images_of(images: Sequence[EngineImage], containers: Sequence[Container]) -> tuple[HostImage, ...]:
    """Each image with what uses it; ours first, the newest first."""
    users: dict[str, list[str]] = {}
    for container in containers:
        users.setdefault(container.image_id, []).append(container.name)
    found = [
        HostImage(
            image.id,
            image.tags,
            image.size,
            image.created,
            image.labels.get(APP_LABEL, ""),
            tuple(sorted({*users.get(image.id, ()), *users.get(image.digest, ())})),
        )
        for image in images
    ]
    return tuple(sorted(found, key=lambda one: (not one.app, -one.created, one.tags)))


async def host_images(app: App, host: str) -> tuple[HostImage, ...]:
    """The tagged images of a host's engine. Raises what the way to the engine raises."""
    engine = await app.engine(host)
    return images_of(await engine.images(), await engine.containers(all=True))


async def remove_images(app: App, host: str, images: Sequence[HostImage]) -> int:
    """Takes them away, the bytes they took; never by force: what a container uses stays. Raises EngineRefused."""
    engine = await app.engine(host)
    freed = 0
    for image in images:
        for tag in image.tags or (image.id,):
            await engine.remove_image(tag)
        freed += image.size
    return freed


async def host_history(app: App, host: str) -> tuple[HostDeed, ...]:
    """Releases as the server itself remembers them, and what this computer did there; the newest first. A server that
    does not answer leaves out its part."""
    deeds = _own_deeds(app, host)
    deeds += await _releases(app, host)
    return tuple(sorted(deeds, key=lambda deed: deed.at, reverse=True))


def _own_deeds(app: App, host: str) -> list[HostDeed]:
    states = {"done": "ok", "failed": "fail", "cancelled": "off", "interrupted": "warn"}
    past = [
        HostDeed(record.started, record.title, record.stage, states.get(record.state, "off"))
        for record in app.history.past
        if record.subject == host and record.kind in _KINDS
    ]
    now = [
        HostDeed(job.started, job.title, job.stage, states.get(str(job.state), "busy"))
        for job in app.jobs.all
        if job.subject == host and job.kind in _KINDS
    ]
    return [*past, *now]


async def _releases(app: App, host: str) -> list[HostDeed]:
    from desktop.app_deploy import place_of
    from desktop.release import Outcome

    try:
        engine = await app.engine(host)
        names = {one.labels.get(APP_LABEL, "") for one in await engine.containers(all=True)} - {""}
        seen = [await (await place_of(app, host, name)).look(name) for name in sorted(names)]
    except GoferryError:
        return []
    states = {
        Outcome.GOOD: "ok", Outcome.FAILED: "fail", Outcome.ROLLED_BACK: "undo", Outcome.REMOVED: "off",
    }  # fmt: skip
    return [
        HostDeed(
            release.at,
            msg("Deployed {app} {version}", app=release.app, version=release.title),
            release.why,
            states[release.outcome],
            release.by,
        )
        for one in seen
        for release in one.releases
    ]
