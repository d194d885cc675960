"""What the set-up page says about checks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.app_doctor import Check, CheckState
from desktop.base.errors import Fix
from desktop.base.words import msg, ntr, tr

if TYPE_CHECKING:
    from desktop.base.settings import Settings

MODULES = "modules"
"""The row that says where Go modules come from, and its fix: choose among those that answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the rail: its state (ok, wait), and whether it is the one in view."""

    title: str
    note: str
    state: str = "wait"
    now: bool = False


def shape(check: Check) -> str:
    """The shape of a check: optional things that lack are `off`, never amber."""
    return str(check.state)


def ready(checks: Sequence[Check]) -> bool:
    """Whether all that is required is there."""
    required = [check for check in checks if check.required]
    return bool(required) and all(shape(check) in ("ok", "warn") for check in required)


def settled(checks: Sequence[Check]) -> bool:
    """Whether nothing waits for the person either."""
    return ready(checks) and not any(shape(check) in ("warn", "fail") for check in checks)


def tally(checks: Sequence[Check]) -> str:
    """ "3 of 6 ready, 2 need you"."""
    if not checks:
        return tr("not looked at yet")
    good = sum(shape(check) == "ok" for check in checks)
    needing = sum(shape(check) in ("warn", "fail") for check in checks)
    if not needing:
        return tr("{good} of {all} ready", good=good, all=len(checks))
    return ntr(
        "{good} of {all} ready, {n} needs you",
        "{good} of {all} ready, {n} need you",
        needing,
        good=good,
        all=len(checks),
    )


def rest(checks: Sequence[Check]) -> str:
    """What is not there although all that is needed is; none of it keeps anybody from going on."""
    away = sum(shape(check) == "off" for check in checks)
    if not away:
        return tr("Everything that was looked for is there.")
    return ntr(
        "{n} optional thing is not there. Building and deploying work without it.",
        "{n} optional things are not there. Building and deploying work without them.",
        away,
    )


def modules_check(now: Settings) -> Check:
    """Where Go modules come from: a choice, nothing that could be missing. What answers is measured when asked."""
    return Check(
        MODULES,
        msg("Go module source"),
        CheckState.OK,
        now.goproxy or msg("As Go is set up"),
        msg("Modules are downloaded from there. Choose the one that answers quickest from here."),
        fixes=(Fix(msg("Measure and choose…"), MODULES),),
    )


STEPS = ("look", "computer", "host", "project")
"""The steps in their order."""


def steps(
    checks: Sequence[Check],
    *,
    has_project: bool,
    has_host: bool = False,
    now: str = "computer",
    look: str = "",
) -> list[Step]:
    """The rail, with `now` as the step in view; `look` says which language and theme are in force."""
    later = tr("can wait")
    return [
        Step(tr("Language and look"), look or tr("in Settings, at any time"), "ok", now == "look"),
        Step(tr("This computer"), tally(checks), "ok" if settled(checks) else "wait", now == "computer"),
        Step(
            tr("First host"), tr("there") if has_host else later, "ok" if has_host else "wait", now == "host"
        ),
        Step(
            tr("First project"),
            tr("there") if has_project else later,
            "ok" if has_project else "wait",
            now == "project",
        ),
    ]
