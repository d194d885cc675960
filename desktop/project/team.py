"""goferry.team.yaml: what a team agrees on and shares through Git. Never a secret.

meant_to_differ:
  config.FEATURE_SEARCH:
    why: search comes to production in June
    by: zhao@pc-7
    until: 2026-06-30
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from desktop.base.visible import visible
from desktop.base.words import msg

from .edit import edit_yaml
from .errors import ConfigError
from .reading import read_bounded
from .yaml_tree import MOST_BYTES, Node, decode, read_tree

TEAM_FILE = "goferry.team.yaml"
_MEANT = "meant_to_differ"


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody said that `key` ("config.LOG_LEVEL") is meant to differ. `until` is a day as 2026-12-31, empty for
    always."""

    key: str
    why: str
    by: str = ""
    until: str = ""

    def holds(self, today: str) -> bool:
        return not self.until or today <= self.until


def load_marks(folder: Path) -> tuple[Mark, ...]:
    """The team's marks; none where there is no file. Raises ConfigError on one that cannot be used."""
    path = folder / TEAM_FILE
    try:
        data = read_bounded(path, MOST_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        problem = msg("the system says: {error}", error=error.strerror or str(error))
        raise ConfigError(path, 0, 0, problem) from error
    return parse_marks(decode(data, path), path)


def parse_marks(text: str, path: Path | str = TEAM_FILE) -> tuple[Mark, ...]:
    """Raises ConfigError. Keys that this version does not know are left to a newer one."""
    root = read_tree(text, path)
    if root is None:
        return ()
    meant = _map(root, path).entries.get(_MEANT)
    if meant is None or meant[1].empty:
        return ()
    return tuple(
        Mark(key, *(_text(_map(node, path), name) for name in ("why", "by", "until")))
        for key, (_, node) in _map(meant[1], path).entries.items()
    )


def _map(node: Node, path: Path | str) -> Node:
    if node.kind != "map":
        raise ConfigError(path, node.line, node.column, msg("keys with values belong here."))
    return node


def _text(node: Node, name: str) -> str:
    entry = node.entries.get(name)
    return visible(entry[1].text, 300) if entry is not None and not entry[1].empty else ""


def marked(text: str, mark: Mark) -> str:
    """The file's text with a mark, or without one that has no `why`; comments stay. Raises ConfigError."""
    parse_marks(text)
    values = {"why": mark.why, "by": mark.by, "until": mark.until}
    kept = {name: value for name, value in values.items() if value}
    return edit_yaml(text, (_MEANT, mark.key), kept if mark.why else None)
