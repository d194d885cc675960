"""Run here without an engine, with real processes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.base.secret import Secret
from desktop.build import Binary
from desktop.hosts import Cut
from desktop.release import (
    Artifact,
    ExitedAtOnce,
    Health,
    HostResult,
    HostState,
    Locked,
    NeverHealthy,
    Outcome,
    PortBusy,
    Rollout,
    Seen,
    Wish,
    new_release,
    rollback_target,
)
from desktop.release.places.native import NativePlace
from tests.ports import free_port

from .service import write_service

pytestmark = [
    pytest.mark.skipif(
        sys.platform == "win32", reason="the service is a script; tests/windows has the same with a binary"
    ),
]
QUICK = Health(http="/health", interval=0.1, timeout=1.0, retries=1, start=200.0)
SHORT = replace(QUICK, start=0.5)
"""For a version that never becomes healthy."""


@dataclass
class Here:
    """A place of its own, and the few moves the tests make."""

    place: NativePlace
    service: Path
    port: int
    home: Home

    def wish(self, version: str, **more: Any) -> Wish:
        env = (("VERSION", version), *tuple(more.pop("env", {}).items()))
        more.setdefault("health", QUICK)
        return Wish("orders", version, 8080, self.port, env=env, by="tester", **more)

    def artifact(self) -> Artifact:
        digest = hashlib.sha256(self.service.read_bytes()).hexdigest()
        size = self.service.stat().st_size
        binary = Binary("linux/amd64", self.service, size, digest, True, (), "amd64", 0.1, "1", "orders")
        return Artifact.of_binary(binary, self.service.parent)

    async def deploy(self, wish: Wish) -> HostResult:
        seen = await self.place.look("orders")
        artifact = self.artifact()
        release = new_release(wish, artifact, [seen])
        return await Rollout(
            self.place, release, artifact, wish.values(), seen, by="tester", keep=wish.keep
        ).run()

    def served(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=60) as answer:
            return str(answer.read().decode())

    def until_served(self, wanted: str) -> None:
        deadline = time.monotonic() + 120
        last = ""
        while time.monotonic() < deadline:
            try:
                last = self.served()
            except OSError as error:
                last = str(error)
            if last.startswith(wanted):
                return
            time.sleep(0.1)
        pytest.fail(f"{wanted} did not come: {last}")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    pool = Pool("release", 8)
    place = NativePlace(Home(tmp_path / "home"), pool)
    yield Here(place, write_service(tmp_path / "service"), free_port(), Home(tmp_path / "home"))
    seen = asyncio.run(place.look("orders"))
    asyncio.run(place.forget("orders", seen.releases))
    pool.close()


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def test_a_release_serves_after_the_program_that_deployed_it_is_gone(here: Here) -> None:
    result: HostResult = run(here.deploy(here.wish("1.0")))
    assert result.error is None
    assert result.state is HostState.DONE
    assert [step.id for step in result.steps] == [
        *("lock", "upload", "load", "start", "health", "switch", "retire", "record")
    ]
    assert here.served().startswith("1.0")
    seen: Seen = run(here.place.look("orders"))
    assert seen.up
    assert seen.serving is not None
    assert (seen.serving.version, seen.serving.by) == ("1.0", "tester")


def test_the_same_release_twice_changes_nothing(here: Here) -> None:
    run(here.deploy(here.wish("1.0")))
    again: HostResult = run(here.deploy(here.wish("1.0")))
    assert again.state is HostState.UNCHANGED
    assert {str(step.state) for step in again.steps} == {"held"}


def test_a_new_version_takes_over_and_the_gap_is_measured(here: Here) -> None:
    run(here.deploy(here.wish("1.0")))
    result: HostResult = run(here.deploy(here.wish("2.0")))
    assert here.served().startswith("2.0")
    assert result.downtime_ms is not None
    assert 0 < result.downtime_ms < 200_000
    seen: Seen = run(here.place.look("orders"))
    assert [r.sequence for r in seen.releases] == [1, 2]
    assert [i.running for i in seen.instances] == [False, True]


def bad_deploy(here: Here, behaviour: str, error: type[Exception]) -> HostResult:
    """One that fails in this way, with what the program said in its error. It is given up after half a second; should
    the program not have come so far by then, once more, and later."""
    bad: HostResult | None = None
    for start in (0.5, 5.0, 50.0):
        wish = here.wish("2.0", env={"BEHAVIOUR": behaviour}, health=replace(QUICK, start=start))
        bad = run(here.deploy(wish))
        if bad and isinstance(bad.error, error) and "starting 2.0" in str(getattr(bad.error, "detail", "")):
            return bad
    raise AssertionError(bad)


@pytest.mark.parametrize(("behaviour", "error"), [("exit", ExitedAtOnce), ("sick", NeverHealthy)])
def test_a_bad_version_is_taken_back_and_the_old_one_serves(
    here: Here, behaviour: str, error: type[Exception]
) -> None:
    run(here.deploy(here.wish("1.0", secrets=(("TOKEN", Secret("s3cret")),))))
    bad = bad_deploy(here, behaviour, error)
    assert bad.state is HostState.ROLLED_BACK
    here.until_served("1.0 s3cret")
    seen: Seen = run(here.place.look("orders"))
    assert seen.releases[-1].outcome is Outcome.FAILED
    good: HostResult = run(here.deploy(here.wish("3.0")))
    assert good.state is HostState.DONE


def test_a_link_that_goes_while_the_old_version_is_brought_back_is_not_called_a_failure_to_start_it(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(here.deploy(here.wish("1.0")))
    restore = here.place.restore

    async def unheard(*words: Any) -> None:
        await restore(*words)
        raise Cut("web-1")

    monkeypatch.setattr(here.place, "restore", unheard)
    result: HostResult = run(here.deploy(here.wish("2.0", env={"BEHAVIOUR": "sick"}, health=SHORT)))
    assert isinstance(result.error, NeverHealthy)
    assert result.state is HostState.UNKNOWN
    here.until_served("1.0")


def test_rollback_brings_back_program_and_configuration(here: Here) -> None:
    run(here.deploy(here.wish("1.0")))
    run(here.deploy(here.wish("2.0")))
    seen: Seen = run(here.place.look("orders"))
    target = rollback_target(seen)
    back = Rollout(
        here.place, target, Artifact.of_release(target), target.env, seen, by="tester", rollback=True
    )
    result: HostResult = run(back.run())
    assert result.state is HostState.DONE
    assert here.served().startswith("1.0")
    after: Seen = run(here.place.look("orders"))
    assert after.current == target.id
    assert after.releases[-1].outcome is Outcome.ROLLED_BACK


def test_a_taken_port_is_refused_before_anything_is_stopped_and_its_owner_named(here: Here) -> None:
    words = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(here.port)]
    other = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{here.port}/", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        result: HostResult = run(here.deploy(here.wish("1.0")))
    finally:
        other.kill()
        other.wait()
    assert isinstance(result.error, PortBusy)
    assert f"pid {other.pid}" in str(result.error)
    assert run(here.place.look("orders")).instances == ()


def test_the_second_of_two_deploys_is_told_who_is_first(here: Here) -> None:
    async def both() -> HostResult:
        async with NativePlace(here.home, here.place._pool).hold("orders", "Lin Yue", "deploy 1-abcd"):
            return await here.deploy(here.wish("1.0"))

    result: HostResult = run(both())
    assert isinstance(result.error, Locked)
    assert "Lin Yue" in str(result.error)
    assert result.state is HostState.FAILED


def test_a_crash_is_followed_by_a_restart(here: Here) -> None:
    run(here.deploy(here.wish("1.0")))
    folder = here.home.root / "native" / "orders" / run(here.place.look("orders")).current
    before = _pid(folder)
    os.kill(before, signal.SIGKILL)
    _until(lambda: _pid(folder) not in (0, before))
    here.until_served("1.0")
    seen: Seen = run(here.place.look("orders"))
    assert seen.instances[0].restarts == 1


def test_a_cancelled_deploy_leaves_the_old_version_serving(here: Here) -> None:
    run(here.deploy(here.wish("1.0")))

    async def cancelled() -> None:
        wish = here.wish("2.0", env={"BEHAVIOUR": "sick"}, health=replace(QUICK, start=600.0))
        task = asyncio.ensure_future(here.deploy(wish))
        while len((await here.place.look("orders")).instances) < 2:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    here.until_served("1.0")
    assert len(run(here.place.look("orders")).instances) == 1


def test_a_cancel_while_it_is_confirmed_comes_too_late(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    run(here.deploy(here.wish("1.0")))
    confirm = here.place.confirm

    async def slow(*words: Any) -> None:
        asyncio.get_running_loop().call_soon(tasks[0].cancel)
        await asyncio.sleep(0.3)
        await confirm(*words)

    tasks: list[asyncio.Task[HostResult]] = []
    monkeypatch.setattr(here.place, "confirm", slow)

    async def cancelled() -> None:
        tasks.append(asyncio.ensure_future(here.deploy(here.wish("2.0"))))
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    run(cancelled())
    here.until_served("2.0")
    seen: Seen = run(here.place.look("orders"))
    assert seen.serving is not None
    assert seen.serving.version == "2.0"


def test_what_really_runs_is_current_whatever_was_written(here: Here) -> None:
    run(here.deploy(here.wish("1.0")))
    first = run(here.place.look("orders")).current
    (here.home.root / "native" / "orders" / "current").write_text("9-none", encoding="utf-8")
    assert run(here.place.look("orders")).current == first


def test_when_goferry_is_killed_during_a_deploy_the_old_version_comes_back_by_itself(
    here: Here, tmp_path: Path
) -> None:
    run(here.deploy(here.wish("1.0")))
    script = tmp_path / "deploy.py"
    script.write_text(
        KILLED.format(home=str(here.home.root), service=str(here.service), port=here.port), "utf-8"
    )
    child = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    try:
        _until(
            lambda: any(i.version == "2.0" and i.running for i in run(here.place.look("orders")).instances)
        )
    finally:
        child.kill()
        child.wait()
    here.until_served("1.0")
    assert run(here.deploy(here.wish("3.0"))).state is HostState.DONE
    here.until_served("3.0")
    assert len(run(here.place.look("orders")).instances) == 2


KILLED = """
import asyncio
from dataclasses import replace
from pathlib import Path
from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.release.places.native import NativePlace
from tests.unit.release.test_native import Here, QUICK
here = Here(NativePlace(Home(Path({home!r})), Pool("x", 4)), Path({service!r}), {port}, Home(Path({home!r})))
wish = here.wish("2.0", env={{"BEHAVIOUR": "sick"}}, health=replace(QUICK, start=600.0))
asyncio.run(here.deploy(wish))
"""


def _pid(folder: Path) -> int:
    from desktop.release.supervise import read_state

    now = read_state(folder)
    return now.pid if now is not None and now.state == "running" else 0


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
