"""Which lines a person wants to see, and where a search hits. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .model import LEVELS, LogLine

_RANK = {level: rank for rank, level in enumerate(LEVELS)}
_LONGEST_SEARCHED = 4_096
"""Characters of a line that a regular expression looks at: a bad one must not hold up the window."""


class BadPattern(ValueError):
    """A regular expression that is none; the text says where it breaks."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for in a line: plain text in any case of letters, or a regular expression."""

    text: str = ""
    is_regex: bool = False

    def compiled(self) -> re.Pattern[str] | None:
        """None when nothing is looked for. Raises BadPattern."""
        if not self.text:
            return None
        try:
            return re.compile(self.text if self.is_regex else re.escape(self.text), re.IGNORECASE)
        except re.error as error:
            raise BadPattern(str(error)) from error


@dataclass(frozen=True, slots=True)
class Filter:
    """`level` is the quietest level shown ("" for all); a line that names no level counts as info."""

    level: str = ""
    sources: frozenset[str] | None = None
    since: float | None = None
    until: float | None = None

    def shows(self, line: LogLine) -> bool:
        if line.mark:
            return self.sources is None or line.source in self.sources
        if self.level and _RANK[line.level or "info"] < _RANK[self.level]:
            return False
        if self.sources is not None and line.source not in self.sources:
            return False
        return not (
            (self.since is not None and line.at < self.since)
            or (self.until is not None and line.at >= self.until)
        )


def hits(pattern: re.Pattern[str] | None, line: LogLine) -> bool:
    """Whether a search finds something in a line."""
    return pattern is not None and pattern.search(line.text, 0, _LONGEST_SEARCHED) is not None


def volume(lines: Iterable[LogLine], start: float, end: float, bars: int) -> list[dict[str, int]]:
    """How many lines of each level there are in each of `bars` equal spans."""
    counts: list[dict[str, int]] = [{} for _ in range(bars)]
    width = (end - start) / bars
    for line in lines:
        if start <= line.at < end and not line.mark:
            bar = counts[min(bars - 1, int((line.at - start) / width))]
            level = line.level or "info"
            bar[level] = bar.get(level, 0) + 1
    return counts
