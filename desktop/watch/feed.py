"""Several sources as one stream of batches, ordered by time: what the window and `goferry logs` read."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Self

from desktop.base.blocking import CancelToken
from desktop.base.errors import explained
from desktop.base.words import ntr

from .follow import Follower, Item, Sign, Stream, StreamState
from .merge import Merger
from .model import LogLine, Mark
from .parse import parse_line
from .place import Place
from .sources import LogSource

if TYPE_CHECKING:
    from types import TracebackType

    from desktop.base.blocking import Pool

TICK = 0.05
"""Seconds between two batches."""
_INLINE = 60
"""Lines of all sources that are parsed where they are; more go to a thread, so that no frame waits for them."""
ROUND = 12_000
"""Lines of all sources that are taken at a time; more wait in their buffers."""
TURN = 1_500
"""Lines that are given out in one turn of the loop: then whoever else waits has his."""

_log = logging.getLogger(__name__)


class Feed:
    """Follows sources; `on_lines` gets each batch on the loop's thread. Use it as an async context manager."""

    def __init__(
        self,
        sources: Sequence[LogSource],
        pool: Pool,
        on_lines: Callable[[list[LogLine]], None],
        *,
        since: float | None = None,
        tail: int | None = None,
        until_read: bool = False,
    ) -> None:
        self._pool, self._on_lines = pool, on_lines
        self._options = {"since": since, "tail": tail}
        self._once = until_read
        self._followers: dict[LogSource, Follower] = {}
        self._tasks: dict[LogSource, asyncio.Task[None]] = {}
        self._places: dict[LogSource, Place] = {}
        """Where sources were when they were taken out."""
        # what is read once waits until each source has said where it is; what is followed waits 300 ms
        self._merger = Merger(sources, wait=float("inf")) if until_read else Merger(began=time.time())
        self._ticker: asyncio.Task[None] | None = None
        self._closed = False
        self.skipped = 0
        for source in sources:
            self._followers[source] = self._new(source)

    # What the page asks

    @property
    def streams(self) -> dict[LogSource, Stream]:
        """How each source does."""
        return {source: follower.stream for source, follower in self._followers.items()}

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        return bool(self._tasks) and all(task.done() for task in self._tasks.values())

    def try_now(self) -> None:
        """Do not wait for the next try of what is lost."""
        for follower in self._followers.values():
            follower.try_now()

    # Running

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to follow; needs a running loop."""
        self._closed = False
        for source in self._followers:
            self._begin(source)
        self._ticker = asyncio.get_running_loop().create_task(self._tick(), name="logs")

    def add(self, source: LogSource) -> None:
        """Follow one more. One that was taken out goes on where it was: no line comes twice, and none is left out."""
        if source not in self._followers and not self._closed:
            self._followers[source] = self._new(source)
            self._begin(source)

    async def remove(self, source: LogSource) -> None:
        """Follow one less; its far process is ended."""
        follower = self._followers.pop(source, None)
        self._merger.forget(source)
        if (task := self._tasks.pop(source, None)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if follower is not None:
            self._places[source] = follower.place
            items, _ = follower.buffer.take(ROUND)
            self._give_out(source, parse_items(source, items))

    async def close(self) -> None:
        """End all far processes; what had come was given out. Nothing is followed from now on."""
        self._closed = True
        tasks = [*self._tasks.values(), *((self._ticker,) if self._ticker else ())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    def _new(self, source: LogSource) -> Follower:
        place = self._places.pop(source, None)
        return Follower(source, until_read=self._once, place=place, **self._options)  # type: ignore[arg-type]

    def _give_out(self, source: LogSource, lines: list[LogLine]) -> None:
        """Lines of a source that was taken out meanwhile: nobody may wait for it again."""
        self._merger.push(source, lines, time.monotonic())
        if source not in self._followers:
            self._merger.forget(source)

    def _begin(self, source: LogSource) -> None:
        follower = self._followers[source]
        name = f"logs {source.host} {source.name}"
        task = asyncio.get_running_loop().create_task(self._follow(follower), name=name)
        self._tasks[source] = task

    async def _follow(self, follower: Follower) -> None:
        try:
            await follower.follow()
        except Exception as error:  # noqa: BLE001  one broken source must not silence the others, and is shown
            _log.exception("following %s failed", follower.source.name)
            follower.stream = Stream(StreamState.FAILED, explained(error))

    async def _tick(self) -> None:
        while True:
            over = self.over
            await self._gather()
            if over and any(follower.buffer for follower in self._followers.values()):
                continue
            now = time.monotonic()
            batch = self._merger.rest() if over else self._merger.take(now)
            for start in range(0, len(batch), TURN):
                if start:
                    await asyncio.sleep(0)
                self._on_lines(batch[start : start + TURN])
            if over:
                return
            await asyncio.sleep(TICK)

    async def _gather(self) -> None:
        most = max(1, ROUND // max(1, len(self._followers)))
        # the state before taking: what is over by now has put everything in
        taken = [
            (source, follower, follower.stream.state, *follower.buffer.take(most))
            for source, follower in self._followers.items()
        ]
        parsed = await self._parsed([(source, items) for source, _, _, items, _ in taken])
        for (source, follower, state, items, dropped), lines in zip(taken, parsed, strict=True):
            if self._followers.get(source) is not follower:
                self._give_out(source, lines)
                continue
            if dropped:
                self.skipped += dropped
                lines.insert(0, _skipped(source, dropped, lines))
            if items or dropped:
                self._merger.push(source, lines, time.monotonic())
            is_on = not state.over and (self._once or state is StreamState.STREAMING)
            if not is_on and not follower.buffer:
                self._merger.forget(source)

    async def _parsed(self, taken: list[tuple[LogSource, list[Item]]]) -> list[list[LogLine]]:
        if sum(len(items) for _, items in taken) <= _INLINE:
            return parse_all(None, taken)
        return await self._pool.run(parse_all, taken)

    async def drained(self) -> None:
        """Returns when all sources are over and everything was given out."""
        if self._ticker is not None:
            await asyncio.wait({self._ticker})


def parse_all(
    token: CancelToken | None, taken: Sequence[tuple[LogSource, Sequence[Item]]]
) -> list[list[LogLine]]:
    """What came from several sources."""
    return [parse_items(source, items) for source, items in taken]


def parse_items(source: LogSource, items: Sequence[Item]) -> list[LogLine]:
    """What came from one source, as lines."""
    host, name, offset = source.host, source.name, source.clock_offset
    lines = []
    for item in items:
        if isinstance(item, Sign):
            lines.append(LogLine(item.at, host, name, "", str(item.text), mark=item.mark))
            continue
        received, raw = item
        line, _ = parse_line(
            raw.text, stream=raw.stream, host=host, source=name, clock_offset=offset, received=received
        )
        lines.append(line)
    return lines


def _skipped(source: LogSource, count: int, lines: Sequence[LogLine]) -> LogLine:
    at = lines[0].at if lines else time.time()
    text = ntr("{n} line skipped", "{n} lines skipped", count)
    return LogLine(at, source.host, source.name, "", text, mark=Mark.SKIPPED, count=count)


async def merged(
    sources: Sequence[LogSource],
    pool: Pool,
    *,
    since: float | None = None,
    tail: int | None = None,
    follow: bool = True,
) -> AsyncIterator[list[LogLine]]:
    """Batches of lines of all sources, ordered by time; ends when none can bring more. Close it to end the far
    processes."""
    waiting: asyncio.Queue[list[LogLine]] = asyncio.Queue()
    async with Feed(sources, pool, waiting.put_nowait, since=since, tail=tail, until_read=not follow) as feed:
        drained = asyncio.ensure_future(feed.drained())
        try:
            while not (drained.done() and waiting.empty()):
                getter = asyncio.ensure_future(waiting.get())
                await asyncio.wait({getter, drained}, return_when=asyncio.FIRST_COMPLETED)
                if getter.done():
                    yield getter.result()
                    continue
                getter.cancel()
        finally:
            drained.cancel()
