"""What a program leaves on a Windows: its files, and its words in the person's registry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from installer.checks.stage import Stage

_OF_OTHERS = re.compile(
    r"\\(Temp|Caches?|INetCache|CrashDumps|D3DSCache|ConnectedDevicesPlatform)\\|\.lock$"
    r"|\\Local\\Programs$|\\Roaming\\go(\\|$)|\\Local\\go-build",  # every program's folder; what go itself keeps
    re.I,
)


@dataclass(frozen=True, slots=True)
class Traces:
    files: frozenset[str]
    registry: frozenset[str]

    def beyond(self, earlier: Traces) -> list[str]:
        """What was not there earlier and is neither Windows' nor Go's own."""
        new = sorted(self.files - earlier.files) + sorted(self.registry - earlier.registry)
        return [line for line in new if not _OF_OTHERS.search(line)]


def traces(stage: Stage) -> Traces:
    profile = stage.path("%LOCALAPPDATA%").parents[1]
    roots = (stage.path(r"%LOCALAPPDATA%"), stage.path(r"%APPDATA%"), profile / "Desktop")
    files = (
        str(path.relative_to(profile)).replace("/", "\\")
        for root in roots
        if root.exists()
        for path in root.rglob("*")
    )
    return Traces(frozenset(files), frozenset(_registry(stage)))


def _registry(stage: Stage) -> set[str]:
    """Each line of the person's registry that has to do with Goferry, with the key it is in."""
    file = stage.path("%TEMP%") / "registry.reg"
    file.unlink(missing_ok=True)
    stage.run("reg", "export", "HKCU", stage.place(r"%TEMP%\registry.reg"), "/y")
    text = file.read_bytes().decode("utf-16", errors="replace") if file.exists() else ""
    key, found = "", set[str]()
    for line in text.splitlines():
        if line.startswith("["):
            key = line
        if "goferry" in line.lower() or (
            key.endswith("\\Environment]") and line.lower().startswith('"path"')
        ):
            found.add(f"{key} {line}")
    file.unlink(missing_ok=True)
    return found


def under(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
