"""Updates in the window: found quietly, downloaded by a click, installed only after a question."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from desktop.app_updates import A_DAY, Updates
from desktop.ui.pages.settings import updates as section
from desktop.ui.pages.settings.page import SettingsPage
from desktop.ui.start import keep_looking, look_for_updates
from tests.ui import shots, walk
from tests.ui.conftest import Shell
from tests.ui.hand import Hand
from tests.update_server import MANIFEST, Publisher

CONTENT = b"#!/bin/sh\nexit 0\n" + b"# padding\n" * 20_000
pytestmark = pytest.mark.may_stall(3000)  # changes of look and pictures in one story


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(tmp_path / "publisher")
    made.publish("0.2.0", CONTENT)
    yield made
    made.close()


@pytest.fixture
def page(shell: Shell, publisher: Publisher) -> SettingsPage:
    """The Settings page of a Goferry 0.1.0 that asks the publisher."""
    shell.app.updates.__init__(shell.app, publisher.source, running="0.1.0")  # type: ignore[misc]  # the same object, as another edition
    shell.app.updates.waits = ()
    made = shell.window.page("settings")
    assert isinstance(made, SettingsPage)
    shell.window.resize(1100, 680)
    shell.window.navigate("settings", "updates")
    return made


def note(window: QWidget) -> str:
    """What the status bar says about updates; "" while nothing is shown."""
    item = window.findChild(QWidget, "status.update")
    assert item is not None
    return item.word.text() if item.isVisible() else ""  # type: ignore[attr-defined]  # a StateLabel


def test_a_newer_version_is_noted_quietly_and_downloaded_by_a_click(shell: Shell, page: SettingsPage) -> None:
    hand, shown = Hand(shell), page.updates.state_row.note

    async def story() -> None:
        assert note(shell.window) == ""
        await look_for_updates(shell.app, shell.window)
        assert "0.2.0" in note(shell.window)
        assert "Faster." in shown.text()
        assert shell.window.sheets.top is None
        for look in shots.each_look(shell.window, "state-updates"):
            assert walk.nameless(shell.window) == [], look
            assert walk.clipped(shell.window) == [], look
        await hand.click("settings.updates.get")
        await hand.sees(lambda: shell.app.updates.ready is not None, "the file")
        await hand.sees(lambda: "0.2.0" in shown.text() and "download" in shown.text(), "where it is")
        assert shell.app.updates.ready is not None
        assert shell.app.updates.ready.read_bytes() == CONTENT
        assert hand.is_there("settings.updates.reveal") or hand.is_there("settings.updates.install")

    shell.aio(story())


def test_a_refused_update_is_told_in_its_row_and_never_gets_in_the_way(
    shell: Shell, page: SettingsPage, publisher: Publisher
) -> None:
    hand, problem = Hand(shell), page.updates.state_row.problem
    publisher.change_manifest("0.2.0", "0.9.0")

    async def story() -> None:
        await look_for_updates(shell.app, shell.window)
        assert note(shell.window) == ""
        assert not shell.window.error_bar.isVisible()
        await hand.click("settings.updates.look")
        await hand.sees(lambda: "not signed" in problem.text(), "the reason")
        assert not hand.is_there("settings.updates.get")
        publisher.files[MANIFEST] = b""
        page.updates.wish.chosen.emit("off")
        assert shell.app.settings.now.updates == "off"

    shell.aio(story())


def test_a_policy_turns_it_off_and_says_which(
    shell: Shell, page: SettingsPage, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFERRY_UPDATES", "off")
    page.refresh()
    assert "GOFERRY_UPDATES" in page.updates.wish_row.note.text()
    assert not page.updates.look.isEnabled()
    shell.aio(look_for_updates(shell.app, shell.window))
    assert publisher.asked == []


@pytest.mark.skipif(sys.platform == "win32", reason="the installer that is played here is a shell script")
@pytest.mark.parametrize("code", [0, 2])
def test_the_window_leaves_for_the_new_version_only_when_it_is_installed(
    shell: Shell, page: SettingsPage, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    hand, left, new = Hand(shell), list[bool](), Path("/opt/goferry/goferryw.exe")
    publisher.publish("0.2.0", f"#!/bin/sh\nexit {code}\n".encode())
    monkeypatch.setattr(section, "program", lambda: new)
    shell.window.closed.connect(lambda: left.append(True))

    async def story() -> None:
        await shell.app.updates.check()
        (await shell.app.updates.fetch()).chmod(0o700)
        page.refresh()
        await hand.click("settings.updates.install")
        await hand.click("settings.updates.confirm.cancel")
        assert [job.kind for job in shell.app.jobs.all] == []
        await hand.click("settings.updates.install")
        await hand.click("settings.updates.confirm.primary")
        await shell.aio.until(lambda: bool(left) or page.updates.state_row.problem.text() != "", "the end")

    shell.aio(story())
    assert (bool(left), shell.window.then) == ((True, new) if code == 0 else (False, None))


def test_a_window_that_is_open_for_days_looks_again(
    shell: Shell, page: SettingsPage, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in a day, however often it asks itself; and it goes on after an address that did not answer."""
    hand, at = Hand(shell), time.time()
    monkeypatch.setattr("desktop.app_updates.time.time", lambda: at)
    publisher.files.clear()

    async def story() -> None:
        nonlocal at
        timer = keep_looking(shell.app, shell.window, 20)
        await hand.sees(lambda: len(publisher.asked) == 1, "the first look")
        ticks = list[bool]()
        timer.timeout.connect(lambda: ticks.append(True))
        await hand.sees(lambda: len(ticks) > 20, "many more wishes to look")
        assert len(publisher.asked) == 1
        publisher.publish("0.2.0", CONTENT)
        at += 3 * A_DAY  # the computer slept over the weekend
        await hand.sees(lambda: "0.2.0" in note(shell.window), "the newer version")
        assert len(publisher.asked) == 2
        timer.stop()

    shell.aio(story())


def test_the_app_asks_the_address_that_came_along(shell: Shell) -> None:
    assert isinstance(shell.app.updates, Updates)
    assert shell.app.updates.source.keys == () or shell.app.updates.source.address
