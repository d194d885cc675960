"""`goferry consistency`: what differs between environments and hosts; ends with 1 when something has drifted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.words import Words, msg, tr

from .answer import DONE, FAILED, SOME_FAILED, Answer, Output

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_consistency import Consistency
    from desktop.release import FactCell, FactRow


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("consistency", help=tr("what differs between environments and hosts"))
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help=tr("the project's folder"))
    parser.add_argument("--all", action="store_true", help=tr("name what is the same too"))
    parser.set_defaults(run=run)


async def run(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_consistency import read_consistency
    from desktop.release import Verdict, verdict_counts

    found = await read_consistency(app, Path(args.dir))
    number = verdict_counts(found.rows)
    shown = [row for row in found.rows if args.all or row.verdict is not Verdict.SAME]
    silent = [one for one in found.readings if one.problem is not None]
    lines: list[Words] = [f"{row.verdict:10}  {_row_text(row)}" for row in shown]
    lines += [
        msg("{host} could not be read: {error}", host=one.host, error=str(one.problem)) for one in silent
    ]
    lines.append(
        msg(
            "{drifted} drifted, {meant} meant to differ, {same} the same, {unreadable} not readable",
            drifted=number[Verdict.DRIFTED],
            meant=number[Verdict.MEANT],
            same=number[Verdict.SAME],
            unreadable=number[Verdict.UNREADABLE],
        )
    )
    code = FAILED if number[Verdict.DRIFTED] else SOME_FAILED if silent else DONE
    return Answer(_values(found), tuple(lines), code)


def _row_text(row: FactRow) -> str:
    from desktop.release import key_text

    return f"{key_text(row.key)}: " + "; ".join(_cell_text(cell) for cell in row.cells if cell.values)


def _cell_text(cell: FactCell) -> str:
    values = ", ".join(
        f"{_value(value.text)} ({', '.join(value.hosts)})"
        if len(cell.values) > 1
        else str(_value(value.text))
        for value in cell.values
    )
    return f"{cell.environment} {values}"


def _value(text: str | None) -> str | None:
    from desktop.release import SECRET_VALUE

    return "(secret)" if text == SECRET_VALUE else "-" if text is None else text


def _values(found: Consistency) -> dict[str, Any]:
    from desktop.release import SECRET_VALUE, key_text, verdict_counts

    def values(cell: FactCell) -> list[dict[str, Any]]:
        return [
            {"value": "(secret)" if one.text == SECRET_VALUE else one.text, "hosts": [*one.hosts]}
            for one in cell.values
        ]

    return {
        "counts": {str(verdict): number for verdict, number in verdict_counts(found.rows).items()},
        "hosts": [
            {
                "name": one.host,
                "environment": one.environment,
                "release": one.release or None,
                "error": one.problem.to_json() if one.problem is not None else None,
            }
            for one in found.readings
        ],
        "rows": [
            {
                "key": key_text(row.key),
                "verdict": str(row.verdict),
                "reason": str(row.reason),
                "environments": [
                    {"name": cell.environment, "values": values(cell), "unread": [*cell.unread]}
                    for cell in row.cells
                ],
            }
            for row in found.rows
        ],
    }
