"""Who listens on a port of this computer, as far as the system tells."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from desktop.base.blocking import CancelToken
from desktop.base.commands import Command
from desktop.base.processes import ProgramMissing, run_process


def is_free(bind: str, port: int) -> bool:
    """Whether a program could listen there now."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform == "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # a port whose last connections still fade away is free for a Go program, which sets this too
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind or "127.0.0.1", port))
        except OSError:
            return False
    return True


def owner(token: CancelToken, port: int) -> str:
    """The program that listens on a port: "nginx (pid 812)", or "" when it cannot be told. Blocking."""
    pid = _windows_pid(token, port) if sys.platform == "win32" else _linux_pid(port)
    if not pid:
        return ""
    name = ""
    with suppress(OSError):
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return f"{name} (pid {pid})".strip()


def listening_inodes(table: str, port: int) -> set[str]:
    """Socket inodes that listen on `port`, from the text of /proc/net/tcp."""
    inodes = set()
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == "0A" and int(words[1].rsplit(":", 1)[1], 16) == port:
            inodes.add(words[9])
    return inodes


def netstat_pid(table: str, port: int) -> int:
    """The process that listens on `port`, from `netstat -ano`; 0 when none does."""
    for line in table.splitlines():
        words = line.split()
        if (
            len(words) >= 5
            and words[0] == "TCP"
            and words[1].endswith(f":{port}")
            and words[2].endswith(":0")
        ):
            with suppress(ValueError):
                return int(words[-1])
    return 0


def _linux_pid(port: int) -> int:
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError, ValueError):
            inodes |= listening_inodes(Path(table).read_text(encoding="ascii"), port)
    wanted = {f"socket:[{inode}]" for inode in inodes}
    if not wanted:
        return 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError):
                if any(os.readlink(entry) in wanted for entry in (process / "fd").iterdir()):
                    return int(process.name)
    return 0


def _windows_pid(token: CancelToken, port: int) -> int:
    with suppress(ProgramMissing, TimeoutError):
        return netstat_pid(
            run_process(token, Command(("netstat.exe", "-ano", "-p", "TCP")), timeout=5).text(), port
        )
    return 0
