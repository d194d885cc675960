"""Items from a worker thread to the loop: batches through a bounded buffer, so that a flood waits at its source."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Generic, TypeVar

from .blocking import CancelToken, Pool

T = TypeVar("T")

MOST = 40_000
"""Items held for a slow reader; then the writer waits, and with it SSH's window and the remote program."""

Put = Callable[[list[T]], None]
Producer = Callable[[CancelToken, Put[T]], None]


class _Buffer(Generic[T]):
    """Filled by one thread, emptied by the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._room = threading.Condition()
        self._batches: deque[list[T]] = deque()
        self._held = 0
        self._closed = False
        self.filled = asyncio.Event()

    def put(self, items: list[T]) -> None:
        with self._room:
            while self._held > MOST and not self._closed:
                self._room.wait(1.0)
            wake = not self._batches
            self._batches.append(items)
            self._held += len(items)
        if wake:
            with suppress(RuntimeError):  # the loop has ended: nobody reads any more
                self._loop.call_soon_threadsafe(self.filled.set)

    def take(self) -> list[list[T]]:
        with self._room:
            taken = list(self._batches)
            self._batches.clear()
            self._held = 0
            self.filled.clear()
            self._room.notify_all()
        return taken

    def close(self) -> None:
        with self._room:
            self._closed = True
            self._room.notify_all()


async def streamed(pool: Pool, produce: Producer[T]) -> AsyncGenerator[T, None]:
    """What `produce` writes, as it comes; its error at the end. Closing the iterator cancels it and waits for it."""
    async with aclosing(batched(pool, produce)) as batches:
        async for batch in batches:
            for item in batch:
                yield item


async def batched(pool: Pool, produce: Producer[T]) -> AsyncGenerator[list[T], None]:
    """The same in the batches that `produce` made: a flood then costs the loop nothing per item."""
    buffer: _Buffer[T] = _Buffer(asyncio.get_running_loop())
    work = asyncio.ensure_future(pool.run(lambda token: produce(token, buffer.put)))
    work.add_done_callback(lambda _: buffer.filled.set())
    try:
        while True:
            await buffer.filled.wait()
            over = work.done()
            for batch in buffer.take():
                yield batch
                await asyncio.sleep(0)  # a full buffer must not hold the loop
            if over:
                break
        await work
    finally:
        buffer.close()
        work.cancel()  # no effect on one that is done; its error is taken note of where nobody reads any more
        await asyncio.gather(work, return_exceptions=True)
