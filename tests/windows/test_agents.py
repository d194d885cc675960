"""OpenSSH's agent and Pageant, old and new, on a Windows Python: their keys are listed, and sign in to a server."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import paramiko
import pytest

from desktop.base.blocking import CancelToken
from desktop.hosts import Host
from desktop.hosts.agent_keys import agent_key
from desktop.hosts.agents import OPENSSH_PIPE, agents, pageant_pipes
from desktop.hosts.errors import AgentUnusable
from desktop.hosts.session import Credential, open_transport, sign_in
from tests.sshd import USER, Sshd
from tests.windows.key_agents import Keys, at_pipe, behind_window

if sys.platform != "win32":
    pytest.skip("needs a Windows Python: test_edition.py starts one", allow_module_level=True)

HOST = Host("web", "127.0.0.1", 22, user=USER)


def public(keys: Keys, comment: str) -> paramiko.PKey:
    return paramiko.Ed25519Key(data=keys.blob(comment))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def test_without_an_agent_that_is_said() -> None:
    with pytest.raises(AgentUnusable, match="No agent runs"), agent_key(HOST, ""):
        pass


@pytest.mark.parametrize("kind", ["OpenSSH", "Pageant's pipe", "Pageant's window"])
def test_a_key_of_each_kind_of_agent_signs_in(kind: str, tmp_path: Path) -> None:
    keys = Keys("work", "home")
    with ExitStack() as stack:
        if kind == "OpenSSH":
            stack.enter_context(at_pipe(OPENSSH_PIPE, keys))
        elif kind == "Pageant's pipe":
            stack.enter_context(at_pipe(pageant_pipes()[-1], keys))
        else:
            stack.enter_context(behind_window(keys))
        server = stack.enter_context(Sshd(authorized=(public(keys, "home"),)))
        chosen = str(public(keys, "home").fingerprint)
        host = Host("web", server.address, server.port, user=USER, auth="agent", key=chosen)
        transport, _ = open_transport(host, CancelToken(), None)
        try:
            sign_in(transport, host, Credential(agent=True, agent_key=chosen))
            assert transport.is_authenticated()
        finally:
            transport.close()
        assert server.refused == []
    assert keys.signed == ["home"]


def test_of_several_agents_each_one_s_keys_count() -> None:
    ours, theirs = Keys("work"), Keys("home")
    with at_pipe(OPENSSH_PIPE, ours), at_pipe(pageant_pipes()[-1], theirs):
        assert [agent.name for agent in agents()] == ["OpenSSH", "Pageant"]
        for keys, comment in ((ours, "work"), (theirs, "home")):
            wanted = str(public(keys, comment).fingerprint)
            with agent_key(HOST, wanted) as key:
                assert key.fingerprint == wanted
        with pytest.raises(AgentUnusable, match="2 keys") as caught, agent_key(HOST, ""):
            pass
        assert "work (OpenSSH)" in caught.value.detail
        assert "home (Pageant)" in caught.value.detail


def test_an_agent_that_hangs_keeps_nobody_from_the_key_of_another() -> None:
    keys = Keys("home")
    with at_pipe(OPENSSH_PIPE, None), at_pipe(pageant_pipes()[-1], keys):
        with agent_key(HOST, "", limit=1.0) as key:
            assert key.fingerprint == public(keys, "home").fingerprint
        wanted = "SHA256:of-the-hung-one"
        with pytest.raises(AgentUnusable) as caught, agent_key(HOST, wanted, limit=1.0):
            pass
        assert "OpenSSH: no answer" in caught.value.detail
