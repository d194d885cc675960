"""Runs PyInstaller and looks at what it made: complete, small enough, nobody else's files, and it starts."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from desktop.base.errors import GoferryError
from installer.freeze import encoder, shelf
from installer.freeze.edition import MOST_LETTERS, MOST_MB, PROJECT, Edition
from installer.freeze.windows import Say, Windows
from installer.troubles import Trouble

SPEC = PROJECT / "installer" / "freeze" / "goferry.spec"
PROGRAMS = ("goferry.exe", "goferryw.exe")
FOREIGN = (b"Wine builtin DLL", b"Wine placeholder DLL")
STAND_INS = ("icuuc.dll", "mscms.dll")


class NotFit(Exception):
    """What was made may not be handed out; the text says why."""


def freeze(windows: Windows, edition: Edition, output: Path, say: Say) -> Path:
    """The program's folder under `output`, looked at. One that was made from the very same source is used again."""
    made = output / "Goferry"
    if (made / edition.folder / "complete").exists():
        say(f"{edition.folder} was made before")
        return made
    shutil.rmtree(made, ignore_errors=True)
    work = output / "work"
    words = (
        "-m",
        "PyInstaller",
        "--noconfirm",
        "--log-level",
        "WARN",
        "--distpath",
        output,
        "--workpath",
        work,
    )
    ended = windows.python(*words, SPEC, timeout=2400, GOFERRY_BUILD=edition.build)
    if ended.code:  # Wine ends a program now and then
        say(f"PyInstaller ended with {ended.code}, and is started once more:\n{ended.said[-3000:]}")
        ended = windows.python(*words, SPEC, timeout=2400, GOFERRY_BUILD=edition.build)
    if ended.code:
        raise NotFit(f"PyInstaller ended with {ended.code}:\n{ended.said[-3000:]}")
    say(f"frozen in {ended.seconds:.0f} s, {shelf.shelve(made / edition.folder)} modules in one archive")
    try:
        encoder.add(made / edition.folder / "resources" / "bin", sign, say)
    except (GoferryError, Trouble, OSError, subprocess.CalledProcessError) as error:
        raise NotFit(
            f"the encoder of patches and the helpers for servers cannot be built: {error}"
        ) from error
    inspect(made, edition)
    start(windows, made, edition, output / "first-home")
    sign(*(made / name for name in PROGRAMS))
    (made / edition.folder / "complete").write_bytes(b"")
    shutil.rmtree(work, ignore_errors=True)
    return made


def inspect(made: Path, edition: Edition) -> None:
    """Raises NotFit when a part is missing, is nobody's or is too much."""
    missing = [
        name
        for name in (*PROGRAMS, f"{edition.folder}/THIRD_PARTY_NOTICES.txt")
        if not (made / name).exists()
    ]
    if missing:
        raise NotFit(f"missing in {made}: {', '.join(missing)}")
    libraries = [path for path in made.rglob("*") if path.suffix.lower() in (".dll", ".exe", ".pyd")]
    foreign = [path for path in libraries if any(mark in path.read_bytes()[:4096] for mark in FOREIGN)]
    foreign += [path for path in libraries if path.name.lower() in STAND_INS]
    if foreign:
        raise NotFit(f"Wine's own files: {', '.join(path.name for path in foreign)}")
    longest = max((path.relative_to(made).as_posix() for path in made.rglob("*")), key=len)
    if len(longest) > MOST_LETTERS:
        raise NotFit(f"its longest path has {len(longest)} letters, and may have {MOST_LETTERS}: {longest}")
    megabytes = size(made) / 1e6
    if megabytes > MOST_MB:
        raise NotFit(f"unpacked it has {megabytes:.0f} MB, and may have {MOST_MB}")


def start(windows: Windows, made: Path, edition: Edition, home: Path) -> None:
    """Starts it with an empty home: any word on standard error that nobody expects makes it unfit."""
    shutil.rmtree(home, ignore_errors=True)
    asked = windows.run(made / "goferry.exe", "--version", timeout=300)
    if asked.code or asked.text.strip() != f"goferry {edition.version}" or asked.err.strip():
        raise NotFit(f"goferry.exe --version ended with {asked.code}:\n{asked.said}")
    looked = windows.run(
        made / "goferry.exe", "--home", windows.path(home), "doctor", "--json", "--quiet", timeout=300
    )
    if '"checks"' not in looked.text or looked.err.strip():
        raise NotFit(f"goferry.exe doctor ended with {looked.code}:\n{looked.said}")
    shutil.rmtree(home, ignore_errors=True)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def sign(*files: Path) -> None:
    """Runs the command in GOFERRY_SIGN with each file, where a certificate exists: `signtool sign /fd SHA256 /a`."""
    command = os.environ.get("GOFERRY_SIGN")
    for file in files if command else ():
        words = [*shlex.split(command or "", posix=os.name != "nt"), str(file)]
        asked = subprocess.run(words, capture_output=True, encoding="utf-8", errors="replace", check=False)
        if asked.returncode:
            raise NotFit(f"GOFERRY_SIGN ended with {asked.returncode}: {asked.stdout}{asked.stderr}"[:2000])
