"""The whole program with its window, in a process of its own, as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT

SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from desktop.base.paths import Home
from desktop.ui.start import make_application, run_window

application = make_application()
seen = []

def look():
    window = next((w for w in application.topLevelWidgets() if w.objectName() == "window"), None)
    if window is None or not window.isVisible() or not window.current_key:
        return  # the frame comes first, the page a moment later
    seen.append(window.current_key)
    timer.stop()
    if len(sys.argv) > 3:
        window.leave_for(Path(sys.argv[3]))
    else:
        window.close()

timer = QTimer()
timer.timeout.connect(look)
timer.start(100)
code = run_window(Home(Path(sys.argv[1])), sys.argv[2])
print(code, *seen)
"""


def run(home: Path, language: str = "en", *more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "windows" if sys.platform == "win32" else "offscreen"}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home), language, *more],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=250,
        check=False,
    )


def unexpected(text: str) -> list[str]:
    return [line for line in text.splitlines() if "propagateSizeHints" not in line]


def test_the_first_start_shows_set_up_and_closing_ends_it(tmp_path: Path) -> None:
    done = run(tmp_path / "home")
    assert (done.returncode, done.stdout.split()) == (0, ["0", "setup"])
    assert unexpected(done.stderr) == []


def test_the_next_start_is_where_the_last_one_ended_and_a_new_version_is_started_at_the_end(
    tmp_path: Path,
) -> None:
    (tmp_path / "window.ini").write_text("[General]\npage=settings\n", encoding="utf-8")
    new, told = tmp_path / "new-version", tmp_path / "told"
    new.write_text(f"#!/bin/sh\necho started > '{told}.part'; mv '{told}.part' '{told}'\n", encoding="utf-8")
    new.chmod(0o700)
    done = run(tmp_path, "zh_CN", *([] if sys.platform == "win32" else [str(new)]))
    assert (done.returncode, done.stdout.split()) == (0, ["0", "settings"])
    deadline = time.monotonic() + 120
    while sys.platform != "win32" and not told.exists():
        assert time.monotonic() < deadline, "the new version was not started"
        time.sleep(0.05)


def test_a_damaged_window_file_does_not_keep_the_window_away(tmp_path: Path) -> None:
    (tmp_path / "window.ini").write_bytes(
        b"\xff\xfe[window]\ngeometry=@ByteArray(nonsense)\npage=../../etc\n"
    )
    done = run(tmp_path)
    assert done.returncode == 0
    assert done.stdout.split()[0] == "0"
