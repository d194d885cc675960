"""Reading of files that others wrote: regular files only, never more than asked for, nothing that can hang."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MOST_SOURCE = 2 << 20
"""Bytes of one source file that are looked at."""


def read_bounded(path: Path | str, most: int = MOST_SOURCE) -> bytes:
    """The first `most` bytes. Raises OSError, also for what is no regular file: a pipe would hang."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)


def read_text(path: Path | str, most: int = MOST_SOURCE) -> str:
    """The same as text: UTF-8, with odd bytes kept as escapes, so that any file survives. "" when unreadable."""
    try:
        return read_bounded(path, most).decode("utf-8", errors="backslashreplace")
    except OSError:
        return ""
