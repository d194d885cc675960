"""Where Goferry keeps what is local: all of it under one folder, so that tests and portable copies can move it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PORTABLE = "portable.txt"
"""A file beside the frozen program: everything local is kept there too, and goes along on a stick."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of all local state. Folders are made when they are asked for.

    `roaming` is where choices and the list of hosts are kept, where that is another folder: in a Windows domain it goes
    along with a person from computer to computer. Caches, keys, logs and what runs here stay in `root`.
    """

    root: Path
    roaming: Path | None = None

    @classmethod
    def find(cls, chosen: str | os.PathLike[str] | None = None) -> Home:
        """`chosen` (--home), else GOFERRY_HOME, else `data` beside a portable copy of the program, else the system's
        place for a program's local data."""
        wanted = chosen or os.environ.get("GOFERRY_HOME")
        if wanted:
            return cls(Path(wanted).expanduser().absolute())
        if getattr(sys, "frozen", False) and (Path(sys.executable).parent / PORTABLE).is_file():
            return cls(Path(sys.executable).parent / "data")
        import platformdirs

        root = Path(platformdirs.user_data_dir("Goferry", appauthor=False, roaming=False))
        if sys.platform != "win32":
            return cls(root)
        return cls(root, Path(platformdirs.user_data_dir("Goferry", appauthor=False, roaming=True)))

    def own(self, name: str) -> Path:
        """A file of what the person chose or entered, wherever it is kept; one of an older Goferry is taken over."""
        if self.roaming is None:
            return self.root / name
        place, before = self.roaming / name, self.root / name
        if before.is_file() and not place.exists():
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(before, place)
            except OSError:
                return before
        return place

    def folder(self, *names: str) -> Path:
        path = self.root.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def file(self, *names: str) -> Path:
        """A file in its folder, which is made; the file is not."""
        self.folder(*names[:-1])
        return self.root.joinpath(*names)


def write_atomically(path: Path, content: bytes | str, *, private: bool = False) -> None:
    """The whole content or the old file: a temporary file beside it, then a replace. Text is UTF-8 with \\n."""
    import secrets

    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb", opener=_private if private else None) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace_file(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)


def remove_tree(path: Path) -> None:
    """A folder with all that is in it, as far as the system lets us: what is read-only is removed as well, what a virus
    scanner holds is tried again for a moment. Never on the window's thread."""
    import time

    for wait in _WAITS if os.name == "nt" else ():
        shutil.rmtree(path, onerror=_writable)
        if not path.exists():
            return
        time.sleep(wait)
    shutil.rmtree(path, ignore_errors=True)


def _writable(remove: Callable[..., object], path: str, error: object) -> None:
    """Windows removes no file that is read-only, as those of Go's module cache and of git are."""
    with suppress(OSError):
        os.chmod(path, stat.S_IWRITE)
        remove(path)


def replace_file(part: Path, path: Path) -> None:
    """os.replace, tried again where a virus scanner holds the file for a moment (Windows sharing violations)."""
    import time

    for wait in _WAITS:
        try:
            os.replace(part, path)
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(
                wait
            )  # never on the UI thread's account: writers run in workers or write small settings
        else:
            return
    os.replace(part, path)
