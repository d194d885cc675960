"""The Deploy page over made-up servers: what a person sees in each state, and what their clicks ask for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QWidget

from desktop.app import App
from desktop.base.paths import Home
from desktop.base.words import set_language
from desktop.hosts import Unreachable
from desktop.release import (
    HostResult,
    HostState,
    Locked,
    NeverHealthy,
    Outcome,
    RolloutResult,
    SecretMissing,
    Strategy,
)
from desktop.ui.pages.deploy import history, present
from desktop.ui.pages.deploy.page import DeployPage
from desktop.ui.pages.deploy.spread import SpreadSheet
from desktop.ui.theme import theme
from desktop.ui.widgets import Banner, repeat_icons, repeat_texts

from .conftest import Aio, activate
from .deploy_values import HISTORY, HOSTS, NEW, MadeUpDeeds, seen
from .live_values import MadeUpFrame
from .shots import each_look, take
from .walk import clipped, nameless, outside, tab_order, unreachable

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen platform
NAMES = [host.name for host in HOSTS]


class Stage:
    """The page, its frame and a loop that is turned by hand."""

    def __init__(self, aio: Aio, app: App, tmp_path: Path) -> None:
        self.aio, self.app = aio, app
        self.frame = MadeUpFrame(aio.loop, tmp_path / "orders-api")
        self.deeds = MadeUpDeeds(tmp_path)
        self.page = DeployPage(app, self.frame, deeds=self.deeds)  # type: ignore[arg-type]
        self.page.resize(1232, 840)

    def show(self, environment: str = "production") -> DeployPage:
        self.page.show()
        self.page.shown(environment)
        if self.frame.current_project is not None:
            self.until(
                lambda: self.page.found is not None or self.page.offline is not None, "the hosts are read"
            )
        return self.page

    def planned(self, environment: str = "production") -> DeployPage:
        page = self.show(environment)
        self.click("deploy.run")
        self.until(lambda: not page.running, "the plan")
        return page

    def running(self) -> DeployPage:
        """A deploy under way, waiting for what the test tells of it."""
        page = self.planned("staging")
        self.click("deploy.run")
        self.until(lambda: self.deeds.asked[-1][0] == "run", "the run")
        return page

    def end(self, result: RolloutResult) -> None:
        self.deeds.result = result
        self.deeds.go_on.set()
        self.until(lambda: not self.page.running, "the end")
        self.until(lambda: self.page.found is not None, "the hosts are read again")

    def until(self, holds: Callable[[], Any], what: str, limit: float = 30.0) -> None:
        async def wait() -> None:
            deadline = time.monotonic() + limit
            while not holds():
                assert time.monotonic() < deadline, f"not in {limit} s: {what}"
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.02)  # what follows from it runs too: nothing is left for Qt's own loop

        self.aio(wait(), limit + 5)

    def find(self, name: str, kind: type[QWidget] = QWidget) -> Any:
        found = self.page.findChild(kind, name)
        assert found is not None, name
        return found

    def do(self, act: Callable[[], object]) -> None:
        async def run() -> None:
            act()
            await asyncio.sleep(0.02)

        self.aio(run())

    def click(self, name: str) -> None:
        self.do(lambda: QTest.mouseClick(self.find(name), Qt.MouseButton.LeftButton))

    def answer(self, result: object) -> None:
        """Ends the sheet that is open."""
        _, ended = self.frame.sheets.pop()
        assert ended is not None
        self.do(lambda: ended(result))

    def asked(self, what: str) -> list[tuple[Any, ...]]:
        return [words for words in self.deeds.asked if words[0] == what]

    def banner(self) -> str:
        banner = self.find("deploy.banner", Banner)
        return (
            " | ".join(label.text() for label in banner.findChildren(QLabel) if label.text())
            if banner.isVisible()
            else ""
        )

    def cells(self, host: str) -> list[present.Cell]:
        model = self.page.body.lanes.lanes
        return list(
            next(model.lane(row).cells for row in range(model.rowCount()) if model.lane(row).host == host)
        )

    def picture(self, name: str) -> None:
        """For eyes: in both languages and looks."""
        for _ in each_look(self.page, f"deploy-{name}"):
            repeat_texts()
            repeat_icons()
            self.page.retranslate()
        repeat_texts()
        repeat_icons()
        self.page.retranslate()


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(aio, App(Home(tmp_path / "home")), tmp_path)
    yield made
    made.page.hidden()

    async def end() -> None:
        await made.frame.tasks.close()
        await made.app.close()

    aio(end())
    made.deeds.pool.close()
    made.page.deleteLater()
    assert [str(error) for error in made.frame.errors] == []


def done(name: str, **changes: Any) -> HostResult:
    return replace(
        HostResult(name, HostState.DONE, sent_bytes=14_200_000, downtime_ms=412, seconds=6.0), **changes
    )


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
    assert not sheet.primary.isEnabled()
    QTest.keyClicks(sheet.findChild(QLineEdit), "orders-api")
    assert sheet.primary.isEnabled()
    assert stage.asked("run") == []
    stage.answer(True)
    stage.until(lambda: stage.asked("run"), "the run")
    stage.end(RolloutResult(NEW, tuple(done(name) for name in NAMES)))


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_lanes_follow_a_deploy_host_by_host(stage: Stage) -> None:
    stage.running()
    first, second, third = NAMES
    tell = stage.deeds.tell
    ended = tuple(zip(("lock", "upload", "load", "start", "health"), (0.4, 2.1, 0.8, 0.4, 4.6), strict=True))
    tell(first, *ended, ("switch", 0.3), ("retire", 0.1), ("record", 0.1))
    tell(second, ("lock", 0.3))
    stage.deeds.recorder(second).on_progress("upload", 0.64)
    stage.until(lambda: stage.cells(second)[0].state == "busy", "the upload")
    assert [cell.state for cell in stage.cells(first)] == ["ok"] * 6
    assert stage.cells(first)[0].text == "14.2 MB, 2.1 s"
    stage.until(lambda: stage.cells(second)[0].text == "9.1 of 14.2 MB", "bytes")
    assert stage.cells(second)[0].spoken == "web-bj-02, Upload, under way, 9.1 of 14.2 MB"
    assert [cell.state for cell in stage.cells(third)] == ["wait"] * 6
    assert stage.page.head.main.text() == "Cancel"
    entries = stage.page.body.releases.releases.entries
    assert [(entry.version, entry.can) for entry in entries[:2]] == [("1.9.0", ()), ("1.8.0", ())]
    assert entries[0].chip == ("rolling out", "info")
    stage.picture("running")
    stage.end(RolloutResult(NEW, tuple(done(name) for name in NAMES)))
    assert "1.9.0 serves on Staging" in stage.banner()
    assert "412 ms" in stage.banner()
    stage.picture("done")
    stage.click("deploy.banner.live")
    assert ("navigate", "live", "staging") in stage.frame.asked


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_a_failure_names_the_host_shows_its_last_lines_and_offers_ways_on(stage: Stage) -> None:
    page = stage.running()
    first, second, third = NAMES
    error = NeverHealthy(
        "18-1f3a", second, 33.0, "503 Service Unavailable", detail="starting 1.9.0\nno database"
    )
    ok = [(s, 0.4) for s in ("lock", "upload", "load", "start", "health", "switch", "retire", "record")]
    stage.deeds.tell(first, *ok)
    stage.deeds.tell(second, *ok[:4], failed=("health", error))
    untouched = HostResult(third, HostState.UNCHANGED)
    stage.end(
        RolloutResult(NEW, (done(first), HostResult(second, HostState.ROLLED_BACK, error=error), untouched))
    )
    assert "never became healthy on web-bj-02. 1.8.0 serves again." in stage.banner()
    states = [cell.state for cell in stage.cells(second)]
    assert states[2:4] == ["undo", "fail"]
    assert stage.cells(second)[3].text == "not healthy"
    assert stage.cells(second)[3].tip == f"18-1f3a never became healthy on {second}."
    assert "no database" in page.body.output.view.toPlainText()
    stage.picture("failed")
    stage.click("deploy.banner.leave")
    stage.until(lambda: not page.running, "the plan")
    assert stage.asked("plan")[-1] == ("plan", "staging", (second,))


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_a_host_that_does_not_answer_is_named_and_can_be_left_out(stage: Stage) -> None:
    stage.deeds.offline = {NAMES[1]: Unreachable(NAMES[1], "192.0.2.12", "It is off.")}
    page = stage.planned("staging")
    assert "No answer from web-bj-02" in stage.banner()
    assert not page.ready
    stage.picture("offline")
    stage.click("deploy.banner.leave")
    stage.until(lambda: page.ready, "a plan without it")
    assert [host.name for host in page.plan.hosts] == [NAMES[0], NAMES[2]]  # type: ignore[union-attr]


def test_behind_a_front_it_says_that_no_request_was_lost(stage: Stage) -> None:
    page = stage.running()
    assert page.plan is not None
    page.plan = replace(page.plan, fronted=True, gap=False)
    ok = [(s, 0.4) for s in ("lock", "upload", "load", "start", "health", "switch", "retire", "record")]
    for name in NAMES:
        stage.deeds.tell(name, *ok)
    stage.end(RolloutResult(NEW, tuple(done(name, downtime_ms=0) for name in NAMES)))
    stage.until(lambda: "No request was lost." in stage.banner(), "the result")
    assert "no gap" in [cell.text for cell in stage.cells(NAMES[0])]
    assert "Behind a front" in [label.text() for label in page.findChildren(QLabel)]


def test_rolling_back_asks_once_and_goes_to_the_last_good_release(stage: Stage) -> None:
    page = stage.show()
    assert stage.find("deploy.rollback", QPushButton).text() == "Roll back to 1.7.4"
    stage.click("deploy.rollback")
    sheet, _ = stage.frame.sheets[-1]
    assert sheet.first_focus() is sheet.primary
    stage.answer(True)
    stage.until(lambda: stage.asked("run"), "the run")
    assert stage.asked("plan_back") == [("plan_back", "production", "16-1f3a")]
    assert page.plan is not None
    assert page.plan.rollback
    stage.end(RolloutResult(HISTORY[2], tuple(done(name) for name in NAMES)))


def test_the_buttons_of_a_release_are_pressed_with_mouse_and_keys(stage: Stage) -> None:
    page = stage.show("staging")
    view = page.body.releases
    index = view.releases.index(1)
    spot, key = view.delegate.spots(view.visualRect(index), view.releases.entries[1])[0]
    assert key == "rollback"
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(spot.center()))
    assert len(stage.frame.sheets) == 1
    stage.answer(None)
    view.setCurrentIndex(view.releases.index(0))
    stage.do(lambda: QTest.keyClick(view, Qt.Key.Key_Return))
    stage.until(lambda: stage.asked("act"), "the restart")
    assert stage.asked("act") == [("act", "staging", "restart")]


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_a_deploy_is_paused_between_hosts_and_goes_on(stage: Stage) -> None:
    page = stage.running()
    first, second, third = NAMES
    stages = [(s, 0.4) for s in ("lock", "upload", "load", "start", "health", "switch", "retire", "record")]
    stage.deeds.tell(first, *stages[:4])
    stage.until(lambda: page.head.pause.isVisible(), "the button")
    stage.click("deploy.pause")
    assert page.head.pause.text() == "Go on"
    assert not page.banner.isVisible()  # the host under way comes to its end first
    stage.deeds.tell(first, *stages)
    hold = stage.deeds.hold
    assert hold is not None
    waiting: list[Any] = []
    stage.do(lambda: waiting.append(asyncio.ensure_future(hold())))
    stage.until(lambda: page.banner.isVisible(), "that it is paused")
    assert stage.banner() == f"Paused | Not begun yet: {second}, {third}. What serves there serves on."
    stage.picture("paused")
    stage.click("deploy.banner.go_on")
    stage.until(lambda: waiting[0].done() and not page.banner.isVisible(), "that it goes on")
    assert page.head.pause.text() == "Pause"
    for name in (second, third):
        stage.deeds.tell(name, *stages)
    stage.until(lambda: not page.head.pause.isVisible(), "no host that has not begun")
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


def test_cancel_ends_the_job(stage: Stage) -> None:
    page = stage.running()
    stage.deeds.tell(NAMES[0], ("lock", 0.1))
    stage.click("deploy.run")
    stage.until(lambda: not page.running, "the end")
    assert "Cancelled" in stage.banner()


def test_while_a_version_is_tried_cancel_asks_whether_to_take_it_back(stage: Stage) -> None:
    page = stage.running()
    stage.deeds.tell(NAMES[0], ("lock", 0.1), ("upload", 1.0), ("load", 0.5), ("start", 0.4))
    stage.click("deploy.run")
    assert page.running
    stage.answer(None)
    assert page.running
    stage.click("deploy.run")
    stage.answer(True)
    stage.until(lambda: not page.running, "the end")


def test_somebody_else_s_lock_is_told_and_can_be_taken_over(stage: Stage) -> None:
    page = stage.running()
    now = time.time()
    error = Locked(NAMES[0], "Chen Wei@desk-2", "deploy 18-77aa 1.9.1", now - 42, now)
    stage.deeds.tell(NAMES[0], failed=("lock", error))
    rest = tuple(HostResult(name, HostState.UNCHANGED) for name in NAMES[1:])
    stage.end(RolloutResult(NEW, (HostResult(NAMES[0], HostState.FAILED, error=error), *rest)))
    assert "Chen Wei@desk-2" in stage.banner()
    stage.click("deploy.banner.take_over")
    stage.answer(True)
    stage.until(lambda: stage.asked("run")[-1][2], "the run over the lock")
    stage.end(RolloutResult(NEW, tuple(done(name) for name in NAMES)))
    assert not page.running


def test_a_removed_app_is_no_longer_said_to_serve(stage: Stage) -> None:
    page = stage.running()
    stage.end(RolloutResult(NEW, tuple(done(name) for name in NAMES)))
    assert "serves" in stage.banner()
    stage.click("deploy.remove")
    stage.answer(True)
    stage.until(lambda: bool(stage.asked("act")) and not page.running, "the removal")
    assert "serves" not in stage.banner()
    assert page.plan is None


def test_removing_asks_for_the_name(stage: Stage) -> None:
    stage.show("staging")
    stage.click("deploy.remove")
    sheet, _ = stage.frame.sheets[-1]
    assert not sheet.primary.isEnabled()
    stage.answer(None)
    assert stage.asked("act") == []


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
    assert f"once, through {HOSTS[0].name}" in tile_texts(page)
    wanted = {"strategy": "batches", "batch": 2, "on_failure": "rollback", "relay": HOSTS[0].name}
    assert stage.asked("keep_spread") == [("keep_spread", "staging", wanted)]
    stage.picture("strategy")


def tile_texts(page: DeployPage) -> list[str]:
    return [found.toolTip() or found.text() for found in page.body.strip.findChildren(QLabel)]
