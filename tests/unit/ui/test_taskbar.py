"""What Windows' task bar shows of the running work."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from desktop.base.jobs import JobState
from desktop.ui.taskbar import Progress, shown


def job(fraction: float | None, state: JobState = JobState.RUNNING) -> Any:
    return SimpleNamespace(fraction=fraction, state=state)


@pytest.mark.parametrize(
    ("jobs", "seen"),
    [
        ([], (Progress.NONE, 0)),
        ([job(None)], (Progress.UNKNOWN, 0)),
        ([job(0.5)], (Progress.NORMAL, 50)),
        ([job(0.9), job(0.25), job(None)], (Progress.NORMAL, 25)),
        ([job(0.4), job(None, JobState.NEEDS_YOU)], (Progress.WAITS, 40)),
        ([job(None, JobState.NEEDS_YOU)], (Progress.WAITS, 100)),
    ],
)
def test_the_job_that_is_the_least_far_counts(jobs: list[Any], seen: tuple[Progress, int]) -> None:
    assert shown(jobs) == seen
