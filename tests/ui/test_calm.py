"""The window does no more than it must: what turns is painted alone, what is loaded is not looked through for garbage."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from desktop.release import STAGES
from desktop.ui.garbage import Garbage
from desktop.ui.pages.deploy.lanes import LaneDelegate, LanesView, differing
from desktop.ui.pages.deploy.present import Cell, Lane
from desktop.ui.steps import SWITCH_S, WindowLoop
from tests.ui.conftest import show
from tests.ui.rest import at_rest

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen platform
LANES = [Lane(f"web-{n}", f"192.0.2.{n}", None, tuple(Cell("ok", "1 s") for _ in STAGES)) for n in range(8)]
TURNING = replace(LANES[3], cells=(Cell("busy", "2 s"), *LANES[3].cells[1:]))


class Counted(LaneDelegate):
    """Knows which cells it painted, oldest first."""

    def __init__(self, view: LanesView) -> None:
        super().__init__(view)
        self.painted: list[tuple[int, int]] = []

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        self.painted.append((index.row(), index.column()))
        super().paint(painter, option, index)


def table(qtbot: Any, lanes: list[Lane]) -> tuple[LanesView, Counted]:
    view = LanesView()
    delegate = Counted(view)
    view.setItemDelegate(delegate)
    view.resize(1100, 500)
    view.show_lanes(lanes)
    show(qtbot, view)
    qtbot.waitUntil(lambda: bool(delegate.painted), timeout=120_000)
    return view, delegate


@pytest.fixture
def turning(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[LanesView, Counted]:
    monkeypatch.setattr("desktop.ui.widgets.spinner.animations_wanted", lambda: True)
    return table(qtbot, [*LANES[:3], TURNING, *LANES[4:]])


def turns(qtbot: Any, delegate: Counted, count: int) -> set[tuple[int, int]]:
    """What was painted until that which turns was painted so many times more."""
    delegate.painted.clear()
    qtbot.waitUntil(lambda: delegate.painted.count((3, 1)) >= count, timeout=120_000)
    return set(delegate.painted)


def test_of_a_table_only_the_cell_that_turns_is_painted_again(
    qtbot: Any, turning: tuple[LanesView, Counted]
) -> None:
    turns(qtbot, turning[1], 3)  # the first pictures of the window may be whole ones
    assert turns(qtbot, turning[1], 5) == {(3, 1)}


def test_what_turns_goes_on_turning_where_it_was_scrolled_to(
    qtbot: Any, turning: tuple[LanesView, Counted]
) -> None:
    view, delegate = turning
    view.setFixedHeight(260)
    turns(qtbot, delegate, 3)
    view.verticalScrollBar().setValue(60)
    turns(qtbot, delegate, 3)
    assert turns(qtbot, delegate, 5) == {(3, 1)}


def test_a_stage_that_ends_paints_its_own_cell(qtbot: Any) -> None:
    assert differing(LANES[3], TURNING) == [1]
    assert differing(LANES[3], replace(LANES[3], chip=("done", "ok"))) == [0]
    view, delegate = table(qtbot, LANES)
    at_rest(view)
    delegate.painted.clear()
    view.show_lanes(
        [*LANES[:5], replace(LANES[5], cells=(*LANES[5].cells[:-1], Cell("fail", "x"))), *LANES[6:]]
    )
    qtbot.waitUntil(lambda: bool(delegate.painted), timeout=120_000)
    assert set(delegate.painted) == {(5, len(STAGES))}


@pytest.fixture
def garbage(qapp: QApplication) -> Iterator[Garbage]:
    made = Garbage()
    yield made
    made.release()
    gc.disable()  # as the other tests of the window have it


def test_what_a_start_has_loaded_is_not_looked_through(garbage: Garbage) -> None:
    assert gc.get_freeze_count() > 10_000
    assert not gc.isenabled()
    garbage.release()
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()


def test_a_look_at_everything_waits_until_little_comes_and_goes(
    garbage: Garbage, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    counts = [(10, 0, 0), (9_000, 0, 50), (9_000, 11, 50), (9_000, 0, 500), (10, 0, 50)]
    monkeypatch.setattr("desktop.ui.garbage.gc.get_count", lambda: counts.pop(0))
    monkeypatch.setattr("desktop.ui.garbage.gc.collect", looked.append)
    while counts:
        garbage.collect()
    monkeypatch.undo()
    assert looked == [0, 1, 2, 2]


def test_threads_of_work_make_way_for_the_window_sooner(qapp: QApplication) -> None:
    before = sys.getswitchinterval()
    loop = WindowLoop(qapp)
    assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    loop.close()
    assert sys.getswitchinterval() == pytest.approx(before)
