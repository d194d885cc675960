"""YAML that people wrote, read safely: limits before use, scalars stay strings, every node knows its line.

Events of ruamel's parser are counted as they come, so that nothing is built from a bomb; no tag makes an object,
a repeated key is an error, and `22:22`, `no` and `0123` stay what was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desktop.base.visible import visible
from desktop.base.words import Words, msg

from .errors import ConfigError

MOST_BYTES = 256 * 1024
MOST_DEPTH = 12
MOST_NODES = 5_000
MOST_ALIASES = 20


@dataclass(slots=True)
class Node:
    """A scalar (`text`), a list (`items`) or a map (`entries`), and where it stands, counted from 1.

    `start` and `end` are offsets of a scalar in the text."""

    kind: str
    line: int
    column: int
    text: str = ""
    plain: bool = True
    items: list[Node] = field(default_factory=list)
    entries: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    start: int = 0
    end: int = 0

    @property
    def empty(self) -> bool:
        """Nothing stands there: a key without a value."""
        return self.kind == "scalar" and self.plain and self.text in ("", "~", "null")


def decode(data: bytes, path: Path | str) -> str:
    """The text of a file. Raises ConfigError when it is too big or not UTF-8."""
    if len(data) > MOST_BYTES:
        raise ConfigError(path, 0, 0, msg("it has more than {n} KB.", n=MOST_BYTES // 1024))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise ConfigError(
            path, line, column, msg("it is not UTF-8 text."), msg("Save it as UTF-8.")
        ) from error


def read_tree(text: str, path: Path | str) -> Node | None:
    """The tree of `text`, None when it holds nothing. Raises ConfigError, with line and column."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ConfigError(path, 0, 0, msg("it has more than {n} KB.", n=MOST_BYTES // 1024))
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return _Builder(path).build(_events(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = msg(
            "this is not YAML ({problem}).", problem=visible(str(error.problem or error.context or ""), 200)
        )
        raise ConfigError(path, line, column, problem, detail=visible_lines(str(error))) from error
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ConfigError(
            path, line, column, msg("a character that YAML does not allow stands there.")
        ) from error
    except (YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise ConfigError(path, 0, 0, msg("this is not YAML."), detail=visible_lines(str(error))) from error


def visible_lines(text: str) -> str:
    return "\n".join(visible(line, 300) for line in text.splitlines()[:20])


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    events: Iterator[Any] = yaml.parse(text)
    return events


class _Builder:
    """Puts events together without recursion, counting as it goes."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._open: list[Node] = []
        self._keys: list[Node | None] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._nodes = self._aliases = self._documents = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                self._documents += 1
                if self._documents > 1:
                    raise self._error(event, msg("a second document starts there; one is allowed."))
            elif kind in ("ScalarEvent", "SequenceStartEvent", "MappingStartEvent"):
                self._node(event, kind)
            elif kind == "AliasEvent":
                self._alias(event)
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                self._open.pop(), self._keys.pop()
        return None if self._root is None or self._root.empty else self._root

    def _node(self, event: Any, kind: str) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self._error(event, msg("it has more than {n} values.", n=MOST_NODES))
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) != "!":
            raise self._error(event, msg("tags such as {tag} are not used here.", tag=visible(str(tag), 40)))
        mark, end = event.start_mark, event.end_mark
        node = Node(_KINDS[kind], mark.line + 1, mark.column + 1, start=mark.index, end=end.index)
        if kind == "ScalarEvent":
            node.text, node.plain = event.value, event.style is None
        if event.anchor:
            self._anchors[event.anchor] = node
        self._place(node, event)
        if kind != "ScalarEvent":
            self._open.append(node)
            self._keys.append(None)
            if len(self._open) > MOST_DEPTH:
                raise self._error(event, msg("it is nested deeper than {n} levels.", n=MOST_DEPTH))

    def _alias(self, event: Any) -> None:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            raise self._error(event, msg("it has more than {n} aliases.", n=MOST_ALIASES))
        node = self._anchors.get(event.anchor)
        if node is None:
            raise self._error(event, msg("*{name} is named nowhere before.", name=visible(event.anchor, 40)))
        if any(node is parent for parent in self._open):
            raise self._error(event, msg("*{name} holds itself.", name=visible(event.anchor, 40)))
        self._nodes += _size(node)
        if self._nodes > MOST_NODES:
            raise self._error(event, msg("it has more than {n} values.", n=MOST_NODES))
        self._place(node, event)

    def _place(self, node: Node, event: Any) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if parent.kind == "list":
            parent.items.append(node)
            return
        key, self._keys[-1] = self._keys[-1], None
        if key is not None:
            parent.entries[key.text] = (key, node)
            return
        if node.kind != "scalar":
            raise self._error(event, msg("a key must be a single word."))
        if node.text in parent.entries:
            first = parent.entries[node.text][0].line
            raise self._error(
                event,
                msg(
                    "the key {key} stands twice, first in line {line}.",
                    key=visible(node.text, 40),
                    line=first,
                ),
            )
        self._keys[-1] = node

    def _error(self, event: Any, problem: Words) -> ConfigError:
        return ConfigError(self._path, event.start_mark.line + 1, event.start_mark.column + 1, problem)


_KINDS = {"ScalarEvent": "scalar", "SequenceStartEvent": "list", "MappingStartEvent": "map"}


def _size(node: Node) -> int:
    """Nodes below and with `node`; its aliases were counted in, so this ends."""
    count, rest = 0, [node]
    while rest and count <= MOST_NODES:
        this = rest.pop()
        count += 1
        rest.extend(this.items)
        rest.extend(value for _, value in this.entries.values())
    return count
