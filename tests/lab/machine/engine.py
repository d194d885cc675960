"""The local Docker Engine that the lab's containers run on: found, started, or installed and started."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from pathlib import Path

from tests.lab.machine.commands import LabError, detach, is_root, pid_of, run, step, succeeds, wait_until
from tests.lab.machine.names import CACHE

SOCKET = Path("/var/run/docker.sock")
_LOG = CACHE / "dockerd.log"
_PID = CACHE / "dockerd.pid"
_NEEDED = (("dockerd", "docker.io"), ("docker", "docker.io"), ("iptables", "iptables"))
_APT_OPTIONS = ("-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")


def install(*packages: str) -> None:
    """Install Debian packages on this computer."""
    if not is_root():
        raise LabError(f"only root can install {' '.join(packages)}")
    settings = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
    with step("installing " + " ".join(packages)):
        run("apt-get", "-qq", "update", env=settings)
        run("apt-get", *_APT_OPTIONS, "install", *packages, env=settings)


def answers() -> bool:
    return succeeds("docker", "info")


def ensure() -> None:
    """Return when a Docker Engine answers; LabError when none can be had."""
    if answers():
        return
    if not is_root():
        raise LabError("no Docker Engine answers, and only root can install or start one")
    missing = sorted({package for tool, package in _NEEDED if not shutil.which(tool)})
    if missing:
        install(*missing)
    with step("starting dockerd"):
        if Path("/run/systemd/system").is_dir() and not os.environ.get("DOCKER_HOST"):
            run("systemctl", "start", "docker")
        elif not answers():
            _start()
        wait_until(answers, 180, f"dockerd does not answer; see {_LOG}")


def _start() -> None:
    """Start dockerd where no systemd does: in containers and on most build machines."""
    words = ["dockerd", *shlex.split(os.environ.get("LAB_DOCKERD_ARGS", ""))]
    if host := os.environ.get("DOCKER_HOST"):
        words += ["-H", host]
    CACHE.mkdir(parents=True, exist_ok=True)
    _PID.unlink(missing_ok=True)
    detach(*words, log=_LOG, pid_file=_PID)


def end() -> None:
    """End the dockerd that `ensure` started, if it did, and if no other work has a container on it."""
    pid = pid_of(_PID, "dockerd")
    if pid is None or (answers() and run("docker", "ps", "-q")):
        return
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: pid_of(_PID, "dockerd") is None, 180, "dockerd does not end")
    _PID.unlink()


def server_flags() -> list[str]:
    """The options that let a container be a server: privileged, less what this computer itself may not do."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    bounds = int(next(line for line in status.splitlines() if line.startswith("CapBnd")).split()[1], 16)
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="utf-8"))
    flags = ["--cgroupns=private", "--stop-signal=SIGRTMIN+3", "--tmpfs=/run", "--tmpfs=/run/lock"]
    flags += [f"--security-opt={name}=unconfined" for name in ("seccomp", "apparmor")]
    if bounds == (1 << (last + 1)) - 1:
        return [*flags, "--privileged"]
    flags += ["--security-opt=systempaths=unconfined", "--device-cgroup-rule=a *:* rwm", "--cap-add=ALL"]
    flags.append("--cap-drop=SYS_TIME")  # the clock is this computer's own
    has_sys_resource = bounds >> 24 & 1
    return flags if has_sys_resource else [*flags, "--cap-drop=SYS_RESOURCE"]
