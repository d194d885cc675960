"""The Windows edition as a person gets it: installed, brought up to date, used and removed, on Windows code.

The steps are those of installer/check.py, of which some that need more time are left to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from installer.check import STEPS, stage
from installer.checks.stage import NotHere, Stage
from installer.checks.steps import Step

pytestmark = pytest.mark.timeout(1800)  # the first one waits for the build


@pytest.fixture(scope="module")
def windows(edition_folder: Path) -> Iterator[Stage]:
    setup = next(edition_folder.glob("Goferry-*-setup.exe"))
    with stage(edition_folder, setup) as fresh:
        yield fresh


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step.essential], ids=lambda step: step.title.replace(" ", "-")
)
def test_on_a_fresh_windows(step: Step, windows: Stage) -> None:
    try:
        print(step.take(windows))
    except NotHere as error:
        pytest.skip(str(error))
