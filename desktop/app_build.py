"""From a folder to binaries: joins what project and build offer, for both faces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_image import image_store, make_image
from desktop.build import Builder, BuildOutcome, BuildWish, OnEvent, require_version, version_stamp
from desktop.image import parse_reference, repository_for, tag_for
from desktop.project import Config, GitState, Project, config_for, read_git

if TYPE_CHECKING:
    from desktop.app import App

__all__ = ["OUTPUT", "Prepared", "build_project", "image_store", "make_image", "prepare"]

OUTPUT = "dist"
"""The folder of results inside a project, unless another is named."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A project as it is about to be built."""

    project: Project
    config: Config
    git: GitState | None
    version: str
    output: Path

    @property
    def ref(self) -> str:
        """The image's name and tag."""
        reference = parse_reference(repository_for(self.config))
        return str(replace(reference, tag=tag_for(self.version)))


async def prepare(
    app: App, project: Project, *, config: Config | None = None, version: str = "", output: Path | None = None
) -> Prepared:
    """Reads git and settles version and output. Raises ConfigError on a goferry.yaml that cannot be used."""
    wanted = config or config_for(project)
    git = await app.pools.files.run(lambda token: read_git(project.folder, token))
    stamp = version or version_stamp(wanted.build.version, git)
    return Prepared(project, wanted, git, stamp, output or project.folder / OUTPUT)


async def build_project(
    app: App, prepared: Prepared, *, targets: tuple[str, ...] = (), on_event: OnEvent = lambda event: None
) -> BuildOutcome:
    """Builds `targets`, or those of the configuration. Raises NoGo, WrongGo, UnknownTarget or DiskRefused; the
    failures of single targets are in the outcome."""
    toolchain = await app.toolchain()
    require_version(toolchain, prepared.project.go_version)
    config = prepared.config
    wish = BuildWish(
        prepared.project.folder,
        config.main,
        targets or config.build.targets,
        config.build,
        prepared.output,
        prepared.version,
        config.name,
        app.settings.now.goproxy,
    )
    return await Builder(app.pools.build, toolchain).build(wish, on_event)
