"""Text of files and hosts as plain text: what could steer a terminal or hide is shown as an escape."""

from __future__ import annotations

import unicodedata


def visible(text: str, longest: int = 0) -> str:
    """`text` with control, bidirectional, zero-width and undecodable characters as \\x.. or \\u....; cut to `longest`
    characters when that is not 0."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(character) for character in text)
    return text if not longest or len(text) <= longest else text[: longest - 1] + "…"


def _shown(character: str) -> str:
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return character
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is no UTF-8, as surrogateescape keeps it
        return f"\\x{number - 0xDC00:02x}"
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )
