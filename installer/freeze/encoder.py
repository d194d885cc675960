"""Puts the program that makes patches beside the others, and the helpers for servers without Python, so that no Go has
to build them on the person's computer."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

from desktop.base.blocking import Pool
from desktop.base.errors import GoferryError
from desktop.build import Target, Toolchain, find_toolchain
from desktop.ship.delta import HELPER_ARCHITECTURES, prebuild
from installer.environment import Environment, Needs, prepare
from installer.freeze.edition import PROJECT
from installer.freeze.windows import Say
from installer.words import Speaker

_PACKAGED = "from desktop.build.toolchain import packaged; print(packaged() or '')"


def add(folder: Path, sign: Callable[[Path], None], say: Say) -> None:
    """Builds it into `folder`, with its sum. Raises GoferryError, OSError or installer.troubles.Trouble."""
    pool = Pool("encoder", 1)
    try:
        toolchain = _toolchain(pool)
        licence = go_licence(toolchain.goroot)
        hosts = [Target("windows", "amd64")]
        made = asyncio.run(
            prebuild(
                pool,
                toolchain,
                folder,
                hosts,
                HELPER_ARCHITECTURES,
                fronts=HELPER_ARCHITECTURES,
                finish=windows_only(sign),
            )
        )
    finally:
        pool.close()
    (folder / "GO-LICENSE.txt").write_bytes(licence)
    for path in made:
        say(f"{path.name}  {path.stat().st_size / 1e6:.1f} MB")


def _toolchain(pool: Pool) -> Toolchain:
    """This computer's Go, or the one that uv.lock names."""
    try:
        return asyncio.run(find_toolchain(pool))
    except GoferryError:
        return asyncio.run(find_toolchain(pool, locked_go()))


def locked_go() -> str:
    """The go program in the clone's own environment, which is made where there is none."""
    environment = Environment.of(PROJECT)
    prepare(environment, Needs(go=True), Speaker())
    words = [str(environment.python), "-c", _PACKAGED]
    return subprocess.run(words, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def windows_only(sign: Callable[[Path], None]) -> Callable[[Path], None]:
    """No certificate is for a program of Linux."""
    return lambda path: sign(path) if path.suffix == ".exe" else None


def go_licence(goroot: Path) -> bytes:
    """The licence of Go's runtime and library, which are a part of the program. Raises FileNotFoundError.
    A Go that came as a Python package has no LICENSE at its top; its x/sys has the same of the same authors."""
    places = [goroot / "LICENSE", goroot / "src/cmd/vendor/golang.org/x/sys/LICENSE"]
    for place in places:
        if place.is_file() and b"The Go Authors" in (text := place.read_bytes()):
            return text
    raise FileNotFoundError(f"{places[0]} is missing")
