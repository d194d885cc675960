"""Faults in install and upgrade: killed, the power gone, the disk full. Whatever comes, a whole version starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from installer.checks.stage import NotHere, Stage, must, until
from installer.checks.traces import under
from installer.freeze import pack
from installer.freeze.edition import Edition
from installer.freeze.perform import size

ROOM = 1.6
"""The disk that fills up holds so many times the program."""
KILLED, POWER, FULL = "killed", "power gone", "disk full"
STOPPED = r"%TEMP%\goferry-setup-stopped"
"""The set-up with points writes it where it stands still."""
Act = Callable[[], object]


# ------------------------------------------------------------------------------------------------ the faults


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A folder on a disk of its own that has a near end, with what was in it; afterwards on the old disk again."""
    if sys.platform == "win32" or not shutil.which("mount"):
        raise NotHere("a small disk needs Linux' mount")
    kept = folder.with_name(folder.name + ".kept")
    folder.rename(kept)
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    asked = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    if asked.returncode:
        folder.rmdir()
        kept.rename(folder)
        raise NotHere(f"a small disk cannot be had: {asked.stderr.strip()}")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True, symlinks=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
        kept.rename(folder)


def end(stage: Stage, started: subprocess.Popen[bytes], fault: str) -> None:
    """Kills the one program, or everything at once. Raises NotHere where that cannot be done."""
    must(started.poll() is None, f"it ended with {started.returncode} before it could be {fault}")
    if fault == POWER:
        if stage.machine is None:
            started.kill()
            started.wait()
            raise NotHere("the power of a real computer is not cut")
        stage.machine.power_off()
    started.kill()
    started.wait()


def stop_at(stage: Stage, point: str, words: tuple[str | Path, ...], fault: str, **environment: str) -> None:
    """Starts a program that runs the set-up with points, waits until that stands at `point`, and ends it."""
    mark = stage.path(STOPPED)
    mark.unlink(missing_ok=True)
    started = stage.start(*words, GOFERRY_SETUP_STOP=point, **environment)
    until(lambda: mark.exists() or started.poll() is not None, f"the set-up at the point {point}", 60)
    end(stage, started, fault)
    mark.unlink(missing_ok=True)


def with_points(stage: Stage) -> Path:
    """The set-up from the same script and files that can be told where to stand still."""
    folder = stage.output / "older" / "points"
    setup = folder / f"Goferry-{stage.edition.version}-setup.exe"
    if not setup.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pack.installer(stage.made, stage.edition, folder, quick=True, points=True)
    return setup


# ------------------------------------------------------------------------------------ before and afterwards


def _kept(stage: Stage) -> Path:
    return stage.output / "older" / "installed"


def keep(stage: Stage) -> None:
    """Remembers the older version as it is installed now."""
    shutil.rmtree(_kept(stage), ignore_errors=True)
    copy(stage.installed, _kept(stage))


def put_back(stage: Stage) -> None:
    """The older version again, exactly as it was installed."""
    shutil.rmtree(stage.installed, ignore_errors=True)
    must(not stage.installed.exists(), f"left: {under(stage.installed)}")
    copy(_kept(stage), stage.installed)


def copy(source: Path, target: Path) -> None:
    def link(one: str, other: str) -> None:
        try:
            os.link(one, other)  # a set-up replaces files, and writes into none that is there
        except OSError:
            shutil.copy2(one, other)

    shutil.copytree(source, target, copy_function=link)


def starting(stage: Stage) -> str:
    """What the programs that are there start as: "older", "new", one of each, or "nothing"."""
    names = {f"goferry {stage.published.version}": "older", f"goferry {stage.edition.version}": "new"}
    found = dict[str, str]()
    for name, kind in (("goferryw.exe", "window"), ("goferry.exe", "command")):
        if (stage.installed / name).exists():
            version = said(stage, name)
            must(version in names, f"{name} says {version!r}")
            found[kind] = names[version]
    if len(set(found.values())) > 1:
        return ", ".join(f"{version} {kind}" for kind, version in found.items())
    alone = f" {next(iter(found))} alone" if len(found) == 1 else ""
    return next(iter(found.values()), "nothing") + alone


def said(stage: Stage, name: str) -> str:
    asked = stage.run(stage.windows(name), "--version")
    must(asked.code == 0, f"{name} --version ended with {asked.code}: {asked.said[-500:]}")
    return asked.text.strip()


def whole(stage: Stage, edition: Edition) -> None:
    """Both programs start as `edition`, and nothing else lies in the program's folder."""
    for name in ("goferry.exe", "goferryw.exe"):
        must((found := said(stage, name)) == f"goferry {edition.version}", f"{name} says {found}")
    usual = {edition.folder, "goferry.exe", "goferryw.exe", "uninstall.exe", "LICENSE.txt"}
    must(set(under(stage.installed)) == usual, f"there are {under(stage.installed)}")


def row(
    stage: Stage, point: str, fault: str, act: Act, allowed: tuple[str, ...], again: Act | None = None
) -> None:
    """From the older version: the fault, what starts then, and the next try. Raises Wrong, NotHere."""
    put_back(stage)
    act()
    found = starting(stage)
    must(found in allowed, f"{point}, {fault}: afterwards {found} starts")
    (again or stage.install)()
    whole(stage, stage.edition)
    stage.faults.append((point, fault, found, "the new one, whole"))


# --------------------------------------------------------------------------------------------------- steps


def fill_the_disk(stage: Stage) -> str:
    """An upgrade on a disk that has no room for it."""
    keep(stage)
    small = int(size(stage.made) * ROOM) >> 20
    with small_disk(stage.installed.parent, small):
        ended = stage.run(stage.setup, "/S", timeout=60)
        must(ended.code != 0, "the setup said that all went well on a full disk")
        whole(stage, stage.published)
    stage.faults.append(("upgrade: files are written", FULL, "older", "the new one, whole"))
    return f"refused with code {ended.code}; the older version starts, nothing of the new one is left"


def writing(stage: Stage, setup: Path, fault: str, *words: str) -> int:
    """Ends a set-up while it writes; gives back how many entries it had written."""
    started = stage.start(setup, "/S", *words)
    new = stage.installed / stage.edition.folder
    until(lambda: (new / "PySide6").exists() or started.poll() is not None, "a first file of it", 60)
    end(stage, started, fault)
    return len(under(new))


def kill_the_upgrade(stage: Stage) -> str:
    """The setup is killed while it writes; the next one, over what is left, is the step after this."""
    put_back(stage)
    entries = writing(stage, stage.setup, KILLED)
    found = starting(stage)
    must(found == "older", f"{found} starts")
    stage.faults.append(("upgrade: files are written", KILLED, found, "the new one, whole"))
    return f"killed with {entries} entries written; the older version starts"


def faults_in_the_upgrade(stage: Stage) -> str:
    """The upgrade is ended at each point; two programs of two versions are two whole programs."""
    points, before = with_points(stage), len(stage.faults)
    without_power = ""
    for fault in (KILLED, POWER):
        try:
            if fault == POWER:
                row(
                    stage,
                    "upgrade: files are written",
                    fault,
                    lambda: writing(stage, points, POWER),
                    ("older",),
                )
            for point, name, allowed in POINTS:
                row(stage, f"upgrade: {name}", fault, _stops(stage, points, point, fault), allowed)
        except NotHere as error:
            without_power = f"; {error}"
    return f"{len(stage.faults) - before} cases; each time a whole version starts{without_power}"


POINTS = (
    ("written", "all is written", ("older",)),
    ("one-exchanged", "one program is exchanged", ("new window, older command",)),
    ("exchanged", "both are exchanged, the older not removed", ("new",)),
)
"""Where the set-up with points can stand still, in words, and what may start afterwards."""


def _stops(stage: Stage, setup: Path, point: str, fault: str) -> Act:
    return lambda: stop_at(stage, point, (setup, "/S"), fault)


def faults_in_the_installation(stage: Stage) -> str:
    """Where nothing was installed, a broken set-up leaves nothing that starts, and the next one is whole. A second
    set-up of the same version may break as well."""
    points, before = with_points(stage), len(stage.faults)

    def nothing_there(act: Act) -> Act:
        def then() -> None:
            shutil.rmtree(stage.installed)
            act()

        return then

    for fault in (KILLED, POWER):
        with suppress(NotHere):
            act = nothing_there(lambda fault=fault: writing(stage, points, fault))  # type: ignore[misc]
            row(stage, "install: files are written", fault, act, ("nothing",))
            act = nothing_there(_stops(stage, points, "one-exchanged", fault))
            row(stage, "install: one program is in place", fault, act, ("new window alone",))
    with suppress(NotHere):
        row(stage, "install: files are written", FULL, nothing_there(lambda: _no_room(stage)), ("nothing",))

    def second(fault: str) -> Act:
        def then() -> None:
            stage.install()
            stop_at(stage, "written", (points, "/S"), fault)

        return then

    for fault in (KILLED, POWER):
        with suppress(NotHere):
            row(stage, "the same version again: all is written", fault, second(fault), ("new",))
    return f"{len(stage.faults) - before} cases; each time the next set-up is whole"


def _no_room(stage: Stage) -> None:
    with small_disk(stage.installed.parent, 40):
        must(stage.run(stage.setup, "/S", timeout=60).code == 2, "the setup found room on a full disk")
        must(not stage.installed.exists(), f"left behind: {under(stage.installed)}")
