"""go.mod and go.work, read without Go: paths, versions, and what is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .go_tokens import unquoted


@dataclass(frozen=True, slots=True)
class GoMod:
    """`requires` pairs module paths with versions, indirect ones too. `uses` are the folders of a go.work."""

    path: str = ""
    go_version: str = ""
    toolchain: str = ""
    requires: tuple[tuple[str, str], ...] = ()
    replaced_by_folder: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


def read_go_mod(text: str) -> GoMod:
    """What a go.mod or go.work says; broken lines are passed over, for Go itself names them."""
    single = {"module": "", "go": "", "toolchain": ""}
    requires: list[tuple[str, str]] = []
    folders: list[str] = []
    uses: list[str] = []
    for verb, words in _lines(text):
        if verb in single and words and not single[verb]:
            single[verb] = words[0]
        elif verb == "require" and len(words) >= 2:
            requires.append((words[0], words[1]))
        elif verb == "replace" and "=>" in words and _FOLDER.match(words[-1]):
            folders.append(words[-1])
        elif verb == "use" and words:
            uses.append(words[0])
    return GoMod(
        single["module"], single["go"], single["toolchain"], tuple(requires), tuple(folders), tuple(uses)
    )


_FOLDER = re.compile(r"\.{1,2}(?:[/\\]|$)|[/\\]|[A-Za-z]:")
"""What go.mod takes for a folder, on any system; anything else is the path of a module."""
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\(|\)|[^\s"`()]+')


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    """(verb, words) of each line, blocks in brackets taken apart."""
    block = ""
    for line in text.splitlines():
        words = _WORD.findall(_without_comment(line))
        if not words:
            continue
        if block:
            if words[0] == ")":
                block = ""
            else:
                yield block, [_plain(word) for word in words]
        elif len(words) == 2 and words[1] == "(":
            block = words[0]
        else:
            yield words[0], [_plain(word) for word in words[1:]]


def _without_comment(line: str) -> str:
    found = re.match(r'(?:"(?:[^"\\]|\\.)*"|`[^`]*`|(?!//).)*', line)
    return found.group() if found else line


def _plain(word: str) -> str:
    if word.startswith('"'):
        return unquoted(word)
    return word.strip("`") if word.startswith("`") else word


def version_key(version: str) -> tuple[int, int, int, int, int]:
    """Orders Go versions: "1.21rc1" < "1.21" = "1.21.0" < "1.21.1" < "1.27"; what is no version comes first."""
    found = re.match(r"(?:go)?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:(beta|rc)(\d+))?", version, re.ASCII)
    if found is None:
        return (0, 0, 0, 0, 0)
    major, minor, patch, kind, number = found.groups()
    stage = {"beta": 0, "rc": 1, None: 2}[kind]
    return int(major), int(minor or 0), int(patch or 0), stage, int(number or 0)


def go_is_older(there: str, wanted: str) -> bool:
    """Whether the Go that is there is older than the one a module asks for."""
    return bool(wanted) and version_key(there) < version_key(wanted)
