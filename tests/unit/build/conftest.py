"""A real Go, and small real projects. Go's own cache is shared, so that the standard library compiles once."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from desktop.base.blocking import Pool
from desktop.build import Builder, BuildEvent, BuildOutcome, BuildWish, Toolchain
from desktop.project import BuildOptions

T = TypeVar("T")

needs_c = pytest.mark.skipif(not (shutil.which("gcc") or shutil.which("clang")), reason="no C compiler here")
HELLO = 'package main\n\nvar version = "dev"\n\nfunc main() { println("hello", version) }\n'


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool("test-build", 4)
    yield pool
    pool.close()


def write_tree(folder: Path, files: dict[str, str]) -> Path:
    """Each file appears whole, where the system can do that under the eyes of those who read it: whoever watches the
    folder never meets an empty one, however long this process stands still in the middle."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = folder.parent.parent / f".{folder.name}.part" if os.name != "nt" else path
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    return folder


def module(go_version: str = "1.22", path: str = "example.com/app") -> str:
    return f"module {path}\n\ngo {go_version}\n"


@dataclass
class Bench:
    """Builds a folder of files with the real go."""

    pool: Pool
    go: Toolchain
    folder: Path
    events: list[BuildEvent] = field(default_factory=list)

    def wish(self, files: dict[str, str] | None = None, **values: Any) -> BuildWish:
        write_tree(self.folder, files or {"go.mod": module(), "main.go": HELLO})
        main, targets = values.pop("main", "."), values.pop("targets", ("linux/amd64",))
        version, goproxy = values.pop("version", ""), values.pop("goproxy", "off")
        options = BuildOptions(**values)
        output = self.folder / "dist"
        return BuildWish(self.folder, main, targets, options, output, version, "app", goproxy)

    def build(self, files: dict[str, str] | None = None, **values: Any) -> BuildOutcome:
        return asyncio.run(self.start(self.wish(files, **values)))

    async def start(self, wish: BuildWish) -> BuildOutcome:
        return await Builder(self.pool, self.go).build(wish, self.events.append)


@pytest.fixture
def bench(pool: Pool, go: Toolchain, tmp_path: Path) -> Bench:
    return Bench(pool, go, tmp_path / "项目 with space")


def run(work: Callable[[], Awaitable[T]]) -> T:
    async def call() -> T:
        return await work()

    return asyncio.run(call())
