"""Asking hosts how they are, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from desktop.base.blocking import Pool
from desktop.base.errors import GoferryError, explained

from .errors import TooSlow
from .facts import Facts, gather_facts
from .model import Host
from .sessions import Sessions

AT_ONCE = 256
"""Hosts that are waited for at a time; most of them only wait."""
FEW = 16
"""Up to so many a person waits for each; of more, who is silent must not keep the others' answer back."""
TURN, REST = 4, 0.01
"""Hosts that are begun at a time, and seconds before the next: two hundred threads that all have something to do would
leave the window's own waiting."""
LIMIT = 10.0
"""Seconds for one host, connecting included."""
GREETS_WITHIN = 4.0
"""Seconds in which one of many must have begun to greet."""


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
    return await _checked(sessions, host, limit, None)


async def _checked(sessions: Sessions, host: Host, limit: float, reaching: Pool | None) -> Checked:
    try:
        async with asyncio.timeout(limit):
            if reaching is not None and not host.local:
                await sessions.reach(host.name, reaching, GREETS_WITHIN)
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
    """All of them side by side; `on_checked` gets each as it answers. Of many, none is waited for as long as a single
    one is: see GREETS_WITHIN."""
    many = len(hosts) > FEW
    gate = asyncio.Semaphore(AT_ONCE)
    limit = LIMIT + len(hosts) / 10 if many else LIMIT
    # threads of their own, which end with the check: of two hundred hosts that are off none keeps one
    reaching = Pool("reach", min(len(hosts), AT_ONCE)) if many else None

    async def one(host: Host) -> Checked:
        async with gate:
            checked = await _checked(sessions, host, limit, reaching)
            on_checked(checked)
            return checked

    tasks: list[asyncio.Task[Checked]] = []
    try:
        for number, host in enumerate(hosts):
            tasks.append(asyncio.create_task(one(host)))
            if many and number % TURN == TURN - 1:
                await asyncio.sleep(REST)
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if reaching is not None:
            reaching.close()
