"""What Settings offers, and what About says. Pure but for reading the installed packages' own descriptions."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from importlib import metadata

from desktop import __version__
from desktop.base.resources import resources
from desktop.base.words import tr
from desktop.ui.widgets.says import Text

OFFICIAL = "https://proxy.golang.org,direct"
CHINA = "https://goproxy.cn,direct"
_NAMED = {"": "go", OFFICIAL: "official", CHINA: "china", "direct": "direct", "off": "off"}


def proxy_choices() -> list[tuple[str, Text]]:
    """Where Go modules come from: (key, text)."""
    return [
        ("go", lambda: tr("As Go is set up")),
        ("official", lambda: tr("Official proxy")),
        ("china", lambda: tr("Mirror in mainland China")),
        ("direct", lambda: tr("Straight from Git")),
        ("off", lambda: tr("No network")),
        ("own", lambda: tr("Our company proxy")),
    ]


def proxy_key(value: str) -> str:
    """The choice that a GOPROXY value stands for; "own" for everything else."""
    return _NAMED.get(value, "own")


def proxy_value(key: str, own: str) -> str:
    """The GOPROXY value of a choice; `own` is the company's address."""
    for value, name in _NAMED.items():
        if name == key:
            return value
    return own.strip()


def proxy_problem(address: str) -> str:
    """What is wrong with a company proxy's address, or ""."""
    parts = [part for part in address.replace("|", ",").split(",") if part.strip()]
    if not parts:
        return tr("Type the address of the proxy, such as https://goproxy.example.com")
    for part in parts:
        if part.strip() not in ("direct", "off") and not part.strip().startswith(
            ("https://", "http://", "file://")
        ):
            return tr("{part} is not an address: it begins with https://", part=part.strip())
    return ""


def editor_choices() -> list[tuple[str, Text]]:
    return [
        ("auto", lambda: tr("The one that is found")),
        ("vscode", "VS Code"),
        ("goland", "GoLand"),
        ("system", lambda: tr("The system's choice")),
    ]


@dataclass(frozen=True, slots=True)
class Part:
    """A library that came along."""

    name: str
    version: str
    licence: str
    home: str


def about_pairs(home: str) -> list[tuple[str, str]]:
    """Names and facts for About."""
    from PySide6.QtCore import qVersion

    return [
        (tr("Version"), __version__),
        (tr("Licence"), "Apache-2.0"),
        ("Python", f"{platform.python_version()}, {sys.platform}"),
        ("Qt", qVersion()),
        (tr("Home folder"), home),
    ]


def third_parties() -> list[Part]:
    """The libraries that this Goferry runs with, by name, with their licences. A frozen program has few of the
    packages' own descriptions, but a file of notices."""
    notices = resources().parent / "THIRD_PARTY_NOTICES.txt"
    if notices.is_file():
        return noticed(notices.read_text(encoding="utf-8"))
    found: dict[str, Part] = {}
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
        found[title.casefold()] = Part(title, _said(described, "Version"), licence.splitlines()[0][:60], home)
    return [found[key] for key in sorted(found)]


_NOTICE = re.compile(r"^={100}\n(?P<what>.+?)(?: (?P<version>\d\S*))?: (?P<licence>.+)\n(?P<home>.*)$", re.M)


def noticed(notices: str) -> list[Part]:
    """What the file of notices names, as installer/freeze/notices.py writes it."""
    found = [
        Part(one["what"], one["version"] or "", one["licence"], one["home"])
        for one in _NOTICE.finditer(notices)
    ]
    return sorted(found, key=lambda part: part.name.casefold())


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
