"""Whether things may move, as the person's system says."""

from __future__ import annotations

import os
import sys

_SPI_GETCLIENTAREAANIMATION = 0x1042


def animations_wanted() -> bool:
    """False when Windows' animation effects are off, or GOFERRY_STILL is set (tests, remote desktops)."""
    if os.environ.get("GOFERRY_STILL"):
        return False
    if sys.platform == "win32":
        import ctypes

        wanted = ctypes.c_int(1)
        ctypes.windll.user32.SystemParametersInfoW(_SPI_GETCLIENTAREAANIMATION, 0, ctypes.byref(wanted), 0)
        return bool(wanted.value)
    return True
