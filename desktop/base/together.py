"""Several things side by side, none of which outlives the call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")


@overload
async def together(first: Awaitable[A], second: Awaitable[B], /) -> tuple[A, B]: ...
@overload
async def together(*works: Awaitable[A]) -> tuple[A, ...]: ...
async def together(*works: Awaitable[Any]) -> tuple[Any, ...]:
    """All results, in order; the first error ends the others.

    Unlike asyncio.gather it returns, raises, or is cancelled only when all of them have ended: gather leaves those
    behind that take a while to end, such as a call that waits for its thread.
    """
    # a coroutine becomes the task itself: wrapped in another, it would never begin when the cancel comes first
    tasks = [asyncio.create_task(work if isinstance(work, Coroutine) else _awaited(work)) for work in works]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            if not task.cancelling():  # a second cancel would break off its tidying up
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _awaited(work: Awaitable[A]) -> A:
    return await work
