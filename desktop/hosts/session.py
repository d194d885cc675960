"""One SSH connection: the only module that knows paramiko. Everything here blocks: call it from worker threads.

Order of a connection: TCP (or through the jump host), greeting, the server's key is judged, and only then anything of
the person's is sent, with exactly one key or password (servers count tries, and ban for them).
"""

from __future__ import annotations

import io
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

# paramiko takes `invoke`, where there is one, for `Match exec` in ssh configs, which nobody here asks it to read: a
# hundred modules and 6 MB
if "invoke" not in sys.modules:
    sys.modules["invoke"] = None  # type: ignore[assignment]

import paramiko

from desktop.base.blocking import CancelToken
from desktop.base.secret import Secret
from desktop.base.words import msg

from .agent_keys import agent_key
from .errors import (
    AuthRefused,
    Cut,
    ForwardingOff,
    HostError,
    NoSshAnswer,
    SessionsFull,
    SshDropped,
    TooManyTries,
    TooOld,
    Unreachable,
)
from .keys import PrivateKey, host_key
from .model import Host, HostKey
from .reach import CONNECT, GREETING, Patience, await_greeting, tcp

BANNER, AUTH, CHANNEL = 15.0, 20.0, 15.0
"""Seconds that each stage may take after the first byte."""
PULSE_EVERY, PULSE_LIMIT = 15.0, 10.0
QUICKEST = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
"""Ciphers that cost a third less time than the usual ones: they need no code for authentication beside them."""
SESSIONS = 8
"""Sessions at a time on one connection: sshd's MaxSessions is 10, and people use terminals beside."""
KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)

# what paramiko has to say is said by our errors; its own logger would reach stderr
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

CROWD_WAIT = 2.0
_CROWD = threading.Semaphore(8)

LOOK_EVERY = 2.0
"""Seconds after which the thread of an idle connection looks whether it is still wanted; paramiko's own 0.1 cost a
twentieth of a processor with fifty hosts."""


class _Transport(paramiko.Transport):
    """Its thread is woken when it is to end, so that it need not look so often."""

    def stop_thread(self) -> None:
        super().stop_thread()
        with suppress(OSError, EOFError):
            self.sock.shutdown(socket.SHUT_RDWR)


Dial = Callable[[str, int], Any]
Judge = Callable[[HostKey], None]
"""Raises the refusal when the key is not the one to expect."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Exactly one way to sign in: a private key, a password, or a key of the agent (picked by `agent_key`)."""

    key: PrivateKey | None = None
    password: Secret | None = None
    agent: bool = False
    agent_key: str = ""


def open_transport(
    host: Host,
    token: CancelToken,
    dial: Dial | None,
    wanted_types: tuple[str, ...] = (),
    *,
    only: bool = False,
    within: float | None = None,
) -> tuple[paramiko.Transport, HostKey]:
    """A connection with its keys exchanged, nobody signed in yet, and the key that the server showed. `within`:
    seconds in which it must have begun to greet."""
    patience = Patience(within)
    sock = dial(host.address, host.port) if dial is not None else tcp(host, token, patience)
    transport: paramiko.Transport | None = None
    forget = token.on_cancel(sock.close)
    try:
        if isinstance(sock, socket.socket):
            await_greeting(sock, host, token, patience.left(GREETING))
        transport = _Transport(sock)
        transport.banner_timeout = BANNER
        transport.daemon = True
        end_on_cancel = token.on_cancel(transport.close)
        _prefer(transport, wanted_types, only)
        with _turn(token):
            shown = _start(transport, host)
        end_on_cancel()
        return transport, host_key(shown.get_name(), shown.asbytes(), shown.get_bits())
    except BaseException:
        if transport is not None:
            transport.close()
        sock.close()
        token.check()
        raise
    finally:
        forget()


@contextmanager
def _turn(token: CancelToken) -> Iterator[None]:
    """Exchanging keys costs a processor: of a crowd a few do it at a time, so that the window gets its share. One that
    waited for long goes all the same: a server that stands still in the middle must not hold the others up."""
    deadline, got = time.monotonic() + CROWD_WAIT, False
    while not got and time.monotonic() < deadline:
        got = _CROWD.acquire(timeout=0.2)
        if not got:
            token.check()
    try:
        yield
    finally:
        if got:
            _CROWD.release()


def _prefer(transport: paramiko.Transport, wanted: tuple[str, ...], only: bool) -> None:
    """Ask for the known key types first, so that a server with several keys shows the one that is known; `only`:
    for no others."""
    options = transport.get_security_options()
    families = [
        t for t in KEY_TYPES if any(t == w or (w == "ssh-rsa" and t.startswith("rsa-")) for w in wanted)
    ]
    offered = [t for t in (*families, *(() if only else KEY_TYPES)) if t in options.key_types]
    options.key_types = tuple(dict.fromkeys(offered))
    options.ciphers = tuple(dict.fromkeys((*(c for c in QUICKEST if c in options.ciphers), *options.ciphers)))


def only_type(kind: str) -> tuple[str, ...]:
    """The key types of one kind ("ED25519", "ECDSA", "RSA")."""
    return tuple(t for t in KEY_TYPES if kind.lower() in t)


def _start(transport: paramiko.Transport, host: Host) -> paramiko.PKey:
    """Exchanges the keys; the one that the server shows."""
    where = f"{host.address}:{host.port}"
    try:
        transport.start_client(timeout=BANNER + 5)
        if not transport.is_active() or not transport.initial_kex_done:
            raise NoSshAnswer(host.name, where)
        return transport.get_remote_server_key()
    except paramiko.ssh_exception.IncompatiblePeer as error:
        raise TooOld(host.name, transport.remote_version, detail=str(error)) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise _start_failure(host, error) from error


def _start_failure(host: Host, error: Exception) -> HostError:
    where = f"{host.address}:{host.port}"
    text = str(error)
    if "banner" in text or "No existing session" in text or "Invalid" in text or "Indecipherable" in text:
        return NoSshAnswer(host.name, where, detail=text)
    if isinstance(error, EOFError) or "Negotiation failed" in text:
        return SshDropped(host.name, detail=text)
    return Unreachable(
        host.name, where, msg("The connection to {address} failed.", address=where), detail=text
    )


def sign_in(transport: paramiko.Transport, host: Host, credential: Credential) -> None:
    """Sign in with exactly one key or password."""
    transport.auth_timeout = AUTH
    tried = msg("this key") if credential.key or credential.agent else msg("this password")
    try:
        if credential.key is not None:
            transport.auth_publickey(host.user, _pkey(credential.key))
        elif credential.agent:
            with agent_key(host, credential.agent_key) as key:
                transport.auth_publickey(host.user, key)
        else:
            secret = credential.password.reveal() if credential.password else ""
            transport.auth_password(host.user, secret)
    except paramiko.BadAuthenticationType as error:
        allowed = tuple(error.allowed_types)
        raise AuthRefused(host.name, host.user, tried, allowed=allowed, detail=str(error)) from error
    except paramiko.AuthenticationException as error:
        raise AuthRefused(host.name, host.user, tried, detail=str(error)) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        if "oo many auth" in str(error):
            raise TooManyTries(host.name, detail=str(error)) from error
        raise Cut(host.name, detail=str(error)) from error


def _pkey(key: PrivateKey) -> paramiko.PKey:
    kinds: dict[str, type[paramiko.PKey]] = {
        "ssh-ed25519": paramiko.Ed25519Key, "ssh-rsa": paramiko.RSAKey,
    }  # fmt: skip
    kind = kinds.get(key.public.split()[0], paramiko.ECDSAKey)
    return kind.from_private_key(io.StringIO(key.pem.reveal()))


class Link:
    """The shared connection to one host: made at the first use, made anew after a cut."""

    def __init__(
        self,
        host: Host,
        judge: Judge,
        credential: Callable[[], Credential],
        *,
        wanted_types: Callable[[], tuple[str, ...]] = tuple,
        dial: Dial | None = None,
    ) -> None:
        self.host = host
        self._judge, self._credential, self._dial = judge, credential, dial
        self.wanted_types = wanted_types
        self.on_signed_in: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._transport: paramiko.Transport | None = None
        self._ended_tries = 0
        self.failure: HostError | None = None
        self.slots = threading.BoundedSemaphore(SESSIONS)
        self.open_sessions = 0
        self.latency_ms: float | None = None
        self.connected_at = 0.0
        self.within: float | None = None
        """Seconds in which the server must have begun to greet; None: the usual ones for each stage."""

    @property
    def active(self) -> bool:
        transport = self._transport
        return transport is not None and transport.is_active()

    @property
    def connecting(self) -> bool:
        return self._lock.locked()

    @property
    def ended_tries(self) -> int:
        """How many attempts to connect have ended: see `asked` of `ready`."""
        return self._ended_tries

    def ready(self, token: CancelToken, asked: int | None = None) -> paramiko.Transport:
        """The live connection; connects when there is none. Callers that wait for the same try share its failure.

        `asked`: `ended_tries` when this was asked for, if that was earlier (it waited for a thread or a session): a
        try that failed since then is not made again.
        """
        seen = self._ended_tries if asked is None else asked
        while not self._lock.acquire(timeout=0.2):
            token.check()
        try:
            if self._transport is not None and self._transport.is_active():
                return self._transport
            if self._ended_tries != seen and self.failure is not None:
                raise self.failure
            try:
                self._transport = self._connect(token)
                self.failure = None
            except BaseException as error:
                self.failure = error if isinstance(error, HostError) else None
                raise
            finally:
                self._ended_tries += 1
            return self._transport
        finally:
            self._lock.release()

    def _connect(self, token: CancelToken) -> paramiko.Transport:
        credential = self._credential()  # before anything is dialled: a missing passphrase costs no login try
        types = self.wanted_types()
        transport, shown = open_transport(self.host, token, self._dial, types, within=self.within)
        forget = token.on_cancel(transport.close)
        try:
            self._judge(shown)
            sign_in(transport, self.host, credential)
        except BaseException:
            transport.close()
            token.check()
            raise
        finally:
            forget()
        with suppress(OSError):  # it may have ended again: whoever wants a session of it is told
            transport.sock.settimeout(LOOK_EVERY)
        self.connected_at = time.time()
        self.on_signed_in()
        threading.Thread(target=self._pulse, args=(transport,), name="ssh-pulse", daemon=True).start()
        return transport

    def _pulse(self, transport: paramiko.Transport) -> None:
        """Ends a connection whose far end no longer answers: TCP itself would notice after a quarter of an hour."""
        while transport.is_active():
            if not self._lives(transport, PULSE_LIMIT):
                return
            transport.join(PULSE_EVERY)  # its thread: returns early when the connection has ended

    def _lives(self, transport: paramiko.Transport, limit: float) -> bool:
        answered = threading.Event()
        started = time.monotonic()
        threading.Thread(target=_ask, args=(transport, answered), name="ssh-ask", daemon=True).start()
        if not answered.wait(limit):
            transport.close()
            return False
        self.latency_ms = (time.monotonic() - started) * 1000
        return True

    def check_now(self, limit: float) -> None:
        """Ends the connection if its far end is gone, after a sleep of this computer for example. Does not wait."""
        if (transport := self._transport) is not None and transport.is_active():
            threading.Thread(
                target=self._lives, args=(transport, limit), name="ssh-check", daemon=True
            ).start()

    def session(
        self, token: CancelToken, line: str, *, limit: float = 30.0, asked: int | None = None
    ) -> paramiko.Channel:
        """Runs `line` by the login shell on a session of its own; waits while all are in use. Give it back with
        `release`. `asked` as for `ready`."""
        asked = self._ended_tries if asked is None else asked
        self._take_slot(token)
        try:
            deadline, stale = time.monotonic() + limit, self.active
            while True:
                transport = self.ready(token, asked)
                try:
                    return self._exec(transport, line)
                except Cut:
                    if not stale:
                        raise
                    # the connection had died unnoticed, and nothing has been started on it: once more on a new one
                    stale = False
                except paramiko.SSHException as error:
                    # the server's own limit is lower than ours: wait for one of the others to end
                    if time.monotonic() > deadline:
                        raise SessionsFull(self.host.name, detail=str(error)) from error
                    token.sleep(0.25)
        except BaseException:
            self._free_slot()
            raise

    def _exec(self, transport: paramiko.Transport, line: str) -> paramiko.Channel:
        channel: paramiko.Channel | None = None
        try:
            channel = transport.open_session(timeout=CHANNEL)
            channel.settimeout(CHANNEL)
            channel.exec_command(line)
            channel.settimeout(None)
            return channel
        except paramiko.ChannelException:
            raise
        except (paramiko.SSHException, OSError, EOFError) as error:
            if channel is None and transport.is_active() and "Unable to open" in str(error):
                raise  # a refusal whose reason another thread has taken
            transport.close()
            raise Cut(self.host.name, detail=str(error)) from error

    def _take_slot(self, token: CancelToken) -> None:
        while not self.slots.acquire(timeout=0.2):
            token.check()
        self.open_sessions += 1

    def _free_slot(self) -> None:
        self.open_sessions -= 1
        self.slots.release()

    def release(self, channel: paramiko.Channel) -> None:
        """Closes a session's channel; the far side then ends what still runs on it."""
        # the link may end in the midst of it: what is asked for has happened then
        with suppress(OSError, EOFError, paramiko.SSHException):
            channel.close()
        self._free_slot()

    def dial(self, token: CancelToken, address: str, port: int, limit: float = CONNECT) -> paramiko.Channel:
        """A TCP connection from that server. Raises ConnectionRefusedError or TimeoutError as a local one would."""
        transport = self.ready(token)
        try:
            return transport.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=limit)
        except paramiko.ChannelException as error:
            if error.code == 1:
                raise ForwardingOff(self.host.name, detail=str(error)) from error
            raise ConnectionRefusedError(f"{address}:{port}: {error.text}") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            if transport.is_active():
                raise TimeoutError(f"{address}:{port} did not answer in {limit:.0f} s") from error
            raise Cut(self.host.name, detail=str(error)) from error

    def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()


def _ask(transport: paramiko.Transport, answered: threading.Event) -> None:
    with suppress(Exception):
        transport.global_request("keepalive@openssh.com", wait=True)  # refused by design: any answer counts
    answered.set()


def show_key(host: Host, token: CancelToken, dial: Dial | None, wanted: tuple[str, ...] = ()) -> HostKey:
    """The key a server shows, before anything of the person's is sent."""
    transport, shown = open_transport(host, token, dial, wanted, only=bool(wanted))
    transport.close()
    return shown
