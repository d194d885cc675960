"""Saves in a project's folder: which of them matter, and that a burst of them is told of once."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.build import FolderGone, Inputs, Saved, Watching
from tests.too_slow import TooSlow
from tests.unit.build.conftest import write_tree

PROJECT = {
    "go.mod": "module example.com/app\n\ngo 1.22\n",
    "main.go": 'package main\n\nimport _ "embed"\n\n//go:embed web/index.html all:static "with space.txt" *.tmpl\nvar page string\n\nfunc main() {}\n',
    "web/index.html": "<p>hello</p>",
    "static/css/site.css": "p {}",
    "store/store.go": "package store\n",
    "store/store_test.go": "package store\n",
    "store/testdata/rows.txt": "1\n",
    "vendor/example.com/lib/lib.go": "package lib\n",
    "vendor/example.com/lib/README.md": "lib\n",
    "configs/config.yaml": "level: info\n",
    "notes.md": "notes\n",
    "data/app.db": "",
    ".git/index": "",
}

ALWAYS = ("main.go", "go.mod", "go.sum", "goferry.yaml", "store/new.go", "store/fast_amd64.s", "vendor/modules.txt",
          "vendor/example.com/lib/lib.go", "web/index.html", "static/css/site.css", "static/new/deep.svg",
          "with space.txt", "page.tmpl", "configs/config.yaml")  # fmt: skip
TESTS = ("store/store_test.go", "store/testdata/rows.txt", "store/testdata/deep/rows.txt")
NEVER = (
    "notes.md",
    "data/app.db",
    "vendor/example.com/lib/README.md",
    "web/other.html",
    "deep/page.tmpl",
    "app.log",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "项目 app", PROJECT)


@pytest.mark.parametrize("tests", [False, True])
def test_what_a_build_reads_matters_and_nothing_else(folder: Path, tests: bool) -> None:
    inputs = Inputs(folder, tests=tests, files=("configs/config.yaml",))
    paths = (*ALWAYS, *TESTS, *NEVER)
    assert {path for path in paths if inputs.matters(path)} == {*ALWAYS, *(TESTS if tests else ())}


def test_a_dockerfile_of_its_own_may_use_any_file(folder: Path) -> None:
    assert Inputs(folder, everything=True).matters("notes.md")


@pytest.mark.parametrize(
    "path",
    [
        ".git/index", ".git/objects/ab/cd", ".idea/workspace.xml", "web/node_modules/x/index.js", "dist/linux_amd64/app",
        "main.go~", ".main.go.swp", "4913", "main.go.tmp", ".#main.go", "#main.go#", "main.go___jb_tmp___", "~$notes.doc",
        "cmd/__debug_bin123", ".goferry-build-1/x.go",
    ],
)  # fmt: skip
def test_what_git_editors_and_builds_leave_does_not_count(folder: Path, path: str) -> None:
    assert not Inputs(folder, results=("dist",)).may_matter(path)


class Listening:
    """A watch that runs, and what it has told."""

    watching: Watching

    def __init__(self, folder: Path) -> None:
        self.folder, self.told = folder, list[Saved]()

    def files(self) -> list[str]:
        return [file for saved in self.told for file in saved.files]

    async def hears(self, *files: str) -> None:
        while not set(files) <= set(self.files()):
            await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(folder: Path, *beside: Inputs) -> AsyncIterator[Listening]:
    pool, loop, ready = Pool("watch", 1), asyncio.get_running_loop(), asyncio.Event()
    one = Listening(folder)
    watching = one.watching = Watching(Inputs(folder, results=("dist",), beside=beside))
    work = asyncio.create_task(
        pool.run(
            watching.run,
            lambda saved: loop.call_soon_threadsafe(one.told.append, saved),
            lambda: loop.call_soon_threadsafe(ready.set),
        )
    )
    try:
        await asyncio.wait({work, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        yield one
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        pool.close()
        async with asyncio.timeout(120):
            while any(thread.is_alive() for thread in pool._executor._threads):
                await asyncio.sleep(0.01)


def hears(folder: Path, work: Callable[[Listening], Awaitable[None]], *beside: Inputs) -> Listening:
    async def run() -> Listening:
        async with listening(folder, *beside) as one:
            await asyncio.wait_for(work(one), 250)
            return one

    return asyncio.run(run())


def test_several_files_written_together_are_one_save(folder: Path) -> None:
    async def work(one: Listening) -> None:
        for name in ("main.go", "store/store.go", "web/index.html"):
            (folder / name).write_text("package changed\n", encoding="utf-8")
        (folder / "notes.md").write_text("more\n", encoding="utf-8")
        await one.hears("main.go", "store/store.go")

    started = time.time()
    one = hears(folder, work)
    assert set(one.files()) <= {"main.go", "store/store.go", "web/index.html"}
    if len(one.told) > 3:  # one, where nothing else keeps the processors busy
        raise TooSlow(f"told {len(one.told)} times")
    assert all(started - 2 < saved.at <= time.time() for saved in one.told)


def test_saves_by_renaming_new_folders_and_removals_are_heard(folder: Path) -> None:
    async def work(one: Listening) -> None:
        part = folder / "main.go.tmp"
        part.write_text("package main\n", encoding="utf-8", newline="\r\n")
        os.replace(part, folder / "main.go")
        await one.hears("main.go")
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "deep" / "er" / "new.go").write_text("package er\n", encoding="utf-8")
        await one.hears("deep/er/new.go")
        (folder / "store").rename(folder / "stored")
        await one.hears("store/store.go", "stored/store.go")
        shutil.rmtree(folder / "stored")
        await one.hears("stored/store.go")

    one = hears(folder, work)
    assert not any(file.endswith(".tmp") for file in one.files())


def test_what_does_not_matter_is_never_told(folder: Path) -> None:
    async def work(one: Listening) -> None:
        for name in (".git/index", "notes.md", "data/app.db", "store/store_test.go", "dist/app", "main.go~"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("changed", encoding="utf-8")
        os.utime(folder / "store", (1, 1))
        (folder / "main.go").read_bytes()
        (folder / "go.sum").write_text("", encoding="utf-8")
        await one.hears("go.sum")

    assert hears(folder, work).files() == ["go.sum"]


def test_folders_beside_the_project_are_heard_by_their_way_from_it(folder: Path) -> None:
    near = folder.with_name("near")
    write_tree(near, {"go.mod": "module near\n", "a.go": "package near\n", "a_test.go": "package near\n"})
    write_tree(folder.parent, {"go.work": "go 1.22\n", "stray.go": "package stray\n"})
    late = folder.with_name("late")

    async def work(one: Listening) -> None:
        write_tree(folder.parent, {"stray.go": "package other\n"})
        write_tree(near, {"a_test.go": "package near // changed\n", "a.go": "package near // changed\n"})
        await one.hears("../near/a.go")
        write_tree(folder.parent, {"go.work": "go 1.23\n"})
        await one.hears("../go.work")
        write_tree(late, {"b.go": "package late\n"})
        await one.hears("../late/b.go")
        one.watching.take(Inputs(folder, beside=(Inputs(late),)), time.time())
        write_tree(folder, {"main.go": "package main\n"})
        await one.hears("main.go")  # from here on what is near is another's
        write_tree(near, {"a.go": "package near\n"})
        shutil.rmtree(late)
        one.told.clear()
        await one.hears("../late/b.go")

    above = Inputs(folder.parent, only=("go.work", "go.work.sum"))
    one = hears(folder, work, Inputs(near), above, Inputs(late))
    assert set(one.files()) == {"../late/b.go"}


def test_a_save_between_a_build_and_the_first_look_at_a_folder_beside_it_is_told(folder: Path) -> None:
    near = folder.with_name("near")
    write_tree(near, {"old.go": "package near\n", "new.go": "package near\n"})
    os.utime(near / "old.go", (1000, 1000))

    async def work(one: Listening) -> None:
        one.watching.take(Inputs(folder, beside=(Inputs(near),)), 2000.0)
        await one.hears("../near/new.go")

    assert hears(folder, work).files() == ["../near/new.go"]


def test_a_project_inside_another_module_is_looked_at_by_its_own_rules(folder: Path) -> None:
    around = Inputs(folder.parent, results=(folder.name,))

    async def work(one: Listening) -> None:
        write_tree(folder, {"store/store_test.go": "package changed\n", "main.go": "package changed\n"})
        write_tree(folder.parent, {"deep/lib.go": "package deep\n"})
        await one.hears("main.go", "../deep/lib.go")

    assert set(hears(folder, work, around).files()) == {"main.go", "../deep/lib.go"}


def test_a_folder_that_vanishes_is_told_and_a_missing_one_at_once(folder: Path) -> None:
    async def run() -> None:
        pool = Pool("watch", 1)
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        watching = Watching(Inputs(folder))
        work = asyncio.create_task(
            pool.run(watching.run, lambda saved: None, lambda: loop.call_soon_threadsafe(ready.set))
        )
        await asyncio.wait_for(ready.wait(), 250)
        folder.rename(folder.with_name("elsewhere"))
        with pytest.raises(FolderGone):
            await asyncio.wait_for(work, 250)
        with pytest.raises(FolderGone):
            await pool.run(watching.run, lambda saved: None, lambda: None)
        pool.close()

    asyncio.run(run())


def test_watching_a_large_tree_costs_hardly_any_processor_time(tmp_path: Path) -> None:
    for at in range(100):
        write_tree(tmp_path / f"p{at}", {f"f{n}.go": "package p\n" for n in range(20)})

    async def run() -> float:
        async with listening(tmp_path):
            before = time.process_time()
            await asyncio.sleep(3)  # how long is what is measured
            return (time.process_time() - before) / 3

    share = asyncio.run(run())
    if share > 0.05:
        raise TooSlow(f"{share:.3f} of a processor")
