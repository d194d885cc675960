"""A server that hands on what it was sent once: the real program, its door on an address of this computer."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.ship.porter import library, program
from desktop.ship.relay import make_identity
from tests.unit.ship.test_porter import pythons

if sys.platform == "win32":
    pytest.skip("a porter runs on servers, which have unix sockets", allow_module_level=True)

STOCK = b"what all of them need" * 40_000


def own_address() -> str:
    """An address of this computer that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this computer has no network")
        return str(probe.getsockname()[0])


class Porter:
    """A porter that believes that it was reached by SSH."""

    def __init__(self, python: str, folder: Path, reached_at: str) -> None:
        environment = {
            "DOCKER_HOST": f"unix://{folder}/none",
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "SSH_CONNECTION": f"192.0.2.7 50000 {reached_at} 22",
        }
        pipe = subprocess.PIPE
        command = (python, "-BESs", "-c", program())
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment)
        self.answer()

    def ask(self, wish: dict[str, Any], payload: bytes = b"") -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wish).encode() + b"\n" + payload)
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> None:
        self.process.communicate()


@pytest.fixture(params=pythons())
def relay(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Porter]:
    made = Porter(str(request.param), tmp_path, own_address())
    yield made
    made.end()


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def opened(relay: Porter) -> dict[str, Any]:
    """A relay with something to hand on: how it is fetched, by a token of two."""
    identity, certificate = make_identity()
    tokens = [hashed("first"), hashed("second")]
    door = relay.ask({"do": "relay", "port": 0, "identity": identity, "tokens": tokens})
    known = hashlib.sha256(STOCK).hexdigest()
    assert relay.ask({"do": "stock", "name": "it", "size": len(STOCK), "sha256": known}, STOCK) == {}
    return {**door, "certificate": certificate, "name": "it", "size": len(STOCK), "sha256": known}


def fetched(python: str, fetch: dict[str, Any]) -> str:
    """What a neighbour's own code has of it: the hash of the content, or why not."""
    script = library() + textwrap.dedent("""
        wish = json.loads(sys.argv[1])
        try:
            source, known = Fetched(wish), hashlib.sha256()
            while source.left:
                known.update(source.read(PIECE))
            print(known.hexdigest())
        except Refused as error:
            print("refused: %s" % error)
    """)
    command = (python, "-BESs", "-c", script, json.dumps(fetch))
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8", timeout=250)
    return done.stdout.strip()


def test_a_neighbour_fetches_with_a_token_that_opens_once(relay: Porter) -> None:
    fetch = opened(relay)
    python = str(relay.process.args[0])  # type: ignore[index]
    assert fetched(python, {**fetch, "token": "first"}) == fetch["sha256"]
    for refused in (
        {"token": "first"},  # it has opened
        {"token": "guessed"},
        {"token": "second", "certificate": hashed("another server")},
        {"token": "second", "port": 1},
    ):
        assert fetched(python, {**fetch, **refused}).startswith("refused: the relay"), refused
    # the wrong certificate was noticed before the token was shown
    assert fetched(python, {**fetch, "token": "second"}) == fetch["sha256"]


def test_who_speaks_no_tls_or_nonsense_gets_nothing_and_the_next_is_served(relay: Porter) -> None:
    fetch = opened(relay)
    with socket.create_connection((fetch["address"], fetch["port"]), 10) as plain:
        plain.sendall(json.dumps({"token": "first", "name": "it"}).encode() + b"\n")
        assert STOCK[:16] not in received(plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for words in (b"[1]\n", b"\xff" * 2000, b'{"token": 3, "name": "it"}\n', b'{"token": "second"}\n'):
        with (
            socket.create_connection((fetch["address"], fetch["port"]), 10) as raw,
            context.wrap_socket(raw) as door,
        ):
            door.sendall(words)
            assert not received(door)
    python = str(relay.process.args[0])  # type: ignore[index]
    assert fetched(python, {**fetch, "token": "first"}) == fetch["sha256"]


def received(door: socket.socket) -> bytes:
    door.settimeout(30)
    try:
        return door.recv(65536)
    except OSError:
        return b""


def test_content_with_another_hash_is_kept_on_neither_side(relay: Porter) -> None:
    fetch = opened(relay)
    wrong = {"do": "stock", "name": "other", "size": 4, "sha256": hashed("that")}
    assert relay.ask(wrong, b"this")["error"] == "what arrived has another hash"
    python = str(relay.process.args[0])  # type: ignore[index]
    changed = {**fetch, "token": "first", "sha256": hashed("something else")}
    assert fetched(python, changed) == "refused: the relay hands on something else"


def test_a_server_that_was_reached_on_loopback_is_no_relay(tmp_path: Path) -> None:
    here = Porter(sys.executable, tmp_path, "127.0.0.1")
    answer = here.ask({"do": "relay", "port": 0, "identity": "", "tokens": []})
    here.end()
    assert answer == {"error": "its address is not known"}
