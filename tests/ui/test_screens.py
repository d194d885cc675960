"""The window on several screens, and on screens of other kinds than last time: each start is a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRect

from tests.conftest import ROOT

SCRIPT = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from desktop.base.paths import Home
from desktop.ui.start import make_application, run_window

application, seen = make_application(), {}
place = [int(word) for word in sys.argv[2].split()]

def look():
    window = next((w for w in application.topLevelWidgets() if w.objectName() == "window"), None)
    if window is None or not window.current_key:
        return
    timer.stop()
    seen["screen"], seen["maximized"] = window.screen().name(), window.isMaximized()
    seen["box"], seen["least"] = window.geometry().getRect(), window.minimumSize().toTuple()
    seen["room"] = window.screen().availableGeometry().getRect()
    window.shortcuts.open_folder()
    dialog = window.findChild(object, "openFolder")
    seen["dialog"] = dialog.screen().name()
    dialog.reject()
    window.move(-300, -300 if window.isMaximized() else 700)  # most of it out of sight
    window.switch_project()
    menu = application.activePopupWidget()
    seen["menu"] = menu.geometry().getRect()
    menu.close()
    window.showMaximized()
    window.showMinimized()
    window.come_forward()
    seen["forward"] = window.isMaximized() and not window.isMinimized()
    if place:
        window.showNormal()
        window.setGeometry(*place)
    if sys.argv[3] == "maximize":
        window.showMaximized()
    QTimer.singleShot(50, window.close)

timer = QTimer()
timer.timeout.connect(look)
timer.start(50)
run_window(Home(Path(sys.argv[1])), "en")
print(json.dumps(seen))
"""

LAPTOP = {"name": "Laptop", "x": 0, "y": 0, "width": 1920, "height": 1080, "dpr": 1}
RIGHT = {"name": "Right", "x": 1920, "y": 0, "width": 2560, "height": 1440, "dpr": 1}
SCALED = {**LAPTOP, "width": 1280, "height": 720, "dpr": 1.5}


def start(
    folder: Path, screens: Sequence[dict[str, Any]], place: str = "", then: str = "", **more: str
) -> dict[str, Any]:
    """What a start on these screens showed; afterwards the window is put to `place`, maximized perhaps, and closed."""
    full = [{"logicalDpi": 96, "logicalBaseDpi": 96, **screen} for screen in screens]
    (folder / "screens.json").write_text(json.dumps({"screens": full}), encoding="utf-8")
    # named without its folder: Qt takes the colon of a drive for the end of the name
    environment = {
        **os.environ, "QT_QPA_PLATFORM": "offscreen:configfile=screens.json", "PYTHONPATH": str(ROOT), **more,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder / "home"), place, then],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def inside(box: Sequence[int], room: Sequence[int]) -> bool:
    return QRect(*room).contains(QRect(*box))


def test_the_window_returns_to_its_screen_or_to_one_that_exists(tmp_path: Path) -> None:
    first = start(tmp_path, [LAPTOP, RIGHT], "2400 200 1500 950", "maximize")
    assert first["least"] == [1100, 680]
    assert first["forward"], "minimized and brought forward, it is no longer maximized"
    there = start(tmp_path, [LAPTOP, RIGHT], then="maximize")
    assert (there["screen"], there["maximized"], there["dialog"]) == ("Right", True, "Right")
    alone = start(tmp_path, [LAPTOP])
    assert (alone["screen"], alone["maximized"], alone["dialog"]) == ("Laptop", True, "Laptop")
    assert inside(alone["menu"], alone["room"])


def test_at_150_percent_the_window_with_its_frame_fits_a_laptop(tmp_path: Path) -> None:
    start(tmp_path, [LAPTOP], "380 100 1500 950")
    seen = start(tmp_path, [SCALED])
    assert inside(seen["box"], seen["room"])
    assert seen["box"][1] >= 30, "the title bar is out of reach"
    assert seen["least"][1] <= 720 - 40
    assert inside(seen["menu"], seen["room"])
