"""What the lab's packages are made of, without making any."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lab.machine import docker_packages, system_packages
from tests.lab.machine.apt import upstream_version
from tests.lab.machine.faces import FACES
from tests.lab.machine.images import docker_installation
from tests.lab.machine.rpm import Package, spec

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lab's servers are made on Linux")


@pytest.mark.parametrize(
    ("debian", "upstream"),
    [
        ("26.1.5+dfsg1-9+b2", "26.1.5"),
        ("5%3a20.10.24+dfsg1-1+deb12u1+b2", "20.10.24"),
        ("1:2.39.5-0+deb12u2", "2.39.5"),
        ("1.6.20~ds1-1+deb12u1", "1.6.20"),
    ],
)
def test_a_debian_version_becomes_one_that_rpm_can_compare(debian: str, upstream: str) -> None:
    assert upstream_version(debian) == upstream


def test_a_spec_lists_every_file_and_keeps_configuration_on_upgrades(tmp_path: Path) -> None:
    for name in ("usr/bin/nginx", "etc/nginx/nginx.conf"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "var/lib/nginx").mkdir(parents=True)
    (tmp_path / "etc/link").symlink_to("nginx/nginx.conf")
    text = spec(Package("nginx", "1.22", "1.lab", tmp_path))
    listed = text.partition("%files\n")[2].splitlines()
    assert listed == [
        '"/etc/link"',
        '%config(noreplace) "/etc/nginx/nginx.conf"',
        '"/usr/bin/nginx"',
        '%dir "/var/lib/nginx"',
    ]


def test_a_package_with_units_stops_them_only_when_it_is_removed() -> None:
    text = spec(Package("docker-ce", "26.1", "1.el7", units="docker.service", pre="groupadd docker"))
    removal = text.partition("%preun\n")[2].splitlines()[0]
    assert removal.startswith('[ "$1" -ne 0 ] || systemctl --no-reload disable --now docker.service')
    assert "%pre\ngroupadd docker\n" in text


def test_relations_are_written_one_a_line() -> None:
    text = spec(Package("docker", "20.10", "1.lab", epoch=2, requires=("docker-client = 2:20.10", "tar")))
    assert "Epoch: 2\nRequires: docker-client = 2:20.10\nRequires: tar\n" in text


@pytest.mark.parametrize("name", FACES)
def test_every_face_has_a_docker_release_and_signed_repositories(name: str) -> None:
    face = FACES[name]
    assert face.docker_release in docker_packages.SUITES
    text = system_packages.repository_file(face)
    assert [f"[{each}]" in text for each in face.repositories] == [True, True]
    assert text.count("gpgcheck=1") == len(face.repositories)


def test_only_openeuler_needs_its_release_number_corrected() -> None:
    corrected = [name for name in FACES if "sed -i" in docker_installation(name)]
    assert corrected == ["openeuler-22.03"]
