"""goferry.yaml changed in place: a person's comments, order and quotes stay.

A value that is there is replaced where it stands, so that no other byte changes; keys that are added or removed go
through ruamel.yaml's round trip.
"""

from __future__ import annotations

import difflib
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from desktop.base.words import msg

from .config import CONFIG_FILE
from .errors import ConfigError
from .parse import parse_config
from .yaml_tree import Node, read_tree

Scalar = str | int | float | bool
Value = Scalar | Sequence[Scalar] | Mapping[str, Scalar] | None
_PLAIN = re.compile(r"[A-Za-z0-9_./+][A-Za-z0-9_./@%+=~-]*(?::[A-Za-z0-9_./@%+=~-]+)*")
_TAKEN_BY_YAML_1 = re.compile(
    r"(?i)y|n|yes|no|on|off|true|false|null|~|[0-9][0-9_:.]*|0x[0-9a-f_]+|[0-9.]+e[0-9+-]+"
)


def edit_config(text: str, changes: Mapping[str | tuple[str, ...], Value]) -> str:
    """`text` with values set: keys are paths such as "environments.staging.publish", or tuples where a key itself has
    dots; None takes the key out. Raises ConfigError when `text` or the outcome is not a configuration."""
    for key, value in changes.items():
        path = tuple(key.split(".")) if isinstance(key, str) else key
        text = edit_yaml(text, path, value)
    parse_config(text)
    return text


def edit_yaml(text: str, path: tuple[str, ...], value: Value) -> str:
    """The same for another file than goferry.yaml, which is not looked into. Raises ConfigError."""
    return _replaced_in_place(text, path, value) or _through_ruamel(text, path, value)


def _replaced_in_place(text: str, path: tuple[str, ...], value: Value) -> str | None:
    if not isinstance(value, (str, int, float)):
        return None
    node = read_tree(text, CONFIG_FILE)
    for key in path:
        if node is None or key not in node.entries:
            return None
        node = node.entries[key][1]
    if node is None or node.kind != "scalar" or node.end <= node.start or "\n" in text[node.start : node.end]:
        return None
    edited = text[: node.start] + _written(value) + text[node.end :]
    return edited if _reads_back(edited, path, value) else None


def _reads_back(text: str, path: tuple[str, ...], value: Scalar) -> bool:
    try:
        node: Node | None = read_tree(text, CONFIG_FILE)
    except ConfigError:
        return False
    for key in path:
        node = node.entries[key][1] if node is not None and key in node.entries else None
    return node is not None and node.text == _as_text(value)


def _as_text(value: Scalar) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _written(value: Scalar) -> str:
    """A scalar as YAML of both versions reads it alike."""
    if not isinstance(value, str):
        return _as_text(value)
    plain = _PLAIN.fullmatch(value) and not _TAKEN_BY_YAML_1.fullmatch(value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def _through_ruamel(text: str, path: tuple[str, ...], value: Value) -> str:
    read_tree(text, CONFIG_FILE)  # the limits hold before anything is built
    from ruamel.yaml.comments import CommentedMap

    ends = "\r\n" if "\r\n" in text else "\n"
    yaml = _round_trip(text)
    # ruamel's round-trip loader: it makes maps, lists and scalars, never objects
    root = yaml.load(text.replace("\r\n", "\n")) if text.strip() else None
    if root is None:
        root = CommentedMap()
    parent = root
    for key in path[:-1]:
        if key not in parent or parent[key] is None:
            if value is None:
                return text
            parent[key] = CommentedMap()
        parent = parent[key]
        if not isinstance(parent, CommentedMap):
            raise ConfigError(CONFIG_FILE, 0, 0, msg("“{key}” holds no keys.", key=".".join(path[:-1])))
    if value is None:
        parent.pop(path[-1], None)
    else:
        parent[path[-1]] = _for_ruamel(value, parent)
    out = io.StringIO()
    yaml.dump(root, out)
    return _as_before(text.replace("\r\n", "\n"), out.getvalue()).replace("\n", ends)


def _as_before(before: str, after: str) -> str:
    """`after` with the lines that ruamel only spaced anew as they were: a person's columns stay aligned."""
    old, new = before.split("\n"), after.split("\n")
    same = difflib.SequenceMatcher(
        None, [_squeezed(one) for one in old], [_squeezed(one) for one in new], autojunk=False
    )
    for block in same.get_matching_blocks():
        new[block.b : block.b + block.size] = old[block.a : block.a + block.size]
    kept = "\n".join(new)
    return kept if _plain(kept) == _plain(after) else after


def _squeezed(line: str) -> str:
    return re.sub(r"[ \t]+", "", line)


def _plain(text: str) -> Any:
    """What a text says, without the places."""

    def values(node: Node) -> Any:
        if node.kind == "map":
            return {key: values(value) for key, (_, value) in node.entries.items()}
        return [values(item) for item in node.items] if node.kind == "list" else node.text

    try:
        root = read_tree(text, CONFIG_FILE)
    except ConfigError:
        return None
    return values(root) if root is not None else ""


def _round_trip(text: str) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.allow_duplicate_keys = False
    indent = next(
        (len(line) - len(line.lstrip()) for line in text.splitlines() if re.match(r" +[\w-]", line)), 2
    )
    dashes = re.search(r"^( *)[^\s#-][^\n]*:[ ]*\n( *)- ", text, re.MULTILINE)
    offset = max(len(dashes[2]) - len(dashes[1]), 0) if dashes else 0
    yaml.indent(mapping=indent, sequence=offset + 2, offset=offset)
    return yaml


def _for_ruamel(value: Any, parent: Any) -> Any:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, str):
        return value if _written(value) == value else DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        made = CommentedMap((key, _for_ruamel(one, parent)) for key, one in value.items())
        if parent.fa.flow_style():
            made.fa.set_flow_style()
        return made
    if isinstance(value, Sequence):
        items = CommentedSeq(_for_ruamel(one, parent) for one in value)
        items.fa.set_flow_style()
        return items
    return value
