"""Makes Windows' own part of a window before the window is shown, without a word to the graphics card.

Before Qt makes a window of the type Window it starts Direct3D, to learn on which screens OpenGL would work
(QTBUG-50371). We have no OpenGL; that takes a fifth of the time to the first picture, and the memory of the drivers for
as long as we run. Of a dialog nothing is asked: so it is made as one, and is a window from then on.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def make_native(window: QWidget) -> None:
    """Once, for a window that has not been shown; what it looks like and can do stays as its flags say."""
    if sys.platform != "win32" or window.windowHandle() is not None:
        return
    wished, box = window.windowFlags(), window.geometry()
    window.setWindowFlags(wished | Qt.WindowType.Dialog)
    window.setGeometry(box)  # once more: other flags make of it where the frame is
    window.winId()
    window.overrideWindowFlags(wished)
    window.windowHandle().setFlags(wished)
