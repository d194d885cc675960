"""The programs: shipped and checked, or built once and kept; patches that are made, not worth it, or cancelled."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.base.resources import resources
from desktop.build import Toolchain, read_executable
from desktop.ship.blocks import unpacked
from desktop.ship.delta import DeltaTools, encode, find_tools, front_for, helper_for, prebuild
from desktop.ship.delta.tools import SUMS, build_command
from installer.freeze import encoder

from .conftest import Built, build_of, decoders, rebuilt

pytestmark = pytest.mark.timeout(900)  # a Go that has never built anything compiles its library first

T = TypeVar("T")

EDITED = """package main

import ("fmt"; "os"; "sort"; "strings"; "time")

func main() {
	words := strings.Fields(strings.Join(os.Args, " "))
	sort.Strings(words)
	fmt.Println(len(words), time.Now(), "EDIT")
}
"""


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def broken(go: Toolchain) -> Toolchain:
    """A Go that is gone: whoever asks for it builds something."""
    return replace(go, path=Path("/no/such/go"))


def test_a_program_is_built_once_and_then_kept(built: Built, go: Toolchain, pool: Pool) -> None:
    assert run(find_tools(pool, built.home, broken(go))) == built.tools
    assert run(helper_for(pool, built.home, broken(go), "amd64")) == built.helper


def test_a_kept_program_that_was_damaged_is_built_again(
    built: Built, go: Toolchain, pool: Pool, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    kept = home.folder("cache", "delta")
    for path in built.tools.encoder.parent.iterdir():
        shutil.copy(path, kept / path.name)
    mine = kept / built.tools.encoder.name
    mine.write_bytes(mine.read_bytes()[:-100])
    assert run(find_tools(pool, home, broken(go))) is None
    assert run(find_tools(pool, home, go)) == DeltaTools(mine)
    assert mine.read_bytes() == built.tools.encoder.read_bytes()
    assert not list(kept.glob(".*"))


def test_without_go_there_is_no_encoder_and_no_error(go: Toolchain, pool: Pool, tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert run(find_tools(pool, home, None)) is None
    assert run(find_tools(pool, home, broken(go))) is None
    assert run(helper_for(pool, home, go, "riscv64")) is None


def test_programs_that_came_with_goferry_are_taken_when_their_sum_is_right(
    go: Toolchain, pool: Pool, tmp_path: Path
) -> None:
    folder, home = tmp_path / "bin", Home(tmp_path / "home")
    finished: list[Path] = []
    made = run(prebuild(pool, go, folder, [go.host], ["arm64"], finish=finished.append))
    assert [path.name for path in made] == [finished[0].name, f"{finished[1].name}.gz"]
    assert sorted(folder.iterdir()) == sorted([folder / SUMS, *made])
    tools = run(find_tools(pool, home, None, prebuilt=folder))
    helper = run(helper_for(pool, home, None, "arm64", prebuilt=folder))
    assert tools is not None
    assert helper is not None
    assert tools.encoder.parent == folder
    assert helper.sha256 == hashlib.sha256(helper.path.read_bytes()).hexdigest()
    assert helper.size == helper.path.stat().st_size
    about = read_executable(helper.path)
    assert about is not None
    assert (about.arch, about.static) == ("arm64", True)
    helper.path.write_bytes(b"damaged")
    again = run(helper_for(pool, home, None, "arm64", prebuilt=folder))
    assert again == helper
    assert helper.sha256 == hashlib.sha256(helper.path.read_bytes()).hexdigest()
    made[1].write_bytes(made[1].read_bytes()[:-1000])
    helper.path.unlink()
    assert run(helper_for(pool, home, None, "arm64", prebuilt=folder)) is None
    with open(tools.encoder, "ab") as file:
        file.write(b"!")
    assert run(find_tools(pool, home, None, prebuilt=folder)) is None


def test_an_edition_carries_every_program_so_that_nothing_is_compiled(pool: Pool, tmp_path: Path) -> None:
    folder, home = tmp_path / "bin", Home(tmp_path / "home")
    signed: list[Path] = []
    said: list[str] = []
    encoder.add(folder, signed.append, said.append)
    assert [path.name for path in signed] == ["goferry-delta-windows-amd64.exe"]
    listed = [line.split() for line in (folder / SUMS).read_text(encoding="ascii").splitlines()]
    assert {name for _, name in listed} >= {"goferry-helper-linux-amd64", "goferry-helper-linux-arm64"}
    for arch in ("amd64", "aarch64"):
        helper = run(helper_for(pool, home, None, arch, prebuilt=folder, build=False))
        assert helper is not None, said
        assert [helper.sha256, helper.path.name.partition("-")[2]] in listed
    # a front comes as it is sent
    packed = folder / "goferry-front-linux-amd64.blocks"
    front = run(front_for(pool, home, None, "amd64", prebuilt=folder))
    assert front is not None
    assert front.blocks is not None
    assert front.blocks.read_bytes() == packed.read_bytes()
    assert unpacked(packed.read_bytes()) == front.path.read_bytes()
    assert packed.stat().st_size < front.size / 3
    packed.write_bytes(packed.read_bytes()[:-1000])
    front.path.unlink()
    assert run(front_for(pool, home, None, "amd64", prebuilt=folder)) is None


def test_the_same_source_gives_the_same_helper_wherever_it_lies(
    built: Built, go: Toolchain, tmp_path: Path
) -> None:
    copy = shutil.copytree(resources() / "delta", tmp_path / "elsewhere")
    command = build_command(go, "goferry-helper-linux-amd64", tmp_path / "helper")
    done = subprocess.run(
        command.argv, cwd=copy, env={**os.environ, **dict(command.env)}, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256((tmp_path / "helper").read_bytes()).hexdigest() == built.helper.sha256


def test_a_patch_tells_what_it_leads_from_and_to(built: Built, pool: Pool, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(build_of(1, 50_000))
    new.write_bytes(rebuilt(old.read_bytes(), 1))
    patches = tmp_path / "patches"
    patches.mkdir()
    patch = run(encode(pool, built.tools, old, new, patches, limit=10_000))
    assert patch is not None
    assert [patch.path] == list(patches.iterdir())
    assert patch.size == patch.path.stat().st_size < 10_000
    assert (patch.old, patch.new) == tuple(
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (old, new)
    )
    assert patch.new_size == new.stat().st_size
    assert run(encode(pool, built.tools, old, new, patches, limit=patch.size)) is None
    assert [patch.path] == list(patches.iterdir())


def test_an_encoder_that_fails_is_no_patch_and_no_file(built: Built, pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    patches = tmp_path / "patches"
    patches.mkdir()
    gone = DeltaTools(tmp_path / "no-such-program")
    assert run(encode(pool, gone, tmp_path / "old", tmp_path / "old", patches, limit=1000)) is None
    assert run(encode(pool, built.tools, tmp_path / "old", tmp_path / "none", patches, limit=1000)) is None
    odd = DeltaTools(Path(sys.executable))  # ends with 2 and words that nobody expects
    assert run(encode(pool, odd, tmp_path / "old", tmp_path / "old", patches, limit=1000)) is None
    assert not list(patches.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for an encoder that takes its time")
def test_cancelling_ends_the_encoder_and_leaves_no_file(pool: Pool, tmp_path: Path) -> None:
    slow, mark = tmp_path / "slow", tmp_path / "mark"
    slow.write_text(
        f'#!/bin/sh\necho $$ > "{mark}.part"\nmv "{mark}.part" "{mark}"\n: > "$4"\nexec sleep 600\n',
        encoding="utf-8",
    )
    slow.chmod(0o755)
    patches = tmp_path / "patches"
    patches.mkdir()

    async def cancelled() -> None:
        work = asyncio.ensure_future(encode(pool, DeltaTools(slow), slow, slow, patches, limit=1000))
        while not mark.exists() or not list(patches.iterdir()):
            await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    run(cancelled())
    assert not list(patches.iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text("utf-8")), 0)


def test_an_edit_of_a_real_program_is_sent_in_a_thirtieth_of_its_packed_size(
    built: Built, go: Toolchain, pool: Pool, tmp_path: Path
) -> None:
    """Two real builds, with the flags that Goferry builds with; every decoder makes the second of the first."""
    import zlib

    (tmp_path / "go.mod").write_text("module example.com/app\n\ngo 1.21\n", encoding="utf-8")
    for number, edit in enumerate(("first", 'second", len(os.Environ()), "with more')):
        (tmp_path / "main.go").write_text(EDITED.replace("EDIT", edit), encoding="utf-8")
        command = build_command(go, "goferry-delta-linux-amd64", tmp_path / f"app{number}")
        words = [*command.argv[:-1], "."]
        subprocess.run(words, cwd=tmp_path, env={**os.environ, **dict(command.env)}, check=True)
    old, new = (tmp_path / "app0", tmp_path / "app1")
    packed = len(zlib.compress(new.read_bytes(), 6))
    patch = run(encode(pool, built.tools, old, new, tmp_path, limit=packed))
    assert patch is not None
    assert patch.size < packed / 30
    content = patch.path.read_bytes()
    for decoder in decoders(built):
        made = tmp_path / decoder.name
        assert decoder.run(old, content, made).returncode == 0, decoder.name
        assert made.read_bytes() == new.read_bytes(), decoder.name


def test_the_encoder_takes_no_more_memory_than_the_files_and_a_table(built: Built, tmp_path: Path) -> None:
    pytest.importorskip("resource")
    old = build_of(1, 8_000_000)
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "new").write_bytes(rebuilt(old, 1))
    words = [str(built.tools.encoder), "encode", *(str(tmp_path / name) for name in ("old", "new", "patch"))]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words, "100000000"], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    most = int(done.stdout.split()[-1]) * 1024
    assert most < 6 * len(old) + (64 << 20), most


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_gos_own_tests_of_both_programs_pass(go: Toolchain) -> None:
    """Among them the seeds of the fuzzers."""
    root = resources() / "delta"
    env = {**os.environ, **dict(build_command(go, "a-linux-amd64", Path("b")).env), "GOOS": go.host.os}
    env["GOARCH"] = go.host.arch
    for words in (["vet", "./..."], ["test", "./..."]):
        done = subprocess.run(
            [str(go.path), *words], cwd=root, env=env, capture_output=True, encoding="utf-8", timeout=850
        )
        assert done.returncode == 0, done.stdout + done.stderr
    format_of = go.goroot / "bin" / ("gofmt.exe" if sys.platform == "win32" else "gofmt")
    if format_of.is_file():
        done = subprocess.run([str(format_of), "-l", "."], cwd=root, capture_output=True, encoding="utf-8")
        assert done.stdout == ""


def test_a_size_that_is_too_much_is_refused_before_it_is_read(built: Built, tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    with open(huge, "wb") as file:
        file.truncate((256 << 20) + 1)  # a hole: it takes no room
    (tmp_path / "small").write_bytes(struct.pack("<I", 1))
    for old, new in ((huge, tmp_path / "small"), (tmp_path / "small", huge)):
        words = [str(built.tools.encoder), "encode", str(old), str(new), str(tmp_path / "patch"), "1000"]
        done = subprocess.run(words, capture_output=True, encoding="utf-8")
        assert done.returncode == 6
        assert "too big" in done.stderr
        assert not (tmp_path / "patch").exists()
