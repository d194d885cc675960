"""The Deploy page while a deploy runs and after it: lanes, failures, pause, cancel, the way back and removal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from desktop.base.errors import Fix, GoferryError
from desktop.base.words import msg
from desktop.engine import DiskFull
from desktop.hosts import Unreachable
from desktop.release import (
    HostResult,
    HostState,
    Locked,
    NeverHealthy,
    PortBusy,
    RolloutResult,
)
from desktop.ui.pages.deploy import present

from .conftest import Aio
from .deploy_stage import NAMES, Stage, done, staged
from .deploy_values import HISTORY, NEW

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen platform


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    with staged(aio, tmp_path) as made:
        yield made


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
    assert stage.page.job is not None
    took = present.duration(stage.page.job.seconds)
    assert f"3 hosts in {took}." in stage.banner(), "not the time that the person waited"
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
    assert "1 host has 1.9.0. 1 host was not touched." in stage.banner()
    assert present.hosts_note(page.plan, page.progress) == "1 of 3 on the new version"  # type: ignore[arg-type]
    states = [cell.state for cell in stage.cells(second)]
    assert states[2:4] == ["undo", "fail"]
    assert stage.cells(second)[3].text == "not healthy"
    assert stage.cells(second)[3].tip == f"18-1f3a never became healthy on {second}."
    assert "no database" in page.body.output.view.toPlainText()
    stage.picture("failed")
    stage.click("deploy.banner.leave")
    stage.until(lambda: not page.running, "the plan")
    assert stage.asked("plan")[-1] == ("plan", "staging", (second,))


def test_a_build_that_fails_leads_to_the_line_of_code(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    page = stage.planned("staging")
    assert page.folder is not None
    code = page.folder / "cmd" / "app" / "main.go"
    code.parent.mkdir(parents=True, exist_ok=True)
    code.write_text("package main\n", encoding="utf-8")
    opened: list[object] = []
    monkeypatch.setattr(
        "desktop.ui.pages.deploy.page.open_in_editor", lambda *words: opened.append(words[1:])
    )
    page.failure = GoferryError(
        "It does not compile.", fixes=(Fix(msg("Open"), "open", "cmd/app/main.go:3:7"),)
    )
    stage.do(page.render_now)
    stage.click("deploy.banner.open")
    stage.until(lambda: opened == [(code, 3, 7)], "the editor")


def test_a_failure_offers_what_its_text_advises(stage: Stage) -> None:
    page = stage.running()
    first = NAMES[0]
    for error, button in ((DiskFull(first), "prune"), (PortBusy(first, 8080, "nginx"), "config")):
        stage.deeds.tell(first, failed=("upload", error))
        stage.end(RolloutResult(NEW, (HostResult(first, HostState.FAILED, error=error),)))
        assert stage.find(f"deploy.banner.{button}", QPushButton).isVisible()
        stage.click("deploy.banner.again")
        stage.until(lambda: page.ready, "the plan")
        stage.click("deploy.run")
        stage.until(lambda: stage.deeds.asked[-1][0] == "run", "the run")


def test_in_a_low_window_the_host_that_failed_is_in_view(stage: Stage) -> None:
    page = stage.running()
    first, second, third = NAMES
    lanes = page.body.lanes
    one = lanes.visualRect(lanes.lanes.index(2, 0)).height()
    # however low a system lets the window be: room for two and a half of the three
    lanes.setFixedHeight(lanes.height() - lanes.viewport().height() + 5 * one // 2)
    ok = [(s, 0.4) for s in ("lock", "upload", "load", "start", "health", "switch", "retire", "record")]
    stage.deeds.tell(first, *ok)
    stage.deeds.tell(second, *ok)
    stage.deeds.tell(third, failed=("upload", DiskFull(third)))
    failed = HostResult(third, HostState.FAILED, error=DiskFull(third))
    back = [replace(done(name), state=HostState.ROLLED_BACK) for name in (first, second)]
    stage.end(RolloutResult(NEW, (*back, failed)))
    assert "2 hosts went back to 1.8.0." in stage.banner()
    row = lanes.visualRect(lanes.lanes.index(2, 0))
    stage.until(
        lambda: lanes.viewport().rect().contains(lanes.visualRect(lanes.lanes.index(2, 0))), "its lane"
    )
    assert lanes.viewport().height() < 3 * row.height(), "there is room for all: the window is not low"


@pytest.mark.may_stall(3000)  # each look is put in force and painted whole
def test_a_host_that_does_not_answer_is_named_and_can_be_left_out(stage: Stage) -> None:
    stage.deeds.offline = {NAMES[1]: Unreachable(NAMES[1], "192.0.2.12", "It is off.")}
    page = stage.planned("staging")
    assert "No answer from web-bj-02" in stage.banner()
    assert "It is off." in stage.banner(), "why is not told"
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
    assert not page.body.remove.isEnabled()
    assert page.body.remove.toolTip() == "Something runs here. You can remove when it is over."
    stage.end(RolloutResult(NEW, tuple(done(name) for name in NAMES)))
    assert "serves" in stage.banner()
    assert (page.body.remove.isEnabled(), page.body.remove.toolTip()) == (True, "")
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
