"""What is found out about every system of the CentOS family, and which Docker its plan tries: recorded, or documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.hosts.facts import split_sections
from desktop.hosts.setup import Local, Mirror, SetupFacts, Wish, decide, listed_archive
from desktop.hosts.setup.decide import classes
from desktop.hosts.setup.probe import parse
from tests.unit.hosts_setup.test_setup import MIRRORS

HERE = Path(__file__).parent
EL7, EL8, EL9, EL10 = "centos/7", "rhel/8", "centos/9", "centos/10"

# name -> (as people say it, class, past its end, first folder of Docker's repository, the maker's engine may serve)
SYSTEMS: dict[str, tuple[str, str, bool, str, bool]] = {
    "CentOS 7": ("CentOS 7.9", "el7", True, EL7, False),
    "CentOS 8": ("CentOS 8.5", "el8", True, EL8, False),
    "CentOS Stream 8": ("CentOS Stream 8", "el8", True, EL8, False),
    "Rocky Linux 8": ("Rocky Linux 8.10", "el8", False, EL8, False),
    "AlmaLinux 8": ("AlmaLinux 8.10", "el8", False, EL8, False),
    "RHEL 8": ("RHEL 8.6", "el8", False, EL8, False),
    "Oracle Linux 8": ("Oracle Linux 8.9", "el8", False, EL8, False),
    "CentOS Stream 9": ("CentOS Stream 9", "el9", False, EL9, False),
    "Rocky Linux 9": ("Rocky Linux 9.5", "el9", False, EL9, False),
    "AlmaLinux 9": ("AlmaLinux 9.4", "el9", False, EL9, False),
    "RHEL 9": ("RHEL 9.1", "el9", False, EL9, False),
    "CentOS Stream 10": ("CentOS Stream 10", "el10", False, EL10, False),
    "Rocky Linux 10": ("Rocky Linux 10.0", "el10", False, EL10, False),
    "AlmaLinux 10": ("AlmaLinux 10.0", "el10", False, EL10, False),
    "RHEL 10": ("RHEL 10.0", "el10", False, EL10, False),
    "openEuler 20.03": ("openEuler 20.03", "el8", False, EL8, True),
    "openEuler 22.03": ("openEuler 22.03", "el9", False, EL9, True),
    "openEuler 24.03": ("openEuler 24.03", "el9", False, EL9, True),
    "Anolis OS 8": ("Anolis OS 8.8", "el8", False, EL8, True),
    "Anolis OS 23": ("Anolis OS 23", "el9", False, EL9, True),
    "Anolis OS 23 on LoongArch": ("Anolis OS 23", "el9", False, "", True),
    "Alibaba Cloud Linux 3": ("Alibaba Cloud Linux 3", "el8", False, EL8, True),
    "Alibaba Cloud Linux 4": ("Alibaba Cloud Linux 4", "el9", False, EL9, True),
    "TencentOS 2.4": ("TencentOS 2.4", "el7", False, EL7, True),
    "TencentOS 2.4, older": ("TencentOS 2.4", "el7", False, EL7, True),
    "TencentOS 3.3": ("TencentOS 3.3", "el8", False, EL8, True),
    "TencentOS 4": ("TencentOS 4.0", "el9", False, EL9, True),
    "Huawei Cloud EulerOS 2.0": ("Huawei Cloud EulerOS 2.0", "el9", False, EL9, True),
    "Kylin V10 SP1": ("Kylin V10", "el8", False, EL8, True),
    "Kylin V10 SP2": ("Kylin V10", "el8", False, EL8, True),
    "Kylin V10 SP3": ("Kylin V10", "el8", False, EL8, True),
}  # fmt: skip


def documented() -> dict[str, SetupFacts]:
    """Each block of systems.txt as the server would have answered."""
    found = {}
    for block in (HERE / "systems.txt").read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, _, rest = block.partition("\n")
        os_release, _, facts = rest.partition("\n--- ")
        release, uname, libc, cgroup = (part.strip() for part in facts.strip().split(" | "))
        text = (
            f"MARKER os\n{os_release}\nMARKER release\n{release}\nMARKER uname\n{uname.replace(' ', chr(10))}\n"
            f"MARKER libc\n{libc}\nMARKER cgroup\n{cgroup}\nMARKER user\ndeploy\n1000\nMARKER tools\nsystemctl\n"
            "MARKER manager\n/usr/bin/dnf\nMARKER end\n"
        )
        found[name] = parse(split_sections(text, "MARKER"), MIRRORS, asked_at=0.0, took=0.1)
    return found


DOCUMENTED = documented()


def test_the_table_and_the_documented_texts_are_about_the_same_systems() -> None:
    assert set(DOCUMENTED) == set(SYSTEMS)


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_is_told_apart_and_tries_the_docker_that_fits(name: str, tmp_path: Path) -> None:
    shown, family, ended, first, makers = SYSTEMS[name]
    found = DOCUMENTED[name]
    system = found.facts.system
    assert (system.shown, system.family, system.ended is not None) == (shown, family, ended)
    assert found.facts.cgroup in ("v1", "v2")
    assert found.facts.kernel[:1].isdigit()
    tried = classes(found)
    assert (tried[:1] or ("",))[0] == first
    assert list(tried) == sorted(tried, key=lambda folder: -int(folder.partition("/")[2]))  # stepping down
    archive = listed_archive(tmp_path, family, found.facts.arch)
    pieces = {p.id: p for p in decide(found, Wish(), MIRRORS, "x", Local(archive)).pieces}
    words = pieces["repository"].apply[0].arguments
    assert words[0] == found.facts.arch
    assert bool(words[3]) == makers
    assert ("offline" in pieces) == (makers and archive is not None)
    assert ("module" in pieces, "kernel" in pieces) == (family == "el8", family == "el10")
    assert bool(pieces["sources"].apply[0].arguments[0]) == ended


LAB = {
    "centos-7": ("CentOS 7.9", "el7", "/usr/bin/yum"),
    "almalinux-8": ("AlmaLinux 8.10", "el8", "/usr/bin/dnf"),
    "rocky-9": ("Rocky Linux 9.4", "el9", "/usr/bin/dnf"),
    "centos-stream-9": ("CentOS Stream 9", "el9", "/usr/bin/dnf"),
    "openeuler-22.03": ("openEuler 22.03", "el9", "/usr/bin/dnf"),
    "rocky-10": ("Rocky Linux 10.0", "el10", "/usr/bin/dnf"),
    "kylin-v10": ("Kylin V10", "el8", "/usr/bin/dnf"),
}


@pytest.mark.parametrize("face", LAB)
def test_what_the_labs_servers_answered_is_understood(face: str) -> None:
    sections = split_sections((HERE / f"recorded/lab-{face}.txt").read_text(encoding="utf-8"), "MARKER")
    mirrors = tuple(Mirror(name, name, f"https://{name}.example", "", "") for name in ("lab", "docker"))
    found = parse(sections, mirrors, asked_at=float(sections["clock"].split()[0]), took=0.5)
    facts = found.facts
    shown, family, manager = LAB[face]
    assert (facts.system.shown, facts.system.family, found.manager) == (shown, family, manager)
    assert (facts.user, facts.root, facts.can_sudo, facts.arch) == ("deploy", False, False, "x86_64")
    assert "password is required" in found.sudo_said
    assert (found.docker_ce, found.daemon, found.journal, found.podman_running) == ("", "", "", ())
    assert found.measured[0].mirror.id == "lab"
    assert found.measured[0].ms is not None
    assert found.measured[1].ms is None
    assert facts.disk_free > 0
    assert facts.inodes_free
