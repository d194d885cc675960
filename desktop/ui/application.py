"""Makes the QApplication, before what the window is made of is loaded: Windows' fonts are read meanwhile."""

from __future__ import annotations

import sys
from threading import Thread

import desktop.ui.features  # noqa: F401  before PySide6 sees any other import

# isort: split
from PySide6.QtGui import QFontDatabase, QGuiApplication, Qt
from PySide6.QtWidgets import QApplication


def make_application() -> QApplication:
    """The QApplication with what holds for every window of ours; the one there is, after the first time."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    # named before Qt chooses: else it would load Windows' own style first, for nobody to see
    application = QApplication(["goferry", "-style", "fusion"])
    application.setApplicationName("Goferry")
    application.setDesktopFileName("goferry")
    application.setQuitOnLastWindowClosed(False)
    if sys.platform == "win32":
        read_fonts()
    return application


def read_fonts() -> Thread:
    """Has Qt list the system's fonts beside everything else. The first word that is measured would wait for that: a
    sixth of the time to the first picture. Qt holds its own lock on them, and not Python's."""
    QFontDatabase.isPrivateFamily("")  # what has the fonts is made here; the list, when it is asked for
    reader = Thread(target=QFontDatabase.families, name="fonts")  # the end of the program waits for it
    reader.start()
    return reader
