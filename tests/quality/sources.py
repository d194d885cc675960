"""The files of this clone, and their syntax trees, for the tests beside this module."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = {"build", "dist", "artifacts", "node_modules", "__pycache__"}


@cache
def tracked() -> tuple[Path, ...]:
    """What Git holds; in a copy without Git, everything but hidden folders and what builds leave behind."""
    words = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    try:
        listed = subprocess.run(words, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = []
    if any(listed):
        return tuple(ROOT / name for name in listed if name and (ROOT / name).is_file())
    return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and _is_source(path))


def _is_source(path: Path) -> bool:
    folders = path.relative_to(ROOT).parts[:-1]
    return not any(
        part in LEFT_BEHIND or (part.startswith(".") and part not in (".ci", ".github")) for part in folders
    )


def modules(folder: str) -> list[Path]:
    """The Python files under a folder of the clone."""
    return sorted((ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def place(path: Path, node: ast.AST) -> str:
    """`desktop/app.py:12`, as an editor opens it."""
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"
