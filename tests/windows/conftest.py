"""The Windows edition is built, and tests run on a Windows Python, beside the other tests; both are asked when those
are done."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.windows.background import Background
from tests.windows.run import Result, results

BUILD = Background("installer/build.py", "--quick", "--output", "{folder}")
TESTS = Background("-m", "tests.windows", "--some", "--told", "{folder}/told.jsonl")
USES = {"test_edition.py": BUILD, "test_on_windows_python.py": TESTS}


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.getoption("collectonly"):
        return
    files = {item.path.name for item in session.items}
    for name, one in USES.items():
        if name in files and (one is BUILD or sys.platform != "win32"):
            one.start()


def pytest_sessionfinish() -> None:
    for one in USES.values():
        one.end()


@pytest.fixture(scope="session")
def edition_folder() -> Path:
    """Where the built edition lies: the installer, and the program as it was frozen."""
    return BUILD.done()


@pytest.fixture(scope="session")
def told() -> dict[str, Result]:
    """What became of the tests on the Windows Python."""
    return results(TESTS.done(fine=(0, 1)) / "told.jsonl")
