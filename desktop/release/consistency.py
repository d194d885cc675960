"""Whether the hosts of a project's environments run alike, and what differs on purpose; pure.

A difference is meant where goferry.yaml has those values, where somebody marked it, or where the thing may differ
between environments by its nature. Everything else has drifted: between the hosts of one environment, away from
goferry.yaml, or between environments with nobody having said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from desktop.base.errors import GoferryError
from desktop.project import Mark

FactKey = tuple[str, str]
"""Group and name: ("config", "LOG_LEVEL"), ("container", "memory")."""
FACT_GROUPS = ("image", "container", "config", "network", "server")
VERSION_FACT: FactKey = ("image", "version")
SECRETS_FACT: FactKey = ("config", "")
"""The mark of all secrets' values together."""
SECRET_VALUE = "\0secret"  # noqa: S105  stands for a value that is never read
_FREE = frozenset({VERSION_FACT, SECRETS_FACT, ("server", "kernel"), ("server", "processor")})
"""May differ between environments: staging is ahead of production, and a server is as it is."""


class Verdict(StrEnum):
    SAME = "same"
    MEANT = "meant"
    DRIFTED = "drifted"
    UNREADABLE = "unreadable"


class Reason(StrEnum):
    """What the verdict rests on."""

    EQUAL = "equal"
    UNREAD = "unread"
    HOSTS = "hosts"
    """Hosts of one environment differ."""
    FILE = "file"
    """The hosts have what goferry.yaml said when they were deployed to; it says something else now."""
    MISSING = "missing"
    """An environment lacks what another has."""
    ENVIRONMENTS = "environments"
    """Environments differ, and nothing says why."""
    NATURE = "nature"
    DECLARED = "declared"
    """goferry.yaml has a value for each environment."""
    MARKED = "marked"


@dataclass(frozen=True, slots=True)
class HostReading:
    """What one host of an environment runs. `problem`: it could not be read; no `release`: nothing is deployed."""

    environment: str
    host: str
    facts: Mapping[FactKey, str] = field(default_factory=dict, hash=False)
    release: str = ""
    by: str = ""
    at: float = 0.0
    problem: GoferryError | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FactValue:
    """A value, and the hosts that have it. No `text`: they lack it."""

    text: str | None
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactCell:
    """A key in an environment: the values, what most hosts have first. None where it does not apply."""

    environment: str
    values: tuple[FactValue, ...] = ()
    unread: tuple[str, ...] = ()
    """Hosts that could not be read."""
    known: bool = False
    """goferry.yaml settles it; `declared` is what it says, None for nothing."""
    declared: str | None = None

    @property
    def strays(self) -> bool:
        """The hosts agree on something else than goferry.yaml says."""
        return self.known and len(self.values) == 1 and self.values[0].text != self.declared


@dataclass(frozen=True, slots=True)
class FactRow:
    key: FactKey
    cells: tuple[FactCell, ...]
    verdict: Verdict
    reason: Reason
    mark: Mark | None = None

    @property
    def odd(self) -> tuple[FactCell, ...]:
        """The cells that make it differ."""
        if self.verdict is not Verdict.DRIFTED:
            return ()
        if self.reason is Reason.HOSTS:
            return tuple(cell for cell in self.cells if len(cell.values) > 1)
        if self.reason is Reason.FILE:
            return tuple(cell for cell in self.cells if cell.strays)
        texts = [cell.values[0].text for cell in self.cells if cell.values]
        if self.reason is Reason.MISSING:
            return tuple(cell for cell in self.cells if cell.values and cell.values[0].text is None)
        common = max(dict.fromkeys(texts), key=texts.count)
        return tuple(cell for cell in self.cells if cell.values and cell.values[0].text != common)


def compare_hosts(
    environments: Sequence[str],
    readings: Iterable[HostReading],
    declared: Mapping[str, Mapping[FactKey, str]],
    marks: Iterable[Mark] = (),
) -> tuple[FactRow, ...]:
    """A row for each key that some host has, by group; what has drifted comes first in its group."""
    by_environment: dict[str, list[HostReading]] = {name: [] for name in environments}
    for reading in readings:
        by_environment[reading.environment].append(reading)
    marked = {mark.key: mark for mark in marks}
    keys = {key for all_ in by_environment.values() for reading in all_ for key in reading.facts}
    keys |= {
        key
        for name, read in by_environment.items()
        if any(one.release for one in read)
        for key in declared.get(name, {})
    }
    rows = [
        _row(key, [_cell(key, name, by_environment[name], declared.get(name, {})) for name in environments],
             marked.get(key_text(key)))
        for key in keys
    ]  # fmt: skip
    return tuple(sorted((row for row in rows if any(cell.values for cell in row.cells)), key=_order))


def _order(row: FactRow) -> tuple[int, bool, int, str]:
    group, name = row.key
    place = _PLACES.get(("image", "digest") if is_digest(row.key) else row.key, len(_PLACES))
    return FACT_GROUPS.index(group), row.verdict is not Verdict.DRIFTED, place, name


_PLACES = {
    key: at
    for at, key in enumerate(
        (
            VERSION_FACT, ("image", "digest"),
            ("container", "state"), ("container", "memory"), ("container", "cpu"), ("container", "restart"),
            ("container", "health"), ("container", "log"), ("container", "user"), ("container", "readonly"),
            ("network", "port"), ("network", "published"), ("network", "mode"),
            ("server", "engine"), ("server", "kernel"), ("server", "processor"),
        )
    )
}  # fmt: skip


def _cell(
    key: FactKey, environment: str, readings: Sequence[HostReading], declared: Mapping[FactKey, str]
) -> FactCell:
    unread = tuple(reading.host for reading in readings if reading.problem is not None)
    serving = [reading for reading in readings if reading.release]
    applies = [reading for reading in serving if key in reading.facts]
    known = key in declared or (key[0] == "config" and key != SECRETS_FACT)
    if not serving or not (applies or known):
        return FactCell(environment, unread=unread)
    counted = serving if key[0] == "config" else applies
    if key == VERSION_FACT:  # where nothing is deployed, one row says it
        counted = [reading for reading in readings if reading.problem is None]
    hosts: dict[str | None, list[str]] = {}
    for reading in counted:
        hosts.setdefault(reading.facts.get(key), []).append(reading.host)
    values = sorted(
        (FactValue(text, tuple(names)) for text, names in hosts.items()), key=lambda value: -len(value.hosts)
    )
    return FactCell(environment, tuple(values), unread, known, declared.get(key))


def _row(key: FactKey, cells: Sequence[FactCell], mark: Mark | None) -> FactRow:
    verdict, reason = _judged(key, cells)
    if verdict is Verdict.DRIFTED and mark is not None:
        verdict, reason = Verdict.MEANT, Reason.MARKED
    return FactRow(key, tuple(cells), verdict, reason, mark if reason is Reason.MARKED else None)


def _judged(key: FactKey, cells: Sequence[FactCell]) -> tuple[Verdict, Reason]:
    filled = [cell for cell in cells if cell.values]
    if any(len(cell.values) > 1 for cell in filled):
        return Verdict.DRIFTED, Reason.HOSTS
    if any(cell.strays for cell in filled):
        return Verdict.DRIFTED, Reason.FILE
    texts = {cell.values[0].text for cell in filled}
    if len(texts) < 2:
        unread = any(cell.unread for cell in cells)
        return (Verdict.UNREADABLE, Reason.UNREAD) if unread else (Verdict.SAME, Reason.EQUAL)
    if key in _FREE or is_digest(key):
        return Verdict.MEANT, Reason.NATURE
    if None in texts:
        return Verdict.DRIFTED, Reason.MISSING
    if all(cell.known for cell in filled):
        return Verdict.MEANT, Reason.DECLARED
    return Verdict.DRIFTED, Reason.ENVIRONMENTS


def is_digest(key: FactKey) -> bool:
    """There is one for each kind of processor."""
    return key[0] == "image" and key[1].startswith("digest")


def key_text(key: FactKey) -> str:
    """As it stands in the team's file: "config.LOG_LEVEL"."""
    return ".".join(key)


def verdict_counts(rows: Iterable[FactRow]) -> dict[Verdict, int]:
    """How many rows have each verdict."""
    found = dict.fromkeys(Verdict, 0)
    for row in rows:
        found[row.verdict] += 1
    return found
