"""Rows, words and tints of the Consistency page, from what was read; no widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from desktop.app_consistency import Consistency
from desktop.base.words import Words, msg, ntr, tr
from desktop.release import (
    FACT_GROUPS,
    SECRET_VALUE,
    SECRETS_FACT,
    FactCell,
    FactKey,
    FactRow,
    FactValue,
    Reason,
    Verdict,
    is_digest,
)
from desktop.ui.environments import environment_tone, environment_words
from desktop.ui.wishes import DeployTo

from .remedies import STATE, by_hand, remedy, to_deploy, to_live, values_for_all

STATES = {
    Verdict.DRIFTED: "warn",
    Verdict.MEANT: "info",
    Verdict.SAME: "ok",
    Verdict.UNREADABLE: "off",
}


@dataclass(frozen=True, slots=True)
class CellLook:
    """One cell as it is painted: parts of text (the ones that stand out are strong), and the tint behind it."""

    parts: tuple[tuple[str, bool], ...]
    tint: str = ""
    mono: bool = False

    @property
    def text(self) -> str:
        return "".join(part for part, _ in self.parts)


@dataclass(frozen=True, slots=True)
class KeyLook:
    """A row of the table."""

    row: FactRow
    title: str
    cells: tuple[CellLook, ...]
    state: str
    word: str
    mono: bool = False

    @property
    def spoken(self) -> str:
        return ", ".join((self.title, *(cell.text for cell in self.cells), self.word))


@dataclass(frozen=True, slots=True)
class GroupLook:
    key: str
    title: str
    count: str
    rows: tuple[KeyLook, ...]


@dataclass(frozen=True, slots=True)
class HeadLook:
    """A column of an environment."""

    name: str
    title: str
    tone: str
    hosts: str


def verdict_word(verdict: Verdict) -> str:
    return {
        Verdict.DRIFTED: tr("drifted"),
        Verdict.MEANT: tr("meant to differ"),
        Verdict.SAME: tr("the same"),
        Verdict.UNREADABLE: tr("not readable"),
    }[verdict]


def group_title(group: str) -> str:
    return {
        "image": tr("Image"),
        "container": tr("Container"),
        "config": tr("Config"),
        "network": tr("Network"),
        "server": tr("Server"),
    }[group]


def key_title(key: FactKey) -> str:
    """A key for people; settings are named as the program knows them."""
    if key == SECRETS_FACT:
        return tr("Values of all secrets")
    if is_digest(key):
        kind = key[1].removeprefix("digest").strip()
        return tr("Digest, {processor}", processor=kind) if kind else tr("Digest")
    known = {
        ("image", "version"): lambda: tr("Version"),
        STATE: lambda: tr("State"),
        ("container", "memory"): lambda: tr("Memory limit"),
        ("container", "cpu"): lambda: tr("CPU limit"),
        ("container", "restart"): lambda: tr("Restart policy"),
        ("container", "health"): lambda: tr("Health check"),
        ("container", "log"): lambda: tr("Log rotation"),
        ("container", "user"): lambda: tr("Runs as user"),
        ("container", "readonly"): lambda: tr("Read-only files"),
        ("network", "port"): lambda: tr("Port of the program"),
        ("network", "published"): lambda: tr("Port on the host"),
        ("network", "mode"): lambda: tr("Mode"),
        ("server", "engine"): lambda: tr("Docker Engine"),
        ("server", "kernel"): lambda: tr("Kernel"),
        ("server", "processor"): lambda: tr("Processor"),
    }
    return known[key]() if key in known else key[1]


def value_text(key: FactKey, text: str | None) -> str:
    """A value for people. Secrets have none."""
    if text is None:
        return tr("nothing") if key[0] == "image" else tr("missing")
    if text == SECRET_VALUE:
        return tr("secret")
    if is_digest(key):
        kind, _, digits = text.partition(":")
        return f"{kind}:{digits[:4]}…{digits[-4:]}" if len(digits) > 12 else text
    if key[0] == "config":
        return text or '""'
    if key == ("container", "cpu") and text:
        return tr("{n} processors", n=text)
    if key in (("container", "readonly"), STATE):
        words = {"yes": tr("yes"), "no": tr("no"), "running": tr("runs"), "exited": tr("stopped")}
        return words.get(text, text)
    return text or tr("none")


def heads(found: Consistency) -> tuple[HeadLook, ...]:
    return tuple(
        HeadLook(
            name,
            environment_words(name),
            environment_tone(name),
            ntr("{n} host", "{n} hosts", len(found.hosts(name))),
        )
        for name in found.environments
    )


def groups(
    rows: Iterable[FactRow], found: str = "", verdict: Verdict | None = None, *, changed: bool = False
) -> tuple[GroupLook, ...]:
    """The table: rows whose name or value has `found`, of a verdict, or only those that differ."""
    looks = [key_look(row) for row in rows]
    wanted = found.strip().casefold()
    kept = [
        look
        for look in looks
        if (not wanted or wanted in look.spoken.casefold())
        and (verdict is None or look.row.verdict is verdict)
        and not (changed and look.row.verdict is Verdict.SAME)
    ]
    return tuple(
        GroupLook(group, group_title(group), _count(group, len(own)), tuple(own))
        for group in FACT_GROUPS
        if (own := [look for look in kept if look.row.key[0] == group])
    )


def _count(group: str, n: int) -> str:
    return ntr("{n} key", "{n} keys", n) if group == "config" else ntr("{n} row", "{n} rows", n)


def key_look(row: FactRow) -> KeyLook:
    return KeyLook(
        row,
        key_title(row.key),
        tuple(_cell_look(row, cell) for cell in row.cells),
        STATES[row.verdict],
        verdict_word(row.verdict),
        mono=row.key[0] == "config" and row.key != SECRETS_FACT,
    )


def _cell_look(row: FactRow, cell: FactCell) -> CellLook:
    if not cell.values:
        text = tr("not readable") if cell.unread else "–"
        return CellLook(((text, False),))
    odd = cell in row.odd
    tint = "warn.bg" if odd else ""
    if row.verdict is Verdict.MEANT and _differs(row, cell):
        tint = "info.bg"
    mono = row.key[0] in ("config", "network", "server") or is_digest(row.key) or row.key[1] == "version"
    if len(cell.values) == 1:
        return CellLook(((value_text(row.key, cell.values[0].text), odd),), tint, mono and not _word(cell))
    parts: list[tuple[str, bool]] = []
    for at, value in enumerate(cell.values):
        if at:
            parts.append((", ", False))
        parts.append((value_text(row.key, value.text), at > 0))
        parts.append((" " + tr("on {n}", n=len(value.hosts)), False))
    return CellLook(tuple(parts), tint, False)


def _word(cell: FactCell) -> bool:
    return cell.values[0].text in (None, SECRET_VALUE)


def _differs(row: FactRow, cell: FactCell) -> bool:
    """Whether it is one of those that make the row differ: all, or the few that leave the common value."""
    texts = [one.values[0].text for one in row.cells if one.values]
    common = max(dict.fromkeys(texts), key=texts.count)
    return texts.count(common) == 1 or len(cell.values) > 1 or cell.values[0].text != common


# ------------------------------------------------------------------------------------------------- the chosen row


@dataclass(frozen=True, slots=True)
class HostLine:
    host: str
    value: str
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """What is told of the chosen row."""

    title: str
    state: str
    sentence: str
    hosts: tuple[HostLine, ...]
    why: str
    source: str = ""
    """Who did it, and when."""
    remedy: str = ""
    deploys: tuple[DeployTo, ...] = ()
    """What would put it right, the smallest first."""
    live: str = ""
    """The environment to look at, where something does not run."""
    values: tuple[tuple[str, str], ...] = ()
    """(value, as people read it) that all environments could get."""
    markable: bool = False
    mark: str = ""
    """The reason that somebody gave."""


def details(found: Consistency, row: FactRow) -> Details:
    odd = row.odd
    cells = odd or row.cells
    return Details(
        title=key_title(row.key),
        state=STATES[row.verdict],
        sentence=_sentence(row),
        hosts=tuple(_host_lines(row, cells)),
        why=_why(found, row),
        source=_source(found, row),
        remedy=remedy(found, row),
        deploys=to_deploy(found, row),
        live=to_live(row),
        values=tuple((text, value_text(row.key, text)) for text in values_for_all(row)),
        markable=markable(row),
        mark=row.mark.why if row.mark is not None else "",
    )


def markable(row: FactRow | None) -> bool:
    """Whether a person may say that it is meant, or has said so."""
    return row is not None and (row.verdict is Verdict.DRIFTED or row.mark is not None)


def host_to_show(cell: FactCell) -> str:
    """The host that a cell is about: the first that strays, else its first."""
    hosts = [host for value in cell.values[1:] + cell.values[:1] for host in value.hosts]
    return next(iter((*hosts, *cell.unread)), "")


def _sentence(row: FactRow) -> str:
    odd = row.odd
    if row.reason is Reason.HOSTS:
        cell = odd[0]
        strays = cell.values[1:]
        names = ", ".join(name for value in strays for name in value.hosts)
        return tr(
            "{hosts}: {value}. The other hosts of {environment}: {common}.",
            hosts=names,
            value=", ".join(value_text(row.key, value.text) for value in strays),
            environment=environment_words(cell.environment),
            common=value_text(row.key, cell.values[0].text),
        )
    if row.reason is Reason.FILE:
        cell = odd[0]
        return tr(
            "{environment} runs with {value}; goferry.yaml now says {said}.",
            environment=environment_words(cell.environment),
            value=value_text(row.key, cell.values[0].text),
            said=value_text(row.key, cell.declared),
        )
    if row.reason is Reason.MISSING:
        names = ", ".join(environment_words(cell.environment) for cell in odd)
        return tr("Missing in {environments}; another environment has it.", environments=names)
    return {
        Reason.EQUAL: tr("All hosts have the same."),
        Reason.UNREAD: tr("What could be read is the same; not all hosts could be read."),
        Reason.ENVIRONMENTS: tr("The environments differ."),
        Reason.NATURE: tr("The environments differ."),
        Reason.DECLARED: tr("The environments differ."),
        Reason.MARKED: tr("The environments differ, and somebody said that they are meant to."),
    }[row.reason]


def _host_lines(row: FactRow, cells: Sequence[FactCell]) -> Iterable[HostLine]:
    for cell in cells:
        common = cell.values[0] if cell.values else None
        for value in cell.values:
            for host in value.hosts:
                yield HostLine(host, value_text(row.key, value.text), _is_odd(row, cell, value, common))
        for host in cell.unread:
            yield HostLine(host, tr("not readable"))


def _is_odd(row: FactRow, cell: FactCell, value: FactValue, common: FactValue | None) -> bool:
    return cell in row.odd and (len(cell.values) == 1 or value is not common)


def _why(found: Consistency, row: FactRow) -> str:
    if by_hand(found, row):
        return tr("They have the same release: it was changed on the host itself, past Goferry.")
    return {
        Reason.EQUAL: "",
        Reason.UNREAD: tr("A host that does not answer may run something else."),
        Reason.HOSTS: tr("Not every host of this environment has the same release."),
        Reason.FILE: tr("goferry.yaml was changed after the last deploy to this environment."),
        Reason.MISSING: tr(
            "goferry.yaml has this key in one environment and not in the other. That is easily forgotten."
        ),
        Reason.ENVIRONMENTS: tr("Nobody said that they may differ: neither goferry.yaml nor a mark."),
        Reason.NATURE: tr("Environments may run different versions, and servers are as they are."),
        Reason.DECLARED: tr("goferry.yaml has a value of its own for each environment."),
        Reason.MARKED: row.mark.why if row.mark is not None else "",
    }[row.reason]


def _source(found: Consistency, row: FactRow) -> str:
    """Who marked it; else the deploy that the odd hosts have."""
    if row.mark is not None:
        until = tr("until {day}", day=row.mark.until) if row.mark.until else ""
        return ", ".join(filter(None, (row.mark.by, until)))
    strays = {line.host for line in _host_lines(row, row.odd) if line.odd}
    known = [one for one in found.readings if one.host in strays and one.release]
    if not known:
        return ""
    newest = max(known, key=lambda one: one.at)
    return tr("{host}: release {release} by {who}", host=newest.host, release=newest.release, who=newest.by)


def read_from(found: Consistency, clock: str) -> Words:
    hosts = {one.host for one in found.readings}  # one may be of several environments
    silent = {one.host for one in found.readings if one.problem is not None}
    return msg("read from {n} of {of} hosts at {time}", n=len(hosts - silent), of=len(hosts), time=clock)
