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
set P="%LOCALAPPDATA%\Programs\Goferry\goferry.exe" --home "%TEMP%\home-{page}" --lang zh_CN
%P% doctor >"%TEMP%\said.txt" 2>"%TEMP%\wrong.txt"
%P% inspect "%TEMP%\家 里\空" 2>"%TEMP%\error.txt"
"""


def speak(stage: Stage) -> str:
    """Chinese words redirected to a file are UTF-8 in a console of GBK as in one of UTF-8, errors too."""
    temp = stage.path("%TEMP%")
    (temp / "家 里" / "空").mkdir(parents=True, exist_ok=True)
    for page in PAGES:
        batch = temp / "say.bat"
        # cmd reads a batch file in the console's code page of that moment
        batch.write_bytes(
            BATCH.format(page=page).replace("\n", "\r\n").encode({"936": "gbk"}.get(page, "utf-8"))
        )
        stage.run("cmd", "/c", stage.place(r"%TEMP%\say.bat"), timeout=60)
        said = (temp / "said.txt").read_text(encoding="utf-8")
        must("Go" in said and _chinese(said), f"in code page {page} doctor says {said!r}")
        wrong = (temp / "wrong.txt").read_text(encoding="utf-8")
        must("Traceback" not in wrong, f"in code page {page}: {wrong}")
        error = (temp / "error.txt").read_text(encoding="utf-8")
        must(_chinese(error) and "Traceback" not in error, f"in code page {page} the error is {error!r}")
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
    before, seen, over = _shown(machine.environment()), set[str](), threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            seen.update(_shown(machine.environment()) - before)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    must(not seen, f"windows came up: {sorted(seen)}")


def _shown(environment: dict[str, str]) -> set[str]:
    words = ["xdotool", "search", "--onlyvisible", "--name", ".*"]
    asked = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", check=False)
    return set(asked.stdout.split())
