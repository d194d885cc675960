"""The frozen Windows program under Wine: from its start to the first picture of it on the screen, and its memory.

Beside it, in the same Windows and in turns, a window of the same Python and Qt that is empty, and one with a single word
on it, for which Qt reads the system's fonts: what Windows, Python and Qt cost by themselves.
"""

from __future__ import annotations

import ctypes
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from installer.wine.machine import Machine, fresh, windows_path
from installer.wine.store import Store
from tests.bench.memory import memory

COLOURS = 12
"""The empty screen has one, a window with words many."""
BARE = """
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QApplication, QWidget

class Window(QWidget):
    def paintEvent(self, event):
        painter = QPainter(self)
        for n in range(40):
            painter.fillRect(n * 25, 0, 25, 700, QColor(n * 6, 128, 255 - n * 6))
        painter.end()

application = QApplication([])
window = Window()
window.resize(1000, 700)
window.show()
application.exec()
"""
ONE_WORD = BARE.replace(
    "        painter.end()", '        painter.drawText(40, 40, "Goferry")\n        painter.end()'
)


def measure(folder: Path, times: int = 3, settle: float = 12.0) -> dict[str, Any]:
    """Seconds and megabytes of the program in `folder`, and of the other windows."""
    machine = fresh(Store())
    try:
        return _measure(machine, folder, times, settle)
    finally:
        machine.remove()


def _measure(machine: Machine, folder: Path, times: int, settle: float) -> dict[str, Any]:
    home = machine.prefix / "drive_c" / "bench-home"
    machine.ready()
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "started.log"
        # Windows itself stays up between the starts
        holder = machine.start(*machine.python_words("-c", "import time; time.sleep(3600)"), log=log)
        screen = Screen(machine.environment()["DISPLAY"])
        ways = {
            "program": (windows_path(folder / "goferryw.exe"), "--home", r"C:\bench-home"),
            "empty_window": tuple(machine.python_words("-c", BARE)),
            "one_word": tuple(machine.python_words("-c", ONE_WORD)),
        }
        found: dict[str, Any] = {name: {} for name in ways}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        try:
            for turn in range(times):
                for name, words in ways.items():
                    shutil.rmtree(home, ignore_errors=True)
                    began = time.monotonic()
                    started = machine.start(*words, log=log)
                    screen.until(lambda colours: colours >= COLOURS)
                    seconds[name].append(time.monotonic() - began)
                    if turn == times - 1:
                        time.sleep(settle)
                        found[name] = memory(started.pid)
                    started.kill()
                    started.wait()
                    screen.until(lambda colours: colours < COLOURS)
        finally:
            holder.kill()
            holder.wait()
            screen.close()
    for name in ways:
        found[name]["first_paint_s"] = round(statistics.median(seconds[name]), 2)
    found["ratio"] = round(found["program"]["first_paint_s"] / found["empty_window"]["first_paint_s"], 2)
    return found


class _Image(ctypes.Structure):
    _fields_ = (
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("offset", ctypes.c_int),
        ("format", ctypes.c_int),
        ("data", ctypes.POINTER(ctypes.c_char)),
        ("byte_order", ctypes.c_int),
        ("unit", ctypes.c_int),
        ("bit_order", ctypes.c_int),
        ("pad", ctypes.c_int),
        ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int),
    )


class Screen:
    """An X screen, of which a row here and there is looked at: a hundred times quicker than a picture of it."""

    def __init__(self, name: str, width: int = 1280, height: int = 800) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        self._x.XGetImage.restype = ctypes.POINTER(_Image)
        self._x.XGetImage.argtypes = [
            ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_ulong, ctypes.c_int,
        ]  # fmt: skip
        self._x.XDestroyImage.argtypes = [ctypes.POINTER(_Image)]
        self._x.XCloseDisplay.argtypes = [ctypes.c_void_p]
        self._display = self._x.XOpenDisplay(name.encode())
        self._root = self._x.XDefaultRootWindow(self._display)
        self._width, self._height = width, height

    def colours(self) -> int:
        found: set[int] = set()
        for y in range(60, self._height, 23):
            image = self._x.XGetImage(self._display, self._root, 0, y, self._width, 1, 0xFFFFFFFF, 2)
            line = ctypes.string_at(image.contents.data, image.contents.bytes_per_line)
            self._x.XDestroyImage(image)
            found.update(memoryview(line).cast("I"))
        return len(found)

    def until(self, holds: Callable[[int], bool], limit: float = 120.0) -> None:
        deadline = time.monotonic() + limit
        while not holds(self.colours()):
            if time.monotonic() > deadline:
                raise TimeoutError("the screen did not change")
            time.sleep(0.01)

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)
