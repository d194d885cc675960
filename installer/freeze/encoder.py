"""Puts the program that makes patches beside the others, and the helpers for servers without Python, so that no Go has
to build them on the person's computer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from desktop.base.blocking import Pool
from desktop.base.errors import GoferryError
from desktop.build import Target, find_toolchain
from desktop.ship.delta import HELPER_ARCHITECTURES, prebuild
from installer.freeze.windows import Say


def add(folder: Path, sign: Callable[[Path], None], say: Say) -> None:
    """Builds it into `folder`, with its sum. Where this computer has no Go it is said: the edition serves without it,
    and builds the program when it is first wanted."""
    pool = Pool("encoder", 1)
    try:
        toolchain = asyncio.run(find_toolchain(pool))
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
        (folder / "GO-LICENSE.txt").write_bytes(licence)
    except (GoferryError, OSError) as error:
        say(f"without the encoder of patches: {error}")
    else:
        for path in made:
            say(f"{path.name}  {path.stat().st_size / 1e6:.1f} MB")
    finally:
        pool.close()


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
