"""What was compared, as a file for people: Markdown, or CSV for a table; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from desktop.app_consistency import Consistency
from desktop.base.words import tr

from .present import GroupLook, KeyLook, groups, heads


def report(found: Consistency, name: str, clock: str) -> str:
    """The text of a file with this name: CSV where it ends so, else Markdown. Values of secrets are in neither."""
    table = groups(found.rows)
    titles = [tr("Name"), *(head.title for head in heads(found)), tr("Verdict")]
    return _csv(titles, table) if name.lower().endswith(".csv") else _markdown(found, titles, table, clock)


def _csv(titles: list[str], table: Iterable[GroupLook]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([tr("Group"), *titles])
    for group in table:
        for look in group.rows:
            writer.writerow([_harmless(cell) for cell in (group.title, *_cells(look))])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A table program takes a cell that begins like this for a formula, and would run it."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell


def _markdown(found: Consistency, titles: list[str], table: Iterable[GroupLook], clock: str) -> str:
    lines = [f"# {found.app}: {tr('Consistency')}", "", clock, ""]
    for group in table:
        lines += [f"## {group.title}", "", _line(titles), _line(["---"] * len(titles))]
        lines += [_line(list(_cells(look))) for look in group.rows]
        lines.append("")
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells) + " |"


def _cells(look: KeyLook) -> Iterable[str]:
    return (look.title, *(" ".join(cell.text.split()) for cell in look.cells), look.word)
