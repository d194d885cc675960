"""The installed window: opened, driven by clicks, photographed in both languages and themes."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from installer.checks.stage import Stage, chosen, must, until

COLOURS = 60
"""The empty desktop has one colour, a painted window many."""
SETTINGS, DARK, CHINESE = (28, 738), (1111, 158), (1190, 272)
"""Where they are on a screen of 1280x800."""
PAGES = ("projects", "hosts", "build", "deploy", "live", "consistency")
"""In the order of Ctrl+1 to Ctrl+6."""


@contextmanager
def opened(stage: Stage, home: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The installed window with a home of its own, painted; closed by its own close button's key afterwards."""
    machine = stage.screen()
    machine.ready()
    running = stage.start(stage.windows("goferryw.exe"), "--home", home, *words)
    try:
        until(lambda: running.poll() is not None or colours(stage) > COLOURS, "the window", 20)
        must(running.poll() is None, f"the window ended with {running.returncode}")
        yield running
        machine.xdotool("key", "alt+F4")
        with suppress(subprocess.TimeoutExpired):
            running.wait(60)
        must(running.returncode == 0, f"closed, it ended with {running.returncode}")
    finally:
        running.kill()
        running.wait()


def colours(stage: Stage) -> int:
    """How many there are on the screen."""
    file = stage.output / "seen.png"
    stage.screen().photograph(file)
    asked = subprocess.run(
        ["identify", "-format", "%k", str(file)],
        capture_output=True,
        encoding="ascii",
        check=True,
        timeout=200,
    )
    file.unlink()
    return int(asked.stdout)


def settled(stage: Stage, seconds: float = 5) -> None:
    """Waits until three pictures in a row are the same."""
    file, last, same = stage.output / "seen.png", b"", 0
    deadline = time.monotonic() + seconds * 6
    while time.monotonic() < deadline:
        stage.screen().photograph(file)
        asked = subprocess.run(
            ["identify", "-format", "%#", str(file)], capture_output=True, check=True, timeout=200
        )
        file.unlink()
        same = same + 1 if asked.stdout == last else 0
        if same == 2:
            return
        last = asked.stdout
        time.sleep(0.5)


def open_the_window(stage: Stage) -> str:
    home = stage.place(r"%TEMP%\home-window")
    times, memory = [], 0
    for _ in range(2):
        shutil.rmtree(stage.path(r"%TEMP%\home-window"), ignore_errors=True)
        started = time.monotonic()
        with opened(stage, home) as running:
            times.append(time.monotonic() - started)
            settled(stage)
            stage.picture("installed-first")
            memory = resident(running.pid)
    stage.notes["first paint"] = f"{min(times):.1f} s"
    stage.notes["idle memory"] = f"{memory / 1e6:.0f} MB"
    first, second = times
    return f"painted after {first:.1f} s, then {second:.1f} s; {memory / 1e6:.0f} MB idle; closed by Alt+F4"


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def click_through(stage: Stage) -> str:
    """Settings are opened and theme and language changed with the mouse alone; the settings file then has both."""
    home = stage.path(r"%TEMP%\home-clicks")
    machine, settings = stage.screen(), home / "settings.yaml"

    def kept(name: str, value: str) -> None:
        until(
            lambda: settings.exists() and chosen(settings.read_text(encoding="utf-8"), name, value),
            f"the choice of {name}: {value}",
        )

    with opened(stage, stage.place(r"%TEMP%\home-clicks"), "--lang", "en"):
        settled(stage)
        machine.click(*SETTINGS)
        settled(stage)
        machine.click(*DARK)
        kept("theme", "dark")
        machine.click(*CHINESE)
        kept("language", "zh_CN")
        settled(stage)
        stage.picture("clicked-dark-chinese")
    return "Settings, Dark, 简体中文: the page changed, and both choices were kept"


def photograph_all(stage: Stage) -> str:
    """Each page with a project that runs here, as it is after a click on *Try the sample*."""
    taken = 0
    for theme in ("light", "dark"):
        place = rf"%TEMP%\home-{theme}"
        common = ("--home", stage.place(place), "--json", "--quiet")
        stage.path(place).mkdir(parents=True, exist_ok=True)
        (stage.path(place) / "settings.yaml").write_text(f"theme: {theme}\n", encoding="utf-8")
        stage.goferry(*common, "demo", "--keep", timeout=100)
        try:
            for language in ("en", "zh_CN"):
                taken += _photograph(stage, stage.place(place), language, theme)
        finally:
            sample = stage.place(rf"{place}\demo\hello-goferry")
            stage.goferry(*common, "remove", sample, "--on", "local", "--yes", timeout=60)
    return f"{taken} pictures of a project that runs, in {stage.pictures}"


def _photograph(stage: Stage, home: str, language: str, theme: str) -> int:
    with opened(stage, home, "--lang", language):
        settled(stage)
        for number, page in enumerate(PAGES, 1):
            stage.screen().xdotool("key", f"ctrl+{number}")
            settled(stage, 2)  # Live never stands still
            stage.picture(f"{page}-{theme}-{language}")
        stage.screen().click(*SETTINGS)
        settled(stage, 2)
        stage.picture(f"settings-{theme}-{language}")
    return len(PAGES) + 1
