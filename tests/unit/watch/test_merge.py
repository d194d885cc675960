from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from desktop.watch import Filter, LogLine, Mark, Merger, Search, hits, volume
from desktop.watch.buffer import Buffer


def at(seconds: float, source: str = "a", level: str = "", text: str = "") -> LogLine:
    return LogLine(seconds, source, source, level, text or f"{seconds}")


def times(lines: list[LogLine]) -> list[float]:
    return [line.at for line in lines]


def test_one_source_need_not_wait() -> None:
    merger = Merger()
    merger.push("a", [at(1), at(2)], now=0)
    assert times(merger.take(now=0)) == [1, 2]


def test_a_line_waits_for_a_slower_source_at_most_300_ms() -> None:
    merger = Merger()
    merger.push("a", [at(0)], 0)
    merger.push("b", [at(0, "b")], 0)
    merger.take(0)
    merger.push("a", [at(5)], now=1.0)
    assert merger.take(now=1.1) == []
    merger.push("b", [at(4, "b")], now=1.2)
    assert times(merger.take(now=1.2)) == [4]
    assert times(merger.take(now=1.31)) == [5]


def test_lines_go_at_once_when_every_source_has_brought_a_newer_one() -> None:
    merger = Merger(["a", "b"])
    merger.push("a", [at(1), at(3)], 0)
    assert merger.take(0) == []
    merger.push("b", [at(2, "b"), at(4, "b")], 0)
    assert times(merger.take(0)) == [1, 2, 3]


def test_what_comes_after_a_newer_line_is_marked_late() -> None:
    merger = Merger()
    merger.push("a", [at(5)], 0)
    merger.take(0)
    merger.push("b", [at(3, "b"), at(6, "b")], 1)
    assert [(line.at, line.late) for line in merger.take(2)] == [(3, True), (6, False)]


def test_history_is_never_called_late() -> None:
    merger = Merger(began=4)
    merger.push("a", [at(5)], 0)
    merger.take(0)
    merger.push("b", [at(3, "b"), at(4.5, "b")], 1)
    assert [(line.at, line.late) for line in merger.take(2)] == [(3, False), (4.5, True)]


def test_a_source_that_ended_is_not_waited_for() -> None:
    merger = Merger(["a", "b"])
    merger.push("a", [at(1)], 0)
    merger.forget("b")
    assert times(merger.take(0)) == [1]


@given(st.lists(st.lists(st.floats(0, 100), max_size=20), min_size=1, max_size=5), st.integers())
def test_no_line_is_lost_and_each_batch_is_in_order(sources: list[list[float]], seed: int) -> None:
    merger, dice, now, given_out = Merger(), random.Random(seed), 0.0, list[LogLine]()
    waiting = {str(n): sorted(stamps) for n, stamps in enumerate(sources)}
    while any(waiting.values()):
        name = dice.choice([name for name, stamps in waiting.items() if stamps])
        count = dice.randint(1, len(waiting[name]))
        merger.push(name, [at(stamp, name) for stamp in waiting[name][:count]], now)
        del waiting[name][:count]
        now += dice.random() * 0.2
        batch = merger.take(now)
        assert times(batch) == sorted(times(batch))
        given_out += batch
    given_out += merger.rest()
    assert sorted(times(given_out)) == sorted(stamp for stamps in sources for stamp in stamps)
    assert all(
        line.late or line.at >= max(times(given_out[:index]), default=0)
        for index, line in enumerate(given_out)
    )


def test_a_full_buffer_lets_the_oldest_go_and_counts_them() -> None:
    buffer: Buffer[int] = Buffer(3)
    buffer.put_all(range(5))
    assert buffer.take() == ([2, 3, 4], 2)
    assert buffer.take() == ([], 0)
    assert buffer.total_dropped == 2


def test_a_filter_keeps_the_level_and_louder_ones_and_lines_without_a_level_count_as_info() -> None:
    lines = [at(1, level="debug"), at(2), at(3, level="warn"), at(4, level="error")]
    assert times([line for line in lines if Filter("info").shows(line)]) == [2, 3, 4]
    assert times([line for line in lines if Filter("error").shows(line)]) == [4]
    assert times([line for line in lines if Filter(since=2, until=4).shows(line)]) == [2, 3]


def test_a_gap_mark_is_shown_whatever_the_level() -> None:
    gap = LogLine(1, "a", "a", "", "cut", mark=Mark.GAP)
    assert Filter("error").shows(gap)
    assert not Filter("error", frozenset({"b"})).shows(gap)


def test_a_search_looks_for_text_or_for_a_pattern() -> None:
    line = at(1, text="reserve stock failed (3.5)")
    assert hits(Search("STOCK").compiled(), line)
    assert hits(Search("(3.5)").compiled(), line)
    assert hits(Search(r"fail\w+", is_regex=True).compiled(), line)
    assert not hits(Search().compiled(), line)


def test_the_volume_counts_levels_per_span() -> None:
    lines = [at(0), at(0.5, level="error"), at(9.99, level="warn"), at(10)]
    counts = volume(lines, 0, 10, 10)
    assert counts[0] == {"info": 1, "error": 1}
    assert counts[9] == {"warn": 1}
