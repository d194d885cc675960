"""`goferry deploy, releases, rollback, status, stop, start, restart, remove, prune`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.errors import GoferryError
from desktop.base.plans import StepResult, StepState
from desktop.base.secret import Secret
from desktop.base.words import Words, msg, tr

from .answer import CANCELLED, DONE, FAILED, SOME_FAILED, Answer, Output, count
from .spread import add_spread_options, spread_lines, take_spread

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_deploy import Prepared
    from desktop.release import HostResult, RolloutResult, ToSend


def add_commands(commands: Any) -> None:
    deploy = _about(commands.add_parser("deploy", help=tr("release a project on hosts")), "--to")
    deploy.add_argument("--plan", action="store_true", help=tr("show what would be done, and do nothing"))
    deploy.add_argument("--yes", action="store_true", help=tr("do not ask"))
    deploy.add_argument("--note", default="", metavar=tr("TEXT"), help=tr("a line for the history"))
    deploy.add_argument(
        "--only", nargs="+", default=[], metavar="HOST", help=tr("these hosts of the environment alone")
    )
    deploy.add_argument("--without", nargs="+", default=[], metavar="HOST", help=tr("hosts to leave out"))
    deploy.add_argument(
        "--anew", action="store_true", help=tr("make the containers again where it serves already")
    )
    deploy.add_argument(
        "--native", action="store_true", help=tr("on this computer: without its Docker Engine")
    )
    add_spread_options(deploy)
    deploy.set_defaults(run=run_deploy)

    rollback = _about(commands.add_parser("rollback", help=tr("go back to an earlier release")), "--on")
    rollback.add_argument("--release", default="", metavar="ID", help=tr("default: the last good one before"))
    rollback.add_argument("--plan", action="store_true", help=tr("show what would be done, and do nothing"))
    rollback.add_argument("--yes", action="store_true", help=tr("do not ask"))
    add_spread_options(rollback, sends=False)
    rollback.set_defaults(run=run_rollback)

    texts = {
        "releases": tr("who released what, and when"),
        "status": tr("what runs where, and its health"),
        "stop": tr("stop the app"),
        "start": tr("start it again"),
        "restart": tr("stop and start it"),
        "remove": tr("take the app off the hosts, with its history"),
        "prune": tr("remove old releases"),
    }
    for verb, text in texts.items():
        parser = _about(commands.add_parser(verb, help=text), "--on")
        if verb == "prune":
            parser.add_argument("--keep", type=count, default=0, metavar="N", help=tr("releases to keep"))
        if verb in ("remove", "prune"):
            parser.add_argument("--yes", action="store_true", help=tr("do not ask"))
        parser.set_defaults(
            run={"releases": run_releases, "status": run_status}.get(verb, run_verb), verb=verb
        )


def _about(parser: Any, option: str) -> Any:
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help=tr("the project's folder"))
    parser.add_argument(
        option,
        nargs="+",
        dest="names",
        default=[],
        required=option == "--to",
        metavar="ENV|HOST",
        help=tr("an environment, or hosts"),
    )
    if option == "--to":
        parser.add_argument("--take-over", action="store_true", help=tr("end what holds the lock, and go on"))
    parser.add_argument(
        "--secrets-stdin",
        action="store_true",
        help=tr("read secrets from standard input, as NAME=VALUE lines"),
    )
    return parser


# -------------------------------------------------------------------- deploy and rollback


async def run_deploy(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_deploy import prepare_deploy

    prepared = await prepare_deploy(
        app,
        Path(args.dir),
        args.names,
        say=out.progress,
        secrets=_secrets(args),
        note=args.note,
        native=args.native,
        only=args.only,
        without=args.without,
        anew=args.anew,
        only_plan=args.plan,
    )
    return await _carry_out(app, prepared, args, out)


async def run_rollback(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_releases import prepare_rollback

    prepared = await prepare_rollback(app, Path(args.dir), args.names, args.release, secrets=_secrets(args))
    return await _carry_out(app, prepared, args, out)


async def _carry_out(app: App, prepared: Prepared, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_deploy import run_prepared

    take_spread(app, prepared, args)
    if args.plan:
        return _plan_answer(prepared)
    if not args.yes and not out.as_json and sys.stdin.isatty() and not prepared.unchanged:
        for line in _plan_lines(prepared):
            out.progress(line)
        if not _agreed(out, prepared.target.app if prepared.target.production else ""):
            return Answer(lines=(msg("Nothing was done."),), code=CANCELLED)

    def watch(host: str, result: StepResult) -> None:
        if result.state is not StepState.PENDING:
            out.progress(_step_line(host, result))

    result = await run_prepared(prepared, take_over=getattr(args, "take_over", False), watch=watch)
    return _result_answer(prepared, result)


def _agreed(out: Output, name: str) -> bool:
    wanted = name or "yes"
    out.progress(msg("Type {word} to go on:", word=wanted))
    return sys.stdin.readline().strip() == wanted


def _step_line(host: str, result: StepResult) -> Words:
    if result.state is StepState.FAILED and result.error is not None:
        return msg("{host}: {title} failed. {error}", host=host, title=result.title, error=str(result.error))
    if result.state is StepState.HELD:
        return msg("{host}: {title}, nothing to do", host=host, title=result.title)
    return msg("{host}: {title}, {seconds} s", host=host, title=result.title, seconds=f"{result.seconds:.1f}")


def _values(prepared: Prepared) -> dict[str, Any]:
    return {
        "release": prepared.release.id,
        "version": prepared.release.version,
        "image": prepared.release.image_ref,
        "digest": prepared.release.image_digest,
        "port": prepared.release.publish,
    }


def _plan_answer(prepared: Prepared) -> Answer:
    from desktop.release import HostResult, HostState

    hosts = [
        HostResult(r.place.host, HostState.UNCHANGED, _as_planned(r.decision.unchanged, r.plan().pending()))
        for r in prepared.rollouts
    ]
    hosts += [HostResult(name, HostState.UNKNOWN, error=error) for name, error in prepared.offline.items()]
    values = {
        **_values(prepared),
        "plan": True,
        "changes": [{"key": c.key, "before": c.before, "after": c.after} for c in prepared.changes],
        "secrets_missing": list(prepared.later),
        "to_send": {host: sends.bytes for host, sends in prepared.to_send.items()},
        **prepared.strategy.to_json(),
        "relay": prepared.relay or None,
        "hosts": [host.to_json() for host in hosts],
    }
    return Answer(values, tuple(_plan_lines(prepared)))


def _as_planned(unchanged: bool, steps: tuple[StepResult, ...]) -> tuple[StepResult, ...]:
    from dataclasses import replace

    return tuple(replace(step, state=StepState.HELD) for step in steps) if unchanged else steps


def _plan_lines(prepared: Prepared) -> list[Words]:
    release = prepared.release
    lines: list[Words] = [
        msg("{app} {version}, release {id}", app=release.app, version=release.version, id=release.id)
    ]
    for change in prepared.changes:
        lines.append(
            msg(
                "  {key}: {before} -> {after}",
                key=change.key,
                before=change.before or "-",
                after=change.after or "-",
            )
        )
    if prepared.later:
        names = ", ".join(prepared.later)
        lines.append(msg("  Secrets without a value here, taken to be as they were: {names}", names=names))
    lines += spread_lines(prepared)
    for rollout in prepared.rollouts:
        plan = rollout.plan()
        lines.append(msg("{host}:", host=plan.host))
        lines += [msg("  {note}", note=note) for note in plan.notes]
        if (sends := prepared.to_send.get(plan.host)) is not None:
            lines.append(_sends(sends))
        if not rollout.decision.unchanged:
            for step in plan.steps:
                lines.append(msg("  {title}: {why}", title=step.title, why=step.why))
                lines += [f"      {command.shown()}" for command in step.commands]
    lines += [
        msg("{host} does not answer: {error}", host=h, error=str(e)) for h, e in prepared.offline.items()
    ]
    return lines


def _sends(sends: ToSend) -> Words:
    if not sends.bytes:
        return msg("  Nothing has to be sent.")
    if sends.changes_only:
        return msg("  About {size} have to be sent: changes only.", size=_size(sends.bytes))
    return msg(
        "  At most {size} have to be sent; {there} of {all} layers are there.",
        size=_size(sends.bytes), there=sends.there, all=sends.layers,
    )  # fmt: skip


def _result_answer(prepared: Prepared, result: RolloutResult) -> Answer:
    values = {
        **_values(prepared),
        "sent_bytes": result.sent_bytes,
        "relay": _relay(result),
        "hosts": [host.to_json() for host in result.hosts],
    }
    lines: list[Words] = [_host_line(host) for host in result.hosts]
    if (sent := result.sent_bytes) and len(result.hosts) > 1:
        lines.append(msg("Sent {size} in all.", size=_size(sent)))
    if result.relay is not None and result.relay.trouble:
        lines.append(
            msg("{relay} could not hand on: {why}", relay=result.relay.host, why=result.relay.trouble)
        )
    if result.ok:
        lines.append(
            msg("{app} {version} serves.", app=prepared.target.app, version=prepared.release.version)
        )
    return Answer(values, tuple(lines), _code(result.hosts), result.error)


def _relay(result: RolloutResult) -> dict[str, Any] | None:
    if (relay := result.relay) is None:
        return None
    return {"host": relay.host, "sent_bytes": relay.sent_bytes, "trouble": relay.trouble}


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} KB"


def _host_line(host: HostResult) -> Words:
    from desktop.release import HostState

    words: dict[HostState, Words] = {
        HostState.DONE: msg("done in {seconds} s", seconds=f"{host.seconds:.1f}"),
        HostState.UNCHANGED: msg("unchanged"),
        HostState.FAILED: msg("failed"),
        HostState.ROLLED_BACK: msg("failed; the version from before serves again"),
        HostState.UNKNOWN: msg("unknown"),
    }
    if host.state is HostState.ROLLED_BACK and host.error is None:
        words[host.state] = msg("the version from before serves again")
    line = msg("{host}: {state}", host=host.name, state=words[host.state])
    for note in host.notes if host.state is not HostState.DONE else ():
        line = msg("{line}. {note}", line=line, note=note)
    if host.sent_bytes:
        size = _size(host.sent_bytes)
        sent = msg("{line}, sent {size} (changes only)", line=line, size=size)
        line = sent if host.sent_how == "delta" else msg("{line}, sent {size}", line=line, size=size)
    if host.relayed_bytes:
        line = msg("{line}, {size} by the relay", line=line, size=_size(host.relayed_bytes))
    if host.state is HostState.DONE and host.downtime_ms == 0:
        return msg("{line}, no request was lost", line=line)
    if host.state is HostState.DONE and host.downtime_ms is not None:
        return msg("{line}, {ms} ms without an answer", line=line, ms=host.downtime_ms)
    return line


def _code(hosts: Sequence[HostResult]) -> int:
    failed = [host for host in hosts if host.error is not None]
    if not failed:
        return DONE
    return FAILED if len(hosts) == 1 else SOME_FAILED


# -------------------------------------------------------------------- the rest of a release's life


async def run_releases(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_releases import overview
    from desktop.release import clock

    found = await overview(app, Path(args.dir), args.names)
    rows = found.history()
    lines: list[Words] = []
    for row in rows:
        states = ", ".join(f"{on['name']} {on['state']}" for on in row["hosts"])  # type: ignore[attr-defined]
        when, digest = clock(float(str(row["at"]))), str(row["digest"])[7:19]
        lines.append(f"{row['id']:<10} {row['version']:<16} {when}  {row['by']}  {digest}  {states}")
    first = next(iter(found.offline.values()), None)
    code = DONE if first is None else SOME_FAILED
    return Answer({"releases": rows}, tuple(lines or [msg("Nothing was released yet.")]), code, first)


async def run_status(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_releases import status

    found, instances = await status(app, Path(args.dir), args.names)
    rows = [instance.to_json() for instance in instances]
    holders = [
        {"host": host, "by": s.holder.by, "what": s.holder.what, "since": s.holder.since}
        for host, s in found.seen.items()
        if s.holder is not None
    ]
    lines = tuple(
        f"{i.host:<16} {i.release:<10} {i.version:<16} {i.state:<10} {i.health or '-':<10} {' '.join(i.ports)}"
        for i in instances
    )
    values: dict[str, Any] = {
        "instances": rows,
        "current": {host: seen.current for host, seen in found.seen.items()},
        "locks": holders,
    }
    first = next(iter(found.offline.values()), None)
    return Answer(values, lines or (msg("Nothing runs."),), DONE if first is None else SOME_FAILED, first)


async def run_verb(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop import app_releases as life

    found = await life.overview(app, Path(args.dir), args.names)
    asks = args.verb in ("remove", "prune") and not args.yes and not out.as_json and sys.stdin.isatty()
    if asks and not _agreed(out, found.target.app if args.verb == "remove" else ""):
        return Answer(lines=(msg("Nothing was done."),), code=CANCELLED)
    more: dict[str, Any] = {}
    secrets = _secrets(args)
    if args.verb == "stop":
        hosts = await life.stop(app, found)
    elif args.verb == "remove":
        hosts = await life.remove(app, found)
    elif args.verb == "prune":
        hosts, gone = await life.prune(app, found, args.keep or app.settings.now.keep_releases)
        more = {"removed": list(gone)}
    else:
        hosts = await life.start(app, found, secrets, again=args.verb == "restart")
    values = {"hosts": [host.to_json() for host in hosts], **more, **await _instances(life, app, found)}
    error = next((host.error for host in hosts if host.error is not None), None)
    return Answer(values, tuple(_host_line(host) for host in hosts), _code(hosts), error)


async def _instances(life: Any, app: App, found: Any) -> dict[str, Any]:
    """What is there now, as the contract wants it for these commands."""
    try:
        rows = [
            i.to_json()
            for host, place in found.places.items()
            for i in (await place.look(found.target.app)).instances
        ]
    except GoferryError:
        rows = []
    return {"instances": rows}


def _secrets(args: argparse.Namespace) -> dict[str, Secret]:
    """NAME=VALUE lines from standard input: never in a command line, where every user can read it."""
    if not args.secrets_stdin:
        return {}
    pairs = (line.rstrip("\r\n").partition("=") for line in sys.stdin if "=" in line)
    return {name.strip(): Secret(value) for name, _, value in pairs}
