"""The log of the Live page: which lines are seen, and what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop.app import App
from desktop.base.paths import Home
from desktop.ui.pages.live.page import LivePage
from desktop.watch import LogLine
from tests.ui.conftest import Aio

from .live_stage import Stage, tick_at
from .live_values import lines


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(aio, App(Home(tmp_path / "home")), tmp_path)
    yield made
    made.end_tidily()


def shown_texts(page: LivePage) -> list[str]:
    buffer = page.log.view.buffer
    return [buffer.row(number).text for number in buffer.shown]


class Clock:
    """The time of the log's card, which stands still until a test moves it on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = time.time()
        monkeypatch.setattr(
            "desktop.ui.pages.live.log_card.time",
            SimpleNamespace(time=lambda: self.at, monotonic=lambda: self.at),
        )


def test_a_quiet_log_is_no_error(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    page, clock = stage.show(), Clock(monkeypatch)
    page.log.add(lines(5))
    clock.at += 150
    page.render_now()
    assert "no lines for 2 min" in page.log.status.text()


def test_too_many_lines_are_sampled_all_are_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    page, clock = stage.show(), Clock(monkeypatch)
    now = clock.at
    page.log.add([LogLine(now, "web-bj-01", "web-bj-01", "info", f"line {n}") for n in range(20_000)])
    page.render_now()
    assert "10,000 lines/s" in page.log.status.text()
    assert "showing 1 of 5" in page.log.status.text()
    page.log.add([LogLine(now, "web-bj-01", "web-bj-01", "info", f"more {n}") for n in range(1_000)])
    stage.until(lambda: not page.log.view.buffer.behind, "all looked at")
    shown = [text for text in shown_texts(page) if text.startswith("more")]
    assert len(shown) == 200
    assert page.log.view.buffer.kept == 21_000
    clock.at += 3
    page.render_now()
    stage.until(lambda: len(shown_texts(page)) == 21_000, "all lines again")


# --------------------------------------------------------------------------------------------------- what is asked for


def test_a_tick_takes_a_source_out_of_the_log_and_puts_it_back(stage: Stage) -> None:
    page = stage.show()
    page.log.add(lines(30))
    key = page.tree.services[0].seats[0].key
    tick_at(stage, key)
    stage.until(lambda: ("tick", (key,), False) in stage.live.wishes, "the wish")
    stage.until(lambda: not any(row.source == "web-bj-01" for row in _rows(page)), "its lines are gone")
    tick_at(stage, key)
    stage.until(lambda: any(row.source == "web-bj-01" for row in _rows(page)), "its lines are back")


def _rows(page: LivePage) -> list[Any]:
    buffer = page.log.view.buffer
    return [buffer.row(number) for number in buffer.shown]


def test_alt_click_leaves_only_that_source(stage: Stage) -> None:
    page = stage.show()
    page.log.add(lines(30))
    tick_at(stage, page.tree.services[0].seats[1].key, Qt.KeyboardModifier.AltModifier)
    stage.until(lambda: {row.source for row in _rows(page)} == {"web-bj-02"}, "only one source")


def test_search_level_pause_and_follow_work_on_the_log(stage: Stage) -> None:
    page = stage.show()
    page.log.add(lines(130))
    level = page.log.pane.level
    assert level is not None
    QTest.mouseClick(level.segment("error"), Qt.MouseButton.LeftButton)
    assert {row.level for row in _rows(page)} == {"error"}
    QTest.mouseClick(level.segment("debug"), Qt.MouseButton.LeftButton)
    page.log.view.set_search("reserve stock")
    assert len(page.log.view.buffer.hits) > 20
    stage.click("live.pause")
    page.log.add(lines(7))
    assert page.log.view.waiting == 7
    assert page.log.pane.status.text() == "Paused, 7 new lines"
    stage.click("live.pause")
    assert page.log.view.waiting == 0
    stage.click("live.follow")
    assert not page.log.view.follow


def test_dragging_over_the_volume_filters_a_span_and_one_click_shows_all_again(stage: Stage) -> None:
    page = stage.show()
    page.log.add(lines(900))
    page.render_now()
    before = len(_rows(page))
    strip = page.log.volume
    y = 10
    width = strip.width()
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(int(width * 0.8), y))
    QTest.mouseMove(strip, QPoint(int(width * 0.85), y))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(int(width * 0.9), y))
    stage.until(lambda: 0 < len(_rows(page)) < before, "fewer lines")
    now = time.time()
    assert all(now - 840 < row.at < now - 240 for row in _rows(page))
    stage.click("live.span.clear")
    assert len(_rows(page)) == before


def test_a_longer_span_reads_again_and_stops_following(stage: Stage) -> None:
    page = stage.show()
    QTest.mouseClick(page.parts.span.segment("24h"), Qt.MouseButton.LeftButton)
    stage.until(lambda: ("span", 86_400.0) in stage.live.wishes, "the wish")
    assert not page.log.view.follow


def test_a_line_shows_its_fields_and_how_many_say_the_same(stage: Stage) -> None:
    page = stage.show()
    page.log.add(lines(50))
    page.log.view.choose(page.log.view.buffer.shown[3])
    assert page.log.details.isVisible()
    said = [label.text() for label in page.log.details.findChildren(QWidget) if hasattr(label, "text")]
    assert "0003" in said
    stage.keep("details")
    stage.click("live.details.close")
    assert page.log.details.isHidden()


def test_the_log_is_saved_by_a_job(stage: Stage, tmp_path: Path) -> None:
    page = stage.show()
    page.log.add(lines(40))
    stage.do(lambda: page.log.pane.write_to(str(tmp_path / "saved.log")))
    stage.until(lambda: stage.app.jobs.all and stage.app.jobs.all[0].state.over, "the job")
    saved = (tmp_path / "saved.log").read_text(encoding="utf-8").splitlines()
    assert len(saved) == 40
    assert "web-bj-01" in saved[0]
    assert str(stage.app.jobs.all[0].title) == "Save the log as saved.log"
