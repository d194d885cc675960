"""The names and numbers of one build of the Windows edition."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PUBLISHER = "Goferry contributors"
MOST_MB = 120
"""Megabytes that the unpacked program may have."""
MOST_LETTERS = 170
"""Of the longest path in it: below the folder of a person with a long name it stays within Windows' old limit, 260."""

INPUTS = ("desktop", "resources", "installer/freeze", "uv.lock")


@dataclass(frozen=True, slots=True)
class Edition:
    """`folder` is where the program's parts lie, beside its two .exe files. Each build has its own, so that a new one
    is complete on the disk before the old one is touched, and a running one loses nothing."""

    version: str
    build: str

    @property
    def folder(self) -> str:
        return f"app-{self.version}-{self.build}"

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        parts = [int(part) for part in self.version.split(".")[:3]]
        return (parts[0], parts[1], parts[2], 0)

    @classmethod
    def of_source(cls, project: Path = PROJECT) -> Edition:
        return cls(version_of(project), fingerprint(project))

    @classmethod
    def of_made(cls, made: Path) -> Edition:
        """That of a frozen program, by the name of its folder: the source may have changed since."""
        _, version, build = next(made.glob("app-*-*")).name.split("-")
        return cls(version, build)


def version_of(project: Path) -> str:
    text = (project / "desktop" / "__init__.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def fingerprint(project: Path) -> str:
    """Eight letters that change with whatever goes into the program."""
    digest = hashlib.sha256()
    for name in INPUTS:
        root = project / name
        files = [path for path in root.rglob("*") if path.is_file()] if root.is_dir() else [root]
        for path in sorted(
            files, key=lambda path: path.as_posix()
        ):  # paths of Windows have an order of their own
            if "__pycache__" not in path.parts:
                digest.update(
                    path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
                )
    return digest.hexdigest()[:8]
