"""The folder that a Docker Engine builds from: the finished binary, chosen files, and the system layer as a tar."""

from __future__ import annotations

import shutil
from pathlib import Path

from desktop.build import Binary, Target
from desktop.project import Config

from .dockerfile import SYSTEM_TAR, Kind, kind_for
from .layers import APP, project_entries, system_layer


def system_tar(store: Path) -> bytes:
    """The bytes of the file that the Dockerfile of an empty image adds (blocking)."""
    return system_layer(store).blob.read_bytes()


def stage_context(folder: Path, project: Path, config: Config, binary: Binary, store: Path) -> None:
    """Copies into `folder` what the Dockerfile of `dockerfile(kind_for(base), …)` names (blocking). Nothing else of the
    project is sent to the engine. Raises FileMissing, FileOutside or OSError."""
    place = folder / "dist" / Target.parse(binary.target).folder / config.name
    place.parent.mkdir(parents=True)
    shutil.copyfile(binary.path, place)
    place.chmod(0o755)
    for name in config.image.files:
        for entry in project_entries(project, name):
            target = folder / Path(entry.name).relative_to(APP)
            if isinstance(entry.content, Path):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(entry.content, target)
                target.chmod(entry.mode)
            else:
                target.mkdir(parents=True, exist_ok=True)
    if kind_for(config.image.base) is Kind.SCRATCH:
        shutil.copyfile(system_layer(store).blob, folder / SYSTEM_TAR)
