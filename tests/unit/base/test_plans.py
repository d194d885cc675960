"""A plan asks each check again right before it applies, stops at the first failure, and can be taken back."""

from __future__ import annotations

import asyncio

from desktop.base.plans import Plan, Recorder, Step, StepState, run_plan, undo_plan


class World:
    """Something that steps change."""

    def __init__(self, *there: str) -> None:
        self.there = list(there)

    def step(self, name: str, *, fails: bool = False) -> Step:
        async def check(recorder: Recorder) -> bool:
            return name in self.there

        async def apply(recorder: Recorder) -> None:
            if fails:
                raise OSError("disk full")
            self.there.append(name)

        async def undo(recorder: Recorder) -> None:
            if name in self.there:
                self.there.remove(name)

        return Step(name, name, "because", apply, check=check, undo=undo)


def test_what_holds_already_is_not_done_again() -> None:
    world = World("a")
    run = asyncio.run(run_plan(Plan("p", "h", (world.step("a"), world.step("b")))))
    assert [result.state for result in run.results] == [StepState.HELD, StepState.APPLIED]
    assert world.there == ["a", "b"]


def test_it_stops_at_the_first_failure_and_a_second_run_goes_on() -> None:
    world = World()
    plan = Plan("p", "h", (world.step("a"), world.step("b", fails=True), world.step("c")))
    run = asyncio.run(run_plan(plan))
    assert [result.state for result in run.results] == [
        StepState.APPLIED,
        StepState.FAILED,
        StepState.PENDING,
    ]
    assert run.error is not None
    assert "disk full" in str(run.error.what)
    again = asyncio.run(run_plan(Plan("p", "h", (world.step("a"), world.step("b"), world.step("c")))))
    assert [result.state for result in again.results] == [
        StepState.HELD,
        StepState.APPLIED,
        StepState.APPLIED,
    ]


def test_undo_takes_back_only_what_it_made() -> None:
    world = World("a")
    plan = Plan("p", "h", (world.step("a"), world.step("b"), world.step("c")))
    run = asyncio.run(run_plan(plan))
    assert asyncio.run(undo_plan(plan, run.results)) == []
    assert world.there == ["a"]
