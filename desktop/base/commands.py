"""What to run, as a value. Only a runner runs it; only this module turns words into a shell line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .secret import Secret


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its words, settings and input. `env` adds to the environment; `stdin` never shows."""

    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    stdin: Secret | bytes | None = None
    cwd: Path | None = None

    def shown(self) -> str:
        """The line a person can read, copy and paste into a POSIX shell."""
        settings = (f"{key}={shlex.quote(value)}" for key, value in self.env)
        return " ".join((*settings, shlex.join(self.argv)))

    def shown_powershell(self) -> str:
        """The same for PowerShell."""
        settings = (f"$env:{key} = {_powershell(value)}; " for key, value in self.env)
        words = " ".join(_powershell(word) for word in self.argv)
        return "".join(settings) + ("& " if words.startswith("'") else "") + words

    def input(self) -> bytes | None:
        """What the program reads, for the runner alone."""
        return self.stdin.reveal().encode() if isinstance(self.stdin, Secret) else self.stdin

    def with_env(self, settings: Mapping[str, str]) -> Command:
        return replace(self, env=(*self.env, *settings.items()))


def sh(script: str, *arguments: str, stdin: Secret | bytes | None = None) -> Command:
    """A POSIX shell script with positional arguments: values go in as "$1", "$2", never into the text."""
    return Command(("/bin/sh", "-c", script, "goferry", *arguments), stdin=stdin)


def posix_line(command: Command) -> str:
    """The one place that quotes for a remote POSIX shell. Raises ValueError on a NUL, which no shell can carry."""
    line = command.shown()
    if command.cwd is not None:
        line = f"cd {shlex.quote(command.cwd.as_posix())} && {line}"
    if "\0" in line:
        raise ValueError("a command cannot hold a NUL character")
    return line


def _powershell(word: str) -> str:
    plain = word and all(c.isalnum() or c in "-_./\\:=+@%" for c in word)
    return word if plain else "'" + word.replace("'", "''") + "'"
