"""The helper makes on a server without Python what a porter makes, on both kinds of processor."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.image import Image, docker_archive
from desktop.ship.recipe import Part, stream

if sys.platform != "linux":
    pytest.skip("a helper runs on servers", allow_module_level=True)

from tests.unit.ship.test_layers import image as layered
from tests.unit.ship.test_porter import Engine, serving, ship

from .conftest import Built, build_of, rebuilt

pytestmark = pytest.mark.timeout(900)  # a Go that has never built anything compiles its library first


@pytest.fixture
def made(tmp_path: Path) -> Image:
    return layered(tmp_path / "store", "base", "files", "program")


@pytest.fixture
def engine(tmp_path: Path, made: Image) -> Iterator[Engine]:
    with serving(tmp_path / "sock", made) as server:
        yield server


@pytest.fixture(params=["amd64", "arm64"])
def helper(request: pytest.FixtureRequest, built: Built) -> tuple[str, ...]:
    if request.param == "arm64":
        if (words := built.on_arm64()) is None:
            pytest.skip("no qemu-aarch64 here (Debian: qemu-user-static)")
        return words
    if platform.machine() != "x86_64":
        pytest.skip("no amd64 here")
    return (str(built.helper.path),)


def talk(helper: tuple[str, ...], sock: Path, said: bytes) -> list[dict[str, Any]]:
    """The answers of a helper that hears `said` and then the end of the link."""
    environment = {"DOCKER_HOST": f"unix://{sock}", "HOME": str(sock.parent), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        (*helper, "serve"), input=said, capture_output=True, check=True, env=environment, timeout=250
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_archive_is_the_same_whether_its_files_came_or_were_kept(
    helper: tuple[str, ...], engine: Engine, made: Image, tmp_path: Path
) -> None:
    sock, folder, whole = tmp_path / "sock", tmp_path / "kept", b"".join(docker_archive(made))
    first, much = ship(made, folder, {}, None)
    hello, answer = talk(helper, sock, first)
    assert (hello["socket"], answer["image"]["Id"]) == (str(sock), made.config_digest)
    kept = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(kept) == {layer.digest.removeprefix("sha256:") for layer in made.layers}
    second, little = ship(made, folder, kept, None)
    (folder / "part-1").write_bytes(b"left by a run that was killed")
    assert talk(helper, sock, second)[1]["said"] == "Loaded image"
    assert engine.loaded == [whole, whole]
    assert little < much / 2
    assert {path.name for path in folder.iterdir()} == set(kept)
    have = {"do": "have", "folder": str(folder), "repositories": ["shop"]}
    found = talk(helper, sock, json.dumps(have).encode() + b"\n")[1]
    assert found["kept"] == kept
    assert found["images"] == []  # this engine lists none


def test_a_patch_makes_the_new_file_and_what_cannot_be_is_told(
    helper: tuple[str, ...], engine: Engine, built: Built, made: Image, tmp_path: Path
) -> None:
    folder, old = tmp_path / "kept", build_of(1, 300_000)
    new = rebuilt(old, 2)
    patch = built.encoded(tmp_path, old, new)
    names = [hashlib.sha256(content).hexdigest() for content in (old, new)]
    folder.mkdir()
    (folder / names[0]).write_bytes(old)

    def wish(content: bytes) -> bytes:
        parts = (Part("kept", names[1], len(new)), Part("raw", "", 4, b"last"))
        value = {
            "do": "ship",
            "folder": str(folder),
            "ref": made.ref,
            "size": len(new) + 4,
            "patches": [{"old": names[0], "new": names[1], "size": len(content)}],
            "parts": [(part.kind, part.name, part.size) for part in parts],
            "stays": names[1:],
        }
        return json.dumps(value).encode() + b"\n" + content + b"".join(stream(parts, 1, lambda size: None))

    bad = bytearray(patch)
    bad[200] ^= 255
    _, refused, done, gone = talk(helper, tmp_path / "sock", wish(bytes(bad)) + wish(patch) + wish(patch))
    assert "the patch" in refused["error"]
    assert done["image"]["Id"] == made.config_digest
    assert "another one" in gone["error"]  # the old file has made room
    assert engine.loaded == [new + b"last"]
    assert [path.name for path in folder.iterdir()] == names[1:]


def test_what_is_not_there_is_told_and_the_next_wish_is_heard(
    helper: tuple[str, ...], engine: Engine, made: Image, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    everything = {layer.digest.removeprefix("sha256:"): layer.size for layer in made.layers}
    missing, _ = ship(made, folder, everything, None)
    whole, _ = ship(made, folder, {}, None)
    other = b'{"do": "swap"}\n'
    _, refused, unknown, done = talk(helper, tmp_path / "sock", missing + other + whole)
    assert "is not here" in refused["error"]
    assert "only Python does this" in unknown["error"]
    assert done["image"]["Id"] == made.config_digest
    assert len(engine.loaded) == 1


def test_a_bad_stream_a_cut_link_and_an_engine_that_refuses_are_no_image(
    helper: tuple[str, ...], engine: Engine, made: Image, tmp_path: Path
) -> None:
    folder, sock = tmp_path / "kept", tmp_path / "sock"
    said, _ = ship(made, folder, {}, None)
    assert len(talk(helper, sock, said[:-40])) == 1
    name = made.layers[0].digest.removeprefix("sha256:").encode()
    other = hashlib.sha256(b"another").hexdigest().encode()
    assert "another hash" in talk(helper, sock, said.replace(name, other, 1))[1]["error"]
    head = said.index(b"\n") + 1
    noise = said[: head + 4] + bytes(byte ^ 90 for byte in said[head + 4 : -4]) + said[-4:]
    assert "the stream" in talk(helper, sock, noise)[1]["error"]
    assert engine.loaded == []
    engine.refuses = "no space left on device"
    assert talk(helper, sock, said)[1] == {"error": "no space left on device", "engine": True}
    assert not [path for path in folder.iterdir() if path.name.startswith("part")]


def test_only_the_engine_that_docker_would_use_is_spoken_to(helper: tuple[str, ...], tmp_path: Path) -> None:
    def hello(**environment: str) -> dict[str, Any]:
        done = subprocess.run(
            (*helper, "serve"), stdin=subprocess.DEVNULL, capture_output=True, check=True,
            env={"HOME": str(tmp_path), **environment},
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    assert hello()["socket"] == "/var/run/docker.sock"
    assert "DOCKER_HOST" in hello(DOCKER_HOST="tcp://10.0.0.1:2375")["error"]
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "far"}', encoding="utf-8")
    assert hello()["error"] == "the docker context is far"
    assert hello(DOCKER_CONTEXT="default")["socket"] == "/var/run/docker.sock"
