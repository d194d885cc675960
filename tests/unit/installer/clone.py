"""A small clone that bootstrap.py can set up in a moment: our installer, no dependencies, a program that echoes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[3]

NOTHING: Mapping[str, str] = MappingProxyType({})

ECHO = """\
import json, os, sys
print(json.dumps({"words": sys.argv[1:], "folder": os.getcwd(), "python": sys.prefix, "path": sys.path}))
sys.exit(int(os.environ.get("EXIT", "0")))
"""

PROJECT = """\
[project]
name = "goferry"
version = "0.1.0"
requires-python = ">=3.11"

[project.optional-dependencies]
go = []

[dependency-groups]
dev = []
"""

LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "goferry"
version = "0.1.0"
source = {{ virtual = "." }}

[package.metadata]
provides-extras = ["go"]

[package.metadata.requires-dev]
dev = []

[[package]]
name = "uv"
version = "{version}"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [
{wheels}
]
"""


def locked_uv() -> dict[str, Any]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return next(package for package in lock["package"] if package["name"] == "uv")


def uv_folder() -> Path | None:
    """Where the locked uv is installed already, so that a test needs no network."""
    found = shutil.which(
        "uv", path=os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    )
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, encoding="utf-8", check=False).stdout
    return Path(found).parent if said.split()[1:2] == [locked_uv()["version"]] else None


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone, and how to call its bootstrap.py."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def at(cls, folder: Path) -> Clone:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "installer", folder / "installer", ignore=ignored)
        (folder / "desktop").mkdir()
        (folder / "desktop" / "__main__.py").write_text(ECHO, encoding="utf-8")
        (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        uv = locked_uv()
        lines = (
            f'    {{ url = "{w["url"]}", hash = "{w["hash"]}", size = {w["size"]} }},' for w in uv["wheels"]
        )
        lock = LOCK.format(version=uv["version"], wheels="\n".join(lines))
        (folder / "uv.lock").write_text(lock, encoding="utf-8")
        left_out = (
            "GOFERRY_ENV",
            "PYTHONPATH",
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "LC_ALL",
            "LC_MESSAGES",
            "VIRTUAL_ENV",
        )
        outer = {name: value for name, value in os.environ.items() if name not in left_out}
        return cls(folder, {**outer, "LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8"})

    def start(
        self, *words: str, folder: Path | None = None, outer: Mapping[str, str] = NOTHING
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.folder / "installer" / "bootstrap.py"), *words],
            cwd=folder or self.folder,
            env={**self.environment, **outer},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def call(self, *words: str, folder: Path | None = None, outer: Mapping[str, str] = NOTHING) -> Said:
        process = self.start(*words, folder=folder, outer=outer)
        stdout, stderr = process.communicate(timeout=250)
        return Said(process.returncode, stdout, stderr)

    @property
    def stamp(self) -> Path:
        return self.folder / ".goferry-env" / "stamp.json"


@dataclass(frozen=True, slots=True)
class Said:
    """What a call of bootstrap.py left: exit code and both outputs."""

    code: int
    stdout: str
    stderr: str

    @property
    def echo(self) -> dict[str, Any]:
        """What the program said of itself; fails with the set-up's words when it never ran."""
        assert self.stdout, self.stderr
        said: dict[str, Any] = json.loads(self.stdout)
        return said
