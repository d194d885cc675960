"""Deploy on save on the Build page: switched on by clicks, followed with real saves, and each state in pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.app import App
from desktop.app_on_save import Doing
from desktop.app_releases import overview, remove
from desktop.build import FolderGone, Saved
from desktop.release import NeverHealthy
from desktop.ui.pages.build.on_save import OnSaveSheet
from desktop.ui.pages.build.page import BuildPage
from tests.ports import free_port
from tests.ui.conftest import Shell
from tests.ui.hand import Hand, answer
from tests.ui.shots import each_look, look, take
from tests.ui.walk import clipped, nameless, outside, unreachable
from tests.unit.build.conftest import write_tree
from tests.unit.test_app_on_save import CONFIG, MAIN

pytestmark = pytest.mark.timeout(600)


class Follower(Hand):
    """A person who knows that a save of theirs may fail."""

    async def sees(self, holds: Callable[[], object], what: str, limit: float = 300.0) -> None:
        deadline = time.monotonic() + limit
        while not holds():
            assert not self.window.error_bar.isVisible(), self.window.error_bar.text()
            assert time.monotonic() < deadline, f"not seen in {limit:.0f} s: {what}"
            await asyncio.sleep(0.02)


@pytest.fixture
def hand(shell: Shell, tmp_path: Path) -> Iterator[Hand]:
    # without an engine the app runs as a program on this computer, on any machine that runs this test
    shell.app.settings.change(engine=f"unix://{tmp_path}/no-engine.sock", goproxy="off")
    yield Follower(shell)

    async def clean(app: App) -> None:
        await app.on_save.close()
        await app.jobs.close()
        write_tree(tmp_path / "shop", {"goferry.yaml": CONFIG.format(port=1, sick="", test="false")})
        await remove(app, await overview(app, tmp_path / "shop", ["dev"]))

    shell.aio.loop.run_until_complete(clean(shell.app))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    files = {"go.mod": "module example.com/shop\n\ngo 1.22\n", "main.go": MAIN, "page/page.go": page("one")}
    return write_tree(tmp_path / "shop", files)


def page(text: str) -> str:
    return f'package page\n\nconst Text = "{text}"\n'


async def opened(hand: Hand, folder: Path) -> BuildPage:
    hand.window.set_current_project(folder)
    build: BuildPage = await hand.goes_to("build")
    await hand.sees(lambda: build.look is not None and bool(build.known), "the project")
    return build


@pytest.mark.may_stall(300)  # compilers and pictures share the processors with the window here
def test_a_save_goes_to_the_chosen_environment_and_the_page_says_how_it_went(
    hand: Hand, shop: Path, tmp_path: Path
) -> None:
    port = free_port()
    sick = tmp_path / "sick"
    config = CONFIG.format(port=port, sick=sick, test="false")
    write_tree(shop, {"goferry.yaml": config})

    async def way() -> None:
        build = await opened(hand, shop)
        await hand.click("build.onSave")
        await hand.sees(lambda: hand.window.sheets.top, "the sheet")
        sheet = hand.window.sheets.top
        assert isinstance(sheet, OnSaveSheet)
        assert [name for name, choice in sheet.choices.items() if choice.isEnabled()] == ["dev", "local"]
        take(hand.window, "on-save-sheet")
        await hand.click("build.onSave.sheet.primary")
        await hand.sees(lambda: build.saves.is_on and build.on_save.switch.isChecked(), "that it is on")
        assert build.on_save.words.whole() == "Waiting for a save"

        write_tree(shop, {"page/page.go": page("two")})
        await hand.sees(lambda: " serves after " in build.on_save.words.whole(), "that it serves")
        assert await answer(port, "/") == "two"
        take(hand.window, "on-save-serves")

        write_tree(shop, {"page/page.go": page('three"')})
        await hand.sees(lambda: build.on_save.words.whole().startswith("It does not build"), "why not")
        assert build.output.problem_model.rows[0].second.startswith("page/page.go:3")
        assert not build.on_save.banner.isVisible()  # the output says it, with what leads to the line
        assert build.output.banner.isVisible()
        assert await answer(port, "/") == "two"
        await fails_and_recovers_elsewhere(hand, build, shop, sick, port)
        assert await answer(port, "/") == "five"
        await hand.goes_to("build")
        await hand.click("build.onSave")
        await hand.sees(lambda: not build.saves.is_on, "that it is off")
        await hand.sees(lambda: not build.on_save.switch.isChecked(), "the switch off")
        assert build.on_save.words.whole() == "Off. It went to Dev before"
        assert hand.window.status._right["on_save"].isHidden()

    hand.shell.aio(way(), 550)


def has_failed(build: BuildPage, saved: str) -> bool:
    assert build.saves.one is not None
    state = build.saves.one.state
    return state.doing is Doing.FAILED and state.saved is not None and saved in state.saved.files


async def fails_and_recovers_elsewhere(
    hand: Hand, build: BuildPage, shop: Path, sick: Path, port: int
) -> None:
    """A version that never becomes healthy, while another page is in view; then one that does."""
    config = (shop / "goferry.yaml").read_text(encoding="utf-8")
    write_tree(shop, {"goferry.yaml": config.replace("start: 200s", "start: 1s")})
    await hand.sees(lambda: has_failed(build, "goferry.yaml"), "that it still does not build")
    sick.touch()
    await hand.goes_to("settings")
    write_tree(shop, {"page/page.go": page("four")})
    await hand.sees(lambda: build.on_save.words.whole() == "It was not deployed", "that it failed")
    await hand.sees(lambda: [one.kind for one in hand.window.toasts.shown] == ["fail"], "a note of it")
    assert hand.window.status._right["on_save"].isVisible()
    said = build.on_save.banner
    assert not said.isHidden()
    assert "healthy" in said.text()
    sick.unlink()
    write_tree(shop, {"goferry.yaml": config, "page/page.go": page("five")})
    await hand.sees(lambda: " serves after " in build.on_save.words.whole(), "that it serves")
    while await answer(port, "/") != "five":  # the values may have been seen, and served, before the page
        await asyncio.sleep(0.1)
    await hand.sees(lambda: " serves after " in build.on_save.words.whole(), "that it serves")
    assert hand.window.toasts.shown == []  # what failed before is no longer how it is
    assert said.isHidden()


STATES: dict[str, dict[str, Any]] = {
    "watching": {"doing": Doing.WATCHING},
    "building": {"doing": Doing.BUILDING},
    "serves": {"doing": Doing.SERVES, "seconds": 2.36},
    "unhealthy": {
        "doing": Doing.FAILED,
        "failed_at": "deploying",
        "error": NeverHealthy("shop-4f1a", "web-1", 20, "503"),
    },
    "gone": {"doing": Doing.FAILED, "failed_at": "watch", "error": FolderGone(Path("/home/li/shop"))},
}


def test_every_state_is_told_in_both_languages_without_cuts(hand: Hand, shop: Path) -> None:
    write_tree(shop, {"goferry.yaml": CONFIG.format(port=8080, sick="", test="false")})
    build = hand.shell.aio(opened(hand, shop))
    one = hand.window.app.on_save.choose(shop, "dev")
    build.saves._follow(one)
    saved = Saved(("internal/page/page.go", "main.go"), time.time())
    hand.window.resize(1100, 680)
    for name, changes in STATES.items():
        one._tell(version="1.9.0-dirty", saved=saved, error=None, failed_at="")
        one._tell(**changes)
        if name == "unhealthy":
            for _ in each_look(hand.window, "on-save-unhealthy"):
                assert clipped(build) == []
                assert outside(build) == []
            continue
        with look("light", "zh_CN"):
            assert not set(build.on_save.words.whole()) <= set(map(chr, range(128)))
            assert clipped(build) == []
        assert clipped(build) == []
    assert nameless(build) == []
    assert unreachable(build) == []


def test_the_palette_has_it(hand: Hand, shop: Path) -> None:
    write_tree(shop, {"goferry.yaml": CONFIG.format(port=8080, sick="", test="false")})

    async def way() -> None:
        await opened(hand, shop)
        found = [entry for entry in hand.window.shortcuts.entries() if entry.text == "Deploy on save…"]
        assert len(found) == 1
        found[0].run()
        await hand.sees(lambda: isinstance(hand.window.sheets.top, OnSaveSheet), "the sheet")
        await hand.click("build.onSave.sheet.cancel")
        assert not hand.window.page("build").saves.is_on  # type: ignore[attr-defined]  # the page of that name

    hand.shell.aio(way(), 550)
