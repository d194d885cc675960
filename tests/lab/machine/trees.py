"""The files of a package before it is one: Debian's layout turned into the RPM family's."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.machine.commands import run

_NOT_NEEDED = ("doc", "man", "locale", "lintian", "info", "doc-base", "bug")


def tidy(tree: Path) -> None:
    """Merge `/bin` and its like into `/usr`, and remove what a server does not run."""
    for name in _NOT_NEEDED:
        shutil.rmtree(tree / "usr/share" / name, ignore_errors=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        if (tree / name).is_dir():
            (tree / "usr").mkdir(exist_ok=True)
            run("cp", "-a", f"{tree / name}/.", tree / "usr" / name)
            shutil.rmtree(tree / name)
    shutil.rmtree(tree / "etc/init.d", ignore_errors=True)


def put(tree: Path, content: str | Path, name: str, mode: int | None = None) -> None:
    """Write a text, or copy a file, to the place `name` in the tree."""
    target = tree / name.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        target.write_text(content, encoding="utf-8", newline="\n")
    else:
        shutil.copy2(content, target)
    if mode is not None:
        target.chmod(mode)
