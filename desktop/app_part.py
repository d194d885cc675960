"""A deploy to some hosts of an environment: which, and what the others have to do with it. No Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.base.errors import GoferryError
from desktop.base.together import together
from desktop.base.words import msg
from desktop.release import Seen

if TYPE_CHECKING:
    from .app_deploy import Target

OTHERS_S = 5.0
"""How long the hosts that nothing is done to are waited for."""


class NoSuchPart(GoferryError):
    code = "deploy.no_such_part"

    def __init__(self, names: Sequence[str], environment: str, known: Sequence[str]) -> None:
        super().__init__(
            msg("{hosts} is no host of {environment}.", hosts=", ".join(names), environment=environment),
            msg("It has: {names}.", names=", ".join(known)),
            msg("Name one of these, or add the host to the environment in goferry.yaml."),
        )


class NoHostLeft(GoferryError):
    code = "deploy.no_host_left"

    def __init__(self, environment: str, known: Sequence[str]) -> None:
        super().__init__(
            msg("No host of {environment} is left to deploy to.", environment=environment),
            msg("It has: {names}; all of them were left out.", names=", ".join(known)),
            msg("Leave fewer out."),
        )


def part_of(target: Target, only: Sequence[str], without: Sequence[str]) -> Target:
    """With `only` these hosts, and none of `without`. Raises NoSuchPart, NoHostLeft."""
    known = [host.name for host in target.hosts]
    if strangers := [name for name in only if name not in known]:
        raise NoSuchPart(strangers, target.environment.name, known)
    kept = [host for host in target.hosts if host.name not in without and (not only or host.name in only)]
    if known and not kept:
        raise NoHostLeft(target.environment.name, known)
    return replace(target, hosts=tuple(kept))


async def others_seen(
    whole: Target, part: Target, look: Callable[[str], Awaitable[Seen]]
) -> tuple[Seen, ...]:
    """What runs on the environment's other hosts, of those that answer soon: the part gets the release that they have,
    where it is the same, and else a number that none of them has."""

    async def one(name: str) -> Seen | None:
        with suppress(GoferryError, TimeoutError):
            return await asyncio.wait_for(look(name), OTHERS_S)
        return None

    mine = {host.name for host in part.hosts}
    found = await together(*(one(host.name) for host in whole.hosts if host.name not in mine))
    return tuple(seen for seen in found if seen is not None)
