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
from tests.conftest import ROOT
from tests.windows.background import time_left

OWN_WAYS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in Path(__file__).parent.glob("test_*.py")
    if path.name != Path(__file__).name
)
"""What runs on the Windows Python itself."""

pytestmark = pytest.mark.timeout(1800)  # the first one waits for the build


@pytest.fixture(scope="module")
def windows(edition_folder: Path) -> Iterator[Stage]:
    setup = next(edition_folder.glob("Goferry-*-setup.exe"))
    with stage(edition_folder, setup) as fresh:
        yield fresh


@pytest.fixture(autouse=True)
def enough_time() -> None:
    if time_left() < 0:
        pytest.skip("the whole run has taken too long already: see installer/check.py for this step")


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step.essential], ids=lambda step: step.title.replace(" ", "-")
)
def test_on_a_fresh_windows(step: Step, windows: Stage) -> None:
    try:
        print(step.take(windows))
    except NotHere as error:
        pytest.skip(str(error))


def test_windows_own_ways_are_right_on_a_windows_python(windows: Stage) -> None:
    if windows.machine is None:
        pytest.skip("test_on_windows.py runs by itself here")
    words = ("-X", "warn_default_encoding", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    ended = windows.machine.python(*words, *OWN_WAYS, folder=ROOT, timeout=1200)
    assert ended.code == 0, ended.said[-4000:]
    assert " passed" in ended.text
