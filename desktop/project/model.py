"""What this station hands on: a project as it was found in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from desktop.base.errors import Fix
from desktop.base.words import Words

from .config import Config


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file of the project; line and column count from 1, 0 is the whole file."""

    path: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else str(self.path)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about the project. `code` is stable ("project.localhost")."""

    code: str
    what: Words
    why: Words = ""
    fix: Words = ""
    place: Place | None = None
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """A go.mod. `path` is its module path; `folder` is absolute."""

    path: str
    folder: Path
    go_version: str = ""
    toolchain: str = ""


@dataclass(frozen=True, slots=True)
class Main:
    """A `package main` that has a func main. `package` is relative to the project's folder: "./cmd/app"."""

    package: str
    module: str
    name: str
    port: int | None = None
    health: str | None = None
    localhost: Place | None = None
    """Where it binds to this computer only, which a container's network cannot reach."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, read: nothing of it was run."""

    folder: Path
    name: str
    modules: tuple[Module, ...] = ()
    mains: tuple[Main, ...] = ()
    workspace: bool = False
    vendored: bool = False
    dockerfile: Path | None = None
    compose: Path | None = None
    uses_cgo: bool = False
    crlf_scripts: tuple[Path, ...] = ()
    warnings: tuple[Finding, ...] = ()
    config: Config | None = None

    @property
    def main(self) -> Main | None:
        """The program that is meant when none is named: the configured one, else the likeliest."""
        wanted = self.config.main if self.config else ""
        named = [main for main in self.mains if main.package == wanted]
        return (*named, *self.mains, None)[0]

    @property
    def go_version(self) -> str:
        """The Go version that the main program's module asks for; empty when it says nothing."""
        main = self.main
        own = [
            module.go_version for module in self.modules if main is not None and module.path == main.module
        ]
        return (own or [module.go_version for module in self.modules] or [""])[0]
