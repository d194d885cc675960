"""How long three servers take to be set up side by side, beside one alone, in one run on servers of the lab.

    python -m tests.bench.setup [--hosts 3] [--face rocky-9]

The lab's servers share this computer's processors, and installing packages is mostly theirs: unpacking, checking and
writing. `processors` says how busy they were: near 100 % they, not Goferry, are what bounds the many.
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
    """One run: wall seconds, what this process used of a processor, and how busy all of them were."""

    hosts: int
    seconds: float
    own_cpu: float
    processors: float

    def __str__(self) -> str:
        return (
            f"{self.hosts} side by side: {self.seconds:.1f} s, Goferry itself {self.own_cpu:.1f} s of a processor, "
            f"processors {self.processors:.0%} busy"
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

    busy, own, begun = _busy(), time.process_time(), time.monotonic()
    asyncio.run(work())
    seconds = time.monotonic() - begun
    shares = (_busy() - busy) / (seconds * (os.cpu_count() or 1))
    return Measured(len(hosts), seconds, time.process_time() - own, shares)


def _busy() -> float:
    """Seconds that all processors of this computer have worked."""
    line = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()
    numbers = [int(word) for word in line[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")


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
    print(f"ratio {many.seconds / one.seconds:.2f} (wanted: at most 1.5 for three)")
    work = one.processors * one.seconds
    least = work * many.hosts / one.seconds
    print(f"The work of one keeps {work * (os.cpu_count() or 1):.1f} s of a processor: {many.hosts} on this computer cannot "
          f"take less than {max(1.0, least):.2f} times one.")  # fmt: skip


if __name__ == "__main__":
    main()
