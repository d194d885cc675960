"""A walk over a project's folder: names and kinds of files only, bounded in number and time.

Links to folders are not followed (nor does Go), and neither are folders that Go passes over.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from desktop.base.links import leads_elsewhere

MOST_ENTRIES = 300_000
MOST_SECONDS = 8.0
_SKIPPED = frozenset(["node_modules", "vendor", "testdata", "third_party_cache", "__pycache__"])


@dataclass(slots=True)
class Tree:
    """What lies in the folder. `go` maps each folder with Go files to their names, in the order of the walk: near the
    root first."""

    root: Path
    go: dict[str, list[str]] = field(default_factory=dict)
    go_mods: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    dockerfiles: list[str] = field(default_factory=list)
    composes: list[str] = field(default_factory=list)
    vendored: bool = False
    entries: int = 0
    unreadable: list[str] = field(default_factory=list)
    stopped: bool = False
    """The walk reached its limit: the rest was not looked at."""


def scan(root: Path, *, most: int = MOST_ENTRIES, seconds: float = MOST_SECONDS) -> Tree:
    """Walks breadth first, so that what matters is seen before a limit is reached."""
    tree = Tree(root)
    deadline = time.monotonic() + seconds
    rest = deque([str(root)])
    while rest:
        folder = rest.popleft()
        try:
            with os.scandir(folder) as entries:
                rest.extend(_look(tree, folder, entries, most))
        except OSError:
            tree.unreadable.append(folder)
        if tree.entries >= most or time.monotonic() > deadline:
            tree.stopped = bool(rest) or tree.entries >= most
            break
    return tree


def _look(tree: Tree, folder: str, entries: os._ScandirIterator[str], most: int) -> list[str]:
    below = []
    for entry in entries:
        tree.entries += 1
        if tree.entries >= most:
            break
        name = entry.name
        if _is_folder(entry):
            if name == "vendor":
                tree.vendored = tree.vendored or os.path.isfile(os.path.join(entry.path, "modules.txt"))
            elif name not in _SKIPPED and not name.startswith((".", "_")):
                below.append(entry.path)
        else:
            _file(tree, folder, name)
    return sorted(below)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and not leads_elsewhere(entry.stat(follow_symlinks=False))
    except OSError:
        return False


_SETTINGS = (".yaml", ".yml", ".json", ".toml", ".env", ".ini")
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def _file(tree: Tree, folder: str, name: str) -> None:
    path = os.path.join(folder, name)
    if name.endswith(".go"):
        tree.go.setdefault(folder, []).append(name)
    elif name == "go.mod":
        tree.go_mods.append(path)
    elif name.endswith((".sh", ".bash")) or name in ("entrypoint", "docker-entrypoint", "gradlew"):
        tree.scripts.append(path)
    elif name in _COMPOSE:
        tree.composes.append(path)
    elif name == "Dockerfile" or name.lower() in ("dockerfile", "containerfile"):
        tree.dockerfiles.append(path)
    elif name.endswith(_SETTINGS) and len(tree.settings) < 200:
        tree.settings.append(path)
