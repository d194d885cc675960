"""What a subcommand gives back, and the only two ways to speak: one object on stdout, progress on stderr."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from desktop.base.errors import GoferryError
from desktop.base.words import Words, tr

if TYPE_CHECKING:
    from desktop.app import App

DONE, FAILED, USAGE, SOME_FAILED, CANCELLED = 0, 1, 2, 3, 130
"""Exit codes of the headless contract."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`values` are the keys of the contract (with --json); `lines` the same for people; `code` the exit code."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: tuple[Words, ...] = ()
    code: int = DONE
    error: GoferryError | None = None
    """With SOME_FAILED or FAILED: what is told beside the values."""
    said: bool = False
    """All was said while it ran, as by `logs`: an object at the end would be one line too many."""
    then_window: Path | None = None
    """Open the window with this project afterwards."""


@dataclass(slots=True)
class Output:
    """Speaks to whoever called. Never `print`: a windowed program has no stdout."""

    as_json: bool = False
    quiet: bool = False
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)

    def progress(self, text: Words) -> None:
        """A line on stderr, unless --quiet."""
        if not self.quiet:
            _write(self.err, f"{text}\n")

    def line(self, text: str) -> None:
        """A line on stdout at once: for streams such as `logs`."""
        _write(self.out, f"{text}\n")

    def answer(self, answer: Answer) -> None:
        if answer.said:
            return
        if self.as_json:
            body: dict[str, Any] = {"ok": answer.code == DONE, **answer.values}
            if answer.error is not None:
                body["error"] = answer.error.to_json()
            self._object(body)
            return
        for text in answer.lines:
            _write(self.out, f"{text}\n")
        if answer.error is not None:
            self.error(answer.error)

    def error(self, error: GoferryError) -> None:
        """An explained failure: one JSON object on stdout, or three sentences and the tool's words on stderr."""
        if self.as_json:
            self._object({"ok": False, "error": error.to_json()})
            return
        for text in (error.what, error.why, error.fix):
            if str(text):
                _write(self.err, f"{text}\n")
        if error.detail:
            _write(self.err, "\n" + "\n".join(f"    {line}" for line in error.detail.splitlines()) + "\n")

    def _object(self, body: dict[str, Any]) -> None:
        """JSON is UTF-8 to whoever reads it: in another code page it keeps to ASCII, which is the same in both."""
        encoding = (self.out.encoding or "utf-8").lower().replace("-", "")
        _write(self.out, json.dumps(body, ensure_ascii=encoding != "utf8") + "\n")


def count(text: str) -> int:
    """For an argument that is a number of things. Raises what argparse tells as wrong usage."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(tr("“{text}” is no whole number from 0 up", text=text[:40]))
    return int(text)


Run = Callable[["App", argparse.Namespace, Output], Awaitable[Answer]]


def _write(stream: TextIO, text: str) -> None:
    # a console of another code page shows what it can, and never ends the program
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
    stream.flush()
