"""A patch in stretches: the first is made on the server while the rest is on its way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.ship.blocks import Packer
from desktop.ship.delta import Patch, encode_stretches
from desktop.ship.delta.stretches import HEAD, loosened
from tests.unit.ship.test_layers import image as layered

from .conftest import Built, build_of, decoders, rebuilt

pytestmark = pytest.mark.timeout(900)  # a Go that has never built anything compiles its library first

OLD = build_of(3, 60_000)
NEW = rebuilt(OLD, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old").write_bytes(OLD)
    (tmp_path / "new").write_bytes(NEW)
    (tmp_path / "made").mkdir()
    return tmp_path


def made(built: Built, pool: Pool, folder: Path, limit: int = 1 << 30) -> Patch | None:
    work = encode_stretches(pool, built.tools, folder / "old", folder / "new", folder / "made", limit=limit)
    return asyncio.run(work)


def test_a_patch_that_is_not_packed_is_as_good_to_every_decoder(built: Built, folder: Path) -> None:
    packed = built.encoded(folder / "made", OLD, NEW)
    loose = loosened(packed)
    assert len(loose) > len(packed)
    for decoder in decoders(built):
        target = folder / "there"
        target.unlink(missing_ok=True)
        assert decoder.run(folder / "old", loose, target).returncode == 0, decoder.name
        assert target.read_bytes() == NEW, decoder.name


def test_what_does_not_pay_is_not_made_and_nothing_is_left_of_it(
    built: Built, pool: Pool, folder: Path
) -> None:
    assert made(built, pool, folder, limit=4 * HEAD) is None
    assert list((folder / "made").iterdir()) == []
    (folder / "new").write_bytes(b"")
    assert made(built, pool, folder) is None
    assert list((folder / "made").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a porter runs on servers, which have unix sockets")
def test_a_server_makes_the_program_of_its_stretches_and_of_no_damaged_one(
    built: Built, pool: Pool, folder: Path
) -> None:
    from tests.unit.ship.test_porter import pythons, serving, talk

    patch = made(built, pool, folder)
    assert patch is not None
    assert (patch.stretches, patch.new) == (4, hashlib.sha256(NEW).hexdigest())
    assert list((folder / "made").iterdir()) == [patch.path]
    content, old = patch.path.read_bytes(), hashlib.sha256(OLD).hexdigest()
    damaged = bytearray(content)
    damaged[-40] ^= 1
    kept = folder / "kept"
    kept.mkdir()
    (kept / old).write_bytes(OLD)
    image = layered(folder / "store", "base")

    def wish(patch_bytes: bytes, name: str, meant: str = patch.new) -> bytes:
        patches = [{"old": old, "new": meant, "size": len(content), "count": 4, "packed": True}]
        said = {
            "do": "ship", "folder": str(kept), "ref": image.ref, "size": len(NEW), "patches": patches,
            "parts": [("kept", meant, len(NEW))], "stays": [old, patch.new],
        }  # fmt: skip
        packer = Packer.of((name,), amd64=True)
        blocks = [b"".join(packer.stream((part,), lambda size: None)) for part in (patch_bytes, b"")]
        return json.dumps(said).encode() + b"\n" + b"".join(blocks)

    with serving(folder / "sock", image) as engine:
        for python in pythons():
            said = wish(bytes(damaged), "zlib") + wish(content[:-1], "zlib") + wish(content, "zlib", "0" * 64)
            _, broken, short, other, good = talk(python, folder / "sock", said + wish(content, "zlib"))
            assert all("error" in answer for answer in (broken, short, other)), python
            assert "error" not in good, (python, good)
            assert engine.loaded == [NEW], python
            assert (kept / patch.new).read_bytes() == NEW
            assert sorted(path.name for path in kept.iterdir()) == sorted((old, patch.new)), python
            engine.loaded.clear()
            (kept / patch.new).unlink()
            assert len(talk(python, folder / "sock", said[: len(said) // 6])) == 1, python
            assert [path.name for path in kept.iterdir()] == [old], "what is cut leaves no part"
