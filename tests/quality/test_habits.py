"""What no linter knows of: the habits that keep the window from freezing and the stations apart."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.quality.sources import ROOT, modules, place, tree

BANNED_IN_THE_WINDOW = {
    "exec": "opens an event loop inside the event loop: other tasks stand still; use open() and a future",
    "exec_": "opens an event loop inside the event loop: other tasks stand still; use open() and a future",
    "processEvents": "runs other tasks in the middle of this one",
    "getOpenFileName": "is exec() in disguise: QFileDialog.open()",
    "getOpenFileNames": "is exec() in disguise: QFileDialog.open()",
    "getSaveFileName": "is exec() in disguise: QFileDialog.open()",
    "getExistingDirectory": "is exec() in disguise: QFileDialog.open()",
}
BANNED_CALLS = {
    "to_thread": "uses the default executor, which blocks at exit: desktop.base.blocking.Pool",
    "create_subprocess_exec": "polls under qasync: desktop.base.processes",
    "create_subprocess_shell": "a shell reads the words: desktop.base.processes",
    "AutoAddPolicy": "a person confirms each host key",
    "asyncSlot": "keeps no reference to its task: start a Job",
    "asyncClose": "spins the event loop",
}
STATIC_DIALOGS = {"QMessageBox", "QInputDialog", "QColorDialog", "QFontDialog"}
STATIC_METHODS = {
    "information",
    "question",
    "warning",
    "critical",
    "about",
    "getText",
    "getItem",
    "getInt",
    "getColor",
}
STATIONS = ("project", "build", "image", "engine", "hosts", "ship", "registry", "release", "watch")
HEAVY = {"PySide6", "qasync", "paramiko", "docker"}
LONGEST_MODULE = 500  # the aim is 400; beyond this a module holds two concepts


def calls(folder: str) -> Iterator[tuple[str, ast.Call, str, str]]:
    """(where, call, name of what is called, name of what it is called on) of each call in a folder."""
    for path in modules(folder):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                owner = node.func.value if isinstance(node.func, ast.Attribute) else None
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                yield place(path, node), node, name, getattr(owner, "id", getattr(owner, "attr", ""))


@pytest.mark.parametrize(
    ("folder", "banned"),
    [("desktop/ui", BANNED_IN_THE_WINDOW), ("desktop", BANNED_CALLS)],
    ids=["window", "all"],
)
def test_nothing_calls_what_freezes_the_window_or_trusts_too_much(
    folder: str, banned: dict[str, str]
) -> None:
    assert [f"{where}: {name} {banned[name]}" for where, _, name, _ in calls(folder) if name in banned] == []


def test_no_dialog_is_opened_by_a_static_method() -> None:
    found = [
        where
        for where, _, name, owner in calls("desktop")
        if owner in STATIC_DIALOGS and name in STATIC_METHODS
    ]
    assert found == []


def test_no_shell_reads_a_command() -> None:
    found = [where for where, call, _, _ in calls("desktop") for word in call.keywords if word.arg == "shell"]
    assert found == []


STARTERS = {
    "desktop/base/processes.py": "CREATE_NO_WINDOW",
    "desktop/release/places/spawn.py": "DETACHED_PROCESS",
    "desktop/hosts/terminal.py": "CREATE_NEW_CONSOLE",  # the one that a person asks for
}
"""Who may start programs, and how each keeps a console from flashing up on Windows."""


def test_no_console_flashes_up() -> None:
    names = {"Popen", "run", "call", "check_call", "check_output", "getoutput"}
    started = [
        (where, call)
        for where, call, name, owner in calls("desktop")
        if (owner == "subprocess" and name in names)
        or (owner == "os" and name.startswith(("spawn", "popen")))
    ]
    assert {where.partition(":")[0] for where, _ in started} == set(STARTERS)
    bare = [where for where, call in started if all(word.arg is not None for word in call.keywords)]
    assert bare == [], "the flags of Windows are handed over as **settings"
    for file, flag in STARTERS.items():
        assert flag in (ROOT / file).read_text(encoding="utf-8")


def test_the_default_executor_is_never_used() -> None:
    found = [
        where
        for where, call, name, _ in calls("desktop")
        if name == "run_in_executor"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value is None
    ]
    assert found == []


def test_colours_are_written_in_the_theme_only() -> None:
    colour = re.compile(r"#(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})\b")
    found = []
    for path in modules("desktop/ui"):
        if path.name in ("theme.py", "style.py"):
            continue
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and colour.fullmatch(node.value.strip())
            ):
                found.append(f"{place(path, node)}: {node.value}")
    assert found == []


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module]
    return []


DOORS = {
    "desktop.hosts.setup": "a station within the station, with public names of its own",
    "desktop.release.guard": "a program of its own, which the frozen program starts as itself",
    "desktop.release.supervise": "a program of its own, which loads nothing else of the station",
}


def test_a_station_is_used_by_its_public_names() -> None:
    """`from desktop.hosts import Host`, not from the modules inside: those may move. The composition root may:
    it loads the parts that cost much only when they are needed."""
    found = []
    for path in modules("desktop"):
        station = path.relative_to(ROOT / "desktop").parts[0]
        if station.startswith("app"):
            continue
        for node in ast.walk(tree(path)):
            for name in imported(node):
                parts = name.split(".")
                inside = (
                    parts[0] == "desktop" and len(parts) > 2 and parts[1] in STATIONS and parts[1] != station
                )
                if inside and name not in DOORS:
                    found.append(f"{place(path, node)}: {name}")
    assert found == []


def test_a_package_names_its_parts_without_loading_the_heavy_libraries() -> None:
    found = []
    for path in modules("desktop"):
        if path.name == "__init__.py":
            for node in tree(path).body:
                found += [f"{place(path, node)}: {n}" for n in imported(node) if n.split(".")[0] in HEAVY]
    assert found == []


def test_base_holds_concepts_and_no_leftovers() -> None:
    leftovers = {"utils.py", "util.py", "common.py", "misc.py", "helpers.py", "helper.py"}
    assert [str(path.relative_to(ROOT)) for path in modules("desktop") if path.name in leftovers] == []


def test_no_module_is_too_long_to_be_read_at_once() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules("desktop")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


@pytest.mark.parametrize("folder", ["desktop", "installer", "tests"])
def test_nothing_is_left_for_later(folder: str) -> None:
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for path in modules(folder)
        if path.name != "test_habits.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if later.search(line)
    ]
    assert found == []


def test_every_folder_of_tests_is_a_package() -> None:
    """Two test files of one name in folders that are none would hide each other."""
    folders = {path.parent for path in modules("tests") if path.name.startswith("test_")}
    assert [
        str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()
    ] == []


def test_no_folder_of_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    """By itself, pytest leaves out a folder named build."""
    left_out = pytestconfig.getini("norecursedirs")
    folders = {part for path in modules("tests") for part in path.relative_to(ROOT).parts[:-1]}
    assert {folder for folder in folders if any(fnmatch(folder, pattern) for pattern in left_out)} == set()
