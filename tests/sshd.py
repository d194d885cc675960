"""A real SSH server on loopback with scripted answers: wire, keys, quoting and exit codes are real.

For bad days that need neither root nor a lab: `with Sshd({"uname": Answer("Linux\\n")}) as server: …`. It greets
with a key of its own, lets `deploy` in with `PASSWORD` or with a key it was told of, and runs nothing.
"""

from __future__ import annotations

import contextlib
import io
import logging
import select
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import IO, Self

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

USER, PASSWORD = "deploy", "right-password"
_LOG = "tests.sshd"
_BLOCK = 65536
logging.getLogger(_LOG).disabled = True  # each connection that hangs up would be logged as an error
logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # as Goferry itself has it


class Greeting(Enum):
    """What the server says to whoever connects."""

    SSH = auto()
    SILENCE = auto()
    """Nothing, as a frozen host."""

    HANG_UP = auto()
    """It closes at once, as a server that has banned the client, or has no room for another."""

    WEB = auto()
    """Something listens on the port, but it is no SSH server."""


class End(Enum):
    """What follows a command's output."""

    STATUS = auto()
    CUT = auto()
    """The whole connection is gone, without a status."""

    HANG = auto()
    """Neither more output nor an end, until the client closes the session."""

    NO_STATUS = auto()
    """The session ends without a status, as when the command was killed by a signal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command prints, and how it ends."""

    stdout: str | bytes = ""
    stderr: str | bytes = ""
    status: int = 0
    end: End = End.STATUS
    reads_stdin: bool = False
    """Whether it reads its standard input to the end first; `Sshd.heard` has it."""


@dataclass(slots=True)
class Heard:
    """A command as it arrived."""

    command: str
    user: str
    stdin: bytes = b""


Script = Mapping[str, Answer] | Callable[[Heard], Answer]
"""Answers by command, or by a part of it (the longest that fits counts); or a function that answers."""


def local_shell(heard: Heard) -> Answer:
    """A script that really runs each command by this computer's `sh`, in the place of a server."""
    done = subprocess.run(
        ["sh", "-c", heard.command], check=False, capture_output=True, stdin=subprocess.DEVNULL
    )
    return Answer(done.stdout, done.stderr, done.returncode)


def new_key() -> paramiko.PKey:
    """A new Ed25519 key pair."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(pem.decode()))


@dataclass(slots=True)
class Sshd:
    """The server. Settings may be changed while it runs; they hold for connections made from then on."""

    script: Script = field(default_factory=dict)
    user: str = USER
    password: str | None = PASSWORD
    """None: no password is taken, and none is asked for."""

    authorized: Sequence[paramiko.PKey] = ()
    """Keys that may log in, as the user."""

    greeting: Greeting = Greeting.SSH
    forwards: bool = True
    """Whether it opens TCP connections for its clients, as a jump host does."""

    shell: tuple[str, ...] = ()
    """A real login shell (`("/bin/bash",)`): each command is really run by `<shell> -c`, with the client's input, and
    `script` is not asked. As with sshd, a session that the client leaves ends only the command's input."""

    most_sessions: int = 10
    tries: int = 6
    """After so many refused logins it hangs up."""

    host_key: paramiko.PKey = field(default_factory=new_key)
    heard: list[Heard] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """The kinds of the logins that were refused: `password`, `publickey`."""

    connections: int = 0
    """How many connections were ever made to it."""

    _listener: socket.socket = field(default_factory=socket.socket)
    _open: list[paramiko.Transport | socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._run(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self.cut()
        for thread in list(self._threads):
            thread.join(5)

    @property
    def address(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def fingerprint(self) -> str:
        """Of its host key: `SHA256:…`."""
        return str(self.host_key.fingerprint)

    @property
    def commands(self) -> list[str]:
        return [each.command for each in self.heard]

    def rekey(self) -> None:
        """It shows another host key from now on, as a reinstalled server does."""
        self.host_key = new_key()

    def cut(self) -> None:
        """End all connections abruptly."""
        with self._lock:
            connections, self._open[:] = list(self._open), []
        for connection in connections:
            connection.close()

    def answer(self, heard: Heard) -> Answer:
        """The scripted answer to a command."""
        if callable(self.script):
            return self.script(heard)
        fitting = [part for part in self.script if part in heard.command]
        if not fitting:
            return Answer(stderr=f"sh: not scripted: {heard.command}\n", status=127)
        return self.script[max(fitting, key=len)]

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="sshd", daemon=True)
        with self._lock:
            self._threads[:] = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed: the end
                return
            self.connections += 1
            self._greet(connection)

    def _greet(self, connection: socket.socket) -> None:
        if self.greeting is Greeting.HANG_UP:
            connection.close()
            return
        if self.greeting is Greeting.WEB:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            connection.close()
            return
        if self.greeting is Greeting.SILENCE:
            with self._lock:
                self._open.append(connection)
            return
        transport = paramiko.Transport(connection)
        transport.set_log_channel(_LOG)
        transport.add_server_key(self.host_key)
        with self._lock:
            self._open.append(transport)
        with contextlib.suppress(paramiko.SSHException):
            transport.start_server(server=_Connection(self, transport), event=threading.Event())


class _Connection(paramiko.ServerInterface):
    """One client's connection."""

    def __init__(self, server: Sshd, transport: paramiko.Transport) -> None:
        self._server, self._transport = server, transport
        self._tries, self._sessions = 0, 0
        self._places: dict[int, tuple[str, int]] = {}

    # -- logging in

    def get_allowed_auths(self, username: str) -> str:
        kinds = ["publickey"] if self._server.authorized or self._server.password is None else []
        return ",".join([*kinds, *(["password"] if self._server.password is not None else [])])

    def check_auth_password(self, username: str, password: str) -> int:
        return self._judged("password", username == self._server.user and password == self._server.password)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = any(key.asbytes() == each.asbytes() for each in self._server.authorized)
        return self._judged("publickey", username == self._server.user and known)

    def _judged(self, kind: str, welcome: bool) -> int:
        if welcome:
            return AUTH_SUCCESSFUL
        self._server.refused.append(kind)
        self._tries += 1
        if self._tries >= self._server.tries:
            self._transport.close()
        return AUTH_FAILED

    # -- sessions

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if kind != "session" or self._sessions >= self._server.most_sessions:
            return OPEN_FAILED_CONNECT_FAILED  # as OpenSSH says it
        self._sessions += 1
        return OPEN_SUCCEEDED

    def check_channel_env_request(self, channel: paramiko.Channel, name: bytes, value: bytes) -> bool:
        return False  # as a server without AcceptEnv

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        heard = Heard(command.decode("utf-8"), self._transport.get_username() or "")
        self._server.heard.append(heard)
        self._server._run(lambda: self._serve(channel, heard))
        return True

    def _serve(self, channel: paramiko.Channel, heard: Heard) -> None:
        if self._server.shell:
            _run_for_real(channel, (*self._server.shell, "-c", heard.command))
            self._sessions -= 1
            return
        with contextlib.suppress(OSError, EOFError):  # the client is gone
            answer = self._server.answer(heard)
            if answer.reads_stdin:
                while block := channel.recv(_BLOCK):
                    heard.stdin += block
            channel.sendall(_bytes(answer.stdout))
            channel.sendall_stderr(_bytes(answer.stderr))
            self._end(channel, answer)
        self._sessions -= 1

    def _end(self, channel: paramiko.Channel, answer: Answer) -> None:
        if answer.end is End.CUT:
            # its answer shows that the client has read all before: the cut must not overtake the `True` above
            self._transport.global_request("keepalive@openssh.com", wait=True)
            self._transport.close()
            return
        if answer.end is End.HANG:
            while channel.recv(_BLOCK):
                pass
            return
        if answer.end is End.STATUS:
            channel.send_exit_status(answer.status)
        channel.shutdown_write()  # not close() at once: that could overtake the `True` above
        while channel.recv(_BLOCK):
            pass
        channel.close()

    # -- forwarding, as a jump host

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        if not self._server.forwards:
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        try:
            far = socket.create_connection(destination, 60)
        except OSError:
            return OPEN_FAILED_CONNECT_FAILED
        self._server._run(lambda: self._forward(chanid, far))
        return OPEN_SUCCEEDED

    def _forward(self, chanid: int, far: socket.socket) -> None:
        with far, contextlib.suppress(OSError, EOFError):
            near = self._transport.accept(60)
            while (
                near is not None and near.get_id() != chanid
            ):  # sessions wait there too, and nobody takes them
                near = self._transport.accept(60)
            if near is None:
                return
            _pump(near, far)
            near.close()


def _run_for_real(channel: paramiko.Channel, argv: Sequence[str]) -> None:
    """Run a program with the session's streams, in a session of its own as sshd does."""
    pipe = subprocess.PIPE
    child = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    threads = [
        threading.Thread(target=_carry, args=(child.stdout.read1, channel.sendall), daemon=True),  # type: ignore[union-attr]
        threading.Thread(target=_carry, args=(child.stderr.read1, channel.sendall_stderr), daemon=True),  # type: ignore[union-attr]
    ]
    feeder = threading.Thread(target=_feed, args=(channel, child.stdin), daemon=True)
    for thread in (*threads, feeder):
        thread.start()
    code = child.wait()
    for thread in threads:
        thread.join(5)
    with contextlib.suppress(OSError, EOFError):
        channel.send_exit_status(code)
        channel.shutdown_write()
        channel.close()
    feeder.join(5)
    for stream in (child.stdout, child.stderr):
        stream.close()  # type: ignore[union-attr]


def _carry(read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
    with contextlib.suppress(OSError, EOFError, ValueError):
        while block := read(_BLOCK):
            write(block)


def _feed(channel: paramiko.Channel, stdin: IO[bytes] | None) -> None:
    if stdin is None:
        return
    with contextlib.suppress(OSError, EOFError):
        while block := channel.recv(_BLOCK):
            stdin.write(block)
            stdin.flush()
    with contextlib.suppress(OSError):
        stdin.close()


def _pump(near: paramiko.Channel, far: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    while True:
        ends: list[int] = [near.fileno(), far.fileno()]
        readable, _, _ = select.select(ends, [], [], 0.5)
        if near.fileno() in readable:
            block = near.recv(_BLOCK)
            if not block:
                return
            far.sendall(block)
        if far.fileno() in readable:
            block = far.recv(_BLOCK)
            if not block:
                return
            near.sendall(block)
        if near.closed or not near.get_transport().is_active():
            return


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
