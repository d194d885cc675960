"""What runs beside the tests is started by one process and asked for by another one: files tell how it ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.windows.background import PLACE, Background

WRITES = "import pathlib, sys; pathlib.Path(sys.argv[1], 'made').write_text('x', encoding='ascii'); sys.exit(int(sys.argv[2]))"
ASKS = "from tests.windows.background import Background; print(Background('trial').done())"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "background"
    folder.mkdir()
    monkeypatch.setenv(PLACE, str(folder))
    return folder


@pytest.fixture
def ends_with(place: Path, request: pytest.FixtureRequest) -> Iterator[Background]:
    one = Background("trial", "-c", WRITES, "{folder}", str(request.param))
    one.start()
    yield one
    one.end()


@pytest.mark.parametrize("ends_with", [0], indirect=True)
def test_another_process_gets_the_folder_of_what_was_made(ends_with: Background) -> None:
    asked = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", ASKS],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert asked.stdout.strip() == str(ends_with.folder)
    assert (ends_with.folder / "made").exists()


@pytest.mark.parametrize("ends_with", [1], indirect=True)
def test_another_end_than_a_good_one_fails_the_test_that_asks_unless_it_expects_it(
    ends_with: Background,
) -> None:
    with pytest.raises(AssertionError):
        ends_with.done()
    assert ends_with.done(fine=(0, 1)) == ends_with.folder


@pytest.mark.parametrize("ends_with", [3], indirect=True)
def test_where_no_windows_can_be_had_the_test_that_asks_is_skipped(ends_with: Background) -> None:
    with pytest.raises(pytest.skip.Exception, match="no Windows can be had"):
        ends_with.done()


def test_what_still_runs_is_ended_with_the_run_and_leaves_nothing(place: Path) -> None:
    one = Background("trial", "-c", "import time; time.sleep(600)")
    one.start()
    pid = int((one.folder / "pid").read_text(encoding="ascii"))
    one.end()
    assert list(place.iterdir()) == []
    if sys.platform != "win32":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
