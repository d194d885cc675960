"""One release over several hosts: real programs, each host a place of its own on this computer."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.base.plans import StepResult, StepState
from desktop.build import Binary
from desktop.release import (
    Artifact,
    ExitedAtOnce,
    Health,
    HostResult,
    HostState,
    Rollout,
    Strategy,
    Wish,
    new_release,
    roll_out,
)
from desktop.release.places.native import NativePlace
from tests.ports import free_port

from .service import write_service

NATIVE = pytest.mark.skipif(sys.platform == "win32", reason="the service is a script")
HEALTH = Health(http="/health", interval=0.1, timeout=5.0, retries=1, start=200.0)
NAMES = ("a", "b", "c", "d", "e")


@dataclass
class Fleet:
    """Five hosts; each gets its own values, so that one of them can be bad."""

    folder: Path
    service: Path
    pool: Pool
    ports: dict[str, int]
    begun: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    most_at_once: int = 0

    def place(self, name: str) -> NativePlace:
        return NativePlace(Home(self.folder / name), self.pool, name)

    def watch(self, host: str, result: StepResult) -> None:
        if host not in self.begun:
            self.begun.append(host)
        if result.state is StepState.FAILED or (result.id, result.state) == ("record", StepState.APPLIED):
            self.ended.add(host)
        self.most_at_once = max(self.most_at_once, len(self.begun) - len(self.ended))

    async def rollouts(self, version: str, **behaviour: str) -> list[Rollout]:
        self.begun, self.ended, self.most_at_once = [], set(), 0
        digest = hashlib.sha256(self.service.read_bytes()).hexdigest()
        size = self.service.stat().st_size
        binary = Binary("linux/amd64", self.service, size, digest, True, (), "amd64", 0.1, "1", "orders")
        artifact = Artifact.of_binary(binary, self.service.parent)
        made = []
        for name in NAMES:
            place = self.place(name)
            env = {"VERSION": version, "BEHAVIOUR": behaviour.get(name, "")}
            wish = Wish("orders", version, 8080, self.ports[name], env=tuple(env.items()), health=HEALTH)
            seen = await place.look("orders")
            release = new_release(wish, artifact, [seen])
            rollout = Rollout(place, release, artifact, wish.values(), seen, watch=self.watch)
            made.append(rollout)
        return made

    async def deploy(self, version: str, strategy: Strategy, **behaviour: str) -> tuple[HostResult, ...]:
        return await roll_out(await self.rollouts(version, **behaviour), strategy, self.back)

    async def back(self, rollout: Rollout) -> Rollout | None:
        old = rollout.decision.old
        if old is None:
            return None
        seen = await rollout.place.look("orders")
        return replace(
            rollout, release=old, artifact=Artifact.of_release(old), values=old.env, seen=seen, rollback=True
        )

    def served(self) -> dict[str, str]:
        return {name: self._served(port) for name, port in self.ports.items()}

    async def serves(self, **versions: str) -> None:
        """Waits: what was started again takes a moment. The limit is the test's own."""
        while (found := self.served()) != {name: versions.get(name, "") for name in NAMES}:
            print(found)
            await asyncio.sleep(0.2)

    def _served(self, port: int) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
                return str(answer.read().decode()).strip()
        except OSError:
            return ""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    pool = Pool("release", 16)
    made = Fleet(tmp_path, write_service(tmp_path / "service"), pool, {name: free_port() for name in NAMES})
    yield made

    async def end() -> None:
        for name in NAMES:
            seen = await made.place(name).look("orders")
            await made.place(name).forget("orders", seen.releases)

    asyncio.run(end())
    pool.close()


@NATIVE
def test_a_release_holds_between_hosts_and_goes_on_when_it_may(fleet: Fleet) -> None:
    async def way() -> None:
        rollouts = (await fleet.rollouts("1.0"))[:2]
        go, waiting = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            if fleet.begun:
                waiting.set()
                await go.wait()

        for rollout in rollouts:
            rollout.hold = hold
        work = asyncio.create_task(roll_out(rollouts, Strategy()))
        await waiting.wait()
        await fleet.serves(a="1.0")
        assert fleet.begun == ["a"]
        go.set()
        assert states(await work) == [HostState.DONE] * 2
        await fleet.serves(a="1.0", b="1.0")

    asyncio.run(way())


def states(results: tuple[HostResult, ...]) -> list[HostState]:
    return [result.state for result in results]


@NATIVE
@pytest.mark.timeout(600)
def test_hosts_go_in_batches_a_failure_stops_the_next_batch_and_who_was_switched_goes_back(
    fleet: Fleet,
) -> None:
    async def run() -> None:
        first = await fleet.deploy("1.0", Strategy("all"))
        assert states(first) == [HostState.DONE] * 5
        assert fleet.most_at_once == 5

        stopped = await fleet.deploy("2.0", Strategy("batches", 2), c="exit")
        done, undone, alone = HostState.DONE, HostState.ROLLED_BACK, HostState.UNCHANGED
        assert states(stopped) == [done, done, undone, done, alone]
        assert isinstance(stopped[2].error, ExitedAtOnce)
        assert fleet.most_at_once == 2
        assert "e" not in fleet.begun
        assert str(stopped[4].notes[0]) == "Not touched, because c failed."
        await fleet.serves(a="2.0", b="2.0", c="1.0", d="2.0", e="1.0")

        back = await fleet.deploy("3.0", Strategy("batches", 4, undo=True), d="exit")
        assert states(back) == [undone, undone, undone, undone, alone]
        assert [result.error is not None for result in back] == [False, False, False, True, False]
        assert str(back[0].notes[-1]) == "Taken back, because d failed."
        await fleet.serves(a="2.0", b="2.0", c="1.0", d="2.0", e="1.0")

    asyncio.run(run())


@NATIVE
@pytest.mark.timeout(600)
def test_a_cancel_ends_all_hosts_and_what_served_serves_again(fleet: Fleet) -> None:
    async def run() -> None:
        await fleet.deploy("1.0", Strategy("all"), e="exit")
        sick = dict.fromkeys(NAMES, "sick")
        rollouts = await fleet.rollouts("2.0", **sick)
        trying = asyncio.Event()

        def watch(host: str, result: StepResult) -> None:
            if result.id == "start" and result.state is StepState.APPLIED:
                fleet.ended.add(host)
                if len(fleet.ended) == len(NAMES):
                    trying.set()

        for rollout in rollouts:
            rollout.watch = watch
        task = asyncio.ensure_future(roll_out(rollouts, Strategy("all")))
        await trying.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while fleet.served() != {"a": "1.0", "b": "1.0", "c": "1.0", "d": "1.0", "e": ""}:
            await asyncio.sleep(
                0.2
            )  # they have been started again, and take a moment; the time limit is the test's

    asyncio.run(run())


@NATIVE
@pytest.mark.timeout(600)
def test_where_nothing_served_before_there_is_no_way_back_and_that_is_said(fleet: Fleet) -> None:
    async def run() -> None:
        results = await fleet.deploy("1.0", Strategy("one", undo=True), b="exit")
        assert states(results)[0] is HostState.DONE
        assert str(results[0].notes[-1]).startswith("Nothing served here before: the new version stays")
        assert [result.state for result in results[2:]] == [HostState.UNCHANGED] * 3
        await fleet.serves(a="1.0")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("strategy", "sizes", "words"),
    [
        (Strategy(), [1, 1, 1, 1, 1], "1 host at a time, 5 in all"),
        (Strategy("batches", 2), [2, 2, 1], "2 hosts at a time, 5 in all"),
        (Strategy("batches", 9), [5], "all 5 hosts at once"),
        (Strategy("all"), [5], "all 5 hosts at once"),
    ],
)
def test_a_strategy_says_how_many_go_together(strategy: Strategy, sizes: list[int], words: str) -> None:
    assert [len(batch) for batch in strategy.batches(NAMES)] == sizes
    assert str(strategy.words(len(NAMES))) == words
