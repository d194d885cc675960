"""Put a text on the Windows clipboard: clipboard.py TEXT."""

import sys

if sys.platform == "win32":
    import win32clipboard

    win32clipboard.OpenClipboard()
    try:
        win32clipboard.EmptyClipboard()
        win32clipboard.SetClipboardText(sys.argv[1], win32clipboard.CF_UNICODETEXT)
    finally:
        win32clipboard.CloseClipboard()
