"""The Windows edition is built, and tests run on a Windows Python, beside the other tests; both are asked when those
are done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.windows import background
from tests.windows.run import Result, results


def pytest_collection_finish(session: pytest.Session) -> None:
    handed_out = "PYTEST_XDIST_WORKER" in os.environ  # then the process that hands out has it started
    if not handed_out and not session.config.getoption("collectonly"):
        background.start({item.path.name for item in session.items})


def pytest_sessionfinish() -> None:
    background.end()


@pytest.fixture(scope="session")
def edition_folder() -> Path:
    """Where the built edition lies: the installer, and the program as it was frozen."""
    return background.BUILD.done()


@pytest.fixture(scope="session")
def told() -> dict[str, Result]:
    """What became of the tests on the Windows Python."""
    folder = background.TESTS.done(fine=(0, 1))
    found = results(folder / "told.jsonl")
    assert found, (folder / "background.log").read_text(encoding="utf-8", errors="replace")[-4000:]
    return found
