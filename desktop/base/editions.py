"""Editions of Goferry side by side in the installed program's folder (Windows). An update leaves the parts of a version
that was running; they go when nobody runs it any more. Each folder of parts is named in the programs that use it.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PROGRAMS = ("goferry.exe", "goferryw.exe")
SETUP_MUTEX = "Goferry set-up"
"""As of installer/goferry.nsi: who has it may change the program's folder."""
_LIBRARY = "python311.dll"
_PARTS = re.compile(rb"app-\d+\.\d+\.\d+[0-9A-Za-z.]*-[0-9a-f]{8}")


def remove_older(folder: Path) -> list[str]:
    """Removes what earlier versions left in `folder`, unless they run; gives back its names. Does nothing while a
    set-up is at work there (blocking)."""
    with _alone() as alone:
        if not alone:
            return []
        used = set[str]()
        for name in PROGRAMS:
            try:
                used |= parts_named((folder / name).read_bytes())
            except OSError:
                return []  # without both programs nobody knows what is older
        removed = [
            path.name for path in sorted(folder.glob("app-*")) if path.name not in used and _gone(path)
        ]
        for old in sorted(folder.glob("*.exe.*.old")):
            with suppress(OSError):  # it runs
                old.unlink()
                removed.append(old.name)
        return removed


def parts_named(program: bytes) -> set[str]:
    """The folders of parts that a program names."""
    return {found.decode("ascii") for found in _PARTS.findall(program)}


def _gone(parts: Path) -> bool:
    """Removes a folder of parts, if no program has its library open."""
    try:
        if (library := parts / _LIBRARY).exists():
            with open(library, "r+b"):
                pass
        # one rename: it is refused while anything in it is open, and what is half removed is not taken for whole
        away = parts.with_name(f"{parts.name}.removed")
        os.rename(parts, away)
    except OSError:
        return False
    shutil.rmtree(away, ignore_errors=True)
    return True


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no set-up is at work; one that starts meanwhile waits."""
    if sys.platform != "win32":
        yield True
        return
    import win32api
    import win32event

    events: Any = win32event  # the stubs know neither a handle nor that nothing may stand for the default
    mutex = events.CreateMutex(None, False, SETUP_MUTEX)
    got = events.WaitForSingleObject(mutex, 0) in (events.WAIT_OBJECT_0, events.WAIT_ABANDONED)
    try:
        yield got
    finally:
        if got:
            events.ReleaseMutex(mutex)
        win32api.CloseHandle(mutex)
