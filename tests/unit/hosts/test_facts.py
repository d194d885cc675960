"""Facts from what real servers printed, and from the makers' documentation (marked so)."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.base.paths import Home
from desktop.hosts import FactsCache
from desktop.hosts.facts import Facts, parse_facts, split_sections
from desktop.hosts.systems import parse_os_release, tell_system

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> Facts:
    sections = split_sections((RECORDED / f"{name}.txt").read_text(encoding="utf-8"), "MARKER")
    return parse_facts(sections, asked_at=float(sections["clock"].strip()) - 0.1, took=0.7)


def test_a_centos_7_server_tells_everything_in_one_answer() -> None:
    facts = recorded("lab-centos-7")
    assert facts.system.shown == "CentOS 7.9"
    assert facts.system.family == "el7"
    assert facts.system.ended is not None
    assert facts.arch == "x86_64"
    assert facts.cpus == 2
    assert facts.memory_bytes == 24684084 * 1024
    assert facts.disk_bytes == 8203740 * 1024
    assert facts.disk_free == 8020744 * 1024
    assert facts.inodes_free == 517190
    assert facts.user == "deploy"
    assert facts.in_docker_group
    assert not facts.can_sudo
    assert facts.selinux == "disabled"
    assert facts.firewall == "off"
    assert facts.cgroup == "v1"
    assert facts.engine is not None
    assert facts.engine.running
    assert (facts.engine.server, facts.engine.api) == ("26.1.5+dfsg1", "1.45")


def test_the_clock_offset_lies_between_its_bounds() -> None:
    offset = recorded("lab-centos-7").clock_offset
    assert offset is not None
    assert -0.7 < offset < 0.7


@pytest.mark.parametrize(
    ("name", "shown", "server"),
    [
        ("lab-centos-stream-9", "CentOS Stream 9", "28.5.2+dfsg4"),
        ("lab-openeuler-22.03", "openEuler 22.03", "26.1.5+dfsg1"),
    ],
)
def test_other_servers_are_told_apart(name: str, shown: str, server: str) -> None:
    facts = recorded(name)
    assert facts.system.shown == shown
    assert facts.engine is not None
    assert facts.engine.server == server


# from the makers' documentation and images, not recorded on a server of ours
DOCUMENTED = [
    ('NAME="CentOS Linux"\nVERSION_ID="8"\nID="centos"', "CentOS Linux release 8.5.2111", "2.28", "CentOS 8.5", "el8", True),
    ('NAME="CentOS Stream"\nVERSION_ID="8"\nID="centos"', "CentOS Stream release 8", "2.28", "CentOS Stream 8", "el8", True),
    ('NAME="CentOS Stream"\nVERSION_ID="10"\nID="centos"', "", "2.39", "CentOS Stream 10", "el10", False),
    ('NAME="Rocky Linux"\nID="rocky"\nVERSION_ID="9.4"', "", "2.34", "Rocky Linux 9.4", "el9", False),
    ("NAME='AlmaLinux'\nID='almalinux'\nVERSION_ID='8.10'", "", "2.28", "AlmaLinux 8.10", "el8", False),
    ("ID=openEuler\nNAME=openEuler\nVERSION_ID=20.03", "", "2.28", "openEuler 20.03", "el8", False),
    ('ID="openEuler"\nVERSION_ID="24.03"', "", "2.38", "openEuler 24.03", "el9", False),
    ('ID="anolis"\nVERSION_ID="23"', "", "2.36", "Anolis OS 23", "el9", False),
    ('ID="alinux"\nVERSION_ID="3"', "", "2.32", "Alibaba Cloud Linux 3", "el8", False),
    ('ID="tencentos"\nVERSION_ID="2.4"', "", "2.17", "TencentOS 2.4", "el7", False),
    ('ID="hce"\nVERSION_ID="2.0"', "", "2.34", "Huawei Cloud EulerOS 2.0", "el9", False),
    ('ID="kylin"\nVERSION_ID="V10"', "", "2.28", "Kylin V10", "el8", False),
    ("", "CentOS release 6.10 (Final)", "2.12", "CentOS 6.10", "", False),
    ("", "", "", "", "", False),
]  # fmt: skip


@pytest.mark.parametrize(("os_release", "release", "libc", "shown", "family", "ended"), DOCUMENTED)
def test_systems_are_told_by_their_documented_files(
    os_release: str, release: str, libc: str, shown: str, family: str, ended: bool
) -> None:
    system = tell_system(os_release, release, libc)
    assert system.shown == shown
    assert (system.family if system.id in ("centos", "rocky") or family else "") == (family or system.family)
    assert (system.ended is not None) is ended


def test_release_files_are_parsed_and_never_run() -> None:
    found = parse_os_release(
        'ID=$(id)\nNAME="`reboot`"\nPRETTY_NAME="a\x1b[2Jb\u202e"\nnonsense\nVERSION_ID=\'7\''
    )
    assert found["ID"] == "$(id)"
    assert found["VERSION_ID"] == "7"
    assert found["PRETTY_NAME"].isprintable()


def test_a_forged_separator_does_not_begin_a_section() -> None:
    text = "M os\nID=x\nOTHER memory\nMemTotal: 1 kB\nM end\n"
    assert split_sections(text, "M") == {"os": "ID=x\nOTHER memory\nMemTotal: 1 kB", "end": ""}


@pytest.mark.parametrize(
    ("docker", "info", "problem"),
    [
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\nnull",
         "", "Cannot connect"),
        ("null", '{"ServerErrors":["permission denied while trying to connect to the Docker daemon socket"]}',
         "permission denied"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_an_engine_that_does_not_answer_is_kept_with_its_words(docker: str, info: str, problem: str) -> None:
    sections = {"tools": "docker", "docker": docker, "docker_info": info}
    facts = parse_facts(sections, asked_at=0, took=0)
    assert facts.engine is not None
    assert not facts.engine.running
    assert problem in facts.engine.problem


def test_nothing_is_known_of_a_server_that_tells_nothing() -> None:
    facts = parse_facts({}, asked_at=0, took=0)
    assert facts.engine is None
    assert facts.clock_offset is None
    assert facts.cpu_percent is None
    assert facts.system.shown == ""


def test_a_group_that_counts_from_the_next_login_only_is_noticed() -> None:
    facts = parse_facts({"groups": "deploy", "groups_next": "deploy docker"}, asked_at=0, took=0)
    assert facts.group_pending
    assert not facts.in_docker_group


def test_what_was_last_seen_is_kept(tmp_path: Path) -> None:
    facts = recorded("lab-centos-7")
    FactsCache(Home(tmp_path)).put("web-1", facts)
    assert FactsCache(Home(tmp_path)).get("web-1") == facts
    (tmp_path / "cache" / "facts.json").write_text("{broken", encoding="utf-8")
    assert FactsCache(Home(tmp_path)).get("web-1") is None
