"""THIRD_PARTY_NOTICES.txt: what travels with Goferry, under which licence, with the licences' own words.

Made from the metadata of the packages that are really installed. A package whose licence is not known to allow this,
or that is under the GPL alone, fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ALLOWED = {
    "Apache-2.0", "Apache 2.0", "Apache Software License", "BSD", "BSD License", "BSD-2-Clause", "BSD-3-Clause",
    "HPND", "ISC", "ISC License (ISCL)", "LGPL", "LGPL-2.1", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT License", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)", "PSF",
    "PSF-2.0", "Python Software Foundation License", "The Unlicense (Unlicense)", "Unlicense", "Zlib",
}  # fmt: skip
REPLACEABLE = ("LGPL", "MPL")
"""Their files lie in the program's folder as they are, so that a person can put another build in their place."""

WITHOUT_METADATA = (
    (
        "CPython",
        "PSF-2.0",
        "The Python interpreter and its standard library, with OpenSSL (Apache-2.0), SQLite (public domain), "
        "libffi (MIT), zlib (Zlib), bzip2 (bzip2-1.0.6), XZ (0BSD) and Expat (MIT). https://docs.python.org/3/license.html",
    ),
    (
        "Qt 6 (in PySide6 and shiboken6)",
        "LGPL-3.0-only",
        "The Qt libraries are unchanged and lie in the folder PySide6 as files of their own. "
        "Source: https://download.qt.io/official_releases/qt/ and https://code.qt.io/pyside/pyside-setup.git",
    ),
    (
        "PyInstaller's bootloader (goferry.exe, goferryw.exe)",
        "GPL-2.0-or-later WITH Bootloader-exception",
        "Its exception allows to distribute it with programs of any licence. "
        "https://pyinstaller.org/en/stable/license.html",
    ),
    (
        "Microsoft Visual C++ runtime",
        "Microsoft's terms for redistributable files",
        "Travels with CPython and Qt as they were published.",
    ),
)
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9._-]+)")
_LICENCE_FILE = re.compile(r"(^|/)(licen[cs]e|copying|notice)[^/]*$", re.I)


class Forbidden(Exception):
    """A package that may not travel with the program; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Notice:
    name: str
    version: str
    licence: str
    page: str
    text: str


def gathered(roots: Iterable[str], environment: dict[str, str] | None = None) -> list[Notice]:
    """A notice for each of `roots` and all that they need. Raises Forbidden."""
    from packaging.requirements import Requirement

    found: dict[str, Notice] = {}
    waiting = list(roots)
    while waiting:
        requirement = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        wanted = requirement.marker is None or requirement.marker.evaluate(
            {**(environment or {}), "extra": ""}
        )
        if name in found or not wanted:
            continue
        package = metadata.distribution(requirement.name)
        found[name] = notice(package)
        waiting += package.requires or []
    return [found[name] for name in sorted(found)]


def notice(package: metadata.Distribution) -> Notice:
    said = package.metadata
    licence = allowed_licence(said["Name"], licences(said))
    files = [
        Path(str(package.locate_file(path)))
        for path in package.files or ()
        if _LICENCE_FILE.search(str(path))
    ]
    texts = [file.read_text(encoding="utf-8", errors="replace").strip() for file in files if file.is_file()]
    pages = [address.partition(",")[2].strip() for address in said.get_all("Project-URL") or []]
    page = next(iter([*(said.get_all("Home-page") or []), *pages]), "")
    return Notice(said["Name"], said["Version"], licence, page, "\n\n".join(dict.fromkeys(texts)))


def licences(said: metadata.PackageMetadata) -> list[str]:
    """What the package says of itself: the expression, else the old field, else the classifiers."""
    for field in ("License-Expression", "License"):
        texts = [text.strip() for text in said.get_all(field) or []]
        if texts and texts[0] and "\n" not in texts[0]:
            return texts
    marks = (mark.split(" :: ") for mark in said.get_all("Classifier") or [] if mark.startswith("License ::"))
    return [parts[-1] for parts in marks]


def allowed_licence(name: str, said: list[str]) -> str:
    """The licence under which `name` is distributed here. Raises Forbidden when none is allowed."""
    for choice in (choice.strip() for text in said for choice in text.split(" OR ")):
        if all(part.strip(" ()") in ALLOWED or part.strip() in ALLOWED for part in choice.split(" AND ")):
            return choice
    raise Forbidden(
        f"{name} is under {' / '.join(said) or 'no licence that it names'}: see installer/freeze/notices.py"
    )


def told(notices: Iterable[Notice]) -> str:
    """The file's text."""
    lines = [
        "Goferry is under the Apache License 2.0. With it travels work of others, each under a licence of its own.",
        "Everything under the LGPL or MPL is unchanged and lies in the program's folder as files of its own: put",
        "another build of the same interface in their place, and Goferry uses that.",
        "",
    ]
    for name, licence, text in WITHOUT_METADATA:
        lines += ["=" * 100, f"{name}: {licence}", text, ""]
    for one in notices:
        kept = " (replaceable files)" if one.licence.startswith(REPLACEABLE) else ""
        lines += ["=" * 100, f"{one.name} {one.version}: {one.licence}{kept}", one.page, "", one.text, ""]
    return "\n".join(lines)
