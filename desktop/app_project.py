"""Projects for the window and the headless face alike: a new one as one piece of work, and how known ones are."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.commands import Command
from desktop.base.errors import GoferryError, explained
from desktop.base.processes import ProgramMissing, find_program, run_process
from desktop.base.words import Message, msg
from desktop.project import (
    Answers,
    GitState,
    NoFolder,
    Project,
    create_project,
    inspect_folder,
    read_git,
    remove_project,
    render,
    start_git,
    template,
    write_project,
)

if TYPE_CHECKING:
    from desktop.app import App

Tell = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Created:
    """The project's files, and what went wrong after they were written: the project is whole all the same."""

    folder: Path
    files: tuple[Path, ...]
    problems: tuple[GoferryError, ...] = ()


async def create(
    app: App,
    template_id: str,
    answers: Answers,
    folder: Path,
    *,
    modules: bool,
    git: bool,
    tell: Tell,
    files: Mapping[str, bytes] | None = None,
) -> Created:
    """Writes the project, fetches the modules that its template needs, and makes the first commit. Raises when the
    files cannot be written: then nothing is left, and neither is after a cancel. `modules` and `git` switch the later
    steps off; `files` are what was rendered and shown already."""
    tell(msg("Writing the files"))
    rendered = dict(files) if files is not None else render(template_id, answers)

    def write(token: CancelToken) -> tuple[Path, ...]:
        return write_project(rendered, folder)

    before = await app.pools.files.run(lambda _token: folder.exists())
    try:
        made = await app.pools.files.run(write)
        return await _finish(app, template_id, folder, made, modules=modules, git=git, tell=tell)
    except asyncio.CancelledError:
        # shielded: the person asked for nothing to be left
        await asyncio.shield(app.pools.files.run(_undo, rendered, folder, before))
        raise


def _undo(token: CancelToken, files: dict[str, bytes], folder: Path, before: bool) -> None:
    remove_project(files, folder, whole=not before)


async def _finish(
    app: App, template_id: str, folder: Path, files: tuple[Path, ...], *, modules: bool, git: bool, tell: Tell
) -> Created:
    problems: list[GoferryError] = []
    if modules and template(template_id).modules:
        tell(msg("Fetching the modules that the template needs"))
        files = (*files, *await _tidied(app, folder, problems))
    if git:
        tell(msg("Making the first commit"))
        try:
            await app.pools.files.run(start_git, folder)
        except GoferryError as error:
            problems.append(error)
    return Created(folder, files, tuple(problems))


async def _tidied(app: App, folder: Path, problems: list[GoferryError]) -> tuple[Path, ...]:
    from desktop.build import Dependencies

    try:
        toolchain = await app.toolchain()
        await Dependencies(app.pools.build, toolchain, folder, app.settings.now.goproxy).tidy()
    except GoferryError as error:
        problems.append(error)
        return ()
    return (folder / "go.sum",)


@dataclass(frozen=True, slots=True)
class FolderLook:
    """What a project's folder is now. `project` None: the folder is gone, or `error` says why it cannot be read."""

    folder: Path
    project: Project | None = None
    git: GitState | None = None
    gone: bool = False
    error: GoferryError | None = None


async def look_at_folder(app: App, folder: Path) -> FolderLook:
    """Reads a folder and its Git state; runs nothing of it. Raises nothing that a person could mend."""

    def look(token: CancelToken) -> FolderLook:
        try:
            return FolderLook(folder, inspect_folder(folder), read_git(folder, token))
        except NoFolder as error:
            return FolderLook(folder, gone=True, error=error)
        except OSError as error:
            return FolderLook(folder, error=explained(error))

    return await app.pools.files.run(look)


@dataclass(frozen=True, slots=True)
class EnvironmentLook:
    """What runs in an environment: one (state, health, version) for each host's current instance. `at` is UNIX
    seconds; `offline` counts the hosts that did not answer."""

    name: str
    at: float
    instances: tuple[tuple[str, str, str], ...] = ()
    offline: int = 0


async def look_at_environment(app: App, folder: Path, name: str) -> EnvironmentLook:
    """Asks the hosts of an environment, now. A host that is unknown or does not answer counts as offline."""
    from desktop.app_releases import status

    try:
        found, instances = await status(app, folder, (name,))
    except GoferryError:
        return EnvironmentLook(name, time.time(), (), 1)
    current = {host: seen.current for host, seen in found.seen.items()}
    shown = tuple(
        (one.state, one.health, one.version)
        for one in instances
        if one.running or one.release == current.get(one.host, "")
    )
    return EnvironmentLook(name, time.time(), shown, len(found.offline))


def folder_terminal(folder: Path, *, windows: bool = sys.platform == "win32") -> Command:
    """The terminal program, standing in `folder`. Raises ProgramMissing where there is none."""
    from desktop.hosts import terminal_command

    if not windows:
        enter = ("/bin/sh", "-c", 'cd "$1" && exec "${SHELL:-/bin/sh}"', "goferry", str(folder))
        return terminal_command(Command(enter), folder.name, windows=False)
    if (terminal := find_program("wt")) is not None:
        return Command((str(terminal), "-d", str(folder).replace(";", "\\;")))
    if (shell := find_program("powershell")) is None:
        raise ProgramMissing("powershell")
    place = str(folder).replace("'", "''")
    return Command((str(shell), "-NoExit", "-Command", f"Set-Location -LiteralPath '{place}'"))


async def check_builds(app: App, template_id: str, answers: Answers) -> str:
    """Builds what a template gives for linux/amd64 in a scratch folder, and tells the Go version that did. Raises NoGo,
    or what Go says."""
    from desktop.build import Dependencies, explain

    toolchain = await app.toolchain()
    with_folder = await app.pools.files.run(
        lambda _token: tempfile.TemporaryDirectory(prefix="goferry-check-")
    )
    try:
        folder = Path(with_folder.name) / "project"
        await app.pools.files.run(lambda _token: create_project(template_id, answers, folder))
        go = Dependencies(app.pools.build, toolchain, folder, app.settings.now.goproxy)
        target = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0", "GOWORK": "off"}
        command = go.command("build", "-o", os.devnull, "./...").with_env(target)
        done = await app.pools.build.run(run_process, command, timeout=180.0)
        if not done.ok:
            raise explain(done.said()) or NotBuilt(done.said())
    finally:
        await app.pools.files.run(lambda _token: with_folder.cleanup())
    return toolchain.version


class NotBuilt(GoferryError):
    """A template that does not build here, with Go's words."""

    code = "project.template_not_built"

    def __init__(self, said: str) -> None:
        super().__init__(
            msg("The project does not build with the Go that is here."),
            "",
            msg("Choose another Go in Settings, or create the project and look at what Go says."),
            detail=said,
        )
