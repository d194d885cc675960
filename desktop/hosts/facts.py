"""What a server is and has: one question in one round trip, and its parser.

The script is POSIX sh, changes nothing, needs no Python, and asks nothing that could wait for a person.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from desktop.base.channel import Channel
from desktop.base.commands import Command, sh
from desktop.base.processes import decoded
from desktop.base.visible import visible

from .errors import CommandFailed
from .systems import System, first_line, tell_system

TIMEOUT = 30.0

SCRIPT = """\
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin; export PATH
s() { printf '\\n%s %s\\n' "$1" "$2"; }
m=$1
k() { command -v docker >/dev/null && ! head -c 400 "$(command -v docker)" | grep -q podman; }
t() { if command -v timeout >/dev/null 2>&1; then timeout 8 "$@"; else "$@"; fi; }
{
s "$m" clock; date +%s.%N
s "$m" stat1; head -n 1 /proc/stat
s "$m" os; head -c 8192 /etc/os-release
s "$m" release; for f in redhat centos openEuler hce anolis alinux tlinux opencloudos kylin; do \
[ -f "/etc/$f-release" ] && head -n 1 "/etc/$f-release" && break; done
s "$m" uname; uname -m; uname -r
s "$m" libc; getconf GNU_LIBC_VERSION
s "$m" cgroup; stat -fc %T /sys/fs/cgroup
s "$m" cpus; getconf _NPROCESSORS_ONLN
s "$m" load; cat /proc/loadavg
s "$m" uptime; cat /proc/uptime
s "$m" memory; head -n 5 /proc/meminfo
d=/var/lib/docker; [ -d "$d" ] || d=/var/lib
s "$m" disk; df -Pk "$d" | tail -n 1
s "$m" inodes; df -Pi "$d" | tail -n 1
s "$m" selinux; getenforce
s "$m" firewall; systemctl is-active firewalld nftables iptables
s "$m" user; id -un; id -u
s "$m" groups; id -Gn
s "$m" groups_next; id -Gn "$(id -un)"
s "$m" sudo; command -v sudo >/dev/null && { [ "$(id -u)" = 0 ] || t sudo -n true; } && echo yes
s "$m" tools; for f in docker podman systemctl dnf yum microdnf flock tar gzip curl nginx setsid; do \
command -v "$f" >/dev/null && echo "$f"; done
s "$m" docker; k && t docker version --format '{{json .Server}}'
s "$m" docker_info; k && t docker info --format '{{json .}}'
s "$m" docker_ps; k && t docker ps --format '{{.Names}}' | head -n 200
s "$m" stat2; head -n 1 /proc/stat
s "$m" clock2; date +%s.%N
s "$m" end
} 2>&1 </dev/null
"""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """Docker on a server. Not `running`: `problem` is what docker said."""

    running: bool
    server: str = ""
    api: str = ""
    min_api: str = ""
    store: str = ""
    driver: str = ""
    cgroup: str = ""
    root_dir: str = ""
    containers: int = 0
    containers_running: int = 0
    images: int = 0
    names: tuple[str, ...] = ()
    """Of the running containers."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Sizes in bytes, times in seconds. `clock_offset` is the server's clock minus ours. None: not known."""

    system: System
    kernel: str = ""
    arch: str = ""
    libc: str = ""
    cgroup: str = ""
    cpus: int = 0
    load: float = 0.0
    cpu_percent: float | None = None
    memory_bytes: int = 0
    memory_free: int = 0
    disk_bytes: int = 0
    disk_free: int = 0
    inodes_free: int | None = None
    uptime: float = 0.0
    engine: EngineFacts | None = None
    selinux: str = ""
    firewall: str = ""
    clock_offset: float | None = None
    user: str = ""
    root: bool = False
    can_sudo: bool = False
    in_docker_group: bool = False
    group_pending: bool = False
    """In the group docker, but this connection is older: reconnect."""
    tools: tuple[str, ...] = ()
    latency_ms: float | None = None
    """Of one request and its answer; None for this computer."""
    taken_at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The `facts` object of the headless contract."""
        engine = self.engine
        return {
            "system": self.system.shown, "id": self.system.id, "version": self.system.version,
            "family": self.system.family,
            "end_of_life": self.system.ended.isoformat() if self.system.ended else None,
            "kernel": self.kernel, "arch": self.arch, "libc": self.libc, "cgroup": self.cgroup, "cpus": self.cpus,
            "load": self.load, "memory_bytes": self.memory_bytes, "memory_free": self.memory_free,
            "disk_bytes": self.disk_bytes, "disk_free": self.disk_free, "inodes_free": self.inodes_free,
            "uptime_s": round(self.uptime), "selinux": self.selinux, "firewall": self.firewall,
            "clock_offset_s": None if self.clock_offset is None else round(self.clock_offset, 3),
            "user": self.user, "can_sudo": self.can_sudo, "in_docker_group": self.in_docker_group,
            "group_pending": self.group_pending,
            "latency_ms": None if self.latency_ms is None else round(self.latency_ms, 1),
            "tools": list(self.tools),
            "engine": None if engine is None else {
                "running": engine.running, "server": engine.server, "api": engine.api, "min_api": engine.min_api,
                "store": engine.store, "driver": engine.driver, "containers": engine.containers,
                "containers_running": engine.containers_running, "images": engine.images, "problem": engine.problem,
            },
        }  # fmt: skip


async def gather_facts(channel: Channel, *, clock: Callable[[], float] = time.time) -> Facts:
    """Asks a machine everything at once. Raises what the channel raises, and CommandFailed for half an answer."""
    if channel.local and sys.platform == "win32":
        return await _windows_facts(channel)
    marker = f"goferry-fact-{secrets.token_hex(8)}"
    ended = await channel.run(sh(SCRIPT, marker), timeout=TIMEOUT)
    asked_at = clock() - ended.seconds
    sections = split_sections(decoded(ended.stdout), marker)
    if "end" not in sections:
        raise CommandFailed(channel.name, "facts", ended.code, ended.said()[-2000:])
    return parse_facts(sections, asked_at=asked_at, took=ended.seconds)


async def _windows_facts(channel: Channel) -> Facts:
    """This computer, without a shell."""
    import os
    import platform
    import shutil
    from pathlib import Path

    disk = shutil.disk_usage(Path.home())
    system = System("windows", "Windows", platform.version(), "")
    docker = await channel.run(Command(("docker", "version", "--format", "{{json .Server}}"))) if shutil.which(
        "docker") else None  # fmt: skip
    engine = None if docker is None else _engine(docker.text(), "", "")
    return Facts(
        system, platform.release(), platform.machine(), cpus=os.cpu_count() or 0, disk_bytes=disk.total,
        disk_free=disk.free, engine=engine, user=os.environ.get("USERNAME", ""), taken_at=time.time(),
        clock_offset=0.0,
    )  # fmt: skip


def split_sections(text: str, marker: str) -> dict[str, str]:
    """The script's output by its section names. A line that only looks like a separator does not know the marker."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line.startswith(f"{marker} "):
            current = sections.setdefault(line[len(marker) + 1 :].strip(), [])
        else:
            current.append(line)
    return {name: "\n".join(lines).strip("\n") for name, lines in sections.items()}


def parse_facts(sections: dict[str, str], *, asked_at: float, took: float) -> Facts:
    """Every section is optional: what a server does not tell stays unknown."""
    libc = _last_word(first_line(sections, "libc"))
    machine = sections.get("uname", "").split()
    memory = _meminfo(sections.get("memory", ""))
    disk = _table_row(sections.get("disk", ""))
    inodes = _table_row(sections.get("inodes", ""))
    user = sections.get("user", "").split()
    groups, groups_next = sections.get("groups", "").split(), sections.get("groups_next", "").split()
    return Facts(
        system=tell_system(sections.get("os", ""), first_line(sections, "release"), libc),
        kernel=visible(machine[1]) if len(machine) > 1 else "",
        arch=visible(machine[0]) if machine else "",
        libc=libc,
        cgroup={"cgroup2fs": "v2", "tmpfs": "v1"}.get(first_line(sections, "cgroup"), ""),
        cpus=int(_number(first_line(sections, "cpus"))),
        load=_number(first_line(sections, "load").split(" ")[0]),
        cpu_percent=_cpu_percent(sections.get("stat1", ""), sections.get("stat2", "")),
        memory_bytes=memory.get("MemTotal", 0),
        memory_free=memory.get("MemAvailable", memory.get("MemFree", 0)),
        disk_bytes=disk[0] * 1024,
        disk_free=disk[2] * 1024,
        inodes_free=inodes[2] if inodes[0] else None,
        uptime=_number(first_line(sections, "uptime").split(" ")[0]),
        engine=_engine_of(sections),
        selinux=_known(first_line(sections, "selinux").lower(), ("enforcing", "permissive", "disabled")),
        firewall=_firewall(sections.get("firewall", "")),
        clock_offset=_clock_offset(sections, asked_at, took),
        user=visible(user[0]) if user else "",
        root=len(user) > 1 and user[1] == "0",
        can_sudo=first_line(sections, "sudo") == "yes",
        in_docker_group="docker" in groups,
        group_pending="docker" in groups_next and "docker" not in groups,
        tools=tuple(visible(word) for word in sections.get("tools", "").split()),
        taken_at=asked_at + took,
    )


def _clock_offset(sections: dict[str, str], asked_at: float, took: float) -> float | None:
    """The server read its clock after we asked, and again before we had the answer: the middle between both bounds."""
    first, last = _number(first_line(sections, "clock")), _number(first_line(sections, "clock2"))
    if not first or not last:
        return None
    return ((first - asked_at) + (last - asked_at - took)) / 2


def _engine_of(sections: dict[str, str]) -> EngineFacts | None:
    tools = sections.get("tools", "").split()
    if "docker" not in tools:
        return None
    return _engine(sections.get("docker", ""), sections.get("docker_info", ""), sections.get("docker_ps", ""))


def _engine(version: str, info: str, names: str) -> EngineFacts:
    server, details = _json(version), _json(info)
    if not server.get("Version"):
        said = [line for line in f"{version}\n{info}".splitlines() if line.strip() and line.strip() != "null"]
        errors = details.get("ServerErrors") or []
        return EngineFacts(
            False, problem=visible(str(errors[0]) if errors else said[0].strip() if said else "")[:500]
        )
    status = details.get("DriverStatus") or ()
    containerd = any("io.containerd.snapshotter" in str(pair) for pair in status)
    return EngineFacts(
        running=True,
        server=visible(str(server.get("Version", ""))),
        api=visible(str(server.get("ApiVersion", ""))),
        min_api=visible(str(server.get("MinAPIVersion", ""))),
        store="containerd" if containerd else "classic",
        driver=visible(str(details.get("Driver", ""))),
        cgroup=visible(str(details.get("CgroupVersion", ""))),
        root_dir=visible(str(details.get("DockerRootDir", ""))),
        containers=int(details.get("Containers") or 0),
        containers_running=int(details.get("ContainersRunning") or 0),
        images=int(details.get("Images") or 0),
        names=tuple(visible(name) for name in names.split() if name),
    )


def _json(text: str) -> dict[str, Any]:
    """The first JSON object in what docker printed (warnings may stand before it)."""
    for line in text.splitlines():
        if line.lstrip().startswith("{"):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            return found if isinstance(found, dict) else {}
    return {}


def _meminfo(text: str) -> dict[str, int]:
    found = {}
    for line in text.splitlines():
        words = line.replace(":", " ").split()
        if len(words) >= 2 and words[1].isdigit():
            found[words[0]] = int(words[1]) * 1024
    return found


def _table_row(text: str) -> tuple[int, int, int]:
    """total, used, free of a line of `df -P`; a name with spaces stands before them."""
    words = text.split()
    for start in range(1, max(1, len(words) - 3)):
        numbers = words[start : start + 3]
        if len(numbers) == 3 and all(word.lstrip("-").isdigit() for word in numbers):
            total, used, free = (int(word) for word in numbers)
            return total, used, free
    return 0, 0, 0


def _cpu_percent(first: str, second: str) -> float | None:
    """The processor's share between two lines of /proc/stat."""
    try:
        before = [int(word) for word in first.split()[1:9]]
        after = [int(word) for word in second.split()[1:9]]
    except ValueError:
        return None
    if len(before) < 5 or len(after) != len(before) or sum(after) <= sum(before):
        return None
    idle = after[3] + after[4] - before[3] - before[4]
    return min(100.0, max(0.0, 100.0 * (1 - idle / (sum(after) - sum(before)))))


def _firewall(text: str) -> str:
    """The first of firewalld, nftables and iptables that is active; "off" when none is."""
    states = text.split()
    for name, state in zip(("firewalld", "nftables", "iptables"), states, strict=False):
        if state == "active":
            return name
    return "off" if "inactive" in states or "unknown" in states else ""


def _known(word: str, words: tuple[str, ...]) -> str:
    return word if word in words else ""


def _last_word(line: str) -> str:
    word = line.split(" ")[-1]
    return word if word.replace(".", "").isdigit() else ""


def _number(text: str) -> float:
    try:
        return float(text.strip().rstrip("N").rstrip("."))
    except ValueError:
        return 0.0
