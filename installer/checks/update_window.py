"""An update by clicks in the installed window."""

from __future__ import annotations

from pathlib import Path

from installer.checks import faults, window
from installer.checks.stage import Stage, must, until
from installer.checks.update import has_its_data, new_home, publish

UPDATES, DOWNLOAD, INSTALL, CONFIRM = (148, 314), (1176, 439), (1145, 439), (765, 419)
"""Where they are on a screen of 1280x800, in the English window."""


def update_by_click(stage: Stage) -> str:
    """The open window finds it by itself; *Download*, *Install and restart*, and the new window opens with the same
    home; it removes what the older one left."""
    machine = stage.screen()
    machine.ready()
    publish(stage)
    faults.put_back(stage)
    home = new_home(stage, "click")
    older = stage.start(stage.windows("goferryw.exe"), "--home", home, "--lang", "en")
    try:
        until(lambda: older.poll() is not None or window.colours(stage) > window.COLOURS, "the window", 20)
        _click_through(stage)
        must(older.wait(600) == 0, f"the older window ended with {older.returncode}")
    finally:
        older.kill()
        older.wait()
    until(lambda: window.colours(stage) > window.COLOURS, "the new window", 30)
    parts, kept = stage.installed / stage.published.folder, _updates(stage, "manifest.json")
    until(lambda: not parts.exists() and not kept.exists(), "the end of what is older", 60)
    stage.picture("update-restarted")
    machine.xdotool("key", "alt+F4")
    until(lambda: window.colours(stage) < window.COLOURS, "the end of the new window", 30)
    faults.whole(stage, stage.edition)
    has_its_data(stage, "click")
    return "found by itself, downloaded and installed by three clicks; the new window came up, the older parts went"


def _updates(stage: Stage, name: str) -> Path:
    return stage.path(rf"%TEMP%\home-click\updates\{name}")


def _click_through(stage: Stage) -> None:
    machine = stage.screen()
    window.settled(stage)
    machine.click(*window.SETTINGS)
    until(
        _updates(stage, "manifest.json").exists, "the newer version, which the window looks for by itself", 30
    )
    window.settled(stage)
    machine.click(*UPDATES)
    window.settled(stage)
    stage.picture("update-found")
    machine.click(*DOWNLOAD)
    until(_updates(stage, stage.setup.name).exists, "the downloaded set-up", 30)
    window.settled(stage)
    machine.click(*INSTALL)
    window.settled(stage)
    stage.picture("update-asks")
    machine.click(*CONFIRM)
