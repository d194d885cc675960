"""What the product imports is what pyproject.toml asks for: nothing that a tool of ours happens to bring along."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.quality.sources import ROOT, modules, place, tree

OWN = {"desktop", "tests", "installer", "resources"}
ON_WINDOWS = {
    "win32api",
    "win32con",
    "win32job",
    "win32process",
    "pywintypes",
    "winreg",
    "win32file",
    "win32event",
    "win32pipe",
    "win32security",
    "winerror",
}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *project["optional-dependencies"]["go"],
        "shiboken6: a part of PySide6",
    ]
    return {normal(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in lines}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def foreign() -> dict[str, str]:
    """Each module of others that `desktop` imports, or names as a package with files, and one place of it."""
    found: dict[str, str] = {}
    for path in modules("desktop"):
        for node in ast.walk(tree(path)):
            for name in named(node):
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top not in OWN | ON_WINDOWS:
                    found.setdefault(top, place(path, node))
    return found


def named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module]
    loads = ("import_module", "files", "find_spec")
    name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
    if isinstance(node, ast.Call) and name in loads and node.args and isinstance(node.args[0], ast.Constant):
        return [str(node.args[0].value)]
    return []


def test_every_import_is_a_declared_dependency() -> None:
    belongs, asked = packages_distributions(), declared()
    missing = {
        module: where
        for module, where in foreign().items()
        if not {normal(name) for name in belongs.get(module, [module])} & asked
    }
    assert missing == {}
