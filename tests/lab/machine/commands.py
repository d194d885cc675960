"""Running programs on this computer, waiting, and saying what goes on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from tests.lab.machine.names import CACHE

Word = str | Path
_LONGEST_S = 900


class LabError(Exception):
    """The lab cannot do what was asked; the text says why."""


def run(
    *words: Word,
    stdin: str | IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a program and return what it printed, stripped; LabError with all its output when it fails."""
    done = _completed(*words, stdin=stdin, env=env, cwd=cwd)
    if done.returncode:
        said = (done.stderr + done.stdout).decode("utf-8", "backslashreplace").strip()
        raise LabError(f"{shlex.join(map(str, words))} failed ({done.returncode})\n{said}")
    return done.stdout.decode("utf-8", "backslashreplace").strip()


def attempt(*words: Word, stdin: str | None = None) -> str:
    """Run a program that may fail and return what it printed on its standard output, stripped."""
    return _completed(*words, stdin=stdin).stdout.decode("utf-8", "backslashreplace").strip()


def succeeds(*words: Word) -> bool:
    """Whether the program is there and ends with 0."""
    return shutil.which(str(words[0])) is not None and _completed(*words).returncode == 0


def _completed(
    *words: Word,
    stdin: str | IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    argv, settings = [str(word) for word in words], {**os.environ, **(env or {})}
    source: dict[str, Any] = {"stdin": subprocess.DEVNULL if stdin is None else stdin}
    if isinstance(stdin, str):
        source = {"input": stdin.encode()}
    try:
        return subprocess.run(
            argv, check=False, capture_output=True, env=settings, cwd=cwd, timeout=_LONGEST_S, **source
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{shlex.join(argv)} did not end within {_LONGEST_S} s") from error


def detach(*words: Word, log: Path, pid_file: Path) -> None:
    """Start a program that outlives this one. Its output goes to `log`, its process id to `pid_file`."""
    script = 'echo $$ > "$1"; log=$2; shift 2; exec "$@" > "$log" 2>&1 < /dev/null'
    run("setsid", "--fork", "sh", "-c", script, "sh", pid_file, log, *words)
    wait_until(
        lambda: pid_file.exists() and pid_file.read_text(encoding="utf-8").endswith("\n"), 60, "sh hangs"
    )


def pid_of(pid_file: Path, program: str) -> int | None:
    """The process id that `detach` wrote, while that program still runs."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8"))
        runs = program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if runs else None


def wait_until(holds: Callable[[], bool], seconds: float, failure: str) -> None:
    """Return as soon as `holds()`; LabError(`failure`) when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise LabError(failure)
        time.sleep(0.1)


def is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def say(text: str) -> None:
    sys.stderr.write(f"lab: {text}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    begun = time.monotonic()
    say(f"{text} ...")
    yield
    say(f"{text}: {time.monotonic() - begun:.1f} s")


@contextlib.contextmanager
def locked(name: str = "lock") -> Iterator[None]:
    """Hold the lab's lock of that name: other processes wait. Not to be taken twice by one thread."""
    if sys.platform == "win32":
        raise LabError("the lab runs on Linux")
    import fcntl  # not at the top: Windows has none, and finds the tests of this folder too

    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / name).open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stamp(*paths: Path) -> str:
    """A short hash of the files, or of all files below the folders."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]
