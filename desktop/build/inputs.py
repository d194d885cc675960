"""What a build reads: which files of a project's folder may change what is built, told from their names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from desktop.base.links import leads_elsewhere

_GO = (
    ".go",
    ".s",
    ".sx",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".cxx",
    ".hh",
    ".hpp",
    ".hxx",
    ".m",
    ".swig",
    ".swigcxx",
    ".syso",
)
_GO_FILES = ("go.mod", "go.sum", "go.work", "go.work.sum", "modules.txt", "goferry.yaml")
_NOT_LOOKED_INTO = ("node_modules", "__pycache__")
_HALF_DONE = (
    "*~", "*.swp", "*.swo", "*.swx", "*.swpx", "#*#", ".#*", "~$*", "*.tmp", "*.temp", "*.bak", "*.orig", "*.part",
    "*.crdownload", "*___jb_tmp___", "*___jb_old___", "__debug_bin*", "4913", "Thumbs.db", "desktop.ini", ".DS_Store",
)  # fmt: skip
"""What editors, debuggers and systems leave beside a file that is saved."""
_EMBED = re.compile(rb"^//go:embed[ \t]+(.+?)\r?$", re.MULTILINE)
_PATTERN = re.compile(r'"([^"]*)"|`([^`]*)`|(\S+)')
_LONGEST = 1 << 20
"""Bytes of a Go file that are read for what it embeds."""

Stamp = tuple[int, int]
"""When a file was last written, in nanoseconds, and its size."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The source of a project. Paths are relative to `folder`, with forward slashes."""

    folder: Path
    tests: bool = False
    """Whether files of tests matter, because tests or vet are part of the build."""
    files: tuple[str, ...] = ()
    """Files and folders that go into the image as they are."""
    everything: bool = False
    """A Dockerfile of the project's own may use any file."""
    results: tuple[str, ...] = ()
    """Folders that hold what was built."""
    only: tuple[str, ...] = ()
    """Nothing but these files of the folder itself."""
    beside: tuple[Inputs, ...] = ()
    """What else is built into the program, in other folders."""

    def looks_into(self, folder: str) -> bool:
        """Whether anything below a folder can matter: not Git's and editors' own, no packages of Node, no results."""
        name = folder.rpartition("/")[2]
        if self.only:
            return False
        return not name.startswith(".") and name not in _NOT_LOOKED_INTO and folder not in self.results

    def may_matter(self, path: str) -> bool:
        """By its name alone: neither half done nor below a folder that is not looked into."""
        *parents, name = path.split("/")
        if self.only:
            return path in self.only
        if any(fnmatchcase(name, pattern) for pattern in _HALF_DONE):
            return False
        return all(self.looks_into("/".join(parents[: i + 1])) for i in range(len(parents)))

    def matters(self, path: str) -> bool:
        """Whether a change of this file can change what is built. Reads the Go files above it, for what they embed."""
        name = path.rpartition("/")[2]
        if name in _GO_FILES:
            return True
        if not self.tests and (name.endswith("_test.go") or "testdata" in path.split("/")[:-1]):
            return self._embedded(path) if not name.endswith(".go") else False
        if name.lower().endswith(_GO) or self.everything:
            return True
        if path.startswith("vendor/"):
            return False
        if self.tests and "testdata" in path.split("/")[:-1]:
            return True
        carried = any(path == one or path.startswith(f"{one}/") for one in self.files)
        return carried or self._embedded(path)

    def _embedded(self, path: str) -> bool:
        for above in PurePosixPath(path).parents:
            below = PurePosixPath(path).relative_to(above).parts
            if any(_fits(pattern, below) for pattern in _embedding(self.folder / above)):
                return True
        return False


def _embedding(folder: Path) -> Iterator[str]:
    """The patterns that the Go files of a folder embed."""
    try:
        sources = [file for file in os.scandir(folder) if file.name.endswith(".go")]
    except OSError:
        return
    for file in sources:
        try:
            with open(file.path, "rb") as source:
                text = source.read(_LONGEST)
        except OSError:
            continue
        for line in _EMBED.findall(text):
            for found in _PATTERN.finditer(line.decode("utf-8", "replace")):
                yield next(part for part in found.groups() if part is not None).removeprefix("all:")


def _fits(pattern: str, path: tuple[str, ...]) -> bool:
    """Whether a pattern of go:embed takes a file, or a folder that it is in."""
    if pattern in (".", "*"):
        return True
    parts = tuple(pattern.strip("/").split("/"))
    return len(parts) <= len(path) and all(
        fnmatchcase(one, wanted) for one, wanted in zip(path, parts, strict=False)
    )


@dataclass(slots=True)
class Snapshot:
    """The files of a folder as they were when it was looked at."""

    inputs: Inputs
    files: dict[str, Stamp] = field(default_factory=dict)

    def look(self, under: str = "") -> list[str]:
        """Look at everything below a folder again, and tell what came, went or was written since."""
        found = dict(_stamps(self.inputs, under))
        prefix = f"{under}/" if under else ""
        gone = [path for path in self.files if path.startswith(prefix) and path not in found]
        changed = [path for path, stamp in found.items() if self.files.get(path) != stamp]
        for path in gone:
            del self.files[path]
        self.files.update(found)
        return gone + changed

    def look_at(self, paths: list[str]) -> list[str]:
        """The same for some paths, of files or folders."""
        changed: list[str] = []
        for path in paths:
            place = self.inputs.folder / path
            if place.is_dir() or (path not in self.files and not place.exists()):
                changed += self.look(path)
                continue
            stamp = _stamp_of(place)
            if stamp != self.files.get(path):
                changed.append(path)
                if stamp is None:
                    self.files.pop(path, None)
                else:
                    self.files[path] = stamp
        return changed


def _stamp_of(place: Path) -> Stamp | None:
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _stamps(inputs: Inputs, under: str) -> Iterator[tuple[str, Stamp]]:
    """Every file that may matter below a folder; links to folders are not followed, as Go does not. Reads no file: one
    that lies in a cloud only is not fetched."""
    waiting = [under]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(inputs.folder / folder))
        except OSError:
            continue  # gone since, or not for us to read
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if inputs.looks_into(path) and not leads_elsewhere(entry.stat(follow_symlinks=False)):
                        waiting.append(path)
                elif inputs.may_matter(path):
                    found = entry.stat()
                    yield path, (found.st_mtime_ns, found.st_size)
            except OSError:
                continue
