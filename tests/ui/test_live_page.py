"""The Live page over a Live that looks at nothing: what a person sees, and what their clicks ask for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from desktop.app import App
from desktop.app_seats import HostAnswer
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.words import msg
from desktop.hosts import KeyChanged
from desktop.ui.pages.hosts.identity import BothKeysSheet
from desktop.ui.pages.live import present
from desktop.ui.pages.live.acts import source_file
from desktop.ui.pages.live.page import LivePage
from desktop.ui.widgets import ConfirmSheet, ToastHost, repeat_icons, repeat_texts
from desktop.watch import LogLine
from tests.ui.conftest import Aio
from tests.ui.shots import look
from tests.ui.walk import clipped, nameless, outside, unreachable

from .live_stage import Stage
from .live_values import MadeUpLive, lines, seat, three_hosts


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(aio, App(Home(tmp_path / "home")), tmp_path)
    yield made
    made.end_tidily()


def test_production_is_marked_as_it_is_on_deploy(stage: Stage) -> None:
    page = stage.show()
    assert page.environment is not None
    marked = {
        name
        for name in ("prod", "dev", "staging", "local")
        if not page.environment.segment(name).icon().isNull()
    }
    assert marked == {"prod"}


def visible_texts(page: LivePage) -> set[str]:
    return {found.text() for found in page.findChildren(QLabel) if found.isVisible()}


# ------------------------------------------------------------------------------------------------------ what is seen


def test_services_health_use_and_facts_are_shown(stage: Stage) -> None:
    page = stage.show()
    page.log.add(lines(200))
    page.render_now()
    assert page.parts.summary.text() == "2 of 3 containers healthy"
    assert [(row.name, row.state, row.right) for row in page.tree.services] == [
        ("orders-api", "warn", "2 of 3"),
        ("orders-db", "ok", "1 of 1"),
        ("redis", "ok", "1 of 1"),
        ("report-job", "off", "stopped"),
    ]
    assert page.tree.services[0].seats[2].word == "not healthy: 503 Service Unavailable"
    wanted = {"Latency p95", "CPU", "Memory", "limit 256 MB", "1.8.0", "sha256:c41e…77d0"}
    stage.until(lambda: wanted <= visible_texts(page), "facts and measures")
    assert page.log.status.text().startswith("3 sources merged by time")
    stage.keep("en-light")


@pytest.mark.parametrize(("language", "mode"), [("zh_CN", "dark"), ("zh_CN", "light"), ("en", "dark")])
def test_the_page_speaks_both_languages_in_both_themes(stage: Stage, language: str, mode: str) -> None:
    page = stage.show()
    page.log.add(lines(200, gap_at=190))
    with look(mode, language):
        repeat_texts()
        repeat_icons()
        page.retranslate()
        expected = "3 个容器中 2 个正常" if language == "zh_CN" else "2 of 3 containers healthy"
        assert page.parts.summary.text() == expected
        stage.keep(f"{language}-{mode}")
        assert clipped(page) == []


def test_without_a_project_the_page_says_so(stage: Stage) -> None:
    stage.frame.current_project = None
    page = stage.show()
    assert page.parts.stack.currentWidget() is page.parts.no_project
    stage.click("live.no_project.projects")
    assert ("navigate", "projects") in stage.frame.asked


def test_where_nothing_is_deployed_there_is_a_way_to_deploy(stage: Stage) -> None:
    page = stage.show(MadeUpLive(hosts=["web-1"]))
    assert page.parts.stack.currentWidget() is page.parts.nothing
    stage.keep("nothing")
    stage.click("live.nothing.deploy")
    assert ("navigate", "deploy") in stage.frame.asked


def test_while_it_connects_it_says_to_how_many_hosts(stage: Stage) -> None:
    live = three_hosts()
    live.connecting()
    page = stage.show(live)
    assert page.log.message.text() == "Connecting to 3 hosts"
    stage.keep("connecting")


def test_a_lost_host_keeps_its_last_state_greyed_and_can_be_tried_now(stage: Stage) -> None:
    live = three_hosts()
    live.lose("web-bj-02", GoferryError("web-bj-02 does not answer.", "The network is gone."))
    page = stage.show(live)
    state = page.tree.services[0].seats[1]
    assert (state.state, state.word[:15]) == ("off", "no answer since")
    assert page.parts.banner.text().startswith("No connection to web-bj-02 since ")
    stage.keep("lost")
    stage.click("live.banner.try")
    assert ("try",) in live.wishes
    live.looks["web-bj-02"] = replace(live.looks["web-bj-02"], answer=HostAnswer.OK)
    page.render_now()
    assert page.parts.banner.isHidden()


def test_a_host_with_another_key_is_compared_and_not_tried_again(stage: Stage) -> None:
    live = three_hosts()
    live.lose("web-bj-02", KeyChanged("web-bj-02", ("SHA256:old",), "SHA256:new", "ED25519"))
    page = stage.show(live)
    assert page.parts.banner.text() == "web-bj-02 shows a different key"
    assert page.findChild(QPushButton, "live.banner.try") is None
    stage.keep("other-key")
    stage.click("live.banner.hosts")
    assert ("navigate", "hosts", "web-bj-02") in stage.frame.asked
    stage.click("live.banner.keys")
    sheet = stage.frame.sheets[-1][0]
    assert isinstance(sheet, BothKeysSheet)
    shown = " ".join(found.text().replace("\u200b", "") for found in sheet.findChildren(QLabel))
    assert shown.count("SHA256:") == 2
    assert "old" in shown
    assert "new" in shown


# --------------------------------------------------------------------------------------------------- what is asked for


def test_space_in_the_tree_ticks_as_a_click_does(stage: Stage) -> None:
    page = stage.show()
    key = page.tree.services[0].seats[0].key
    page.tree.choose(key)
    QTest.keyClick(page.tree, Qt.Key.Key_Space)
    stage.until(lambda: ("tick", (key,), False) in stage.live.wishes, "the wish")


def test_the_chosen_container_is_the_one_with_facts_and_charts(stage: Stage) -> None:
    page = stage.show()
    page.tree.choose(page.tree.services[0].seats[2].key)
    assert page.facts.name.whole() == "web-bj-03"
    assert page.usage.title is not None
    assert page.usage.title.text() == "web-bj-03"
    page.tree.choose(page.tree.services[1].seats[0].key)
    assert page.facts.name.whole() == "orders-db"
    assert not page.facts.restart.isEnabled()


def test_stopping_in_production_asks_for_the_projects_name(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    async def change(app: App, folder: Path, one: Any, verb: str) -> tuple[()]:
        asked.append((one.host, verb))
        return ()

    monkeypatch.setattr("desktop.ui.pages.live.acts.change_seat", change)
    page = stage.show()
    page.facts.asked.emit("stop")
    sheet, ended = stage.frame.sheets[0]
    assert isinstance(sheet, ConfirmSheet)
    assert asked == []
    assert ended is not None
    ended(None)
    assert stage.app.jobs.all == []
    stage.do(lambda: ended(True))
    stage.until(lambda: asked == [("web-bj-01", "stop")], "the job")
    sheet.deleteLater()


def test_a_restart_outside_production_is_one_click(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    async def change(app: App, folder: Path, one: Any, verb: str) -> tuple[()]:
        asked.append((one.host, verb))
        return ()

    monkeypatch.setattr("desktop.ui.pages.live.acts.change_seat", change)
    live = MadeUpLive([seat("stage-1", time.time())], environment="staging")
    stage.show(live)
    stage.click("live.restart")
    stage.until(lambda: asked == [("stage-1", "restart")], "the job")


def test_the_digest_is_copied_whole(stage: Stage) -> None:
    page = stage.show()
    page.facts.asked.emit("digest")
    assert QGuiApplication.clipboard().text() == "sha256:c41e0a5d27bb77d0"


def test_another_environment_is_looked_at_when_it_is_chosen(stage: Stage) -> None:
    page = stage.show()
    assert page.environment is not None
    stage.live = MadeUpLive([seat("stage-1", time.time())], environment="staging")
    QTest.mouseClick(page.environment.segment("staging"), Qt.MouseButton.LeftButton)
    stage.until(lambda: len(stage.opened) == 2 and id(page.live) == id(stage.live), "the other environment")
    assert stage.opened[1][2] == ["staging"]


def test_what_was_chosen_on_the_deploy_page_is_shown_here(stage: Stage) -> None:
    folder = stage.frame.current_project
    assert folder is not None
    stage.frame.environments[folder] = "staging"
    stage.show()
    assert stage.opened[-1][2] == ["staging"]


def test_an_environment_that_cannot_be_found_says_why_and_another_can_be_chosen(stage: Stage) -> None:
    async def fails(*_: Any) -> None:
        raise GoferryError("web-9 is not in the inventory.", "prod names it.", "Add it on the Hosts page.")

    stage.page._open_with = fails
    stage.page.show()
    stage.page.shown(None)
    stage.until(lambda: stage.page.parts.banner.isVisible(), "the banner")
    assert stage.page.parts.banner.text() == "web-9 is not in the inventory."
    stage.page._open_with = stage._open
    assert stage.page.environment is not None
    stage.do(
        lambda: QTest.mouseClick(
            stage.page.environment.segment("staging"),  # type: ignore[union-attr]
            Qt.MouseButton.LeftButton,
        )
    )
    stage.until(lambda: stage.page.live is not None, "the other environment")
    assert stage.page.parts.banner.isHidden()


def test_a_link_in_a_line_opens_the_projects_own_file_only(tmp_path: Path) -> None:
    root = tmp_path / "orders-api"
    file = root / "internal" / "stock" / "reserve.go"
    file.parent.mkdir(parents=True)
    file.write_text("package stock", encoding="utf-8")
    (tmp_path / "secret.go").write_text("package main", encoding="utf-8")
    assert source_file(root, "internal/stock/reserve.go") == file
    assert source_file(root, "example.com/orders-api/internal/stock/reserve.go") == file
    assert source_file(root, "/build/orders-api/internal/stock/reserve.go") == file
    assert source_file(root, "../secret.go") is None
    assert source_file(root, str(tmp_path / "secret.go")) is None
    assert source_file(root, "missing.go") is None


def test_what_turned_bad_is_told_by_a_toast_when_nobody_looks(stage: Stage) -> None:
    page = stage.show()
    page.hide()
    page.acts.tell(stage.live.alerts[0])
    toasts = [words for words in stage.frame.asked if words[0] == "toast"]
    assert [words[1:4] for words in toasts] == [
        (
            "fail",
            "Not healthy",
            f"web-bj-03, {present.clock(stage.live.alerts[0].at)}: 503 Service Unavailable",
        )
    ]


def test_the_note_of_a_container_is_taken_back_when_it_is_well_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = stage.show()
    page.hide()
    notes = ToastHost(page)
    monkeypatch.setattr(stage.frame, "toast", notes.show_toast)
    bad = stage.live.alerts[0]
    page.acts.tell(bad)
    page.acts.tell(replace(bad, host="web-bj-02", label="web-bj-02"))
    page.acts.tell(replace(bad, state="ok", title=msg("Healthy again")))
    assert [note.text.text()[:9] for note in notes.shown] == ["web-bj-02"]
    page.acts.tell(replace(bad, title=msg("Stopped")))
    page.acts.tell(bad)
    assert [note.title.text() for note in notes.shown] == ["Not healthy"] * 2


def test_hostile_text_of_a_host_stays_text(stage: Stage) -> None:
    page = stage.show()
    evil = "<img src=//host/share><b>x</b> \u202e"
    from desktop.watch import visible

    page.log.add([LogLine(time.time(), "web-bj-01", "web-bj-01", "error", visible(evil))])
    page.log.view.choose(page.log.view.buffer.shown[0])
    assert page.log.details.text.textFormat() == Qt.TextFormat.PlainText
    assert page.log.details.text.text() == "<img src=//host/share><b>x</b> ‹U+202E›"


def test_everything_has_a_name_and_is_reached_by_the_keyboard(stage: Stage) -> None:
    page = stage.show()
    page.log.add(lines(20))
    page.log.view.choose(page.log.view.buffer.shown[3])
    assert nameless(page) == []
    assert [
        found for found in unreachable(page) if not found.startswith("_Segment")
    ] == []  # arrows reach those


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_nothing_is_clipped_in_the_smallest_window(stage: Stage, language: str) -> None:
    stage.page.resize(1052, 652)  # 1100 x 680 less the narrow navigation and the status bar
    stage.frame.is_narrow = True
    page = stage.show()
    page.log.add(lines(60))
    with look("light", language):
        repeat_texts()
        page.retranslate()
        stage.keep(f"small-{language}")
        assert clipped(page) == []
        assert outside(page) == []
    assert page.parts.right.isHidden()
    page.toggle_right()
    assert page.parts.right.isVisible()
