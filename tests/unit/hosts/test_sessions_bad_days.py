"""Connections on bad days: closed ports, silence, cuts, refusals, and jump hosts that let nothing through."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.hosts import (
    Checked,
    Host,
    Sessions,
    check_hosts,
)
from desktop.hosts.check import FEW
from desktop.hosts.session import Link
from tests.sshd import USER, Answer, End, Greeting, Sshd
from tests.unit.hosts.session_desk import Desk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Sshd(shell=("/bin/sh",)) as server:
        yield Desk(tmp_path, server)


def test_a_closed_port_is_unreachable(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        desk.inventory.add(Host("web", "127.0.0.1", taken.getsockname()[1]))
        error = desk.refusal()
    assert error.code == "host.unreachable"
    assert "Nothing listens" in str(error.why)


def test_a_name_that_does_not_resolve_is_unreachable(desk: Desk) -> None:
    desk.inventory.add(Host("web", "no-such-host.invalid"))
    error = desk.refusal()
    assert error.code == "host.unreachable"
    assert "name server" in str(error.why)


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (Greeting.HANG_UP, "host.ssh_dropped"),
        (Greeting.WEB, "host.no_ssh"),
        (Greeting.SILENCE, "host.no_ssh"),
    ],
)
def test_what_is_no_ssh_server_is_told(
    desk: Desk, greeting: Greeting, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if greeting is Greeting.SILENCE:
        monkeypatch.setattr("desktop.hosts.session.GREETING", 0.5)
        monkeypatch.setattr("desktop.hosts.session.BANNER", 0.5)
    desk.add()
    desk.server.greeting = greeting
    assert desk.refusal().code == code


def test_of_many_hosts_those_that_are_silent_keep_nobody_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answers, one greets nobody, a name server says nothing of a third, and many are off."""
    search, asked = socket.getaddrinfo, threading.Event()

    def slow(host: str, *words: Any, **more: Any) -> Any:
        if host == "slow.invalid" and not more.get("flags"):  # an address would be one without a search
            asked.wait(250)
        return search(host, *words, **more)

    monkeypatch.setattr("socket.getaddrinfo", slow)
    monkeypatch.setattr("desktop.hosts.check.GREETS_WITHIN", 4.0)
    desk.let_in()
    desk.add()
    with Sshd(greeting=Greeting.SILENCE) as silent:
        desk.inventory.add(Host("silent", silent.address, silent.port, USER))
        desk.inventory.add(Host("unknown", "slow.invalid", 22, USER))
        for number in range(FEW):
            desk.inventory.add(Host(f"off-{number}", "127.0.0.1", 1, USER))
        came: list[str] = []

        async def work(sessions: Sessions) -> tuple[Checked, ...]:
            hosts = [host for host in desk.inventory.hosts() if not host.local]
            return await check_hosts(sessions, hosts, lambda one: came.append(one.host.name))

        found = {one.host.name: one for one in desk.run(work)}  # type: ignore[attr-defined]
        asked.set()
    assert len(found) == FEW + 3
    assert found["silent"].state == found["unknown"].state == found["off-0"].state == "no-answer"
    assert "4 s" in str(found["unknown"].error)
    assert found["web"].state != "no-answer"
    assert came.index("off-0") < min(came.index("silent"), came.index("unknown"))


def test_a_cut_in_the_middle_is_told_and_the_next_command_connects_anew(desk: Desk) -> None:
    desk.add()
    desk.let_in()

    async def work(sessions: Sessions) -> None:
        channel = sessions.channel("web")
        running = asyncio.create_task(channel.run(Command(("sleep", "60"))))
        while sessions.state("web").sessions == 0 or not desk.server.heard:
            await asyncio.sleep(0.02)
        desk.server.cut()
        with pytest.raises(GoferryError) as caught:
            await running
        assert caught.value.code == "host.cut"
        assert (await channel.run(Command(("true",)))).ok

    desk.run(work)
    assert desk.server.connections == 2


def test_a_link_that_ends_while_a_command_is_put_away_does_not_spoil_its_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add()
    desk.let_in()
    session, ended = Link.session, []

    def one_whose_link_ends(*words: Any, **more: Any) -> paramiko.Channel:
        channel = session(*words, **more)
        close = channel.close

        def cut() -> None:
            close()
            ended.append(channel.chanid)
            raise EOFError  # as paramiko's writer says it

        channel.close = cut  # type: ignore[method-assign]
        return channel

    monkeypatch.setattr(Link, "session", one_whose_link_ends)

    async def work(sessions: Sessions) -> None:
        for _ in range(20):  # more than a connection carries at once: each gives its place back
            said = await sessions.channel("web").run(Command(("echo", "there")))
            assert said.text() == "there\n"

    desk.run(work)
    assert ended


def test_all_waiters_of_a_failed_connection_share_its_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.hosts.session.GREETING", 1.0)
    desk.add()
    desk.server.greeting = Greeting.SILENCE

    async def work(sessions: Sessions) -> None:
        channel = sessions.channel("web")
        ends = await asyncio.gather(
            *(channel.run(Command(("true",))) for _ in range(30)), return_exceptions=True
        )  # more than there are threads and sessions: who still queues for one waits for the same connection
        assert {getattr(end, "code", "") for end in ends} == {"host.no_ssh"}

    desk.run(work)
    assert desk.server.connections == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer("This account is currently not available.\n", status=1), "host.shell"),
        (Answer("WARNING: Your password has expired.\nPassword change required but no TTY available.\n", status=1),
         "host.password_expired"),
        (Answer(end=End.CUT), "host.cut"),
        (Answer("x" * 3_000_000, end=End.HANG), "host.noisy_login"),
    ],
)  # fmt: skip
def test_a_login_that_runs_no_commands_is_told(desk: Desk, answer: Answer, code: str) -> None:
    desk.add()
    desk.let_in()
    desk.server.shell, desk.server.script = (), lambda heard: answer
    assert desk.refusal().code == code


def test_a_jump_host_that_lets_nothing_through_is_named(desk: Desk) -> None:
    desk.add("gate")
    desk.let_in()
    desk.server.forwards = False
    desk.inventory.add(Host("web", "127.0.0.1", 1, USER, via="gate"))
    assert desk.refusal().code == "host.forwarding_off"
