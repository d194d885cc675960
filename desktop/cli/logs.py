"""`goferry logs`: what the project's containers write, of all hosts in one order of time."""

from __future__ import annotations

import argparse
import json
import re
import time
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.errors import GoferryError
from desktop.base.words import msg, tr

from .answer import DONE, SOME_FAILED, Answer, Output, count

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from desktop.app import App
    from desktop.watch import LogLine

FIRST_LINES = 1_000
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class BadTime(GoferryError):
    code = "logs.bad_time"

    def __init__(self, text: str) -> None:
        super().__init__(
            msg("“{text}” is no time.", text=text),
            msg("A span or a moment is wanted."),
            msg("Write 90s, 15m, 2h, 1d, 14:30, or 2026-11-24T14:30:00Z."),
        )


class BadExpression(GoferryError):
    code = "logs.bad_expression"

    def __init__(self, text: str, why: str) -> None:
        super().__init__(
            msg("“{text}” is no regular expression.", text=text),
            msg("It breaks here: {why}", why=why),
            msg("Put a backslash before characters that are meant as they are."),
        )


class NothingWrites(GoferryError):
    code = "logs.nothing"

    def __init__(self, app: str) -> None:
        super().__init__(
            msg("There is no container of {app}.", app=app),
            msg("Nothing was deployed there yet, or it was removed."),
            msg("Deploy it with goferry deploy, or name other hosts with --on."),
        )


def add_commands(commands: Any) -> None:
    logs = commands.add_parser("logs", help=tr("what the containers write, merged by time"))
    logs.add_argument("dir", nargs="?", default=".", metavar="DIR", help=tr("the project's folder"))
    logs.add_argument(
        "--on", nargs="+", dest="names", default=[], metavar="ENV|HOST", help=tr("an environment, or hosts")
    )
    logs.add_argument("-f", "--follow", action="store_true", help=tr("go on with what comes"))
    logs.add_argument("--since", default="", metavar="T", help=tr("15m, 2h, 14:30 or a full date"))
    logs.add_argument("--grep", default="", metavar="RE", help=tr("only lines in which this is found"))
    logs.add_argument(
        "--tail", type=count, default=None, metavar="N", help=tr("at most so many lines of each container")
    )
    logs.set_defaults(run=run)


async def run(app: App, args: argparse.Namespace, out: Output) -> Answer:
    from desktop.app_deploy import find_target
    from desktop.app_seats import log_sources
    from desktop.watch import merged

    since = since_of(args.since, time.time()) if args.since else None
    pattern = expression(args.grep)
    target = await find_target(app, Path(args.dir), args.names)
    sources, failures = await log_sources(app, target)
    for error in failures.values():
        out.progress(str(error))
    if not sources:
        raise next(iter(failures.values())) if failures else NothingWrites(target.app)
    tail = args.tail if args.tail is not None else None if since is not None else FIRST_LINES
    batches: AsyncGenerator[list[LogLine], None]
    batches = merged(sources, app.pools.files, since=since, tail=tail, follow=args.follow)  # type: ignore[assignment]
    async with aclosing(batches):
        async for batch in batches:
            try:
                _say(batch, pattern, out)
            except BrokenPipeError:
                break  # who read has seen enough
    return Answer(code=SOME_FAILED if failures else DONE, said=True)


def _say(batch: list[LogLine], pattern: re.Pattern[str] | None, out: Output) -> None:
    wanted = [line for line in batch if pattern is None or (not line.mark and pattern.search(line.text))]
    if wanted:
        shown = (
            json.dumps(as_json(line), ensure_ascii=False) if out.as_json else plain(line) for line in wanted
        )
        out.line("\n".join(shown))


def as_json(line: LogLine) -> dict[str, Any]:
    """The object of a line, with the pairs in a plain text as its fields."""
    from desktop.watch import pairs_in

    return line.to_json() | ({} if line.fields or line.mark else {"fields": dict(pairs_in(line.text))})


def plain(line: LogLine) -> str:
    """A line for people: local time, level, source, text; no colours."""
    at = datetime.fromtimestamp(line.at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    level = "--" if line.mark else line.level.upper()
    return f"{at}  {level:<5}  {line.source}  {line.text}"


def expression(text: str) -> re.Pattern[str] | None:
    """The --grep. Raises BadExpression."""
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise BadExpression(text, str(error)) from error


def since_of(text: str, now: float) -> float:
    """Seconds UTC of a span back ("15m"), a time today ("14:30", local) or a date. Raises BadTime."""
    if found := re.fullmatch(r"(\d+)([smhd])", text.strip()):
        return now - int(found[1]) * _SPANS[found[2]]
    if found := re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d))?", text.strip()):
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        if hour < 24 and minute < 60 and second < 60:
            today = datetime.fromtimestamp(now, UTC).astimezone()
            at = today.replace(hour=hour, minute=minute, second=second, microsecond=0).timestamp()
            return at if at <= now else at - 86400
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise BadTime(text) from error
