"""The project as the Build page knows it, read and written away from the loop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from desktop.app_build import Prepared
from desktop.app_choices import Choices, save_choices
from desktop.base.blocking import CancelToken
from desktop.image import Image, load_image
from desktop.project import Config


@dataclass(slots=True)
class Look:
    """The project as the page knows it."""

    prepared: Prepared
    own_dockerfile: str = ""
    before: Image | None = None
    """The image of the last build, to tell what a deploy sends."""


def save(token: CancelToken, folder: Path, config: Config, choices: Choices) -> Config:
    return save_choices(folder, config, choices)


def look_further(token: CancelToken, prepared: Prepared, store: Path) -> Look:
    own = prepared.project.dockerfile
    text = own.read_text(encoding="utf-8", errors="replace") if own is not None else ""
    return Look(prepared, text, load_image(store, prepared.ref))
