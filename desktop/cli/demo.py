"""`goferry demo`: the whole way on this computer; then the window, where there is a screen."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_demo import end_demo, run_demo
from desktop.base.words import Words, msg, tr

from .answer import DONE, FAILED, Answer, Output

if TYPE_CHECKING:
    from desktop.app import App


def add_commands(commands: Any) -> None:
    demo = commands.add_parser("demo", help=tr("the whole way on this computer, with a small project"))
    demo.add_argument("--dir", metavar="D", default="", help=tr("the demo project's folder"))
    demo.add_argument("--keep", action="store_true", help=tr("let the app run on when the demo has ended"))
    demo.set_defaults(run=run)


async def run(app: App, args: argparse.Namespace, out: Output) -> Answer:
    folder = _folder(args.dir)
    shown = has_screen() and not args.json
    try:
        result = await run_demo(app, folder, out.progress)
    except BaseException:
        if folder is not None or not args.keep:
            await end_demo(app, folder or app.home.root / "demo" / "hello-goferry")
        raise
    if not args.keep and not shown:
        await end_demo(app, result.project)
    lines: list[Words] = [
        msg("Project  {project}", project=str(result.project)),
        msg(
            "Binary   {target}, {size} MB",
            target=result.binary.target,
            size=f"{result.binary.size / 1e6:.1f}",
        ),
        msg("Image    {ref}, {size} MB", ref=result.image.ref, size=f"{result.image.size / 1e6:.1f}"),
        msg("Release  {release}, healthy at {url}", release=result.release.id, url=result.url),
        *(msg("Log      {line}", line=line) for line in result.log),
        msg("Done in {seconds} s.", seconds=f"{result.seconds:.1f}"),
    ]
    if shown:
        lines.append(msg("The window opens; the app runs on until you remove it under Deploy."))
    elif args.keep:
        lines.append(
            msg(
                "The app runs on. End it with: goferry remove {folder} --on local", folder=str(result.project)
            )
        )
    return Answer(
        result.to_json(),
        tuple(lines),
        DONE if result.health["ok"] else FAILED,
        then_window=result.project if shown else None,
    )


def _folder(text: str) -> Path | None:
    return Path(text).expanduser().absolute() if text else None


def has_screen() -> bool:
    """Whether a window could open here."""
    if sys.platform in ("win32", "darwin"):
        return not os.environ.get("CI")
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and not os.environ.get("CI")
