"""What is made once for all: Wine, the Windows Python with the locked packages, Go, and a prefix to copy from.

Each part has a stamp that names what it was made from; another input makes it anew. Parts that stand on it follow.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

SUITE = "trixie"
"""Debian 12's own Wine 8 fails each `go build` that links, so Wine 10 of the next release is unpacked beside it."""
PANDA = "panda3d==1.10.16"
PANDA_HASH = "sha256:37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82"
"""The wheel that carries CPython 3.11.9 for Windows, as python.org built it."""
USER = "dev"
SCREEN = "1280x800"

PACKAGES = (
    "gcc-mingw-w64-x86-64-win32", "nsis", "patchelf", "xvfb", "xdotool", "imagemagick", "python3.11",
    "fonts-wqy-microhei", "fonts-droid-fallback", "fonts-open-sans", "fonts-liberation",
    "libfreetype6", "libfontconfig1", "libgnutls30", "libgl1", "libgl1-mesa-dri", "libegl1", "libdbus-1-3",
    "libudev1", "libx11-6", "libxext6", "libxrandr2", "libxi6", "libxcursor1", "libxfixes3", "libxrender1",
    "libxcomposite1", "libxinerama1", "libxxf86vm1", "libxkbcommon0",
)  # fmt: skip


def is_debian_12() -> bool:
    """The one system whose packages fit together with the next release's Wine."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        return False
    return (system.get("ID"), system.get("VERSION_ID")) == ("debian", "12") and platform.machine() == "x86_64"


class CannotBeHad(Exception):
    """This computer cannot have a Windows under Wine; the text says why."""


class Store:
    """The folder of all of it (2 GB), in the person's cache unless GOFERRY_WINE names another."""

    def __init__(self, root: Path | None = None) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self.root = root or Path(os.environ.get("GOFERRY_WINE") or cache / "goferry-wine")
        self.wine = self.root / "wine"
        self.python = self.root / "python"
        self.go = self.root / "go"
        self.go_cache = self.root / "go-cache"
        self.shims = self.root / "shims"
        self.prefix = self.root / "prefix"

    @property
    def loader(self) -> Path:
        return self.wine / "usr/lib/wine/wine64"

    @property
    def server(self) -> Path:
        return self.wine / "usr/lib/wine/wineserver"

    @property
    def font(self) -> Path:
        return Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")

    @property
    def is_ready(self) -> bool:
        return (self.root / "stamps" / "prefix").exists()

    def log(self, part: str) -> Path:
        path = self.root / "logs" / f"{part}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def part(
        self, name: str, made_from: Sequence[str], make: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        """Calls `make` unless it was done for the same `made_from`."""
        stamp = self.root / "stamps" / name
        wanted = hashlib.sha256(json.dumps(list(made_from)).encode()).hexdigest()
        if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            return
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        started = time.monotonic()
        make()
        stamp.write_text(wanted, encoding="ascii")
        say(f"{name} took {time.monotonic() - started:.0f} s")

    def forget(self, name: str) -> None:
        """What stands on a part that is made anew has to be made anew too."""
        (self.root / "stamps" / name).unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / "lock", "w", encoding="ascii") as file:
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def tool(self, part: str, words: Sequence[str | Path], folder: Path | None = None) -> str:
        """Runs a tool of this computer, its output into the part's log. Raises CannotBeHad with its last lines."""
        line = [str(word) for word in words]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        asked = subprocess.run(
            line,
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        with open(self.log(part), "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(line)}\n{asked.stdout}{asked.stderr}")
        if asked.returncode:
            last = "\n".join((asked.stdout + asked.stderr).strip().splitlines()[-15:])
            raise CannotBeHad(f"{line[0]} ended with {asked.returncode}:\n{last}")
        return asked.stdout

    def fresh(self, folder: Path) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def hashed(*paths: Path) -> str:
    """One hash of what the files hold."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
