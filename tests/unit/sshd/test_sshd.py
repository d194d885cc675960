"""The scripted SSH server behaves as the servers do that it stands for."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import paramiko
import pytest
from paramiko.common import OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

from tests.sshd import PASSWORD, USER, Answer, End, Greeting, Heard, Sshd, new_key


@pytest.fixture
def server() -> Iterator[Sshd]:
    with Sshd() as running:
        yield running


def connected(server: Sshd, password: str = PASSWORD) -> paramiko.Transport:
    """A connection on which the person has logged in."""
    transport = paramiko.Transport(socket.create_connection((server.address, server.port), 60))
    transport.set_log_channel("tests.sshd")
    transport.start_client(timeout=60)
    transport.auth_password(USER, password)
    return transport


def run(transport: paramiko.Transport, command: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    channel = transport.open_session(timeout=60)
    channel.settimeout(60)
    channel.exec_command(command)
    if stdin:
        channel.sendall(stdin)
        channel.shutdown_write()
    stdout, stderr = channel.makefile("rb").read(), channel.makefile_stderr("rb").read()
    return channel.recv_exit_status(), stdout, stderr


def test_a_command_is_answered_as_scripted(server: Sshd) -> None:
    server.script = {"uname": Answer("Linux\n", "no such option\n", 3), "uname -r": Answer("3.10\n")}
    with connected(server) as transport:
        assert run(transport, "uname -a") == (3, b"Linux\n", b"no such option\n")
        assert run(transport, "LC_ALL=C uname -r") == (0, b"3.10\n", b"")
        assert run(transport, "whoami")[0] == 127
    assert server.commands == ["uname -a", "LC_ALL=C uname -r", "whoami"]


def test_what_is_sent_to_a_command_arrives(server: Sshd) -> None:
    server.script = lambda heard: Answer(heard.command.upper(), reads_stdin=True)
    with connected(server) as transport:
        assert run(transport, "docker load", b"\0" * 300_000) == (0, b"DOCKER LOAD", b"")
    assert server.heard == [Heard("docker load", USER, b"\0" * 300_000)]


def test_a_wrong_password_is_refused(server: Sshd) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        connected(server, "wrong")
    assert server.refused == ["password"]


def test_only_an_authorized_key_is_welcome(server: Sshd) -> None:
    server.authorized = [new_key()]
    transport = paramiko.Transport(socket.create_connection((server.address, server.port), 60))
    with transport:
        transport.start_client(timeout=60)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_publickey(USER, new_key())
        transport.auth_publickey(USER, server.authorized[0])
        assert transport.is_authenticated()


def test_a_new_host_key_shows_at_the_next_connection(server: Sshd) -> None:
    with connected(server) as transport:
        before = transport.get_remote_server_key().fingerprint
    assert before == server.fingerprint
    server.rekey()
    with connected(server) as transport:
        assert transport.get_remote_server_key().fingerprint == server.fingerprint != before


@pytest.mark.parametrize(
    ("greeting", "seen"), [(Greeting.HANG_UP, b""), (Greeting.WEB, b"HTTP/1.1 400 Bad Request\r\n")]
)
def test_something_else_than_ssh_answers(server: Sshd, greeting: Greeting, seen: bytes) -> None:
    server.greeting = greeting
    with socket.create_connection((server.address, server.port), 60) as connection:
        connection.settimeout(60)
        assert connection.recv(26) == seen


def test_a_silent_server_says_nothing(server: Sshd) -> None:
    server.greeting = Greeting.SILENCE
    with socket.create_connection((server.address, server.port), 60) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_connection_that_is_cut_leaves_no_status(server: Sshd) -> None:
    server.script = {"docker load": Answer("Loaded", end=End.CUT)}
    with connected(server) as transport:
        assert run(transport, "docker load")[0] == -1
        assert not transport.is_active()


def test_a_hanging_command_ends_when_the_session_is_closed(server: Sshd) -> None:
    server.script = {"logs": Answer("line\n", end=End.HANG)}
    with connected(server) as transport:
        channel = transport.open_session(timeout=60)
        channel.settimeout(60)
        channel.exec_command("logs -f")
        assert channel.recv(5) == b"line\n"
        channel.settimeout(0.3)
        with pytest.raises(TimeoutError):
            channel.recv(1)
        channel.close()
        assert transport.is_active()


def test_more_sessions_than_allowed_are_refused(server: Sshd) -> None:
    server.most_sessions = 1
    with connected(server) as transport:
        transport.open_session(timeout=60)
        with pytest.raises(paramiko.ChannelException):
            transport.open_session(timeout=60)


def test_a_jump_host_leads_to_another_server(server: Sshd) -> None:
    with Sshd({"hostname": Answer("inner\n")}) as inner, connected(server) as transport:
        through = transport.open_channel(
            "direct-tcpip", (inner.address, inner.port), ("127.0.0.1", 0), timeout=5
        )
        with paramiko.Transport(through) as far:
            far.start_client(timeout=60)
            far.auth_password(USER, PASSWORD)
            assert run(far, "hostname") == (0, b"inner\n", b"")


def test_a_server_may_forbid_forwarding(server: Sshd) -> None:
    server.forwards = False
    with connected(server) as transport, pytest.raises(paramiko.ChannelException) as refusal:
        transport.open_channel("direct-tcpip", ("127.0.0.1", 1), ("127.0.0.1", 0), timeout=60)
    assert refusal.value.code == OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
