"""The native title bar in our colours, where Windows lets us."""

from __future__ import annotations

import sys

from PySide6.QtGui import QColor

_DARK_FRAME = 20
_CAPTION_COLOR = 35


def color_title_bar(window_id: int, *, dark: bool, color: QColor) -> None:
    """Dark or light frame (Windows 10 and 11) and caption colour (Windows 11). Elsewhere nothing."""
    if sys.platform != "win32":
        return
    import ctypes

    dwm = ctypes.windll.dwmapi
    for attribute, value in (
        (_DARK_FRAME, int(dark)),
        (_CAPTION_COLOR, color.red() | color.green() << 8 | color.blue() << 16),
    ):
        number = ctypes.c_int(value)
        # an older Windows answers with an error code, and keeps its colour
        dwm.DwmSetWindowAttribute(ctypes.c_void_p(window_id), attribute, ctypes.byref(number), 4)
