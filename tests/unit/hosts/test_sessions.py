"""Connections against a real SSH server on loopback: good days, and each bad one with its own error."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest

from desktop.base.blocking import CancelToken
from desktop.base.commands import Command, sh
from desktop.base.errors import GoferryError
from desktop.base.secret import Secret
from desktop.hosts import (
    Host,
    HostKey,
    Sessions,
    add_host,
    check_host,
    confirmed_key,
)
from desktop.hosts.keys import own_key
from desktop.hosts.remote import RemoteSocket, SshChannel
from tests.sshd import PASSWORD, USER, Sshd
from tests.unit.base.test_processes import is_alive
from tests.unit.hosts.session_desk import Desk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Sshd(shell=("/bin/sh",)) as server:
        yield Desk(tmp_path, server)


async def has_ended(pid: int) -> None:
    """A process that was ended is gone a moment later."""
    async with asyncio.timeout(120):
        while is_alive(pid):
            await asyncio.sleep(0.02)


def test_commands_share_one_connection_and_bring_back_everything(desk: Desk) -> None:
    desk.add()
    desk.let_in()

    async def work(sessions: Sessions) -> None:
        channel = sessions.channel("web")
        first, *more = await asyncio.gather(
            *(channel.run(sh('echo "$1"; echo err >&2; exit 3', f"it's {n} $HOME\n!")) for n in range(12))
        )
        assert (first.code, first.stdout, first.stderr) == (3, b"it's 0 $HOME\n!\n", b"err\n")
        assert [ended.code for ended in more] == [3] * 11
        assert sessions.state("web").word == "connected"

    desk.run(work)
    assert desk.server.connections == 1


def test_large_input_arrives_whole_and_large_output_does_not_block(desk: Desk) -> None:
    desk.add()
    desk.let_in()

    async def work(sessions: Sessions) -> None:
        channel = sessions.channel("web")
        sent = await channel.send(Command(("wc", "-c")), (b"x" * 70_000 for _ in range(100)))
        assert int(sent.stdout) == 7_000_000
        both = await channel.run(sh("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero"))
        assert (len(both.stdout), len(both.stderr)) == (3_000_000, 3_000_000)

    desk.run(work)


def test_a_link_that_ends_while_output_is_taken_is_told_as_a_cut(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add()
    desk.let_in()
    real = paramiko.Channel.recv

    def recv(channel: paramiko.Channel, size: int) -> bytes:
        if channel.get_transport().server_mode:
            return real(channel, size)
        raise EOFError  # as paramiko says it when it cannot tell the server that there is room for more

    monkeypatch.setattr(paramiko.Channel, "recv", recv)

    async def work(sessions: Sessions) -> None:
        with pytest.raises(GoferryError) as caught:
            await sessions.channel("web").run(Command(("echo", "there")))
        assert caught.value.code == "host.cut"

    desk.run(work)


def test_a_source_that_fails_ends_the_command_and_is_not_swallowed(desk: Desk, tmp_path: Path) -> None:
    desk.add()
    desk.let_in()

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("the disk of this computer failed")

    async def work(sessions: Sessions) -> None:
        copy = sh('cat > "$1.part" && mv "$1.part" "$1"', str(tmp_path / "copy"))
        with pytest.raises(OSError, match="the disk"):
            await sessions.channel("web").send(copy, broken())

    desk.run(work)
    assert not (tmp_path / "copy").exists()


def test_a_file_is_written_as_a_whole(desk: Desk, tmp_path: Path) -> None:
    desk.add()
    desk.let_in()
    target = tmp_path / "a file; 'with' $signs"

    async def work(sessions: Sessions) -> None:
        await sessions.channel("web").write_file(str(target), bytes(range(256)), mode=0o640)
        with pytest.raises(GoferryError) as caught:
            await sessions.channel("web").write_file(str(tmp_path / "none" / "x"), b"x")
        assert caught.value.code == "host.file"

    desk.run(work)
    assert target.read_bytes() == bytes(range(256))
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.glob(".*part")) == []


def test_lines_come_as_they_are_written_and_end_with_their_reader(desk: Desk, tmp_path: Path) -> None:
    desk.add()
    desk.let_in()

    async def work(sessions: Sessions) -> None:
        lines = sessions.channel("web").lines(sh("echo $$; while :; do echo tick; sleep 0.02; done"))
        pid = int((await anext(lines)).text)
        assert (await anext(lines)).text == b"tick"
        await lines.aclose()  # type: ignore[attr-defined]
        await has_ended(pid)

    desk.run(work)


def test_a_cancelled_command_is_ended_on_the_server(desk: Desk, tmp_path: Path) -> None:
    desk.add()
    desk.let_in()
    pids = tmp_path / "pid"

    async def work(sessions: Sessions) -> None:
        task = asyncio.create_task(sessions.channel("web").run(sh('echo $$ > "$1"; sleep 60', str(pids))))
        while not pids.exists() or not pids.read_text(encoding="utf-8"):
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await has_ended(int(pids.read_text(encoding="utf-8")))

    desk.run(work)


def test_a_command_that_takes_too_long_is_ended_and_told(desk: Desk) -> None:
    desk.add()
    desk.let_in()
    error = desk.refusal(lambda sessions: sessions.channel("web").run(Command(("sleep", "60")), timeout=0.3))
    assert error.code == "host.too_slow"


# --- who the server is


def test_nothing_is_sent_to_a_server_nobody_has_confirmed(desk: Desk) -> None:
    desk.add(fingerprints=())
    assert desk.refusal().code == "host.key_unknown"
    assert desk.server.refused == []
    assert desk.server.heard == []


def test_a_changed_key_is_a_full_stop_with_both_fingerprints(desk: Desk) -> None:
    desk.add()
    before = desk.server.fingerprint
    desk.server.rekey()
    error = desk.refusal()
    assert error.code == "host.key_changed"
    assert before in str(error.why)
    assert desk.server.fingerprint in str(error.why)
    assert desk.server.refused == []


def test_the_new_key_works_once_it_is_trusted(desk: Desk) -> None:
    desk.add()
    desk.let_in()
    desk.server.rekey()

    async def work(sessions: Sessions) -> None:
        shown = await sessions.learn_key(desk.server.address, desk.server.port)
        assert shown.fingerprint == desk.server.fingerprint
        assert shown.kind == "ED25519"
        sessions.trust("web", shown)
        assert (await sessions.channel("web").run(Command(("true",)))).ok

    desk.run(work)


def test_a_key_of_another_type_is_told_apart(desk: Desk) -> None:
    desk.add()
    (desk.home.root / "known_hosts").write_text("web ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB\n", encoding="utf-8")
    desk.inventory.change("web", fingerprints=())
    assert desk.refusal().code == "host.key_type_changed"


def test_a_revoked_key_is_refused_even_when_it_is_known(desk: Desk) -> None:
    desk.add()
    blob = desk.server.host_key.get_base64()
    desk.persons.write_text(f"@revoked * ssh-ed25519 {blob}\n", encoding="utf-8")
    assert desk.refusal().code == "host.key_revoked"


def test_known_hosts_that_cannot_be_read_are_no_free_pass(desk: Desk) -> None:
    desk.add()
    desk.persons.mkdir()
    assert desk.refusal().code == "host.known_hosts"


def test_the_persons_own_known_hosts_count_and_are_never_written(desk: Desk) -> None:
    desk.add(fingerprints=())
    desk.let_in()
    text = f"# mine\n[127.0.0.1]:{desk.server.port} ssh-ed25519 {desk.server.host_key.get_base64()}\n"
    desk.persons.write_text(text, encoding="utf-8")
    desk.run(lambda sessions: sessions.channel("web").run(Command(("true",))))
    assert desk.persons.read_text(encoding="utf-8") == text


def test_a_server_without_a_method_in_common_is_too_old(desk: Desk) -> None:
    # it has an ED25519 key only, and is asked for an RSA one: what paramiko says of CentOS 6 too
    error = desk.refusal(
        lambda sessions: sessions.learn_key(desk.server.address, desk.server.port, kind="RSA")
    )
    assert error.code == "host.too_old"
    assert "SSH-2.0" in str(error.why)


# --- signing in


def test_a_key_the_server_does_not_know_is_offered_once(desk: Desk) -> None:
    desk.add()
    desk.server.authorized = (paramiko.Ed25519Key(data=desk.server.host_key.asbytes()),)
    error = desk.refusal()
    assert error.code == "host.auth_refused"
    assert desk.server.refused == ["publickey"]


def test_a_server_that_takes_only_keys_says_so(desk: Desk) -> None:
    desk.add(auth="password")
    desk.server.password = None

    async def work(sessions: Sessions) -> None:
        sessions.give_password("web", Secret("anything"))
        await sessions.channel("web").run(Command(("true",)))

    error = desk.refusal(work)
    assert error.code == "host.auth_refused"
    assert "publickey" in str(error.why)


def test_a_wrong_password_is_never_sent_twice(desk: Desk) -> None:
    desk.add(auth="password")

    async def work(sessions: Sessions) -> None:
        sessions.give_password("web", Secret("wrong"))
        codes = []
        for _ in range(3):
            with pytest.raises(GoferryError) as caught:
                await sessions.channel("web").run(Command(("true",)))
            codes.append(caught.value.code)
        assert codes == ["host.auth_refused", "host.password_needed", "host.password_needed"]

    desk.run(work)
    assert desk.server.refused == ["password"]


def test_a_password_that_nobody_gave_is_asked_for_before_dialling(desk: Desk) -> None:
    desk.add(auth="password")
    assert desk.refusal().code == "host.password_needed"
    assert desk.server.connections == 0


def test_the_password_places_the_own_key_once_and_is_forgotten(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = tmp_path / "account"
    (account / ".ssh").mkdir(parents=True)
    (account / ".ssh" / "authorized_keys").write_text("ssh-rsa AAAA other", encoding="utf-8")
    monkeypatch.setenv("HOME", str(account))  # of the server's commands

    async def work(sessions: Sessions) -> Host:
        host = Host("web", desk.server.address, desk.server.port, USER, "own")
        key = await confirmed_key(sessions, host, desk.server.fingerprint)
        desk.let_in()
        return await add_host(sessions, host, key, password=Secret(PASSWORD))

    host = desk.run(work)
    assert isinstance(host, Host)
    assert host.auth == "own"
    lines = (account / ".ssh" / "authorized_keys").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "ssh-rsa AAAA other"
    assert lines[1].startswith(own_key(desk.home).public)
    assert (account / ".ssh" / "authorized_keys").stat().st_mode & 0o777 == 0o600
    for file in desk.home.root.rglob("*"):
        assert file.is_dir() or PASSWORD.encode() not in file.read_bytes()


def test_a_host_that_does_not_let_in_is_not_added(desk: Desk) -> None:
    async def work(sessions: Sessions) -> None:
        host = Host("web", desk.server.address, desk.server.port, USER, "own")
        key = await confirmed_key(sessions, host, desk.server.fingerprint)
        await add_host(sessions, host, key, password=Secret("wrong"))

    assert desk.refusal(work).code == "host.auth_refused"
    assert [host.name for host in desk.inventory.hosts()] == ["local"]


def test_a_wrong_expected_fingerprint_is_a_refusal(desk: Desk) -> None:
    async def work(sessions: Sessions) -> HostKey:
        host = Host("web", desk.server.address, desk.server.port, USER)
        return await confirmed_key(sessions, host, "SHA256:" + "A" * 43)

    assert desk.refusal(work).code == "host.key_mismatch"
    assert desk.server.refused == []


def test_an_agent_without_keys_is_named(desk: Desk) -> None:
    desk.add(auth="agent")
    assert desk.refusal().code == "host.agent"


def test_more_commands_than_the_server_has_sessions_wait(desk: Desk) -> None:
    desk.add()
    desk.let_in()
    desk.server.most_sessions = 2

    async def work(sessions: Sessions) -> None:
        channel = sessions.channel("web")
        ends = await asyncio.gather(*(channel.run(sh("sleep 0.1; echo ok")) for _ in range(6)))
        assert [end.stdout for end in ends] == [b"ok\n"] * 6

    desk.run(work)


def test_a_jump_host_carries_the_connection_and_both_keys_are_checked(desk: Desk, tmp_path: Path) -> None:
    with Sshd(shell=("/bin/sh",)) as inner:
        desk.add("gate")
        desk.let_in()
        inner.authorized = desk.server.authorized
        desk.inventory.add(
            Host("web", inner.address, inner.port, USER, "own", via="gate", fingerprints=(inner.fingerprint,))
        )
        ended = desk.run(lambda sessions: sessions.channel("web").run(sh("echo inside")))
        assert ended.stdout == b"inside\n"  # type: ignore[attr-defined]
        inner.rekey()
        assert desk.refusal().code == "host.key_changed"


def test_a_port_behind_the_host_is_dialled_as_from_there(desk: Desk) -> None:
    desk.add()
    desk.let_in()

    async def work(sessions: Sessions) -> None:
        channel = sessions.channel("web")
        await channel.run(Command(("true",)))
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def greet() -> None:
                with listener.accept()[0] as near:
                    near.sendall(b"hello")

            threading.Thread(target=greet, daemon=True).start()
            far = await asyncio.get_running_loop().run_in_executor(
                None, channel.dial, *listener.getsockname()
            )
            far.settimeout(60)
            assert far.recv(5) == b"hello"
            far.close()
            port = listener.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.get_running_loop().run_in_executor(None, channel.dial, "127.0.0.1", port)

    desk.run(work)


def test_a_program_that_ends_before_it_is_asked_anything_has_said_why(desk: Desk) -> None:
    desk.add()
    desk.let_in()

    async def work(sessions: Sessions) -> None:
        channel = sessions.channel("web")
        assert isinstance(channel, SshChannel)
        await channel.run(Command(("true",)))

        def ask(asked: Callable[[RemoteSocket, bytes], object]) -> None:
            sock = RemoteSocket(channel._link, CancelToken(), "cat no-such-file")
            while not sock._channel.closed:
                time.sleep(0.01)
            with pytest.raises(ConnectionError, match="no-such-file"):
                asked(sock, b"GET /version")
            sock.close()

        for asked in (RemoteSocket.sendall, RemoteSocket.send):
            await asyncio.get_running_loop().run_in_executor(None, ask, asked)

    desk.run(work)


def test_checking_a_host_gives_its_facts_or_its_failure(desk: Desk) -> None:
    host = desk.add()
    desk.let_in()

    async def work(sessions: Sessions) -> None:
        found = await check_host(sessions, host)
        assert found.facts is not None
        assert found.state == "connected"
        desk.server.rekey()
        desk.server.cut()
        changed = await check_host(sessions, host)
        assert changed.state == "key-changed"

    desk.run(work)
