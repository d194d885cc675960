"""The Windows on which the installed program is checked: this one, or a fresh one under Wine."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from installer.checks.publisher import Publisher
from installer.freeze.edition import Edition
from installer.wine.carry import Ended

SLOW = 6
"""Time limits are so many times what a quiet computer needs."""


class Wrong(AssertionError):
    """A step found what should not be; the text says what."""


class NotHere(Exception):
    """A step cannot be taken on this computer; the text says why."""


@dataclass
class Stage:
    """What the steps share. `machine` is a Windows under Wine, or None on a real Windows."""

    output: Path
    edition: Edition
    setup: Path
    made: Path
    machine: Any
    pictures: Path
    before: Any = None
    home: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    older_setup: Path | None = None
    older: Edition | None = None
    """An edition that was published before, as an upgrade finds it."""
    publisher: Publisher | None = None
    """Whom the older edition asks for updates."""
    faults: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(point, fault, what starts afterwards, how the next try ended)"""

    @property
    def published(self) -> Edition:
        if self.older is None:
            raise NotHere("no older version was installed")
        return self.older

    # ----------------------------------------------------------------------------------------- programs

    def word(self, word: str | Path) -> str:
        if isinstance(word, Path) and self.machine is not None:
            from installer.wine.machine import windows_path

            return windows_path(word)
        return str(word)

    def run(
        self, *words: str | Path, timeout: float = 30, given: bytes | None = None, **environment: str
    ) -> Ended:
        line, limit = [self.word(word) for word in words], timeout * SLOW
        if self.machine is not None:
            ended: Ended = self.machine.run(*line, timeout=limit, environment=environment, stdin=given)
            if b"wine client error:0: recvmsg" in ended.err:
                # it met Wine's server as that ended with the program before, and was not started
                ended = self.machine.run(*line, timeout=limit, environment=environment, stdin=given)
            return ended
        started = time.monotonic()
        asked = subprocess.run(
            line,
            capture_output=True,
            timeout=limit,
            env={**os.environ, **environment},
            input=given,
            check=False,
        )
        return Ended(tuple(line), asked.returncode, asked.stdout, asked.stderr, time.monotonic() - started)

    def start(self, *words: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        line = [self.word(word) for word in words]
        log = self.output / "check-started.log"
        if self.machine is not None:
            started: subprocess.Popen[bytes] = self.machine.start(*line, log=log, environment=environment)
            return started
        with open(log, "wb") as file:
            return subprocess.Popen(line, stdout=file, stderr=file, env={**os.environ, **environment})

    def goferry(self, *words: str | Path, timeout: float = 30, code: int = 0, **environment: str) -> Ended:
        """The installed console program. Raises Wrong when it ends with another code."""
        ended = self.run(self.windows("goferry.exe"), *words, timeout=timeout, given=None, **environment)
        line = " ".join(map(str, words))
        must(ended.code == code, f"goferry {line} ended with {ended.code}:\n{ended.said[-1500:]}")
        return ended

    def runs(self, name: str) -> bool:
        """Whether a program of that name runs on this Windows."""
        return name.lower() in self.run("tasklist").text.lower()

    def install(self, setup: Path | None = None, *words: str, code: int = 0) -> Ended:
        ended = self.run(setup or self.setup, "/S", *words, timeout=60)
        must(ended.code == code, f"the setup ended with {ended.code}, not {code}: {ended.said}")
        return ended

    # -------------------------------------------------------------------------------------------- places

    def windows(self, *names: str) -> str:
        """A path under the program's folder, as Windows programs write it."""
        return "\\".join((self.place(r"%LOCALAPPDATA%\Programs\Goferry"), *names))

    def place(self, text: str) -> str:
        """`text` with its variables filled in, as a Windows path."""
        if self.machine is None:
            return os.path.expandvars(text)
        local = rf"C:\users\{self.machine.user}\AppData\Local"
        known = {
            "%LOCALAPPDATA%": local,
            "%APPDATA%": local.replace("Local", "Roaming"),
            "%TEMP%": rf"{local}\Temp",
        }
        for name, path in known.items():
            text = text.replace(name, path)
        return text

    def path(self, text: str) -> Path:
        """The same place as a path of this computer."""
        found = self.place(text)
        if self.machine is None:
            return Path(found)
        return Path(self.machine.prefix, "drive_c", *found[3:].split("\\"))

    @property
    def installed(self) -> Path:
        return self.path(r"%LOCALAPPDATA%\Programs\Goferry")

    @property
    def data(self) -> Path:
        return self.path(r"%LOCALAPPDATA%\Goferry")

    # -------------------------------------------------------------------------------------------- screen

    def screen(self) -> Any:
        """The machine whose screen can be seen and clicked on. Raises NotHere on a real Windows."""
        if self.machine is None:
            raise NotHere("nothing here clicks on a real Windows' screen")
        return self.machine

    def picture(self, name: str) -> Path:
        file = self.pictures / f"{name}.png"
        self.screen().photograph(file)
        return file


def chosen(settings: str, name: str, value: str) -> bool:
    """Whether a settings file has this choice: in plain YAML, or in the part of it that is JSON too."""
    return f"{name}: {value}" in settings or f'"{name}": "{value}"' in settings


def must(holds: object, text: str) -> None:
    if not holds:
        raise Wrong(text)


def until(holds: Callable[[], object], what: str, seconds: float = 10) -> None:
    """Waits for it. Raises Wrong when it does not come."""
    deadline = time.monotonic() + seconds * SLOW
    while not holds():
        must(time.monotonic() < deadline, f"{what} did not come within {seconds * SLOW:.0f} s")
        time.sleep(0.2)
