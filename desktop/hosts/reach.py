"""Reaching a server: its name, TCP, and the first byte of its greeting. Everything here blocks: for worker threads."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from desktop.base.blocking import CancelToken
from desktop.base.words import msg

from .errors import NoSshAnswer, SshDropped, Unreachable
from .model import Host

CONNECT, GREETING = 10.0, 15.0
"""Seconds that each stage may take, where nobody is in a hurry."""


@dataclass(slots=True)
class Patience:
    """How long a server may keep us waiting: for each stage, or with `within` for all of them together."""

    within: float | None = None
    _since: float = field(default_factory=time.monotonic)

    def left(self, usual: float) -> float:
        """Seconds for the stage that begins now."""
        if self.within is None:
            return usual
        return min(usual, max(0.2, self._since + self.within - time.monotonic()))

    def seconds(self, usual: float) -> int:
        """As it is told."""
        return round(self.within if self.within is not None else usual)


def tcp(host: Host, token: CancelToken, patience: Patience) -> socket.socket:
    """All addresses of the name, in turn; closing on cancel at once."""
    where = f"{host.address}:{host.port}"
    try:
        places = resolved(host.address, host.port, token, patience.left(CONNECT))
    except TimeoutError as error:
        why = msg("The name server did not answer in {seconds} s.", seconds=patience.seconds(CONNECT))
        raise Unreachable(host.name, where, why, detail=str(error)) from error
    except OSError as error:
        why = msg("The name {address} is not known to the name server.", address=host.address)
        raise Unreachable(host.name, where, why, detail=str(error)) from error
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, place in places:
        token.check()
        sock = socket.socket(family, kind, protocol)
        try:
            _connect_within(sock, place, token, patience.left(CONNECT))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if (lowat := getattr(socket, "TCP_NOTSENT_LOWAT", None)) is not None:
                # what is asked for during an upload waits behind this much of it, not behind megabytes
                sock.setsockopt(socket.IPPROTO_TCP, lowat, UNSENT)
            return sock
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise unreachable(host, failure, patience.seconds(CONNECT)) from failure


def resolved(address: str, port: int, token: CancelToken, limit: float) -> list[Any]:
    """The addresses of a name. The system's own search cannot be ended, so it has a thread that nobody waits for."""
    with suppress(OSError, UnicodeError):
        return socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    found: list[Any] = []
    failure: list[OSError] = []
    over = threading.Event()

    def search() -> None:
        try:
            found.extend(socket.getaddrinfo(address, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failure.append(error)
        except UnicodeError as error:  # no name at all, for the system's encoder
            failure.append(OSError(str(error)))
        finally:
            over.set()

    threading.Thread(target=search, name="resolve", daemon=True).start()
    deadline = time.monotonic() + limit
    while not over.wait(0.1):
        token.check()
        if time.monotonic() > deadline:
            raise TimeoutError("the name server is silent")
    if failure:
        raise failure[0]
    return found


def _connect_within(sock: socket.socket, place: Any, token: CancelToken, limit: float) -> None:
    """connect() that a cancel ends within a fifth of a second: closing a socket under it would not wake it."""
    sock.setblocking(False)
    begun = sock.connect_ex(place)
    if begun not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0)):
        raise OSError(begun, os.strerror(begun))
    deadline = time.monotonic() + limit
    while not _ready(sock, token, write=True):
        if time.monotonic() > deadline:
            raise TimeoutError("timed out")
    if failed := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise (
            ConnectionRefusedError(failed, os.strerror(failed))
            if failed in _REFUSED
            else OSError(failed, os.strerror(failed))
        )


UNSENT = 128 << 10
_REFUSED = (errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED))


def _ready(sock: socket.socket, token: CancelToken, *, write: bool = False) -> bool:
    """Whether the socket can be written to (or read from) within a fifth of a second."""
    token.check()
    # Windows tells a refused connection in the third list
    found = select.select([] if write else [sock], [sock] if write else [], [sock], 0.2)
    return any(found)


def await_greeting(sock: socket.socket, host: Host, token: CancelToken, limit: float) -> None:
    """Tells silence from hanging up, which paramiko reports alike. Takes nothing off the socket."""
    deadline = time.monotonic() + limit
    while not _ready(sock, token):
        if time.monotonic() > deadline:
            raise NoSshAnswer(host.name, f"{host.address}:{host.port}")
    sock.settimeout(GREETING)
    try:
        first = sock.recv(1, socket.MSG_PEEK)
    except OSError as error:
        raise SshDropped(host.name, detail=str(error)) from error
    if not first:
        raise SshDropped(host.name)


def unreachable(host: Host, error: OSError, seconds: int = round(CONNECT)) -> Unreachable:
    """Why a TCP connection failed, in words."""
    where = f"{host.address}:{host.port}"
    if isinstance(error, TimeoutError):
        why = msg("{address} did not answer in {seconds} s.", address=where, seconds=seconds)
    elif isinstance(error, ConnectionRefusedError):
        why = msg("Nothing listens at {address}.", address=where)
    elif "route" in str(error).lower() or "unreachable" in str(error).lower():
        why = msg(
            "There is no way to {address}: it is off, on another network, or a firewall rejects it.",
            address=where,
        )
    else:
        why = msg("The connection to {address} failed.", address=where)
    return Unreachable(host.name, where, why, detail=str(error))
