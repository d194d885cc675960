"""The RPM repositories that the hosts' yum reads, built once and kept in the cache."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.machine import base_image, docker_packages, system_packages
from tests.lab.machine.apt import STABLE, Apt
from tests.lab.machine.commands import stamp, step
from tests.lab.machine.names import CACHE, HERE
from tests.lab.machine.rpm import Workshop
from tests.lab.machine.trees import put

ROOT = CACHE / "repo"
MARKERS = ROOT / "markers"
"""Packages that stand for what the base image has."""

RELEASE_PACKAGES = ROOT / "faces"
_DOCKER = ROOT / "linux/centos"
_WORK, _APT = CACHE / "build", CACHE / "apt"
_INGREDIENTS = (
    "apt",
    "rpm",
    "trees",
    "faces",
    "disguise",
    "system_packages",
    "docker_packages",
    "repositories",
)


@dataclass(frozen=True, slots=True)
class _Site:
    """What repositories are built with; its folders are gone afterwards."""

    workshop: Workshop
    engines: docker_packages.Engines


def ensure(docker_releases: Iterable[str]) -> str:
    """Build what is missing: the base repositories, and docker-ce for those releases. Returns a stamp.

    The base image must be there.
    """
    mark = stamp(*(HERE / f"{name}.py" for name in _INGREDIENTS), HERE / "base/packages")
    record = CACHE / "repo.stamp"
    fresh = record.exists() and record.read_text(encoding="utf-8") == mark
    missing = [name for name in docker_releases if not fresh or not (_repository(name) / "repodata").exists()]
    if fresh and not missing:
        return mark
    with _site() as site:
        if not fresh:
            _clear(ROOT)
            with step("building the base package repositories"):
                _build_system(site)
            record.write_text(mark, encoding="utf-8")
        for release in dict.fromkeys(missing):
            with step(f"building the docker-ce repository for release {release}"):
                _build_docker(site, release)
    return mark


@contextlib.contextmanager
def _site() -> Iterator[_Site]:
    for folder in (_WORK, _APT):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        engines = docker_packages.Engines(_WORK / "engines", _APT, base_image.run_script)
        yield _Site(Workshop(_WORK, CACHE / "gpg", base_image.run_script), engines)
    finally:
        for folder in (_WORK, _APT):
            shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: Path) -> None:
    """The folder itself stays: the web server of a lab that is up has it in hand."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _repository(docker_release: str) -> Path:
    return _DOCKER / docker_release / "x86_64/stable"


def _build_system(site: _Site) -> None:
    workshop = site.workshop
    system_packages.add_installable(workshop, Apt(_APT, STABLE, base_image.STATUS))
    workshop.build(ROOT / "os/base", system_packages.KEY)

    system_packages.add_selinux_placeholder(workshop)
    docker_packages.add_old_docker(workshop, site.engines.of(STABLE))
    docker_packages.add_vendor_engine(workshop, site.engines.of(STABLE))
    system_packages.add_podman(workshop, Apt(_APT, STABLE, base_image.STATUS))
    system_packages.add_kernel_modules(workshop)
    workshop.build(ROOT / "os/extras", system_packages.KEY)
    _add_archive()

    system_packages.add_markers(workshop, base_image.STATUS)
    workshop.build(MARKERS, system_packages.KEY, indexed=False)

    system_packages.add_release_packages(workshop)
    workshop.build(RELEASE_PACKAGES, system_packages.KEY, indexed=False)


def _add_archive() -> None:
    """CentOS 7's packages as its archive lays them out."""
    folder = ROOT / "centos-vault/7.9.2009"
    for part, source in (("os", "base"), ("updates", "base"), ("extras", "extras")):
        (folder / part).mkdir(parents=True)
        (folder / part / "x86_64").symlink_to(f"../../../os/{source}")


def _build_docker(site: _Site, release: str) -> None:
    docker_packages.add_docker_ce(site.workshop, site.engines, release)
    site.workshop.build(_repository(release), docker_packages.KEY)
    put(_DOCKER, site.workshop.public_key(docker_packages.KEY), "gpg", 0o644)
    put(_DOCKER, docker_packages.repository_file(), "docker-ce.repo")
    other_name = ROOT / "linux/rhel"
    if not other_name.is_symlink():
        other_name.symlink_to("centos")
