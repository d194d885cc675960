from __future__ import annotations

import random

from desktop.ui.widgets.log_buffer import LogBuffer, LogRow


def rows(*stamps: float, level: str = "info", source: str = "a") -> list[LogRow]:
    return [LogRow(stamp, level, source, f"{stamp:g}") for stamp in stamps]


def shown(buffer: LogBuffer) -> list[str]:
    while buffer.advance():
        pass
    return [buffer.row(number).text for number in buffer.shown]


def test_a_late_row_stands_where_its_time_belongs() -> None:
    buffer = LogBuffer(ordered=True)
    buffer.append(rows(1, 2, 4, 5))
    assert shown(buffer) == ["1", "2", "4", "5"]
    buffer.append(rows(3, 6))
    assert shown(buffer) == ["1", "2", "3", "4", "5", "6"]


def test_rows_of_one_time_keep_the_order_in_which_they_came() -> None:
    buffer = LogBuffer(ordered=True)
    for text in "abc":
        buffer.append([LogRow(1, "", "s", text), LogRow(2, "", "s", text)])
    assert shown(buffer) == ["a", "b", "c", "a", "b", "c"]


def test_however_late_rows_come_all_are_shown_once_in_order() -> None:
    dice = random.Random(7)
    buffer = LogBuffer(ordered=True)
    stamps = [dice.randint(0, 400) for _ in range(600)]
    for start in range(0, 600, 20):
        buffer.append(rows(*stamps[start : start + 20]))
        buffer.advance(dice.randint(1, 30))
    assert shown(buffer) == [f"{stamp}" for stamp in sorted(stamps)]
    assert buffer.shown == list(range(600))


def test_too_many_rows_to_read_are_sampled_and_come_back_when_it_calms_down() -> None:
    buffer = LogBuffer()
    buffer.append(rows(*range(10)))
    assert len(shown(buffer)) == 10
    buffer.set_every(5)
    buffer.append(rows(*range(10, 30)))
    assert shown(buffer)[10:] == ["10", "15", "20", "25"]
    assert buffer.kept == 30
    buffer.set_every(1)
    assert len(shown(buffer)) == 30


def test_a_mark_is_shown_whatever_the_level_but_not_for_another_source() -> None:
    buffer = LogBuffer()
    buffer.set_filter("error")
    buffer.append([*rows(1), LogRow(2, "", "a", "cut", mark="gap"), *rows(3, level="error")])
    assert shown(buffer) == ["cut", "3"]
    buffer.set_filter("error", {"b"})
    assert shown(buffer) == []


def test_colours_of_a_row_stay_with_it_when_a_late_row_moves_it() -> None:
    buffer = LogBuffer(ordered=True)
    buffer.append([*rows(1), LogRow(3, "", "a", "red", colours=((0, 3, "31"),))])
    buffer.append(rows(2))
    assert shown(buffer) == ["1", "2", "red"]
    assert [buffer.spans(number) for number in buffer.shown] == [(), (), ((0, 3, "log.error"),)]
