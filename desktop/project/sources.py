"""Which Go files make a program: its package and what it imports from the same project, vendored code included."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from .go_tokens import Head, head_of
from .guess import Source
from .model import Module
from .reading import MOST_SOURCE, read_text
from .scan import Tree

HEAD_BYTES = 64 * 1024
MOST_FILES = 600
MOST_BYTES = 12 << 20


@dataclass(slots=True)
class Program:
    """The files of one program, read. `cgo` is whether one of them that a build takes in imports "C"."""

    sources: list[Source] = field(default_factory=list)
    cgo: bool = False


@dataclass(slots=True)
class Packages:
    """The packages of a project; files are read when they are asked for, each once."""

    tree: Tree
    modules: tuple[Module, ...]
    deadline: float
    _texts: dict[str, str] = field(default_factory=dict)
    _bytes: int = 0

    def main_folders(self) -> list[str]:
        """Folders with a `package main` and a func main, near the root first. As a rule one file of each is opened."""
        found = []
        for folder, names in self.tree.go.items():
            if time.monotonic() > self.deadline:
                self.tree.stopped = True
                break
            if self._is_main(folder, names):
                found.append(folder)
        return found

    def _is_main(self, folder: str, names: list[str]) -> bool:
        files = sorted(
            (name for name in names if not name.endswith("_test.go")), key=lambda one: (one != "main.go", one)
        )
        for name in files[:200]:
            path = os.path.join(folder, name)
            text = read_text(path, HEAD_BYTES)
            head = head_of(text, name)
            if not head.package or not (head.built or _for_another_system(head, name, text)):
                continue
            if head.package != "main":
                return False
            if "func main(" in text or (len(text) >= HEAD_BYTES and "func main(" in self.text(path)):
                return True
        return False

    def text(self, path: str) -> str:
        if path not in self._texts:
            kept = self._bytes < MOST_BYTES and time.monotonic() < self.deadline
            self._texts[path] = read_text(path, MOST_SOURCE) if kept else ""
            self._bytes += len(self._texts[path])
        return self._texts[path]

    def program(self, folder: str) -> Program:
        """The files of the program in `folder`, breadth first along its imports."""
        program, seen, rest = Program(), {folder}, deque([(folder, 0)])
        while rest and len(program.sources) < MOST_FILES and time.monotonic() < self.deadline:
            this, depth = rest.popleft()
            for imported in self._read_package(program, this, depth):
                below = self._folder_of(imported, folder)
                if below and below not in seen:
                    seen.add(below)
                    rest.append((below, depth + 1))
        return program

    def _read_package(self, program: Program, folder: str, depth: int) -> list[str]:
        imports: list[str] = []
        vendored = f"{os.sep}vendor{os.sep}" in folder
        for name in self._names(folder):
            if name.endswith("_test.go"):
                continue
            path = os.path.join(folder, name)
            text = self.text(path)
            head = head_of(text, name)
            if head.built:
                program.cgo = program.cgo or "C" in head.imports
                imports.extend(head.imports)
                if not vendored:
                    program.sources.append(Source(Path(path), text, depth))
        return imports

    def _names(self, folder: str) -> list[str]:
        known = self.tree.go.get(folder)
        if known is None:  # vendor/ is not walked
            try:
                known = [name for name in os.listdir(folder) if name.endswith(".go")][:MOST_FILES]
            except OSError:
                known = []
            self.tree.go[folder] = known
        return sorted(known)

    def _folder_of(self, imported: str, main: str) -> str | None:
        """The folder of an imported package, when it lies in the project."""
        for module in sorted(self.modules, key=lambda one: -len(one.path)):
            if module.path and (imported == module.path or imported.startswith(module.path + "/")):
                return os.path.normpath(os.path.join(str(module.folder), imported[len(module.path) + 1 :]))
        if not self.tree.vendored or "." not in imported.split("/")[0] or ".." in imported:
            return None
        own = module_of(Path(main), self.modules)
        vendored = os.path.join(str(own.folder if own else self.tree.root), "vendor", *imported.split("/"))
        return vendored if os.path.isdir(vendored) else None


def _for_another_system(head: Head, name: str, text: str) -> bool:
    """A main program for Windows alone is one too; what `//go:build ignore` keeps out is not."""
    return "//go:build ignore" not in text and "// +build ignore" not in text


def module_of(folder: Path, modules: tuple[Module, ...]) -> Module | None:
    """The module that a folder belongs to: the nearest go.mod above it."""
    above = [module for module in modules if module.folder == folder or module.folder in folder.parents]
    return max(above, key=lambda one: len(one.folder.parts), default=None)
