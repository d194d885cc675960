"""`goferry host setup` and `goferry host undo`, for one host or many side by side."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.plans import StepState
from desktop.base.secret import Secret
from desktop.base.visible import visible
from desktop.base.words import Words, msg, nmsg, tr

from .answer import DONE, FAILED, SOME_FAILED, Answer, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop.app import App
    from desktop.app_setup import Newcomer, Prepared
    from desktop.app_setup_flow import HostFlow, SetupFlow
    from desktop.hosts.setup import Wish

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
        "setup", help=tr("make servers ready for Docker; without --yes the plan is shown")
    )
    _common(setup)
    add_wish_options(setup)
    setup.add_argument("--script", action="store_true", help=tr("print the plan as a shell script and end"))
    setup.set_defaults(run=set_up)
    undo = inner.add_parser("undo", help=tr("take back what set-up made on a server"))
    _common(undo)
    undo.add_argument(
        "--only", metavar="STEP", action="append", default=[],
        help=tr("take back this step alone, with what stands on it; repeat"),
    )  # fmt: skip
    undo.set_defaults(run=undo_setup)


def _common(parser: Any) -> None:
    parser.add_argument("names", metavar="NAME", nargs="+", help=tr("hosts or groups"))
    parser.add_argument("--plan", action="store_true", help=tr("show the plan; change nothing"))
    parser.add_argument("--yes", action="store_true", help=tr("carry the plan out"))
    parser.add_argument("--sudo-password-stdin", action="store_true", help=tr("read the password for sudo"))


def add_wish_options(parser: Any) -> None:
    """What a person can choose about a set-up."""

    def switch(name: str, text: str) -> None:
        parser.add_argument(name, action="store_true", help=text)

    def value(name: str, metavar: str, text: str) -> None:
        parser.add_argument(name, metavar=metavar, default="", help=text)

    value("--mirror", "M", tr("a mirror's name or address; else the quickest"))
    value("--mirror-key", "FILE", tr("the key that signs there, if it is not Docker's own"))
    switch("--offline", tr("send Docker from this computer"))
    value("--archive", "FILE", tr("a static archive, an RPM or a folder of RPMs to send; implies --offline"))
    value("--archive-sha256", "SUM", tr("the checksum of an archive that Goferry does not know"))
    switch("--replace", tr("remove packages that keep Docker out"))
    switch("--restart", tr("Docker may be restarted although containers run"))
    switch("--reboot", tr("the server may be restarted where its kernel's modules are gone"))
    switch("--set-clock", tr("set the clock by this computer's where no time service does"))
    switch("--time-service", tr("install chrony where no time service runs"))
    switch("--no-log-rotation", tr("leave Docker's logs as they are"))
    switch("--no-live-restore", tr("let containers stop with Docker"))
    switch("--loopback", tr("published ports bind to 127.0.0.1 by default"))
    switch("--clean-images", tr("clean old images of Goferry every day"))
    switch("--keys-only", tr("let sshd refuse passwords"))
    value("--deploy-user", "USER", tr("make a user that deploys, with its own key"))
    value("--deploy-key", "FILE", tr("that user's public key; else a new one of its own"))
    value("--data-root", "DIR", tr("where Docker keeps its data"))
    parser.add_argument(
        "--skip", metavar="STEP", action="append", default=[], help=tr("leave this step out; repeat")
    )


async def wish_of(app: App, args: argparse.Namespace) -> Wish:
    """The options as a wish; the files that they name are read."""
    from desktop.hosts.setup import Wish

    def text(path: str) -> str:
        return Path(path).expanduser().read_text(encoding="utf-8") if path else ""

    def read(token: CancelToken) -> tuple[str, str, Path | None]:
        archive = Path(args.archive).expanduser() if args.archive else None
        return text(args.mirror_key), text(args.deploy_key), archive

    mirror_key, deploy_key, archive = await app.pools.files.run(read)
    return Wish(
        mirror=args.mirror or app.settings.now.package_mirror, mirror_key=mirror_key,
        offline=args.offline or bool(args.archive), archive=archive,
        archive_sha256=args.archive_sha256, remove_rivals=args.replace, restart_allowed=args.restart,
        reboot_allowed=args.reboot,
        set_clock=args.set_clock, time_service=args.time_service, log_rotation=not args.no_log_rotation,
        live_restore=not args.no_live_restore, loopback=args.loopback, clean_images=args.clean_images,
        no_password_login=args.keys_only, deploy_user=args.deploy_user, deploy_key=deploy_key.strip(),
        data_root=args.data_root, skip=frozenset(args.skip),
    )  # fmt: skip


async def set_up(app: App, args: argparse.Namespace, out: Output) -> Answer:
    """The plan with --plan or without --yes; else what each step did."""
    from desktop.app_setup import prepare_setup

    wish, password = await wish_of(app, args), read_password(args)
    names = [host.name for host in app.inventory.resolve(args.names)]
    if args.yes and not args.plan and not args.script:
        return await carry_out(app, out, names, wish, password, many=_many(args, names))
    plans = []
    for name in names:
        out.progress(msg("Looking at {host}…", host=name))
        plans.append(await prepare_setup(app, name, wish, password))
    if args.script:
        for prepared in plans:
            out.line(prepared.script().rstrip("\n"))
        return Answer(said=True)
    return _shown(plans, many=_many(args, names))


async def undo_setup(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_setup import prepare_undo

    password = read_password(args)
    names = [host.name for host in app.inventory.resolve(args.names)]
    if args.yes and not args.plan:
        many = _many(args, names)
        return await carry_out(app, out, names, None, password, undo=True, only=tuple(args.only), many=many)
    plans = [await prepare_undo(app, name, password, args.only) for name in names]
    return _shown(plans, many=_many(args, names))


def _many(args: argparse.Namespace, names: list[str]) -> bool:
    """A single host that was named is answered as one, a group as several, however many it holds."""
    return args.names != names or len(names) > 1


def _shown(plans: Sequence[Prepared], *, many: bool) -> Answer:
    values, lines = [], list[Words]()
    for prepared in plans:
        questions = prepared.decision.questions if prepared.decision else ()
        if many:
            lines.append(msg("Plan for {host}:", host=prepared.host))
        lines += prepared.plan.notes
        for step in prepared.plan.steps:
            lines += [
                step.title,
                f"    {step.why}",
                *(f"    $ {command.shown()}" for command in step.commands),
            ]
        lines += questions
        steps = [result.to_json() for result in prepared.plan.pending()]
        said = [str(question) for question in questions]
        values.append({"host": prepared.host, "steps": steps, "questions": said})
    ending = msg("Nothing has changed. Carry it out with --yes.")
    return Answer({"hosts": values} if many else values[0], (*lines, ending))


async def carry_out(
    app: App,
    out: Output,
    hosts: Sequence[str | Newcomer],
    wish: Wish | None,
    password: Secret | None,
    *,
    undo: bool = False,
    only: tuple[str, ...] = (),
    many: bool = False,
) -> Answer:
    """Side by side, each host's steps told as they come; a host that is lost is come back to."""
    from desktop.app_setup_flow import SetupFlow

    telling = _Telling(out, many)
    flow = SetupFlow(app, telling.changed, asks=False)
    for host in hosts:
        flow.add(host, wish, password)
    if undo:
        flow.undo(only=only)
    else:
        flow.start()
    await flow.wait()
    return _ended(flow, many=many)


class _Telling:
    """Says once what is new about each host: its steps, their output, and that it is lost."""

    def __init__(self, out: Output, many: bool) -> None:
        self._out, self._many = out, many
        self._steps: dict[str, set[str]] = {}
        self._last: dict[str, int] = {}
        self._tries: dict[str, int] = {}

    def changed(self, flow: HostFlow) -> None:
        who = f"{flow.host}: " if self._many else ""
        new = min(flow.line_count - self._last.get(flow.host, 0), len(flow.lines))
        self._last[flow.host] = flow.line_count
        for line in list(flow.lines)[len(flow.lines) - new :]:
            self._out.progress(f"{who}    {visible(line.text)}")
        told = self._steps.setdefault(flow.host, set())
        if not flow.results:
            told.clear()  # it begins anew
        for step, result in flow.results.items():
            if step not in told:
                told.add(step)
                self._out.progress(f"{who}{MARKS[result.state]!s:<10} {result.title}")
        if flow.tries > self._tries.get(flow.host, 0):
            self._out.progress(msg("{host} is lost; trying again…", host=flow.host))
        self._tries[flow.host] = flow.tries


def _ended(flow: SetupFlow, *, many: bool) -> Answer:
    values, lines = [], list[Words]()
    failed: list[GoferryError] = []
    for one in flow.flows.values():
        results = one.run.results if one.run is not None else list(one.results.values())
        applied = sum(result.state is StepState.APPLIED for result in results)
        steps = [result.to_json() for result in results]
        value: dict[str, Any] = {"host": one.host, "steps": steps, "applied": applied}
        if many:
            lines.append(f"{one.host}:")
            value |= {"state": str(one.state), "error": one.error.to_json() if one.error else None}
        lines += [f"{MARKS[result.state]!s:<10} {result.title}" for result in results]
        if one.error is not None:
            failed.append(one.error)
            lines += [text for text in (one.error.what, one.error.why) if many and str(text)]
        else:
            lines.append(
                nmsg(
                    "{host}: {n} step changed the server.",
                    "{host}: {n} steps changed the server.",
                    applied,
                    host=one.host,
                )
            )
        values.append(value)
    code = DONE if not failed else FAILED if len(failed) == len(values) else SOME_FAILED
    body = {"hosts": values} if many else values[0]
    return Answer(body, tuple(lines), code, failed[0] if failed else None)


def read_password(args: argparse.Namespace) -> Secret | None:
    """The first line of standard input, or nothing."""
    if not args.sudo_password_stdin:
        return None
    return Secret(sys.stdin.buffer.readline().decode("utf-8").rstrip("\r\n"))
