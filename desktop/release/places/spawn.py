"""Starts the process that watches over a program, and ends what a killed one left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from desktop.base.blocking import CancelToken
from desktop.base.secret import Secret
from desktop.release.model import Release
from desktop.release.place import Values
from desktop.release.supervise import Running, read_state

PASSED_ON = (
    *(
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "LC_ALL",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "SystemRoot",
        "SystemDrive",
        "windir",
    ),
    *("ComSpec", "USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "ProgramData", "NUMBER_OF_PROCESSORS"),
)
"""What a program gets of this computer's own environment: as in a container, nothing that happens to be set here."""
STARTS_WITHIN = 15.0
"""Seconds for the process to come up."""


def supervisor_words(folder: Path) -> tuple[str, ...]:
    """How the supervisor is started: the frozen program has its own subcommand for it."""
    if getattr(sys, "frozen", False):
        return (sys.executable, "supervise", str(folder))
    return (sys.executable, "-m", "desktop.release.supervise", str(folder))


def spawn(token: CancelToken, folder: Path, wanted: bytes) -> None:
    """Starts a process that has nothing to do with this one any more. What it runs goes in by its standard input."""
    for name in ("stop", "hold", "state.json"):
        (folder / name).unlink(missing_ok=True)
    _start(supervisor_words(folder), folder / "supervisor.log", wanted)


def start_guard(token: CancelToken, folder: Path) -> None:
    """Starts the process that takes back what is on trial in this computer's engine when this one is killed."""
    frozen = getattr(sys, "frozen", False)
    words = ("guard",) if frozen else ("-m", "desktop.release.guard")
    _start((sys.executable, *words, str(folder)), folder / "guard.log", b"")


def _start(words: tuple[str, ...], said: Path, given: bytes) -> None:
    environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[3])
    with open(said, "wb") as log:
        process = _detached(words, environment, log.fileno())
    with suppress(OSError):
        assert process.stdin is not None
        process.stdin.write(given)
        process.stdin.close()
    if sys.platform == "win32":
        # it goes on by itself, and a Popen must not complain that nobody waited for it
        process.returncode = 0
    else:
        process.wait(STARTS_WITHIN)


def _detached(words: tuple[str, ...], environment: dict[str, str], log: int) -> subprocess.Popen[bytes]:
    def start(**apart: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            words, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, close_fds=True, **apart
        )

    if sys.platform != "win32":
        return start(start_new_session=True)
    flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        return start(creationflags=flags | subprocess.CREATE_BREAKAWAY_FROM_JOB)
    except PermissionError:
        # the job we run in lets nobody out; then the program ends with it
        return start(creationflags=flags)


def environment_of(release: Release, values: Values) -> dict[str, str]:
    env = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    env["PORT"] = str(release.publish)
    env.update({key: value.reveal() if isinstance(value, Secret) else value for key, value in values})
    return env


def end_orphan(folder: Path) -> None:
    """A supervisor that was killed leaves its program behind on POSIX; it is ended when it is surely that one."""
    now: Running | None = read_state(folder)
    if sys.platform == "win32" or now is None or now.state != "running" or now.pid <= 1:
        return
    import signal

    with suppress(OSError):
        program = Path(os.readlink(f"/proc/{now.pid}/exe"))
        if program.parent.parent.parent == folder.parent:
            os.killpg(now.pid, signal.SIGKILL)
