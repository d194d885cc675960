"""How long three servers take to be set up side by side, beside one alone, in one run on servers of the lab.

    python -m tests.bench.setup [--hosts 3] [--face rocky-9]

Real servers have processors of their own; the lab's share this computer's, and installing packages is mostly theirs:
unpacking, checking and writing. So the run also counts what the servers used of a processor, tells how quick so many
could be here at best, and what part of the time Goferry itself worked: that part alone grows with the number of servers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from desktop.app import App
from desktop.app_setup import setup_many
from desktop.base.plans import PlanRun
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.hosts.setup import Wish
from tests.lab.desk import Desk, side_by_side
from tests.lab.handle import Lab, LabHost


@dataclass(frozen=True, slots=True)
class Measured:
    """One run, in seconds: on the wall, of a processor by this process, and by the servers."""

    hosts: int
    seconds: float
    own: float
    servers: float

    @property
    def least(self) -> float:
        """How quick it could be at best on this computer: all processors busy all the time."""
        return (self.own + self.servers) / (os.cpu_count() or 1)

    def __str__(self) -> str:
        return (
            f"{self.hosts} at a time: {self.seconds:.1f} s; of a processor, Goferry {self.own:.1f} s and the servers "
            f"{self.servers:.1f} s, which on this computer takes {self.least:.1f} s at least"
        )


def measure(lab: Lab, folder: Path, face: str, number: int) -> Measured:
    """Set up so many fresh servers at the same time; they are removed afterwards."""
    hosts = side_by_side(lambda _: lab.start(face), range(number))
    try:
        desk = Desk(lab, folder / str(number))
        for host in hosts:
            desk.add(host)
        return _timed(desk, hosts)
    finally:
        for host in hosts:
            lab.remove(host.name)


def _timed(desk: Desk, hosts: list[LabHost]) -> Measured:
    passwords = {host.name: Secret(host.sudo_password) for host in hosts}

    async def work() -> None:
        async with App(desk.home, secrets=MemoryStore()) as app:
            for name, run in (await setup_many(app, list(passwords), Wish(mirror="lab"), passwords)).items():
                if not isinstance(run, PlanRun) or not run.ok:
                    raise SystemExit(f"{name}: {run if not isinstance(run, PlanRun) else run.error}")

    servers, own, begun = _used(desk.lab, hosts), time.process_time(), time.monotonic()
    asyncio.run(work())
    seconds, own = time.monotonic() - begun, time.process_time() - own
    return Measured(len(hosts), seconds, own, _used(desk.lab, hosts) - servers)


def _used(lab: Lab, hosts: list[LabHost]) -> float:
    """Seconds of a processor that the servers have used since they were started, by their control groups."""
    look = "awk '/usage_usec/ {print $2 * 1000; exit}' /sys/fs/cgroup/cpu.stat || cat /sys/fs/cgroup/cpuacct/cpuacct.usage"
    return sum(float(lab.console(host.name, look)) / 1e9 for host in hosts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--face", default="rocky-9")
    args = parser.parse_args()
    lab = Lab()
    with tempfile.TemporaryDirectory() as folder:
        one = measure(lab, Path(folder), args.face, 1)
        print(one, flush=True)
        many = measure(lab, Path(folder), args.face, args.hosts)
        print(many)
    print(
        f"ratio {many.seconds / one.seconds:.2f} (wanted with a processor for each server: at most 1.5 for three)"
    )
    print(f"Goferry's own part of the many: {many.own / many.seconds:.0%} of one processor")


if __name__ == "__main__":
    main()
