"""The history of releases in words: entries of the timeline, and moments as people say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from desktop.base.words import ntr, tr
from desktop.release import Release


@dataclass(frozen=True, slots=True)
class Entry:
    """A release in the timeline. `can` has the buttons' keys."""

    id: str
    version: str
    state: str
    chip: tuple[str, str] | None
    who: str
    digest: str
    full_digest: str
    note: str
    can: tuple[str, ...] = ()


def short_digest(digest: str) -> str:
    """`sha256:5d0a…41b2`"""
    kind, colon, value = digest.partition(":")
    return f"{kind}:{value[:4]}…{value[-4:]}" if colon and len(value) > 12 else digest


def when(at: float, now: float) -> str:
    """A moment for people, in this computer's time: "today 14:31", "20 Nov 10:05"."""
    moment, today = (
        datetime.fromtimestamp(at, UTC).astimezone(),
        datetime.fromtimestamp(now, UTC).astimezone(),
    )
    clock = f"{moment:%H:%M}"
    if moment.date() == today.date():
        return tr("today {time}", time=clock)
    if moment.date() == (today - timedelta(days=1)).date():
        return tr("yesterday {time}", time=clock)
    months = tr("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
    return tr("{day} {month} {time}", day=moment.day, month=months[moment.month - 1], time=clock)


def entries(
    rows: Sequence[Mapping[str, object]], now: float, rolling: Release | None = None
) -> tuple[Entry, ...]:
    """History rows (as `Overview.history` gives them) for the timeline, newest first; above them what is being
    rolled out. While it is, no release has buttons."""
    current = [row for row in rows if any(on["state"] in ("running", "stopped") for on in _on(row))]
    newest = max((int(str(row["sequence"])) for row in current), default=0)
    hosts = max((len(_on(row)) for row in rows), default=0)
    made = tuple(_entry(row, now, rolling.id if rolling is not None else "", newest, hosts) for row in rows)
    if rolling is None:
        return made
    made = tuple(replace(entry, can=()) for entry in made)
    return made if any(entry.id == rolling.id for entry in made) else (_rolling(rolling, now), *made)


def _rolling(release: Release, now: float) -> Entry:
    who = tr("{who}, {when}", who=release.by.partition("@")[0], when=when(now, now))
    digest = release.image_digest
    chip = (tr("rolling out"), "info")
    return Entry(release.id, release.version, "busy", chip, who, short_digest(digest), digest, release.note)


def _on(row: Mapping[str, object]) -> list[dict[str, str]]:
    found = row["hosts"]
    return found if isinstance(found, list) else []


def _entry(row: Mapping[str, object], now: float, rolling: str, newest: int, hosts: int) -> Entry:
    on = _on(row)
    states = [host["state"] for host in on]
    state, chip, can = _standing(str(row["id"]), states, rolling, int(str(row["sequence"])) < newest)
    digest = str(row["digest"])
    who = tr("{who}, {when}", who=str(row["by"]).partition("@")[0], when=when(float(str(row["at"])), now))
    return Entry(
        str(row["id"]),
        str(row["version"]),
        state,
        chip,
        who,
        short_digest(digest),
        digest,
        _note(row, states, hosts),
        can,
    )


def _standing(
    id_: str, states: list[str], rolling: str, older: bool
) -> tuple[str, tuple[str, str] | None, tuple[str, ...]]:
    if id_ == rolling:
        return "busy", (tr("rolling out"), "info"), ()
    if "running" in states:
        return "ok", (tr("serving"), "ok"), ("restart", "stop")
    if "stopped" in states:
        return "paused", (tr("stopped"), "off"), ("start",)
    if "failed" in states:
        return "fail", (tr("failed"), "fail"), ()
    if "rolled-back" in states:
        return "undo", (tr("rolled back"), "off"), ("rollback",)
    if "kept" in states:
        return "off", None, ("rollback",) if older else ()
    return "off", None, ()


def _note(row: Mapping[str, object], states: list[str], hosts: int) -> str:
    """`hosts`: how many have a release at all; one that a deploy did not come to has no record of this one."""
    if note := str(row.get("note") or ""):
        return note
    if "failed" in states and row.get("why"):
        return str(row["why"])
    here = sum(state in ("running", "stopped", "kept", "rolled-back") for state in states)
    if not here:
        return "" if "failed" in states else tr("Cleaned up")
    if here == hosts:
        return ntr("Image is on the host", "Image is still on all {n} hosts", here)
    return tr("Image is on {n} of {all} hosts", n=here, all=hosts)
