"""Docker Desktop's named pipes in a Windows under Wine; they lead to an Engine on this computer.

Wine's Python has no Unix sockets, so the way goes over a port of 127.0.0.1. The port wants a random token first, which
is in a file that only its owner can read: a port, unlike the socket, has no owner that the kernel checks.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from installer.wine.machine import Machine, until
from installer.wine.store import HERE, CannotBeHad

SOCKET = Path("/var/run/docker.sock")


def serve(machine: Machine, socket: Path = SOCKET) -> None:
    """Serves them until `machine.stop()` or `stop`. Raises CannotBeHad when no Engine is there."""
    if not socket.is_socket():
        raise CannotBeHad(f"there is no Docker Engine at {socket}")
    machine.ready()
    stop(machine)
    port, ready = machine.state / "pipe-port", machine.state / "pipe-ready"
    with open(machine.state / "pipe-linux.log", "wb") as log:
        words = [sys.executable, str(HERE / "docker_host.py"), str(socket), str(port)]
        host = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    machine.note("pipe-linux", host)
    _wait(machine, port, "pipe-linux", 20)
    with open(machine.state / "pipe-windows.log", "wb") as log:
        words = machine.words(machine.python_words(HERE / "inside" / "docker_pipe.py", port, ready))
        pipe = subprocess.Popen(
            words,
            env=machine.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    machine.note("pipe-windows", pipe)
    _wait(machine, ready, "pipe-windows", 60)


def stop(machine: Machine) -> None:
    for name in ("pipe-windows", "pipe-linux"):
        machine.end(name)
    for name in ("pipe-port", "pipe-ready"):
        (machine.state / name).unlink(missing_ok=True)


def _wait(machine: Machine, file: Path, name: str, seconds: float) -> None:
    if not until(lambda: file.exists() and file.stat().st_size, seconds):
        log = (machine.state / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        raise CannotBeHad(f"the Docker pipe did not come up: {log[-1000:]}")
