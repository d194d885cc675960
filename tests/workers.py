"""All tests in two processes: one has the servers of the lab, where it mostly waits for them, the other has the rest.

`bootstrap.py test` does it, and `pytest -n 2`. pytest-xdist hands out the work by scopes, here in an order that lets
neither process wait for the other: the lab from the beginning; last the servers that tests of set-up start for
themselves, for whichever process is free, and the Windows edition, which is built beside all this.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.windows import background

IN_A_ROW = ("tests/lab", "tests/quality", "tests/ui", "tests/unit", "tests/lab/test_setup", "tests/windows")
"""What begins when, by the beginning of its path; the longest beginning that fits counts."""
TOGETHER = ("tests/lab", "tests/windows")
"""What one process has all of: the tests share servers, or a Windows."""


def part_of(test: str) -> str:
    """Of IN_A_ROW, the one that a test belongs to; empty when it is of none."""
    return max((part for part in IN_A_ROW if test.startswith(part)), key=len, default="")


def scope_of(test: str) -> str:
    """Tests with the same one run in one process."""
    part = part_of(test)
    return part if part in TOGETHER else test.partition("::")[0]


class Scopes(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """What a process died of has failed, and is not tried again; a guard ends one that hangs (see conftest.py)."""
        work = self.assigned_work[node]
        left = [(tests, test) for tests in work.values() for test, done in tests.items() if not done]
        for tests, test in left[:1]:
            tests[test] = True
        for scope in [scope for scope, tests in work.items() if all(tests.values())]:
            del work[scope]
        super().remove_node(node)
        return left[0][1] if left else None


class Workers:
    """What pytest's processes are told: by the one that hands out, and by those that run tests."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = {part: place for place, part in enumerate(IN_A_ROW)}
        items.sort(key=lambda item: places.get(part_of(item.nodeid), len(places)))

    def pytest_xdist_setupnodes(self) -> None:
        if sys.flags.warn_default_encoding:  # xdist's processes get the environment, and no -X
            os.environ["PYTHONWARNDEFAULTENCODING"] = "1"
        background.offer()

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Scopes:
        config.option.loadscopereorder = False
        return Scopes(config, log)

    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        background.start({test.partition("::")[0].rpartition("/")[2] for test in ids})

    def pytest_sessionfinish(self) -> None:
        background.end()
