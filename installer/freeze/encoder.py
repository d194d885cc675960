"""Puts the program that makes patches beside the others, so that no Go has to build it on the person's computer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from installer.freeze.windows import Say


def add(folder: Path, sign: Callable[[Path], None], say: Say) -> None:
    """Builds it into `folder`, with its sum. Where this computer has no Go it is said: the edition serves without it,
    and builds the program when it is first wanted."""
    try:
        made = asyncio.run(_build(folder, sign))
    except Exception as error:  # noqa: BLE001  a build that goes on without it, whatever is missing here
        say(f"without the encoder of patches: {error}")
        return
    say(f"{made[0].name}  {made[0].stat().st_size / 1e6:.1f} MB")


async def _build(folder: Path, sign: Callable[[Path], None]) -> list[Path]:
    from desktop.base.blocking import Pool
    from desktop.build import Target, find_toolchain
    from desktop.ship.delta import prebuild

    pool = Pool("encoder", 1)
    try:
        toolchain = await find_toolchain(pool)
        licence = go_licence(toolchain.goroot)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "GO-LICENSE.txt").write_bytes(licence)
        return await prebuild(pool, toolchain, folder, [Target("windows", "amd64")], finish=sign)
    finally:
        pool.close()


def go_licence(goroot: Path) -> bytes:
    """The licence of Go's runtime and library, which are a part of the program. Raises FileNotFoundError.
    A Go that came as a Python package has no LICENSE at its top; its x/sys has the same of the same authors."""
    places = [goroot / "LICENSE", goroot / "src/cmd/vendor/golang.org/x/sys/LICENSE"]
    for place in places:
        if place.is_file() and b"The Go Authors" in (text := place.read_bytes()):
            return text
    raise FileNotFoundError(f"{places[0]} is missing")
