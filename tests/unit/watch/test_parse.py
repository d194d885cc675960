from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.watch import is_plain, pairs_in, parse_level, read_text, visible
from desktop.watch.parse import level_word, parse_line
from desktop.watch.plain import LONGEST, coloured
from desktop.watch.stamps import format_stamp, joined_pieces, parse_stamp, split_stamp


def line(text: str | bytes, stamp: str = "2026-11-24T14:46:30.402123456Z ") -> tuple[str, str, float]:
    raw = stamp.encode() + (text.encode() if isinstance(text, str) else text)
    parsed, _ = parse_line(raw, stream="out", host="h", source="s", clock_offset=0.0, received=5.0)
    return parsed.level, parsed.text, parsed.at


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026/11/24 14:46:30 listening on :8080", ""),
        ("INFO server started", "info"),
        ("[WARN] disk is nearly full", "warn"),
        ("2026-11-24 14:46:30 ERROR main.go:27 cannot connect", "error"),
        ("[error] upstream timed out", "error"),
        ("warning: something", "warn"),
        ("panic: runtime error: index out of range [3] with length 3", "error"),
        ("fatal error: all goroutines are asleep - deadlock!", "error"),
        ("GET /errors/ERROR-1 200", ""),
        ("there was no error at all", ""),
        ("I1124 14:46:30.402123    1 main.go:27] ready", "info"),
        ("E1124 14:46:30.402123    1 main.go:27] not ready", "error"),
        ('[GIN] 2026/11/24 - 14:46:30 | 200 |      12.3µs |  127.0.0.1 | GET      "/health"', "info"),
        ('[GIN] 2026/11/24 - 14:46:30 | 503 |      12.3µs |  127.0.0.1 | GET      "/health"', "error"),
        ("time=2026-11-24T14:46:30Z level=DEBUG msg=hi", "debug"),
        ('level=warning ts=1 caller=x.go:1 msg="slow query"', "warn"),
        ('{"level":"info","msg":"hello"}', "info"),
        ('{"severity":"ERROR","message":"bad"}', "error"),
        ('{"level":30,"msg":"pino"}', "info"),
        ('{"level":50,"msg":"pino"}', "error"),
        ('{"L":"x"}', ""),
        ("\x1b[90m2:46PM\x1b[0m \x1b[32mINF\x1b[0m started \x1b[36mport=\x1b[0m8080", "info"),
        ("\x1b[31mERRO\x1b[0m[0000] cannot connect", "error"),
        ("\x1b[33mWARN\x1b[0m[0012] slow", "warn"),
        ('{"broken', ""),
        ("", ""),
    ],
)
def test_the_level_is_found_in_text_logfmt_and_json(text: str, level: str) -> None:
    assert parse_level(text) == level


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("INFO+2", "info"),
        ("DEBUG-4", "debug"),
        (True, ""),
        (None, ""),
        (3, "error"),
        (7, "debug"),
        ("nonsense", ""),
    ],
)
def test_levels_are_read_as_programs_write_them(value: object, level: str) -> None:
    assert level_word(value) == level


def test_a_json_line_reads_as_its_message_and_its_fields() -> None:
    level, text, fields = read_text(
        '{"time":"2026-11-24T14:46:30Z","level":"WARN","msg":"reserve stock slow","took":"1.82 s","sku":"A-1177","n":3}'
    )
    assert (level, text) == ("warn", 'reserve stock slow took="1.82 s" sku=A-1177 n=3')
    assert fields == (("took", "1.82 s"), ("sku", "A-1177"), ("n", "3"))


def test_a_logfmt_line_reads_as_its_message_and_its_fields() -> None:
    level, text, fields = read_text(
        'time=x level=ERROR msg="reserve stock failed" err="deadline \\"exceeded\\""'
    )
    assert (level, text) == ("error", 'reserve stock failed err="deadline \\"exceeded\\""')
    assert fields == (("err", 'deadline "exceeded"'),)


def test_pairs_in_plain_text_are_found_when_they_are_asked_for() -> None:
    text = 'POST /v1/orders 201 290ms trace=66e0 user="Zhang San"'
    assert read_text(text) == ("", text, ())
    assert pairs_in(text) == (("trace", "66e0"), ("user", "Zhang San"))
    assert pairs_in("no pairs") == ()


def test_stamps_go_to_the_nanosecond_and_back() -> None:
    for stamp in (
        "2026-11-24T14:46:30.402123456Z",
        "1970-01-01T00:00:00.000000001Z",
        "2024-02-29T23:59:59.999999999Z",
    ):
        at = parse_stamp(stamp)
        assert at is not None
        assert format_stamp(at) == stamp


def test_stamps_of_other_zones_and_fewer_digits_are_understood() -> None:
    utc = parse_stamp("2026-11-24T06:46:30.5Z")
    assert parse_stamp("2026-11-24T14:46:30.500000000+08:00") == utc
    assert parse_stamp("2026-11-24T06:46:30.50Z") == utc
    assert parse_stamp("24 November") is None
    assert parse_stamp("2026-13-24T06:46:30Z") is None


def test_a_line_without_a_stamp_gets_the_time_it_came() -> None:
    assert line("no stamp here", stamp="") == ("", "no stamp here", 5.0)


def test_the_offset_of_the_hosts_clock_is_taken_off() -> None:
    parsed, stamp = parse_line(
        b"2026-11-24T14:46:30Z hi", stream="out", host="h", source="s", clock_offset=90.5, received=0.0
    )
    assert stamp is not None
    assert parsed.at == pytest.approx(stamp / 1e9 - 90.5)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("a\rb", "a␍b"),
        ("a\x00b", "a␀b"),
        ("a\tb", "a    b"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202egnp.exe", "user‹U+202E›gnp.exe"),
        ("zero\u200bwidth", "zero‹U+200B›width"),
        ("\ufeffbom", "‹U+FEFF›bom"),
        ("\U000e0041tag", "‹U+E0041›tag"),
        ("filler\u3164", "filler‹U+3164›"),
        ("订单已创建 🚀", "订单已创建 🚀"),
        ("<img src=//host/share>", "<img src=//host/share>"),
    ],
)
def test_what_plays_tricks_on_a_screen_is_made_visible(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


def test_a_terminals_colours_are_told_beside_the_text_not_in_it() -> None:
    text, colours = coloured("plain \x1b[31mred\x1b[0m \x1b[1;33mloud\u202e\x1b[m end")
    assert text == "plain red loud‹U+202E› end"
    assert [(text[start:stop], code) for start, stop, code in colours] == [
        ("red", "31"),
        ("loud‹U+202E›", "1;33"),
    ]
    assert coloured("no colour") == ("no colour", ())


@given(st.text("ab\x1b[0;31m\u202e", max_size=60))
def test_colours_never_reach_beyond_the_text(raw: str) -> None:
    text, colours = coloured(raw)
    assert text == visible(raw)
    assert all(0 <= start < stop <= len(text) for start, stop, _ in colours)


@given(st.text(max_size=200))
def test_no_text_of_a_host_reaches_the_screen_unplain(text: str) -> None:
    assert is_plain(visible(text))


def test_each_character_is_plain_once_it_is_visible() -> None:
    assert [hex(code) for code in range(sys.maxunicode + 1) if not is_plain(visible(chr(code)))] == []


@given(st.binary(max_size=300))
def test_any_bytes_make_a_line(raw: bytes) -> None:
    parsed, _ = parse_line(raw, stream="err", host="h", source="s", clock_offset=0.0, received=1.0)
    assert is_plain(parsed.text)
    assert all(is_plain(key) and is_plain(value) for key, value in parsed.fields)


def test_a_line_of_50_mb_is_cut_and_says_so_quickly() -> None:
    for filler in (b"x", b"x=", b'x="', b"[", b'{"a":', b"=", b" level=error"):
        raw = b"2026-11-24T14:46:30Z " + filler * (50_000_000 // len(filler))
        started = time.thread_time()  # others may have the processor meanwhile
        parsed, _ = parse_line(raw, stream="out", host="h", source="s", clock_offset=0.0, received=1.0)
        assert time.thread_time() - started < 2.0, filler
        assert len(parsed.text) < LONGEST + 30
        assert "… +" in parsed.text


def test_the_stamps_between_the_pieces_of_a_long_line_are_taken_out() -> None:
    stamp, piece = b"2026-11-24T14:46:30.402123456Z ", 16 * 1024
    whole = bytes(65 + n % 26 for n in range(piece * 2 + 500))
    sent = stamp + whole[:piece] + stamp + whole[piece : 2 * piece] + stamp + whole[2 * piece :]
    _, rest = split_stamp(sent)
    assert joined_pieces(rest) == whole
