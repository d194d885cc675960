"""RPM packages: their spec files as text, and a workshop that builds, signs and indexes them in a container."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SYSTEMD = {  # what the family's packages do with their units
    "post": "systemctl daemon-reload >/dev/null 2>&1 || :",
    "preun": '[ "$1" -ne 0 ] || systemctl --no-reload disable --now {units} >/dev/null 2>&1 || :',
    "postun": (
        "systemctl daemon-reload >/dev/null 2>&1 || :\n"
        '[ "$1" -eq 0 ] || systemctl try-restart {units} >/dev/null 2>&1 || :'
    ),
}
_HEADER = """Name: {name}
Version: {version}
Release: {release}
Summary: {summary}
License: see the wrapped Debian package
Vendor: Goferry test lab
BuildArch: {arch}
AutoReqProv: no
"""
_BODY = """%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _binary_payload w3.zstdio
%description
Made by the Goferry test lab from Debian's package of the same software. For tests only.
%install
mkdir -p %{buildroot}
"""
_BUILD = """set -eu
export HOME={work} GNUPGHOME={gpg}
mkdir -p {work}/rb/BUILD {work}/rb/BUILDROOT {work}/rb/SRPMS {work}/rb/RPMS
gpg -q --list-keys '{key}' >/dev/null 2>&1 ||
    gpg -q --batch --passphrase '' --quick-gen-key '{key}' rsa2048 sign never
gpg -q --armor --export '{key}' > {gpg}/{key}.asc
ls {work}/specs/*.spec | xargs -P2 -I@ sh -c 'rpmbuild --quiet -bb --define "_topdir {work}/rb" \\
    --define "_rpmdir {into}" --define "_rpmfilename %%{{NAME}}-%%{{VERSION}}-%%{{RELEASE}}.%%{{ARCH}}.rpm" \\
    @ > @.log 2>&1 || {{ cat @.log; exit 255; }}'
rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name {key}' --addsign {into}/*.rpm > {work}/sign.log 2>&1 ||
    {{ cat {work}/sign.log; exit 1; }}
gpgconf --kill all
"""


@dataclass(frozen=True, slots=True)
class Package:
    """One RPM to be: what `tree` holds becomes its files."""

    name: str
    version: str
    release: str
    tree: Path | None = None
    epoch: int = 0
    summary: str = ""
    arch: str = "x86_64"
    pre: str = ""
    post: str = ""
    units: str = ""
    """The systemd units that are stopped and restarted with it, separated by spaces."""

    requires: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()


def spec(package: Package) -> str:
    """The text of the package's spec file."""
    header = _HEADER.format(
        name=package.name,
        version=package.version,
        release=package.release,
        summary=package.summary or package.name,
        arch=package.arch,
    )
    lines = [f"Epoch: {package.epoch}"] if package.epoch else []
    for relation in ("requires", "recommends", "conflicts", "provides"):
        lines += [f"{relation.capitalize()}: {name}" for name in getattr(package, relation)]
    copying = [f"cp -a {package.tree}/. %{{buildroot}}/"] if package.tree else []
    lines += [_BODY.rstrip(), *copying, *_scripts(package), "%files", *_files(package.tree)]
    return header + "\n".join(lines) + "\n"


def _scripts(package: Package) -> list[str]:
    texts = {"pre": package.pre, "post": package.post}
    if package.units:
        texts["post"] = "\n".join(filter(None, (_SYSTEMD["post"], package.post)))
        texts |= {when: _SYSTEMD[when].format(units=package.units) for when in ("preun", "postun")}
    return [f"%{when}\n{text}" for when, text in texts.items() if text]


def _files(tree: Path | None) -> list[str]:
    lines = []
    for path in sorted(tree.rglob("*")) if tree else []:
        name = "/" + path.relative_to(tree or path).as_posix()
        if path.is_symlink():
            lines.append(f'"{name}"')
        elif path.is_file():
            lines.append(f'%config(noreplace) "{name}"' if name.startswith("/etc/") else f'"{name}"')
        elif not any(path.iterdir()):
            lines.append(f'%dir "{name}"')
    return lines


class Workshop:
    """Collects packages and builds them, all below `work`.

    `in_container` runs a shell script as root in a container that has rpmbuild and sees `work` and `keys`.
    """

    def __init__(self, work: Path, keys: Path, in_container: Callable[[str], None]) -> None:
        self._work, self._keys, self._in_container = work, keys, in_container
        for folder in (work / "specs", work / "trees", keys):
            folder.mkdir(parents=True, exist_ok=True)
        keys.chmod(0o700)

    def tree(self, name: str) -> Path:
        """An empty folder for the files of a package."""
        tree = self._work / "trees" / name
        tree.mkdir()
        return tree

    def public_key(self, key: str) -> Path:
        """The armoured public key that the packages built with `key` can be checked against."""
        return self._keys / f"{key}.asc"

    def add(self, package: Package) -> None:
        name = f"{package.name}-{package.version}.spec"
        (self._work / "specs" / name).write_text(spec(package), encoding="utf-8")

    def build(self, into: Path, key: str, *, indexed: bool = True) -> None:
        """Build all that was added into a folder, signed with `key`, and index it as a repository."""
        into.mkdir(parents=True, exist_ok=True)
        script = _BUILD.format(work=self._work, gpg=self._keys, key=key, into=into)
        if indexed:
            script += f"createrepo_c -q --general-compress-type=gz --no-database {into}\n"
        self._in_container(script)
        for folder in ("specs", "trees", "rb"):
            shutil.rmtree(self._work / folder)
        for folder in ("specs", "trees"):
            (self._work / folder).mkdir()
