"""Carries a release out on several hosts: how many at a time, where it stops, and who goes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from desktop.base.errors import explained
from desktop.base.plans import StepState
from desktop.base.together import together
from desktop.base.words import Words, msg, nmsg

from .model import HostResult, HostState
from .perform import Rollout
from .strategy import ONE_BY_ONE, Strategy

Back = Callable[[Rollout], Awaitable[Rollout | None]]
"""The way back on a host that has the new release; None where nothing served before. Raises what looking raises."""


async def roll_out(
    rollouts: Sequence[Rollout], strategy: Strategy = ONE_BY_ONE, back: Back | None = None
) -> tuple[HostResult, ...]:
    """Batch after batch, each host after its `hold`. When a host fails the others of its batch come to their end, and
    the rest stay as they are; with `strategy.undo` those that were switched go `back`. A cancel is raised when each
    host is as it was."""
    results: list[HostResult] = []
    failed = ""
    for batch in strategy.batches(rollouts):
        if failed:
            results += [_left_alone(rollout, failed) for rollout in batch]
            continue
        results += await together(*(_one(rollout) for rollout in batch))
        failed = next((result.name for result in results if result.error is not None), "")
    if failed and strategy.undo and back is not None:
        return await _taken_back(rollouts, results, failed, strategy, back)
    return tuple(results)


async def _one(rollout: Rollout) -> HostResult:
    if rollout.hold is not None:
        await rollout.hold()
    try:
        return await rollout.run()
    except Exception as error:  # noqa: BLE001  the other hosts of the batch must not end with this one
        return HostResult(
            rollout.place.host, HostState.FAILED, rollout.plan().pending(), error=explained(error)
        )


def _left_alone(rollout: Rollout, failed: str) -> HostResult:
    note = msg("Not touched, because {host} failed.", host=failed)
    return HostResult(rollout.place.host, HostState.UNCHANGED, rollout.plan().pending(), notes=(note,))


# -------------------------------------------------------------------- the way back


async def _taken_back(
    rollouts: Sequence[Rollout],
    results: Sequence[HostResult],
    failed: str,
    strategy: Strategy,
    back: Back,
) -> tuple[HostResult, ...]:
    """The last host first. Who failed has its old version already."""
    answer = list(results)
    switched = [at for at, rollout in enumerate(rollouts) if rollout.switched][::-1]
    for batch in strategy.batches(switched):
        gone = await together(*(_back_on(rollouts[at], results[at], failed, back) for at in batch))
        for at, result in zip(batch, gone, strict=True):
            answer[at] = result
    return tuple(answer)


async def _back_on(rollout: Rollout, result: HostResult, failed: str, back: Back) -> HostResult:
    try:
        way = await back(rollout)
        if way is None:
            note = msg(
                "Nothing served here before: the new version stays, although {host} failed.", host=failed
            )
            return replace(result, notes=(*result.notes, note))
        ended = await way.run()
    except Exception as error:  # noqa: BLE001  told with its host; the others still go back
        return replace(result, state=HostState.UNKNOWN, error=explained(error))
    seconds = result.seconds + ended.seconds
    if ended.error is not None:
        return replace(result, state=HostState.FAILED, error=ended.error, seconds=seconds)
    gaps = [gap for gap in (result.downtime_ms, ended.downtime_ms) if gap is not None]
    note = msg("Taken back, because {host} failed.", host=failed)
    steps = tuple(step for step in result.steps if step.state is not StepState.PENDING)
    return replace(
        result,
        state=HostState.ROLLED_BACK,
        steps=steps,
        seconds=seconds,
        downtime_ms=sum(gaps) if gaps else None,
        notes=(*result.notes, note),
    )


def summary(results: Sequence[HostResult]) -> Words:
    """One line for all hosts."""
    done = sum(
        result.state in (HostState.DONE, HostState.UNCHANGED) and result.error is None for result in results
    )
    failed = sum(result.error is not None for result in results)
    if failed:
        return nmsg("{n} host failed.", "{n} hosts failed.", failed)
    return nmsg("{n} host serves it.", "{n} hosts serve it.", done)


__all__ = ["Back", "roll_out", "summary"]
