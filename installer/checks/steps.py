"""The steps of the check, in the order a person would take them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from installer.checks.older import older
from installer.checks.spoken import LINE, supervised
from installer.checks.stage import NotHere, Stage, must, until
from installer.checks.traces import traces, under


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    take: Callable[[Stage], str]
    """Says what was seen. Raises Wrong, or NotHere where this computer cannot do it."""
    essential: bool = True
    """Part of every run of the tests; the others belong to the whole check."""


def install_an_older_version(stage: Stage) -> str:
    stage.before = traces(stage)
    if stage.publisher is None:
        raise NotHere("nobody publishes updates here")
    asks, trusts = stage.publisher.address, stage.publisher.public
    stage.older_setup, stage.older = older(stage.made, stage.edition, stage.output, asks, trusts)
    ended = stage.install(stage.older_setup, "/PATH=1")
    said = stage.goferry("--version")
    must(said.text.strip() == f"goferry {stage.published.version}", f"it says {said.text!r}")
    shortcut = stage.path(r"%APPDATA%\Microsoft\Windows\Start Menu\Programs\Goferry.lnk")
    must(shortcut.exists(), "the Start menu has no entry")
    path = stage.run("reg", "query", r"HKCU\Environment", "/v", "Path")
    must("Programs\\Goferry" in path.text, f"PATH was not set: {path.said}")
    return f"silently, in {ended.seconds:.0f} s, with a Start menu entry and PATH"


def upgrade_while_it_runs(stage: Stage) -> str:
    """A window of the older version is open all the while."""
    running = stage.start(stage.windows("goferryw.exe"), "--home", stage.place(r"%TEMP%\older-home"))
    try:
        until(lambda: (stage.path(r"%TEMP%\older-home") / "logs").exists(), "the older window", 30)
        ended = stage.install()
        said = stage.goferry("--version")
        must(said.text.strip() == f"goferry {stage.edition.version}", f"it says {said.text!r}")
        must(running.poll() is None, "the older window did not survive")
        folders = [name for name in under(stage.installed) if name.startswith("app-")]
        must(stage.published.folder in folders, "the files of the running version are gone")
    finally:
        running.kill()
        running.wait()
    stage.install()
    left = [
        name for name in under(stage.installed) if name.startswith("app-") or name.endswith((".old", ".new"))
    ]
    must(left == [stage.edition.folder], f"there are {left}")
    return f"in {ended.seconds:.0f} s; the open window went on, its files were removed by the next set-up"


def look_around(stage: Stage) -> str:
    asked = json.loads(stage.goferry("--home", stage.home, "doctor", "--json", "--quiet", timeout=60).text)
    go = next(check for check in asked["checks"] if check["id"] == "go")
    return f"doctor: {len(asked['checks'])} checks; Go: {go['found']}"


def demo_without_docker(stage: Stage) -> str:
    return _demo(stage, "no-docker")


def demo_with_docker(stage: Stage) -> str:
    """Docker is reached through the named pipe that Docker Desktop serves."""
    if stage.machine is None:
        raise NotHere("whether this Windows has Docker Desktop is its owner's affair")
    from installer.wine import pipe
    from installer.wine.store import CannotBeHad

    try:
        pipe.serve(stage.machine)
    except CannotBeHad as error:
        raise NotHere(str(error)) from error
    try:
        began = time.time()
        said = _demo(stage, "docker")
        words = [
            "docker",
            "events",
            "--since",
            f"{began:.0f}",
            "--until",
            f"{time.time():.0f}",
            "--filter",
            "event=start",
        ]
        seen = subprocess.run(words, capture_output=True, encoding="utf-8", check=True, timeout=60)
        must("hello-goferry" in seen.stdout, f"no container was started: {seen.stdout}")
        return f"{said}, in a container of the Engine"
    finally:
        pipe.stop(stage.machine)


def _demo(stage: Stage, name: str) -> str:
    home = stage.place(rf"%TEMP%\home-{name}")
    ended = stage.goferry("--home", home, "demo", "--json", "--quiet", timeout=100)
    answer = json.loads(ended.text)
    must(answer["ok"] and answer["health"]["ok"], f"the demo says {ended.text}")
    with suppress(OSError):
        shutil.rmtree(stage.path(rf"%TEMP%\home-{name}"))
    return f"release {answer['release']} healthy at {answer['url']} after {answer['seconds']:.1f} s"


def uninstall(stage: Stage) -> str:
    """While a program of "Run here" is kept going by a supervisor, which is a Goferry without a window. With a window
    open it is refused, and the program goes on."""
    stage.data.mkdir(parents=True, exist_ok=True)
    (stage.data / "mine.txt").write_text("a person's own", encoding="utf-8")
    said = (os.environ.get("COMSPEC", "cmd.exe"), "/c", f"echo {LINE}")
    with supervised(stage, r"%LOCALAPPDATA%\Goferry\native\hello\1-kept", said) as supervisor:
        _refuse_to_uninstall(stage)
        must(supervisor.goes_on(), "the program that runs on was ended, though nothing was removed")
        _uninstall(stage, stage.windows())
    supervisor.has_stopped()
    left = [line for line in traces(stage).beyond(stage.before) if "\\Local\\Goferry" not in line]
    must(not left, f"left behind: {left[:20]}")
    must((stage.data / "mine.txt").exists(), "the person's data was removed unasked")
    return "refused while a window is open, which ends nothing; then what ran on stops, and only data is left"


def _refuse_to_uninstall(stage: Stage) -> None:
    """A window is open: silently, there is nobody to close it."""
    before = under(stage.installed)
    window = stage.start(stage.windows("goferryw.exe"), "--home", stage.place(r"%TEMP%\open-home"))
    # _?= takes what is left of the line, without quotes; then no copy of the uninstaller does the work
    batch = stage.path(r"%TEMP%\refused.bat")
    batch.write_bytes(b'@"%HERE%\\uninstall.exe" /S _?=%HERE%\r\n')
    try:
        until(lambda: (stage.path(r"%TEMP%\open-home") / "logs").exists(), "the open window", 30)
        words = ("cmd", "/c", stage.place(r"%TEMP%\refused.bat"))
        asked = stage.run(*words, timeout=60, given=None, HERE=stage.windows())
        must(asked.code == 4, f"with a window open the uninstaller ended with {asked.code}: {asked.said}")
        must(window.poll() is None, "the window did not survive")
        must(under(stage.installed) == before, f"it left {under(stage.installed)} of {before}")
    finally:
        window.kill()
        window.wait()


def uninstall_with_data(stage: Stage) -> str:
    elsewhere = r"C:\应用 程序\Goferry 二"
    batch = stage.path(r"%TEMP%\elsewhere.bat")  # /D= takes what is left of the line, without quotes
    batch.write_bytes(b"@%SETUP% /S /SHORTCUT=0 /D=%WHERE%\r\n")
    setup = f'"{stage.word(stage.setup)}"'
    batch_words = ("cmd", "/c", stage.place(r"%TEMP%\elsewhere.bat"))
    done = stage.run(*batch_words, timeout=60, given=None, SETUP=setup, WHERE=elsewhere)
    must(done.code == 0, f"the setup ended with {done.code}: {done.said}")
    said = stage.run(rf"{elsewhere}\goferry.exe", "--version")
    must(said.text.strip() == f"goferry {stage.edition.version}", f"from {elsewhere} it says {said.said}")
    must(not stage.installed.exists(), "it went into the usual folder too")
    _uninstall(stage, elsewhere, "/DATA=1")
    until(lambda: not stage.data.exists(), "the end of the person's data", 30)
    left = traces(stage).beyond(stage.before)
    must(not left, f"left behind: {left[:20]}")
    return f"from {elsewhere}, with /DATA=1: not even the data is left"


def _uninstall(stage: Stage, folder: str, *words: str) -> None:
    asked = stage.run(rf"{folder}\uninstall.exe", "/S", *words)
    must(asked.code == 0, f"the uninstaller ended with {asked.code}")
    # it copies itself, and the copy does the work
    until(lambda: not stage.path(folder).exists(), "the end of the uninstaller", 30)


def run_the_portable_copy(stage: Stage) -> str:
    """Unpacked anywhere, it keeps all its state beside itself."""
    archive = next(stage.output.glob("Goferry-*-portable.zip"))
    folder = stage.path(r"%TEMP%\portable")
    shutil.unpack_archive(archive, folder)
    try:
        program = stage.place(r"%TEMP%\portable\Goferry\goferry.exe")
        asked = stage.run(program, "doctor", "--json", "--quiet", timeout=60)
        must('"checks"' in asked.text, f"doctor ended with {asked.code}: {asked.said[-1000:]}")
        must((folder / "Goferry" / "data" / "logs").exists(), "its state is not beside it")
        before = (
            folder / "Goferry" / "app-0.0.0-00000000"
        )  # as after a newer zip was unpacked over an older copy
        before.mkdir()
        (before / "python311.dll").write_bytes(b"MZ")
        stage.run(program, "update", "--json", timeout=60)
        must(not before.exists(), "the parts of an older copy stay for ever")
        left = traces(stage).beyond(stage.before)
        must(not left, f"it left on this computer: {left[:20]}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return "its state lies beside it, nothing elsewhere; the parts of an older copy go"
