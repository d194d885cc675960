"""Several hosts set up side by side: each has its own state, questions, output, result and way back to its server."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop import app_setup_flow
from desktop.app import App
from desktop.app_setup import with_fix
from desktop.app_setup_flow import FlowState, HostFlow, SetupFlow
from desktop.base.errors import GoferryError
from desktop.base.jobs import JobState
from desktop.base.paths import Home
from desktop.base.plans import PlanRun, StepState
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host
from desktop.hosts.errors import Cut, Unreachable
from desktop.hosts.setup import Wish
from tests.unit.hosts_setup.scripted import Server

WISH = Wish(skip=frozenset({"trial"}))


class Stage:
    """An app whose hosts are scripted."""

    def __init__(self, app: App, *servers: Server) -> None:
        self.app, self.servers = app, {server.name: server for server in servers}
        self.seen: list[tuple[str, FlowState]] = []
        for server in servers:
            app.inventory.add(Host(server.name, "192.0.2.1", 22, "deploy", "own"))

        async def channel(host: str) -> Server:
            return self.servers[host]

        app.channel = channel  # type: ignore[method-assign, assignment]

    def flow(self, *, asks: bool = True) -> SetupFlow:
        flow = SetupFlow(self.app, self._changed, asks=asks)
        for name, server in self.servers.items():
            flow.add(name, WISH, Secret(server.sudo_password) if server.sudo_password else None)
        return flow

    def _changed(self, flow: HostFlow) -> None:
        if not self.seen or self.seen[-1] != (flow.host, flow.state):
            self.seen.append((flow.host, flow.state))


def play(tmp_path: Path, act: Callable[[Stage], Awaitable[None]], *servers: Server) -> Stage:
    async def inside() -> Stage:
        async with App(Home(tmp_path), secrets=MemoryStore()) as app:
            stage = Stage(app, *servers)
            await asyncio.wait_for(act(stage), 250)
            return stage

    return asyncio.run(inside())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(200):
        while not holds():
            await asyncio.sleep(0.01)


def states(ended: PlanRun | GoferryError) -> set[StepState]:
    assert isinstance(ended, PlanRun), ended
    return {result.state for result in ended.results}


def test_a_new_plan_takes_the_mirror_that_was_chosen_in_settings(tmp_path: Path) -> None:
    async def act(stage: Stage) -> None:
        stage.app.settings.change(package_mirror="tuna")
        flow = SetupFlow(stage.app, stage._changed)
        assert flow.add("good").wish.mirror == "tuna"
        assert flow.add("other", WISH).wish.mirror == "", "a wish of its own holds"

    play(tmp_path, act, Server("good"))


def test_each_host_has_its_own_result_and_the_failed_one_is_tried_again(tmp_path: Path) -> None:
    bad = Server("bad", broken={"packages": "Curl error (6): Could not resolve host: m.example"})

    async def act(stage: Stage) -> None:
        flow = stage.flow(asks=False)
        flow.start()
        ended = await flow.wait()
        assert states(ended["good"]) == {StepState.HELD, StepState.APPLIED}
        assert (flow.flows["good"].state, flow.flows["bad"].state) == (FlowState.DONE, FlowState.FAILED)
        error = flow.flows["bad"].error
        assert error is not None
        assert error.code == "setup.dns"
        assert flow.flows["bad"].results["packages"].state is StepState.FAILED
        assert flow.counts == {FlowState.DONE: 1, FlowState.FAILED: 1}
        bad.broken.clear()
        flow.retry_failed()
        assert not flow.flows["good"].busy
        again = await flow.wait()
        assert states(again["bad"]) == {StepState.HELD, StepState.APPLIED}
        assert flow.flows["bad"].error is None

    play(tmp_path, act, Server("good"), bad)


def test_what_a_step_says_and_where_a_host_stands_is_told_while_it_runs(tmp_path: Path) -> None:
    slow = Server("slow", waits={"service": asyncio.Event()})

    async def act(stage: Stage) -> None:
        flow = stage.flow()
        flow.start()
        one = flow.flows["slow"]
        await until(lambda: one.current == "service")
        assert one.state is FlowState.RUNNING
        assert one.results["packages"].state is StepState.APPLIED
        assert "packages is done" in [line.text for line in one.lines if line.step == "packages"]
        slow.waits["service"].set()
        await flow.wait()
        assert one.current == ""
        told = [state for _, state in stage.seen]
        assert told[:4] == [
            FlowState.WAITING,
            FlowState.LOOKING,
            FlowState.PLANNED,
            FlowState.RUNNING,
        ]
        assert FlowState.RECONNECTING in told  # for the group
        assert told[-1] is FlowState.DONE

    play(tmp_path, act, slow)


def test_a_host_that_needs_a_person_waits_and_holds_up_nobody(tmp_path: Path) -> None:
    async def act(stage: Stage) -> None:
        flow = stage.flow()
        flow.start()
        asks, free = flow.flows["asks"], flow.flows["free"]
        await until(lambda: asks.state is FlowState.NEEDS_YOU and free.state is FlowState.DONE)
        assert asks.job is not None
        assert asks.job.state is JobState.NEEDS_YOU
        assert asks.error is not None
        assert asks.error.code == "setup.question"
        stage.servers["asks"].rivals = ""
        flow.answer("asks", wish=with_fix(asks.wish, asks.error.fixes[0], asks.prepared))
        await flow.wait()
        assert (asks.state, asks.wish.remove_rivals, asks.job.state) == (FlowState.DONE, True, JobState.DONE)

    play(tmp_path, act, Server("asks", rivals="runc"), Server("free"))


def test_a_wrong_password_is_asked_for_again_and_never_sent_twice(tmp_path: Path) -> None:
    server = Server("x", sudo_password="right")

    async def act(stage: Stage) -> None:
        flow = stage.flow()
        one = flow.flows["x"]
        one.password = Secret("wrong")
        flow.start()
        await until(lambda: one.state is FlowState.NEEDS_YOU)
        assert one.error is not None
        assert one.error.code == "setup.sudo_wrong_password"
        assert one.password is None
        flow.answer("x", password=Secret("right"))
        await flow.wait()
        assert one.job is not None
        assert one.job.state is JobState.DONE
        assert one.prepared is not None
        assert one.prepared.hands.password is None

    play(tmp_path, act, server)


def test_a_declined_question_is_that_hosts_failure(tmp_path: Path) -> None:
    async def act(stage: Stage) -> None:
        flow = stage.flow()
        flow.start()
        await until(lambda: flow.flows["x"].state is FlowState.NEEDS_YOU)
        flow.decline("x")
        ended = (await flow.wait())["x"]
        assert isinstance(ended, GoferryError)
        assert (ended.code, flow.flows["x"].state) == ("setup.question", FlowState.FAILED)

    play(tmp_path, act, Server("x", rivals="runc"))


def test_a_lost_server_is_come_back_to_and_what_is_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_setup_flow, "PAUSES", (0.05, 200.0))
    away = Unreachable("x", "192.0.2.1:22", "no route")

    class AwayAfterTheCut(Server):
        def _lose(self, step: str) -> None:
            if step == "service" and self.lost.get(step):
                self.lost["look"] = [away]
            super()._lose(step)

    server = AwayAfterTheCut("x", lost={"service": [Cut("x")]})

    async def act(stage: Stage) -> None:
        flow = stage.flow()
        one = flow.flows["x"]
        flow.start()
        await until(lambda: one.tries == 2)
        assert one.state is FlowState.RECONNECTING
        assert one.retry_at is not None
        flow.retry_now("x")
        ended = (await flow.wait())["x"]
        assert flow.counts == {FlowState.DONE: 1}
        assert isinstance(ended, PlanRun)
        found = {result.id: result.state for result in ended.results}
        # the second look found it done: by this very flow, once
        assert (found["packages"], found["service"]) == (StepState.APPLIED, StepState.APPLIED)
        assert found["disk"] is StepState.HELD
        assert server.applied.count("packages") == 1

    play(tmp_path, act, server)


def test_a_server_that_never_answered_is_not_waited_for(tmp_path: Path) -> None:
    server = Server("x", lost={"look": [Unreachable("x", "192.0.2.1:22", "no route")]})

    async def act(stage: Stage) -> None:
        flow = stage.flow()
        flow.start()
        ended = (await flow.wait())["x"]
        assert isinstance(ended, GoferryError)
        assert ended.code == "host.unreachable"

    play(tmp_path, act, server)


def test_a_stop_lets_the_step_in_hand_end_and_a_cancel_does_not(tmp_path: Path) -> None:
    one, two = (Server(name, waits={"packages": asyncio.Event()}) for name in ("one", "two"))

    async def act(stage: Stage) -> None:
        flow = stage.flow()
        flow.start()
        await until(lambda: all(each.current == "packages" for each in flow.flows.values()))
        flow.stop_after_step("one")
        flow.cancel("two")
        one.waits["packages"].set()
        ended = await flow.wait()
        assert [each.state for each in flow.flows.values()] == [FlowState.STOPPED, FlowState.STOPPED]
        assert flow.flows["one"].results["packages"].state is StepState.APPLIED
        assert "service" not in flow.flows["one"].results
        assert "packages" not in flow.flows["two"].results
        assert {getattr(error, "code", "") for error in ended.values()} == {"setup.stopped"}
        two.waits["packages"].set()
        flow.retry_failed()
        await flow.wait()
        assert flow.counts == {FlowState.DONE: 2}

    play(tmp_path, act, one, two)


def test_looking_changes_nothing_and_one_step_is_taken_back_alone(tmp_path: Path) -> None:
    journal = "\n".join(
        f'{{"step":"{step}","key":"x","value":"y"}}' for step in ("service", "clean", "state")
    )

    async def act(stage: Stage) -> None:
        flow = stage.flow()
        one = flow.flows["x"]
        flow.look()
        await flow.wait()
        assert one.state is FlowState.PLANNED
        assert one.holds is not None
        assert (one.holds["disk"], one.holds["packages"]) == (True, False)
        flow.undo("x", only=("clean",))
        await flow.wait()
        assert (one.state, list(one.results)) == (FlowState.DONE, ["clean"])

    server = Server("x", journal=journal)
    play(tmp_path, act, server)


def test_steps_that_a_person_left_out_are_not_run(tmp_path: Path) -> None:
    async def act(stage: Stage) -> None:
        flow = stage.flow()
        flow.flows["x"].left_out = frozenset({"logs"})
        flow.answer("x", wish=replace(WISH, live_restore=True))
        flow.start()
        await flow.wait()
        assert "logs" not in flow.flows["x"].results
        assert "live" in flow.flows["x"].results

    play(tmp_path, act, Server("x"))


def test_headless_every_line_and_step_is_told_once(tmp_path: Path) -> None:
    from desktop.cli.answer import Output
    from desktop.cli.setup import carry_out

    err = io.StringIO()

    async def act(stage: Stage) -> None:
        answer = await carry_out(stage.app, Output(err=err), list(stage.servers), WISH, None, many=True)
        assert (answer.code, [host["state"] for host in answer.values["hosts"]]) == (3, ["done", "failed"])
        assert answer.values["hosts"][1]["error"]["code"] == "setup.lock"

    play(tmp_path, act, Server("good"), Server("bad", broken={"packages": "holding the yum lock"}))
    said = err.getvalue().splitlines()
    assert said.count("good:     packages is done") == 1
    assert [line for line in said if "good: applied" in line and "packages" in line] == [
        "good: applied    Docker's packages"
    ]
    assert "bad: failed     Docker's packages" in said
    assert "bad:     holding the yum lock" in said
