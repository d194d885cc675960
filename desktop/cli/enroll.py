"""`goferry host import --keys|--register|--setup`: many servers from a list in one go, a result for each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from desktop.base.errors import GoferryError
from desktop.base.secret import Secret
from desktop.base.words import Words, msg

from .answer import DONE, FAILED, SOME_FAILED, Answer, Output
from .setup import carry_out, wish_of

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_setup import Newcomer
    from desktop.hosts import Candidate


async def enroll(app: App, args: argparse.Namespace, out: Output, rows: Sequence[Candidate]) -> Answer:
    """First contact for all new rows; with --register they sign in and are added, with --setup also set up."""
    password = _read_password() if args.password_stdin else None
    known = {host.name for host in app.inventory.hosts()}
    bad = [row for row in rows if row.host is None]
    newcomers = [_newcomer(row, args, password) for row in rows if row.host is not None]
    fresh = [new for new in newcomers if new.host.name not in known]
    if not (args.register or args.setup) or not args.yes:
        return await _shown(app, out, fresh, bad)
    if args.setup:
        answer = await carry_out(app, out, newcomers, await wish_of(app, args), password, many=True)
        return _with_bad(answer, bad)
    from desktop.app_setup import enter_many

    out.progress(msg("Signing in…"))
    entered = await enter_many(app, newcomers)
    values, lines = [], list[Words]()
    for new in newcomers:
        error = entered[new.host.name]
        values.append(
            {"name": new.host.name, "added": error is None, "error": error.to_json() if error else None}
        )
        lines.append(
            f"{'+' if error is None else '–'} {new.host.name:<20} {error.what if error else ''}".rstrip()
        )
    failed = [error for error in entered.values() if error is not None]
    code = DONE if not failed else FAILED if len(failed) == len(entered) else SOME_FAILED
    added = [name for name, error in entered.items() if error is None]
    return _with_bad(
        Answer({"hosts": values, "added": added}, tuple(lines), code, failed[0] if failed else None), bad
    )


def _newcomer(row: Candidate, args: argparse.Namespace, password: Secret | None) -> Newcomer:
    from desktop.app_setup import Newcomer

    assert row.host is not None
    host = replace(row.host, groups=tuple(dict.fromkeys((*row.host.groups, *args.group))))
    if password is not None:
        host = replace(host, auth="password", key="")
    return Newcomer(host, password=password)


async def _shown(app: App, out: Output, fresh: Sequence[Newcomer], bad: Sequence[Candidate]) -> Answer:
    """Every new server's key, for a person to compare; nothing of theirs is sent."""
    from desktop.app_setup import first_contacts

    out.progress(msg("Asking {n} servers for their keys…", n=len(fresh)))
    shown = await first_contacts(app, fresh)
    values: list[dict[str, Any]] = []
    lines: list[Words] = []
    for new in fresh:
        found = shown[new.host.name]
        failed = isinstance(found, GoferryError)
        fingerprint = "" if isinstance(found, GoferryError) else found.fingerprint
        expected = next(iter(new.host.fingerprints), "")
        values.append({
            "name": new.host.name, "address": new.host.shown_address, "fingerprint": fingerprint,
            "kind": "" if isinstance(found, GoferryError) else found.kind,
            "as_expected": fingerprint == expected if expected and fingerprint else None,
            "error": found.to_json() if isinstance(found, GoferryError) else None,
        })  # fmt: skip
        said: Words = found.what if isinstance(found, GoferryError) else f"{found.kind:<8} {fingerprint}"
        lines.append(f"{'!' if failed else ' '} {new.host.name:<20} {new.host.shown_address:<32} {said}")
    lines.append(
        msg(
            "Compare them on the servers' consoles, put them into the list as fingerprint, then --register --yes."
        )
    )
    return _with_bad(Answer({"hosts": values}, tuple(lines)), bad)


def _with_bad(answer: Answer, bad: Sequence[Candidate]) -> Answer:
    """Rows of the list that are no hosts are told, and nothing else is done with them."""
    refused = [{"name": row.name, "where": str(row.where), "why": str(row.problem)} for row in bad]
    lines = tuple(f"– {row.name:<20} {row.where}: {row.problem}" for row in bad)
    return replace(answer, values={**answer.values, "refused": refused}, lines=(*lines, *answer.lines))


def _read_password() -> Secret:
    return Secret(sys.stdin.buffer.readline().decode("utf-8").rstrip("\r\n"))
