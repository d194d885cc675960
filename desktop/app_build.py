"""From a folder to binaries: joins what project and build offer, for both faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_image import image_into, image_store, make_image
from desktop.build import (
    After,
    Binary,
    Builder,
    BuildOutcome,
    BuildWish,
    EventFeed,
    OnEvent,
    require_version,
    version_stamp,
)
from desktop.image import Image, parse_reference, repository_for, tag_for
from desktop.project import Config, GitState, Project, config_for, read_git

if TYPE_CHECKING:
    from desktop.app import App

__all__ = [
    "OUTPUT",
    "Built",
    "Prepared",
    "build_and_image",
    "build_project",
    "image_store",
    "make_image",
    "output_folder",
    "prepare",
]

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

    tag: str = ""
    """Of the image; empty: the version's."""

    @property
    def ref(self) -> str:
        """The image's name and tag."""
        reference = parse_reference(repository_for(self.config))
        return str(replace(reference, tag=self.tag or tag_for(self.version)))


async def prepare(
    app: App, project: Project, *, config: Config | None = None, version: str = "", output: Path | None = None
) -> Prepared:
    """Reads git and settles version and output. Raises ConfigError on a goferry.yaml that cannot be used."""
    wanted = config or config_for(project)
    git = await app.pools.files.run(lambda token: read_git(project.folder, token))
    stamp = version or version_stamp(wanted.build.version, git)
    return Prepared(project, wanted, git, stamp, output or output_folder(project.folder))


def output_folder(folder: Path) -> Path:
    """`dist` in the project, beside it where the project has source of its own under that name (Go's has)."""
    usual = folder / OUTPUT
    return folder / f"goferry-{OUTPUT}" if any(usual.glob("*.go")) else usual


async def build_project(
    app: App, prepared: Prepared, *, targets: tuple[str, ...] = (), on_event: OnEvent = lambda event: None
) -> BuildOutcome:
    """Builds `targets`, or those of the configuration. Raises NoGo, WrongGo, UnknownTarget or DiskRefused; the
    failures of single targets are in the outcome."""
    return await _build(app, prepared, targets or prepared.config.build.targets, on_event, None)


async def _build(
    app: App, prepared: Prepared, targets: tuple[str, ...], on_event: OnEvent, after: After | None
) -> BuildOutcome:
    toolchain = await app.toolchain()
    require_version(toolchain, prepared.project.go_version)
    config = prepared.config
    wish = BuildWish(
        prepared.project.folder,
        config.main,
        targets,
        config.build,
        prepared.output,
        prepared.version,
        config.name,
        app.settings.now.goproxy,
    )
    return await Builder(app.pools.build, toolchain).build(wish, on_event, after=after)


@dataclass(frozen=True, slots=True)
class Built:
    """What one run of Build gave: binaries, and an image for each that is for Linux."""

    prepared: Prepared
    outcome: BuildOutcome
    images: Mapping[str, Image]
    """Target to image."""


async def build_and_image(
    app: App, prepared: Prepared, *, targets: tuple[str, ...] = (), images: bool = True,
    on_event: OnEvent = lambda event: None,
) -> Built:  # fmt: skip
    """Builds, and makes an image of each Linux binary as soon as it is there. The first target's image has the
    version's tag; those for other processors have the processor's name behind it. Raises as `build_project`."""
    wanted = targets or prepared.config.build.targets
    made: dict[str, Image] = {}

    async def after(binary: Binary, feed: EventFeed) -> None:
        if images and binary.target.startswith("linux/"):
            first = next(target for target in wanted if target.startswith("linux/"))
            tag = "" if binary.target == first else f"{tag_for(prepared.version)}-{binary.arch}"
            made[binary.target] = await image_into(app, replace(prepared, tag=tag), binary, feed)

    outcome = await _build(app, prepared, wanted, on_event, after)
    return Built(prepared, outcome, {target: made[target] for target in wanted if target in made})
