"""Finding by word beginnings, for the command palette; Chinese also by the initials of its pinyin. Pure."""

from __future__ import annotations

import re

_BOUNDS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"), (0xD7FA, ""),
)  # fmt: skip
"""GB 2312 sorts its 3,755 common characters by pinyin: where each initial begins."""


def initial(letter: str) -> str:
    """The first letter of a Chinese character's pinyin; "" for rare ones and for everything else."""
    try:
        code = letter.encode("gb2312")
    except UnicodeEncodeError:
        return ""
    if len(code) != 2:
        return ""
    number = code[0] << 8 | code[1]
    found = ""
    for bound, name in _BOUNDS:
        if number < bound:
            break
        found = name
    return found


def pinyin_initials(text: str) -> str:
    """ "构建" gives "gj"."""
    return "".join(initial(letter) for letter in text)


def score(query: str, text: str) -> int:
    """How well `text` answers: 0 not at all, the more the better. Best is where each word begins a word of the text."""
    wanted, offered = query.casefold().split(), text.casefold()
    if not wanted:
        return 1
    if offered.startswith(query.casefold()):
        return 100
    words = re.findall(r"[\w.+#-]+", offered)
    if all(any(word.startswith(part) for word in words) for part in wanted):
        return 60
    if all(part in offered for part in wanted):
        return 30
    letters = pinyin_initials(text)
    if letters and "".join(wanted) in letters:
        return 50 if letters.startswith("".join(wanted)) else 20
    return 0
