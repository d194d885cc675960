"""Several test processes use one lab: the first starts it, the last takes it down.

Every process that uses the lab has a file with its process id. A process that died without saying so does not count.
Whoever started the lab by hand, or asked to keep it, keeps it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
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


def shared_hosts(wishes: Mapping[str, Wish]) -> list[Host]:
    """The hosts of these roles; those that are not up yet are started side by side."""
    with locked(_LOCK):
        _SHARED.mkdir(parents=True, exist_ok=True)
        up = _present()
        missing = [role for role in wishes if role not in up]
        with ThreadPoolExecutor(len(wishes)) as pool:
            for role, started in zip(
                missing, pool.map(lambda role: lifecycle.up(1, wishes[role]), missing), strict=True
            ):
                (_SHARED / role).write_text(started[0].name, encoding="utf-8")
                up[role] = started[0]
        return [up[role] for role in wishes]


def _present() -> dict[str, Host]:
    """Shared hosts that are up, by role."""
    named = {file.read_text(encoding="utf-8"): file.name for file in _SHARED.glob("*")}
    return {named[host.name]: host for host in every_host() if host.name in named}


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
