"""Where both frozen programs begin: goferryw.exe, which has no console, and goferry.exe."""

import os
import sys
from typing import IO, Any

ARCHIVE = "base_library.zip"
"""As of shelf.py."""


def _given(number: int, mode: str) -> IO[Any] | None:
    """What whoever started us gave as a standard stream, or nothing that swallows all: a windowed program has neither
    of its own, libraries write to them all the same, and its supervisor gets what to run by standard input."""
    if sys.platform != "win32":
        return None
    import ctypes
    import msvcrt

    disk, pipe = 1, 3
    kernel = ctypes.windll.kernel32
    kernel.GetStdHandle.restype = ctypes.c_void_p
    handle = kernel.GetStdHandle(number)
    try:
        if handle and kernel.GetFileType(ctypes.c_void_p(handle)) in (disk, pipe):
            flags = os.O_RDONLY if mode == "r" else os.O_WRONLY
            number = msvcrt.open_osfhandle(handle, flags)
            return open(number, mode, encoding="utf-8", closefd=False)
    except OSError:
        pass
    return open(os.devnull, "r+", encoding="utf-8")


def keep_open(archive: str) -> None:
    """Python opens its archive of modules anew for each of three hundred modules, and a virus scanner is asked each
    time. One open file serves them all."""
    import threading
    import zipimport

    ordinary = zipimport._get_data  # type: ignore[attr-defined]
    file, alone = open(archive, "rb"), threading.Lock()  # noqa: SIM115  for as long as the program runs

    def data(path: str, entry: tuple[Any, ...]) -> bytes:
        _, compressed, length, _, at, *_ = entry
        if path != archive or compressed:
            return ordinary(path, entry)  # type: ignore[no-any-return]
        with alone:
            file.seek(at)
            head = file.read(30)
            file.seek(
                int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), os.SEEK_CUR
            )
            return file.read(length)

    zipimport._get_data = data  # type: ignore[attr-defined]


def start() -> int:
    for place in sys.path:
        if place.endswith(ARCHIVE):
            keep_open(place)
    for name, number, mode in (("stdin", -10, "r"), ("stdout", -11, "w"), ("stderr", -12, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, _given(number, mode))
    from desktop.cli.main import main  # not before: libraries look at the streams when they are loaded

    return main()


if __name__ == "__main__":
    sys.exit(start())
