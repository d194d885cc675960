"""Where this computer's key agents listen, and how to speak with one. Blocking; nothing here knows what a key is.

On Windows there may be several at a time: OpenSSH's service on its pipe, PuTTY's Pageant on a pipe of its own (since
0.77) or, older, behind a window. paramiko asks only the first that it finds, and opens pipes without a time limit.
"""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

OPENSSH_PIPE = r"\\.\pipe\openssh-ssh-agent"
PATIENCE = 3.0
"""Seconds that an agent has to take a connection."""
_KNOWN_BUT_POWERLESS = 0x00110000
"""SECURITY_SQOS_PRESENT and SECURITY_IDENTIFICATION: the agent may know who asks, but not act in our name."""
ANSWER = 120.0
"""Seconds for an answer: some agents ask the person first, or wait for the touch of a security key."""


class Connection(Protocol):
    """What paramiko takes for a connection to an agent."""

    def send(self, data: bytes) -> int: ...
    def recv(self, size: int) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent that seems to be there. `open` raises OSError (a TimeoutError when it does not answer)."""

    name: str
    open: Callable[[], Connection]


def agents(pageant_window: Callable[[], Connection | None] = lambda: None) -> tuple[Agent, ...]:
    """All that listen, in the order in which they are asked. `pageant_window` opens the older way to Pageant."""
    address = os.environ.get("SSH_AUTH_SOCK", "")
    if sys.platform != "win32":
        return (Agent("ssh-agent", lambda: _unix(address)),) if address else ()
    pipes = {OPENSSH_PIPE: "OpenSSH"}
    if address.startswith("\\\\.\\pipe\\"):
        pipes = {address: "SSH_AUTH_SOCK", **pipes}
    found = [Agent(name, partial(open_pipe, path)) for path, name in pipes.items() if _is_there(path)]
    pageants = [path for path in pageant_pipes() if _is_there(path)]
    if pageants:
        found.append(Agent("Pageant", partial(open_pipe, pageants[0], of_this_user=True)))
    elif (window := pageant_window()) is not None:
        found.append(Agent("Pageant", lambda: window))
    return tuple(found)


def _unix(address: str) -> Connection:
    if sys.platform == "win32":
        raise OSError("Python for Windows knows no such sockets")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(PATIENCE)
        sock.connect(address)
        sock.settimeout(ANSWER)
    except OSError:
        sock.close()
        raise
    return sock


def pageant_suffix(protected: bytes) -> str:
    """The end of Pageant's pipe name, from its window's name as CryptProtectMemory gives it back."""
    return hashlib.sha256(struct.pack(">I", len(protected)) + protected).hexdigest()


def pageant_pipes() -> list[str]:
    """The names that Pageant's pipe can have. They differ with each start of Windows and with each user."""
    if sys.platform != "win32":
        return []
    import ctypes

    import win32api

    name = ctypes.create_string_buffer(b"Pageant", 16)  # a block of CryptProtectMemory
    if not ctypes.windll.crypt32.CryptProtectMemory(name, 16, 1):
        return []
    users = []
    with suppress(Exception):  # pywintypes.error is no OSError; only members of a domain have such a name
        users.append(str(win32api.GetUserNameEx(win32api.NameUserPrincipal)).partition("@")[0])
    users.append(win32api.GetUserName())
    return [f"\\\\.\\pipe\\pageant.{user}.{pageant_suffix(name.raw)}" for user in dict.fromkeys(users)]


def _is_there(path: str) -> bool:
    """Asked without opening it: each opening would take the one connection that some agents keep ready."""
    if sys.platform != "win32":
        return False
    import pywintypes
    import win32pipe
    import winerror

    try:
        win32pipe.WaitNamedPipe(path, 1)
    except pywintypes.error as error:
        return bool(error.winerror == winerror.ERROR_SEM_TIMEOUT)  # all its ends are in use
    return True


class PipeConnection:
    """A named pipe of Windows whose every wait has a limit: a hung agent would hold a plain read for ever."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def send(self, data: bytes) -> int:
        return len(self._within(data))

    def recv(self, size: int) -> bytes:
        return self._within(size)

    def close(self) -> None:
        self._handle.Close()

    def _within(self, what: bytes | int) -> bytes:
        """Writes bytes, or reads so many at most."""
        if sys.platform != "win32":
            raise OSError("no named pipes here")
        import pywintypes
        import win32event
        import win32file

        overlapped = pywintypes.OVERLAPPED()
        overlapped.hEvent = win32event.CreateEvent(None, True, False, None)
        try:
            if isinstance(what, bytes):
                win32file.WriteFile(self._handle, what, overlapped)
                got: Any = what
            else:
                _, got = win32file.ReadFile(self._handle, win32file.AllocateReadBuffer(what), overlapped)
            if win32event.WaitForSingleObject(overlapped.hEvent, int(ANSWER * 1000)) != 0:
                win32file.CancelIo(self._handle)
                raise TimeoutError("the agent does not answer")
            done = win32file.GetOverlappedResult(self._handle, overlapped, True)
            return bytes(got[:done])
        except pywintypes.error as error:
            raise ConnectionError(error.winerror, error.strerror) from error


def open_pipe(path: str, *, of_this_user: bool = False, limit: float = PATIENCE) -> Connection:
    """Connects to a named pipe; one that is busy is waited for. `of_this_user`: only if it is this person's own: anyone
    can make a pipe of that name before Pageant does. Raises OSError."""
    if sys.platform != "win32":
        raise OSError("no named pipes here")
    import pywintypes
    import win32con
    import win32file
    import winerror

    deadline = time.monotonic() + limit
    flags = win32con.FILE_FLAG_OVERLAPPED | _KNOWN_BUT_POWERLESS
    access = win32con.GENERIC_READ | win32con.GENERIC_WRITE
    handle: Any = None
    while handle is None:
        try:
            handle = win32file.CreateFile(path, access, 0, None, win32con.OPEN_EXISTING, flags, None)
        except pywintypes.error as error:
            if error.winerror != winerror.ERROR_PIPE_BUSY:
                raise OSError(0, error.strerror, path, error.winerror) from error
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is busy") from error
            time.sleep(0.05)  # each of its few places is taken: another is free when somebody has been served
    if of_this_user and not _is_ours(handle):
        handle.Close()
        raise PermissionError(f"{path} belongs to another user")
    return PipeConnection(handle)


def _is_ours(handle: Any) -> bool:
    if sys.platform != "win32":
        return False
    import win32api
    import win32con
    import win32security

    kind, wanted = win32security.SE_KERNEL_OBJECT, win32security.OWNER_SECURITY_INFORMATION
    owner = win32security.GetSecurityInfo(handle, kind, wanted).GetSecurityDescriptorOwner()
    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    user, _ = win32security.GetTokenInformation(token, win32security.TokenUser)
    return bool(owner == user)
