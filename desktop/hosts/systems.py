"""Telling servers apart from the text of their release files; pure. Files are parsed, never sourced."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

from desktop.base.visible import visible

_LINE = re.compile(r"^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*$")
_CLASSES = (((2, 39), "el10"), ((2, 34), "el9"), ((2, 28), "el8"), ((2, 17), "el7"))
_NAMES = {
    "centos": "CentOS", "rocky": "Rocky Linux", "almalinux": "AlmaLinux", "rhel": "RHEL", "ol": "Oracle Linux",
    "openeuler": "openEuler", "anolis": "Anolis OS", "alinux": "Alibaba Cloud Linux", "tencentos": "TencentOS",
    "tlinux": "TencentOS", "hce": "Huawei Cloud EulerOS", "kylin": "Kylin", "debian": "Debian", "ubuntu": "Ubuntu",
    "fedora": "Fedora", "opencloudos": "OpenCloudOS",
}  # fmt: skip
_EL_IDS = ("centos", "rocky", "almalinux", "rhel", "ol")
_ENDED = {
    ("centos", "7"): datetime.date(2024, 6, 30),
    ("centos", "8"): datetime.date(2021, 12, 31),
    ("centos stream", "8"): datetime.date(2024, 5, 31),
    ("rhel", "7"): datetime.date(2024, 6, 30),
    ("ol", "7"): datetime.date(2024, 12, 31),
}


@dataclass(frozen=True, slots=True)
class System:
    """`id` in lower case, `family` the el class that its packages are chosen by ("el7" to "el10", or "")."""

    id: str
    name: str
    version: str
    family: str
    ended: datetime.date | None = None
    """When its makers stopped caring for it."""

    @property
    def shown(self) -> str:
        """As people say it: "Rocky Linux 9.4"."""
        return f"{self.name} {self.version}".strip()


def parse_os_release(text: str) -> dict[str, str]:
    """KEY=value lines; quotes may be double, single or none. Later lines win, as in a shell."""
    found: dict[str, str] = {}
    for line in text.splitlines()[:200]:
        if match := _LINE.match(line):
            value = match[2]
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            found[match[1]] = visible(value)[:200]
    return found


def tell_system(os_release: str, release_line: str, libc: str) -> System:
    """From /etc/os-release, the first line of an older release file, and the libc's version ("2.34")."""
    values = parse_os_release(os_release)
    identity, version = values.get("ID", "").lower(), values.get("VERSION_ID", "")
    name = _NAMES.get(identity, values.get("NAME", "") or identity)
    if not identity and release_line:
        identity, name, version = _from_release_line(release_line)
    version = _exact(version, release_line)
    stream = "stream" in f"{values.get('NAME', '')} {release_line}".lower() and identity == "centos"
    if stream:
        name = "CentOS Stream"
    major = version.lstrip("Vv").split(".")[0]
    family = f"el{major}" if identity in _EL_IDS and major in ("7", "8", "9", "10") else _class_of(libc)
    ended = _ENDED.get(("centos stream" if stream else identity, major))
    return System(identity, visible(name), visible(version), family, ended)


def _exact(version: str, release_line: str) -> str:
    """CentOS 7's os-release says 7; its release file knows 7.9.2009, of which people say 7.9."""
    if (
        found := re.search(rf"release ({re.escape(version)}\.\d+)", release_line)
        if version.isdigit()
        else None
    ):
        return found[1]
    return version


def _from_release_line(line: str) -> tuple[str, str, str]:
    found = re.match(r"(.+?)\s+(?:release\s+)?(V?\d[\w.]*)", line)
    name = found[1].removesuffix(" Linux").strip() if found else line.strip()[:60]
    identity = next((key for key, known in _NAMES.items() if known.lower().split()[0] in name.lower()), "")
    return identity, name, found[2] if found else ""


def _class_of(libc: str) -> str:
    try:
        number = tuple(int(part) for part in libc.split(".")[:2])
    except ValueError:
        return ""
    return next((word for least, word in _CLASSES if number >= least), "")


def first_line(sections: Mapping[str, str], name: str) -> str:
    lines = sections.get(name, "").strip().splitlines()
    return visible(lines[0].strip()) if lines else ""
