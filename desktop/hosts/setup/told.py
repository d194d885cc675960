"""Runs a command whose output is told line by line, and still comes back whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

from desktop.base.channel import Channel
from desktop.base.commands import Command
from desktop.base.processes import Completed, decoded
from desktop.hosts.errors import CommandFailed, TooSlow

KEEP = 4 << 20
"""Bytes of each stream that come back at the end; of longer output the end."""


async def run_told(
    channel: Channel, command: Command, limit: float, tell: Callable[[str], None] | None
) -> Completed:
    """Like `channel.run`; with `tell` each line is told as it comes, of both streams in the order of their coming."""
    batches = getattr(channel, "batches", None)
    if tell is None or batches is None:
        return await channel.run(command, timeout=limit)
    started, code = time.monotonic(), 0
    kept = {"out": bytearray(), "err": bytearray()}
    try:
        async with asyncio.timeout(limit), aclosing(batches(command)) as coming:
            async for batch in coming:
                for line in batch:
                    kept[line.stream] += line.text + b"\n"
                    tell(decoded(line.text))
                for stream in kept.values():
                    if len(stream) > 2 * KEEP:
                        del stream[:-KEEP]
    except CommandFailed as failed:
        code = failed.exit_code
    except TimeoutError as error:
        raise TooSlow(channel.name, command.shown(), limit) from error
    return Completed(command, code, bytes(kept["out"]), bytes(kept["err"]), time.monotonic() - started)
