"""The options of a deploy and a rollback that say how it spreads over several hosts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from desktop.base.words import Words, msg, tr

from .answer import count

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_deploy import Prepared


def add_spread_options(parser: Any, *, sends: bool = True) -> None:
    parser.add_argument(
        "--strategy",
        choices=("one", "batches", "all"),
        help=tr("host after host, in batches, or all at once; default: as goferry.yaml says"),
    )
    parser.add_argument("--batch", type=_some, metavar="N", help=tr("so many hosts at a time"))
    parser.add_argument(
        "--on-failure",
        choices=("stop", "rollback"),
        help=tr("when a host fails: stop, or also take back the hosts before it"),
    )
    if sends:
        parser.add_argument(
            "--relay",
            metavar="HOST[:PORT]|none",
            type=_relay,
            help=tr("send what the hosts need once, to this one; the others fetch it there"),
        )


def _relay(text: str) -> str:
    host, colon, port = text.partition(":")
    if not host or (colon and not 0 < count(port) < 65536):
        raise argparse.ArgumentTypeError(tr("“{text}” is no HOST or HOST:PORT", text=text))
    return text


def _some(text: str) -> int:
    number = count(text)
    if not number:
        raise argparse.ArgumentTypeError(tr("“{text}” is no whole number from 1 up", text=text))
    return number


def take_spread(app: App, prepared: Prepared, args: argparse.Namespace) -> None:
    """What was asked for wins over what the project says. Raises UnknownHost."""
    from dataclasses import replace

    from desktop.app_fleet import check_relay

    now = prepared.strategy
    if args.batch is not None:
        now = replace(now, kind="batches", batch=args.batch)
    elif args.strategy is not None:
        now = replace(now, kind=args.strategy)
    if args.on_failure is not None:
        now = replace(now, undo=args.on_failure == "rollback")
    prepared.strategy = now
    if getattr(args, "relay", None) is not None:
        prepared.relay = "" if args.relay == "none" else args.relay
        check_relay(app, prepared.relay)


def spread_lines(prepared: Prepared) -> list[Words]:
    """How it spreads, for a plan; nothing to say of a single host."""
    count = len(prepared.rollouts)
    if count < 2:
        return []
    strategy = prepared.strategy
    lines: list[Words] = [
        msg("  {spread}. {on_failure}", spread=strategy.words(count), on_failure=strategy.on_failure())
    ]
    if prepared.relay:
        host = prepared.relay.partition(":")[0]
        lines.append(msg("  What they need goes once to {relay}; the others fetch it there.", relay=host))
    return lines
