"""One stream, followed for as long as somebody looks: asked for again after a cut, with a mark where it broke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from desktop.base.channel import OutputLine
from desktop.base.errors import GoferryError, explained
from desktop.base.words import Words, msg

from .buffer import Buffer
from .model import Mark
from .place import Place
from .sources import CONNECTED, LogSource, SourceGone

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

BACKOFF = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before each try; the last one repeats."""
STOPPED_AGAIN = 2.0
"""Seconds between looks at a container that has stopped: a restart policy may start it again."""
_POINTLESS = frozenset(
    f"host.{reason}"
    for reason in (
        "unknown",
        "key_unknown",
        "key_changed",
        "key_type_changed",
        "key_revoked",
        "known_hosts",
        "auth_refused",
        "too_many_tries",
        "password_needed",
        "password_expired",
        "key_file",
        "passphrase_needed",
        "passphrase_wrong",
        "agent",
        "shell",
        "too_old",
        "forwarding_off",
        "jump_loop",
    )
)
"""Errors that trying again would not mend, or would make worse."""


class StreamState(StrEnum):
    CONNECTING = "connecting"
    STREAMING = "streaming"
    LOST = "lost"
    STOPPED = "stopped"
    GONE = "gone"
    FAILED = "failed"
    DONE = "done"

    @property
    def over(self) -> bool:
        return self in (StreamState.GONE, StreamState.FAILED, StreamState.DONE)


@dataclass(frozen=True, slots=True)
class Stream:
    """How one source does, for the page. `again` is the monotonic second of the next try."""

    state: StreamState
    error: GoferryError | None = None
    attempt: int = 0
    again: float = 0.0


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that happened to the stream, among its lines. `at` is seconds UTC by our clock."""

    at: float
    mark: Mark
    text: Words


Item = tuple[float, OutputLine] | Sign
"""(when it was received, the line), or a sign."""


class Follower:
    """Reads one source into a bounded buffer, until `follow` is cancelled or the source is over."""

    def __init__(
        self,
        source: LogSource,
        *,
        since: float | None = None,
        tail: int | None = None,
        until_read: bool = False,
        place: Place | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        """`since` is seconds UTC by our clock. With `until_read` it ends when all there is was read. `place`: where an
        earlier one was."""
        self.source = source
        self.buffer: Buffer[Item] = Buffer()
        self.stream = Stream(StreamState.CONNECTING)
        self.received = 0
        self._since_ns = None if since is None else int((since + source.clock_offset) * 1e9)
        self._tail, self._once, self._sleep = tail, until_read, sleep
        self.place = place or Place()
        self._lost_at: float | None = None
        self._stopped = self._connected = False
        self._wake = asyncio.Event()

    def try_now(self) -> None:
        """Do not wait for the next try."""
        self._wake.set()

    async def follow(self) -> None:
        """Returns when the source is over; `stream` says how."""
        attempt = 0
        while not self.stream.state.over:
            self._connected = False
            try:
                await self._read()
            except SourceGone as error:
                self._sign(Mark.NOTE, error.what)
                self.stream = Stream(StreamState.GONE, error)
            except (GoferryError, OSError) as error:
                attempt = 1 if self._connected else attempt + 1
                await self._lost(explained(error), attempt)
            else:
                attempt = 0
                await self._ended()

    async def _read(self) -> None:
        resume = self.place.resume()
        since_ns, tail = (self._since_ns, self._tail) if resume is None else (resume, None)
        batches: AsyncGenerator[list[OutputLine], None] = self.source.lines(  # type: ignore[assignment]
            since_ns, tail, follow=not self._once
        )
        async with aclosing(batches):
            async for batch in batches:
                if batch is CONNECTED:
                    self._is_back()
                    continue
                if self.place.catching_up and not self.source.remembers:
                    batch = [line for line in batch if self.place.is_new(line)]
                if batch:
                    self._pass_on(batch)
                if self._once:  # nobody waits for the newest: reading slows down, and nothing need be dropped
                    await self.buffer.room()

    def _pass_on(self, lines: list[OutputLine]) -> None:
        if self._stopped:
            self._stopped = False
            self._sign(Mark.NOTE, msg("{source} started again", source=self.source.name))
            self.stream = Stream(StreamState.STREAMING)
        self.place.saw(lines)
        self.received += len(lines)
        now = time.time()
        self.buffer.put_all([(now, line) for line in lines])

    def _is_back(self) -> None:
        """The way is open (again)."""
        self._connected = True
        if self._lost_at is not None:
            seconds = max(1, round(time.time() - self._lost_at))
            text = msg("Connected to {host} again after {seconds} s", host=self.source.host, seconds=seconds)
            self._sign(Mark.NOTE, text)
            self._lost_at = None
        if not self._stopped:
            self.stream = Stream(StreamState.STREAMING)

    async def _lost(self, error: GoferryError, attempt: int) -> None:
        if error.code in _POINTLESS or self._once:
            self.stream = Stream(StreamState.FAILED, error)
            self._sign(Mark.GAP, error.what)
            return
        if self._lost_at is None:
            self._lost_at = time.time()
            text = msg("Connection to {host} lost: {why}", host=self.source.host, why=error.what)
            self._sign(Mark.GAP, text)
        delay = BACKOFF[min(attempt, len(BACKOFF)) - 1]
        self.stream = Stream(StreamState.LOST, error, attempt, time.monotonic() + delay)
        await self._pause(delay)

    async def _ended(self) -> None:
        """The source ended by itself: all is read, or the container has stopped."""
        if self._once:
            self.stream = Stream(StreamState.DONE)
            return
        if not self._stopped:
            self._sign(Mark.NOTE, msg("{source} stopped", source=self.source.name))
            self._stopped = True
        self.stream = Stream(StreamState.STOPPED)
        await self._pause(STOPPED_AGAIN)

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        waker = asyncio.ensure_future(self._wake.wait())
        sleeper = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait({waker, sleeper}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waker.cancel(), sleeper.cancel()
            await asyncio.gather(waker, sleeper, return_exceptions=True)

    def _sign(self, mark: Mark, text: Words) -> None:
        self.buffer.put(Sign(time.time(), mark, text))
