"""`goferry doctor`: checks this computer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from desktop.base.words import Message, msg, tr

from .answer import DONE, FAILED, Answer, Output

if TYPE_CHECKING:
    from desktop.app import App

MARKS = {"ok": "+", "warn": "!", "fail": "x", "off": "-"}


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("doctor", help=tr("check this computer"))
    parser.add_argument(
        "--get-go", action="store_true", help=tr("first download Go into Goferry's own folder, checked")
    )
    parser.add_argument(
        "--start-docker", action="store_true", help=tr("first start Docker Desktop and wait for its engine")
    )
    parser.set_defaults(run=run_doctor)


async def run_doctor(app: App, args: argparse.Namespace, out: Output) -> Answer:
    if args.get_go:
        from desktop.app_doctor import get_go

        await get_go(app)
    if args.start_docker:
        from desktop.app_engine import start_engine

        await start_engine(app)
    checks = await app.doctor()
    lines: list[Message] = []
    for check in checks:
        values = {"mark": MARKS[check.state], "title": check.title, "found": check.found}
        lines.append(msg("{mark} {title}: {found}", **values))
        if str(check.fix):
            lines.append(msg("    {fix}", fix=check.fix))
    failed = any(check.required and check.state == "fail" for check in checks)
    return Answer({"checks": [check.to_json() for check in checks]}, tuple(lines), FAILED if failed else DONE)
