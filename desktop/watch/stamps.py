"""The engine's time stamps, RFC 3339 with up to nine digits of a second, as whole nanoseconds since 1970."""

from __future__ import annotations

import calendar
import re
from functools import lru_cache

NANO = 1_000_000_000
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)")


def split_stamp(line: bytes) -> tuple[int | None, bytes]:
    """(nanoseconds UTC, the rest) of a line that begins with a stamp and a space; (None, line) of any other."""
    found = _STAMP.match(line)
    if found is None:
        return None, line
    minute = _minute(found[1])
    if minute is None:
        return None, line
    digits = found[3] or b"0"
    at = (minute + int(found[2]) - _zone(found[4])) * NANO + int(digits) * 10 ** (9 - len(digits))
    end = found.end()
    return at, line[end + 1 :] if line[end : end + 1] == b" " else line[end:]


def parse_stamp(text: str) -> int | None:
    """Nanoseconds UTC of a stamp alone; None when it is none."""
    at, rest = split_stamp(text.encode("utf-8", errors="replace"))
    return at if not rest else None


def format_stamp(at_ns: int) -> str:
    """The stamp the engine's --since understands, to the nanosecond."""
    seconds, nanos = divmod(at_ns, NANO)
    year, month, day, hour, minute, second = _utc(seconds)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{nanos:09d}Z"


def _utc(seconds: int) -> tuple[int, int, int, int, int, int]:
    import time

    return tuple(time.gmtime(seconds)[:6])  # type: ignore[return-value]  # six whole numbers


@lru_cache(maxsize=512)
def _minute(text: bytes) -> int | None:
    year, month, day = int(text[0:4]), int(text[5:7]), int(text[8:10])
    hour, minute = int(text[11:13]), int(text[14:16])
    if not (1970 <= year < 2262 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
        return None
    return calendar.timegm((year, month, day, hour, minute, 0))


@lru_cache(maxsize=64)
def _zone(text: bytes) -> int:
    if text == b"Z":
        return 0
    seconds = int(text[1:3]) * 3600 + int(text[4:6]) * 60
    return -seconds if text[:1] == b"-" else seconds


PIECE = 16 * 1024
"""The engine stores longer lines in pieces of this many bytes."""


def joined_pieces(line: bytes) -> bytes:
    """A long line without the stamps that the engine puts before each of its pieces."""
    if len(line) < PIECE:
        return line
    parts, start = [line[:PIECE]], PIECE
    while start < len(line):
        found = _STAMP.match(line, start)
        if found is not None and line[found.end() : found.end() + 1] == b" ":
            start = found.end() + 1
        parts.append(line[start : start + PIECE])
        start += PIECE
    return b"".join(parts)
