"""Made-up answers for the Deploy page: three servers, a history, a plan, a run that is driven by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from desktop.app_deploy import Prepared, Target
from desktop.app_releases import Overview
from desktop.base.blocking import Pool
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.plans import Recorder, StepResult, StepState
from desktop.base.secret import Secret
from desktop.hosts import Host
from desktop.project import Config, Environment
from desktop.release import (
    Artifact,
    HostResult,
    HostState,
    Instance,
    Outcome,
    Release,
    Rollout,
    RolloutResult,
    Seen,
    ToSend,
)
from desktop.release.perform import TITLES
from desktop.release.places.engine import EnginePlace
from desktop.ui.pages.deploy.compare import Held
from desktop.ui.wishes import DeployTo

STAGES = ("lock", "upload", "load", "start", "health", "switch", "retire", "record")
HOSTS = tuple(Host(f"web-bj-0{n}", f"192.0.2.1{n}", user="deploy", groups=("production",)) for n in (1, 2, 3))
PEOPLE = ("Lin Yue@desk-7", "Chen Wei@desk-2", "Lin Yue@desk-7", "Zhao Min@desk-4", "Chen Wei@desk-2")


def release(sequence: int, version: str, **changes: Any) -> Release:
    made = Release(
        id=f"{sequence}-1f3a",
        sequence=sequence,
        app="orders-api",
        image_ref=f"orders-api:{version}",
        image_digest=f"sha256:{sequence}d0a7c41e0a5d27bb77d0{sequence:02}9b1f4c41b{sequence}",
        version=version,
        port=8080,
        publish=80,
        env=(("CACHE_TTL", "30s"), ("LOG_LEVEL", "debug")),
        by=PEOPLE[sequence % len(PEOPLE)],
        at=time.time() - (20 - sequence) * 90_000,
        environment="production",
    )
    return replace(made, **changes)


HISTORY = (
    release(14, "1.7.2", outcome=Outcome.REMOVED),
    release(15, "1.7.3", outcome=Outcome.ROLLED_BACK, note="By itself after 71 s: errors 4.2%"),
    release(16, "1.7.4"),
    release(17, "1.8.0"),
)
NEW = release(
    18,
    "1.9.0",
    at=time.time(),
    note="Order search, cache time to live",
    env=(("CACHE_TTL", "5m"), ("LOG_LEVEL", "info")),
)


def seen(host: str, *, releases: Sequence[Release] = HISTORY, current: str = "17-1f3a") -> Seen:
    instances = tuple(
        Instance(host, r.app, r.id, "running" if r.id == current else "exited", version=r.version)
        for r in releases
        if r.outcome is not Outcome.REMOVED
    )
    return Seen(host, "orders-api", tuple(releases), instances, current, time.time(), "amd64")


class MadeUpDeeds:
    """Answers the page; a run waits at each stage until the test lets it go on."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.pool = Pool("made-up", 1)
        self.names: tuple[str, ...] = ("dev", "staging", "production", "local")
        self.releases: dict[str, Seen] = {host.name: seen(host.name) for host in HOSTS}
        self.offline: dict[str, GoferryError] = {}
        self.plan_error: GoferryError | None = None
        self.result: RolloutResult | None = None
        self.asked: list[tuple[Any, ...]] = []
        self.kept: dict[str, Secret] = {}
        self.watch: Callable[[str, StepResult], None] = lambda host, result: None
        self.recorder: Callable[[str], Recorder] = lambda host: Recorder()
        self.hold: Callable[[], Awaitable[None]] | None = None
        self.go_on = asyncio.Event()

    def target(self, name: str) -> Target:
        hosts = HOSTS if name != "local" else (Host("local", ""),)
        environment = Environment(name, tuple(host.name for host in hosts), publish=80)
        project: Any = SimpleNamespace(folder=self.tmp_path / "orders-api")
        return Target(project, Config("orders-api", port=8080), environment, hosts)

    def place(self, host: str) -> EnginePlace:
        channel: Any = SimpleNamespace(name=host, local=False)
        nobody: Any = None
        return EnginePlace(channel, nobody, self.pool, Home(self.tmp_path / "home"))

    async def environments(self, folder: Path) -> tuple[str, ...]:
        return self.names

    async def look(self, folder: Path, name: str) -> Overview:
        self.asked.append(("look", name))
        there = {host: s for host, s in self.releases.items() if host not in self.offline}
        if not there and self.offline:
            raise next(iter(self.offline.values()))
        return Overview(self.target(name), {}, there, dict(self.offline))

    async def plan(
        self, folder: Path, to: DeployTo, say: Callable[[Any], None], without: Sequence[str]
    ) -> Prepared:
        self.asked.append(("plan", to.environment, tuple(without)))
        if to.only:
            self.asked.append(("part", to))
        if self.plan_error is not None:
            raise self.plan_error
        left = [host for host in self.releases if to.only and host not in to.only]
        return self.prepared(to.environment, NEW, (*without, *left))

    def prepared(self, name: str, wanted: Release, without: Sequence[str] = ()) -> Prepared:
        target = self.target(name)
        artifact = Artifact(ref=wanted.image_ref, digest=wanted.image_digest)
        here = {
            host: s for host, s in self.releases.items() if host not in self.offline and host not in without
        }
        rollouts = [Rollout(self.place(host), wanted, artifact, (), s) for host, s in here.items()]
        send = {host: ToSend(14_200_000, 1, 3) for host in here}
        offline = {host: error for host, error in self.offline.items() if host not in without}
        return Prepared(target, wanted, rollouts, {}, here, offline, send)

    async def images(self, releases: Sequence[Release]) -> dict[str, Held]:
        return {}

    async def save(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")

    async def plan_back(self, folder: Path, name: str, wanted: str) -> Prepared:
        self.asked.append(("plan_back", name, wanted))
        found = next(r for r in HISTORY if r.id == wanted)
        return self.prepared(name, found)

    async def run(
        self,
        prepared: Prepared,
        watch: Callable[[str, StepResult], None],
        recorder: Callable[[str], Recorder],
        *,
        take_over: bool = False,
        hold: Callable[[], Awaitable[None]] | None = None,
    ) -> RolloutResult:
        self.asked.append(("run", prepared.release.id, take_over))
        self.hold = hold
        self.watch, self.recorder = watch, recorder
        await self.go_on.wait()
        self.go_on.clear()
        assert self.result is not None
        return self.result

    async def act(self, folder: Path, name: str, verb: str) -> tuple[HostResult, ...]:
        self.asked.append(("act", name, verb))
        return tuple(HostResult(host.name, HostState.DONE) for host in HOSTS)

    async def keep_spread(self, folder: Path, environment: str, values: Mapping[str, Any]) -> None:
        self.asked.append(("keep_spread", environment, dict(values)))

    async def keep_secrets(self, app_name: str, environment: str, values: Mapping[str, Secret]) -> None:
        self.asked.append(("keep", app_name, environment, tuple(values)))
        self.kept.update(values)
        self.plan_error = None

    def tell(
        self, host: str, *ended: tuple[str, float], failed: tuple[str, GoferryError] | None = None
    ) -> None:
        """Stages of a host that have ended so far; the others are pending."""
        times = dict(ended)
        for stage in STAGES:
            title = TITLES[stage][0]
            state = StepState.APPLIED if stage in times else StepState.PENDING
            result = StepResult(stage, title, state, times.get(stage, 0.0))
            if failed is not None and failed[0] == stage:
                result = StepResult(stage, title, StepState.FAILED, 1.0, error=failed[1])
            self.watch(host, result)
