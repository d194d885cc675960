"""Deploy on save with a real Go project, to this computer: what a person who saves a file gets to see."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from desktop import app_deploy
from desktop.app import App
from desktop.app_on_save import Doing, NotOnSave, OnSave, environments_for
from desktop.app_releases import overview, remove
from desktop.base.jobs import JobState
from desktop.base.paths import Home
from desktop.base.secret_store import MemoryStore
from desktop.build import BuildEvent
from tests.ports import free_port
from tests.unit.build.conftest import write_tree

T = TypeVar("T")
pytestmark = [
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="ends programs by signals; tests of the watch itself run on Windows too",
    ),
    pytest.mark.timeout(600),
]

MAIN = """package main

import (
	"net/http"
	"os"

	"example.com/shop/page"
)

var version = "dev"

func main() {
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Stat(os.Getenv("SICK_WHILE")); err == nil {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(page.Text)) })
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
"""
TEST = """package page

import (
	"os"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	for i := 0; i < 1200; i++ {
		if _, err := os.Stat(os.Getenv("SLOW_WHILE")); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
"""
CONFIG = """name: shop
main: .
port: 8080
build: {{ targets: [linux/amd64], version: none, test: {test} }}
health: {{ http: /health, interval: 1s, timeout: 1s, retries: 1, start: 200s }}
environments:
  prod: {{ hosts: [local] }}
  dev: {{ hosts: [local], publish: {port}, env: {{ SICK_WHILE: '{sick}' }} }}
"""


class Shop:
    """A project of its own in a Goferry of its own, and what a person does with it."""

    def __init__(self, app: App, root: Path) -> None:
        self.app, self.folder, self.port = app, root / "shop", free_port()
        self.sick, self.slow = root / "sick", root / "slow"
        app.settings.change(engine=f"unix://{root}/no-engine.sock", goproxy="off")
        write_tree(self.folder, {"go.mod": "module example.com/shop\n\ngo 1.22\n", "main.go": MAIN})
        self.configure()
        self.save("one")
        self.one = OnSave(app, self.folder, "dev")
        self.states: list[Doing] = []
        self.events: list[BuildEvent] = []
        self.one.listen(lambda state: self.states.append(state.doing))
        self.one.follow = self.follow

    def follow(self, what: str, value: Any) -> None:
        if what == "begins":
            self.events = []
        elif what == "event":
            self.events.append(value)

    def configure(self, *, test: bool = False) -> None:
        text = CONFIG.format(port=self.port, sick=self.sick, test=str(test).lower())
        write_tree(self.folder, {"goferry.yaml": text})

    def save(self, text: str) -> None:
        write_tree(self.folder, {"page/page.go": f'package page\n\nconst Text = "{text}"\n'})

    async def sees(self, *wanted: Doing) -> None:
        await self.until(lambda: self.one.state.doing in wanted)

    async def serves(self, text: str) -> None:
        """That the state says so, and that it is so."""
        await self.until(lambda: self.one.state.doing is Doing.SERVES and self.answer() == text)

    async def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 300
        while not holds():
            assert time.monotonic() < deadline, self.one.state
            await asyncio.sleep(0.01)

    def ended(self) -> list[JobState]:
        return [job.state for job in self.app.jobs.all]

    def answer(self) -> str:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=60) as answer,
        ):
            return str(answer.read().decode())
        return ""

    async def releases(self) -> int:
        return len((await overview(self.app, self.folder, ["dev"])).history())

    @property
    def commands(self) -> list[str]:
        """The compilers that were started in this run."""
        return [event.command.shown() for event in self.events if event.command and event.stage == "compile"]

    @property
    def compiled(self) -> set[str]:
        return {
            str(event.text) for event in self.events if event.kind == "progress" and event.stage == "compile"
        }


def in_a_shop(root: Path, work: Callable[[Shop], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with App(Home(root / "home"), secrets=MemoryStore()) as app:
            shop = Shop(app, root)
            try:
                return await asyncio.wait_for(work(shop), 550)
            finally:
                await shop.one.stop()
                await app.jobs.close()
                shop.configure()
                await remove(app, await overview(app, shop.folder, ["dev"]))

    return asyncio.run(inside())


def test_a_save_is_served_a_broken_one_is_explained_and_the_next_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(shop: Shop) -> None:
        looks_at_the_host_while_it_compiles(shop, monkeypatch)
        await shop.one.start()
        assert shop.one.state.doing is Doing.WATCHING
        assert shop.app.jobs.all == []  # nothing is deployed before the first save
        shop.save("two")
        await shop.serves("two")
        steps = [one for one in dict.fromkeys(shop.states) if one is not Doing.PAUSED]
        assert steps == [Doing.WATCHING, Doing.BUILDING, Doing.DEPLOYING, Doing.SERVES]
        assert shop.one.state.seconds is not None
        assert 0 < shop.one.state.seconds < 300
        shop.save('three"')
        await shop.sees(Doing.FAILED)
        state = shop.one.state
        assert state.failed_at == Doing.BUILDING
        assert "page/page.go:3" in str(state.error)
        assert shop.answer() == "two"
        shop.save("four")
        await shop.serves("four")
        assert shop.ended() == [JobState.DONE, JobState.FAILED, JobState.DONE]
        assert shop.app.jobs.all[1].seen  # the newest run says how it is
        await compiles_only_what_changed(shop)
        await changes_line_ends(shop)
        await saves_a_module_beside_the_project(shop)

    in_a_shop(tmp_path, work)


def looks_at_the_host_while_it_compiles(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on; it would wait for ever if compiling began after that look."""
    compiling = asyncio.Event()
    look, follow = app_deploy.look_at, shop.one.follow

    async def look_late(*words: Any, **more: Any) -> Any:
        await compiling.wait()
        return await look(*words, **more)

    def notice(what: str, value: Any) -> None:
        follow(what, value)
        if what == "event" and value.stage == "compile":
            compiling.set()

    shop.one.follow = notice
    monkeypatch.setattr(app_deploy, "look_at", look_late)


async def compiles_only_what_changed(shop: Shop) -> None:
    """With the flags of the run before."""
    before = shop.commands
    shop.save(
        new := f"five {secrets.token_hex(8)}"
    )  # Go's cache may hold what an earlier run of this test compiled
    await shop.serves(new)
    assert len(before) == 1
    assert shop.commands == before
    assert shop.compiled == {"example.com/shop/page", "example.com/shop"}


async def changes_line_ends(shop: Shop) -> None:
    """A save that makes no difference to the program touches no host."""
    file = shop.folder / "page" / "page.go"
    before = shop.answer()
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    await shop.until(lambda: shop.one.state.unchanged)
    assert shop.answer() == before
    assert await shop.releases() == 3


async def saves_a_module_beside_the_project(shop: Shop) -> None:
    """Which the project began to use while it was watched."""

    def say(text: str) -> None:
        write_tree(shop.folder.parent / "words", {"words.go": f'package words\n\nconst Text = "{text}"\n'})

    write_tree(shop.folder.parent / "words", {"go.mod": "module example.com/words\n\ngo 1.22\n"})
    say("six")
    needs = "require example.com/words v0.0.0\n\nreplace example.com/words => ../words\n"
    page = 'package page\n\nimport "example.com/words"\n\nconst Text = words.Text\n'
    write_tree(
        shop.folder, {"go.mod": f"module example.com/shop\n\ngo 1.22\n\n{needs}", "page/page.go": page}
    )
    await shop.serves("six")
    say("seven")
    await shop.serves("seven")
    assert shop.one.state.saved is not None
    assert shop.one.state.saved.files == ("../words/words.go",)


def test_a_save_during_the_tests_starts_over_and_one_during_a_deploy_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOW_WHILE", str(tmp_path / "slow"))

    async def work(shop: Shop) -> None:
        write_tree(shop.folder, {"page/page_test.go": TEST})
        shop.configure(test=True)
        shop.slow.touch()
        await shop.one.start()
        shop.save("two")
        await shop.sees(Doing.TESTING)
        shop.save("three")
        await shop.until(lambda: shop.states.count(Doing.TESTING) == 2)
        shop.sick.touch()
        shop.slow.unlink()
        await shop.sees(Doing.DEPLOYING)
        saved = shop.one.state.saved
        shop.save("four")
        await shop.until(lambda: shop.one._newer is not None)  # it has been noticed, and changes nothing yet
        assert shop.one.state.saved == saved
        assert len(shop.app.jobs.running) == 1
        shop.sick.unlink()
        await shop.serves("four")
        assert shop.ended() == [JobState.DONE, JobState.DONE]
        assert await shop.releases() == 2  # "three" and "four": what was overtaken went nowhere
        await is_switched_off(shop)

    in_a_shop(tmp_path, work)


async def is_switched_off(shop: Shop) -> None:
    """In the middle of a build: that ends, and later saves are nobody's business."""
    shop.slow.touch()
    shop.save("five")
    await shop.sees(Doing.TESTING)
    await shop.one.stop()
    await shop.until(lambda: not shop.app.jobs.running)
    assert shop.one.state.doing is Doing.PAUSED
    shop.save("six")
    assert shop.answer() == "four"
    assert shop.ended()[2:] == [JobState.CANCELLED]


def test_production_is_refused_and_a_new_start_of_goferry_begins_nothing(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        assert await environments_for(shop.app, shop.folder) == ("dev", "local", "prod")
        with pytest.raises(NotOnSave):
            await OnSave(shop.app, shop.folder, "prod").start()
        await shop.app.on_save.choose(shop.folder, "dev").start()
        there = shop.app.on_save.of(shop.folder)
        assert there is not None
        assert there.on
        await there.stop()
        assert not there.on

    in_a_shop(tmp_path, work)

    async def later() -> None:
        async with App(Home(tmp_path / "home"), secrets=MemoryStore()) as app:
            assert app.on_save.of(tmp_path / "shop") is None
            assert app.on_save.remembered(tmp_path / "shop") == "dev"

    asyncio.run(later())


def test_goferry_watch_tells_each_state_in_a_line_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    async def work(shop: Shop) -> None:
        words = [sys.executable, "-m", "desktop", "--home", str(shop.app.home.root), "--json", "watch"]
        child = subprocess.Popen(  # noqa: ASYNC220  nothing else is going on meanwhile
            [*words, str(shop.folder), "--to", "dev"], stdout=subprocess.PIPE, encoding="utf-8"
        )
        assert child.stdout is not None
        told: list[dict[str, Any]] = []

        def until(state: str) -> dict[str, Any]:
            assert child.stdout is not None
            for line in child.stdout:
                told.append(json.loads(line))
                if told[-1].get("state") == state:
                    return told[-1]
            raise AssertionError(f"it ended without {state}: {told}")

        try:
            until("watching")
            shop.save("two")
            serves = until("serves")
            assert shop.answer() == "two"
            assert serves["saved"] == ["page/page.go"]
            assert serves["seconds"] > 0
            shop.save('two"')
            failed = until("failed")
            assert failed["failed_at"] == "building"
            assert failed["error"]["code"] == "build.syntax"
            child.send_signal(signal.SIGTERM)
            assert child.wait(120) == 130
        finally:
            child.kill()
            child.stdout.close()
            child.wait()
        assert shop.answer() == "two"

    in_a_shop(tmp_path, work)
