"""An older edition, as an upgrade finds it: the same program, whose version and folder have another number."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from installer.freeze import pack, shelf
from installer.freeze.edition import Edition


def older(made: Path, edition: Edition, output: Path, address: str, key: str) -> tuple[Path, Edition]:
    """Its installer. The number is as long as the real one, so that it can be put in its place byte by byte. It asks
    `address` for updates, and trusts `key`."""
    before = Edition(re.sub(r"\d", "0", edition.version), edition.build)
    folder = output / "older" / "Goferry"
    shutil.rmtree(folder.parent, ignore_errors=True)
    shutil.copytree(made, folder, copy_function=_link)
    (folder / edition.folder).rename(folder / before.folder)
    for name in ("goferry.exe", "goferryw.exe"):
        _replace(folder / name, edition.folder.encode(), before.folder.encode())
    archive = folder / before.folder / shelf.ARCHIVE
    shelf.alter(archive, "desktop/__init__.pyc", edition.version.encode(), before.version.encode())
    source = folder / before.folder / "resources" / "update" / "source.json"
    source.unlink()  # not through the link
    source.write_text(json.dumps({"address": address, "keys": [key]}), encoding="utf-8")
    return pack.installer(folder, before, folder.parent, quick=True), before


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    if old not in content:
        raise ValueError(f"{old!r} is not in {path}")
    path.unlink()  # not through the link
    path.write_bytes(content.replace(old, new))
