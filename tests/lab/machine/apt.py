"""Debian packages as raw material: downloaded with a private apt, never installed on this computer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from tests.lab.machine.commands import LabError, run

STABLE = "bookworm"
_NOT_WRAPPED = {"udev", "dmeventd"}  # they would reach for this computer's devices


def mirror() -> str:
    """The Debian mirror that this computer's own apt uses, or `LAB_MIRROR`."""
    if chosen := os.environ.get("LAB_MIRROR"):
        return chosen.rstrip("/")
    form = "$(REPO_URI) $(CODENAME) $(COMPONENT)"
    for line in run("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines():
        address, codename, component = ([*line.split(), "", ""])[:3]
        if component == "main" and codename == STABLE and "security" not in address:
            return address.rstrip("/")
    raise LabError(f"this computer's apt has no {STABLE} source; set LAB_MIRROR to a Debian mirror's address")


def sources() -> list[str]:
    """The lines of a sources.list for Debian stable from that mirror."""
    address = mirror()
    lines = [f"deb {address} {STABLE} main", f"deb {address} {STABLE}-updates main"]
    if address.endswith("/debian"):
        lines.append(f"deb {address}-security {STABLE}-security main")
    return lines


def upstream_version(debian: str) -> str:
    """`5:20.10.24+dfsg1-1+b3` is `20.10.24` in an RPM."""
    without_epoch = re.sub(r"^\d+(:|%3a)", "", debian)
    return re.split(r"[+~]", without_epoch.split("-")[0])[0]


class Apt:
    """apt for one suite, with every one of its directories below `root`.

    `status` is a dpkg status file: what `fetch(closure=True)` takes as already there.
    """

    def __init__(self, root: Path, suite: str, status: Path | None = None) -> None:
        folder = root / suite
        self._archives = folder / "archives"
        for name in ("lists/partial", "archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        source, empty = folder / "sources.list", folder / "empty"
        source.write_text(f"deb {mirror()} {suite} main\n", encoding="utf-8")
        empty.touch()
        settings = {
            "Dir::Etc::sourcelist": source,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": folder / "lists",
            "Dir::Cache::archives": self._archives,
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "APT::Sandbox::User": "root",
            "Dir::State::status": status or empty,
            "Debug::NoLocking": "1",
            "Dpkg::Use-Pty": "0",
        }
        self._options = [f"-o{key}={value}" for key, value in settings.items()]
        run("apt-get", "-qq", *self._options, "update")

    def fetch(self, packages: Iterable[str], into: Path, *, closure: bool = False) -> dict[str, str]:
        """Unpack the packages below `into`; returns their versions. closure: and all they need that `status` lacks."""
        for old in self._archives.glob("*.deb"):
            old.unlink()
        if closure:
            words = ["-y", "--no-install-recommends", "--download-only", *self._options, "install", *packages]
            run("apt-get", "-qq", *words)
        else:
            run("apt-get", "-qq", *self._options, "download", *packages, cwd=self._archives)
        versions = {}
        for archive in sorted(self._archives.glob("*.deb")):
            name, version = archive.name.split("_")[:2]
            if name not in _NOT_WRAPPED:
                versions[name] = upstream_version(version)
                run("dpkg-deb", "-x", archive, into)
        return versions
