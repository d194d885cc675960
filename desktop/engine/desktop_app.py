"""The program that brings an engine onto a Windows desktop, Docker Desktop or its like: which, and where it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PureWindowsPath

from .model import DesktopApp

KNOWN = (
    ("Docker Desktop", "Docker Desktop.exe", r"Docker\Docker"),
    ("Docker Desktop", "Docker Desktop.exe", r"DockerDesktop"),
    ("Rancher Desktop", "Rancher Desktop.exe", r"Rancher Desktop"),
    ("Podman Desktop", "Podman Desktop.exe", r"Podman Desktop"),
)
"""Name, program, and its folder under Program Files or under a person's own programs."""

DOCKER_KEY = r"SOFTWARE\Docker Inc.\Docker Desktop"
"""Docker Desktop reads its own place there, and says so when the key is gone: "getting app path: cannot find registry
key" (docker/for-win#14882, 4.43.1; #14912). Docker calls no key a public interface (docker/for-win#939), so what it
tells is believed only where the program lies there, and the usual folder and `InstallLocation` of its entry under
Uninstall, which `--installation-dir` of its installer changes, are looked at too."""

Registry = Callable[[str, str], str]
"""A text value of the registry by key and name, of this person or else of the computer; "" where there is none."""


def desktop_app(
    environment: Mapping[str, str] | None = None,
    registry: Registry | None = None,
    *,
    windows: bool = sys.platform == "win32",
) -> DesktopApp | None:
    """The first one that is installed. Elsewhere than on Windows there is none to start."""
    if not windows:
        return None
    read = registry or _registry
    for name, program, places in _candidates(os.environ if environment is None else environment, read):
        for place in places:
            if place.is_file() and place.name.lower() == program.lower():
                return DesktopApp(name, place)
    return None


def _candidates(
    environment: Mapping[str, str], read: Registry
) -> Iterator[tuple[str, str, tuple[Path, ...]]]:
    told = read(DOCKER_KEY, "AppPath")
    if told:
        yield "Docker Desktop", "Docker Desktop.exe", (Path(told) / "Docker Desktop.exe",)
    for name, program, folder in KNOWN:
        key = rf"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\{program}"
        listed = read(key, "").strip('"')
        uninstall = rf"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{name}"
        placed = read(uninstall, "InstallLocation").strip('"')
        local = environment.get("LOCALAPPDATA", "")
        roots = [
            environment.get("ProgramFiles", ""),
            environment.get("ProgramW6432", ""),
            str(Path(local) / "Programs") if local else "",
        ]
        inside = PureWindowsPath(folder).parts
        usual = [Path(root).joinpath(*inside) / program for root in roots if root]
        found = [Path(listed)] if listed else []
        found += [Path(placed) / program] if placed else []
        yield name, program, (*found, *usual)


def _registry(key: str, name: str) -> str:
    if sys.platform != "win32":
        return ""
    import winreg

    for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        with suppress(OSError), winreg.OpenKey(root, key) as opened:
            value, kind = winreg.QueryValueEx(opened, name)
            if kind in (winreg.REG_SZ, winreg.REG_EXPAND_SZ):
                return os.path.expandvars(str(value))
    return ""
