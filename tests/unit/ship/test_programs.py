"""Programs that are made in the background: whoever sends an image waits for none of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.ship.delta import DeltaTools, Helper
from desktop.ship.programs import MOST_ENCODED, Programs
from desktop.ship.recipe import Program
from desktop.ship.swift import too_large


def test_a_helper_that_is_being_made_is_not_waited_for(tmp_path: Path) -> None:
    helper = Helper(tmp_path / "helper", 9, "0" * 64)

    async def story() -> None:
        go, asked = asyncio.Event(), list[bool]()

        async def find(arch: str, build: bool) -> Helper | None:
            asked.append(build)
            if build:
                await go.wait()
            return helper if go.is_set() else None

        async def never() -> DeltaTools | None:
            await asyncio.Event().wait()
            return None

        pool = Pool("programs", 1)
        programs = Programs(Home(tmp_path), pool, never, find)
        assert await programs.helper("amd64") is None
        assert await programs.helper("amd64") is None
        await asyncio.sleep(0)
        assert asked == [False, False, True]  # made once, however often it is asked for
        ended = asyncio.ensure_future(programs.made())
        await asyncio.sleep(0)
        assert not ended.done()
        go.set()
        await ended
        assert await programs.helper("amd64") == helper
        encoder = programs.get_ready()
        await programs.close()  # nor does the end of a run wait for the encoder
        assert encoder.cancelled()
        pool.close()

    asyncio.run(asyncio.wait_for(story(), 250))


def test_of_a_program_that_is_too_large_no_patch_is_made_and_it_is_said(tmp_path: Path) -> None:
    folder = Home(tmp_path).folder("programs")
    old, new = folder / ("0" * 64), tmp_path / "huge"
    for path in (old, new):
        with open(path, "wb") as file:
            file.truncate(400 << 20)  # a hole: it takes no room

    async def story() -> None:
        async def never() -> DeltaTools | None:
            raise AssertionError("nobody needs an encoder for it")

        async def none(arch: str, build: bool) -> Helper | None:
            return None

        pool = Pool("programs", 1)
        programs = Programs(Home(tmp_path), pool, never, none)
        program = Program(new, "1" * 64, 400 << 20)
        assert programs.newest_of({old.name: 400 << 20}, program.sha256) == old
        assert await programs.patch(old, program) is None
        assert f"huge is larger than {MOST_ENCODED >> 20} MB" in too_large(program)
        await programs.close()
        pool.close()

    asyncio.run(story())


def test_a_huge_layer_goes_through_a_little_memory(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    huge = tmp_path / "layer"
    with open(huge, "wb") as file:
        file.truncate(128 << 20)
    done = subprocess.run(
        [sys.executable, "-c", STREAMED, str(huge)], capture_output=True, encoding="utf-8", check=True
    )
    grown, packets = map(int, done.stdout.split())
    assert grown < 30 << 20, grown
    assert packets > 3


STREAMED = """
import resource, sys
from pathlib import Path
from desktop.ship.recipe import Part, stream

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

path, before = Path(sys.argv[1]), most()
part = Part("file", "0" * 64, path.stat().st_size, path)
count = sum(1 for _ in stream((part,), 1, lambda size: None))
print(most() - before, count)
"""
