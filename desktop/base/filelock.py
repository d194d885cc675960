"""A lock that a process holds on a file, freed by the system when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class FileLock:
    """`with FileLock(path) as lock:` never waits; `lock.held` says whether it is ours. The file stays."""

    def __init__(self, path: Path) -> None:
        self.path, self.held = path, False
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b")
        self.held = _lock(self._file) and self._is_there()
        return self

    def _is_there(self) -> bool:
        """A file that somebody took away between the opening and the locking locks nothing."""
        assert self._file is not None
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            if self.held:
                _unlock(self._file)
            self._file.close()
        self.held, self._file = False, None


def is_locked(path: Path) -> bool:
    """Whether another process holds it now."""
    if not path.exists():
        return False
    with FileLock(path) as lock:
        return not lock.held


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            # far behind the content, so that the file can still be read
            file.seek(1 << 30)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            os.set_inheritable(file.fileno(), False)
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(1 << 30)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
