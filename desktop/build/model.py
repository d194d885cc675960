"""What a build wants, says and gives: frozen values only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.words import Words
from desktop.project import BuildOptions

from .errors import UnknownTarget

ALL = "all"
"""The target of an event that is about every target: vet, tests."""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A system and a processor, in Go's words: `linux/amd64`."""

    os: str
    arch: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """Raises UnknownTarget on anything that does not have the form of a target."""
        system, slash, arch = text.strip().lower().partition("/")
        if not slash or not re.fullmatch(r"[a-z][a-z0-9]*", system) or not re.fullmatch(r"[a-z0-9]+", arch):
            raise UnknownTarget(text)
        return cls(system, arch)

    def __str__(self) -> str:
        return f"{self.os}/{self.arch}"

    @property
    def folder(self) -> str:
        """The name of its folder under the output: `linux_amd64`."""
        return f"{self.os}_{self.arch}"

    @property
    def suffix(self) -> str:
        return ".exe" if self.os == "windows" else ""


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """A row of `go tool dist list`."""

    target: Target
    cgo: bool
    first_class: bool


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go that was started once and answered."""

    path: Path
    """The go program itself, never a script around it."""
    version: str
    """`1.27.3`"""
    goroot: Path
    source: str
    """Where it was found: "settings", "path", "usual" or "package"."""
    host: Target = field(default=Target("linux", "amd64"))
    cache: Path | None = None
    """GOCACHE"""
    modules: Path | None = None
    """GOMODCACHE"""
    proxy: str = ""
    """GOPROXY as Go itself has it."""
    compiler: str = ""
    """The C compiler that Go would call for CGO."""


@dataclass(frozen=True, slots=True)
class BuildWish:
    """What to build, and where it goes: `output/<os>_<arch>/<name>`."""

    folder: Path
    main: str
    targets: tuple[str, ...]
    options: BuildOptions
    output: Path
    version: str = ""
    """Stamped into the binary as main.version; empty: no stamp."""
    name: str = "app"
    goproxy: str = ""
    cache: Path | None = None
    """GOCACHE; None: Go's own, which makes the next build quick."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding with its place. `file` is relative to the project's folder, with forward slashes."""

    file: str
    line: int
    column: int
    text: str
    target: str = ALL
    stage: str = "compile"


@dataclass(frozen=True, slots=True)
class Binary:
    """A program that was built, with what was read from its own bytes."""

    target: str
    path: Path
    size: int
    sha256: str
    static: bool
    libraries: tuple[str, ...]
    arch: str
    """GOARCH as the file's header says it."""
    seconds: float
    version: str
    name: str


@dataclass(frozen=True, slots=True)
class BuildEvent:
    """Something to show while it runs. `at` and `fraction`: seconds since the start, 0..1 or None."""

    at: float
    target: str
    stage: str
    """"vet", "test", "compile" or "image"."""
    kind: str
    """"start", "line", "progress" or "end"."""
    text: Words = ""
    ok: bool = True
    fraction: float | None = None
    command: Command | None = None
    """With "start": what is run."""


OnEvent = Callable[[BuildEvent], None]


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """How it ended, target by target. `failures` has a target, or "all", and why it was not built."""

    binaries: tuple[Binary, ...]
    failures: Mapping[str, GoferryError]
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0
    tests: int = 0
    """Tests that passed."""
    skipped_lines: int = 0

    @property
    def ok(self) -> bool:
        return not self.failures
