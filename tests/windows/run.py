"""Runs tests on the Windows Python of a fresh, Chinese Windows under Wine, and reads what became of them.

A test that hangs takes the whole process with it there (no signal reaches a thread on Windows). It is run once more in
a new process, as it may have been Wine that ended; when the process ends there again that test has failed, and the
others go on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer.wine.carry import Take
from installer.wine.machine import Machine, fresh, windows_path
from installer.wine.store import PROJECT, Store

TELL = "GOFERRY_TELL"
SCREEN = "1920x1200"
"""Larger than the window in the size that pages are drawn for: Windows makes no window larger than its screen."""
OWN = tuple(
    path.relative_to(PROJECT).as_posix()
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
    if path.name not in {"test_edition.py", "test_on_windows_python.py"}
)
"""Windows' own ways; in each run of all tests, test_edition.py has them run."""
ALL = ("tests/unit", "tests/ui", *OWN)
SOME = (
    "tests/unit/base",
    "tests/unit/build/test_fetch.py",
    "tests/unit/build/test_toolchain.py",
    "tests/unit/build/test_watching.py",
    "tests/unit/engine",
    "tests/unit/hosts",
    "tests/unit/image",
    "tests/unit/project/test_edit.py",
    "tests/unit/project/test_folder_template.py",
    "tests/unit/project/test_git.py",
    "tests/unit/project/test_inspection.py",
    "tests/unit/project/test_templates.py",
    "tests/unit/release",
    "tests/unit/ship/delta/test_tools.py",
    "tests/unit/test_app_choices.py",
    "tests/unit/test_updates.py",
    "tests/unit/ui",
    "tests/ui/test_hosts_page.py",
    "tests/ui/test_hosts_page_looks.py",
    "tests/ui/test_pages_look.py",
    "tests/ui/test_screens.py",
    "tests/ui/test_start.py",
    "tests/ui/test_steps.py",
    "tests/ui/test_widgets.py",
    "tests/ui/test_window.py",
    "tests/ui/test_window_palette.py",
)
WORDS = (
    "-X",
    "warn_default_encoding",
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "tests.windows.tell",
)
_RESTARTS = 12


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a test. `state` is passed, failed, skipped, or begun as long as it runs."""

    test: str
    state: str
    seconds: float = 0.0
    why: str = ""


def results(told: Path) -> dict[str, Result]:
    """All that is known from the file of `tell.py`, by test; a failure outweighs what else was said of the same one."""
    found: dict[str, Result] = {}
    for line in _lines(told):
        if "test" not in line:
            continue
        one = Result(line["test"], line["state"], line.get("seconds", 0.0), line.get("why", ""))
        if one.test not in found or found[one.test].state != "failed":
            found[one.test] = one
    return found


def is_over(told: Path) -> bool:
    """Whether pytest came to the end of its list."""
    return any("ended" in line for line in _lines(told))


def _lines(told: Path) -> list[dict[str, Any]]:
    if not told.exists():
        return []
    text = told.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]  # the last line may be on its way
    return [json.loads(line) for line in whole.splitlines()]


def part(folder_or_file: str, known: Iterable[Result]) -> list[Result]:
    """The results of one file of tests, or of a folder."""
    return [one for one in known if one.test.split("::", 1)[0].startswith(folder_or_file)]


def run(words: Sequence[str], told: Path, out: Take | None = None, *, machine: Machine | None = None) -> None:
    """Runs pytest with `words` until each test has a result in `told`."""
    windows = machine or fresh(Store(), user="张 三", language="zh_CN", screen=SCREEN)
    try:
        _to_the_end(windows, words, told, out)
    finally:
        if machine is None:
            windows.remove()


def _to_the_end(windows: Machine, words: Sequence[str], told: Path, out: Take | None) -> None:
    died = set[str]()
    for _ in range(_RESTARTS):
        ended = windows.python(
            *WORDS,
            *words,
            environment={TELL: windows_path(told)},
            folder=PROJECT,
            timeout=None,
            out=out,
            err=out,
        )
        if is_over(told):
            return
        broken = [one.test for one in results(told).values() if one.state == "begun"]
        where = (broken or ["pytest"])[-1]
        why = f"the process ended here with {ended.code}:\n{ended.said[-6000:]}"
        if where not in died:
            died.add(where)
            _forget(told, where)
            if out is not None:
                out(f"\n{where}: {why}\nOnce more.\n".encode())
            continue
        line = {"test": where, "state": "failed", "seconds": 0.0, "why": why}
        with told.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if not broken:
            return


def _forget(told: Path, test: str) -> None:
    """As if it had not begun."""
    left = [json.dumps(line) + "\n" for line in _lines(told) if line.get("test") != test]
    told.write_text("".join(left), encoding="utf-8")
