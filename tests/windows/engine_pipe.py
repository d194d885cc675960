"""An engine at a named pipe that knows its version and no more: in a thread, or as the program `Docker Desktop.exe`."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


def reply(system: str) -> bytes:
    body = json.dumps({"Version": "28.5.1", "ApiVersion": "1.51", "Os": system}).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


def serve(name: str, system: str, ended: threading.Event) -> None:
    """Answers every request, until `ended`; without a system it takes requests and says nothing."""
    if sys.platform != "win32":
        return
    import win32file
    import win32pipe

    pipe: Any = None
    while not ended.is_set():
        pipe = pipe or win32pipe.CreateNamedPipe(
            rf"\\.\pipe\{name}", win32pipe.PIPE_ACCESS_DUPLEX, 0, 255, 65536, 65536, 0, None
        )
        with suppress(win32file.error):
            win32pipe.ConnectNamedPipe(pipe, None)
            while True:
                said = win32file.ReadFile(pipe, 65536)[1]
                if said and system:
                    win32file.WriteFile(pipe, reply(system))
        win32pipe.DisconnectNamedPipe(pipe)
    pipe.Close()


@contextmanager
def engine_at(name: str, system: str = "linux") -> Iterator[None]:
    """An engine at a pipe while the block runs."""
    ended = threading.Event()
    thread = threading.Thread(target=serve, args=(name, system, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        wake(name)
        thread.join(10)
        assert not thread.is_alive()


def wake(name: str) -> None:
    if sys.platform == "win32":
        import win32file

        with suppress(win32file.error):
            win32file.CreateFile(rf"\\.\pipe\{name}", 0x80000000, 0, None, 3, 0, None).Close()
