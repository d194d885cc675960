"""`goferry watch`: a project is built and deployed at each save, until it is ended."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.words import Words, msg, tr

from .answer import FAILED, Answer, Output

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_on_save import State


def add_commands(commands: Any) -> None:
    watch = commands.add_parser("watch", help=tr("build and deploy at each save, until Ctrl+C"))
    watch.add_argument("dir", nargs="?", default=".", metavar="DIR", help=tr("the project's folder"))
    watch.add_argument(
        "--to", required=True, metavar="ENV", help=tr("an environment for development; never production")
    )
    watch.set_defaults(run=run)


async def run(app: App, args: argparse.Namespace, out: Output) -> Answer:
    """Ends when the folder cannot be watched any longer; with --json an object a line tells each new state."""
    from desktop.app_on_save import Doing, OnSave

    folder = Path(args.dir).absolute()  # noqa: ASYNC240  asks no disk
    one = OnSave(app, folder, args.to)
    over = asyncio.Event()

    def tell(state: State) -> None:
        if out.as_json:
            out.line(json.dumps({"at": round(time.time(), 3), **state.to_json()}, ensure_ascii=False))
        else:
            _say(state, out)
        if state.doing is Doing.FAILED and not one.on:
            over.set()

    one.listen(tell)
    try:
        await one.start()
        await over.wait()
    finally:
        await one.stop()
    return Answer(code=FAILED, error=one.state.error, said=True)


def _say(state: State, out: Output) -> None:
    for line in lines(state):
        out.progress(line)


def lines(state: State) -> list[Words]:
    """A state for people."""
    from desktop.app_on_save import Doing

    files = state.saved.files if state.saved is not None else ()
    shown = ", ".join(files[:3]) + (f" (+{len(files) - 3})" if len(files) > 3 else "")
    known: dict[Doing, Words] = {
        Doing.WATCHING: msg("Watching for saves; they go to {environment}.", environment=state.environment),
        Doing.BUILDING: msg("Saved: {files}. Building.", files=shown),
        Doing.TESTING: msg("Checking and testing."),
        Doing.DEPLOYING: msg("Deploying {version}.", version=state.version),
    }
    if state.doing is Doing.SERVES:
        if state.unchanged:
            return [msg("No difference to what serves.")]
        seconds = f"{state.seconds or 0:.1f}"
        return [msg("{version} serves, {seconds} s after the save.", version=state.version, seconds=seconds)]
    if state.doing is Doing.FAILED and state.error is not None:
        error = state.error
        parts: list[Words] = [part for part in (error.what, error.why, error.fix) if str(part)]
        detail: list[Words] = [f"    {line}" for line in error.detail.splitlines()]
        untouched = state.failed_at in (Doing.BUILDING, Doing.TESTING)
        return [*parts, *detail, *([msg("What served before serves on.")] if untouched else [])]
    return [known[state.doing]] if state.doing in known else []
