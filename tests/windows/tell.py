"""A plugin of pytest: writes what becomes of each test into the file that GOFERRY_TELL names, a JSON object a line.

What ran until then is known even when the process is ended, or ends itself, in the middle of a test; a second run with
the same file goes on after that test.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

FILE = "GOFERRY_TELL"


def _say(**words: object) -> None:
    with Path(os.environ[FILE]).open("a", encoding="utf-8") as told:
        told.write(json.dumps(words) + "\n")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    told = Path(os.environ[FILE])
    if told.exists():
        before = {json.loads(line).get("test") for line in told.read_text(encoding="utf-8").splitlines()}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in before])
        items[:] = [item for item in items if item.nodeid not in before]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _say(test=report.nodeid, state="failed", seconds=0.0, why=report.longreprtext)
    elif report.skipped:
        _say(test=report.nodeid, state="skipped", seconds=0.0, why=_reason(report))


def pytest_runtest_logstart(nodeid: str) -> None:
    _say(test=nodeid, state="begun")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """One line for each test, and one more for a failure after it."""
    if report.failed or report.when == "call" or (report.skipped and report.when == "setup"):
        why = _reason(report) if report.skipped else report.longreprtext
        _say(test=report.nodeid, state=report.outcome, seconds=round(report.duration, 2), why=why)


def pytest_sessionfinish(exitstatus: int) -> None:
    _say(ended=int(exitstatus))


def _reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Why it was skipped."""
    told = report.longrepr
    return str(told[2]).removeprefix("Skipped: ") if isinstance(told, tuple) else str(told)
