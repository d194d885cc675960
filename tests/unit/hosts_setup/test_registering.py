"""Many newcomers in one flow, over real SSH on loopback: keys are shown and confirmed, passwords asked for, each for itself."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_setup import Newcomer, first_contacts, waits_for_jump
from desktop.app_setup_flow import FlowState, SetupFlow
from desktop.base.errors import GoferryError
from desktop.base.jobs import JobState
from desktop.base.paths import Home
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host, HostKey
from tests.sshd import PASSWORD, USER, Sshd
from tests.unit.hosts.session_desk import let_own_key_in

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell"),
    pytest.mark.skipif(
        bool(shutil.which("dnf") or shutil.which("yum")), reason="this computer could be set up"
    ),
]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    monkeypatch.setenv("HOME", str(tmp_path))  # the account that a key is placed in
    with Sshd(shell=("/bin/sh",)) as made:
        let_own_key_in(made, Home(tmp_path / "desk"))
        yield made


def newcomer(server: Sshd, name: str, auth: str = "own") -> Newcomer:
    return Newcomer(Host(name, "127.0.0.1", server.port, USER, auth))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(200):
        while not holds():
            await asyncio.sleep(0.02)


def test_an_unknown_key_and_a_missing_password_are_asked_about_for_each_host(
    server: Sshd, tmp_path: Path
) -> None:
    async def act() -> None:
        async with App(Home(tmp_path / "desk"), secrets=MemoryStore()) as app:
            flow = SetupFlow(app)
            for new in (newcomer(server, "by-key"), newcomer(server, "by-word", "password")):
                flow.add(new)
            key, word = flow.flows.values()
            flow.start()
            await until(lambda: flow.counts[FlowState.NEEDS_YOU] == 2)
            assert server.heard == []
            for one in (key, word):
                assert one.error is not None
                assert one.error.code == "host.key_unknown"
                assert one.job is not None
                assert one.job.state is JobState.NEEDS_YOU
                flow.answer(one.host, fingerprint=server.fingerprint)
            await until(lambda: key.state.over and word.state is FlowState.NEEDS_YOU)
            assert word.error is not None
            assert word.error.code == "host.password_needed"
            flow.answer("by-word", password=Secret(PASSWORD))
            ended = await flow.wait()
            # both are in; that this computer is no server of the family is found out only then
            assert {host.name: host.auth for host in app.inventory.hosts() if not host.local} == {
                "by-key": "own", "by-word": "own",
            }  # fmt: skip
            for result in ended.values():
                assert isinstance(result, GoferryError)
                assert result.code == "setup.not_supported"

    asyncio.run(act())


def test_all_keys_are_shown_beforehand_and_a_silent_server_is_only_its_own_failure(
    server: Sshd, tmp_path: Path
) -> None:
    async def act() -> dict[str, HostKey | GoferryError]:
        async with App(Home(tmp_path / "desk"), secrets=MemoryStore()) as app:
            away = Newcomer(Host("away", "127.0.0.1", 1, USER, "own"))
            return await first_contacts(app, [newcomer(server, "here"), away])

    shown = asyncio.run(act())
    here = shown["here"]
    assert isinstance(here, HostKey)
    assert here.fingerprint == server.fingerprint
    assert isinstance(shown["away"], GoferryError)
    assert server.heard == []


def test_nobody_waits_for_jump_hosts_that_wait_for_each_other() -> None:
    via = {"a": "b", "b": "c", "c": "", "x": "y", "y": "x", "z": "known", "s": "s"}
    assert {name for name in via if waits_for_jump(name, via)} == {"a", "b"}
