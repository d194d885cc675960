"""What comes back from running containers: log lines, health answers, use of CPU and memory. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from .plain import Colours

LEVELS = ("debug", "info", "warn", "error")
"""From the quietest to the loudest; "" is a line that names no level."""


class Mark(StrEnum):
    """What a line is, when a container did not write it: `text` then holds the sentence."""

    NONE = ""
    GAP = "gap"
    """The stream was cut here; lines may be missing before it."""
    SKIPPED = "skipped"
    """So many lines came that a full buffer let some go."""
    NOTE = "note"
    """The container stopped, started again, went away."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a container, safe to show: what could play tricks on a screen is visible in it."""

    at: float
    """Seconds UTC, by this computer's clock: the host's offset is taken off."""
    host: str
    source: str
    """The container's short name, unique in a merged log."""
    level: str
    """One of LEVELS, or ""."""
    text: str
    """The message with its fields, as a person reads it."""
    fields: tuple[tuple[str, str], ...] = ()
    stream: str = "out"
    clock_offset: float = 0.0
    """How far the host's clock is ahead of ours, in seconds; `at + clock_offset` is what the host wrote."""
    late: bool = False
    """It came after a newer line had been shown."""
    mark: Mark = Mark.NONE
    count: int = 0
    """Lines that a SKIPPED mark stands for."""
    colours: Colours = ()
    """Where a terminal would have shown `text` in colour."""

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def to_json(self) -> dict[str, Any]:
        """The object a line of `goferry logs --json`."""
        values: dict[str, Any] = {
            "at": self.when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "host": self.host,
            "source": self.source,
            "level": self.level,
            "text": self.text,
            "fields": dict(self.fields),
            "stream": self.stream,
        }
        if self.late:
            values["late"] = True
        if self.mark:
            values["mark"] = str(self.mark)
        if self.count:
            values["count"] = self.count
        return values


class Health(StrEnum):
    WAIT = "wait"
    """No answer yet, and none is overdue."""
    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"
    """Three checks in a row could not be made: nobody knows."""


@dataclass(frozen=True, slots=True)
class HealthSample:
    """One check of one container. A check that could not be made (host out of reach) has `missed` set."""

    at: float
    host: str
    source: str
    ok: bool
    latency: float | None = None
    """Seconds until the answer; None when there was none."""
    said: str = ""
    """"200 OK", "connection refused": for people, plain text."""
    missed: bool = False
    body: str = ""
    """The first bytes of a failed answer."""


@dataclass(frozen=True, slots=True)
class UsageSample:
    """What a container uses. `cpu_percent` is of one core: 200 means two cores busy."""

    at: float
    host: str
    source: str
    cpu_percent: float
    memory: int
    memory_limit: int = 0
    """Bytes; 0 when none is set."""
