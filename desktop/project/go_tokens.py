"""Go source as tokens, so that a comment is never taken for code and a string is what the program sees.

Only as much of the language as detection needs: identifiers, numbers, strings, runes and operators with their places;
comments are left out. Broken source gives the tokens that can be read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>[\s\ufeff]+)
  | (?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<raw>`[^`]*(?:`|\Z))
  | (?P<string>"(?:[^"\\\n]|\\[^\n])*(?:"|(?=\n)|\Z))
  | (?P<rune>'(?:[^'\\\n]|\\[^\n])*(?:'|(?=\n)|\Z))
  | (?P<name>[^\W\d]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<operator>:=|\.\.\.|&&|\|\||<-|[-+*/%&|^<>=!]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"""\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))"""
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is name, number, string or operator; `text` a string's value, else what is written. `start` and `end` are
    offsets in the source, quotes included."""

    kind: str
    text: str
    start: int
    end: int


def tokens(source: str) -> Iterator[Token]:
    """The tokens of `source`, comments left out."""
    for found in _TOKEN.finditer(source):
        kind = found.lastgroup or "operator"
        if kind in ("space", "comment"):
            continue
        text = found.group()
        if kind == "raw":
            kind, text = "string", text.strip("`").replace("\r", "")
        elif kind == "string":
            text = unquoted(text)
        yield Token(kind, text, found.start(), found.end())


def unquoted(literal: str) -> str:
    """The value of an interpreted string literal; what is no escape stays as it is."""
    inner = literal[1:-1] if len(literal) > 1 and literal.endswith('"') else literal[1:]
    return _ESCAPE.sub(_unescaped, inner) if "\\" in inner else inner


def _unescaped(found: re.Match[str]) -> str:
    simple, *codes = found.groups()
    if simple is not None:
        return _SIMPLE.get(simple, simple)
    digits = next(code for code in codes if code is not None)
    number = int(digits, 8 if codes[3] is not None else 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


class Lines:
    """Offsets of a text as line and column, both counted from 1; the column in characters."""

    def __init__(self, source: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", source))]

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


@dataclass(frozen=True, slots=True)
class Head:
    """How a Go file begins: its package, its imports, and whether a build for Linux takes it in."""

    package: str
    imports: tuple[str, ...]
    built: bool


_BUILD_LINE = re.compile(r"^//go:build[ \t]+([^\r\n]*)", re.MULTILINE)
_IGNORED = re.compile(r"^// ?\+build[ \t]+ignore\b", re.MULTILINE)


def head_of(source: str, name: str = "") -> Head:
    """Package clause and imports of a file; `name` is the file's, whose ending may name a system."""
    stream = tokens(source)
    package, start = "", len(source)
    imports: list[str] = []
    for token in stream:
        if token.text == "package" and token.kind == "name":
            start = token.start
            package = next(stream, token).text
        elif package and token.kind == "name" and token.text == "import":
            imports.extend(_imported(stream))
        elif (package and token.text != ";") or not package:
            break
    constraint = _BUILD_LINE.search(source, 0, start)
    holds = build_line_holds(constraint[1]) if constraint else _IGNORED.search(source, 0, start) is None
    built = named_for_linux(name) and holds
    return Head(package, tuple(imports), built)


def _imported(stream: Iterator[Token]) -> Iterator[str]:
    """The paths of one import declaration, with or without brackets."""
    many = False
    for token in stream:
        if token.kind == "string":
            yield token.text
            if not many:
                return
        elif token.text == "(":
            many = True
        elif token.text == ")" or token.kind == "number":
            return


_SYSTEMS = frozenset(
    [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "illumos",
        "ios",
        "js",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "hurd",
        "nacl",
        "zos",
    ]
)
_PROCESSORS = frozenset(
    [
        "386",
        "arm",
        "arm64",
        "loong64",
        "mips",
        "mips64",
        "mips64le",
        "mipsle",
        "ppc64",
        "ppc64le",
        "riscv64",
        "s390x",
        "sparc64",
        "wasm",
        "ppc",
    ]
)
_HOLDS = frozenset(["linux", "unix", "amd64", "gc"])


def named_for_linux(name: str) -> bool:
    """Whether a file of this name is part of a build for linux/amd64, by its ending alone."""
    parts = name.removesuffix(".go").removesuffix("_test").split("_")[1:]
    return not any(part in _SYSTEMS or part in _PROCESSORS for part in parts[-2:])


def build_line_holds(expression: str) -> bool:
    """Whether a //go:build line takes the file into a build for linux/amd64 without CGO; a broken one does."""
    words = re.findall(r"&&|\|\||[!()]|[\w.]+", expression)[:500]
    try:
        value, rest = _either(words)
    except (IndexError, RecursionError):
        return True
    return value if not rest else True


def _either(words: list[str]) -> tuple[bool, list[str]]:
    value, words = _both(words)
    while words and words[0] == "||":
        other, words = _both(words[1:])
        value = value or other
    return value, words


def _both(words: list[str]) -> tuple[bool, list[str]]:
    value, words = _single(words)
    while words and words[0] == "&&":
        other, words = _single(words[1:])
        value = value and other
    return value, words


def _single(words: list[str]) -> tuple[bool, list[str]]:
    if words[0] == "!":
        value, words = _single(words[1:])
        return not value, words
    if words[0] == "(":
        value, words = _either(words[1:])
        return value, words[1:]
    return words[0] in _HOLDS or re.fullmatch(r"go1(\.\d+)?", words[0]) is not None, words[1:]
