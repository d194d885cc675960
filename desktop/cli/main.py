"""`goferry`: with a subcommand headless, without one the window."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from desktop import __version__
from desktop.base.errors import GoferryError, explained
from desktop.base.paths import Home
from desktop.base.visible import visible
from desktop.base.words import msg, set_language, tr

from . import argparse_words
from .answer import CANCELLED, FAILED, USAGE, Answer, Output, Run

NOUNS = (
    "demo",
    "doctor",
    "project",
    "build",
    "image",
    "host",
    "deploy",
    "watch",
    "logs",
    "consistency",
    "diagnostics",
    "update",
)
"""The modules of this package that add subcommands, in the order of the help text."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script. Returns the exit code of the headless contract."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["supervise"]:
        # the frozen program is its own supervisor of what runs on this computer without an engine
        from desktop.release.supervise import main as supervise

        return supervise(words[1:])
    if words[:1] == ["guard"]:
        from desktop.release.guard import main as guard

        return guard(words[1:])
    common, rest = _common_parser().parse_known_args(words)
    _speak(common.lang, common.home)
    if not rest and not common.help:
        return _window(common)
    argparse_words.speak()
    parser = _parser()
    try:
        args = parser.parse_args(words)
    except _Usage as error:
        if common.json:
            Output(as_json=True).error(error)
        sys.stderr.write(error.text)
        raise SystemExit(USAGE) from None
    if not hasattr(args, "run"):
        parser.print_help(sys.stderr)
        return USAGE
    _log_to_file(Home.find(args.home))
    return _headless(args)


def _common_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--home", metavar="DIR", help=tr("folder of all local state (or GOFERRY_HOME)"))
    parser.add_argument("--lang", metavar="LANGUAGE", default="", help=tr("language of texts: en or zh_CN"))
    parser.add_argument("--json", action="store_true", help=tr("one JSON object on standard output"))
    parser.add_argument("--quiet", action="store_true", help=tr("no progress on standard error"))
    parser.add_argument("-h", "--help", action="store_true", help=argparse.SUPPRESS)
    return parser


class _Usage(GoferryError):
    code = "usage"

    def __init__(self, message: str, text: str) -> None:
        super().__init__(
            msg("The command line is not understood."),
            visible(message, 300),
            msg("Add --help to see what the command takes."),
        )
        self.text = text
        """What argparse writes for people."""


class _Arguments(argparse.ArgumentParser):
    """Subcommands get this class too: what is wrong is raised, so that --json can tell it as an object."""

    def error(self, message: str) -> NoReturn:
        raise _Usage(
            message,
            self.format_usage() + tr("{prog}: error: {message}", prog=self.prog, message=message) + "\n",
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Arguments(
        prog="goferry",
        description=tr(
            "From a Go project to healthy containers on CentOS-family servers. No subcommand: the window."
        ),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"goferry {__version__}")
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for target, default in ((parser, False), (options, None)):
        _global_options(target, default)
    commands = _Commands(parser.add_subparsers(metavar=tr("COMMAND"), title=tr("commands")), options)
    for noun in NOUNS:
        if importlib.util.find_spec(f"desktop.cli.{noun}"):
            importlib.import_module(f"desktop.cli.{noun}").add_commands(commands)
    return parser


def _global_options(parser: argparse.ArgumentParser, default: bool | None) -> None:
    """The global options, allowed before and after the subcommand; only those before carry the defaults."""
    unset: dict[str, Any] = {} if default is None else {"default": None}
    off: dict[str, Any] = {} if default is None else {"default": False}
    parser.add_argument(
        "--home", metavar="DIR", help=tr("folder of all local state (or GOFERRY_HOME)"), **unset
    )
    parser.add_argument("--lang", metavar="LANGUAGE", help=tr("language of texts: en or zh_CN"), **unset)
    parser.add_argument("--json", action="store_true", help=tr("one JSON object on standard output"), **off)
    parser.add_argument("--quiet", action="store_true", help=tr("no progress on standard error"), **off)


class _Commands:
    """argparse's subparsers, each with the global options too."""

    def __init__(self, subparsers: Any, options: argparse.ArgumentParser) -> None:
        self._subparsers, self._options = subparsers, options

    def add_parser(self, name: str, **settings: Any) -> _Parser:
        parser = self._subparsers.add_parser(name, parents=[self._options], allow_abbrev=False, **settings)
        return _Parser(parser, self._options)


class _Parser:
    """A subcommand's parser; `add_subparsers` gives nested ones the global options as well."""

    def __init__(self, parser: argparse.ArgumentParser, options: argparse.ArgumentParser) -> None:
        self._parser, self._options = parser, options

    def add_subparsers(self, **settings: Any) -> _Commands:
        return _Commands(self._parser.add_subparsers(**settings), self._options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


def _speak(wanted: str, home: str | None) -> None:
    """--lang, else GOFERRY_LANG, else what Settings say, else the system's language."""
    chosen = wanted or os.environ.get("GOFERRY_LANG", "")
    if not chosen:
        from desktop.base.settings import SettingsStore

        root = Home.find(home)
        chosen = SettingsStore(root).now.language if root.own("settings.yaml").is_file() else "system"
    set_language(chosen)


def _window(common: argparse.Namespace) -> int:
    import gc

    gc.disable()  # hardly anything a start loads is garbage; the window has its own collector (desktop.ui.garbage)
    try:
        import desktop.base.without_tls  # noqa: F401  before anybody imports asyncio
        from desktop.ui.start import run_window

        home = Home.find(common.home)
        _log_to_file(home)
        return run_window(home, common.lang)
    finally:
        gc.enable()


def _headless(args: argparse.Namespace) -> int:
    import asyncio

    output = Output(args.json, args.quiet)
    try:
        answer = asyncio.run(_carry_out(args.run, args, output))
    except (KeyboardInterrupt, asyncio.CancelledError):
        output.error(_Stopped())
        return CANCELLED
    except Exception as error:  # noqa: BLE001  the last stop: whatever it was is explained, never a bare traceback
        output.error(explained(error))
        return FAILED
    output.answer(answer)
    if answer.then_window is not None:
        from desktop.ui.start import run_window

        return run_window(Home.find(args.home), args.lang or "", answer.then_window)
    return answer.code


async def _carry_out(run: Run, args: argparse.Namespace, output: Output) -> Answer:
    import asyncio

    from desktop.app import App

    task = asyncio.current_task()
    if sys.platform != "win32" and task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with App(Home.find(args.home)) as app:
        answer = await run(app, args, output)
        await app.finish(output.progress)
        return answer


class _Stopped(GoferryError):
    code = "cancelled"

    def __init__(self) -> None:
        super().__init__(tr("Cancelled."), tr("It was stopped before its end."), tr("Run it again to go on."))


def _log_to_file(home: Home) -> None:
    """Libraries' and our own log, in a file that rotates; never on a console."""
    from logging.handlers import RotatingFileHandler

    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, RotatingFileHandler)]:
        root.removeHandler(old)  # of an earlier call in this process, perhaps with another home
        with suppress(OSError):  # a full disk refuses the last lines once more
            old.close()
    try:
        file = home.file("logs", "goferry.log")
        handler: logging.Handler = RotatingFileHandler(
            file, maxBytes=2 << 20, backupCount=3, encoding="utf-8"
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    logging.raiseExceptions = False  # a full disk must not fill stderr with tracebacks of the log
    root.setLevel(logging.INFO)
