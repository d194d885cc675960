"""Key agents as they run on Windows: behind a named pipe, as OpenSSH and today's Pageant, or behind Pageant's window."""

from __future__ import annotations

import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FAILURE, IDENTITIES, IDENTITIES_ANSWER, SIGN, SIGNATURE = 5, 11, 12, 13, 14


def packed(*words: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(word)) + word for word in words)


class Keys:
    """What an agent holds, and how it answers: the agent protocol with real Ed25519 keys."""

    def __init__(self, *comments: str) -> None:
        self._keys = {comment: Ed25519PrivateKey.generate() for comment in comments}
        self.signed: list[str] = []

    def blob(self, comment: str) -> bytes:
        raw = self._keys[comment].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return packed(b"ssh-ed25519", raw)

    def answer(self, message: bytes) -> bytes:
        """To a message without its length."""
        if message[0] == IDENTITIES:
            held = b"".join(packed(self.blob(comment), comment.encode()) for comment in self._keys)
            return packed(bytes([IDENTITIES_ANSWER]) + struct.pack(">I", len(self._keys)) + held)
        if message[0] == SIGN:
            size = struct.unpack_from(">I", message, 1)[0]
            blob = message[5 : 5 + size]
            length = struct.unpack_from(">I", message, 5 + size)[0]
            data = message[9 + size : 9 + size + length]
            for comment, key in self._keys.items():
                if self.blob(comment) == blob:
                    self.signed.append(comment)
                    return packed(bytes([SIGNATURE]) + packed(packed(b"ssh-ed25519", key.sign(data))))
        return packed(bytes([FAILURE]))


@contextmanager
def at_pipe(path: str, keys: Keys | None) -> Iterator[None]:
    """An agent at a named pipe that belongs to this user; without keys it takes a connection and says nothing."""
    if sys.platform != "win32":
        raise OSError("no named pipes here")
    import win32file
    import win32pipe

    ended = threading.Event()

    def serve(pipe: Any) -> None:
        while not ended.is_set():
            try:
                win32pipe.ConnectNamedPipe(pipe, None)
                while keys is not None:
                    size = struct.unpack(">I", win32file.ReadFile(pipe, 4)[1])[0]
                    win32file.WriteFile(pipe, keys.answer(bytes(win32file.ReadFile(pipe, size)[1])))
                win32file.ReadFile(pipe, 4)
                ended.wait(60)
            except win32file.error:  # they have hung up
                win32pipe.DisconnectNamedPipe(pipe)
        pipe.Close()

    made = win32pipe.CreateNamedPipe(path, win32pipe.PIPE_ACCESS_DUPLEX, 0, 4, 8192, 8192, 0, _of_this_user())
    thread = threading.Thread(target=serve, args=(made,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        with open_quietly(path):
            pass
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def open_quietly(path: str) -> Iterator[None]:
    """Wakes a server that waits for somebody."""
    if sys.platform == "win32":
        import win32file

        try:
            win32file.CreateFile(path, 0x80000000, 0, None, 3, 0, None).Close()
        except win32file.error:
            pass
    yield


def _of_this_user() -> Any:
    """Pageant makes its pipe so that it belongs to the person, not to the administrators."""
    if sys.platform != "win32":
        raise OSError
    import win32api
    import win32con
    import win32security

    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    user, _ = win32security.GetTokenInformation(token, win32security.TokenUser)
    access = win32security.ACL()
    access.AddAccessAllowedAce(win32security.ACL_REVISION, win32con.GENERIC_ALL, user)
    made = win32security.SECURITY_ATTRIBUTES()
    made.SECURITY_DESCRIPTOR.SetSecurityDescriptorOwner(user, False)
    made.SECURITY_DESCRIPTOR.SetSecurityDescriptorDacl(True, access, False)
    return made


@contextmanager
def behind_window(keys: Keys) -> Iterator[None]:
    """Pageant before 0.77: a hidden window that is sent the name of a piece of shared memory."""
    if sys.platform != "win32":
        raise OSError("no windows here")
    import win32con
    import win32gui

    ready, windows = threading.Event(), []

    def run() -> None:
        kind, instance = _window_class(keys)
        windows.append(win32gui.CreateWindow(kind, "Pageant", 0, 0, 0, 0, 0, 0, 0, instance, None))
        ready.set()
        win32gui.PumpMessages()
        win32gui.UnregisterClass(kind, instance)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(120)
    try:
        yield
    finally:
        win32gui.PostMessage(windows[0], win32con.WM_CLOSE, 0, 0)
        thread.join(10)
        assert not thread.is_alive()


def _window_class(keys: Keys) -> tuple[Any, Any]:
    if sys.platform != "win32":
        raise OSError("no windows here")
    import win32api
    import win32con
    import win32gui

    made = win32gui.WNDCLASS()
    made.lpszClassName = "Pageant"
    made.lpfnWndProc = {
        win32con.WM_COPYDATA: lambda window, message, who, where: _on_copy(keys, where),
        win32con.WM_DESTROY: lambda *words: win32gui.PostQuitMessage(0) or 0,
    }
    made.hInstance = win32api.GetModuleHandle(None)
    return win32gui.RegisterClass(made), made.hInstance


def _on_copy(keys: Keys, where: int) -> int:
    """Answers in the shared memory that a COPYDATASTRUCT names: a number, a size (padded), an address."""
    if sys.platform != "win32":
        return 0
    import ctypes
    import mmap

    number, size, address = struct.unpack("<QI4xQ", ctypes.string_at(where, 24))
    if number != 0x804E50BA:
        return 0
    name = ctypes.string_at(address, size).rstrip(b"\0").decode()
    with mmap.mmap(-1, 8192, tagname=name) as shared:
        length = struct.unpack(">I", shared[:4])[0]
        said = keys.answer(shared[4 : 4 + length])
        shared[: len(said)] = said
    return 1
