"""The computer slept: its connections are dead, and nobody has told it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from desktop.base.commands import Command
from desktop.hosts import Host, Sessions
from tests.lab.wire import Wire
from tests.sshd import USER, Sshd
from tests.unit.hosts.session_desk import Desk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell")


def test_a_dead_connection_is_found_and_the_next_command_runs_on_a_new_one(tmp_path: Path) -> None:
    async def work(sessions: Sessions) -> None:
        async with Wire(server.address, server.port) as wire:
            host = Host("web", "127.0.0.1", wire.port, USER, fingerprints=(server.fingerprint,))
            desk.inventory.add(host)
            channel = sessions.channel("web")
            assert (await channel.run(Command(("true",)))).ok
            wire.swallow()
            sessions.check_now(0.5)
            async with asyncio.timeout(120):
                while sessions.state("web").word == "connected":
                    await asyncio.sleep(0.02)
            wire.mend()
            assert (await channel.run(Command(("true",)))).ok
        assert server.connections == 2

    with Sshd(shell=("/bin/sh",)) as server:
        desk = Desk(tmp_path, server)
        desk.let_in()
        desk.run(work)
