"""Changes to a person's files that a finding offers: shown as a difference first, written only as it was shown."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from desktop.base.paths import write_atomically

from .errors import ChangedSince
from .go_tokens import Lines, tokens
from .guess import ADDRESS, LOCAL
from .model import Place, Project
from .reading import MOST_SOURCE, read_bounded


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after. `apply_change` writes it, if the file is still as it was."""

    path: Path
    before: bytes
    after: bytes

    def diff(self) -> str:
        """The difference, as lines of a unified diff for people."""
        old, new = _lines(self.before), _lines(self.after)
        return "\n".join(difflib.unified_diff(old, new, self.path.name, self.path.name, lineterm="", n=2))


def _lines(content: bytes) -> list[str]:
    text = content.decode("utf-8", errors="backslashreplace").replace("\r", "␍")
    return text.split("\n")


def apply_change(change: Change) -> None:
    """Writes it, whole or not at all. Raises ChangedSince when the file is another by now, and OSError."""
    if read_bounded(change.path, len(change.before) + 1) != change.before:
        raise ChangedSince(change.path)
    write_atomically(change.path, change.after)


def listen_everywhere(place: Place) -> Change | None:
    """The change that makes a program listen on every address, at a `Main.localhost`; None when the literal is gone."""
    before = read_bounded(place.path, MOST_SOURCE + 1)
    if len(before) > MOST_SOURCE:
        return None
    try:
        source = before.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = Lines(source)
    for token in tokens(source):
        if token.kind == "string" and lines.place(token.start) == (place.line, place.column):
            instead = _without_host(token.text)
            if instead is None:
                return None
            after = source[: token.start] + f'"{instead}"' + source[token.end :]
            return Change(place.path, before, after.encode())
    return None


def _without_host(text: str) -> str | None:
    if text in LOCAL:
        return ""
    found = ADDRESS.fullmatch(text)
    return ":" + found["port"] if found and found["host"] in LOCAL else None


def line_ends(project: Project) -> tuple[Change, ...]:
    """Scripts with LF at the end of their lines."""
    changes = []
    for path in project.crlf_scripts:
        before = read_bounded(path, MOST_SOURCE + 1)
        if len(before) <= MOST_SOURCE and b"\r\n" in before:
            changes.append(Change(path, before, before.replace(b"\r\n", b"\n")))
    return tuple(changes)
