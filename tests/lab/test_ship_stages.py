"""Everything breaks at every stage of the transport: the old version serves, the next deploy ends right by itself, and
nothing half-written stays. The porter stops itself at the very byte, so no cell of the table depends on time."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_deploy import prepare_deploy, remove_app, run_prepared
from desktop.base.blocking import Pool
from desktop.base.errors import GoferryError
from desktop.build import find_toolchain
from desktop.hosts import Inventory
from desktop.release import HostState
from desktop.ship.delta import front_for
from tests.lab.handle import Lab, LabHost
from tests.lab.site import ROOT, Site, make_site
from tests.lab.stops import FRONT_MADE, STAGES, stopping_porters
from tests.lab.test_ship import edit
from tests.lab.wire import Wire

pytestmark = pytest.mark.timeout(1800, func_only=True)

TAKES = STAGES[2:6]
"""While the server takes in the change."""
LANES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "cut": (("link cut", STAGES),),
    "killed": (("Goferry killed", STAGES),),
    "porter": (("porter killed", STAGES),),
    "engine": (
        ("engine killed", TAKES[2:]),
        ("disk full", STAGES[2:]),
        ("clock a day ahead", TAKES[::3]),
        ("clock a day back", TAKES[::3]),
    ),
    "first": (),
}
GOES_ON = {
    "porter killed": STAGES[1:6],  # it is sent again
    "clock a day ahead": STAGES,
    "clock a day back": STAGES,
}
"""Where nothing may come of it. Elsewhere a deploy may go on by itself too: then the new version serves."""
LEFT = r"""
app=$1
find /var/lib/goferry/$app -name 'part-*' -o -name '*.new' -o -name 'beat.*' -o -name 'helper-part*'
ls -d /tmp/.goferry-* /dev/shm/.goferry-* /home/*/.goferry-* 2>/dev/null
find /var/lib/goferry/$app/kept -type f | wc -l
"""
KILL_PORTER = """\
parent=$(awk '/^PPid:/ {{print $2}}' /proc/{porter}/status)
grep -q -e -BESs /proc/$parent/cmdline && kill -KILL $parent  # it patches in a process beside it
kill -KILL {porter}
"""
PAUSED = """\
i=0
until [ -s /tmp/stops/{app}.stopped ]; do
  sleep 0.1
  i=$((i+1))
  [ "$i" -lt 3000 ] || exit 0
done
p=$(cat /tmp/stops/{app}.stopped)
until grep -q '^State:.T' /proc/$p/status 2>/dev/null || [ ! -d /proc/$p ]; do sleep 0.01; done
rm -f /tmp/stops/{app}.stopped
echo $p
"""


GONE = """\
for i in $(seq 600); do
  left=$(docker ps -aq --filter name={front}; docker network ls -q --filter name={network})
  [ -n "$left" ] || exec echo gone
  sleep 0.5
done
echo $left
"""


@dataclass
class Lane:
    """One app, and what happens to it one after the other."""

    site: Site
    host: LabHost
    wire: Wire
    lab: Lab
    pool: Pool
    number: int = 0
    told: dict[tuple[str, str], str] = field(default_factory=dict)

    async def run(self, faults: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        async with self.wire:
            Inventory(self.site.home).change(self.host.name, address="127.0.0.1", port=self.wire.port)
            self.change()
            assert await self.deploy() == ""
            for fault, stages in faults:
                for stage in stages:
                    try:
                        self.told[fault, stage] = await self.cell(fault, stage)
                    except (AssertionError, GoferryError) as error:
                        raise AssertionError(f"{fault}, {stage}: {error}") from error

    def change(self) -> None:
        self.number += 1
        edit(self.site, f'fmt.Println("start number", {self.number} * len(version))')
        self.site.write(f"{self.number}.0")

    async def cell(self, fault: str, stage: str) -> str:
        """What came of a deploy that met the fault there."""
        before = f"{self.number}.0"
        self.change()
        await self.stop_at(stage)
        killed: subprocess.Popen[bytes] | None = None
        deploying: asyncio.Future[str]
        if fault == "Goferry killed":
            killed = child = self.apart()
            deploying = asyncio.ensure_future(
                self.pool.run(lambda token: "goferry.killed" if child.wait() else "")
            )
        else:
            deploying = asyncio.ensure_future(self.deploy())
        porter = await self.stopped(deploying)
        await self.strike(fault, porter, killed)
        await self.console(f"kill -CONT {porter} 2>/dev/null || :")
        outcome = await deploying
        self.wire.mend()
        await self.heal(fault)
        assert not outcome.startswith("release.not_restored"), outcome
        assert not outcome or stage not in GOES_ON.get(fault, ()), outcome
        await self.serves(before if outcome else f"{self.number}.0")
        assert await self.deploy() == ""
        await self.serves(f"{self.number}.0")
        await self.nothing_is_left()
        return outcome.partition(" ")[0] or "done"

    async def stop_at(self, stage: str) -> None:
        """The next porter that gets there stands still."""
        await self.console(
            f"mkdir -p /tmp/stops; chmod 777 /tmp/stops; printf '{stage}' > /tmp/stops/{self.site.name}"
        )

    async def stopped(self, deploying: asyncio.Future[str]) -> str:
        """Its process id."""
        porter = (await self.console(PAUSED.format(app=self.site.name))).strip()
        assert porter, f"it did not get there: {await asyncio.wait_for(deploying, 240)}"
        return porter

    async def deploy(self) -> str:
        """The code of the error that it ended in, or nothing."""
        async with App(self.site.home, secrets=self.site.secrets) as app:
            try:
                [result] = (
                    await run_prepared(await prepare_deploy(app, self.site.folder, ["staging"]))
                ).hosts
            except GoferryError as error:
                return error.code
        if result.error is None:
            assert result.state in (HostState.DONE, HostState.UNCHANGED), result
            return ""
        return f"{result.error.code} {result.error.detail}"

    def apart(self) -> subprocess.Popen[bytes]:
        words = ("--home", str(self.site.home.root), "--json", "--quiet", "deploy", str(self.site.folder))
        return subprocess.Popen(
            (sys.executable, "-m", "tests.lab.stops", *words, "--to", "staging", "--yes"),
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    async def strike(self, fault: str, porter: str, killed: subprocess.Popen[bytes] | None) -> None:
        if fault == "link cut":
            self.wire.cut()
        elif killed is not None:
            os.killpg(killed.pid, signal.SIGKILL)
        elif fault == "porter killed":
            await self.console(KILL_PORTER.format(porter=porter))
        elif fault == "engine killed":
            await self.console("systemctl kill -s KILL docker")
        elif fault == "disk full":
            await self.pool.run(lambda token: self.lab.fault(self.host.name, "disk-full"))
        else:
            days = "+86400" if fault.endswith("ahead") else "-86400"
            await self.pool.run(lambda token: self.lab.fault(self.host.name, "clock-skew", days))

    async def heal(self, fault: str) -> None:
        if fault == "engine killed":
            await self.console("until docker info >/dev/null 2>&1; do sleep 0.1; done")
        elif fault == "disk full" or fault.startswith("clock"):
            await self.pool.run(lambda token: self.lab.heal(self.host.name))

    async def serves(self, version: str) -> None:
        await self.pool.run(lambda token: self.site.until_served(self.host, version))

    async def nothing_is_left(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            *left, kept = (await self.console(f"set -- {self.site.name}\n{LEFT}")).splitlines()
            if not left:
                break
            assert time.monotonic() < deadline, left
            await asyncio.sleep(0.1)
        assert int(kept) in (1, 2), "the present program, and the one before where it was of use"
        here = [path.name for path in self.site.home.root.rglob("*") if path.is_file()]
        assert not [name for name in here if name.endswith((".gd2", ".part"))], here

    async def console(self, script: str) -> str:
        return await self.pool.run(lambda token: self.lab.console(self.host.name, script))


@dataclass
class FirstLane(Lane):
    """First releases in mode proxy, whose way breaks off when the front stands and the app does not."""

    mode: str = "proxy"

    def change(self) -> None:
        super().change()
        self.site.write(f"{self.number}.0", mode=self.mode)

    async def run(self, faults: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        async with self.wire:
            Inventory(self.site.home).change(self.host.name, address="127.0.0.1", port=self.wire.port)
            await self.as_shipped()
            await self.broken_off(silently=False)
            left = await self.front()
            assert left
            assert await self.deploy() == ""
            await self.serves(f"{self.number}.0")
            assert await self.front() == left, "it has been of use"
            await self.removed()
            await self.broken_off(silently=False)
            assert await self.front()
            self.mode = "direct"  # which wants the port for itself
            assert await self.replaced() == ""
            assert await self.front() == ""
            await self.removed()
            self.mode = "proxy"
            await self.broken_off(silently=True)
            assert await self.replaced() == ""
            await self.removed()
            await self.ended_at_once()
            await self.ended_at_once()  # built upon what has come with the one before
            assert await self.replaced() == ""

    async def as_shipped(self) -> None:
        """The front's program is there, as an edition brings it."""
        async with App(self.site.home, secrets=self.site.secrets) as app:
            go = await find_toolchain(app.pools.build)
            assert await front_for(app.pools.build, app.home, go, "amd64") is not None

    async def broken_off(self, *, silently: bool) -> None:
        """The line goes silent for good, and the porter sees to it; or it is killed before it could."""
        await self.console("docker images -q goferry/front | xargs -r docker rmi -f >/dev/null")
        self.change()
        await self.stop_at(FRONT_MADE)
        deploying = asyncio.ensure_future(self.deploy())
        porter = await self.stopped(deploying)
        self.wire.swallow()
        await self.console(f"kill -{'CONT' if silently else 'KILL'} {porter}")
        if silently:
            assert (await self.console(GONE.format(front=self.name, network=self.network))).strip() == "gone"
        self.wire.cut()
        assert await deploying != ""
        self.wire.mend()

    async def ended_at_once(self) -> None:
        """The app; its front goes with it."""
        self.change()
        self.site.write(f"{self.number}.0", mode=self.mode, BEHAVIOUR="exit")
        assert (await self.deploy()).startswith("release.exited")
        assert await self.front() == ""

    async def replaced(self) -> str:
        self.change()
        outcome = await self.deploy()
        await self.serves(f"{self.number}.0")
        return outcome

    async def removed(self) -> None:
        async with App(self.site.home, secrets=self.site.secrets) as app:
            await remove_app(app, self.site.folder, ["staging"])
        assert await self.front() == ""

    async def front(self) -> str:
        """Its container's id; empty where there is none."""
        return (await self.console(f"docker ps -aq --filter name={self.name}")).strip()

    @property
    def name(self) -> str:
        return f"goferry-front-{self.site.name}"

    @property
    def network(self) -> str:
        return f"goferry-{self.site.name}"


def table(told: dict[tuple[str, str], str]) -> str:
    """What came of each: the code of the error, "done" where it went on by itself."""
    faults = list(dict.fromkeys(fault for fault, _ in told))
    rows = [
        ["", *faults],
        *([stage, *(told.get((fault, stage), "-") for fault in faults)] for stage in STAGES),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows
    )


@pytest.fixture
def hosts(lab: Lab, spare_host: LabHost) -> Iterator[tuple[LabHost, LabHost]]:
    other = lab.start(docker=True)
    yield spare_host, other
    lab.remove(other.name)


def test_whatever_breaks_at_any_stage_the_next_deploy_ends_right(
    lab: Lab, hosts: tuple[LabHost, LabHost], tmp_path: Path, show: Callable[[str], None]
) -> None:
    lanes = []
    for number, name in enumerate(LANES):
        host = hosts[name == "engine"]
        site = make_site(lab, tmp_path / name, f"stage-{name}", 18951 + number, host)
        kind = FirstLane if name == "first" else Lane
        lanes.append(kind(site, host, Wire(host.address, host.port), lab, Pool(name, 3)))

    def run(lane: Lane, faults: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
        try:
            asyncio.run(lane.run(faults))
        except Exception:  # noqa: BLE001  every lane is told, not only the first that fails
            return f"{lane.site.name}: {traceback.format_exc(limit=-2)}"
        return ""

    try:
        with stopping_porters(), ThreadPoolExecutor(len(lanes)) as threads:
            bad = [text for text in threads.map(run, lanes, LANES.values()) if text]
    finally:
        for lane in lanes:
            lane.site.clean()
            lane.pool.close()
    show("\n" + table({cell: said for lane in lanes for cell, said in lane.told.items()}))
    assert not bad, "\n".join(bad)
