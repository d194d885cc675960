"""A slow, far or lossy network for a host. Each shaping replaces the one before; a reboot ends it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.lab.machine.commands import LabError, detach, pid_of, succeeds, wait_until
from tests.lab.machine.hosts import Host
from tests.lab.machine.names import HERE

_QUEUE = "77"  # the netfilter queue of `delay.py`, in the host's network namespace
_CHAIN = "FERRYLAB"
_BUCKET = ("burst", "32kb", "latency", "400ms")


def shape(host: Host, *, rate: str = "", delay: str = "", loss: str = "") -> None:
    """Shape a host's network; without arguments: make it as it was.

    rate: each way, as tc writes it (`20mbit`); delay: added to the round trip (`30ms`); loss: of what reaches the
    host (`2%`).
    """
    stop(host)
    _limit(host, rate)
    if loss or delay:
        _iptables(host, "-N", _CHAIN)
        _iptables(host, "-A", "PREROUTING", "-i", "eth0", "-j", _CHAIN)
    if loss:
        share = str(float(loss.rstrip("%")) / 100)
        drop = ("-m", "statistic", "--mode", "random", "--probability", share, "-j", "DROP")
        _iptables(host, "-A", _CHAIN, *drop)
    if delay:
        _hold_packets(host, delay)
        _iptables(host, "-A", _CHAIN, "-j", "NFQUEUE", "--queue-num", _QUEUE, "--queue-bypass")
    host.mark_fault("net", broken=bool(rate or delay or loss))


def stop(host: Host) -> None:
    """Undo delay and loss: the chain in the host's network namespace, and the process that held packets."""
    if host.state in {"running", "paused"}:
        pid = host.pid
        for words in (("-D", "PREROUTING", "-i", "eth0", "-j", _CHAIN), ("-F", _CHAIN), ("-X", _CHAIN)):
            succeeds("nsenter", "-t", pid, "-n", "iptables", "-t", "mangle", *words)
    pid_file = host.folder / "delay.pid"
    if (holder := pid_of(pid_file, "delay.py")) is not None:
        os.kill(holder, signal.SIGTERM)
    pid_file.unlink(missing_ok=True)


def _limit(host: Host, rate: str) -> None:
    """The rate both ways: at the host's end of the cable, and at this computer's."""
    ends = (("nsenter", "-t", host.pid, "-n", "tc"), "eth0"), (("tc",), host.cable)
    for tool, device in ends:
        succeeds(*tool, "qdisc", "del", "dev", device, "root")
        if rate and not succeeds(*tool, "qdisc", "add", "dev", device, "root", "tbf", "rate", rate, *_BUCKET):
            raise LabError(f"tc does not take the rate {rate!r}")


def _iptables(host: Host, *words: str) -> None:
    host.in_its_network("iptables", "-t", "mangle", *words)


def _hold_packets(host: Host, delay: str) -> None:
    log, pid_file = host.folder / "delay.log", host.folder / "delay.pid"
    words = ("nsenter", "-t", host.pid, "-n", sys.executable, HERE / "delay.py", _QUEUE, delay)
    log.unlink(missing_ok=True)
    detach(*words, log=log, pid_file=pid_file)
    # not by its command line: a process has none for a moment whenever it becomes another program, as it does twice here
    process = Path("/proc") / pid_file.read_text(encoding="utf-8").strip()

    def started() -> bool:
        return log.exists() and "ready" in log.read_text(encoding="utf-8")

    wait_until(lambda: started() or not process.exists(), 60, "delay.py did not start")
    if not started():
        raise LabError(f"delay.py failed\n{log.read_text(encoding='utf-8')}")
