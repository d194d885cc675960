"""From a folder to binaries and images: joins what project, build and image offer, for both faces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.words import msg
from desktop.build import Builder, BuildOutcome, BuildWish, EventFeed, OnEvent, require_version, version_stamp
from desktop.image import (
    SCRATCH,
    Base,
    Image,
    ImageWish,
    build_image,
    parse_reference,
    repository_for,
    tag_for,
)
from desktop.project import Config, GitState, Project, config_for, read_git

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.build import Binary

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


def image_store(app: App) -> Path:
    """The folder of all images that were made here: an OCI layout."""
    return app.home.folder("images")


async def make_image(
    app: App, prepared: Prepared, binary: Binary, *, on_event: OnEvent = lambda event: None
) -> Image:
    """The image of a binary, by the built-in builder, under the version's tag. Raises the errors of `image`."""
    base = await find_base(app, prepared.config.image.base, binary.target)
    revision = prepared.git.commit if prepared.git else ""
    wish = ImageWish(
        binary, prepared.config, prepared.ref, prepared.project.folder, base=base, revision=revision
    )
    store = image_store(app)
    feed = EventFeed(on_event)
    try:
        feed.say(binary.target, "image", "start")

        def make(token: CancelToken) -> Image:
            return build_image(wish, store)

        image = await app.pools.files.run(make)
        words = msg(
            "image {ref}  {n} layers  {size} MB",
            ref=image.ref,
            n=len(image.layers),
            size=f"{image.size / 1e6:.1f}",
        )
        feed.say(binary.target, "image", "end", words)
        return image
    except BaseException as error:
        feed.say(binary.target, "image", "end", str(error), ok=False)
        raise
    finally:
        feed.close()


async def find_base(app: App, name: str, platform: str) -> Base:
    """What `image.base` names: nothing, or an image from a registry."""
    return SCRATCH
