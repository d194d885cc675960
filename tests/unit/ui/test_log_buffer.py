"""The ring of a log view: what is kept, what is shown, what is found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from desktop.ui.widgets.log_buffer import LogBuffer, LogRow, clean


def rows(count: int, text: str = "line {n}", level: str = "info", source: str = "web") -> list[LogRow]:
    return [LogRow(float(n), level, source, text.format(n=n)) for n in range(count)]


def everything(buffer: LogBuffer) -> list[str]:
    while buffer.advance():
        pass
    return [buffer.row(number).text for number in buffer.shown]


def test_all_lines_are_shown_without_a_filter() -> None:
    buffer = LogBuffer()
    buffer.append(rows(3))
    assert everything(buffer) == ["line 0", "line 1", "line 2"]


def test_the_oldest_lines_make_room_and_numbers_go_on() -> None:
    buffer = LogBuffer(capacity=10_000)
    for start in range(0, 30_000, 1_000):
        buffer.append(rows(1_000, text=f"{start} {{n}}"))
        while buffer.advance():
            pass
    assert 10_000 <= buffer.kept <= 11_000
    assert buffer.end == 30_000
    assert buffer.shown[0] == buffer.first
    assert buffer.row(buffer.first).text.startswith(str(buffer.first // 1000 * 1000))


def test_a_batch_larger_than_the_ring_leaves_its_newest_lines() -> None:
    buffer = LogBuffer(capacity=100)
    buffer.append(rows(500))
    assert buffer.kept == 100
    assert everything(buffer)[-1] == "line 499"


def test_only_lines_of_the_level_and_above_are_shown() -> None:
    buffer = LogBuffer()
    buffer.append([LogRow(0, level, "a", level) for level in ("debug", "info", "warn", "error", "")])
    buffer.set_filter("warn")
    assert everything(buffer) == ["warn", "error"]
    buffer.set_filter("info")
    assert everything(buffer) == ["info", "warn", "error", ""]


def test_only_chosen_sources_and_times_are_shown() -> None:
    buffer = LogBuffer()
    buffer.append([LogRow(float(n), "info", "a" if n % 2 else "b", str(n)) for n in range(6)])
    buffer.set_filter(sources={"a"}, between=(1.0, 3.0))
    assert everything(buffer) == ["1", "3"]


def test_search_marks_lines_whatever_their_case() -> None:
    buffer = LogBuffer()
    buffer.append(
        [LogRow(0, "", "", "Reserve stock"), LogRow(1, "", "", "other"), LogRow(2, "", "", "RESERVE")]
    )
    assert buffer.set_search("reserve") == ""
    assert len(everything(buffer)) == 3
    assert buffer.hits == [0, 2]
    buffer.set_search("reserve", only_hits=True)
    assert everything(buffer) == ["Reserve stock", "RESERVE"]


def test_a_bad_expression_is_explained_and_keeps_the_last_good_one() -> None:
    buffer = LogBuffer()
    buffer.append(rows(2))
    buffer.set_search("line 1")
    everything(buffer)
    assert buffer.set_search("(", regex=True) != ""
    assert buffer.search is not None
    assert buffer.search.pattern == "line\\ 1"


def test_new_lines_are_taken_in_slices() -> None:
    buffer = LogBuffer()
    buffer.append(rows(1_000))
    assert buffer.advance(300)
    assert len(buffer.shown) == 300
    assert buffer.behind == 700


def test_terminal_colours_become_roles() -> None:
    text, spans = clean("\x1b[31mfailed\x1b[0m then \x1b[1;32mok\x1b[m")
    assert text == "failed then ok"
    assert spans == ((0, 6, "log.error"), (12, 14, "ok.text"))


def test_control_characters_cannot_hide_text() -> None:
    assert clean("a\x00b\u202ec")[0] == "a\ufffdb\ufffdc"
    assert clean("\x1b]0;title\x07done")[0] == "done"


@given(some.text())
def test_whatever_a_server_sends_stays_one_readable_line(text: str) -> None:
    cleaned, spans = clean(text)
    assert "\x1b" not in cleaned
    assert all(0 <= start <= end <= len(cleaned) for start, end, _ in spans)
