"""A desktop with the lab's mirrors in its list, and the moves that tests of set-up make."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from desktop.app import App
from desktop.app_setup import Prepared, prepare_setup, prepare_undo, run_setup
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.plans import PlanRun, Recorder, StepState
from desktop.base.processes import Completed
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host, Inventory
from desktop.hosts.setup import Wish
from tests.lab.handle import Lab, LabHost
from tests.lab.machine import repositories
from tests.lab.machine.names import REPOSITORY_NAME

T = TypeVar("T")
U = TypeVar("U")
LAB_MIRROR = f"http://{REPOSITORY_NAME}"
ROOT = Path(__file__).resolve().parents[2]

_SEEN = r"""
rpm -qa | sort
sort /etc/passwd /etc/group /etc/gshadow
systemctl list-unit-files --no-legend | grep -v '^session-' | tr -s ' ' | sort
systemctl list-units --type=service,socket --state=active --no-legend --plain | awk '{print $1}' |
  grep -vE '^(user|session|user-runtime|sshd-keygen)' | sort
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/cache \
  -o -path /var/log -o -path /var/lib/dnf -o -path /var/lib/rpm -o -path /var/lib/systemd -o -path /root \
  -o -path /home -o -path /var/spool -o -name __pycache__ \) -prune -o -printf '%p %m %u %g %l\n' | sort
find /etc /usr/lib/systemd /home/deploy -type f ! -name '*-' ! -name 'ld.so.cache' ! -name '.bash_history' -exec sha256sum {} + |
  sort -k 2
"""


class Desk:
    """A Goferry home of its own that knows the lab's hosts and mirrors."""

    def __init__(self, lab: Lab, root: Path) -> None:
        self.lab, self.home = lab, Home(root)
        self.said: list[str] = []
        root.mkdir(parents=True, exist_ok=True)
        shutil.copy(repositories.ROOT / "linux/centos/gpg", root / "lab.asc")
        self.mirrors(LAB_MIRROR)

    def mirrors(self, *bases: str, key: str = "lab.asc") -> None:
        """The list of mirrors: `lab`, `lab1`, … with these addresses; `key` signs at the first one."""
        keys = [key] + ["lab.asc"] * len(bases)
        entries = "".join(
            f"  - {{id: lab{i or ''}, docker: '{base}', vault: '{LAB_MIRROR}/centos-vault', key: {keys[i]}}}\n"
            for i, base in enumerate(bases)
        )
        (self.home.root / "mirrors.yaml").write_text(f"mirrors:\n{entries}", encoding="utf-8")

    def add(self, host: LabHost, user: str = "") -> LabHost:
        Inventory(self.home).add(Host(
            host.name, host.address, host.port, user or host.user, auth="key", key=str(host.key_path),
            fingerprints=tuple(host.fingerprints.values()),
        ))  # fmt: skip
        return host

    def run(self, work: Callable[[App], Awaitable[T]]) -> T:
        """`work` in a Goferry of its own, as each start of the program is one."""

        async def inside() -> T:
            async with App(self.home, secrets=MemoryStore()) as app:
                return await work(app)

        return asyncio.run(inside())

    def set_up(self, host: LabHost, wish: Wish | None = None) -> PlanRun:
        async def work(app: App) -> PlanRun:
            return await run_setup(app, await self.prepare(app, host, wish), self.recorder())

        return self.run(work)

    async def prepare(self, app: App, host: LabHost, wish: Wish | None = None) -> Prepared:
        return await prepare_setup(app, host.name, wish or Wish(mirror="lab"), Secret(host.sudo_password))

    def undo(self, host: LabHost) -> PlanRun:
        async def work(app: App) -> PlanRun:
            return await run_setup(app, await prepare_undo(app, host.name, Secret(host.sudo_password)))

        return self.run(work)

    def recorder(self) -> Recorder:
        def keep(step: str, done: Completed) -> None:
            self.said.append(f"{step}: {done.command.shown()}\n{done.said()}")

        return Recorder(on_command=keep)

    def start(self, host: LabHost, verb: str, *words: str) -> subprocess.Popen[str]:
        """`goferry host setup|undo NAME --yes --json`, its password given; progress comes on its stderr."""
        mirror = ["--mirror", "lab"] if verb == "setup" else []
        words = ("host", verb, host.name, "--yes", "--sudo-password-stdin", *mirror, *words)
        return self.goferry(*words, given=host.sudo_password)

    def goferry(self, *words: str, given: str = "") -> subprocess.Popen[str]:
        """`goferry WORDS --json` with a line on its standard input."""
        run = subprocess.Popen(
            [sys.executable, "-m", "desktop", "--home", str(self.home.root), "--json", *words],
            cwd=ROOT, encoding="utf-8", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert run.stdin is not None
        with suppress(BrokenPipeError):  # it has ended without reading
            run.stdin.write(f"{given}\n")
            run.stdin.close()
        run.stdin = None  # communicate() would flush it
        return run

    def cli(self, host: LabHost, verb: str, *words: str) -> dict[str, str]:
        """The same to its end, which must be a good one: each step's state."""
        with self.start(host, verb, *words) as run:
            out, err = run.communicate()
        answer = json.loads(out)
        assert (run.returncode, answer["ok"]) == (0, True), f"{host.os}: {answer}\n{err}"
        return {step["id"]: step["state"] for step in answer["steps"]}

    def seen(self, host: LabHost) -> list[str]:
        """Packages, users, units, the file tree and what is in the files of /etc."""
        return self.lab.console(host.name, _SEEN).splitlines()


def side_by_side(work: Callable[[T], U], each: Iterable[T], at_once: int = 16) -> list[U]:
    """All at the same time, results in order."""
    items = list(each)
    with ThreadPoolExecutor(min(len(items), at_once)) as pool:
        return list(pool.map(work, items))


@contextmanager
def started(lab: Lab, faces: Iterable[str], *, docker: tuple[str, ...] = ()) -> Iterator[list[LabHost]]:
    """A server of each face, `docker` on those; all are removed at the end, also when one of them did not start."""
    hosts: list[LabHost] = []

    def start(face: str) -> LabHost:
        hosts.append(lab.start(face, docker=face in docker))
        return hosts[-1]

    try:
        yield side_by_side(start, faces, at_once=3)
    finally:
        for host in hosts:
            lab.remove(host.name)


def differences(before: list[str], after: list[str]) -> list[str]:
    """What a server has lost (-) and got (+)."""
    lost, got = set(before) - set(after), set(after) - set(before)
    return [*(f"- {line}" for line in sorted(lost)), *(f"+ {line}" for line in sorted(got))]


def states(run: PlanRun) -> dict[str, StepState]:
    assert run.error is None, f"{run.error}\n{run.error.detail}"
    return {result.id: result.state for result in run.results}


def failed(run: PlanRun) -> GoferryError:
    assert run.error is not None
    return run.error


def table(title: str, head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    """Columns of text, for a person who reads the test's output."""
    lines = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return f"\n\n{title}\n\n{text}\n"
