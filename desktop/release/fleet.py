"""Carries a release out on several hosts, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.base.errors import GoferryError
from desktop.base.words import Words, msg, nmsg

from .model import HostResult, HostState
from .perform import Rollout


async def roll_out(rollouts: Sequence[Rollout]) -> tuple[HostResult, ...]:
    """One host after the other; after the first failure the others stay as they are."""
    results: list[HostResult] = []
    for rollout in rollouts:
        if results and results[-1].error is not None:
            results.append(_left_alone(rollout, results[-1].name))
            continue
        try:
            results.append(await rollout.run())
        except GoferryError as error:
            results.append(
                HostResult(rollout.place.host, HostState.FAILED, rollout.plan().pending(), error=error)
            )
    return tuple(results)


def _left_alone(rollout: Rollout, failed: str) -> HostResult:
    note = msg("Not touched, because {host} failed.", host=failed)
    return HostResult(rollout.place.host, HostState.UNCHANGED, rollout.plan().pending(), notes=(note,))


def summary(results: Sequence[HostResult]) -> Words:
    """One line for all hosts."""
    done = sum(
        result.state in (HostState.DONE, HostState.UNCHANGED) and result.error is None for result in results
    )
    failed = sum(result.error is not None for result in results)
    if failed:
        return nmsg("{n} host failed.", "{n} hosts failed.", failed)
    return nmsg("{n} host serves it.", "{n} hosts serve it.", done)


__all__ = ["roll_out", "summary"]
