"""The Pythons of servers that this computer has: 2.7, which is CentOS 7's, and the oldest Python 3 in use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path


@cache
def old_pythons() -> dict[str, str]:
    """Their programs by name, on PATH or kept by pyenv; only what there is."""
    found: dict[str, str] = {}
    if sys.platform == "win32":  # what servers have; under Wine, pyenv's are programs of Linux
        return found
    pyenv = Path(os.environ.get("PYENV_ROOT") or "/root/.pyenv") / "versions"
    for name, version in (("python2.7", "2.7"), ("python3.6", "3.6")):
        places = [
            shutil.which(name),
            *(str(path / "bin" / name) for path in sorted(pyenv.glob(f"{version}.*"))),
        ]
        for place in places:
            if place and _answers(place, version):
                found[name] = place
                break
    return found


def _answers(program: str, version: str) -> bool:
    """Whether it is one: pyenv puts names on PATH that only say what they could stand for."""
    words = [program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(words, capture_output=True, check=False, encoding="utf-8", timeout=250)
    except OSError:
        return False
    return done.stdout.strip() == version
