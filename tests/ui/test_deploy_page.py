"""The Deploy page over made-up servers: what a person sees in each state, and what their clicks ask for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton

from desktop.base.words import set_language
from desktop.hosts import Unreachable
from desktop.release import (
    Outcome,
    RolloutResult,
    SecretMissing,
    Strategy,
)
from desktop.ui.pages.deploy import history, present
from desktop.ui.pages.deploy.banners import production_sheet
from desktop.ui.pages.deploy.page import DeployPage
from desktop.ui.pages.deploy.spread import SpreadSheet
from desktop.ui.theme import theme
from desktop.ui.widgets import repeat_icons, repeat_texts
from desktop.ui.wishes import DeployTo

from .conftest import Aio, activate
from .deploy_stage import NAMES, Stage, done, staged
from .deploy_values import HISTORY, HOSTS, NEW, seen
from .shots import each_look, take
from .walk import clipped, nameless, outside, tab_order, unreachable

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen platform


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    with staged(aio, tmp_path) as made:
        yield made


def test_without_a_project_it_says_so_and_leads_to_projects(stage: Stage) -> None:
    stage.frame.current_project = None
    stage.show()
    stage.click("deploy.no_project.projects")
    assert ("navigate", "projects") in stage.frame.asked


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_before_a_plan_it_shows_hosts_and_releases_and_builds_nothing(stage: Stage) -> None:
    page = stage.show()
    assert stage.asked("plan") == []
    assert page.head.main.text() == "Build and plan"
    assert page.head.versions.text() == "1.8.0"
    entries = page.body.releases.releases.entries
    assert [entry.version for entry in entries] == ["1.8.0", "1.7.4", "1.7.3", "1.7.2"]
    assert entries[0].chip == ("serving", "ok")
    assert entries[1].can == ("rollback",)
    assert "4.2%" in entries[2].note
    stage.picture("open")


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_a_plan_shows_bytes_changes_and_every_command_and_production_asks_for_the_name(stage: Stage) -> None:
    page = stage.planned()
    assert page.head.versions.text() == "1.8.0  →  1.9.0"
    assert page.head.main.text() == "Deploy 1.9.0 to Production…"
    assert page.plan is not None
    tiles = present.tiles(page.plan, 8.0)
    assert [(tile.strong, tile.second) for tile in tiles[1:3]] == [
        ("3 × 14.2 MB", "1 of 3 layers are there"),
        ("2 keys change", "CACHE_TTL, LOG_LEVEL"),
    ]
    stage.picture("planned")
    stage.click("deploy.show_commands")
    sheet, _ = stage.frame.sheets.pop()
    text = sheet.code.toPlainText()
    assert "docker load" in text
    assert "docker start orders-api-18-1f3a" in text
    assert "5m" not in text
    stage.click("deploy.run")
    sheet, _ = stage.frame.sheets[-1]
    said = " ".join(found.text() for found in sheet.findChildren(QLabel))
    assert "Deploy 1.9.0 to Production?" in said
    assert "1 host at a time, 3 in all. A host that fails stops the rest." in said
    assert not sheet.primary.isEnabled()
    QTest.keyClicks(sheet.findChild(QLineEdit), "orders-api")
    assert sheet.primary.isEnabled()
    assert stage.asked("run") == []
    stage.answer(True)
    stage.until(lambda: stage.asked("run"), "the run")
    stage.end(RolloutResult(NEW, tuple(done(name) for name in NAMES)))


def test_a_missing_secret_is_asked_for_and_the_plan_goes_on(stage: Stage) -> None:
    stage.deeds.plan_error = SecretMissing(("DB_PASSWORD",), "staging", "orders-api")
    page = stage.show("staging")
    stage.click("deploy.run")
    stage.until(lambda: stage.frame.sheets, "the question")
    sheet, ended = stage.frame.sheets.pop()
    given: list[Any] = []
    sheet.finished.connect(given.append)
    sheet.on_primary()
    assert given == []
    QTest.keyClicks(sheet.findChild(QLineEdit), "pa55")
    sheet.on_primary()
    assert ended is not None
    stage.do(lambda: ended(given[0]))
    stage.until(lambda: page.ready, "the plan")
    assert stage.deeds.kept["DB_PASSWORD"].reveal() == "pa55"


def test_what_serves_already_is_said_and_nothing_is_offered(stage: Stage) -> None:
    stage.deeds.releases = {name: seen(name, releases=(*HISTORY, NEW), current=NEW.id) for name in NAMES}
    page = stage.planned("staging")
    assert "Every host serves this release already" in stage.banner()
    assert not page.ready
    assert page.head.main.text() == "Build and plan"


def test_a_plan_of_ten_minutes_ago_is_made_again(stage: Stage) -> None:
    page = stage.planned("staging")
    assert page.plan is not None
    page.plan = replace(page.plan, made=time.time() - 700)
    page.render_now()
    assert "The plan is old" in stage.banner()
    stage.click("deploy.run")
    stage.until(lambda: len(stage.asked("plan")) == 2, "a new plan")


def test_no_host_answers_is_one_sentence_with_try_again(stage: Stage) -> None:
    stage.deeds.offline = {name: Unreachable(name, "192.0.2.11", "It is off.") for name in NAMES}
    stage.show()
    assert "web-bj-01" in stage.banner()
    stage.click("deploy.banner.look")
    stage.until(lambda: len(stage.asked("look")) == 2, "another look")


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_only_this_computer_offers_to_run_here_and_to_add_a_host(stage: Stage) -> None:
    stage.deeds.names = ("local",)
    stage.deeds.releases = {"local": seen("local", releases=(), current="")}
    page = stage.show("local")
    assert page.head.main.text() == "Run here"
    assert "no environment with servers" in stage.banner()
    assert page.body.lanes.lanes.index(0, 0).data() == "This computer"
    stage.picture("only-here")
    stage.click("deploy.run")
    stage.until(lambda: stage.asked("run"), "it runs at once")
    stage.end(RolloutResult(NEW, (done("local", downtime_ms=None),)))


def test_the_keyboard_stays_with_the_main_button_while_it_cannot_be_pressed(stage: Stage, qtbot: Any) -> None:
    page = stage.show("staging")
    activate(qtbot, page)
    main = page.head.main
    main.setFocus()
    page.head.show_main("Cancelling…", "standard", False)
    assert not page.head.back.hasFocus()
    page.head.show_main("Build and plan", "primary", True)
    assert main.hasFocus()


def test_the_key_for_rolling_back_asks_at_once_and_stays_in_the_environment(stage: Stage) -> None:
    page = stage.show("production")
    stage.do(lambda: page.shown("rollback"))
    stage.until(lambda: stage.frame.sheets, "the question")
    assert page.environment == "production"
    stage.answer(None)
    stage.do(lambda: page.shown("newest"))
    stage.until(lambda: len(stage.asked("look")) == 3, "another look")
    assert page.environment == "production"
    assert len(stage.frame.sheets) == 0


def test_the_environment_looked_at_is_remembered_for_the_project(stage: Stage) -> None:
    page = stage.show("production")
    folder = stage.frame.current_project
    assert folder is not None
    assert stage.frame.environments[folder] == "production"
    stage.frame.environments[folder] = "staging"  # chosen on the Live page
    stage.do(lambda: page.shown(None))
    assert page.environment == "staging"


def test_without_releases_there_is_no_foot_under_them(stage: Stage) -> None:
    stage.deeds.releases = {name: seen(name, releases=(), current="") for name in NAMES}
    page = stage.show("staging")
    assert page.body.none_yet.isVisible()
    assert page.body.releases_card.foot is not None
    assert not page.body.releases_card.foot.isVisible()


def test_two_releases_are_compared_side_by_side(stage: Stage) -> None:
    stage.planned()
    stage.click("deploy.compare_open")
    stage.until(lambda: stage.frame.sheets, "the sheet")
    sheet, _ = stage.frame.sheets[-1]
    assert (sheet.old.value, sheet.new.value) == ("17-1f3a", "18-1f3a")
    assert "+ env.LOG_LEVEL: info" in sheet.code.toPlainText()
    sheet.old.set_value("16-1f3a")
    sheet.old.chosen.emit("16-1f3a")
    assert "- orders-api:1.7.4" in sheet.code.toPlainText()
    assert (nameless(sheet), clipped(sheet)) == ([], [])
    take(sheet, "deploy-compare")


def test_a_plan_is_saved_as_a_script(stage: Stage, tmp_path: Path) -> None:
    stage.planned()
    stage.click("deploy.show_commands")
    sheet, _ = stage.frame.sheets[-1]
    stage.do(sheet.findChild(QPushButton, "deploy.commands.save").click)
    dialog = stage.page.findChild(QFileDialog, "deploy.saveScript")
    assert dialog is not None
    file = tmp_path / "plan.sh"
    stage.do(lambda: dialog.fileSelected.emit(str(file)))
    dialog.reject()
    stage.until(file.is_file, "the script")
    text = file.read_text(encoding="utf-8")
    assert "docker start orders-api-18-1f3a" in text
    assert "5m" not in text


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_keyboard_and_screen_reader_reach_everything_and_no_word_is_cut(stage: Stage, language: str) -> None:
    page = stage.planned()
    set_language(language)
    repeat_texts()
    page.retranslate()
    stage.until(lambda: True, "nothing")
    assert nameless(page) == []
    assert unreachable(page) == []
    assert clipped(page) == []
    order = tab_order(page)
    assert order.index("deploy.environment.dev") < order.index("deploy.rollback") < order.index("deploy.run")
    assert order.index("deploy.run") < order.index("deploy.lanes")


def test_large_text_and_narrow_windows_are_borne(stage: Stage) -> None:
    theme().apply("light", 1.5)
    repeat_icons()
    page = stage.planned()
    assert clipped(page) == []
    page.body.set_narrow(True)
    stage.until(lambda: True, "nothing")
    page.resize(900, 700)
    stage.until(lambda: True, "nothing")
    assert page.width() == 900
    assert outside(page) == []
    assert page.head.main.isVisible()


def test_another_language_reaches_everything(stage: Stage) -> None:
    page = stage.planned()
    set_language("zh_CN")
    repeat_texts()
    page.retranslate()
    assert page.head.main.text() == "部署 1.9.0 到生产…"
    head = page.body.lanes.lanes.headerData(1, Qt.Orientation.Horizontal)
    assert head == "上传"


@pytest.mark.parametrize(
    ("at", "words"),
    [(0.0, "today"), (-86_400.0, "yesterday"), (-40 * 86_400.0, "")],
    ids=["today", "yesterday", "older"],
)
def test_moments_are_said_as_people_do(at: float, words: str) -> None:
    noon = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))
    assert history.when(noon + at, noon).startswith(words or "11 Oct")


def test_a_failed_release_says_why() -> None:
    row = {
        "id": "3",
        "sequence": 3,
        "version": "3",
        "digest": "",
        "by": "x",
        "at": 0.0,
        "why": "It was too big",
    }
    entry = history.entries([{**row, "hosts": [{"name": "a", "state": str(Outcome.FAILED)}]}], 0.0)[0]
    assert (entry.state, entry.note) == ("fail", "It was too big")


def test_a_release_that_came_to_some_hosts_only_does_not_say_all() -> None:
    def row(number: int, *states: str) -> dict[str, object]:
        hosts = [{"name": f"web-{at}", "state": state} for at, state in enumerate(states)]
        known = {"id": str(number), "sequence": number, "version": "1", "digest": "", "by": "x", "at": 0.0}
        return {**known, "hosts": hosts}

    back, serving = history.entries([row(2, "rolled-back", "rolled-back"), row(1, *["running"] * 3)], 0.0)
    assert (back.note, serving.note) == ("Image is on 2 of 3 hosts", "Image is still on all 3 hosts")


def test_a_strategy_is_chosen_for_a_plan_and_kept_in_the_project(stage: Stage) -> None:
    page = stage.planned("staging")
    assert stage.find("deploy.spread_open").isVisible()
    assert "1 host at a time, 3 in all" in tile_texts(page)
    stage.click("deploy.spread_open")
    sheet, _ = stage.frame.sheets[-1]
    assert isinstance(sheet, SpreadSheet)
    answers: list[object] = []
    sheet.finished.connect(answers.append)
    assert not sheet.batch.isVisibleTo(sheet)
    stage.do(lambda: QTest.mouseClick(sheet.kind.segment("batches"), Qt.MouseButton.LeftButton))
    assert sheet.batch.isVisibleTo(sheet)
    sheet.undo.setChecked(True)
    sheet.relay.set_value(HOSTS[0].name)
    sheet.keep.setChecked(True)
    for _ in each_look(sheet, "deploy-spread"):
        repeat_texts()
        repeat_icons()
    repeat_texts()
    stage.do(sheet.on_primary)
    stage.answer(answers[0])
    assert page.prepared is not None
    assert page.prepared.strategy == Strategy("batches", 2, undo=True)
    assert page.prepared.relay == HOSTS[0].name
    assert "2 hosts at a time, 3 in all" in tile_texts(page)
    assert page.plan is not None
    asks = " ".join(found.text() for found in production_sheet(page.plan).findChildren(QLabel))
    assert (
        "2 hosts at a time, 3 in all. A host that fails stops the rest, and the ones before it go back."
        in asks
    )
    assert f"once, through {HOSTS[0].name}" in tile_texts(page)
    wanted = {"strategy": "batches", "batch": 2, "on_failure": "rollback", "relay": HOSTS[0].name}
    assert stage.asked("keep_spread") == [("keep_spread", "staging", wanted)]
    stage.picture("strategy")


def tile_texts(page: DeployPage) -> list[str]:
    return [found.toolTip() or found.text() for found in page.body.strip.findChildren(QLabel)]


def test_a_plan_for_some_hosts_is_made_at_once_says_so_and_may_become_one_for_all(stage: Stage) -> None:
    wish = DeployTo("production", ("web-bj-03",), anew=True)
    page = stage.show(wish)
    stage.until(lambda: page.ready, "the plan")
    assert stage.asked("part") == [("part", wish)]
    assert page.plan is not None
    assert [host.name for host in page.plan.hosts] == ["web-bj-03"]
    assert page.head.main.text() == "Deploy 1.9.0 to web-bj-03…"
    assert "Only for web-bj-03" in stage.banner()
    assert "The other hosts of Production stay as they are. The container is made anew" in stage.banner()
    take(page, "deploy-part")
    stage.click("deploy.banner.all")
    stage.until(lambda: page.plan is not None and len(page.plan.hosts) == len(HOSTS), "the plan for all")
    assert stage.asked("part") == [("part", wish)]
    assert page.head.main.text() == "Deploy 1.9.0 to Production…"


def test_a_part_that_is_done_is_followed_by_a_plan_for_all(stage: Stage) -> None:
    page = stage.show("staging")
    stage.do(lambda: page.shown(DeployTo("staging", ("web-bj-03",))))
    stage.until(lambda: page.ready, "the plan")
    stage.click("deploy.run")
    stage.until(lambda: stage.deeds.asked[-1][0] == "run", "the run")
    stage.end(RolloutResult(NEW, (done("web-bj-03"),)))
    assert "1.9.0 serves on web-bj-03" in stage.banner()
    stage.click("deploy.run")
    stage.until(lambda: page.ready, "the next plan")
    assert page.plan is not None
    assert len(page.plan.hosts) == len(HOSTS)
    assert page.part is None
