"""`goferry diagnostics`: what helps to understand a fault, without secrets, as a zip."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_diagnostics import Diagnostics, diagnose, save_diagnostics
from desktop.base.visible import visible
from desktop.base.words import Words, msg, tr

from .answer import Answer, Output

if TYPE_CHECKING:
    from desktop.app import App


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "diagnostics", help=tr("save what helps to understand a fault, without secrets")
    )
    parser.add_argument(
        "--output",
        metavar="F.zip",
        type=Path,
        help=tr("the file to write (default: in this folder, by date)"),
    )
    parser.add_argument(
        "--with-addresses", action="store_true", help=tr("keep addresses and user names as they are")
    )
    parser.add_argument("--show", action="store_true", help=tr("show the texts, and write nothing"))
    parser.set_defaults(run=run_diagnostics)


async def run_diagnostics(app: App, args: argparse.Namespace, out: Output) -> Answer:
    found = await diagnose(app, addresses=args.with_addresses)
    if args.show:
        texts = {part.name: part.text for part in found.parts}
        return Answer({"path": None, "files": list(texts), "texts": texts}, _shown(found))
    path = (args.output or Path(found.file_name)).absolute()
    await save_diagnostics(app, found, path)
    lines: list[Words] = [msg("{name}: {what}", name=part.name, what=part.what) for part in found.parts]
    lines.append(
        msg("Saved as {path}. It was sent nowhere: read it before you pass it on.", path=visible(str(path)))
    )
    return Answer({"path": str(path), "files": [part.name for part in found.parts]}, tuple(lines))


def _shown(found: Diagnostics) -> tuple[Words, ...]:
    return tuple(f"---- {part.name}\n{part.text}" for part in found.parts)
