"""A desktop with an inventory of its own and one real SSH server, for tests of connections."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path

import paramiko
import pytest

from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.secret_store import MemoryStore
from desktop.hosts import (
    Host,
    Inventory,
    Sessions,
)
from desktop.hosts.keys import own_key
from tests.sshd import USER, Sshd


def let_own_key_in(server: Sshd, home: Home) -> None:
    """The server takes Goferry's own key of that home."""
    public = base64.b64decode(own_key(home).public.split()[1])
    server.authorized = (paramiko.Ed25519Key(data=public),)


class Desk:
    """A desktop with an inventory of its own, and one server."""

    def __init__(self, tmp_path: Path, server: Sshd) -> None:
        self.home = Home(tmp_path / "desk")
        self.server = server
        self.inventory = Inventory(self.home)
        self.persons = tmp_path / "persons_known_hosts"

    def sessions(self) -> Sessions:
        return Sessions(self.inventory, MemoryStore(), self.home, persons_known_hosts=self.persons)

    def add(self, name: str = "web", **values: object) -> Host:
        wanted: dict[str, object] = {
            "user": USER,
            "auth": "own",
            "fingerprints": (self.server.fingerprint,),
            **values,
        }
        return self.inventory.add(Host(name, self.server.address, self.server.port, **wanted))  # type: ignore[arg-type]

    def let_in(self) -> None:
        """The server takes Goferry's own key."""
        let_own_key_in(self.server, self.home)

    def run(self, work: Callable[[Sessions], Awaitable[object]]) -> object:
        async def all_of_it() -> object:
            sessions = self.sessions()
            try:
                return await work(sessions)
            finally:
                await sessions.close()

        return asyncio.run(all_of_it())

    def refusal(self, work: Callable[[Sessions], Awaitable[object]] | None = None) -> GoferryError:
        """What a command ends with."""

        async def try_it(sessions: Sessions) -> object:
            return await sessions.channel("web").run(Command(("true",)), timeout=120)

        with pytest.raises(GoferryError) as caught:
            self.run(work or try_it)
        assert str(caught.value.what)
        assert str(caught.value.why)
        assert str(caught.value.fix)
        return caught.value
