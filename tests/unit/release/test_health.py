"""Health probes over real sockets, and what they say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from desktop.release.health import ended_because, http_probe, tcp_probe
from desktop.release.place import Probe


def answered(act: Callable[[socket.socket], object] | None, ask: Callable[[socket.socket], Probe]) -> Probe:
    """What a probe says of a server that does `act` with the first connection, or nothing until the probe has ended."""
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):  # who asked may have gone
                act(connection) if act is not None else asked.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        found = ask(socket.create_connection(server.getsockname(), 60))
        asked.set()
        thread.join()
        return found


def reply(text: bytes) -> Callable[[socket.socket], object]:
    def act(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(text)

    return act


@pytest.mark.parametrize(
    ("text", "ok", "said"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nok", True, "200 OK"),
        (b"HTTP/1.0 302 Found\r\n\r\n", True, "302 Found"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", False, "404 Not Found"),
        (b"HTTP/1.1 503 \xe4\xb8\xad\r\n\r\n", False, "503"),
        (b"SSH-2.0-OpenSSH\r\n", False, "no HTTP answer"),
        (b"", False, "no HTTP answer"),
        (b"\0" * 100_000, False, "no HTTP answer"),
    ],
)
def test_an_http_answer_is_judged_by_its_status(text: bytes, ok: bool, said: str) -> None:
    found = answered(reply(text), lambda connection: http_probe(connection, "/health", 60.0))
    assert found.ok is ok
    assert said in str(found.said)


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    found = answered(None, lambda connection: http_probe(connection, "/", 0.2))
    assert not found.ok
    assert "0.2" in str(found.said)


def test_a_proxy_that_hangs_up_at_once_is_no_open_port() -> None:
    assert not answered(lambda connection: None, lambda connection: tcp_probe(connection, 80, 0.0)).ok


def test_a_program_that_waits_for_words_is_an_open_port() -> None:
    assert answered(None, lambda connection: tcp_probe(connection, 80, 0.0)).ok


@pytest.mark.parametrize(
    ("code", "log", "why"),
    [
        (1, "exec /app/x: exec format error", "another processor"),
        (127, "Fatal glibc error: CPU does not support x86-64-v2", "newer processor"),
        (1, "runtime/cgo: pthread_create failed: Operation not permitted", "20.10.10"),
        (2, "goroutine 1\npanic: no database", "panicked"),
        (137, "", "memory"),
        (3, "bye", "3"),
        (None, "", "?"),
    ],
)
def test_the_reason_of_an_end_is_found_in_its_last_lines(code: int | None, log: str, why: str) -> None:
    assert why in str(ended_because(code, log))
