"""The servers of the lab are what they say: what other tests conclude from them rests on this."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import subprocess
import time
from dataclasses import dataclass
from http import HTTPStatus

import pytest

from tests.lab.handle import Lab, LabHost
from tests.lab.machine.commands import LabError
from tests.lab.machine.registry import Registry


def ssh(host: LabHost, command: str, *, user: str = "", stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as a person would, checking the host's key against what its console showed."""
    options = (
        "BatchMode=yes",
        f"UserKnownHostsFile={host.known_hosts}",
        "StrictHostKeyChecking=yes",
        "ConnectTimeout=60",
    )
    words = ["ssh", "-i", str(host.key_path), *(word for option in options for word in ("-o", option))]
    return subprocess.run(
        [*words, f"{user or host.user}@{host.address}", command],
        input=stdin,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )


def serves(host: LabHost) -> bool:
    return ssh(host, "true").returncode == 0


def is_ahead(host: LabHost, seconds: int) -> bool:
    """Whether the host's clock is so far ahead of this computer's."""
    before = time.time()
    there = int(ssh(host, "date +%s").stdout)
    return before - 2 < there - seconds < time.time() + 2


def quickest_connection(host: LabHost, enough: float = 0.0) -> float:
    """Seconds that the quickest of some TCP connections took: the others may have met a busy computer."""
    quickest = 60.0
    for number in range(100):
        begun = time.monotonic()
        socket.create_connection((host.address, host.port), 60).close()
        quickest = min(quickest, time.monotonic() - begun)
        if number >= 4 and (not enough or quickest < enough):
            break
    return quickest


def fill(host: LabHost) -> str:
    """What the host says to an attempt to write 4 MB."""
    return ssh(host, "dd if=/dev/zero of=four-megabytes bs=1M count=4; rm -f four-megabytes").stderr


def answer(registry: str, user: str, password: str) -> int:
    """The status of a registry's first page for that person."""
    connection = http.client.HTTPConnection(registry, timeout=60)
    proof = base64.b64encode(f"{user}:{password}".encode()).decode()
    with contextlib.closing(connection):
        connection.request("GET", "/v2/", headers={"Authorization": f"Basic {proof}"})
        return connection.getresponse().status


@dataclass(frozen=True, slots=True)
class Face:
    """A shared host, and what it is to say of itself."""

    host: LabHost
    line: str
    engine: str


@pytest.fixture(
    params=[
        ("centos7", "CentOS Linux release 7.9.2009 (Core)", "26."),
        ("stream9", "CentOS Stream release 9", "2"),
        ("openeuler", "openEuler release 22.03 (LTS-SP3)", "26."),
    ],
    ids=["centos7", "stream9", "openeuler"],
)
def face(request: pytest.FixtureRequest) -> Face:
    fixture, line, engine = request.param
    return Face(request.getfixturevalue(fixture), line, engine)


class TestFaces:
    def test_systemd_runs_and_no_unit_failed(self, centos7: LabHost) -> None:
        asked = "systemctl is-system-running --wait; systemctl list-units --failed --plain --no-legend"
        running, *failed = ssh(centos7, asked).stdout.splitlines()
        # of people who sign in while the computer is busy, one may fail
        failed = [unit for unit in failed if not unit.startswith(("user@", "user-runtime-dir@", "session-"))]
        assert failed == []
        assert running in ("running", "degraded")

    def test_one_unit_starts_an_ssh_server(self, face: Face) -> None:
        """Two would want the same port at each boot, and the wrong one would win now and then."""
        units = ssh(face.host, "systemctl list-units --all --plain --no-legend 'ssh*.service'").stdout
        assert {line.split()[0] for line in units.splitlines()} <= {"sshd.service", "sshd-keygen.service"}

    def test_a_host_says_what_it_is_and_its_engine_answers(self, face: Face) -> None:
        words = "cat /etc/system-release; docker info -f '{{.ServerVersion}}'"
        said = ssh(face.host, words).stdout.splitlines()
        assert said[0] == face.line
        assert said[1].startswith(face.engine)

    def test_centos_7_has_yum_and_no_tool_of_debian(self, centos7: LabHost) -> None:
        tools = ssh(centos7, "for t in yum dnf apt-get dpkg; do command -v $t; done").stdout.split()
        assert [tool.rpartition("/")[2] for tool in tools] == ["yum"]

    def test_sudo_wants_the_password_and_takes_it(self, centos7: LabHost) -> None:
        assert ssh(centos7, "sudo -n true").returncode != 0
        assert (
            ssh(centos7, "sudo -S -p '' id -un", stdin=f"{centos7.sudo_password}\n").stdout.strip() == "root"
        )

    def test_the_fingerprints_are_those_that_the_network_shows(self, centos7: LabHost) -> None:
        scan = subprocess.run(
            ["ssh-keyscan", "-t", "ed25519", centos7.address],
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        shown = subprocess.run(
            ["ssh-keygen", "-lf", "-"], input=scan.stdout, check=True, capture_output=True, encoding="utf-8"
        )
        assert centos7.fingerprint in shown.stdout

    def test_the_local_engine_answers(self, local_engine: str) -> None:
        version = ["docker", "--host", local_engine, "version", "-f", "{{.Server.Os}}"]
        assert (
            subprocess.run(version, check=True, capture_output=True, encoding="utf-8").stdout.strip()
            == "linux"
        )


class TestPackages:
    def test_docker_installs_by_its_documented_steps(self, bare_host: LabHost) -> None:
        steps = (
            "yum install -y yum-utils",
            "yum-config-manager --add-repo http://repo.ferry.test/linux/centos/docker-ce.repo",
            "yum install -y docker-ce docker-ce-cli containerd.io",
            "systemctl enable --now docker",
        )
        done = ssh(bare_host, " && ".join(steps), user="root")
        assert done.returncode == 0, done.stdout + done.stderr
        assert ssh(bare_host, "docker info -f '{{.ServerVersion}}'", user="root").stdout.startswith("26.")

    def test_dead_repositories_fail_and_heal(self, bare_host: LabHost, lab: Lab) -> None:
        lab.fault(bare_host.name, "dead-repo")
        assert ssh(bare_host, "yum install -y wget", user="root").returncode != 0
        lab.heal(bare_host.name)
        assert ssh(bare_host, "yum install -y wget", user="root").returncode == 0


class TestFaults:
    def test_a_cut_host_answers_nothing_until_the_cable_is_back(self, spare_host: LabHost, lab: Lab) -> None:
        lab.fault(spare_host.name, "cut")
        with pytest.raises(OSError, match=r"timed out|No route"):
            socket.create_connection((spare_host.address, 22), 1)
        lab.heal(spare_host.name)
        assert serves(spare_host)

    def test_a_frozen_host_connects_and_says_nothing(self, spare_host: LabHost, lab: Lab) -> None:
        lab.fault(spare_host.name, "freeze")
        with socket.create_connection((spare_host.address, 22), 60) as connection:
            connection.settimeout(0.5)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        lab.heal(spare_host.name)
        assert serves(spare_host)

    def test_without_sshd_the_connection_is_refused(self, spare_host: LabHost, lab: Lab) -> None:
        lab.fault(spare_host.name, "kill-sshd")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((spare_host.address, 22), 60)
        lab.heal(spare_host.name)
        assert serves(spare_host)

    def test_a_full_disk_takes_no_file_and_has_room_again(self, spare_host: LabHost, lab: Lab) -> None:
        lab.fault(spare_host.name, "disk-full")
        assert "No space left on device" in fill(spare_host)
        lab.heal(spare_host.name)
        assert "No space left on device" not in fill(spare_host)

    def test_a_shifted_clock_is_off_and_right_again(self, spare_host: LabHost, lab: Lab) -> None:
        lab.fault(spare_host.name, "clock-skew", "-7200")
        assert is_ahead(spare_host, -7200)
        lab.heal(spare_host.name)
        assert is_ahead(spare_host, 0)

    def test_a_stopped_engine_refuses_and_a_frozen_one_hangs(self, spare_host: LabHost, lab: Lab) -> None:
        lab.fault(spare_host.name, "stop-docker")
        assert "Cannot connect to the Docker daemon" in ssh(spare_host, "docker ps").stderr
        lab.heal(spare_host.name)
        lab.fault(spare_host.name, "freeze-docker")
        ended_by_timeout = 124
        assert ssh(spare_host, "timeout 1 docker ps").returncode == ended_by_timeout
        lab.heal(spare_host.name)
        assert ssh(spare_host, "docker ps").returncode == 0

    def test_a_host_without_power_boots_and_keeps_its_files(self, spare_host: LabHost, lab: Lab) -> None:
        ssh(spare_host, "echo kept > note; sync")
        lab.fault(spare_host.name, "power-off")
        with pytest.raises(OSError, match=r"timed out|No route"):
            socket.create_connection((spare_host.address, 22), 2)
        lab.heal(spare_host.name)
        assert ssh(spare_host, "cat note").stdout == "kept\n"

    def test_a_reboot_is_a_new_boot_of_the_same_host(self, spare_host: LabHost, lab: Lab) -> None:
        boot_id = "cat /proc/sys/kernel/random/boot_id"
        before = ssh(spare_host, boot_id).stdout
        lab.reboot(spare_host.name)
        assert ssh(spare_host, boot_id).stdout not in {"", before}

    def test_an_unknown_fault_is_refused(self, spare_host: LabHost, lab: Lab) -> None:
        with pytest.raises(LabError, match="no fault 'flood'; there are cut"):
            lab.fault(spare_host.name, "flood")


class TestNetwork:
    def test_a_shaped_network_is_slow_and_fast_again(self, spare_host: LabHost, lab: Lab) -> None:
        lab.net(spare_host.name, rate="20mbit", delay="200ms")
        assert quickest_connection(spare_host) > 0.19
        begun = time.monotonic()
        assert ssh(spare_host, "cat > /dev/null", stdin="x" * 2_000_000).returncode == 0
        assert time.monotonic() - begun > 0.6
        lab.net(spare_host.name)
        assert quickest_connection(spare_host, 0.1) < 0.1


class TestImages:
    def test_the_sample_image_runs_on_a_host(self, spare_host: LabHost, lab: Lab) -> None:
        lab.load_image(spare_host.name)
        assert ssh(spare_host, "docker run --rm busybox:lab echo hello").stdout == "hello\n"

    def test_the_registry_wants_its_password(self, image_registry: Registry) -> None:
        address, user = image_registry.local, image_registry.user
        assert answer(address, user, "wrong") == HTTPStatus.UNAUTHORIZED
        assert answer(address, user, image_registry.password) == HTTPStatus.OK


class TestHostKeys:
    def test_a_host_with_new_keys_is_not_the_one_that_was_known(self, spare_host: LabHost, lab: Lab) -> None:
        known = spare_host.known_hosts.read_text(encoding="utf-8")
        before, after = lab.rekey(spare_host.name)
        assert before == spare_host.fingerprints
        assert set(before.values()).isdisjoint(after.values())
        assert lab.host(spare_host.name).fingerprints == after
        current = spare_host.known_hosts.read_text(encoding="utf-8")
        spare_host.known_hosts.write_text(known, encoding="utf-8")
        assert "HOST IDENTIFICATION HAS CHANGED" in ssh(spare_host, "true").stderr
        spare_host.known_hosts.write_text(current, encoding="utf-8")
        assert serves(spare_host)
