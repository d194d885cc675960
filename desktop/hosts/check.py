"""Asking hosts how they are, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from desktop.base.errors import GoferryError, explained

from .errors import TooSlow
from .facts import Facts, gather_facts
from .model import Host
from .sessions import Sessions

AT_ONCE = 4
LIMIT = 10.0
"""Seconds for one host, connecting included."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How a host answered: facts, or the failure."""

    host: Host
    facts: Facts | None = None
    error: GoferryError | None = None

    @property
    def state(self) -> str:
        """connected, failed, no-answer or key-changed."""
        if self.error is None:
            return "connected"
        if self.error.code in (
            "host.unreachable",
            "host.no_ssh",
            "host.ssh_dropped",
            "host.cut",
            "host.too_slow",
        ):
            return "no-answer"
        return "key-changed" if self.error.code in ("host.key_changed", "host.key_type_changed") else "failed"


async def check_host(sessions: Sessions, host: Host, *, limit: float = LIMIT) -> Checked:
    """Never raises for what is the host's matter."""
    try:
        async with asyncio.timeout(limit):
            facts = await gather_facts(sessions.channel(host.name))
            return Checked(host, replace(facts, latency_ms=sessions.state(host.name).latency_ms))
    except TimeoutError:
        sessions.drop(host.name)
        return Checked(host, error=TooSlow(host.name, "facts", limit))
    except Exception as error:  # noqa: BLE001  whatever it is, it is this host's answer and shown with it
        return Checked(host, error=explained(error))


async def check_hosts(
    sessions: Sessions, hosts: Sequence[Host], on_checked: Callable[[Checked], None] = lambda _: None
) -> tuple[Checked, ...]:
    """All of them, at most four at a time; `on_checked` gets each as it answers."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(host: Host) -> Checked:
        async with gate:
            checked = await check_host(sessions, host)
            on_checked(checked)
            return checked

    return tuple(await asyncio.gather(*(one(host) for host in hosts)))
