"""Text from servers made safe to show: plain, one line, everything that could play tricks made visible."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 64 * 1024
"""Characters of one line that are kept."""

_COLOUR = re.compile(r"\x1b\[([0-9;:]{0,32})m")
_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421", 0x09: "    "}
# joiners inside emoji and Indic words are harmless where they join something; alone they hide
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    # signs that shape what follows them: Arabic numbers, Syriac, hieroglyphs, shorthand
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` with terminal colours taken away and every control, direction and zero-width character shown as a mark.

    The common case, text with nothing odd in it, costs one C call.
    """
    if text.isprintable() and not _has_hidden_letters(text):
        return text
    text = _COLOUR.sub("", text)
    text = _CONTROL.sub(_control_mark, text)
    text = _INVISIBLE.sub(_code_point, text)
    return _SURROGATE.sub(_code_point, text)


Colours = tuple[tuple[int, int, str], ...]
"""From, to, and the terminal's code of a colour ("31", "1;33"), in characters of the visible text."""


def coloured(text: str) -> tuple[str, Colours]:
    """`visible(text)`, and where a terminal would have shown it in colour."""
    if "\x1b[" not in text:
        return visible(text), ()
    shown, spans, length, code, begun, at = [], [], 0, "", 0, 0
    for found in _COLOUR.finditer(text):
        piece = visible(text[at : found.start()])
        shown.append(piece)
        length += len(piece)
        at = found.end()
        if code and length > begun:
            spans.append((begun, length, code))
        code, begun = found[1].strip("0;:"), length
    shown.append(visible(text[at:]))
    length += len(shown[-1])
    if code and length > begun:
        spans.append((begun, length, code))
    return "".join(shown), tuple(spans)


def without_colours(text: str) -> str:
    """`text` without a terminal's colour codes; all else stays."""
    return _COLOUR.sub("", text)


def decoded(line: bytes) -> str:
    """UTF-8, with other bytes as \\xNN."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("utf-8", errors="backslashreplace")


def shortened(text: str, longest: int = LONGEST) -> str:
    """`text` with what is beyond `longest` cut, and a mark that says how much that is."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … +{len(text) - longest:,}"


def name_of(text: str, longest: int = 80) -> str:
    """A name a server gave, for a cell: one line, short."""
    return shortened(visible(text.strip()), longest)


def _has_hidden_letters(text: str) -> bool:
    # a few fillers count as printable letters although nothing of them shows
    return not text.isascii() and _INVISIBLE.search(text) is not None


def _control_mark(found: re.Match[str]) -> str:
    code = ord(found[0])
    return _CONTROL_PICTURES.get(code) or f"\\x{code:02x}"


def _code_point(found: re.Match[str]) -> str:
    return f"\u2039U+{ord(found[0]):04X}\u203a"


def is_plain(text: str) -> bool:
    """Whether a screen shows `text` as it is: for tests and for fields that must refuse."""
    return not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text)
