"""How a difference is put right: in words, and by which deploy or change; no widgets."""

from __future__ import annotations

from collections.abc import Iterable

from desktop.app_consistency import Consistency, can_be_everywhere
from desktop.base.words import ntr, tr
from desktop.release import SECRET_VALUE, FactCell, FactKey, FactRow, Reason, Verdict
from desktop.ui.wishes import DeployTo

STATE: FactKey = ("container", "state")


def by_hand(found: Consistency, row: FactRow) -> bool:
    """Hosts of one release differ: somebody changed one of them past Goferry, or set it up otherwise."""
    if row.reason is not Reason.HOSTS or not row.odd:
        return False
    has = {one.host: one.release for one in found.hosts(row.odd[0].environment)}
    return len({has.get(host, "") for value in row.odd[0].values for host in value.hosts}) == 1


def remedy(found: Consistency, row: FactRow) -> str:
    if row.verdict is not Verdict.DRIFTED:
        return ""
    if row.key == STATE:
        return tr("Start it again where it does not run, or see in Live why it ended.")
    if row.key[0] == "server":
        return tr("Update the servers to one version, by the set-up plan of each host.")
    if by_hand(found, row):
        return tr(
            "A deploy makes the container anew there, as goferry.yaml says. The others serve meanwhile."
        )
    if row.reason is Reason.MISSING:
        return tr("Add it in goferry.yaml and deploy, or mark it as meant to differ.")
    if row.reason is Reason.ENVIRONMENTS:
        return tr("Give it the same value in goferry.yaml and deploy, or mark it as meant to differ.")
    return tr(
        "A deploy brings every host to what goferry.yaml says. Hosts that have it already are left alone."
    )


def to_deploy(found: Consistency, row: FactRow) -> tuple[DeployTo, ...]:
    """What a deploy would put right: the hosts that stray alone, and the environment, where more than they have it."""
    deployed = row.verdict is Verdict.DRIFTED and row.key[0] != "server" and row.key != STATE
    if not deployed or row.reason not in (Reason.HOSTS, Reason.FILE):
        return ()
    cell = row.odd[0]
    strays = _strays(cell)
    past = by_hand(found, row)
    part = (DeployTo(cell.environment, strays, anew=past),) if strays else ()
    return part if past and part else (*part, DeployTo(cell.environment))


def _strays(cell: FactCell) -> tuple[str, ...]:
    """The hosts that differ from what goferry.yaml says, else from most; none where all of them do."""
    right = cell.declared if cell.known else cell.values[0].text
    strays = tuple(host for value in cell.values if value.text != right for host in value.hosts)
    return strays if len(strays) < sum(len(value.hosts) for value in cell.values) else ()


def deploy_words(wish: DeployTo) -> str:
    if not wish.only:
        return tr("Plan a deploy…")
    if len(wish.only) == 1:
        return tr("Plan for {host} only…", host=wish.only[0])
    return ntr("Plan for this {n} host only…", "Plan for these {n} hosts only…", len(wish.only))


def to_live(row: FactRow) -> str:
    return row.odd[0].environment if row.key == STATE and row.odd else ""


def values_for_all(row: FactRow, cells: Iterable[FactCell] = ()) -> tuple[str, ...]:
    """Values of the row, or of some of its cells, that all environments could get; none where they are one already."""
    if not can_be_everywhere(row.key):
        return ()
    there = {value.text for cell in row.cells for value in cell.values}
    there |= {cell.declared for cell in row.cells if cell.known and cell.values}
    if len(there) < 2:
        return ()
    found = (value.text for cell in cells or row.cells for value in cell.values)
    return tuple(dict.fromkeys(text for text in found if text is not None and text != SECRET_VALUE))


def first_without(row: FactRow, value: str) -> str:
    """The first environment where not every host has it."""
    lacking = (
        cell.environment for cell in row.cells if cell.values and {one.text for one in cell.values} != {value}
    )
    return next(lacking, row.cells[0].environment)
