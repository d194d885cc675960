"""The libraries that came along: from the packages' own descriptions, in a frozen program from its file of notices."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from .resources import resources


@dataclass(frozen=True, slots=True)
class Library:
    """A library that came along."""

    name: str
    version: str
    licence: str
    home: str


def third_parties() -> list[Library]:
    """The libraries that this Goferry runs with, by name, with their licences. A frozen program has few of the
    packages' own descriptions, but a file of notices."""
    notices = resources().parent / "THIRD_PARTY_NOTICES.txt"
    if notices.is_file():
        return noticed(notices.read_text(encoding="utf-8"))
    found: dict[str, Library] = {}
    for name in _needed("goferry"):
        try:
            described = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        licence = (
            _said(described, "License-Expression")
            or _classified(described)
            or _said(described, "License")
            or "–"
        )
        home = _said(described, "Home-page") or _project_url(described)
        title = _said(described, "Name") or name
        found[title.casefold()] = Library(
            title, _said(described, "Version"), licence.splitlines()[0][:60], home
        )
    return [found[key] for key in sorted(found)]


def versions_of(names: Iterable[str]) -> dict[str, str]:
    """Of each of these libraries; "?" where it is not known."""
    known = {_plain(one.name): one.version for one in third_parties()}
    return {name: known.get(_plain(name), "?") for name in names}


def _plain(name: str) -> str:
    """Packages are the same by any of the ways to write their name."""
    return re.sub(r"[-_.]+", "-", name).lower()


_NOTICE = re.compile(r"^={100}\n(?P<what>.+?)(?: (?P<version>\d\S*))?: (?P<licence>.+)\n(?P<home>.*)$", re.M)


def noticed(notices: str) -> list[Library]:
    """What the file of notices names, as installer/freeze/notices.py writes it."""
    found = [
        Library(one["what"], one["version"] or "", one["licence"], one["home"])
        for one in _NOTICE.finditer(notices)
    ]
    return sorted(found, key=lambda one: one.name.casefold())


def _needed(root: str) -> list[str]:
    """`root`'s requirements and theirs; where it is not installed as a package, what its parts need."""
    seen: list[str] = []
    waiting = [root]
    while waiting:
        name = waiting.pop()
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            requires = list(_ROOTS) if name == root else []
        for requirement in requires:
            found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
            if found and "extra ==" not in requirement and found[0] not in seen:
                seen.append(found[0])
                waiting.append(found[0])
    return seen


_ROOTS = (
    "PySide6-Essentials", "qasync", "paramiko", "docker", "ruamel.yaml", "PyYAML", "requests",
    "cryptography", "keyring", "platformdirs", "tenacity", "truststore", "certifi", "tzdata",
)  # fmt: skip
"""For a run from the source tree, where no package `goferry` is installed."""


def _said(described: metadata.PackageMetadata, name: str) -> str:
    return str(described[name]) if name in described else ""


def _classified(described: metadata.PackageMetadata) -> str:
    for line in described.get_all("Classifier") or []:
        if line.startswith("License ::"):
            return str(line).rsplit("::", 1)[-1].strip()
    return ""


def _project_url(described: metadata.PackageMetadata) -> str:
    for line in described.get_all("Project-URL") or []:
        return str(line).partition(",")[2].strip()
    return ""
