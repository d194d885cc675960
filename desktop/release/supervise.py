"""Keeps one program of "Run here" going after Goferry has ended: `python -m desktop.release.supervise FOLDER`.

What to run comes on standard input (it may hold secrets, so it is in no file and no command line). The folder gets
`state.json`, `log.jsonl` in the engine's own format, and is asked things by files: `stop`; `confirmed` (without it the
program is on trial: it ends with the Goferry that tries it); `hold` (make room for the newer release it names, and
come back when that one and its Goferry are gone).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from desktop.base.commands import Command
from desktop.base.paths import write_atomically
from desktop.base.processes import Child

from .filelock import FileLock, is_locked

LOG_BYTES = 10 << 20
"""Of one log file; the one before it is kept too."""
LONGEST_LINE = 16 * 1024
"""As the engine does: longer ones are cut into several entries."""
POLL = 0.1
FIRST_WAIT, LONGEST_WAIT, STABLE = 0.1, 60.0, 10.0
"""Seconds before a restart, doubling, and how long a run must last for the wait to start anew (the engine's own)."""


@dataclass(frozen=True, slots=True)
class Running:
    """What state.json says."""

    nonce: str
    state: str
    """"running", "restarting", "held", "exited", "stopped"."""
    supervisor: int
    pid: int = 0
    exit_code: int | None = None
    restarts: int = 0
    started: float = 0.0
    error: str = ""


class LogFile:
    """Lines as `json-file` writes them; thread-safe; two files at most."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._file = path.open("ab")

    def write(self, stream: str, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace")
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        entry = json.dumps({"log": text, "stream": stream, "time": now}, ensure_ascii=False).encode() + b"\n"
        with self._lock, suppress(OSError, ValueError):
            # a full disk must not end the program that is watched
            self._file.write(entry)
            self._file.flush()
            if self._file.tell() > LOG_BYTES:
                self._rotate()

    def _rotate(self) -> None:
        self._file.close()
        with suppress(OSError):
            os.replace(self._path, self._path.with_suffix(".1.jsonl"))
        self._file = self._path.open("ab")

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Supervisor:
    """Runs the program again when it ends, until it is asked to stop."""

    def __init__(self, folder: Path, wanted: dict[str, Any]) -> None:
        self._folder, self._nonce = folder, str(wanted["nonce"])
        env = tuple((str(k), str(v)) for k, v in wanted["env"].items())
        self._command = Command(tuple(wanted["argv"]), env, cwd=Path(wanted["cwd"]))
        self._grace = float(wanted.get("grace", 10.0))
        self._stop = threading.Event()
        self._log = LogFile(folder / "log.jsonl")
        self._restarts = 0

    def ask_stop(self, *_: object) -> None:
        self._stop.set()

    def run(self) -> None:
        """Returns when the program is down for good; state.json says how."""
        wait, code = FIRST_WAIT, None
        while True:
            if self._held():
                self._tell("held", exit_code=code)
                self._wait(lambda: not self._held())
            began = time.monotonic()
            if not self._stopping():
                code = self._once()
            if self._stopping() or (not self._confirmed() and not self._held()):
                # on trial nothing is started again: whoever waits for its health sees that it ended
                self._tell("stopped" if self._stopping() else "exited", exit_code=code)
                break
            if self._held():
                continue
            wait = FIRST_WAIT if time.monotonic() - began > STABLE else min(wait * 2, LONGEST_WAIT)
            self._restarts += 1
            self._tell("restarting", exit_code=code)
            self._wait(self._held, wait)
        self._log.close()

    def _once(self) -> int | None:
        """Runs it until it ends, or until it shall stop, make room for a newer one, or nobody vouches for it."""
        try:
            child = Child(self._command, drop_env=tuple(os.environ))
        except Exception as error:  # noqa: BLE001  whatever kept it from starting goes where people look
            self._log.write("stderr", f"{error}\n".encode())
            return 127
        readers = [
            threading.Thread(target=self._copy, args=(pipe, name), daemon=True)
            for pipe, name in ((child.popen.stdout, "stdout"), (child.popen.stderr, "stderr"))
        ]
        for reader in readers:
            reader.start()
        self._tell("running", pid=child.popen.pid, started=time.time())
        self._wait(lambda: child.popen.poll() is not None or self._held() or self._abandoned())
        child.end(self._grace)
        child.release()
        for reader in readers:
            reader.join(2)
        return child.popen.poll()

    def _wait(self, over: Callable[[], bool], seconds: float | None = None) -> None:
        """Until `over`, a stop, or `seconds`."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not over() and not self._stopping() and (deadline is None or time.monotonic() < deadline):
            self._stop.wait(POLL)

    def _stopping(self) -> bool:
        if not self._stop.is_set() and (self._folder / "stop").exists():
            self._stop.set()
        return self._stop.is_set()

    def _confirmed(self) -> bool:
        return (self._folder / "confirmed").exists()

    def _held(self) -> bool:
        """Whether a newer release is tried in our place. Over when who tried it is gone, and with them the new one."""
        if not (self._folder / "hold").exists():
            return False
        if not self._goferry_gone():
            return True
        newer = _read(self._folder / "hold")
        if newer and is_locked(self._folder.parent / newer / "alive"):
            return True
        (self._folder / "hold").unlink(missing_ok=True)
        return False

    def _abandoned(self) -> bool:
        return not self._confirmed() and self._goferry_gone()

    def _goferry_gone(self) -> bool:
        """Whether the lock of the app is free although a release is under way."""
        return not is_locked(self._folder.parent / "lock")

    def _copy(self, pipe: IO[bytes] | None, stream: str) -> None:
        if pipe is None:
            return
        with pipe, suppress(OSError, ValueError):
            while line := pipe.readline(LONGEST_LINE):
                self._log.write(stream, line)

    def _tell(self, state: str, **more: Any) -> None:
        now = Running(self._nonce, state, os.getpid(), restarts=self._restarts, **more)
        with suppress(OSError):
            write_atomically(self._folder / "state.json", json.dumps(asdict(now)))


def read_state(folder: Path) -> Running | None:
    """What a supervisor said last; None when it never did."""
    try:
        return Running(**json.loads((folder / "state.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8").strip()
    return ""


def _standard_input() -> bytes:
    """All of it; a frozen program without a console has no sys.stdin although it was given a pipe."""
    if sys.stdin is not None:
        return sys.stdin.buffer.read()
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        standard_input = -10
        handle = ctypes.windll.kernel32.GetStdHandle(standard_input)
        with os.fdopen(msvcrt.open_osfhandle(handle, os.O_RDONLY), "rb") as pipe:
            return pipe.read()
    return os.read(0, 1 << 20)


def main(words: list[str]) -> int:
    """Reads what to run, goes to the background, and stays until it is over."""
    folder = Path(words[0])
    wanted = json.loads(_standard_input())
    if sys.platform != "win32":
        # whoever started us waits for this process only, and has no zombie to care for
        if os.fork():
            os._exit(0)
        os.setsid()
    with FileLock(folder / "alive") as lock:
        if not lock.held:
            return 1
        supervisor = Supervisor(folder, wanted)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, supervisor.ask_stop)
            if sys.platform != "win32":
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
        supervisor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
