"""What a log view keeps: a ring of rows, and an index of those that pass the filter. No Qt.

Rows have a number that never changes, counted from the first line ever; `first` is that of the oldest row kept.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Set
from operator import attrgetter
from typing import Any, NamedTuple

CAPACITY = 50_000
_SLACK = 1_000
_at = attrgetter("at")
LEVELS = ("trace", "debug", "info", "warn", "error")
_RANK = {level: rank for rank, level in enumerate(LEVELS)} | {"fatal": 4, "": 2}

_ESCAPES = re.compile(r"\x1b\[([0-9;:]*)([A-Za-z])|\x1b[\]P^_].*?(?:\x07|\x1b\\)|\x1b.?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SGR_ROLES = {31: "log.error", 91: "log.error", 33: "log.warn", 93: "log.warn", 32: "ok.text", 92: "ok.text"} | {
    34: "log.info", 94: "log.info", 36: "svc.1", 96: "svc.1", 35: "svc.2", 95: "svc.2", 90: "log.trace", 37: "log.debug"
}  # fmt: skip


class LogRow(NamedTuple):
    """One line. `at` is in seconds (of the clock, or since the start); `level` is one of LEVELS or ""."""

    at: float
    level: str
    source: str
    text: str
    late: bool = False
    """Came after later lines of other sources."""
    mark: str = ""
    """Not a program's line: "gap", "skipped" or "note"; shown whatever the filter says."""
    line: Any = None
    """The page's own object behind it."""
    colours: tuple[tuple[int, int, str], ...] = ()
    """From, to, a terminal's code: for text that comes without the codes themselves."""


Span = tuple[int, int, str]
"""From, to, colour role."""


def clean(text: str) -> tuple[str, tuple[Span, ...]]:
    """The text without terminal codes, and the colours that they asked for; control characters become a mark."""
    if "\x1b" not in text:
        return (_CONTROLS.sub("\ufffd", text), ())
    parts: list[str] = []
    spans: list[Span] = []
    role, begun, length, at = "", 0, 0, 0
    for found in _ESCAPES.finditer(text):
        piece = text[at : found.start()]
        parts.append(piece)
        length += len(piece)
        at = found.end()
        if found[2] == "m":
            if role and length > begun:
                spans.append((begun, length, role))
            role, begun = _role_of(found[1]), length
    parts.append(text[at:])
    length += len(text) - at
    if role and length > begun:
        spans.append((begun, length, role))
    return (_CONTROLS.sub("\ufffd", "".join(parts)), tuple(spans))


def _role_of(codes: str) -> str:
    for code in codes.replace(":", ";").split(";"):
        if code.isdigit() and int(code) in _SGR_ROLES:
            return _SGR_ROLES[int(code)]
    return ""


class LogBuffer:
    """The rows, and which of them are shown. `advance` takes new rows into the index, a slice at a time."""

    def __init__(self, capacity: int = CAPACITY, *, ordered: bool = False) -> None:
        """`ordered` puts a row that comes late where its time belongs."""
        self.capacity, self.ordered = capacity, ordered
        self.every = 1
        """Of rows that come too fast to read, every so many are shown; see `set_every`."""
        self.first = 0
        self.shown: list[int] = []
        """Numbers of the rows that pass the filter."""
        self.hits: list[int] = []
        """Numbers of shown rows in which the search text occurs."""
        self.sources: dict[str, int] = {}
        """Source to its place in the order of appearance."""
        self.longest = 0
        self._rows: list[LogRow] = []
        self._spans: dict[int, tuple[Span, ...]] = {}
        self._done = 0
        self._least = 0
        self._only: frozenset[str] | None = None
        self._between: tuple[float, float] | None = None
        self._search: re.Pattern[str] | None = None
        self._only_hits = False

    # Rows

    @property
    def end(self) -> int:
        """The number that the next row will get."""
        return self.first + len(self._rows)

    @property
    def kept(self) -> int:
        return len(self._rows)

    @property
    def behind(self) -> int:
        """How many rows the index has not looked at."""
        return self.end - max(self._done, self.first)

    def row(self, number: int) -> LogRow:
        return self._rows[number - self.first]

    def spans(self, number: int) -> tuple[Span, ...]:
        return self._spans.get(number, ())

    def append(self, rows: Iterable[LogRow]) -> int:
        """Keep more rows; returns how many shown rows fell out at the other end."""
        if self.ordered:
            rows = sorted(rows, key=_at)
            if rows and self._rows and rows[0].at < self._rows[-1].at:
                rows = self._take_back(rows[0].at, rows)
        kept, number = self._rows, self.end
        for row in rows:
            if row.colours:
                self._spans[number] = tuple(
                    (start, stop, role) for start, stop, code in row.colours if (role := _role_of(code))
                )
            if not row.text.isprintable():
                text, spans = clean(row.text)
                if spans:
                    self._spans[number] = spans
                row = row._replace(text=text)
            if row.source not in self.sources:
                self.sources[row.source] = len(self.sources)
            if len(row.text) > self.longest:
                self.longest = len(row.text)
            kept.append(row)
            number += 1
        return self._trim()

    def _take_back(self, at: float, rows: list[LogRow]) -> list[LogRow]:
        """Take out the rows after `at`, and give them back among `rows`. Their numbers are given anew."""
        start = bisect_right(self._rows, at, key=_at)
        number = self.first + start
        mixed = sorted([*self._rows[start:], *rows], key=_at)
        del self._rows[start:]
        for coloured in [coloured for coloured in self._spans if coloured >= number]:
            del self._spans[coloured]
        del self.shown[bisect_left(self.shown, number) :]
        del self.hits[bisect_left(self.hits, number) :]
        self._done = min(self._done, number)
        return mixed

    def _trim(self) -> int:
        over = len(self._rows) - self.capacity
        if over < _SLACK and not over >= self.capacity:
            return 0
        del self._rows[:over]
        self.first += over
        for number in [number for number in self._spans if number < self.first]:
            del self._spans[number]
        gone = bisect_left(self.shown, self.first)
        del self.shown[:gone]
        del self.hits[: bisect_left(self.hits, self.first)]
        return gone

    def clear(self) -> None:
        """Forget the rows; numbers go on, the filter stays."""
        self.first = self._done = self.end
        self._rows.clear()
        self._spans.clear()
        self.shown.clear()
        self.hits.clear()
        self.longest = 0

    # Filter and search

    def set_filter(
        self,
        least: str = "",
        sources: Set[str] | None = None,
        between: tuple[float, float] | None = None,
    ) -> None:
        """Show rows from level `least` on, of `sources` only, between two times; then `advance` until it is done."""
        self._least = _RANK.get(least, 0) if least else 0
        self._only = None if sources is None else frozenset(sources)
        self._between = between
        self._restart()

    def set_search(self, text: str, *, regex: bool = False, only_hits: bool = False) -> str:
        """Look for `text`, upper or lower case alike; returns what is wrong with a regular expression, or ""."""
        try:
            found = re.compile(text if regex else re.escape(text), re.IGNORECASE) if text else None
        except re.error as error:
            return str(error)
        self._search, self._only_hits = found, only_hits and found is not None
        self._restart()
        return ""

    @property
    def search(self) -> re.Pattern[str] | None:
        return self._search

    def _restart(self) -> None:
        self.shown.clear()
        self.hits.clear()
        self._done = self.first

    def set_every(self, every: int) -> None:
        """Show every so many rows of those that come from now on; 1 shows again all that are kept."""
        if every != self.every:
            self.every = every
            if every == 1:
                self._restart()

    def advance(self, most: int = 5_000) -> bool:
        """Take up to `most` rows into the index; True when more wait."""
        start = max(self._done, self.first)
        stop = min(self.end, start + most)
        plain = self._least == 0 and self._only is None and self._between is None and self._search is None
        plain = plain and self.every == 1
        if plain:
            self.shown.extend(range(start, stop))
        else:
            self._take(start, stop)
        self._done = stop
        return stop < self.end

    def _take(self, start: int, stop: int) -> None:
        search, only_hits = self._search, self._only_hits
        for number in range(start, stop):
            row = self._rows[number - self.first]
            if number % self.every and not row.mark:
                continue
            if row.mark and not only_hits:
                if self._only is None or row.source in self._only:
                    self.shown.append(number)
                continue
            if _RANK.get(row.level, 2) < self._least:
                continue
            if self._only is not None and row.source not in self._only:
                continue
            if self._between is not None and not self._between[0] <= row.at <= self._between[1]:
                continue
            hit = search is not None and search.search(row.text) is not None
            if only_hits and not hit:
                continue
            self.shown.append(number)
            if hit:
                self.hits.append(number)

    def place(self, number: int) -> int:
        """Where a row stands (or would stand) among the shown ones."""
        return bisect_left(self.shown, number)
