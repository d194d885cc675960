"""What the set-up page says about checks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.base.words import ntr, tr

if TYPE_CHECKING:
    from desktop.app_doctor import Check


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


def tally(checks: Sequence[Check]) -> str:
    """ "3 of 6 ready, 2 need you"."""
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


def steps(checks: Sequence[Check], *, has_project: bool, has_host: bool = False) -> list[Step]:
    """The rail."""
    later = tr("can wait")
    return [
        Step(tr("Language and look"), tr("in Settings, at any time"), "ok"),
        Step(tr("This computer"), tally(checks), "ok" if ready(checks) else "wait", now=True),
        Step(tr("First host"), tr("there") if has_host else later, "ok" if has_host else "wait"),
        Step(tr("First project"), tr("there") if has_project else later, "ok" if has_project else "wait"),
    ]
