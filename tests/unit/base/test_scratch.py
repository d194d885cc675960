"""What a run makes only for itself goes with it, and with the next run where it was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from desktop.base.scratch import Scratch

RUN = """
import sys
from pathlib import Path
from desktop.base.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
folder = scratch.folder()
(folder / "half.part").write_bytes(b"half")
print(folder, flush=True)
sys.stdin.read()
"""


def test_a_killed_runs_folder_goes_and_a_living_ones_stays(tmp_path: Path) -> None:
    within = tmp_path / "programs"
    with subprocess.Popen(
        (sys.executable, "-X", "utf8", "-c", RUN, str(within)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        (within / "left.gd2").write_bytes(b"by a version that had no folders")
        first = Scratch(within)
        kept = first.folder()
        assert sorted(within.iterdir()) == sorted([folder, kept])
        assert first.folder() == kept
        other.kill()
        other.wait()
    second = Scratch(within)
    mine = second.folder()
    assert sorted(within.iterdir()) == sorted([kept, mine])
    first.close()
    second.close()
    assert list(within.iterdir()) == []


def test_a_run_that_makes_nothing_leaves_nothing(tmp_path: Path) -> None:
    Scratch(tmp_path / "programs").close()
    assert list(tmp_path.iterdir()) == []
