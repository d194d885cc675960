"""A time that was too long counts when it is so again: what the program itself takes too long for is so each time,
and what others on the same processors, or a computer that stood still for a moment, were the cause of is not."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from _pytest.runner import runtestprotocol

TURNS = 3
SHOWN = "shown"
"""The property of a test whose value is printed at the end of the run."""
_SLOW = pytest.StashKey[list[str]]()
"""The times that were too long in this turn of a test."""


class TooSlow(AssertionError):
    """What a test raises that has measured a time, where all else was right."""


class Again:
    """A plugin of pytest: a test that failed with nothing but `TooSlow` is run once more, and the end of the run says so."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        if call.excinfo is not None and isinstance(call.excinfo.value, TooSlow):
            item.stash[_SLOW].append(str(call.excinfo.value).partition("\n")[0])
        return (yield)

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = self._turn(item, nextitem)
        for _ in range(TURNS - 1):
            slow, failed = item.stash[_SLOW], sum(report.failed for report in reports)
            if not failed or len(slow) < failed:
                break
            item.user_properties.append((SHOWN, f"{item.nodeid} was run once more: {slow[0]}"))
            reports = self._turn(item, nextitem)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @staticmethod
    def _turn(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        item.stash[_SLOW] = []
        return runtestprotocol(item, log=False, nextitem=nextitem)
