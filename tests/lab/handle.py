"""What a test sees of the lab: its hosts as values, and a handle to break and heal them."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.machine import engine, faults, hosts, lifecycle, registry, sample_images, shaping, sharing
from tests.lab.machine.commands import is_root
from tests.lab.machine.lifecycle import Wish
from tests.lab.machine.registry import Registry
from tests.lab.machine.sample_images import BUSYBOX


@dataclass(frozen=True, slots=True)
class LabHost:
    """A server of the lab, as a person would write it down."""

    name: str
    os: str
    """Its face: `centos-7`, `centos-stream-9`, `openeuler-22.03`, …"""

    address: str
    port: int
    user: str
    key_path: Path
    sudo_password: str
    fingerprints: dict[str, str]
    """`{"ED25519": "SHA256:…", …}`, read at its console. `lab.host(name)` has those after a rekey."""

    known_hosts: Path
    password_user: str
    """Somebody who logs in by password only, and may not use sudo."""

    password: str

    @property
    def fingerprint(self) -> str:
        """Of the key that SSH clients of today prefer."""
        return self.fingerprints["ED25519"]

    @property
    def target(self) -> str:
        """`deploy@10.0.0.11:22`, as command lines take it."""
        return f"{self.user}@{self.address}:{self.port}"


class Lab:
    """The servers that are up. What changes a shared host (`centos7`, `stream9`, `openeuler`) is not for tests."""

    def hosts(self) -> dict[str, LabHost]:
        return {each.name: _seen(each) for each in hosts.every_host()}

    def host(self, name: str) -> LabHost:
        """The host as it is now."""
        return _seen(hosts.host(name))

    def shared(self, os_name: str) -> LabHost:
        """The one host with that face, Docker installed, that all tests share."""
        return self.all_shared(os_name)[0]

    def all_shared(self, *os_names: str) -> list[LabHost]:
        """The same of several faces, started side by side where they are not up yet."""
        return [
            _seen(host)
            for host in sharing.shared_hosts({name: Wish(os=name, docker=True) for name in os_names})
        ]

    def start(self, os_name: str = "centos-7", **more: Any) -> LabHost:
        """Start a host of one's own (`docker`, `disk_gb`, … are `lifecycle.Wish`'s); whoever starts it removes it."""
        return _seen(lifecycle.up(1, Wish(os_name, **more))[0])

    def remove(self, name: str) -> None:
        lifecycle.down([hosts.host(name)])

    def console(self, name: str, script: str) -> str:
        """Run a shell script as root at the host's console, without SSH; returns what it printed."""
        return hosts.host(name).console(script)

    def fault(self, name: str, fault: str, argument: str = "") -> None:
        """Break something for real: `cut`, `disk-full`, `stop-docker`, … (README.md has the list)."""
        faults.cause(hosts.host(name), fault, argument)

    def heal(self, name: str, fault: str = "") -> None:
        """Heal everything, or only that fault; returns when the host serves again."""
        faults.heal(hosts.host(name), fault)

    def restart_sshd(self, name: str) -> None:
        hosts.host(name).restart_sshd()

    def reboot(self, name: str, *, wait: bool = True) -> None:
        faults.reboot(hosts.host(name), wait=wait)

    def net(self, name: str, *, rate: str = "", delay: str = "", loss: str = "") -> None:
        """Shape the host's network (`20mbit`, `30ms`, `2%`); without arguments: as it was."""
        shaping.shape(hosts.host(name), rate=rate, delay=delay, loss=loss)

    def rekey(self, name: str) -> tuple[dict[str, str], dict[str, str]]:
        """New host keys, as a reinstalled server has; returns the fingerprints before and after."""
        return faults.rekey(hosts.host(name))

    def registry(self, *, tls: bool = False) -> Registry:
        """A new, empty image registry in place of the one before."""
        return registry.up(tls=tls)

    def load_image(self, name: str, image: str = BUSYBOX) -> None:
        """Put `busybox:lab` or `debian:lab` into a host's engine, or into this computer's (`local`)."""
        sample_images.load(name, image)


def _seen(host: hosts.Host) -> LabHost:
    return LabHost(
        name=host.name,
        os=host.os,
        address=host.address,
        port=22,
        user="deploy",
        key_path=hosts.KEY,
        sudo_password=host.passwords["deploy"],
        fingerprints=host.fingerprints(),
        known_hosts=host.known_hosts,
        password_user="nosudo",
        password=host.passwords["nosudo"],
    )


def local_engine() -> str:
    """The address of this computer's Docker Engine, which is made to answer."""
    engine.ensure()
    return os.environ.get("DOCKER_HOST") or f"unix://{engine.SOCKET}"


def obstacle() -> str:
    """Why the lab cannot run on this computer; empty when it can."""
    if sys.platform != "linux":
        return "the lab runs on Linux"
    if not is_root():
        return "the lab needs root: it mounts disks and makes networks"
    if not shutil.which("apt-get"):
        return "the lab is made of Debian packages: it needs apt-get"
    return ""


def is_required() -> bool:
    """Whether a test that cannot have the lab fails, instead of being skipped."""
    return os.environ.get("CI") == "true" or os.environ.get("GOFERRY_REQUIRE_LAB") == "1"
