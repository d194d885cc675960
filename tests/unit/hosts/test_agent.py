"""The key agent, a real one: exactly one of its keys is ever offered."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from desktop.base.commands import Command
from tests.sshd import Sshd
from tests.unit.hosts.session_desk import Desk

pytestmark = pytest.mark.skipif(not shutil.which("ssh-agent") or os.name == "nt", reason="needs ssh-agent")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    sock = tmp_path / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(sock)], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(sock))
    while not sock.exists():
        assert process.poll() is None
    yield tmp_path
    process.terminate()
    process.wait()


def new_key(folder: Path, name: str) -> paramiko.PKey:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    subprocess.run(["ssh-add", "-q", str(path)], check=True)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def test_the_only_key_of_the_agent_is_taken(agent: Path, tmp_path: Path) -> None:
    with Sshd(shell=("/bin/sh",), authorized=(new_key(agent, "one"),)) as server:
        desk = Desk(tmp_path, server)
        desk.add(auth="agent")
        desk.run(lambda sessions: sessions.channel("web").run(Command(("true",))))
        assert server.refused == []


def test_of_several_keys_the_chosen_one_is_offered_and_no_other(agent: Path, tmp_path: Path) -> None:
    first, second = new_key(agent, "one"), new_key(agent, "two")
    with Sshd(shell=("/bin/sh",), authorized=(second,)) as server:
        desk = Desk(tmp_path, server)
        desk.add(auth="agent")
        error = desk.refusal()
        assert error.code == "host.agent"
        assert first.fingerprint in error.detail
        assert second.fingerprint in error.detail
        assert server.refused == []
        for choice in (str(second.fingerprint), str(agent / "two.pub")):
            desk.inventory.change("web", key=choice)
            desk.run(lambda sessions: sessions.channel("web").run(Command(("true",))))
        assert server.refused == []
