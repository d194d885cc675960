"""The real encoder and helper, built once, and pairs of files as two builds of a program are."""

from __future__ import annotations

import asyncio
import platform
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.build import Toolchain
from desktop.ship.delta import DeltaTools, Helper, find_tools, helper_for, program_source
from tests.old_pythons import old_pythons


@pytest.fixture(scope="session")
def built(go: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both programs, from this source."""
    home = Home(tmp_path_factory.mktemp("delta-home"))

    async def build() -> tuple[DeltaTools | None, Helper | None, Helper | None]:
        pool = Pool("build-delta", 2)
        try:
            helpers = [await helper_for(pool, home, go, arch) for arch in ("amd64", "aarch64")]
            return await find_tools(pool, home, go), helpers[0], helpers[1]
        finally:
            pool.close()

    tools, helper, other = asyncio.run(build())
    assert tools is not None
    assert helper is not None
    assert other is not None
    return Built(home, tools, helper, other)


@dataclass(frozen=True)
class Built:
    home: Home
    tools: DeltaTools
    helper: Helper
    helper_arm64: Helper

    def encoded(self, folder: Path, old: bytes, new: bytes, limit: int = 1 << 30) -> bytes:
        """The patch, straight from the program."""
        names = [folder / name for name in ("old", "new", "made")]
        names[0].write_bytes(old)
        names[1].write_bytes(new)
        names[2].unlink(missing_ok=True)
        words = [str(self.tools.encoder), "encode", *map(str, names), str(limit)]
        subprocess.run(words, check=True, capture_output=True, encoding="utf-8")
        return names[2].read_bytes()

    def go_decoder(self) -> Decoder:
        """The helper where this computer can run it, else the same code in the desktop's program."""
        runs = sys.platform == "linux" and platform.machine() == "x86_64"
        return Decoder("go", (str(self.helper.path if runs else self.tools.encoder), "decode"))

    def on_arm64(self) -> tuple[str, ...] | None:
        """The words that run the helper of arm64 servers here; None where nothing can."""
        if sys.platform == "linux" and platform.machine() in ("aarch64", "arm64"):
            return (str(self.helper_arm64.path),)
        found = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
        return (found, str(self.helper_arm64.path)) if found else None


@dataclass(frozen=True)
class Decoder:
    """A way to apply a patch, as a server has it."""

    name: str
    words: tuple[str, ...]

    def run(self, old: Path, patch: bytes, new: Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.words, str(old), str(new)], input=patch, capture_output=True, check=False, timeout=250
        )


def decoders(built: Built) -> list[Decoder]:
    """Go's, this Python's, and the other Pythons of this computer: Python 2.7 is what CentOS 7 has."""
    text = program_source()
    found = [built.go_decoder()]
    if (arm64 := built.on_arm64()) is not None:
        found.append(Decoder("arm64", (*arm64, "decode")))
    pythons = {"python": sys.executable, **old_pythons()}
    return found + [Decoder(name, (path, "-c", text)) for name, path in pythons.items()]


def build_of(seed: int, size: int) -> bytes:
    """What looks like a program: code with addresses, a table of numbers, text."""
    dice = random.Random(seed)
    code = b"".join(
        dice.randbytes(dice.randint(5, 45)) + struct.pack("<I", dice.randrange(1 << 22))
        for _ in range(size // 60)
    )
    table = b"".join(struct.pack("<II", 300 * n + dice.randrange(300), 7) for n in range(size // 40))
    return code + table + b"what a log line says " * (size // 160)


def rebuilt(old: bytes, seed: int) -> bytes:
    """What an edit of the source does to it: some pieces move, and addresses grow by the same."""
    dice = random.Random(seed)
    at, fresh = dice.randrange(len(old)), dice.randbytes(dice.randrange(1, 300))
    out = bytearray(old[:at] + fresh + old[at:])
    for k in range(dice.randrange(60), len(out) - 4, 90 + seed % 50):
        out[k : k + 4] = struct.pack("<I", (struct.unpack_from("<I", out, k)[0] + len(fresh)) % (1 << 32))
    return bytes(out)


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool("test-delta", 2)
    yield pool
    pool.close()
