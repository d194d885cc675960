"""A folder for what a run makes only for itself: it goes with the run, or with the next one where that was killed."""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from .filelock import FileLock

ALIVE = "alive"
"""Locked by the run that a folder is of, for as long as it lives."""


class Scratch:
    """Makes its folder inside `within` when it is first asked for; what killed runs left there goes then."""

    def __init__(self, within: Path) -> None:
        self._within = within
        self._turn = threading.Lock()
        self._folder: Path | None = None
        self._alive: FileLock | None = None

    def folder(self) -> Path:
        """Blocking, for worker threads. Raises OSError."""
        with self._turn:
            if self._folder is None:
                self._within.mkdir(parents=True, exist_ok=True)
                clear(self._within)
                made = Path(tempfile.mkdtemp(prefix="run-", dir=self._within))
                self._alive = FileLock(made / ALIVE).__enter__()
                self._folder = made
            return self._folder

    def close(self) -> None:
        with self._turn:
            if self._alive is not None:
                self._alive.__exit__(None, None, None)
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            elif self._within.is_dir():
                clear(self._within)
            self._alive = self._folder = None


def clear(within: Path) -> None:
    """Removes all but the folders of runs that live."""
    for path in within.iterdir():
        if not path.is_dir():
            with suppress(OSError):
                path.unlink()
            continue
        with FileLock(path / ALIVE) as lock:
            ended = lock.held
        if ended:
            shutil.rmtree(path, ignore_errors=True)
