"""`goferry host …`: add, list, show, check, trust, import, terminal, remove."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.errors import GoferryError
from desktop.base.secret import Secret
from desktop.base.secret_store import secret_key
from desktop.base.words import Words, msg, nmsg, tr

from .answer import FAILED, SOME_FAILED, Answer, Output
from .setup import add_setup_commands, add_wish_options

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.hosts import Checked, Facts, Host

STATES: dict[str, Words] = {
    "connected": msg("connected"),
    "failed": msg("failed"),
    "no-answer": msg("no answer"),
    "key-changed": msg("key changed"),
    "unknown": msg("not checked"),
}


def add_commands(commands: Any) -> None:
    host = commands.add_parser("host", help=tr("servers: add, list, show, check, remove"))
    inner = host.add_subparsers(metavar=tr("ACTION"), required=True)
    _add_parser(inner)
    listing = inner.add_parser("list", help=tr("every host, with what was last seen of it"))
    listing.set_defaults(run=list_hosts)
    show = inner.add_parser("show", help=tr("one host with its facts, asked now"))
    show.add_argument("name", metavar="NAME")
    show.set_defaults(run=show_host)
    check = inner.add_parser("check", help=tr("which hosts answer, and how they are"))
    check.add_argument(
        "names", metavar="NAME", nargs="*", help=tr("hosts, groups or environments; none: all")
    )
    check.set_defaults(run=check_some)
    trust = inner.add_parser("trust", help=tr("take a host's new key, after comparing its fingerprint"))
    trust.add_argument("name", metavar="NAME")
    trust.add_argument(
        "--fingerprint", metavar="SHA256:…", required=True, help=tr("read on the server's console")
    )
    trust.set_defaults(run=trust_key)
    _import_parser(inner)
    add_setup_commands(inner)
    terminal = inner.add_parser("terminal", help=tr("open a terminal on a host"))
    terminal.add_argument("name", metavar="NAME")
    terminal.add_argument(
        "--print", dest="only_print", action="store_true", help=tr("print the ssh command instead")
    )
    terminal.set_defaults(run=terminal_on)
    remove = inner.add_parser("remove", help=tr("take a host out of the list; nothing changes on it"))
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=remove_host)


def _import_parser(inner: Any) -> None:
    take = inner.add_parser(
        "import",
        help=tr("hosts from an SSH config, a CSV or YAML list, an Ansible inventory, or a line for each"),
    )
    take.add_argument("file", metavar="FILE", nargs="?", default="~/.ssh/config")
    take.add_argument(
        "--only", metavar="NAME", action="append", default=[], help=tr("take only this one; repeat")
    )
    take.add_argument(
        "--group", metavar="GROUP", action="append", default=[], help=tr("put them into this group")
    )
    take.add_argument("--yes", action="store_true", help=tr("add them; without it they are only shown"))
    take.add_argument(
        "--keys", action="store_true", help=tr("ask each new server for its key and show the fingerprint")
    )
    take.add_argument(
        "--register", action="store_true",
        help=tr("with --yes: confirm each key by the list's fingerprint, sign in, and add what worked"),
    )  # fmt: skip
    take.add_argument(
        "--password-stdin", action="store_true",
        help=tr("with --register: read the password of all of them once, and place Goferry's own key"),
    )  # fmt: skip
    take.add_argument(
        "--setup", action="store_true", help=tr("with --register: make them ready for Docker too")
    )
    add_wish_options(take)
    take.set_defaults(run=import_hosts)


def _add_parser(inner: Any) -> None:
    add = inner.add_parser("add", help=tr("add a server"))
    add.add_argument("name", metavar="NAME", help=tr("what the server is called here"))
    add.add_argument("target", metavar="USER@ADDR[:PORT]", help=tr("who signs in, and where"))
    how = add.add_mutually_exclusive_group()
    how.add_argument("--key", metavar="FILE", help=tr("sign in with this private key"))
    how.add_argument(
        "--password-stdin", action="store_true",
        help=tr("read the password once, put Goferry's own key into the account, and forget the password"),
    )  # fmt: skip
    how.add_argument("--agent", action="store_true", help=tr("sign in with the key agent"))
    add.add_argument("--agent-key", metavar="SHA256:…", default="", help=tr("which key of the agent"))
    add.add_argument("--passphrase-stdin", action="store_true", help=tr("read the key's passphrase"))
    add.add_argument("--via", metavar="HOST", default="", help=tr("jump through this host"))
    add.add_argument(
        "--group", metavar="GROUP", action="append", default=[], help=tr("group or environment; repeat")
    )
    add.add_argument(
        "--fingerprint", metavar="SHA256:…", default="", help=tr("the key that the server must show")
    )
    add.set_defaults(run=add_one)


async def add_one(app: App, args: argparse.Namespace, out: Output) -> Answer:
    """Refuses an unconfirmed key: on a build machine nobody can compare it."""
    from desktop.hosts import HostExists, add_host, check_fingerprint, confirmed_key

    host, note = _wanted_host(app, args)
    if any(known.name == host.name for known in app.inventory.hosts()):
        raise HostExists(host.name)
    if host.via:
        app.inventory.get(host.via)
    given = check_fingerprint(args.fingerprint) if args.fingerprint else ""
    if note:
        out.progress(note)
    password = _read_secret() if args.password_stdin else None
    if args.passphrase_stdin and host.key:
        _keep_passphrase(app, host)
    out.progress(msg("Asking {address} for its key…", address=host.shown_address))
    key = await confirmed_key(app.sessions, host, given)
    out.progress(msg("Signing in…"))
    added = await add_host(app.sessions, host, key, password=password)
    return Answer(
        {"host": added.name, "fingerprint": key.fingerprint, "address": added.shown_address, "auth": added.auth},
        (msg("Added {host} ({address}), key {fingerprint}.", host=added.name, address=added.shown_address,
             fingerprint=key.fingerprint),),
    )  # fmt: skip


def _wanted_host(app: App, args: argparse.Namespace) -> tuple[Host, Words]:
    from desktop.hosts import Host, check_name, parse_address

    target = parse_address(args.target, default_user="root")
    auth, key = _sign_in(args)
    host = Host(
        check_name(args.name),
        target.address,
        target.port,
        target.user,
        auth,
        key,
        args.via,
        tuple(args.group),
    )
    return host, target.note or ""


def _sign_in(args: argparse.Namespace) -> tuple[str, str]:
    if args.key:
        return "key", str(Path(args.key).expanduser().absolute())
    if args.agent:
        return "agent", args.agent_key
    if args.password_stdin:
        return "own", ""
    for name in ("id_ed25519", "id_ecdsa", "id_rsa"):
        path = Path.home() / ".ssh" / name
        if path.is_file():
            return "key", str(path)
    return "own", ""


def _read_secret() -> Secret:
    """The first line of standard input."""
    return Secret(sys.stdin.buffer.readline().decode("utf-8").rstrip("\r\n"))


def _keep_passphrase(app: App, host: Host) -> None:
    passphrase = _read_secret()
    app.sessions.give_passphrase(host.key, passphrase)
    try:
        app.secrets.put(secret_key("key", host.key), passphrase)
    except GoferryError:
        pass  # no credential store: it holds for this call only


async def list_hosts(app: App, args: argparse.Namespace, out: Output) -> Answer:
    """Asks nobody."""
    from desktop.hosts import FactsCache

    cache = FactsCache(app.home)
    rows = [(host, "unknown", cache.get(host.name)) for host in app.inventory.hosts()]
    return Answer({"hosts": [_values(*row) for row in rows]}, tuple(_line(*row) for row in rows))


async def show_host(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.hosts import check_host

    found = await check_host(app.sessions, app.inventory.get(args.name), limit=30.0)
    if found.error is not None:
        raise found.error
    assert found.facts is not None
    _remember(app, (found,))
    values = _values(found.host, found.state, found.facts)
    values["fingerprints"] = (
        [] if found.host.local else list(app.sessions.known_fingerprints(found.host.name))
    )
    return Answer({"hosts": [values]}, tuple(_facts_lines(found.host, found.facts)))


async def check_some(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.hosts import check_hosts

    hosts = app.inventory.resolve(args.names) if args.names else app.inventory.hosts()
    out.progress(nmsg("Asking {n} host…", "Asking {n} hosts…", len(hosts)))
    many, answered = len(hosts) > 1, 0

    def tell(one: Checked) -> None:
        nonlocal answered
        answered += 1
        if many:
            out.progress(f"{answered}/{len(hosts)}  {_check_line(one)}")

    checked = await check_hosts(app.sessions, hosts, tell)
    _remember(app, checked)
    failed = [one for one in checked if one.error is not None]
    code = 0 if not failed else FAILED if len(failed) == len(checked) else SOME_FAILED
    values = [
        {**_values(one.host, one.state, one.facts), "error": one.error.to_json() if one.error else None}
        for one in checked
    ]
    lines = tuple(_check_line(one) for one in checked)
    return Answer({"hosts": values}, lines, code, failed[0].error if failed else None)


async def trust_key(app: App, args: argparse.Namespace, out: Output) -> Answer:
    """The one way on after a changed key: with the fingerprint that a person has read on the console."""
    from desktop.hosts import check_fingerprint, confirmed_key

    host = app.inventory.get(args.name)
    key = await confirmed_key(app.sessions, host, check_fingerprint(args.fingerprint))
    app.sessions.trust(host.name, key)
    return Answer(
        {"host": host.name, "fingerprint": key.fingerprint},
        (msg("{host} is now known by {fingerprint}.", host=host.name, fingerprint=key.fingerprint),),
    )


async def import_hosts(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.hosts import read_import

    rows = await app.pools.files.run(lambda token: read_import(Path(args.file).expanduser()))
    if args.keys or args.register or args.setup:
        from .enroll import enroll

        wanted_rows = [row for row in rows if not args.only or row.name in args.only]
        return await enroll(app, args, out, wanted_rows)
    known = {host.name for host in app.inventory.hosts()}
    lines: list[Words] = []
    values, added = [], []
    for row in rows:
        wanted = row.host is not None and (not args.only or row.name in args.only)
        new = wanted and row.name not in known
        if args.yes and new and row.host is not None:
            groups = tuple(dict.fromkeys((*row.host.groups, *args.group)))
            added.append(replace(row.host, groups=groups))
        why = row.problem or (msg("already there") if row.host and row.name in known else row.note)
        values.append({
            "name": row.name, "address": row.host.shown_address if row.host else "", "where": str(row.where),
            "added": bool(args.yes and new), "note": str(why),
        })  # fmt: skip
        lines.append(f"{'+' if new else '–'} {row.name:<20} {values[-1]['address']:<32} {why}".rstrip())
    _add_all(app, added)
    if added:
        lines.append(msg("Each host's key is still to be confirmed: goferry host trust NAME --fingerprint …"))
    return Answer({"hosts": values, "added": [host.name for host in added]}, tuple(lines))


def _add_all(app: App, hosts: list[Host]) -> None:
    """Jump hosts first; a jump host that is not taken over is left out of its followers."""
    names = {host.name for host in (*hosts, *app.inventory.hosts())}
    waiting = [host if host.via in names else replace(host, via="") for host in hosts]
    while waiting:
        there = {host.name for host in app.inventory.hosts()}
        ready = [host for host in waiting if not host.via or host.via in there]
        for host in ready or [replace(host, via="") for host in waiting]:
            app.inventory.add(host)
        waiting = [host for host in waiting if host not in ready] if ready else []


async def terminal_on(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.hosts import open_terminal, ssh_command, terminal_command

    host = app.inventory.get(args.name)
    if host.local:
        return Answer({"host": host.name}, (msg("This computer needs no ssh."),))
    ssh = ssh_command(host, app.inventory.chain(host), app.home)
    shown = ssh.shown_powershell() if sys.platform == "win32" else ssh.shown()
    if not args.only_print:
        open_terminal(terminal_command(ssh, host.name))
    return Answer({"host": host.name, "command": shown}, (shown,))


async def remove_host(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.hosts import FactsCache

    removed = app.inventory.remove(args.name)
    app.sessions.forget(removed.name)
    FactsCache(app.home).forget(removed.name)
    left = [_values(host, "unknown", None) for host in app.inventory.hosts()]
    return Answer({"removed": removed.name, "hosts": left}, (msg("Removed {host}.", host=removed.name),))


def _remember(app: App, checked: tuple[Checked, ...]) -> None:
    from desktop.hosts import FactsCache

    FactsCache(app.home).put_all({one.host.name: one.facts for one in checked if one.facts is not None})


def _values(host: Host, state: str, facts: Facts | None) -> dict[str, Any]:
    return {
        "name": host.name,
        "address": "" if host.local else host.shown_address,
        "groups": list(host.groups),
        "state": state,
        "facts": facts.to_json() if facts is not None else None,
    }


def _line(host: Host, state: str, facts: Facts | None) -> str:
    seen = facts.system.shown if facts is not None else ""
    return f"{host.name:<20} {host.shown_address:<34} {', '.join(host.groups):<18} {seen}".rstrip()


def _check_line(checked: Checked) -> str:
    said: Words = ""
    if checked.error is not None:
        said = checked.error.what
    elif checked.facts is not None:
        engine = checked.facts.engine
        docker = f"Docker {engine.server}" if engine and engine.running else str(msg("no Docker"))
        latency = "" if checked.facts.latency_ms is None else f", {checked.facts.latency_ms:.0f} ms"
        said = f"{checked.facts.system.shown}, {docker}{latency}"
    return f"{checked.host.name:<20} {STATES[checked.state]!s:<12} {said}"


def _facts_lines(host: Host, facts: Facts) -> list[Words]:
    engine = facts.engine
    docker: Words = msg("not installed")
    if engine is not None:
        docker = engine.server + f" (API {engine.api})" if engine.running else engine.problem
    ended = (
        msg(" (end of life since {day})", day=facts.system.ended.isoformat()) if facts.system.ended else ""
    )
    pairs: list[tuple[Words, Words]] = [
        (msg("Host"), f"{host.name} {host.shown_address}"),
        (msg("System"), f"{facts.system.shown}{ended}, {facts.arch}"),
        (msg("Kernel"), facts.kernel),
        (msg("Docker Engine"), docker),
        (msg("Processor"), msg("{n} cores, load {load}", n=facts.cpus, load=f"{facts.load:.2f}")),
        (msg("Memory"), _of(facts.memory_bytes - facts.memory_free, facts.memory_bytes)),
        (msg("Disk"), _of(facts.disk_bytes - facts.disk_free, facts.disk_bytes)),
        ("SELinux", facts.selinux or "–"),
        (msg("Firewall"), facts.firewall or "–"),
        (msg("Clock"), msg("{ms} ms off", ms=round((facts.clock_offset or 0) * 1000))),
    ]
    return [f"{name!s:<16}{value}" for name, value in pairs]


def _of(used: int, total: int) -> Words:
    return msg("{used} of {total} GB", used=f"{used / 1e9:.1f}", total=f"{total / 1e9:.1f}")
