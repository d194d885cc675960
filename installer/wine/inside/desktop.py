"""Make a fresh Wine prefix look like a Windows 10 desktop: desktop.py WIDTHxHEIGHT CJK-FONT-FILE OPEN-URL-PROGRAM.

Only the prefix's registry is written. The families that Windows programs ask for by name are mapped to free fonts
of Debian's, so that text has about its size and Chinese has glyphs.
"""

from __future__ import annotations

import struct
import sys
from typing import Any

# Qt draws with DirectWrite, which falls back to "Droid Sans Fallback" by itself; the names below serve what Wine draws
LATIN, CJK, MONO = "Open Sans", "WenQuanYi Micro Hei", "Liberation Mono"
REPLACEMENTS = {
    "Segoe UI": LATIN,
    "Consolas": MONO,
    "Cascadia Mono": MONO,
    "Microsoft YaHei": CJK,
    "Microsoft YaHei UI": CJK,
    "SimSun": CJK,
    "NSimSun": CJK,
    "SimHei": CJK,
    "\u5fae\u8f6f\u96c5\u9ed1": CJK,
    "\u5b8b\u4f53": CJK,
}
LINKED = [LATIN, "Segoe UI", "Tahoma", "Microsoft Sans Serif", "Liberation Sans", MONO]
"""Families that borrow glyphs of the Chinese font."""


def logfont(family: str, height: int = -12, weight: int = 400) -> bytes:
    """A LOGFONTW as the registry stores it; -12 pixels is 9 points at 96 dpi."""
    numbers = struct.pack("<5i", height, 0, 0, 0, weight)
    flags = bytes([0, 0, 0, 1, 0, 0, 0, 0])  # default charset
    return numbers + flags + family.encode("utf-16-le").ljust(64, b"\0")


def main(desktop: str, cjk_file: str, open_url: str) -> None:
    if sys.platform != "win32":
        sys.exit("for the Windows Python")
    import winreg

    def put(root: int, key: str, name: str, value: object, kind: int = winreg.REG_SZ) -> None:
        with winreg.CreateKeyEx(root, key, 0, winreg.KEY_WRITE) as handle:
            registry: Any = winreg  # its stubs have one signature for each kind
            registry.SetValueEx(handle, name, 0, kind, value)

    user, machine = winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE
    for asked, given in REPLACEMENTS.items():
        put(user, r"Software\Wine\Fonts\Replacements", asked, given)
    link = r"Software\Microsoft\Windows NT\CurrentVersion\FontLink\SystemLink"
    for family in LINKED:
        put(machine, link, family, [f"{cjk_file},{CJK}"], winreg.REG_MULTI_SZ)
    metrics = r"Control Panel\Desktop\WindowMetrics"
    for name in ("MessageFont", "MenuFont", "StatusFont", "CaptionFont", "SmCaptionFont", "IconFont"):
        put(user, metrics, name, logfont("Segoe UI"), winreg.REG_BINARY)
    put(user, r"Control Panel\Desktop", "FontSmoothing", "2")
    put(user, r"Control Panel\Desktop", "FontSmoothingType", 2, winreg.REG_DWORD)
    # one X window that holds a Windows-like desktop: title bars, tray
    put(user, r"Software\Wine\Explorer", "Desktop", "Default")
    put(user, r"Software\Wine\Explorer\Desktops", "Default", desktop)
    for kind in ("Browsers", "Mailers"):
        put(user, r"Software\Wine\WineBrowser", kind, open_url)


if __name__ == "__main__":
    main(*sys.argv[1:])
