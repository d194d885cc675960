"""A file-system Go module proxy made from Debian's packages of Go sources: gin and viper without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from desktop.project import version_key
from desktop.project.go_mod import read_go_mod
from desktop.project.go_tokens import head_of

SOURCES = Path("/usr/share/gocode/src")
PACKAGES = {
    "github.com/gin-gonic/gin": "golang-github-gin-gonic-gin-dev",
    "github.com/spf13/viper": "golang-github-spf13-viper-dev",
}


def missing() -> str:
    """Why the proxy cannot be made here; empty when it can."""
    if shutil.which("dpkg-query") is None:
        return "needs Debian's packages of Go modules"
    absent = [package for path, package in PACKAGES.items() if not (SOURCES / path).is_dir()]
    return f"needs Debian's packages (apt-get install {' '.join(absent)})" if absent else ""


def make_proxy(root: Path) -> str:
    """Writes the proxy and gives its GOPROXY."""
    versions = _closure()
    for path, version in versions.items():
        _add(root, path, version, versions)
    return root.as_uri()


def _closure() -> dict[str, str]:
    """Module paths to versions: what the two need, as far as Debian has it, each in one version."""
    found: dict[str, str] = {}
    rest = [(path, _debian_version(package)) for path, package in PACKAGES.items()]
    while rest:
        path, version = rest.pop()
        if not (SOURCES / path).is_dir() or version_key(version[1:]) <= version_key(found.get(path, "")[1:]):
            continue
        found[path] = version
        go_mod = SOURCES / path / "go.mod"
        if go_mod.is_file():
            rest += [
                one
                for one in read_go_mod(go_mod.read_text(encoding="utf-8")).requires
                if one[0] not in PACKAGES
            ]
    return found


def _debian_version(package: str) -> str:
    dpkg = shutil.which("dpkg-query")
    assert dpkg is not None
    done = subprocess.run(
        [dpkg, "-W", "-f", "${Version}", package], capture_output=True, encoding="utf-8", check=True
    )
    match = re.match(r"(?:\d+:)?(\d+\.\d+\.\d+)", done.stdout)
    assert match is not None
    return f"v{match[1]}"


def _add(root: Path, path: str, version: str, versions: dict[str, str]) -> None:
    folder = root / re.sub(r"[A-Z]", lambda found: "!" + found[0].lower(), path) / "@v"
    folder.mkdir(parents=True)
    needed = _needed(path, versions)
    mod = f"module {path}\n\ngo 1.18\n\n" + "".join(f"require {one} {versions[one]}\n" for one in needed)
    (folder / "list").write_text(version + "\n", encoding="utf-8")
    (folder / f"{version}.mod").write_text(mod, encoding="utf-8")
    about = {"Version": version, "Time": "2023-01-01T00:00:00Z"}
    (folder / f"{version}.info").write_text(json.dumps(about), encoding="utf-8")
    with zipfile.ZipFile(folder / f"{version}.zip", "w") as archive:
        archive.writestr(f"{path}@{version}/go.mod", mod)
        for file in sorted((SOURCES / path).rglob("*")):
            inner = file.relative_to(SOURCES / path).as_posix()
            if file.is_file() and inner != "go.mod" and _wanted(file, path, inner):
                archive.write(file, f"{path}@{version}/{inner}")


def _wanted(file: Path, path: str, inner: str) -> bool:
    """Without tests, which need modules of their own; without what only other build tags take in, which need modules
    that Debian leaves out; without the files of another module below."""
    if file.suffix == ".go":
        text = file.read_text(encoding="utf-8")
        return not file.name.endswith("_test.go") and head_of(text).built and not _elsewhere(path, inner)
    return not _elsewhere(path, inner)


def _needed(path: str, versions: dict[str, str]) -> list[str]:
    go_mod = SOURCES / path / "go.mod"
    if not go_mod.is_file():
        return []
    return [one for one, _ in read_go_mod(go_mod.read_text(encoding="utf-8")).requires if one in versions]


def _elsewhere(path: str, inner: str) -> bool:
    above = (SOURCES / path / inner).parent
    while above != SOURCES / path:
        if (above / "go.mod").is_file():
            return True
        above = above.parent
    return False
