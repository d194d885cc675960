"""What the window costs with many hosts: fifty connected that nothing happens on, and a deploy to twenty with their logs.

The hosts are SSH servers of another process on loopback, which really run each command by a shell. No engine is behind
them: the deploy's stages are scripted commands, whose connections, bytes, output, rows and log lines are real.
`tests.bench.ui` starts each measurement in a process of its own.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko

from desktop.app import App
from desktop.base.channel import Channel, OutputLine
from desktop.base.commands import sh
from desktop.base.paths import Home
from desktop.base.plans import Recorder, StepResult, StepState
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host
from desktop.hosts.keys import own_key
from desktop.release import HostResult, HostState, RolloutResult
from desktop.release.perform import TITLES
from desktop.watch import Feed
from desktop.watch.sources import CONNECTED
from tests.bench.memory import memory
from tests.lag import Stopwatch
from tests.sshd import USER, Sshd
from tests.ui.deploy_values import STAGES, MadeUpDeeds, seen
from tests.ui.live_values import MadeUpFrame, MadeUpLive, seat
from tests.ui.stall import StallMeter

PAYLOAD = os.urandom(150_000)
"""As much as a one-line change of a small service costs."""
CHATTER = (
    "while :; do t=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ); for n in 1 2 3 4 5 6 7 8 9 10; do"
    ' echo "$t level=info msg=\\"order created\\" id=$n items=3 total=248.00"; done; sleep 0.2; done'
)
"""Fifty lines a second, as a container's log is followed."""


def serve(count: int, key: str) -> None:
    """Servers that let a key in, until standard input ends; prints their ports and fingerprints."""
    authorized = (paramiko.Ed25519Key(data=base64.b64decode(key)),)
    with ExitStack() as stack:
        servers = [stack.enter_context(Sshd(shell=("/bin/sh",), authorized=authorized)) for _ in range(count)]
        print(json.dumps([(server.port, server.fingerprint) for server in servers]), flush=True)
        sys.stdin.read()


@contextmanager
def hosts(home: Home, count: int) -> Iterator[tuple[Host, ...]]:
    """So many servers, in the inventory of that home."""
    from desktop.hosts import Inventory

    key = own_key(home).public.split()[1]
    script = f"from tests.bench.many import serve; serve({count}, {key!r})"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        there = json.loads(process.stdout.readline())
        inventory = Inventory(home)
        try:
            yield tuple(
                inventory.add(
                    Host(f"web-{n:02}", "127.0.0.1", port, user=USER, auth="own", fingerprints=(print_,))
                )
                for n, (port, print_) in enumerate(there, 1)
            )
        finally:
            process.communicate()


def connected(count: int, seconds: float) -> dict[str, Any]:
    """The window on its Hosts page with so many open connections: its processor time and memory while nothing happens."""

    async def work(app: App, loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
        from desktop.ui.look import Look
        from desktop.ui.start import look_around, make_application
        from desktop.ui.window import Window

        look = Look(make_application(), app.settings)
        window = Window(app, loop)
        window.open()
        await look_around(app, window)
        window.navigate("hosts")
        names = tuple(host.name for host in app.inventory.hosts()[1:])
        await asyncio.gather(*(app.sessions.channel(name).run(sh("true")) for name in names))
        await _quiet()
        spent, began = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        spent, passed = time.process_time() - spent, time.monotonic() - began
        open_ = sum(app.sessions.state(name).word == "connected" for name in names)
        found = {"connected": open_, "cpu_percent": round(spent / passed * 100, 2), **memory()}
        await window.release()
        look.release()
        window.hide()
        return found

    return _with_app(count, work)


def fleet(count: int) -> dict[str, Any]:
    """A deploy to so many hosts at once on the Deploy page, while the Live page shows all their logs."""

    async def work(app: App, loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
        stage = FleetStage(app, loop)
        sources = [Followed(app.sessions.channel(name)) for name in stage.names]
        async with Feed(sources, app.pools.files, stage.show) as feed:
            await _until(lambda: stage.lines > 20 * count)
            found = await stage.deploy()
        await stage.close()
        return {**found, "lines_skipped": feed.skipped, **memory()}

    return _with_app(count, work)


class FleetStage:
    """The two pages, side by side."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        from desktop.ui.pages.deploy.page import DeployPage
        from desktop.ui.pages.live.page import LivePage

        self.names = tuple(host.name for host in app.inventory.hosts()[1:])
        self.lines = 0
        frame: Any = MadeUpFrame(loop, app.home.root / "orders-api")
        deeds: Any = FleetDeeds(app)
        self._frame, self._deeds = frame, deeds
        self._deploy, self._live = DeployPage(app, frame, deeds=deeds), LivePage(app, frame)
        self._pages: tuple[Any, ...] = (self._deploy, self._live)
        for page in self._pages:
            page.resize(1232, 840)
            page.show()
        looked: Any = MadeUpLive([seat(name, time.time()) for name in self.names])
        self._live.show_live(looked)
        self._deploy.shown("staging")

    def show(self, batch: list[Any]) -> None:
        self.lines += len(batch)
        self._live.log.add(batch)

    async def deploy(self) -> dict[str, Any]:
        """The plan, then the deploy, which is what is measured."""
        page, deeds = self._deploy, self._deeds
        await _until(lambda: page.found is not None)
        page.primary()
        await _until(lambda: not page.running and deeds.planned)
        meter, stopwatch = StallMeter(), Stopwatch()
        async with stopwatch:
            meter.start()
            before, began = self.lines, time.monotonic()
            page.primary()
            await _until(lambda: deeds.ended)
            passed = time.monotonic() - began
            meter.stop()
        return {
            "hosts": sum(one.state is HostState.DONE for one in deeds.results),
            "seconds": round(passed, 2),
            "log_lines_per_s": round((self.lines - before) / passed),
            "lag_p50_ms": round(meter.percentile(0.5), 2),
            "lag_p99_ms": round(meter.percentile(0.99), 2),
            "stall_max_ms": round(meter.worst_ms, 2),
            "loop_wait_p99_ms": round(stopwatch.lags.p99 * 1000, 2),
            "idle_process_waited_ms": round(stopwatch.lags.starved * 1000, 2),
        }

    async def close(self) -> None:
        for page in self._pages:
            page.hidden()
            page.hide()
        await self._frame.tasks.close()


class Followed:
    """A source of log lines: a command on a host that never ends."""

    remembers = True
    clock_offset = 0.0

    def __init__(self, channel: Channel) -> None:
        self.name = self.host = channel.name
        self._channel = channel

    async def lines(
        self, since_ns: int | None, tail: int | None, *, follow: bool
    ) -> AsyncGenerator[list[OutputLine], None]:
        yield CONNECTED
        batches: Any = self._channel.batches(sh(CHATTER))
        async with aclosing(batches):
            async for batch in batches:
                yield batch


class FleetDeeds(MadeUpDeeds):
    """Reads made-up releases, and runs each stage as commands on every host at the same time."""

    def __init__(self, app: App) -> None:
        super().__init__(app.home.root)
        self.app = app
        self.hosts = app.inventory.hosts()[1:]
        self.releases = {host.name: seen(host.name) for host in self.hosts}
        self.planned = self.ended = False
        self.results: tuple[HostResult, ...] = ()

    def target(self, name: str) -> Any:
        target = super().target(name)
        names = tuple(host.name for host in self.hosts)
        return replace(target, environment=replace(target.environment, hosts=names), hosts=self.hosts)

    async def plan(self, *words: Any) -> Any:
        prepared = await super().plan(*words)
        self.planned = True
        return prepared

    async def run(
        self,
        prepared: Any,
        watch: Callable[[str, StepResult], None],
        recorder: Callable[[str], Recorder],
        **more: Any,
    ) -> RolloutResult:
        tasks = [self._one(host.name, watch, recorder(host.name)) for host in self.hosts]
        self.results = tuple(await asyncio.gather(*tasks))
        self.ended = True
        return RolloutResult(prepared.release, self.results)

    async def _one(self, name: str, watch: Callable[[str, StepResult], None], told: Recorder) -> HostResult:
        channel = self.app.sessions.channel(name)
        for stage in STAGES:
            told.step, began = stage, time.monotonic()
            told.begin()
            if stage == "upload":
                parts = [PAYLOAD[at : at + 15_000] for at in range(0, len(PAYLOAD), 15_000)]
                done = await channel.send(sh("cat > /dev/null"), parts)
                for n in range(1, 11):
                    told.progress(n / 10)
            else:
                done = await channel.run(sh(f"for n in 1 2 3 4 5 6 7 8; do echo {stage} $n; done; sleep 0.2"))
            told.command(done)
            watch(name, StepResult(stage, TITLES[stage][0], StepState.APPLIED, time.monotonic() - began))
        return HostResult(name, HostState.DONE, sent_bytes=len(PAYLOAD))


def _with_app(count: int, work: Callable[[App, asyncio.AbstractEventLoop], Any]) -> dict[str, Any]:
    from desktop.ui.garbage import Garbage
    from desktop.ui.start import make_application
    from desktop.ui.steps import WindowLoop
    from desktop.ui.theme import theme

    application = make_application()
    theme().apply("light")
    loop = WindowLoop(application)
    asyncio.set_event_loop(loop)
    garbage = Garbage()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with hosts(home, count):

            async def all_of_it() -> dict[str, Any]:
                async with App(home, secrets=MemoryStore()) as app:
                    found: dict[str, Any] = await work(app, loop)
                    return found

            with loop:
                found: dict[str, Any] = loop.run_until_complete(all_of_it())
    garbage.release()
    return found


async def _until(holds: Callable[[], object], limit: float = 120.0) -> None:
    deadline = time.monotonic() + limit
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.02)


async def _quiet(limit: float = 60.0) -> None:
    """Until two seconds in a row cost next to nothing, or the limit is over."""
    deadline, still = time.monotonic() + limit, 0
    while still < 2 and time.monotonic() < deadline:
        before = time.process_time()
        await asyncio.sleep(1)
        still = still + 1 if time.process_time() - before < 0.05 else 0
