"""Puts the frozen program's Python modules into one archive.

As files they are more than a thousand, and each costs a start several questions to the disk, on Windows to its virus
scanner too. The archive has the name and the place where a program frozen by PyInstaller looks first, in the folder
of its own build, so that an update never changes it under a running program; nothing in it is compressed.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

ARCHIVE = "base_library.zip"
REPLACEABLE = ("paramiko", "PySide6", "shiboken6")
"""Under the LGPL: who wishes puts another version's files in their place."""


def shelve(parts: Path) -> int:
    """Moves each module and package that is nothing but compiled Python; how many files they were."""
    alone = [path for path in sorted(parts.iterdir()) if path.name not in REPLACEABLE and _is_python(path)]
    entries = [entry for path in alone for entry in (path, *sorted(path.rglob("*")))]
    with zipfile.ZipFile(parts / ARCHIVE, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:  # folders too: one without __init__ is found by its own entry only
            archive.write(entry, entry.relative_to(parts).as_posix())
    count = sum(entry.is_file() for entry in entries)
    for path in alone:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return count


def alter(archive: Path, module: str, old: bytes, new: bytes) -> None:
    """Puts other bytes into a module. Raises ValueError when the old ones are not there."""
    with zipfile.ZipFile(archive) as before:
        contents = {info: before.read(info) for info in before.infolist()}
    archive.unlink()  # it may be a hard link
    changed = False
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as after:
        for info, content in contents.items():
            if info.filename == module:
                changed, content = old in content, content.replace(old, new)
            after.writestr(info, content)
    if not changed:
        raise ValueError(f"{old!r} is not in {module}")


def _is_python(path: Path) -> bool:
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return bool(files) and all(file.suffix == ".pyc" for file in files)
