"""Lines from a worker thread to the loop: batches through a bounded buffer, so that a flood waits at its source."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import OutputLine

MOST_BYTES = 8 << 20
"""Held for a slow reader; then the writer waits, and with it SSH's window and the remote program."""

Producer = Callable[[CancelToken, Callable[[list[OutputLine]], None]], None]


class _Buffer:
    """Filled by one thread, emptied by the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._room = threading.Condition()
        self._batches: deque[list[OutputLine]] = deque()
        self._bytes = 0
        self._closed = False
        self.filled = asyncio.Event()

    def put(self, lines: list[OutputLine]) -> None:
        with self._room:
            while self._bytes > MOST_BYTES and not self._closed:
                self._room.wait(1.0)
            wake = not self._batches
            self._batches.append(lines)
            self._bytes += sum(len(line.text) + 64 for line in lines)
        if wake:
            self._loop.call_soon_threadsafe(self.filled.set)

    def take(self) -> list[list[OutputLine]]:
        with self._room:
            taken = list(self._batches)
            self._batches.clear()
            self._bytes = 0
            self.filled.clear()
            self._room.notify_all()
        return taken

    def close(self) -> None:
        with self._room:
            self._closed = True
            self._room.notify_all()


async def stream_lines(pool: Pool, produce: Producer) -> AsyncIterator[OutputLine]:
    """What `produce` writes, as it comes; its error at the end. Closing the iterator cancels it and waits for it."""
    buffer = _Buffer(asyncio.get_running_loop())
    work = asyncio.ensure_future(pool.run(lambda token: produce(token, buffer.put)))
    work.add_done_callback(lambda _: buffer.filled.set())
    try:
        while True:
            await buffer.filled.wait()
            over = work.done()
            for batch in buffer.take():
                for line in batch:
                    yield line
                await asyncio.sleep(0)  # a full buffer must not hold the loop
            if over:
                break
        await work
    finally:
        buffer.close()
        if not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
