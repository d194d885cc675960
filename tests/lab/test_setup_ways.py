"""The other ways to Docker, and what a person may choose, on real servers side by side: there, again, and back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.desk import LAB_MIRROR, Desk, differences, side_by_side
from tests.lab.handle import Lab, LabHost
from tests.lab.machine import repositories

EMPTY_MIRROR = (
    "mkdir -p /srv/empty && cd /srv/empty && (setsid python3 -m http.server 8098 >/dev/null 2>&1 &)"
)
PASSWORDS = "echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/01-open.conf; systemctl reload sshd"
NO_ROUTE = "printf '127.0.0.9 repo.ferry.test\\n' >> /etc/hosts"
OLDER = ("1.7.24", "0.13.1", "26.1.5", "2.26.1")
"""The repository holds two versions of each package; RPMs that are sent are one of each."""


@dataclass(frozen=True)
class Way:
    """A server, what is done to it first, and how it is set up. `holds` looks at it afterwards."""

    face: str
    before: str
    words: tuple[str, ...]
    holds: Callable[[Desk, LabHost, dict[str, str]], None]
    by_script: bool = False
    """The plan is saved as a script, which somebody runs as root."""


def rpms(folder: Path) -> Path:
    """Docker's packages for version 9 and what they need of the system, as somebody would carry them on a stick."""
    folder.mkdir()
    found = [*(repositories.ROOT / "linux/centos/9/x86_64/stable").rglob("*.rpm")]
    found += sorted(repositories.ROOT.rglob("container-selinux*.rpm"))[-1:]
    for path in found:
        if not any(version in path.name for version in OLDER):
            shutil.copy(path, folder)
    return folder


def run_script(desk: Desk, host: LabHost, words: tuple[str, ...]) -> dict[str, str]:
    """The exported plan, run at the server's console: each step's state, as it tells."""
    asked = ["host", "setup", host.name, "--script", "--sudo-password-stdin", *words]
    with desk.goferry(*asked, given=host.sudo_password) as run:
        script, err = run.communicate()
    assert run.returncode == 0, err
    assert host.sudo_password not in script
    keep = f"cat > /root/setup.sh << 'END OF THE PLAN'\n{script}\nEND OF THE PLAN\n"
    said = desk.lab.console(host.name, f"{keep}sh /root/setup.sh < /dev/null; rm /root/setup.sh")
    lines = (line.split() for line in said.splitlines() if line.startswith(("held ", "applied ")))
    return {step: state for state, step in lines}


def makers_engine(desk: Desk, host: LabHost, first: dict[str, str]) -> None:
    assert first["packages"] == "applied"
    assert first["offline"] == "held"
    assert (
        desk.lab.console(host.name, "rpm -q docker-ce docker-engine || :")
        .splitlines()[1]
        .startswith("docker-engine-20.10.")
    )


def sent_packages(desk: Desk, host: LabHost, first: dict[str, str]) -> None:
    assert "repository" not in first
    assert "docker-ce" in desk.lab.console(host.name, "rpm -q docker-ce")
    kept = desk.lab.console(host.name, "rpm -qa 'gpg-pubkey*'; ls /var/tmp /var/lib/goferry")
    assert "gpg-pubkey" not in kept  # signatures were checked by a key ring of their own
    assert ".rpm" not in kept


def chosen(desk: Desk, host: LabHost, first: dict[str, str]) -> None:
    """Every choice is there; each is taken back alone, and only it."""

    def look(command: str) -> str:
        return desk.lab.console(host.name, command)

    def root() -> str:
        return look(
            "docker info --format '{{.DockerRootDir}} {{.LoggingDriver}} {{.LiveRestoreEnabled}}'"
        ).strip()

    assert {first[step] for step in ("logs", "live", "loopback", "data", "clean", "user", "keys")} == {
        "applied"
    }
    assert root() == "/srv/docker json-file true"
    assert "passwordauthentication no" in look("sshd -T")
    assert "docker" in look("id -nG ferry")
    image = (
        "printf 'FROM goferry/trial:1\\nLABEL io.goferry.app=x\\n' | docker build -q -t x:1 - >/dev/null; "
    )
    assert "x:1" in look(
        f"{image} /usr/libexec/goferry-clean; docker images --format '{{{{.Repository}}}}:{{{{.Tag}}}}'"
    )
    cleaned = look("sleep 1; /usr/libexec/goferry-clean 0; docker images --format '{{.Repository}}:{{.Tag}}'")
    assert cleaned.splitlines()[-1] == "goferry/trial:1"
    assert set(desk.cli(host, "undo", "--only", "loopback", "--only", "keys", "--only", "clean")) == {
        "loopback", "keys", "clean",
    }  # fmt: skip
    assert '"ip"' not in look("cat /etc/docker/daemon.json")
    assert root() == "/srv/docker json-file true"
    assert "passwordauthentication yes" in look("sshd -T")
    assert "goferry-clean" not in look("systemctl list-timers --all")


@pytest.mark.timeout(1800, func_only=True)
def test_every_other_way_to_docker_ends_with_a_container_that_answers_and_is_as_before_after_undo(
    lab: Lab, tmp_path: Path
) -> None:
    key = str(tmp_path / "home/lab.asc")
    ways = (
        Way("kylin-v10", EMPTY_MIRROR, ("--mirror", "http://127.0.0.1:8098", "--mirror-key", key), makers_engine, by_script=True),
        Way("rocky-9", NO_ROUTE, ("--mirror", LAB_MIRROR, "--mirror-key", key, "--archive", str(rpms(tmp_path / "stick"))), sent_packages),
        Way(
            "centos-stream-9", PASSWORDS,
            (
                *("--mirror", f"{LAB_MIRROR}/linux/centos/9/", "--mirror-key", key, "--data-root", "/srv/docker"),
                *("--loopback", "--clean-images", "--keys-only", "--deploy-user", "ferry"),
            ),
            chosen,
        ),
    )  # fmt: skip
    desk = Desk(lab, tmp_path / "home")
    (desk.home.root / "mirrors.yaml").unlink()  # a person's own address and key, and no list
    hosts = side_by_side(lambda way: lab.start(way.face), ways)
    try:
        for host in hosts:
            desk.add(host)

        def there_and_back(pair: tuple[Way, LabHost]) -> None:
            way, host = pair
            lab.console(host.name, way.before or "true")
            before = desk.seen(host)
            first = (
                run_script(desk, host, way.words) if way.by_script else desk.cli(host, "setup", *way.words)
            )
            assert first["trial"] == "applied", host.os
            assert set(desk.cli(host, "setup", *way.words).values()) == {"held"}, host.os
            way.holds(desk, host, first)
            desk.cli(host, "undo")
            assert differences(before, desk.seen(host)) == [], host.os

        side_by_side(there_and_back, zip(ways, hosts, strict=True))
    finally:
        for host in hosts:
            lab.remove(host.name)
