"""Several servers as a matrix of hosts and steps: its columns, its cells and the words over it; pure, no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from desktop.app_setup_flow import ASKS_PASSWORD, LOST, FlowState
from desktop.base.words import ntr, tr

from . import present
from .present import HostView, MainAction, Phase

CONTACT, IDENTITY, SIGN_IN = "contact", "identity", "sign_in"
ENTRY = (CONTACT, IDENTITY, SIGN_IN)
"""What comes before the plan for a server that is only being registered."""
JOINED = "joined"
"""One column instead, once all are registered: the steps need the room."""
KEY_UNKNOWN = "host.key_unknown"


@dataclass(frozen=True, slots=True)
class Column:
    """`head` is short enough for a narrow column, `title` is the step's own."""

    key: str
    head: str
    title: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A shape and its words; `state` "" where the host has no such step."""

    state: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class HostLine:
    """One row of the matrix."""

    host: str
    address: str
    state: str
    words: str
    cells: tuple[Cell, ...] = ()


def columns(views: Sequence[HostView]) -> tuple[Column, ...]:
    """Every step that any of them has, in the order of their plans."""
    order: list[str] = []
    titles: dict[str, str] = {}
    for view in views:
        at = 0
        for piece in view.pieces:
            if piece.id not in titles:
                order.insert(at, piece.id)
                titles[piece.id] = str(piece.title)
            at = order.index(piece.id) + 1
    found = [Column(step, head_of(step, number), titles[step]) for number, step in enumerate(order, 1)]
    new = [view for view in views if view.flow.newcomer is not None]
    if all(view.flow.entered for view in new):
        return (*([Column(JOINED, tr("Joined"), tr("Registered"))] if new else []), *found)
    entry = {CONTACT: tr("First contact"), IDENTITY: tr("Fingerprint"), SIGN_IN: tr("Sign-in")}
    heads = {CONTACT: tr("Contact"), IDENTITY: tr("Key"), SIGN_IN: tr("Sign-in")}
    return (*(Column(key, heads[key], entry[key]) for key in ENTRY), *found)


def head_of(step: str, number: int) -> str:
    """A word for a step, for the head of its column."""
    heads = {
        "root": tr("Root"), "clock": tr("Clock"), "sources": tr("Sources"), "rivals": tr("Rivals"),
        "repository": tr("Repo"), "module": tr("Module"), "packages": tr("Packages"),
        "offline": tr("Archive"), "kernel": tr("Kernel"), "disk": tr("Disk"), "daemon": tr("Settings"),
        "logs": tr("Logs"), "live": tr("Restart"), "loopback": tr("Ports"), "data": tr("Data"),
        "service": tr("Service"), "group": tr("Group"), "firewall": tr("Firewall"), "state": tr("Records"),
        "user": tr("User"), "clean": tr("Cleaning"), "trial": tr("Trial"),
        "keys": tr("Sign-in"), "time": "NTP",
    }  # fmt: skip
    return heads.get(step, str(number))


def line(view: HostView, shown: Sequence[Column], address: str, now: float) -> HostLine:
    """One host's row."""
    state, words = present.headline(view, now)
    error = view.flow.error
    if view.phase in (Phase.FAILED, Phase.WAITS) and error is not None:
        words = str(error.what)
    cells = tuple(_cell(view, column) for column in shown)
    return HostLine(view.host, address, state, words, cells)


def _cell(view: HostView, column: Column) -> Cell:
    if column.key == JOINED:
        return Cell("ok", f"{view.host}, {column.title}")
    if column.key in ENTRY:
        state = _entry_state(view, column.key) if view.flow.newcomer is not None else "ok"
        return Cell(state, f"{view.host}, {column.title}")
    if not any(piece.id == column.key for piece in view.pieces):
        return Cell("", f"{view.host}, {column.title}, {tr('not needed')}" if view.pieces else "")
    state, words = present.step_state(view, column.key)
    return Cell(state, f"{view.host}, {column.title}, {words}")


def _entry_state(view: HostView, key: str) -> str:
    flow, place = view.flow, ENTRY.index(key)
    if flow.entered:
        return "ok"
    if flow.state is FlowState.CONTACT:
        return "busy" if key == CONTACT else "wait"
    if flow.state not in (FlowState.NEEDS_YOU, FlowState.FAILED) or flow.error is None:
        return "wait"
    code = flow.error.code
    at = ENTRY.index(CONTACT if code in LOST else IDENTITY if "key_" in code else SIGN_IN)
    if place == at:
        return "warn" if flow.state is FlowState.NEEDS_YOU else "fail"
    return "ok" if place < at else "wait"


def summary(views: Sequence[HostView]) -> tuple[str, str]:
    """(state, words) over all of them: what needs a person first."""
    phases = Counter(view.phase for view in views)
    busy = sum(phases[phase] for phase in (Phase.CONTACT, Phase.LOOKING, Phase.RUNNING))
    parts = [
        ("warn", phases[Phase.WAITS], tr("{n} waiting for you", n=phases[Phase.WAITS])),
        ("fail", phases[Phase.FAILED], tr("{n} failed", n=phases[Phase.FAILED])),
        ("warn", phases[Phase.LOST], tr("{n} lost", n=phases[Phase.LOST])),
        ("busy", busy, tr("{n} at work", n=busy)),
        ("paused", phases[Phase.STOPPED], tr("{n} stopped", n=phases[Phase.STOPPED])),
        ("info", phases[Phase.PLANNED], tr("{n} planned", n=phases[Phase.PLANNED])),
        ("ok", phases[Phase.DONE], tr("{n} ready", n=phases[Phase.DONE])),
        ("ok", phases[Phase.NOTHING], tr("{n} as planned already", n=phases[Phase.NOTHING])),
        ("wait", phases[Phase.EMPTY], tr("{n} not looked at", n=phases[Phase.EMPTY])),
    ]
    there = [(state, words) for state, count, words in parts if count]
    return (there[0][0] if there else "wait"), tr(", ").join(words for _, words in there)


def states(views: Sequence[HostView], now: float) -> list[str]:
    """One segment for each host."""
    return [present.headline(view, now)[0] for view in views]


def waiting_keys(views: Sequence[HostView]) -> list[HostView]:
    """Those whose key a person has to confirm."""
    return [v for v in views if v.phase is Phase.WAITS and v.flow.error and v.flow.error.code == KEY_UNKNOWN]


def waiting_passwords(views: Sequence[HostView]) -> list[HostView]:
    return [
        view
        for view in views
        if view.phase is Phase.WAITS and view.flow.error is not None and asks_password(view.flow.error.code)
    ]


def asks_password(code: str) -> bool:
    return code in ASKS_PASSWORD or code == "host.auth_refused"


def runnable(views: Sequence[HostView]) -> list[HostView]:
    """Those whose plan was looked at and waits for the word."""
    return [view for view in views if view.phase is Phase.PLANNED and not view.busy and view.back is None]


def failed(views: Sequence[HostView]) -> list[HostView]:
    return [view for view in views if view.phase in (Phase.FAILED, Phase.STOPPED)]


def main_action(views: Sequence[HostView]) -> MainAction | None:
    """The one button for all of them."""
    if keys := waiting_keys(views):
        return MainAction("keys", ntr("Compare {n} key…", "Compare {n} keys…", len(keys)))
    if waiting_passwords(views):
        return MainAction("password", tr("Enter the password…"))
    if any(view.phase is Phase.LOST and view.flow.retry_at is not None for view in views):
        return MainAction("now", tr("Try now"))
    if any(view.busy for view in views):
        running = any(view.phase is Phase.RUNNING and not view.flow.stop_asked for view in views)
        return MainAction("stop", tr("Stop after this step"), "standard") if running else None
    if ready := runnable(views):
        return MainAction("run", ntr("Run on {n} server", "Run on {n} servers", len(ready)))
    if any(view.phase is Phase.EMPTY for view in views):
        return MainAction("plan", tr("Plan again"))
    return None if failed(views) else MainAction("close", tr("Close"))
