"""A Windows with Python and Qt on Debian 12, under Wine.

    python installer/wine setup                 make it (45 s, 2 GB); does nothing the second time
    python installer/wine python ARGS...        the Windows Python: a script, -c, -m pytest
    python installer/wine run PROGRAM ARGS...   any Windows program: a file, C:\\..., or cmd, reg, taskkill
    python installer/wine go ARGS...            go.exe
    python installer/wine test [ARGS...]        tests in this Windows (python -m tests.windows: in a fresh one)
    python installer/wine docker start|stop     Docker Desktop's named pipes, from the Engine of this computer
    python installer/wine picture FILE.png      the desktop as it looks now
    python installer/wine path TEXT             where a Windows path is here; %APPDATA% and the like are filled in
    python installer/wine stop                  end all that runs in it

GOFERRY_WINE names the folder of it all, GOFERRY_WINE_PREFIX another Windows in it, made when it is first used;
GOFERRY_WINE_USER, GOFERRY_WINE_LANG=zh_CN and GOFERRY_WINE_SCREEN=1920x1080 are then its user, language and screen.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from installer.wine import parts, pipe
from installer.wine.machine import Machine
from installer.wine.store import PROJECT, SCREEN, USER, CannotBeHad, Store

TESTS = ("tests/unit", "tests/windows", "--ignore=tests/windows/test_edition.py")


def main(words: list[str]) -> int:
    verb, rest = (words[0], words[1:]) if words else ("", [])
    place = Store()
    prefix = Path(os.environ.get("GOFERRY_WINE_PREFIX") or place.root / "work").absolute()
    machine = Machine(
        place,
        prefix,
        user=os.environ.get("GOFERRY_WINE_USER", USER),
        language=os.environ.get("GOFERRY_WINE_LANG", "en_US"),
        go=not os.environ.get("GOFERRY_WINE_NO_GO"),
        screen=os.environ.get("GOFERRY_WINE_SCREEN") or SCREEN,
    )
    try:
        if verb == "setup":
            parts.set_up(place, _say, go=True)
            return 0
        return _use(machine, verb, rest)
    except CannotBeHad as error:
        _say(str(error))
        return 1


def _use(machine: Machine, verb: str, rest: list[str]) -> int:
    if verb == "python" and rest:
        return _through(machine, machine.python_words(*rest))
    if verb == "run" and rest:
        return _through(machine, rest)
    if verb == "go":
        return _through(machine, ["go.exe", *rest])
    if verb == "test":
        words = ("-X", "warn_default_encoding", "-m", "pytest", *(rest or TESTS))
        return _through(machine, machine.python_words(*words), PROJECT)
    if verb == "docker" and rest in (["start"], ["stop"]):
        (pipe.serve if rest == ["start"] else pipe.stop)(machine)
    elif verb == "picture" and rest:
        machine.ready()
        machine.photograph(Path(rest[0]))
    elif verb == "path" and rest:
        print(machine.path(rest[0]))
    elif verb == "stop":
        machine.stop()
    else:
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    return 0


def _through(machine: Machine, words: list[str], folder: Path | None = None) -> int:
    """Runs it with its output as ours, each piece as it comes."""

    def out(piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    def err(piece: bytes) -> None:
        sys.stderr.buffer.write(piece)
        sys.stderr.buffer.flush()

    return machine.run(*words, timeout=None, folder=folder, out=out, err=err).code


def _say(text: str) -> None:
    print(f"wine: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
