"""What the programs say, in a console of each code page and into files; and the programs they start of themselves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
        with supervised(stage, r"%TEMP%\监 督\1") as supervisor:
            supervisor.ask_to_stop()
        supervisor.has_stopped()
        folder.mkdir(exist_ok=True)
        asked = stage.run(stage.windows(program), "guard", stage.place(r"%TEMP%\看 守"))
        must(asked.code == 0, f"{program} guard ended with {asked.code}: {asked.said}")
    return "goferryw.exe runs as supervisor, fed by standard input, and as guard; no console was shown"


@dataclass
class Supervisor:
    """goferryw.exe at work as one, with its files in `folder`."""

    folder: Path
    ended: list[int] = field(default_factory=list)

    def ask_to_stop(self) -> None:
        (self.folder / "stop").write_bytes(b"")

    def goes_on(self) -> bool:
        return not self.ended and not (self.folder / "stop").exists()

    def has_stopped(self) -> None:
        state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))["state"]
        must((self.ended, state) == ([0], "stopped"), f"the supervisor ended with {self.ended}, {state}")


@contextmanager
def supervised(stage: Stage, place: str, program: tuple[str, ...] = ()) -> Iterator[Supervisor]:
    """It runs what it is told, writes its log, and runs it again when it ends; whoever takes it lets it stop. `program`
    says LINE; without one it is Goferry, which says its version."""
    supervisor = Supervisor(stage.path(place))
    shutil.rmtree(supervisor.folder, ignore_errors=True)
    supervisor.folder.mkdir(parents=True)
    (supervisor.folder / "confirmed").write_bytes(b"")
    system = os.environ.get("SYSTEMROOT", r"C:\windows")
    wanted = {
        "nonce": "check",
        "argv": program or (stage.windows("goferry.exe"), "--version"),
        "env": {"SystemRoot": system},
        "cwd": stage.place(place),
    }

    def run() -> None:
        words = (stage.windows("goferryw.exe"), "supervise", stage.place(place))
        supervisor.ended.append(stage.run(*words, timeout=60, given=json.dumps(wanted).encode()).code)

    running = threading.Thread(target=run)
    running.start()
    try:
        until(
            lambda: supervisor.ended or _said(supervisor.folder).count(LINE) >= 2,
            "two runs under goferryw.exe supervise",
            30,
        )
        must(not supervisor.ended, f"goferryw.exe supervise ended with {supervisor.ended}")
        yield supervisor
    except BaseException:
        supervisor.ask_to_stop()
        raise
    finally:
        running.join()


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
