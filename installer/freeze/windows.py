"""Where the Windows edition is made: on this Windows, or in one under Wine. Both run the same Windows programs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from installer.environment import Environment, Needs, prepare
from installer.freeze.edition import PROJECT
from installer.wine.carry import Ended
from installer.words import Speaker

Say = Callable[[str], None]


class Windows(Protocol):
    """What runs Windows programs; paths are this computer's."""

    def python(self, *words: str | Path, timeout: float, **environment: str) -> Ended: ...
    def run(self, *words: str | Path, timeout: float, **environment: str) -> Ended: ...
    def path(self, path: Path) -> str: ...
    def close(self) -> None: ...


class ThisWindows:
    """A real one, with Goferry's environment."""

    def __init__(self) -> None:
        self._environment = Environment.of(PROJECT)
        prepare(self._environment, Needs(tests=True, go=True), Speaker())

    def python(self, *words: str | Path, timeout: float, **environment: str) -> Ended:
        return self.run(self._environment.python, *words, timeout=timeout, **environment)

    def run(self, *words: str | Path, timeout: float, **environment: str) -> Ended:
        started = time.monotonic()
        line = [str(word) for word in words]
        asked = subprocess.run(
            line, capture_output=True, timeout=timeout, env={**os.environ, **environment}, check=False
        )
        return Ended(tuple(line), asked.returncode, asked.stdout, asked.stderr, time.monotonic() - started)

    def path(self, path: Path) -> str:
        return str(path)

    def close(self) -> None:
        """Nothing of ours runs on."""


class UnderWine:
    """One of its own, which ends with the build."""

    def __init__(self, say: Say) -> None:
        from installer.wine import parts
        from installer.wine.machine import fresh
        from installer.wine.store import Store

        place = Store()
        parts.set_up(place, say, go=True)
        self.machine = fresh(place)

    def python(self, *words: str | Path, timeout: float, **environment: str) -> Ended:
        return self.machine.python(*map(self._word, words), timeout=timeout, environment=environment)

    def run(self, *words: str | Path, timeout: float, **environment: str) -> Ended:
        return self.machine.run(*map(self._word, words), timeout=timeout, environment=environment)

    def path(self, path: Path) -> str:
        from installer.wine.machine import windows_path

        return windows_path(path)

    def _word(self, word: str | Path) -> str:
        return self.path(word) if isinstance(word, Path) else word

    def close(self) -> None:
        self.machine.remove()


def windows(say: Say) -> Windows:
    """Raises CannotBeHad on a computer that is neither a Windows nor a Debian 12."""
    return ThisWindows() if sys.platform == "win32" else UnderWine(say)
