"""The project as the Build page knows it, read and written away from the loop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from desktop.app_build import Prepared
from desktop.app_choices import Choices, save_choices
from desktop.base.blocking import CancelToken
from desktop.image import Image, load_image
from desktop.project import Config
from desktop.release import Release


@dataclass(frozen=True, slots=True)
class There:
    """The image that serves in an environment."""

    environment: str
    version: str
    image: Image


@dataclass(slots=True)
class Look:
    """The project as the page knows it."""

    prepared: Prepared
    own_dockerfile: str = ""
    before: Image | None = None
    """The image of the last build, to tell what a deploy sends."""
    there: There | None = None
    """What the environment that a person looks at has, where that is known; it tells more than `before`."""


def save(token: CancelToken, folder: Path, config: Config, choices: Choices) -> Config:
    return save_choices(folder, config, choices)


def look_further(
    token: CancelToken, prepared: Prepared, store: Path, serving: tuple[str, Release] | None = None
) -> Look:
    own = prepared.project.dockerfile
    text = own.read_text(encoding="utf-8", errors="replace") if own is not None else ""
    there = None
    if serving is not None:
        environment, release = serving
        image = load_image(store, release.image_ref)
        if image is not None and image.config_digest == release.image_digest:
            there = There(environment, release.version, image)
    return Look(prepared, text, load_image(store, prepared.ref), there)
