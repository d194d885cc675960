"""Put a text on the Windows clipboard: clipboard.py TEXT."""

import sys

if sys.platform == "win32":
    from typing import Any

    import win32clipboard as typed

    win32clipboard: Any = typed  # its stubs leave types out
    win32clipboard.OpenClipboard()
    try:
        win32clipboard.EmptyClipboard()
        win32clipboard.SetClipboardText(sys.argv[1], win32clipboard.CF_UNICODETEXT)
    finally:
        win32clipboard.CloseClipboard()
