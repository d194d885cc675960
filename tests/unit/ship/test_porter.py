"""What a porter makes on a server, run here: the real program, on a real socket, in front of a scripted engine."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import socket
import socketserver
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desktop.image import Image, docker_archive
from desktop.ship.blocks import Packer
from desktop.ship.porter import library, program
from desktop.ship.recipe import (
    Program,
    files_of,
    parts_of,
    pieces_of,
    program_start,
    stream,
    to_send,
    with_kept,
)
from tests.old_pythons import old_pythons
from tests.unit.ship.test_layers import image as layered

if sys.platform == "win32":
    pytest.skip("a porter runs on servers, which have unix sockets", allow_module_level=True)


def pythons() -> tuple[str, ...]:
    """This one, and those of older servers."""
    return sys.executable, *old_pythons().values()


class Engine(socketserver.ThreadingUnixStreamServer):
    """Takes archives and keeps them; knows one image."""

    daemon_threads = True

    def __init__(self, path: Path, shown: Image) -> None:
        self.shown, self.loaded, self.refuses = shown, list[bytes](), ""
        super().__init__(str(path), Answers)


class Answers(http.server.BaseHTTPRequestHandler):
    server: Engine

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) < int(self.headers["Content-Length"]):
            return  # a connection that broke off: an engine keeps nothing of it
        self.server.loaded.append(body)
        self._say({"error": self.server.refuses} if self.server.refuses else {"stream": "Loaded image"})

    def do_GET(self) -> None:
        if self.path.startswith("/images/json"):
            self._say([])
            return
        shown = self.server.shown
        layers = [layer.diff_id for layer in shown.layers]
        self._say({"Id": shown.config_digest, "RepoTags": [shown.ref], "RootFS": {"Layers": layers}})

    def _say(self, value: object) -> None:
        text = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@contextmanager
def serving(path: Path, shown: Image) -> Iterator[Engine]:
    with Engine(path, shown) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def made(tmp_path: Path) -> Image:
    return layered(tmp_path / "store", "base", "files", "program")


@pytest.fixture
def engine(tmp_path: Path, made: Image) -> Iterator[Engine]:
    with serving(tmp_path / "sock", made) as server:
        yield server


@pytest.fixture(params=pythons())
def python(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def surroundings(sock: Path) -> dict[str, str]:
    return {"DOCKER_HOST": f"unix://{sock}", "HOME": str(sock.parent), "PATH": os.environ["PATH"]}


def talk(python: str, sock: Path, said: bytes) -> list[dict[str, Any]]:
    """The answers of a porter that hears `said` and then the end of the link."""
    done = subprocess.run(
        (python, "-BESs", "-c", program()),
        input=said,
        capture_output=True,
        check=True,
        env=surroundings(sock),
        timeout=250,
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def ship(
    made: Image,
    folder: Path,
    kept: dict[str, int],
    known: tuple[str, ...] | None = ("zlib",),
    **more: object,
) -> tuple[bytes, int]:
    """A wish with its payload, and how many bytes of the archive are in it. A helper has nothing `known`."""
    parts = with_kept(parts_of(made, None, ()), kept)
    wish = {
        "do": "ship",
        "folder": str(folder),
        "ref": made.ref,
        "size": sum(part.size for part in parts),
        "patches": [],
        "parts": [(part.kind, part.name, part.size) for part in parts],
        "stays": list(files_of(parts)),
        **more,
    }
    if known is None:
        packed = stream(parts, 1, lambda size: None)
    else:
        packed = Packer.of(known, amd64=True).stream(pieces_of(parts), lambda size: None)
    return json.dumps(wish).encode() + b"\n" + b"".join(packed), to_send(parts)


def test_the_archive_is_the_same_whether_its_files_came_or_were_kept(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    folder, whole = tmp_path / "kept", b"".join(docker_archive(made))
    first, much = ship(made, folder, {})
    hello, answer = talk(python, tmp_path / "sock", first)
    assert (hello["socket"], answer["image"]["Id"]) == (str(tmp_path / "sock"), made.config_digest)
    kept = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(kept) == {layer.digest.removeprefix("sha256:") for layer in made.layers}
    second, little = ship(made, folder, kept)
    (folder / "part-1").write_bytes(b"left by a run that was killed")
    assert talk(python, tmp_path / "sock", second)[1]["said"] == "Loaded image"
    assert engine.loaded == [whole, whole]
    assert little < much / 2
    assert {path.name for path in folder.iterdir()} == set(kept)


def test_what_is_not_there_is_told_and_the_next_wish_is_heard(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    missing, _ = ship(
        made, folder, {layer.digest.removeprefix("sha256:"): layer.size for layer in made.layers}
    )
    whole, _ = ship(made, folder, {})
    _, refused, done = talk(python, tmp_path / "sock", missing + whole)
    assert "is not here" in refused["error"]
    assert done["image"]["Id"] == made.config_digest
    assert len(engine.loaded) == 1


def test_a_link_that_ends_in_the_middle_leaves_nothing_to_the_engine(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    said, _ = ship(made, tmp_path / "kept", {})
    assert len(talk(python, tmp_path / "sock", said[:-40])) == 1
    assert engine.loaded == []


def test_a_damaged_stream_is_no_image(python: str, engine: Engine, made: Image, tmp_path: Path) -> None:
    said, _ = ship(made, tmp_path / "kept", {})
    name = made.layers[0].digest.removeprefix("sha256:").encode()
    other = hashlib.sha256(b"another").hexdigest().encode()
    _, refused = talk(python, tmp_path / "sock", said.replace(name, other, 1))
    assert "another hash" in refused["error"]
    assert engine.loaded == []


def test_blocks_come_out_as_they_went_in_however_they_are_packed(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    hello = talk(python, tmp_path / "sock", b"")[0]
    for known in (("zlib",), tuple(hello["packs"])):
        said, _ = ship(made, tmp_path / "kept", {}, known)
        assert talk(python, tmp_path / "sock", said)[1]["image"]["Id"] == made.config_digest
    assert engine.loaded == [b"".join(docker_archive(made))] * 2


def test_a_damaged_block_is_no_image_and_the_next_wish_is_heard(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    known = tuple(talk(python, tmp_path / "sock", b"")[0]["packs"])
    said, _ = ship(made, tmp_path / "kept", {}, known)
    wish, _, blocks = said.partition(b"\n")
    damaged = wish + b"\n" + blocks[:200] + b"damaged" + blocks[207:]
    _, refused, done = talk(python, tmp_path / "sock", damaged + said)
    assert "a block" in refused["error"]
    assert done["image"]["Id"] == made.config_digest
    assert len(engine.loaded) == 1


def test_a_program_that_came_ahead_is_built_upon_and_no_file_before_it_is_wanted(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    folder, first = tmp_path / "kept", made.layers[0]
    name, content = first.digest.removeprefix("sha256:"), first.blob.read_bytes()
    blocks = b"".join(Packer.of(("zlib",), amd64=True).stream((content,), lambda size: None))
    ahead = json.dumps({"do": "stash", "name": name, "size": len(content)}).encode() + b"\n" + blocks
    said, _ = ship(made, folder, {name: len(content)})
    wish, _, packed = said.partition(b"\n")
    staying = json.dumps({**json.loads(wish), "stays": None}).encode() + b"\n" + packed
    other = ahead.replace(name.encode(), b"0" * 64)
    _, wrong, taken, one, two, gone = talk(python, tmp_path / "sock", other + ahead + staying + said + said)
    assert ("another hash" in wrong["error"], taken) == (True, {})
    assert {answer["image"]["Id"] for answer in (one, two)} == {made.config_digest}
    assert "is not here" in gone["error"]
    assert engine.loaded == [b"".join(docker_archive(made))] * 2
    assert name not in {path.name for path in folder.iterdir()}
    assert len(talk(python, tmp_path / "sock", ahead[:-20])) == 1


def test_an_engine_that_refuses_is_quoted(python: str, engine: Engine, made: Image, tmp_path: Path) -> None:
    engine.refuses = "no space left on device"
    said, _ = ship(made, tmp_path / "kept", {})
    _, refused = talk(python, tmp_path / "sock", said)
    assert refused == {"error": "no space left on device", "engine": True}


@contextmanager
def holding(python: str, folder: Path, ticket: str) -> Iterator[None]:
    """A porter that has an app's lock."""
    words = (python, "-BESs", "-c", program())
    wish = {
        "do": "hold",
        "folder": str(folder),
        "beats": 120,
        "ticket": ticket,
        "holder": {"by": "", "what": ""},
    }
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": surroundings(folder.parent / "sock")}
    with subprocess.Popen(words, **pipes) as porter:  # type: ignore[call-overload]
        porter.stdin.write(json.dumps(wish).encode() + b"\n")
        porter.stdin.flush()
        assert b"socket" in porter.stdout.readline()
        assert b"held" in porter.stdout.readline()
        yield


def test_what_was_sent_ahead_is_taken_when_its_lock_is_held_and_only_then(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    folder, sock = tmp_path / "app", tmp_path / "sock"
    folder.mkdir()

    def ahead(ticket: str, seconds: float) -> bytes:
        under = {"folder": str(folder), "ticket": ticket, "seconds": seconds}
        return ship(made, folder / "kept", {}, under=under)[0]

    answers: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: answers.extend(talk(python, sock, ahead("mine", 240))))
    waiting.start()
    with holding(python, folder, "another's"):
        _, refused, heard = talk(python, sock, ahead("mine", 0) + ahead("mine", 0.01))
        assert refused == heard == {"error": "the lock is not held for this"}
        assert (engine.loaded, (folder / "kept").exists()) == ([], False)
    with holding(python, folder, "mine"):
        waiting.join()
    assert answers[1]["image"]["Id"] == made.config_digest
    assert talk(python, sock, ahead("mine", 50))[1] == refused, "who held it has gone"


def test_only_the_image_that_was_meant_is_started(
    python: str, engine: Engine, made: Image, tmp_path: Path
) -> None:
    meant = {"ref": made.ref, "ids": ["sha256:another"], "layers": []}
    wish = {"do": "swap", "folder": str(tmp_path), "new": "shop-2", "create": {"meant": meant, "tag": []}}
    _, refused = talk(python, tmp_path / "sock", json.dumps(wish).encode() + b"\n")
    assert "not the image that was meant" in refused["error"]
    assert engine.loaded == []


def test_an_app_folder_is_looked_at_as_the_shell_script_does(
    python: str, engine: Engine, tmp_path: Path
) -> None:
    from desktop.release import scripts

    folder = tmp_path / "app"
    (folder / "releases").mkdir(parents=True)
    (folder / "current").write_text("7-1f3a", encoding="utf-8")
    by_shell = subprocess.run(
        ("sh", "-c", scripts.LOOK, "sh", str(folder)), capture_output=True, check=True
    ).stdout
    text = f"{library()}\nprint(state({str(folder)!r}))\n"
    done = subprocess.run((python, "-"), input=text.encode(), capture_output=True, check=True)
    for one in (by_shell, done.stdout):
        found = scripts.parse_look(one.decode())
        assert (found.current, found.absent, found.writable, found.holder) == ("7-1f3a", False, True, None)
        assert found.arch == scripts.GO_ARCH.get(os.uname().machine, os.uname().machine)


def test_who_listens_is_found_beside_who_speaks(python: str) -> None:
    text = f"{library()}\nprint(json.dumps(listening()))\n"
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), door.accept()[0]:
            done = subprocess.run((python, "-"), input=text.encode(), capture_output=True, check=True)
            assert port in json.loads(done.stdout)


def test_a_front_is_left_alone_by_whoever_has_not_the_lock(
    python: str, engine: Engine, tmp_path: Path
) -> None:
    wish = {"do": "alone", "app": "shop", "folder": str(tmp_path), "names": ["front"], "network": "shop"}
    _, refused = talk(python, tmp_path / "sock", json.dumps(wish).encode() + b"\n")
    assert refused == {"error": "the lock is not held here"}


def test_the_program_is_found_in_its_layer(tmp_path: Path) -> None:
    content, blob = os.urandom(70_000), tmp_path / "layer"
    with tarfile.open(blob, "w") as tar:
        entry = tarfile.TarInfo("app/shop")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    binary = Program(tmp_path / "shop", hashlib.sha256(content).hexdigest(), len(content))
    start = program_start(blob, binary)
    assert start is not None
    assert blob.read_bytes()[start : start + len(content)] == content
    assert program_start(blob, Program(binary.path, binary.sha256, 69_999)) is None
