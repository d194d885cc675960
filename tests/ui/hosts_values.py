"""Made-up hosts and facts for the Hosts page: what a person would see on a normal day."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from desktop.base.errors import GoferryError
from desktop.hosts import Checked, EngineFacts, Facts, Host, KeyChanged, System, Unreachable

OLD, NEW = (
    "SHA256:9Hq3vWm0c7T+fRkZ1uYbLxN2sEa8PdGoJ4iQh6tKrVw",
    "SHA256:t7QmZx2BnW0fYk4cRj9LvE1hUa6SpD3oGi8NbKwJCys",
)
GB = 1_000_000_000


def facts(name: str = "Rocky Linux", version: str = "9.4", **changes: Any) -> Facts:
    made = Facts(
        System("rocky", name, version, "el9"),
        kernel="5.14.0",
        arch="x86_64",
        libc="2.34",
        cgroup="v2",
        cpus=4,
        load=1.24,
        cpu_percent=31.0,
        memory_bytes=8 * GB,
        memory_free=int(3.8 * GB),
        disk_bytes=100 * GB,
        disk_free=56 * GB,
        inodes_free=5_000_000,
        uptime=41 * 86_400.0,
        engine=engine("28.5.1", 5, "orders-api", "orders-db", "redis", "proxy", "report"),
        selinux="enforcing",
        firewall="firewalld",
        clock_offset=0.003,
        user="deploy",
        in_docker_group=True,
        latency_ms=8.2,
        taken_at=time.time(),
    )
    return replace(made, **changes)


def engine(server: str, running: int, *names: str) -> EngineFacts:
    return EngineFacts(
        True,
        server,
        "1.51",
        "1.24",
        "classic",
        "overlay2",
        "2",
        "/var/lib/docker",
        running + 1,
        running,
        9,
        names,
    )


def old_centos(**changes: Any) -> Facts:
    system = System("centos", "CentOS", "7.9", "el7", datetime.date(2024, 6, 30))
    return facts(system=system, kernel="3.10.0", **changes)


HOSTS = (
    Host("web-bj-01", "192.0.2.11", 22, "deploy", "own", groups=("production", "web"), fingerprints=(OLD,)),
    Host("web-bj-02", "192.0.2.12", 22, "deploy", "own", groups=("production", "web"), fingerprints=(OLD,)),
    Host("web-bj-03", "192.0.2.13", 22, "deploy", "own", groups=("production", "web"), fingerprints=(OLD,)),
    Host("db-bj-01", "192.0.2.21", 22, "deploy", "own", groups=("production",), fingerprints=(OLD,)),
    Host("stg-01", "198.51.100.7", 2222, "root", "key", "/home/me/.ssh/id_ed25519", groups=("staging",)),
    Host("stg-02", "198.51.100.8", 22, "root", "agent", groups=("staging",), via="stg-01"),
    Host("dev-01", "203.0.113.5", 22, "dev", "own", groups=("dev",)),
    Host("dev-02", "203.0.113.6", 22, "dev", "own", groups=("dev",)),
)

ANSWERS: dict[str, Facts | GoferryError] = {
    "local": facts("Debian", "12", engine=None),
    "web-bj-01": facts(),
    "web-bj-02": facts(cpu_percent=29.0),
    "web-bj-03": facts("CentOS Stream", "9", memory_free=int(0.7 * GB)),
    "db-bj-01": old_centos(
        cpu_percent=12.0, disk_free=18 * GB, engine=engine("26.1.4", 2, "orders-db", "redis")
    ),
    "stg-01": facts(cpu_percent=8.0, latency_ms=34.0),
    "stg-02": old_centos(engine=None, cpu_percent=3.0, user="root", root=True),
    "dev-01": facts("CentOS Stream", "9", latency_ms=2.0),
    "dev-02": Unreachable("dev-02", "203.0.113.6:22", "203.0.113.6:22 did not answer in 10 s."),
}


def key_changed(name: str) -> KeyChanged:
    return KeyChanged(name, (OLD,), NEW, "ED25519")


class Asked:
    """Stands for the way to the servers: answers at once, and keeps whom it was asked about."""

    def __init__(self, answers: dict[str, Facts | GoferryError] | None = None) -> None:
        self.answers = dict(ANSWERS if answers is None else answers)
        self.names: list[str] = []

    async def __call__(
        self, sessions: Any, hosts: Sequence[Host], answered: Callable[[Checked], None]
    ) -> None:
        for host in hosts:
            self.names.append(host.name)
            found = self.answers[host.name]
            answered(Checked(host, found) if isinstance(found, Facts) else Checked(host, error=found))
