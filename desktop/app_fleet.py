"""A deploy to several hosts: its strategy, the way back, and what the hosts share. No Qt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from desktop.release import (
    Artifact,
    Back,
    HostResult,
    Joins,
    Relayed,
    Release,
    Rollout,
    Strategy,
    Values,
    roll_out,
)

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.project import Environment
    from desktop.ship import Convoy

Gather = Callable[[int, str], Awaitable["Convoy"]]
"""What so many hosts share, with a relay ("web-1" or "web-1:47800") or without one."""


def strategy_of(environment: Environment) -> Strategy:
    return Strategy(environment.strategy, environment.batch, environment.on_failure == "rollback")


def way_back(values_of: Callable[[Release], Awaitable[Values]]) -> Back:
    """To what served on a host before this run, with the values that are kept now."""

    async def back(rollout: Rollout) -> Rollout | None:
        old, place = rollout.decision.old, rollout.place
        if old is None:
            return None
        seen = await place.look(old.app)
        values = await values_of(old)
        return Rollout(
            place, old, Artifact.of_release(old), values, seen, by=rollout.by, keep=rollout.keep, rollback=True,
            watch=rollout.watch, recorder=rollout.recorder,
        )  # fmt: skip

    return back


def check_relay(app: App, relay: str) -> None:
    """Raises UnknownHost."""
    if relay:
        app.inventory.get(relay.partition(":")[0])


async def gather(app: App, hosts: int, relay: str) -> Convoy:
    """Raises UnknownHost."""
    name, _, port = relay.partition(":")
    through = await app.channel(name) if name else None
    return app.quick.convoy(hosts, through, int(port or 0))


async def travel(
    rollouts: Sequence[Rollout], strategy: Strategy, back: Back | None, gather: Gather | None, relay: str
) -> tuple[tuple[HostResult, ...], Relayed | None]:
    """Rolls out; what several hosts want alike is packed once for all of them."""
    places = [rollout.place for rollout in rollouts if not rollout.decision.unchanged]
    joining = [place for place in places if isinstance(place, Joins)]
    if gather is None or len(joining) < 2:
        return await roll_out(rollouts, strategy, back), None
    async with await gather(len(joining), relay) as convoy:
        try:
            for place in joining:
                place.join(convoy)
            results = await roll_out(rollouts, strategy, back)
        finally:
            for place in joining:
                place.join(None)
        through = convoy.relay
        told = Relayed(through.host, through.sent_bytes, through.trouble) if through is not None else None
        return results, told
