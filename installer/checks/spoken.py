"""What the programs say, in a console of each code page and into files; and the programs they start of themselves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installer.checks.stage import Stage, must, until

PAGES = ("936", "65001")
BATCH = r"""@echo off
chcp {page} >nul
%GOFERRY% --home "%PLACE%\home" --lang zh_CN doctor >"%PLACE%\said.txt" 2>"%PLACE%\wrong.txt"
%GOFERRY% --home "%PLACE%\home" --lang zh_CN inspect "%PLACE%\no such" 2>"%PLACE%\error.txt"
"""


def speak(stage: Stage) -> str:
    """Chinese words redirected to a file are UTF-8 in a console of GBK as in one of UTF-8, errors too."""
    place = stage.path(r"%TEMP%\说 出")
    place.mkdir(parents=True, exist_ok=True)
    names = {"GOFERRY": f'"{stage.windows("goferry.exe")}"', "PLACE": stage.place(r"%TEMP%\说 出")}
    for page in PAGES:
        (place / "say.bat").write_bytes(BATCH.format(page=page).replace("\n", "\r\n").encode("ascii"))
        stage.run("cmd", "/c", stage.place(r"%TEMP%\说 出\say.bat"), timeout=60, given=None, **names)
        said, wrong, error = (
            (place / f"{name}.txt").read_text(encoding="utf-8") for name in ("said", "wrong", "error")
        )
        must("Go" in said and _chinese(said), f"in code page {page} doctor says {said!r}")
        must("Traceback" not in wrong, f"in code page {page}: {wrong}")
        must(_chinese(error) and "Traceback" not in error, f"in code page {page} the error is {error!r}")
    shutil.rmtree(place, ignore_errors=True)
    return f"doctor and an error, redirected, are Chinese in UTF-8 in code page {' and '.join(PAGES)}"


def _chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


# ------------------------------------------------------------------------------- programs of its own

LINE = "goferry "


def start_helpers(stage: Stage) -> str:
    """The windowed program is its own supervisor, which gets what to run by standard input, and its own guard, and
    shows no console. That the console program is, the demo shows."""
    program, folder = "goferryw.exe", stage.path(r"%TEMP%\看 守")
    with nothing_shown(stage):
        _supervise(stage, program)
        folder.mkdir(exist_ok=True)
        asked = stage.run(stage.windows(program), "guard", stage.place(r"%TEMP%\看 守"))
        must(asked.code == 0, f"{program} guard ended with {asked.code}: {asked.said}")
    return "goferryw.exe runs as supervisor, fed by standard input, and as guard; no console was shown"


def _supervise(stage: Stage, program: str) -> None:
    """It runs what it is told, writes its log, runs it again when it ends, and stops when it is asked to."""
    folder, place = stage.path(r"%TEMP%\监 督"), stage.place(r"%TEMP%\监 督")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "confirmed").write_bytes(b"")
    inner = stage.windows("goferry.exe")
    system = os.environ.get("SYSTEMROOT", r"C:\windows")
    wanted = {"nonce": "check", "argv": [inner, "--version"], "env": {"SystemRoot": system}, "cwd": place}
    ended = list[int]()

    def run() -> None:
        words = (stage.windows(program), "supervise", place)
        ended.append(stage.run(*words, timeout=60, given=json.dumps(wanted).encode()).code)

    running = threading.Thread(target=run)
    running.start()
    try:
        until(lambda: ended or _said(folder).count(LINE) >= 2, f"two runs under {program} supervise", 30)
        must(not ended, f"{program} supervise ended with {ended}")
    finally:
        (folder / "stop").write_bytes(b"")
        running.join()
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))["state"]
    must((ended, state) == ([0], "stopped"), f"{program} supervise ended with {ended}, {state}")


def _said(folder: Path) -> str:
    log = folder / "log.jsonl"
    return log.read_text(encoding="utf-8") if log.exists() else ""


@contextmanager
def nothing_shown(stage: Stage) -> Iterator[None]:
    """Fails when a window comes up meanwhile, be it for a moment. Where the screen cannot be seen it is only passed."""
    if stage.machine is None:
        yield
        return
    machine = stage.screen()
    machine.ready()
    seen, over = dict[str, str](), threading.Event()
    before = set(_asked(machine.environment(), "search", "--onlyvisible", "--name", ".*").split())

    def look() -> None:
        while not over.wait(0.1):
            for one in _asked(machine.environment(), "search", "--onlyvisible", "--name", ".*").split():
                if one not in before and one not in seen:
                    seen[one] = " ".join(
                        _asked(machine.environment(), verb, one).strip()
                        for verb in ("getwindowclassname", "getwindowname", "getwindowgeometry")
                    )

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    # the desktop itself comes with the first program that starts
    shown = [one for one in seen.values() if not one.startswith("explorer.exe")]
    must(not shown, f"windows came up: {shown}")


def _asked(environment: dict[str, str], *words: str) -> str:
    asked = subprocess.run(
        ["xdotool", *words], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    return asked.stdout
