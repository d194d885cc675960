"""The options of a deploy and a rollback that say how it spreads over several hosts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from desktop.base.words import tr

from .answer import count

if TYPE_CHECKING:
    from desktop.app_deploy import Prepared


def add_spread_options(parser: Any) -> None:
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


def _some(text: str) -> int:
    number = count(text)
    if not number:
        raise argparse.ArgumentTypeError(tr("“{text}” is no whole number from 1 up", text=text))
    return number


def take_spread(prepared: Prepared, args: argparse.Namespace) -> None:
    """What was asked for wins over what the project says."""
    from dataclasses import replace

    now = prepared.strategy
    if args.batch is not None:
        now = replace(now, kind="batches", batch=args.batch)
    elif args.strategy is not None:
        now = replace(now, kind=args.strategy)
    if args.on_failure is not None:
        now = replace(now, undo=args.on_failure == "rollback")
    prepared.strategy = now
