"""From what a program wrote to a level, a message and its fields: text, logfmt and JSON (slog, zap, zerolog, pino…)."""

from __future__ import annotations

import json
import re
from typing import Any

from .model import LogLine
from .plain import LONGEST, coloured, decoded, shortened, visible, without_colours
from .stamps import NANO, joined_pieces, split_stamp

Fields = tuple[tuple[str, str], ...]

_WORDS = {
    "trace": "debug",
    "debug": "debug",
    "dbg": "debug",
    "debu": "debug",
    "info": "info",
    "inf": "info",
    "information": "info",
    "notice": "info",
    "warn": "warn",
    "warning": "warn",
    "wrn": "warn",
    "error": "error",
    "err": "error",
    "erro": "error",
    "fata": "error",
    "pani": "error",
    "critical": "error",
    "crit": "error",
    "alert": "error",
    "emerg": "error",
    "emergency": "error",
    "severe": "error",
    "fatal": "error",
    "ftl": "error",
    "panic": "error",
    "dpanic": "error",
}
_LEVEL_KEYS = ("level", "lvl", "severity", "loglevel", "log.level", "@level")
_TEXT_KEYS = ("msg", "message", "@message", "event", "log")
_TIME_KEYS = frozenset(("time", "ts", "timestamp", "@timestamp", "t", "datetime"))

_SHOUTED = re.compile(
    r"(?<![\w/.-])(TRACE|DEBUG|DEBU|DBG|INFO|INF|NOTICE|WARN|WARNING|WRN|ERROR|ERRO|ERR|CRITICAL|CRIT|FATAL|FATA|FTL|PANIC|PANI)(?![\w/-])"
)
_BRACKETED = re.compile(
    r"[\[(<](trace|debug|info|notice|warn|warning|error|err|crit|critical|alert|emerg|fatal|panic)[\])>]",
    re.I,
)
_OPENING = re.compile(r"(?:\w+: )?(warning|error|fatal|fatal error|panic):(?=\s)", re.I)
_GLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ ")
_GIN = re.compile(r"\[GIN\] [^|]{10,40}\|\s*(?:\x1b\[[\d;]*m)?\s*(\d{3})\s")
# it may begin only where a word begins: else a line of 64 KB without "=" would cost seconds
_PAIR = re.compile(r'(?<![\w.@/-])([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
_GLOG_LEVELS = {"I": "info", "W": "warn", "E": "error", "F": "error"}
_NAMES_LEVEL = re.compile(r"(?:^|[\s.@])(?:level|lvl|severity|loglevel)=")
_LOOKED_AT = 120
"""Characters at the start of a line in which a level of plain text may stand."""


def parse_level(text: str) -> str:
    """The level that a line names: one of LEVELS, or "" when it names none."""
    return read_text(text)[0]


def read_text(text: str) -> tuple[str, str, Fields]:
    """(level, message for people, fields) of one line of any of the known forms."""
    start = text[:1]
    if start == "{":
        found = _read_json(text)
        if found is not None:
            return found
    elif _NAMES_LEVEL.search(text):
        found = _read_logfmt(text)
        if found is not None:
            return found
    return _level_of_plain(text), text, ()


def pairs_in(text: str) -> Fields:
    """The key=value pairs in a text, for a line that came without fields of its own."""
    return tuple((key, _unquoted(value)) for key, value in _PAIR.findall(text)) if "=" in text else ()


def parse_line(
    raw: bytes, *, stream: str, host: str, source: str, clock_offset: float, received: float
) -> tuple[LogLine, int | None]:
    """A stamped line as it came, as a LogLine, and its stamp in nanoseconds by the host's clock.

    A line without a stamp (a driver that keeps none, a message of the engine) gets `received`, by our clock.
    """
    stamp, rest = split_stamp(joined_pieces(raw))
    level, text, fields = read_text(decoded(rest[: 4 * LONGEST]).rstrip("\r"))
    text, colours = coloured(text)
    text = shortened(text)
    if len(rest) > 4 * LONGEST:
        text = f"{text[:LONGEST]} … +{len(rest) - LONGEST:,}"
    if fields:
        fields = tuple((visible(key), shortened(visible(value))) for key, value in fields)
    at = received if stamp is None else stamp / NANO - clock_offset
    line = LogLine(at, host, source, level, text, fields, stream, clock_offset, colours=colours)
    return line, stamp


def level_word(value: Any) -> str:
    """A level as programs write it ("INFO+2", 30, "warning") as one of LEVELS, or ""."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return _numeric_level(value)
    word = str(value).strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    for sign in "+-":
        word = word.partition(sign)[0]
    if word.isdigit():
        return _numeric_level(int(word))
    return _WORDS.get(word, "")


def _numeric_level(number: float) -> str:
    # pino and bunyan count 10 to 60; syslog's 0 to 7 run the other way
    if number >= 10:
        return "debug" if number < 30 else "info" if number < 40 else "warn" if number < 50 else "error"
    if 0 <= number <= 7:
        return ("error", "error", "error", "error", "warn", "info", "info", "debug")[int(number)]
    return ""


def _read_json(text: str) -> tuple[str, str, Fields] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    level, message = "", ""
    for key in _LEVEL_KEYS:
        if key in found and (level := level_word(found[key])):
            del found[key]
            break
    for key in _TEXT_KEYS:
        if isinstance(found.get(key), str):
            message = found.pop(key)
            break
    fields = tuple((str(k), _shown(v)) for k, v in found.items() if k not in _TIME_KEYS)
    if not message and not level:
        return "", text, fields
    return level, _sentence(message, fields), fields


def _read_logfmt(text: str) -> tuple[str, str, Fields] | None:
    pairs = _PAIR.findall(text)
    if not pairs:
        return None
    fields: dict[str, str] = {key: _unquoted(value) for key, value in pairs}
    level = next((word for key in _LEVEL_KEYS if (word := level_word(fields.get(key)))), "")
    if not level:
        return None
    message = next((fields[key] for key in _TEXT_KEYS if key in fields), None)
    if message is None:
        return level, text, tuple(fields.items())
    rest = tuple(
        (key, value)
        for key, value in fields.items()
        if key not in _LEVEL_KEYS and key not in _TIME_KEYS and key not in _TEXT_KEYS
    )
    return level, _sentence(message, rest), rest


def _sentence(message: str, fields: Fields) -> str:
    if not fields:
        return message
    return " ".join((message, *(f"{key}={_quoted(value)}" for key, value in fields))).strip()


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if not value or " " in value or '"' in value else value


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value[1:-1]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _level_of_plain(text: str) -> str:
    head = text[:_LOOKED_AT]
    if "\x1b" in head:
        head = without_colours(text[: 3 * _LOOKED_AT])[:_LOOKED_AT]
    if found := _GIN.match(head):
        return "error" if found[1] >= "500" else "warn" if found[1] >= "400" else "info"
    if found := _GLOG.match(head):
        return _GLOG_LEVELS[found[1]]
    for pattern in (_SHOUTED, _BRACKETED):
        if found := pattern.search(head):
            return _WORDS[found[1].lower()]
    if found := _OPENING.match(head):
        return "warn" if found[1].lower() == "warning" else "error"
    return ""
