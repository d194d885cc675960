"""Several test processes use one lab: the first starts it, the last takes it down.

Every process that uses the lab has a file with its process id. A process that died without saying so does not count.
Whoever started the lab by hand, or asked to keep it, keeps it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tests.lab.machine import engine, images, lifecycle
from tests.lab.machine.commands import locked
from tests.lab.machine.faces import FACES
from tests.lab.machine.hosts import Host, every_host
from tests.lab.machine.lifecycle import Wish
from tests.lab.machine.names import RUN

_USERS = RUN / "users"
_SHARED = RUN / "shared"
_KEPT = RUN / "kept"
_LOCK = "sharing.lock"


def keep() -> None:
    """The lab stays up until `down` is called for."""
    _KEPT.touch()


def enter() -> None:
    """This process uses the lab from now on."""
    with locked(_LOCK):
        engine.ensure()
        _USERS.mkdir(parents=True, exist_ok=True)
        if not _others() and not _KEPT.exists():
            _sweep()
        (_USERS / str(os.getpid())).touch()


def prepare(os_names: Iterable[str]) -> None:
    """Make the images of these faces, Docker installed, in one go: quicker than one after the other when asked."""
    with locked():
        images.ensure(FACES, docker=False)  # set-up meets them all: their packages are fetched once
        images.ensure(os_names, docker=True)


def leave() -> None:
    """This process does not use the lab any more; the last one takes it down."""
    with locked(_LOCK):
        (_USERS / str(os.getpid())).unlink(missing_ok=True)
        if _others() or _KEPT.exists():
            return
        lifecycle.down_all()
        engine.end()


def shared_host(role: str, wish: Wish) -> Host:
    """The host that all processes know by that role; started by whoever asks first."""
    record = _SHARED / role
    with locked(_LOCK):
        _SHARED.mkdir(parents=True, exist_ok=True)
        if record.exists():
            name = record.read_text(encoding="utf-8")
            for present in every_host():
                if present.name == name:
                    return present
        started = lifecycle.up(1, wish)[0]
        record.write_text(started.name, encoding="utf-8")
        return started


def _others() -> list[int]:
    """The other processes that use the lab and are alive; forgets the dead ones."""
    alive = []
    for file in _USERS.glob("*"):
        if file.name == str(os.getpid()):
            continue
        if Path(f"/proc/{file.name}").exists():
            alive.append(int(file.name))
        else:
            file.unlink()
    return alive


def _sweep() -> None:
    """Remove what a test run left that was killed."""
    if every_host():
        lifecycle.down_all()
        _USERS.mkdir(parents=True, exist_ok=True)
