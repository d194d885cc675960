"""`goferry update`: a newer version of Goferry itself, looked for, downloaded and installed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_updates import program
from desktop.base.visible import visible
from desktop.base.words import Words, language, msg, tr

from .answer import Answer, Output

if TYPE_CHECKING:
    from desktop.app import App


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("update", help=tr("look for a newer version of Goferry"))
    parser.add_argument("--download", action="store_true", help=tr("download it, and check it"))
    parser.add_argument(
        "--install", action="store_true", help=tr("download and install it (the installed Windows edition)")
    )
    parser.set_defaults(run=run_update)


async def run_update(app: App, args: argparse.Namespace, out: Output) -> Answer:
    updates = app.updates
    await updates.tidy()
    offer = await updates.check()
    values: dict[str, Any] = {
        "running": updates.running,
        "version": None if offer is None else offer.version,
        "note": "" if offer is None else offer.manifest.note(language()),
        "path": None,
        "installed": False,
    }
    if offer is None:
        line = msg("Goferry {version} is the newest.", version=updates.running)
        return Answer(values, (line,))
    size = f"{offer.file.size / 1e6:.1f}"
    lines: list[Words] = [
        msg(
            "Goferry {version} can be had ({size} MB). {note}",
            version=offer.version,
            size=size,
            note=visible(values["note"]),
        )
    ]
    if args.download or args.install:
        out.progress(msg("Downloading"))
        path = updates.ready or await updates.fetch()
        values["path"] = str(path)
        lines.append(await _install(app, path, offer.version, values, wanted=args.install))
    return Answer(values, tuple(lines))


async def _install(app: App, path: Path, version: str, values: dict[str, Any], *, wanted: bool) -> Words:
    """Installs it where an installer can; gives back what to say."""
    if not wanted or program() is None:
        return msg("Goferry {version} is downloaded: {path}", version=version, path=visible(str(path)))
    await app.updates.install()
    values["installed"] = True
    return msg("Goferry {version} is installed. The next start is the new one.", version=version)
