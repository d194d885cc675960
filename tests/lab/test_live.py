"""Logs of containers on real servers: merged, followed over cuts and restarts, ended when nobody looks, and floods."""

from __future__ import annotations

import asyncio
import itertools
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_live import Live, LiveAlert, open_live
from desktop.base.paths import Home
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host, Inventory
from desktop.watch import ContainerLogs, Feed, Health, LogLine, Mark, StreamState
from tests.lab.handle import Lab, LabHost
from tests.lab.site import make_site
from tests.lag import Stopwatch

pytestmark = pytest.mark.timeout(900, func_only=True)

COUNT = "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"
FLOOD = (
    "while :; do awk 'BEGIN { for (i = 0; i < 1000; i++) "
    'print "level=info msg=\\"reserve stock slow\\" took=1.82s sku=A-1177 n=" i }\'; sleep 0.04; done'
)


class Scene:
    """Containers on lab hosts, and a Goferry that follows them."""

    def __init__(self, lab: Lab, tmp_path: Path, name: str) -> None:
        self.lab, self.name = lab, name
        self.home = Home(tmp_path / "goferry")
        self.inventory = Inventory(self.home)
        self.hosts: list[LabHost] = []
        self.lines: list[LogLine] = []

    def run(self, host: LabHost, script: str, *options: str) -> None:
        """Start the script in a container of the host."""
        self.lab.load_image(host.name)
        self.clean(host)
        quoted = script.replace("'", "'\\''")
        self.lab.console(
            host.name,
            f"docker run -d --name {self.name} --network none --log-opt max-size=64m {' '.join(options)}"
            f" busybox:lab sh -c '{quoted}'",
        )
        if host not in self.hosts:
            self.hosts.append(host)
            self.inventory.add(
                Host(
                    host.name,
                    host.address,
                    host.port,
                    host.user,
                    "key",
                    str(host.key_path),
                    fingerprints=(host.fingerprint,),
                )
            )

    def clean(self, host: LabHost) -> None:
        self.lab.console(host.name, f"docker rm -f {self.name} >/dev/null 2>&1 || true")

    def follow(self, body: Callable[[Feed], Awaitable[None]], *, tail: int | None = 200) -> list[LogLine]:
        """Follow all containers while `body` runs; what came is in `lines` too, as it comes."""

        async def run() -> None:
            async with App(self.home, secrets=MemoryStore()) as app:
                sources = [
                    ContainerLogs(app.sessions.channel(host.name), self.name, name=host.name)
                    for host in self.hosts
                ]
                async with Feed(sources, app.pools.files, self.lines.extend, tail=tail) as feed:
                    await body(feed)

        asyncio.run(run())
        return self.lines

    def numbers(self, host: LabHost) -> list[int]:
        return [int(line.text) for line in self.lines if line.source == host.name and not line.mark]

    def marks(self) -> list[Mark]:
        return [line.mark for line in self.lines if line.mark]

    def far_processes(self, host: LabHost) -> list[str]:
        """`docker logs` on the server that follow this container."""
        found = self.lab.console(host.name, f"pgrep -af 'docker logs .*{self.name}' || true")
        return [line for line in found.splitlines() if "pgrep" not in line]


@pytest.fixture
def scene(lab: Lab, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    made = Scene(lab, tmp_path, f"live-{sum(request.node.name.encode()) % 10_000}")
    yield made
    for host in made.hosts:
        made.clean(host)


async def until(holds: Callable[[], object], what: str, limit: float = 120.0) -> None:
    deadline = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < deadline, f"not in {limit:.0f} s: {what}"
        await asyncio.sleep(0.05)


def is_consecutive(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_three_hosts_are_one_log_in_order_of_time(
    scene: Scene, centos7: LabHost, stream9: LabHost, openeuler: LabHost
) -> None:
    hosts = (centos7, stream9, openeuler)
    for host in hosts:
        scene.run(host, COUNT)

    async def body(feed: Feed) -> None:
        def streaming() -> bool:
            return all(stream.state is StreamState.STREAMING for stream in feed.streams.values())

        await until(lambda: streaming() and all(scene.numbers(host) for host in hosts), "all hosts stream")
        for _ in range(10):  # on a busy computer one host's lines may come later than others wait
            scene.lines.clear()
            await until(lambda: len(scene.lines) > 200, "200 lines")
            if few_are_late() and they_are_interleaved():
                return
        assert few_are_late()
        assert they_are_interleaved()

    def few_are_late() -> bool:
        return sum(line.late for line in scene.lines) <= len(scene.lines) / 20

    def they_are_interleaved() -> bool:
        changes = sum(before.source != after.source for before, after in itertools.pairwise(scene.lines))
        return changes > len(scene.lines) / 3

    lines = scene.follow(body)
    assert all(is_consecutive(scene.numbers(host)) for host in hosts)
    in_time = [line.at for line in lines if not line.late]
    assert in_time == sorted(in_time)


def test_a_cut_leaves_a_mark_and_no_line_is_lost_or_comes_twice(scene: Scene, spare_host: LabHost) -> None:
    scene.run(spare_host, COUNT)

    async def body(feed: Feed) -> None:
        await until(lambda: len(scene.numbers(spare_host)) > 20, "lines before the cut")
        scene.lab.fault(spare_host.name, "cut")
        await until(lambda: Mark.GAP in scene.marks(), "the mark of the cut")
        before = len(scene.numbers(spare_host))
        scene.lab.heal(spare_host.name)
        feed.try_now()
        await until(lambda: Mark.NOTE in scene.marks(), "the connection again")
        await until(lambda: len(scene.numbers(spare_host)) > before + 40, "lines after the cut")

    scene.follow(body)
    assert is_consecutive(sorted(scene.numbers(spare_host)))
    assert scene.marks() == [Mark.GAP, Mark.NOTE]


def test_a_container_that_restarts_goes_on_in_the_same_log(scene: Scene, stream9: LabHost) -> None:
    scene.run(stream9, f"trap 'exit 0' TERM; {COUNT}")

    async def body(feed: Feed) -> None:
        await until(lambda: len(scene.numbers(stream9)) > 10, "lines before")
        await asyncio.get_running_loop().run_in_executor(
            None, scene.lab.console, stream9.name, f"docker restart -t 1 {scene.name}"
        )
        before = len(scene.numbers(stream9))
        await until(lambda: len(scene.numbers(stream9)) > before + 10, "lines after")

    scene.follow(body)
    numbers = scene.numbers(stream9)
    again = numbers.index(0, 1) if numbers[0] == 0 else numbers.index(0)
    assert is_consecutive(numbers[:again])
    assert is_consecutive(numbers[again:])
    words = [line.text.removeprefix(stream9.name).strip() for line in scene.lines if line.mark]
    assert words in (["stopped", "started again"], [])  # followed through a restart, or asked again after it


def test_the_far_process_ends_with_the_view(scene: Scene, centos7: LabHost, stream9: LabHost) -> None:
    for host in (centos7, stream9):
        scene.run(host, "sleep 3600")  # a quiet one: nothing it writes could end the far process

    async def body(feed: Feed) -> None:
        await until(
            lambda: all(stream.state is StreamState.STREAMING for stream in feed.streams.values()),
            "streaming",
        )
        await until(lambda: all(scene.far_processes(host) for host in (centos7, stream9)), "they run")
        first = next(iter(feed.streams))
        await feed.remove(first)
        await until(lambda: not scene.far_processes(centos7), "the one taken out is gone")
        assert scene.far_processes(stream9)

    scene.follow(body)

    async def gone() -> None:
        await until(lambda: not scene.far_processes(stream9), "the other is gone")

    asyncio.run(gone())


def test_a_container_that_is_removed_ends_its_stream(scene: Scene, stream9: LabHost) -> None:
    scene.run(stream9, COUNT)

    async def body(feed: Feed) -> None:
        await until(lambda: scene.numbers(stream9), "lines")
        scene.clean(stream9)
        await until(lambda: all(stream.state is StreamState.GONE for stream in feed.streams.values()), "gone")

    scene.follow(body)


def test_a_flood_stalls_nothing_and_stays_in_bounds(scene: Scene, stream9: LabHost) -> None:
    scene.run(stream9, FLOOD)
    stopwatch = Stopwatch()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def body(feed: Feed) -> None:
        await until(lambda: len(scene.lines) > 2_000, "the flood has come")
        scene.lines.clear()
        async with stopwatch:
            begun = time.monotonic()
            await until(lambda: len(scene.lines) > 50_000, "the flood goes on")
            seconds.append(time.monotonic() - begun)

    seconds: list[float] = []
    scene.follow(body, tail=100)
    rate = len(scene.lines) / seconds[0]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    print(f"{rate:,.0f} lines/s, {stopwatch.lags}, +{grown:.0f} MB")
    assert stopwatch.lags.own < 1.0  # a freeze that a person sees; milliseconds are `bench ui`'s
    assert grown < 300


def test_the_window_sees_health_use_and_what_turned_bad(lab: Lab, tmp_path: Path, stream9: LabHost) -> None:
    site = make_site(lab, tmp_path, "live-app", 18_971, stream9)
    alerts: list[LiveAlert] = []
    lines: list[LogLine] = []

    def told() -> list[str]:
        return [title for alert in alerts if (title := str(alert.title)) in ("Not healthy", "Healthy again")]

    try:
        site.deploy("1.0")

        async def watch(app: App) -> None:
            live: Live = await open_live(app, site.folder, ["staging"], lines.extend, alerts.append)
            task = asyncio.ensure_future(live.run())
            try:
                await until(lambda: live.seats and live.watcher.health, "the container")
                key = next(seat.key for seat in live.seats if seat.ours)
                await until(lambda: live.watcher.health[key].state is Health.OK, "healthy")
                await until(lambda: len(live.watcher.usage[key].samples) > 1, "its use")
                assert live.watcher.usage[key].samples[-1].memory > 0
                await until(lambda: any(not line.mark for line in lines), "its lines")
                lab.console(stream9.name, f"docker pause {key[1]}")
                await until(lambda: told()[-1:] == ["Not healthy"], "told that it is not healthy")
                lab.console(stream9.name, f"docker unpause {key[1]}")
                await until(lambda: told()[-1:] == ["Healthy again"], "told that it is healthy again")
                assert live.watcher.health[key].state is Health.OK
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        site.run(watch)
    finally:
        site.clean()
