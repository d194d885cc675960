"""`goferry host setup` and `goferry host undo`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from desktop.base.plans import PlanRun, StepResult, StepState
from desktop.base.secret import Secret
from desktop.base.words import Words, msg, tr

from .answer import DONE, FAILED, Answer, Output

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_setup import Prepared

MARKS = {
    StepState.HELD: msg("holds"),
    StepState.APPLIED: msg("applied"),
    StepState.FAILED: msg("failed"),
    StepState.SKIPPED: msg("skipped"),
    StepState.PENDING: msg("to do"),
}


def add_setup_commands(inner: Any) -> None:
    """Adds `setup` and `undo` below `goferry host`."""
    setup = inner.add_parser(
        "setup", help=tr("make a server ready for Docker; without --yes the plan is shown")
    )
    _common(setup)
    setup.add_argument(
        "--mirror", metavar="M", default="", help=tr("a mirror's name or address; else the quickest")
    )
    setup.add_argument("--offline", action="store_true", help=tr("send Docker from this computer"))
    setup.add_argument("--replace", action="store_true", help=tr("remove packages that keep Docker out"))
    setup.add_argument(
        "--restart", action="store_true", help=tr("Docker may be restarted although containers run")
    )
    setup.add_argument(
        "--skip", metavar="STEP", action="append", default=[], help=tr("leave this step out; repeat")
    )
    setup.add_argument(
        "--loopback", action="store_true", help=tr("published ports bind to 127.0.0.1 by default")
    )
    setup.add_argument(
        "--clean-images", action="store_true", help=tr("clean old images of Goferry every day")
    )
    setup.add_argument(
        "--deploy-user", metavar="USER", default="", help=tr("make a user that deploys, with its own key")
    )
    setup.add_argument("--data-root", metavar="DIR", default="", help=tr("where Docker keeps its data"))
    setup.add_argument("--script", action="store_true", help=tr("print the plan as a shell script and end"))
    setup.set_defaults(run=set_up)
    undo = inner.add_parser("undo", help=tr("take back what set-up made on a server"))
    _common(undo)
    undo.set_defaults(run=undo_setup)


def _common(parser: Any) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--plan", action="store_true", help=tr("show the plan; change nothing"))
    parser.add_argument("--yes", action="store_true", help=tr("carry the plan out"))
    parser.add_argument("--sudo-password-stdin", action="store_true", help=tr("read the password for sudo"))


async def set_up(app: App, args: argparse.Namespace, out: Output) -> Answer:
    """The plan with --plan or without --yes; else what each step did."""
    from desktop.app_setup import prepare_setup
    from desktop.hosts.setup import Wish

    wish = Wish(
        mirror=args.mirror, offline=args.offline, remove_rivals=args.replace, restart_allowed=args.restart,
        loopback=args.loopback, clean_images=args.clean_images, deploy_user=args.deploy_user,
        data_root=args.data_root, skip=frozenset(args.skip),
    )  # fmt: skip
    password = _password(args)
    out.progress(msg("Looking at {host}…", host=args.name))
    prepared = await prepare_setup(app, args.name, wish, password)
    if args.script:
        out.line(prepared.script().rstrip("\n"))
        return Answer(said=True)
    return await _carry_out(app, args, out, prepared)


async def undo_setup(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_setup import prepare_undo

    return await _carry_out(app, args, out, await prepare_undo(app, args.name, _password(args)))


async def _carry_out(app: App, args: argparse.Namespace, out: Output, prepared: Prepared) -> Answer:
    from desktop.app_setup import run_setup

    if args.plan or not args.yes:
        questions = prepared.decision.questions if prepared.decision else ()
        steps = [result.to_json() for result in prepared.plan.pending()]
        shown: list[Words] = [*prepared.plan.notes]
        for step in prepared.plan.steps:
            shown += [
                step.title,
                f"    {step.why}",
                *(f"    $ {command.shown()}" for command in step.commands),
            ]
        ending = msg("Nothing has changed. Carry it out with --yes.")
        said = [str(question) for question in questions]
        return Answer({"host": args.name, "steps": steps, "questions": said}, (*shown, *questions, ending))

    def tell(run: PlanRun, result: StepResult) -> None:
        out.progress(f"{MARKS[result.state]!s:<10} {result.title}")

    run = await run_setup(app, prepared, watch=tell)
    lines = tuple(f"{MARKS[result.state]!s:<10} {result.title}" for result in run.results)
    applied = sum(result.state is StepState.APPLIED for result in run.results)
    values = {"host": args.name, "steps": [result.to_json() for result in run.results], "applied": applied}
    done = msg("{host}: {n} steps changed the server.", host=args.name, n=applied)
    return Answer(values, (*lines, done) if run.ok else lines, DONE if run.ok else FAILED, run.error)


def _password(args: argparse.Namespace) -> Secret | None:
    """The first line of standard input, or nothing."""
    if not args.sudo_password_stdin:
        return None
    return Secret(sys.stdin.buffer.readline().decode("utf-8").rstrip("\r\n"))
