"""The programs of resources/delta and resources/front: shipped ready-made, or built once by the Go of this computer.

They are found in resources/bin by name and checksum (those for servers gzipped, and unpacked into the cache when they
are first wanted), else under the home folder by the hash of their source, else built. The same source and Go give the
same bytes, so a server can keep a helper by its hash.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import secrets
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.paths import Home, replace_file, write_atomically
from desktop.base.processes import run_process
from desktop.base.resources import resources
from desktop.ship.blocks import BadBlocks, Packer, unpacked

if TYPE_CHECKING:
    from desktop.build import Target, Toolchain

ENCODER, HELPER, FRONT = "goferry-delta", "goferry-helper", "goferry-front"
SOURCES = {FRONT: "front"}
"""The folder in resources that a program is made from, where it is not `delta`."""
TAGS = {FRONT: ("-tags=nethttpomithttp2",)}
"""What is left out: a front speaks HTTP/1.1 on both sides, since neither is TLS."""
SUMS = "SHA256SUMS"
HELPER_ARCHITECTURES = ("amd64", "arm64")
LONGEST_S = 300.0
KEPT = 6
"""Builds that stay in the cache: of this source, and of the versions of Goferry before it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeltaTools:
    """What this computer makes patches with."""

    encoder: Path


@dataclass(frozen=True, slots=True)
class Helper:
    """A static Linux program for a server."""

    path: Path
    size: int
    sha256: str
    blocks: Path | None = None
    """The same, packed as well as it can be, for those servers that can unpack it."""


async def find_tools(
    pool: Pool, home: Home, toolchain: Toolchain | None, *, prebuilt: Path | None = None
) -> DeltaTools | None:
    """The encoder. Built on first use, which takes some seconds. None where that cannot be done."""
    arch = _host_arch()
    system = "windows" if sys.platform == "win32" else "darwin" if sys.platform == "darwin" else "linux"
    found = await _find(pool, home, toolchain, f"{ENCODER}-{system}-{arch}", prebuilt)
    return DeltaTools(found[0]) if found else None


async def helper_for(
    pool: Pool,
    home: Home,
    toolchain: Toolchain | None,
    arch: str,
    *,
    prebuilt: Path | None = None,
    build: bool = True,
) -> Helper | None:
    """The helper for servers with an `arch` of "amd64" or "arm64"; None as with `find_tools`, or for another one.
    Without `build` only one that is there."""
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(arch, arch)
    if arch not in HELPER_ARCHITECTURES:
        return None
    found = await _find(pool, home, toolchain, f"{HELPER}-linux-{arch}", prebuilt, build=build)
    return Helper(found[0], found[0].stat().st_size, found[1]) if found else None


async def front_for(
    pool: Pool, home: Home, toolchain: Toolchain | None, arch: str, *, prebuilt: Path | None = None
) -> Helper | None:
    """The program that stands before the versions of an app (mode proxy), as with `helper_for`."""
    if arch not in HELPER_ARCHITECTURES:
        return None
    found = await _find(pool, home, toolchain, f"{FRONT}-linux-{arch}", prebuilt)
    if found is None:
        return None
    blocks = await pool.run(partial(_blocks_of, path=found[0]))
    return Helper(found[0], found[0].stat().st_size, found[1], blocks)


async def prebuild(
    pool: Pool,
    toolchain: Toolchain,
    folder: Path,
    hosts: Iterable[Target],
    servers: Iterable[str] = (),
    *,
    fronts: Iterable[str] = (),
    finish: Callable[[Path], None] = lambda path: None,
) -> list[Path]:
    """Fills `folder`, which is meant to become resources/bin: encoders for `hosts`, helpers for `servers`
    ("amd64", "arm64"), `fronts` for those of another list, and their sums. `finish` gets each program before its
    sum is taken; those for servers are gzipped after it. Raises what ended a build."""
    names = [f"{ENCODER}-{host.os}-{host.arch}" for host in hosts]
    names += [f"{HELPER}-linux-{arch}" for arch in servers]
    names += [f"{FRONT}-linux-{arch}" for arch in fronts]
    made = [folder / _file(name) for name in names]
    for name, target in zip(names, made, strict=True):
        await pool.run(partial(_build, toolchain=toolchain, name=name, target=target))
        finish(target)
    sums = "".join(f"{file_sha256(target)}  {target.name}\n" for target in made)
    write_atomically(folder / SUMS, sums)
    return [target if target.name.startswith(ENCODER) else _packed(target) for target in made]


def _packed(program: Path) -> Path:
    """`program` packed in its place, alike each time: a front as it is sent, others gzipped."""
    if program.name.startswith(FRONT):
        packed = _beside(program)
        packed.write_bytes(b"".join(_best(program)))
    else:
        packed = program.with_name(program.name + ".gz")
        packed.write_bytes(gzip.compress(program.read_bytes(), mtime=0))
    program.unlink()
    return packed


def _beside(program: Path) -> Path:
    return program.with_name(program.name + ".blocks")


def _best(program: Path) -> Iterator[bytes]:
    packer = Packer.best(amd64=program.name.endswith("amd64"))
    return packer.stream((program.read_bytes(),), lambda size: None)


def _blocks_of(token: CancelToken, path: Path) -> Path | None:
    """A front as it is sent: packed once, which takes seconds. None where it cannot be written."""
    blocks = _beside(path)
    try:
        if not blocks.is_file():
            write_atomically(blocks, b"".join(_best(path)))
    except OSError as error:
        _log.info("%s: %s", blocks, error)
        return None
    return blocks


async def _find(
    pool: Pool,
    home: Home,
    toolchain: Toolchain | None,
    name: str,
    prebuilt: Path | None,
    *,
    build: bool = True,
) -> tuple[Path, str] | None:
    """(path, SHA-256); None where there is no such program and none can be built, which the log tells."""
    work = partial(_find_or_build, home=home, toolchain=toolchain, name=name, prebuilt=prebuilt, build=build)
    return await pool.run(work)


def _find_or_build(
    token: CancelToken,
    home: Home,
    toolchain: Toolchain | None,
    name: str,
    prebuilt: Path | None,
    build: bool,
) -> tuple[Path, str] | None:
    try:
        folder = home.folder("cache", "delta")
        if (found := _prebuilt(prebuilt or resources() / "bin", _file(name), folder)) is not None:
            return found
        if toolchain is None:
            return None
        target = folder / f"{source_key(toolchain.version, _source(name))[:20]}-{_file(name)}"
        if (known := _recorded(target)) is not None:
            return target, known
        if not build:
            return None
        _forget_killed(folder)
        digest = _build(token, toolchain, name, target)
        write_atomically(_record(target), json.dumps({"sha256": digest}))
        _forget_old(folder)
        return target, digest
    except (GoferryError, OSError) as error:
        _log.info("no %s: %s", name, error)
        return None


def _prebuilt(folder: Path, file: str, cache: Path) -> tuple[Path, str] | None:
    """A program that came with Goferry; one that is not what its sum says is left alone."""
    path, sums = folder / file, folder / SUMS
    if not sums.is_file():
        return None
    lines = (line.partition("  ") for line in sums.read_text("ascii").split("\n"))
    digest = {name: digest for digest, _, name in lines}.get(file)
    if digest is None:
        return None
    for packed in (folder / f"{file}.gz", _beside(folder / file)):
        if not path.is_file() and packed.is_file():
            path = _unpacked(packed, cache / f"{digest[:20]}-{file}", digest)
    if not path.is_file():
        return None
    if file_sha256(path) != digest:
        _log.info("%s is not the one that came with Goferry", path)
        return None
    return path, digest


def _unpacked(packed: Path, target: Path, digest: str) -> Path:
    """Where the program from `packed` is; unpacked again where it is not there or damaged."""
    if not target.is_file() or file_sha256(target) != digest:
        try:
            content = packed.read_bytes()
            if packed.suffix == ".blocks":
                write_atomically(target, unpacked(content))
                write_atomically(_beside(target), content)
            else:
                write_atomically(target, gzip.decompress(content))
        except (EOFError, zlib.error, BadBlocks) as error:
            _log.info("%s: %s", packed, error)
    return target


def _recorded(target: Path) -> str | None:
    """The hash of a program in the cache when it is still what was built."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = str(json.loads(_record(target).read_text("utf-8"))["sha256"])
        if file_sha256(target) == known:
            return known
    return None


def _record(target: Path) -> Path:
    return target.with_name(target.name + ".json")


def file_sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def source_key(go_version: str, source: str = "delta") -> str:
    """Names what the programs are made from: their source, and the Go that compiles it."""
    total = hashlib.sha256(f"{go_version}{TAGS}".encode())
    root = resources() / source
    for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
        if path.name == "go.mod" or (path.suffix == ".go" and not path.name.endswith("_test.go")):
            content = path.read_bytes()
            total.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
            total.update(content)
    return total.hexdigest()


def _source(name: str) -> str:
    return SOURCES.get(name.rsplit("-", 2)[0], "delta")


def build_command(toolchain: Toolchain, name: str, output: Path) -> Command:
    """The program is first part of the name, its target the rest: goferry-helper-linux-arm64."""
    program, system, arch = name.rsplit("-", 2)
    words = (
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags=-s -w -buildid=",
        *TAGS.get(program, ()),
        "-o",
        str(output),
        f"./cmd/{program}",
    )
    settings = {
        "CGO_ENABLED": "0", "GOOS": system, "GOARCH": arch, "GOAMD64": "v1", "GOARM64": "v8.0", "GOEXPERIMENT": "",
        "GOFLAGS": " ", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOPROXY": "off", "GO111MODULE": "on",
        "GOROOT": str(toolchain.goroot),
    }  # fmt: skip
    return Command((str(toolchain.path), *words), tuple(settings.items()), cwd=resources() / _source(name))


def _build(token: CancelToken, toolchain: Toolchain, name: str, target: Path) -> str:
    """Builds beside `target`, then puts it in its place; gives its SHA-256. Raises OSError when Go says no."""
    work = target.with_name(f".{secrets.token_hex(6)}")
    work.mkdir(parents=True)
    try:
        output = work / target.name
        done = run_process(token, build_command(toolchain, name, output), timeout=LONGEST_S, gently=True)
        if not done.ok:
            raise OSError(f"go build {name}: {done.said()}")
        digest = file_sha256(output)
        replace_file(output, target)
        return digest
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _forget_killed(folder: Path) -> None:
    """What builds that were killed left, long after one could still be going on."""
    for path in folder.glob(".*"):
        with suppress(OSError):
            if abs(time.time() - path.stat().st_mtime) > 2 * LONGEST_S:
                shutil.rmtree(path, ignore_errors=True)


def _forget_old(folder: Path) -> None:
    records = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for record in records[KEPT:]:
        record.with_suffix("").unlink(missing_ok=True)
        _beside(record.with_suffix("")).unlink(missing_ok=True)
        record.unlink(missing_ok=True)


def _host_arch() -> str:
    import platform

    machine = platform.machine().lower()
    return "arm64" if machine in ("arm64", "aarch64") else "amd64"


def _file(name: str) -> str:
    return name + (".exe" if "-windows-" in name else "")
