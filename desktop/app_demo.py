"""`goferry demo`: the newcomer's whole way on this computer, with a real project, build, image and running app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_build import Prepared
    from desktop.build import Binary
    from desktop.image import Image
    from desktop.release import Release, RolloutResult

NAME = "hello-goferry"
LINES = 5

T = TypeVar("T")

Say = Callable[[Words], None]


class DemoFailed(GoferryError):
    code = "demo.failed"

    def __init__(self, error: GoferryError) -> None:
        super().__init__(
            msg("The demo's app did not become healthy: {what}", what=error.what),
            error.why,
            error.fix,
            detail=error.detail,
        )


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo made. `seconds` is the whole way's time; `log` the app's last lines."""

    project: Path
    binary: Binary
    image: Image
    release: Release
    url: str
    health: dict[str, Any]
    log: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        binary, image = self.binary, self.image
        return {
            "project": str(self.project),
            "binary": {
                "target": binary.target,
                "path": str(binary.path),
                "size": binary.size,
                "sha256": binary.sha256,
            },
            "image": {"ref": image.ref, "digest": image.digest, "size": image.size},
            "release": self.release.id,
            "url": self.url,
            "health": self.health,
            "log": list(self.log),
            "seconds": round(self.seconds, 2),
        }


async def run_demo(app: App, folder: Path | None, say: Say) -> DemoResult:
    """Scaffold (or find again), build, image, deploy to this computer, health, logs. Raises what went wrong."""
    from desktop.app_build import prepare

    started = time.monotonic()
    folder = await _scaffold(app, folder or app.home.root / "demo" / NAME, say)
    app.remember_project(folder)
    project = await app.project(folder)
    prepared = await prepare(app, project, output=app.home.folder("builds", NAME))
    title: Words = msg("Build {name} {version}", name=NAME, version=prepared.version)
    binary, image = await _job(app, "build", title, folder, partial(_make, app, prepared, say))
    title = msg("Deploy {name} to this computer", name=NAME)
    result = await _job(app, "deploy", title, folder, partial(_deploy, app, folder, say))
    release = result.release
    url = f"http://127.0.0.1:{release.publish}{release.health.http or '/'}"
    health = await app.pools.net.run(partial(_ask, url=url))
    say(msg("It answers at {url}", url=url))
    log = await _last_lines(app, folder)
    return DemoResult(folder, binary, image, release, url, health, log, time.monotonic() - started)


async def _job(
    app: App, kind: str, title: Words, folder: Path, work: Callable[[Job[Any]], Awaitable[T]]
) -> T:
    """Does `work` as a job, so that history and window show it like any other; cancels it with its caller."""
    subject = str(folder) if kind == "build" else folder.name  # as the pages name theirs
    job: Job[T] = app.jobs.start(kind, title, work, subject=subject, page=kind)
    try:
        return await job.wait()
    except asyncio.CancelledError:
        job.cancel()
        with suppress(asyncio.CancelledError, GoferryError):
            await job.wait()
        raise


def _both(job: Job[Any], say: Say) -> Say:
    """Tells the job as well as the caller."""

    def told(words: Words) -> None:
        job.report(words)
        job.say(str(words))
        say(words)

    return told


async def _make(app: App, prepared: Prepared, say: Say, job: Job[Any]) -> tuple[Binary, Image]:
    from desktop.app_build import build_project, make_image

    tell = _both(job, say)
    tell(msg("Building it for Linux"))
    outcome = await build_project(app, prepared)
    for failure in outcome.failures.values():
        raise failure
    binary = outcome.binaries[0]
    tell(msg("Built {target} in {seconds} s", target=binary.target, seconds=f"{binary.seconds:.1f}"))
    image = await make_image(app, prepared, binary)
    tell(msg("Made the image {ref}", ref=image.ref))
    return binary, image


async def _deploy(app: App, folder: Path, say: Say, job: Job[Any]) -> RolloutResult:
    from desktop.app_deploy import deploy_project

    result = await deploy_project(app, folder, ["local"], say=_both(job, say))
    if result.error is not None:
        raise DemoFailed(result.error) from result.error
    job.report(msg("It is healthy"))
    return result


async def _scaffold(app: App, folder: Path, say: Say) -> Path:
    from desktop.project import Answers, create_project, template

    if (folder / "go.mod").is_file():
        say(msg("Using the project in {folder}", folder=str(folder)))
        return folder
    one = template("http")
    options = frozenset(option.id for option in one.options if option.default)
    port = await app.pools.net.run(_free_port)
    say(msg("Making a project in {folder}", folder=str(folder)))

    def write(token: CancelToken) -> object:
        return create_project(one.id, Answers(NAME, f"example.com/{NAME}", port, options=options), folder)

    await app.pools.files.run(write)
    return folder


def _free_port(token: CancelToken) -> int:
    """8080 as people expect it, else a port that nobody holds now."""
    import socket

    for port in (8080, 8081, 8090, 18080, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 8080


def _ask(token: CancelToken, *, url: str) -> dict[str, Any]:
    import requests

    started = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False  # a company's proxy does not know this computer's own services
        answer = session.get(url, timeout=5)
    milliseconds = round((time.monotonic() - started) * 1000, 1)
    return {"ok": answer.ok, "status": answer.status_code, "ms": milliseconds, "body": answer.text[:200]}


async def _last_lines(app: App, folder: Path) -> tuple[str, ...]:
    from desktop.app_deploy import find_target
    from desktop.app_seats import log_sources
    from desktop.watch import merged

    sources, _ = await log_sources(app, await find_target(app, folder, ["local"]))
    lines: list[str] = []
    async for batch in merged(sources, app.pools.files, tail=LINES, follow=False):
        lines.extend(line.text for line in batch if not line.mark)
    return tuple(lines[-LINES:])


async def end_demo(app: App, folder: Path) -> None:
    """Stops and removes the demo's app; its project stays. Nothing to remove is fine."""
    from desktop.app_releases import overview, remove

    with suppress(GoferryError):
        await remove(app, await overview(app, folder, ["local"]))
