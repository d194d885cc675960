"""How far a host's clock is ahead of ours: log times, and the order of lines of several hosts, depend on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from desktop.base.commands import Command

if TYPE_CHECKING:
    from desktop.base.channel import Channel

ASK = Command(("date", "+%s.%N"))


async def clock_offset(channel: Channel) -> float:
    """Seconds that the host's clock is ahead; 0 when the difference is smaller than the way there and back hides.

    Raises the errors of the channel.
    """
    if channel.local:
        return 0.0
    best: tuple[float, float] | None = None
    for _ in range(2):  # the first answer may have waited for the connection
        before = time.time()
        answer = await channel.run(ASK, timeout=15.0)
        after = time.time()
        there = read_clock(answer.text())
        if there is not None and (best is None or after - before < best[1]):
            best = (there - (before + after) / 2, after - before)
    if best is None:
        return 0.0
    offset, round_trip = best
    return offset if abs(offset) > round_trip / 2 else 0.0


def read_clock(text: str) -> float | None:
    """Seconds since 1970 of `date +%s.%N`; a date without %N gives whole seconds."""
    seconds, _, nanos = text.strip().partition(".")
    if not seconds.isdigit():
        return None
    return int(seconds) + (int(nanos) / 1e9 if nanos.isdigit() and len(nanos) == 9 else 0.5)
