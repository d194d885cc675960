"""A new project as one piece of work, for the window and the headless face alike: files, modules, Git."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.words import Message, msg
from desktop.project import Answers, create_project, start_git, template

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
    app: App, template_id: str, answers: Answers, folder: Path, *, modules: bool, git: bool, tell: Tell
) -> Created:
    """Writes the project, fetches the modules that its template needs, and makes the first commit. Raises when the
    files cannot be written: then nothing is left. `modules` and `git` switch the later steps off."""
    tell(msg("Writing the files"))

    def write(token: CancelToken) -> tuple[Path, ...]:
        return create_project(template_id, answers, folder)

    files = await app.pools.files.run(write)
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
