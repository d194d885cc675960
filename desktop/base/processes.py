"""Programs on this computer: run, streamed line by line, and ended with everything they started.

Threads read the pipes, not asyncio's subprocess support: qasync polls Windows' completion ports, with a history of
hangs (libraries.md, 1.2). Whole process trees end on cancel: a process group on POSIX, a Job Object on Windows.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .blocking import Cancelled, CancelToken
from .commands import Command
from .errors import GoferryError
from .proxies import system_proxy
from .words import msg

LONGEST_LINE = 1 << 20
"""Bytes of one line that are kept; what is longer is cut there, so that endless JSON cannot fill the memory."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended. Output is bytes, as the program wrote it."""

    command: Command
    code: int
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.code == 0

    def text(self) -> str:
        return decoded(self.stdout)

    def errors(self) -> str:
        return decoded(self.stderr)

    def said(self) -> str:
        """Everything the program said, for a person or a table of signatures."""
        return "\n".join(part for part in (self.errors().strip(), self.text().strip()) if part)


class ProgramMissing(GoferryError):
    code = "process.missing"

    def __init__(self, program: str) -> None:
        super().__init__(
            msg("{program} was not found.", program=program),
            msg("It is not on PATH and not in the usual places."),
            msg("Install it, or choose where it is in Settings."),
        )


def decoded(output: bytes) -> str:
    """UTF-8, else what a console of this Windows writes, else with the odd bytes made visible."""
    for encoding in ("utf-8", console_encoding()) if sys.platform == "win32" else ("utf-8",):
        with suppress(UnicodeDecodeError):
            return output.decode(encoding)
    return output.decode("utf-8", errors="backslashreplace")


def console_encoding() -> str:
    """What cmd, ping and their like write here: by the code page of consoles, such as 936 in Chinese, 850 in German."""
    if sys.platform != "win32":
        return "utf-8"
    import ctypes

    page = int(ctypes.windll.kernel32.GetOEMCP())
    return "gb18030" if page in (936, 54936) else "utf-8" if page == 65001 else "oem"


def find_program(name: str, places: tuple[Path, ...] = ()) -> Path | None:
    """A program as a full path, from PATH or `places`. Never from the current folder, never a .bat or .cmd."""
    endings = (".exe",) if sys.platform == "win32" else ("",)
    folders = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(part)]
    for folder in (*folders, *places):
        for ending in endings:
            path = folder / (name if name.endswith(ending) else name + ending)
            if path.is_file() and os.access(path, os.X_OK):
                return path
    return None


Line = Callable[[str, bytes], None]
"""Takes the stream's name ("out" or "err") and a line without its end; called from reader threads."""


def run_process(
    token: CancelToken,
    command: Command,
    *,
    on_line: Line | None = None,
    timeout: float | None = None,
    keep: int = 16 << 20,
    drop_env: tuple[str, ...] = (),
    gently: bool = False,
) -> Completed:
    """Runs `command` to its end (blocking: give it to a Pool). Keeps the last `keep` bytes of each stream. `gently`:
    only with what other programs leave of the processor.

    Raises Cancelled when the token is set, TimeoutError after `timeout` seconds; the whole tree is gone then.
    Raises ProgramMissing when there is no such program.
    """
    token.check()
    started = time.monotonic()
    child = Child(command, drop_env=drop_env, gently=gently)
    forget = token.on_cancel(child.end)
    try:
        out, err = (
            _Reader(child.popen.stdout, "out", on_line, keep),
            _Reader(child.popen.stderr, "err", on_line, keep),
        )
        _feed(child.popen, command.input())
        try:
            code = child.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            child.end()
            raise TimeoutError(f"{command.argv[0]} did not end within {timeout:.0f} s") from None
        # a grandchild may hold the pipes open for ever: what was started by us ends with us
        child.release()
        out.join()
        err.join()
    finally:
        forget()
        child.end()
    token.check()
    return Completed(command, code, out.kept(), err.kept(), time.monotonic() - started)


class Child:
    """A started program and all that it starts."""

    def __init__(
        self,
        command: Command,
        *,
        drop_env: tuple[str, ...] = (),
        stdout: Any = subprocess.PIPE,
        gently: bool = False,
    ) -> None:
        known = {**system_proxy().variables(), **os.environ}
        environment = {key: value for key, value in known.items() if key not in drop_env}
        environment.update(command.env)
        try:
            self.popen = subprocess.Popen(
                [*(_nice() if gently else ()), *command.argv],
                stdin=subprocess.PIPE if command.stdin is not None else subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE if stdout == subprocess.PIPE else stdout,
                cwd=command.cwd,
                env=environment,
                **_apart(gently),
            )
        except FileNotFoundError as error:
            if command.cwd is not None and not command.cwd.is_dir():
                raise
            raise ProgramMissing(command.argv[0]) from error
        self._job = _windows_job(self.popen) if sys.platform == "win32" else None

    def end(self, grace: float = 3.0) -> None:
        """Asks the tree to end, then makes it. Returns when it is gone; harmless on one that has ended."""
        if sys.platform == "win32":
            if self._job is not None:
                import win32job

                with suppress(Exception):
                    win32job.TerminateJobObject(self._job, 1)
            elif self.popen.poll() is None:
                self.popen.kill()
        else:
            self._signal(signal.SIGTERM)
            if self.popen.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    self.popen.wait(grace)
            self._signal(signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(grace)

    def release(self) -> None:
        """The main program has ended; what it left behind in its group is ended too."""
        if sys.platform != "win32":
            self._signal(signal.SIGKILL)
        else:
            self.end()

    def _signal(self, number: int) -> None:
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, number)


def _apart(gently: bool = False) -> Mapping[str, Any]:
    if sys.platform == "win32":
        priority = subprocess.IDLE_PRIORITY_CLASS if gently else 0
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | priority}
    return {"start_new_session": True}


def _nice() -> tuple[str, ...]:
    """What makes a program on POSIX one that waits for the others."""
    nice = shutil.which("nice") if sys.platform != "win32" else None
    return (nice, "-n", "19") if nice else ()


def _windows_job(popen: subprocess.Popen[bytes]) -> Any:
    """A Job Object that ends with its handle: no child outlives a cancel or a crash of Goferry."""
    import win32api
    import win32job

    jobs: Any = win32job  # the stubs say that these calls return nothing
    try:
        job = jobs.CreateJobObject(None, "")
        limits = jobs.QueryInformationJobObject(job, jobs.JobObjectExtendedLimitInformation)
        limits["BasicLimitInformation"]["LimitFlags"] = jobs.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        jobs.SetInformationJobObject(job, jobs.JobObjectExtendedLimitInformation, limits)
        handle = win32api.OpenProcess(0x1F0FFF, False, popen.pid)
        jobs.AssignProcessToJobObject(job, handle)
    except Exception:  # noqa: BLE001  pywintypes.error is no OSError; the process may have ended already
        return None
    return job


def _feed(popen: subprocess.Popen[bytes], data: bytes | None) -> None:
    if data is None or popen.stdin is None:
        return

    def write(pipe: IO[bytes], content: bytes) -> None:
        with suppress(OSError):
            pipe.write(content)
        with suppress(OSError):
            pipe.close()

    threading.Thread(target=write, args=(popen.stdin, data), name="process-stdin", daemon=True).start()


class _Reader:
    """Drains one pipe in a thread: keeps the end of it, and hands over lines."""

    def __init__(self, pipe: IO[bytes] | None, name: str, on_line: Line | None, keep: int) -> None:
        self._chunks = bytearray()
        self._name, self._on_line, self._keep = name, on_line, keep
        self._thread = threading.Thread(target=self._drain, args=(pipe,), name=f"process-{name}", daemon=True)
        self._thread.start()

    def _drain(self, pipe: IO[bytes] | None) -> None:
        if pipe is None:
            return
        rest = b""
        with pipe:
            while chunk := pipe.read1(65536):  # type: ignore[attr-defined]  # a BufferedReader, as Popen makes it
                self._chunks += chunk
                if len(self._chunks) > 2 * self._keep:
                    del self._chunks[: -self._keep]
                if self._on_line is not None:
                    rest = self._hand_over(rest + chunk)
        if rest and self._on_line is not None:
            self._on_line(self._name, rest)

    def _hand_over(self, data: bytes) -> bytes:
        assert self._on_line is not None
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._on_line(self._name, line.removesuffix(b"\r"))
        return rest[-LONGEST_LINE:]

    def join(self) -> None:
        self._thread.join(10)

    def kept(self) -> bytes:
        return bytes(self._chunks[-self._keep :])


def open_with_system(target: str | Path) -> None:
    """Opens a folder, file or address the way a double click would. Raises ProgramMissing where nothing can."""
    if sys.platform == "win32":
        os.startfile(str(target))  # noqa: S606  what a double click does
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    path = shutil.which(opener)
    if path is None:
        raise ProgramMissing(opener)
    start_apart(Command((path, str(target))))


def start_apart(command: Command) -> None:
    """Starts a program that lives on by itself, such as an editor: it is not ended with Goferry, nor waited for.
    Raises ProgramMissing when there is no such program."""
    try:
        popen = subprocess.Popen(
            list(command.argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **dict(command.env)},
            **_apart(),
        )
    except FileNotFoundError as error:
        raise ProgramMissing(command.argv[0]) from error
    # somebody has to hear of its end, or it stays as a zombie
    threading.Thread(target=popen.wait, name="apart", daemon=True).start()


__all__ = [
    "Cancelled",
    "Child",
    "Completed",
    "Line",
    "ProgramMissing",
    "decoded",
    "find_program",
    "open_with_system",
    "run_process",
    "start_apart",
]
