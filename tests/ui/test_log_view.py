"""The log under the hands of a person."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from desktop.ui.widgets import LogPane, LogRow, LogView
from tests.ui.conftest import show


def view_of(qtbot: Any, count: int = 0) -> LogView:
    made = LogView(name="log", label="Log")
    show(qtbot, made, 700, 300)
    made.append(LogRow(1e9 + n, "info", f"web-{n % 3}", f"line {n}") for n in range(count))
    return made


def last_shown(view: LogView) -> str:
    return view.buffer.row(view._visible()[-1][0]).text


def test_new_lines_come_into_view_while_following(qtbot: Any) -> None:
    view = view_of(qtbot, 500)
    assert last_shown(view) == "line 499"
    view.append([LogRow(2e9, "error", "web-1", "the newest")])
    assert last_shown(view) == "the newest"


def test_scrolling_up_stops_following_and_end_follows_again(qtbot: Any) -> None:
    view = view_of(qtbot, 500)
    bar = view.verticalScrollBar()
    bar.setValue(10)
    assert not view.follow
    view.append([LogRow(2e9, "", "web-1", "unseen")])
    assert bar.value() == 10
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.follow
    assert last_shown(view) == "unseen"


def test_a_paused_view_stands_still_and_counts(qtbot: Any) -> None:
    view = view_of(qtbot, 100)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    view.append(LogRow(2e9, "", "web", f"new {n}") for n in range(214))
    assert (view.paused, view.waiting, last_shown(view)) == (True, 214, "line 99")
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert (view.waiting, last_shown(view)) == (0, "new 213")


def test_lines_stay_where_they_are_when_old_ones_make_room(qtbot: Any) -> None:
    view = LogView(name="log", label="Log", capacity=2_000)
    show(qtbot, view, 700, 300)
    view.append(LogRow(0, "", "a", f"line {n}") for n in range(2_900))
    view.verticalScrollBar().setValue(1_500)
    before = view.buffer.row(view._visible()[0][0]).text
    view.append(LogRow(0, "", "a", f"more {n}") for n in range(500))
    assert view.buffer.row(view._visible()[0][0]).text == before


def test_search_walks_the_hits(qtbot: Any) -> None:
    view = view_of(qtbot, 300)
    view.set_follow(False)
    assert view.set_search("line 7") == ""
    view.next_hit()
    assert view.chosen_row() is not None
    first = view.chosen_row()
    view.next_hit()
    second = view.chosen_row()
    assert (first and first.text, second and second.text) == ("line 7", "line 70")
    view.next_hit(-1)
    assert view.chosen_row() == first
    assert view.set_search("[", regex=True) != ""


def test_a_link_to_a_line_opens_by_click_and_by_enter(qtbot: Any) -> None:
    view = view_of(qtbot)
    heard: list[str] = []
    view.linkActivated.connect(heard.append)
    view.append(
        [LogRow(1e9, "error", "linux/amd64", "internal/store/lock.go:27:12: undefined: syscall.Flock")]
    )
    where = QPoint(int(view._text_left() + 10), 10)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert heard == ["internal/store/lock.go:27:12"] * 2


def test_marked_characters_are_copied_and_several_lines_whole(qtbot: Any) -> None:
    view = view_of(qtbot, 3)
    left = int(view._text_left())
    viewport = view.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(left, 10))
    qtbot.mouseMove(viewport, QPoint(left + int(view._char * 4) + 1, 10))
    view._head = view._hit_test(QPoint(left + int(view._char * 4) + 1, 10))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(left + int(view._char * 4) + 1, 10))
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "line"
    qtbot.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    view.copy()
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("INFO  web-1  line 1")


def test_wrapped_lines_show_their_end(qtbot: Any) -> None:
    view = view_of(qtbot)
    view.append([LogRow(1e9, "", "a", "word " * 200), LogRow(1e9, "", "a", "last")])
    assert view.horizontalScrollBar().maximum() > 0
    view.set_wrap(True)
    assert view.horizontalScrollBar().maximum() == 0
    _, _, pieces = view._visible()[0]
    assert len(pieces) > 1
    assert pieces[-1][1] == 1000


def test_levels_and_sources_filter_at_once(qtbot: Any) -> None:
    view = view_of(qtbot, 30)
    view.set_filter(sources={"web-1"})
    assert {view.buffer.row(number).source for number in view.buffer.shown} == {"web-1"}
    view.set_filter("error")
    assert view.buffer.shown == []


def test_the_pane_counts_hits_and_saves_what_is_shown(qtbot: Any, tmp_path: Any) -> None:
    pane = LogPane(name="p", label_text="Log", pausable=True)
    show(qtbot, pane, 900, 400)
    pane.view.append(LogRow(1e9, "info", "web", f"order {n}") for n in range(20))
    pane.finder.setText("order 1")
    qtbot.waitUntil(lambda: pane.hits.text() == "11 hits", timeout=120_000)
    pane.set_only_hits(True)
    pane.write_to(str(tmp_path / "out.log"))
    saved = (tmp_path / "out.log").read_text(encoding="utf-8").splitlines()
    assert len(saved) == 11
    pane.write_to(str(tmp_path / "nowhere" / "out.log"))
    assert pane.problem.isVisible()


def test_fifty_thousand_lines_are_searched_in_slices(qtbot: Any) -> None:
    view = view_of(qtbot, 50_000)
    view.set_search("line 49999")
    qtbot.waitUntil(lambda: view.buffer.behind == 0, timeout=120_000)
    assert len(view.buffer.hits) == 1
