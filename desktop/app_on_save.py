"""Deploy on save: a project's folder is watched, and each save is built, tested as its choices say, and deployed.

The folder, the environment and what is under way are told as a `State`; the window and `goferry watch` show it. One run
at a time: a save during a build starts that over, a save during a deploy waits for its end. A build that fails changes
no host. Nothing starts by itself: a person switches it on, each time Goferry was started.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_build import OUTPUT, Built
from desktop.app_deploy import (
    PRODUCTION,
    Prepared,
    environments_of,
    find_target,
    prepare_deploy,
    run_prepared,
)
from desktop.base.blocking import Cancelled
from desktop.base.environments import environment_words
from desktop.base.errors import GoferryError, explained
from desktop.base.jobs import Job
from desktop.base.plans import Recorder, StepResult, StepState
from desktop.base.words import Words, msg
from desktop.build import BuildEvent, Inputs, Saved, Watching, module_place
from desktop.project import folders_outside, go_work_of

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.project import Config

MOST_RESTARTS = 3
"""Builds that newer saves may end, one after the other; then one goes through to its end, and the newest follows."""
REMEMBERED = 200


class Doing(StrEnum):
    PAUSED = "paused"
    WATCHING = "watching"
    BUILDING = "building"
    TESTING = "testing"
    DEPLOYING = "deploying"
    SERVES = "serves"
    FAILED = "failed"

    @property
    def busy(self) -> bool:
        return self in (Doing.BUILDING, Doing.TESTING, Doing.DEPLOYING)


@dataclass(frozen=True, slots=True)
class State:
    """What is so now. `saved`: the save it is about, if there was one yet."""

    doing: Doing = Doing.PAUSED
    environment: str = ""
    saved: Saved | None = None
    version: str = ""
    """That serves, or is on its way; the release's name, where the program has none."""
    seconds: float | None = None
    """From the save to the new version serving."""
    unchanged: bool = False
    """The save made no difference to the program: what served goes on."""
    failed_at: str = ""
    """With FAILED: what was being done."""
    error: GoferryError | None = None

    def to_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {"state": str(self.doing), "environment": self.environment}
        if self.saved is not None:
            values |= {"saved": list(self.saved.files), "saved_at": self.saved.at}
        if self.version:
            values["version"] = self.version
        if self.seconds is not None:
            values |= {"seconds": round(self.seconds, 3), "unchanged": self.unchanged}
        if self.error is not None:
            values |= {"failed_at": self.failed_at, "error": self.error.to_json()}
        return values


class NotOnSave(GoferryError):
    code = "on_save.production"

    def __init__(self, environment: str) -> None:
        super().__init__(
            msg("Nothing is deployed to {environment} on save.", environment=environment),
            msg("Its name says that it is production, where each version is wanted on purpose."),
            msg("Choose an environment for development, or deploy there from the Deploy page."),
        )


Follow = Callable[[str, Any], object]
"""What a run tells of its build: `("begins", Saved)`, `("event", BuildEvent)`, `("built", Built)`, and
`("ended", …)` with the error, or None."""


class OnSave:
    """One project that is deployed on save, to one environment."""

    def __init__(self, app: App, folder: Path, environment: str) -> None:
        self.app, self.folder = app, folder
        self.state = State(environment=environment)
        self.follow: Follow = lambda what, value: None
        self._listeners: list[Callable[[State], None]] = []
        self._watching: Watching | None = None
        self._task: asyncio.Task[None] | None = None
        self._job: Job[None] | None = None
        self._attempt: asyncio.Task[Prepared] | None = None
        self._newer: Saved | None = None
        self._restarts = 0

    @property
    def environment(self) -> str:
        return self.state.environment

    @property
    def on(self) -> bool:
        return self._task is not None

    @property
    def job(self) -> Job[None] | None:
        """The newest run."""
        return self._job

    def listen(self, listener: Callable[[State], None]) -> Callable[[], None]:
        """Call `listener` with each new state, on the loop's thread; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def start(self) -> None:
        """Watch from now on. Nothing is deployed before the next save. Raises NotOnSave, ConfigError, UnknownHost,
        FolderGone."""
        if self.on:
            return
        config = await meant(self.app, self.folder, self.environment)
        self._watching = Watching(await self._inputs(config))
        ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(
            self._watch(self._watching, ready), name=f"on save {self.folder.name}"
        )
        try:
            await ready
        except BaseException:
            await self.stop()
            raise
        self._tell(doing=Doing.WATCHING, error=None, failed_at="")

    async def stop(self) -> None:
        """Watch no longer. A build that is under way is ended, a deploy is not."""
        task, self._task = self._task, None
        self._newer = None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self.state.doing is Doing.DEPLOYING:
            return
        if self._job is not None:
            self._job.cancel()
        self._tell(doing=Doing.PAUSED)

    async def _inputs(self, config: Config) -> Inputs:
        return await self.app.pools.files.run(lambda token: inputs_of(self.folder, config))

    # ---------------------------------------------------------------- watching

    async def _watch(self, watching: Watching, ready: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()

        def begin() -> None:
            if not ready.done():
                ready.set_result(None)

        try:
            await self.app.pools.watch.run(
                watching.run,
                lambda saved: loop.call_soon_threadsafe(self._saved, saved),
                lambda: loop.call_soon_threadsafe(begin),
            )
        except Exception as error:  # noqa: BLE001  whatever ends the watch is shown to a person
            if isinstance(error, Cancelled):
                return
            if not ready.done():
                ready.set_exception(error)
            else:
                self._task = None
                self._tell(doing=Doing.FAILED, failed_at="watch", error=explained(error))

    def _saved(self, saved: Saved) -> None:
        if not self.on:
            return
        earlier = self._newer.files if self._newer is not None else ()
        self._newer = Saved(tuple(dict.fromkeys((*earlier, *saved.files))), saved.at)
        if self._job is None or self._job.state.over:
            self._begin()
        elif self._attempt is not None and self._restarts < MOST_RESTARTS:
            self._restarts += 1
            self._attempt.cancel()

    # ---------------------------------------------------------------- running

    def _begin(self) -> None:
        if self._job is not None:
            self._job.seen = True  # a newer run says how it is now
        title = msg(
            "Deploy {name} on save to {environment}",
            name=self.folder.name,
            environment=environment_words(self.environment),
        )
        self._job = self.app.jobs.start(
            "on_save", title, self._run, subject=str(self.folder), page="build",
            gate=f"deploy:{self.folder.name}:{self.environment}",
        )  # fmt: skip

    async def _run(self, job: Job[None]) -> None:
        error: GoferryError | None = None
        try:
            await self._carry_out(job)
        except asyncio.CancelledError:
            self.follow("ended", None)
            self._tell(doing=Doing.WATCHING if self.on else Doing.PAUSED)
            raise
        except Exception as found:
            error = explained(found)
            self._tell(doing=Doing.FAILED, failed_at=str(self.state.doing), error=error)
            raise
        finally:
            self._restarts = 0
            if error is not None:
                self.follow("ended", error)
            if self._newer is not None and self.on:
                asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """The newest save, after a run that had begun before it."""
        if self._newer is not None and self.on:
            self._begin()

    async def _carry_out(self, job: Job[None]) -> None:
        prepared = None
        while prepared is None:
            saved, self._newer = self._newer, None
            if saved is None:
                return
            self.follow("begins", saved)
            self._tell(
                doing=Doing.BUILDING, saved=saved, error=None, failed_at="", seconds=None, unchanged=False
            )
            prepared = await self._build(job)
        built = self.state.saved
        if self._watching is not None and built is not None:  # its choices may have changed with the save
            self._watching.take(await self._inputs(prepared.target.config), built.at)
        self.follow("ended", None)
        await self._deploy(job, prepared)

    async def _deploy(self, job: Job[None], prepared: Prepared) -> None:
        version, saved = prepared.release.version or prepared.release.id, self.state.saved
        if not prepared.unchanged:
            self._tell(doing=Doing.DEPLOYING, version=version)
            job.report(msg("Deploying {version}", version=version))
            result = await run_prepared(
                prepared, watch=_watch(job), recorder=lambda host: _recorder(job, host)
            )
            if result.error is not None:
                raise result.error
        seconds = time.time() - saved.at if saved is not None else 0.0
        if prepared.unchanged:
            job.report(msg("No difference to what serves"))
        else:
            job.report(
                msg("{version} serves, {seconds} s after the save", version=version, seconds=f"{seconds:.1f}")
            )
        doing = Doing.SERVES if self.on else Doing.PAUSED
        self._tell(doing=doing, version=version, seconds=seconds, unchanged=prepared.unchanged)

    async def _build(self, job: Job[None]) -> Prepared | None:
        """Ready to be run; None when a newer save ended it. No host has been changed either way."""

        def say(text: Words) -> None:
            job.report(text)
            job.say(str(text))

        def on_build(event: BuildEvent) -> None:
            self.follow("event", event)
            if event.kind == "start" and event.stage != "image":
                doing = Doing.BUILDING if event.stage == "compile" else Doing.TESTING
                if doing is not self.state.doing:
                    self._tell(doing=doing)
            if event.kind == "line" or not event.ok:
                job.say(str(event.text), event.target, "" if event.ok else "fail")

        def built(how: Built) -> None:
            self.follow("built", how)

        work = prepare_deploy(
            self.app, self.folder, [self.environment], say=say, on_build=on_build, built=built
        )
        self._attempt = asyncio.create_task(work, name="prepare on save")
        try:
            return await self._attempt
        except asyncio.CancelledError:
            if job.cancel_asked or self._newer is None:
                raise
            return None
        finally:
            self._attempt = None

    def _tell(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        for listener in list(self._listeners):
            listener(self.state)


def _watch(job: Job[None]) -> Callable[[str, StepResult], None]:
    def watch(host: str, result: StepResult) -> None:
        job.report(msg("{host}: {stage}", host=host, stage=result.title))
        if result.state is not StepState.PENDING:
            job.say(f"{host}: {result.title} {result.state}", host)

    return watch


def _recorder(job: Job[None], host: str) -> Recorder:
    return Recorder(
        on_text=lambda step, line: job.say(line, host),
        on_command=lambda step, done: job.say(f"$ {done.command.shown()}", host, "command"),
    )


class OnSaves:
    """All projects of this Goferry that are deployed on save, and where each of them went last."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._all: dict[Path, OnSave] = {}

    def of(self, folder: Path | None) -> OnSave | None:
        return self._all.get(folder) if folder is not None else None

    def remembered(self, folder: Path) -> str:
        """The environment that was chosen last; empty when none was yet."""
        for entry in self.app.settings.now.on_save:
            environment, _, place = entry.partition("=")
            if place == str(folder):
                return environment
        return ""

    def choose(self, folder: Path, environment: str) -> OnSave:
        """The project's, for this environment; not begun yet. One for another environment has to be stopped first."""
        others = (e for e in self.app.settings.now.on_save if e.partition("=")[2] != str(folder))
        self.app.settings.change(on_save=(f"{environment}={folder}", *others)[:REMEMBERED])
        there = self._all.get(folder)
        if there is None or there.environment != environment:
            there = self._all[folder] = OnSave(self.app, folder, environment)
        return there

    async def close(self) -> None:
        await asyncio.gather(*(one.stop() for one in self._all.values()))


def is_production(environment: str) -> bool:
    return environment.lower() in PRODUCTION


async def environments_for(app: App, folder: Path) -> tuple[str, ...]:
    """The project's environments and this computer, those that are production last. Raises ConfigError."""
    names = await environments_of(app, folder)
    return tuple(sorted(names, key=lambda name: (is_production(name), names.index(name))))


async def meant(app: App, folder: Path, environment: str) -> Config:
    """The configuration, when a deploy on save to `environment` is possible. Raises NotOnSave, UnknownHost."""
    target = await find_target(app, folder, [environment])
    if target.production or is_production(environment):
        raise NotOnSave(environment)
    return target.config


def inputs_of(folder: Path, config: Config) -> Inputs:
    """What matters to a build of this project, in its folder and in those of its other modules (blocking)."""
    build, image = config.build, config.image
    place, _ = module_place(folder, config.main)
    return Inputs(
        folder,
        tests=build.test or build.vet,
        files=tuple(_plain(image.files)),
        everything=image.builder == "docker",
        results=(OUTPUT, f"goferry-{OUTPUT}"),
        beside=tuple(_beside(folder, place)),
    )


def _beside(folder: Path, place: Path) -> Iterator[Inputs]:
    own = Path(os.path.realpath(folder))
    others = folders_outside(folder, place)
    for other in others:
        # where the project lies in another module's folder, it is looked at by its own rules
        yield Inputs(other, results=(own.relative_to(other).as_posix(),) if own.is_relative_to(other) else ())
    work = go_work_of(place)
    above = Path(os.path.realpath(work.parent)) if work is not None else own
    if not any(above.is_relative_to(one) for one in (own, *others)):
        yield Inputs(above, only=("go.work", "go.work.sum"))


def _plain(files: Sequence[str]) -> Sequence[str]:
    return [file.replace("\\", "/").removeprefix("./").rstrip("/") for file in files]
