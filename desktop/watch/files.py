"""The log of an app that runs natively on this computer: files in the engine's own format, a JSON object a line."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.channel import OutputLine

from .sources import CONNECTED, SourceGone
from .stamps import split_stamp

if TYPE_CHECKING:
    from desktop.base.blocking import CancelToken, Pool

LOOK_SECONDS = 0.2
_MOST = 4 << 20
"""Bytes of one look; more waits for the next."""


class FileLogs:
    """Follows a file through its rotation: `files` are the older and the newer one. It keeps its place."""

    remembers = True
    clock_offset = 0.0

    def __init__(self, pool: Pool, files: tuple[Path, Path], *, name: str, host: str = "local") -> None:
        self.name, self.host = name, host
        self._pool = pool
        self._reader = _Reader(*files)

    async def lines(
        self, since_ns: int | None, tail: int | None, *, follow: bool
    ) -> AsyncGenerator[list[OutputLine], None]:
        if not await self._pool.run(self._reader.is_there):
            raise SourceGone(self.host, self.name)
        yield CONNECTED
        first = self._reader.untouched
        while True:
            found, more = await self._pool.run(self._reader.look)
            if first:
                kept = [line for line in found if _is_since(line, since_ns)]
                found, first = kept if tail is None or more else kept[-tail:], more
            if found:
                yield found
            if more:
                continue
            if not follow:
                return
            await asyncio.sleep(LOOK_SECONDS)
            if not found and not await self._pool.run(self._reader.is_there):
                raise SourceGone(self.host, self.name)


def _is_since(line: OutputLine, since_ns: int | None) -> bool:
    if since_ns is None:
        return True
    stamp, _ = split_stamp(line.text)
    return stamp is None or stamp >= since_ns


class _Reader:
    """Reads what is new. Opens the file for each look: on Windows an open file could not be rotated."""

    def __init__(self, older: Path, newer: Path) -> None:
        self._older, self._newer = older, newer
        self._inode: int | None = None
        self._at = 0
        self.untouched = True

    def is_there(self, token: CancelToken) -> bool:
        return self._newer.exists() or self._older.exists()

    def look(self, token: CancelToken) -> tuple[list[OutputLine], bool]:
        """New lines, and whether there is more at once."""
        if self.untouched:
            self.untouched = False
            if _inode(self._older) is not None:
                self._inode = _inode(self._older)
        now = _inode(self._newer)
        if self._inode is not None and now != self._inode and _inode(self._older) == self._inode:
            lines, full = self._read(self._older)
            if full:
                return lines, True
            self._inode, self._at = now, 0
            return lines, now is not None
        if now != self._inode:
            self._inode, self._at = now, 0
        return self._read(self._newer) if now is not None else ([], False)

    def _read(self, path: Path) -> tuple[list[OutputLine], bool]:
        try:
            with open(path, "rb") as file:
                file.seek(self._at)
                data = file.read(_MOST)
        except OSError:
            return [], False
        whole, newline, _ = data.rpartition(b"\n")
        if not newline:
            # a line longer than one look is nobody's log; what is not finished yet waits
            self._at += len(data) if len(data) == _MOST else 0
            return [], len(data) == _MOST
        self._at += len(whole) + 1
        return entries(whole.split(b"\n")), len(data) == _MOST


def _inode(path: Path) -> int | None:
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


def entries(lines: Sequence[bytes]) -> list[OutputLine]:
    """json-file entries as stamped lines; what is none is left out."""
    found = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            entry = json.loads(line)
            text = str(entry["log"]).removesuffix("\n").encode("utf-8", "backslashreplace")
            stream = "err" if entry.get("stream") == "stderr" else "out"
            found.append(OutputLine(stream, str(entry["time"]).encode() + b" " + text))
    return found
