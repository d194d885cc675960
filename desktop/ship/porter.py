"""A porter: a program that travels to a server with the command, and does there what would cost many round trips.

It is `resources/porter` behind the decoder of deltas, for any Python that the server has. Where there is
none, or it may not reach the engine by its socket, `NoPorter` is raised and the plain way is taken.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import queue
import time
import zlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from desktop.base.channel import OutputLine, Talks
from desktop.base.commands import Command, sh
from desktop.base.errors import GoferryError
from desktop.base.resources import resources
from desktop.hosts import CommandFailed

if TYPE_CHECKING:
    from desktop.base.channel import Channel

_log = logging.getLogger(__name__)

BOOT = """\
for p in python3 /usr/libexec/platform-python python2 python; do
  if command -v "$p" >/dev/null 2>&1; then exec "$p" -BESs -c "$1"; fi
done
exit 97
"""
NO_PYTHON = 97
TEXTS = (
    "wire",
    "engine",
    "front",
    "files",
    "images",
    "work",
    "relay",
    "app",
    "folder",
    "lock",
    "swap",
    "turn",
    "health",
    "serve",
)
"""Its own text, in this order."""
IDLE = 20.0
"""Seconds that a porter waits for the next wish: it takes one of the few sessions of a connection."""
TRIED_AGAIN = 300.0
"""Seconds after which a server that could have none is asked again."""
RESTING = 2
"""Porters that wait on one server: one has the lock, the other carries."""
GREETS_WITHIN, ANSWERS_WITHIN, ENDS_WITHIN = 20.0, 120.0, 3.0


class NoPorter(Exception):
    """There is no porter on this server, or it cannot do this: what it should do is to be done the plain way.
    `refused`: it has answered that it does not do it; `by_engine`: the engine has refused, in these words. `absent`:
    there is nothing that could run one."""

    def __init__(
        self, said: str, *, refused: bool = False, by_engine: bool = False, absent: bool = False
    ) -> None:
        super().__init__(said)
        self.refused, self.by_engine, self.absent = refused, by_engine, absent


def library() -> str:
    """What a server's Python runs, without the line that starts it."""
    from .delta import decoder_source

    folder = resources() / "porter"
    texts = (decoder_source(), *((folder / f"{name}.py").read_text(encoding="ascii") for name in TEXTS))
    return "\n".join(texts)


@cache
def program() -> str:
    """All of it, packed, as an argument of Python."""
    packed = base64.b64encode(zlib.compress(f"{library()}\nstart()\n".encode("ascii"), 9))
    return f"import base64,zlib\nexec(zlib.decompress(base64.b64decode('{packed.decode()}')))"


def boot() -> Command:
    return sh(BOOT, program())


class Wishes:
    """What is still to be sent, read by the thread that sends."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Iterable[bytes] | None] = queue.SimpleQueue()

    def put(self, chunks: Iterable[bytes]) -> None:
        self._waiting.put(chunks)

    def end(self) -> None:
        self._waiting.put(None)

    def __iter__(self) -> Iterator[bytes]:
        while (chunks := self._waiting.get()) is not None:
            yield from chunks
            yield b""


class Porter:
    """One conversation. Answers come in the order of the wishes, so several may be asked for at once."""

    def __init__(self, channel: Talks, command: Command | None = None) -> None:
        self._wishes = Wishes()
        self._waiting: deque[asyncio.Future[dict[str, Any]]] = deque()
        self._failure: BaseException | None = None
        self._reader = asyncio.ensure_future(self._read(channel.talk(command or boot(), self._wishes)))
        self.idle_since = time.monotonic()
        self.packs: tuple[str, ...] | None = None
        """How blocks may be packed for it; a helper takes none, but a stream."""
        self.holds = ""
        """The hash of a program that it has in its memory."""

    @property
    def usable(self) -> bool:
        return not self._reader.done() and not self._waiting

    @property
    def ended(self) -> asyncio.Task[None]:
        """Done when it is gone; its error says why, where the link is the reason."""
        return self._reader

    @property
    def link_error(self) -> GoferryError | None:
        """Why it has ended, where the link was cut."""
        return self._failure if isinstance(self._failure, GoferryError) else None

    async def greeted(self) -> None:
        """Returns when it is there. Raises NoPorter, and the errors of the link."""
        try:
            async with asyncio.timeout(GREETS_WITHIN):
                greeting = await self._answer()
        except TimeoutError as error:
            raise NoPorter("it does not come") from error
        if "packs" in greeting:
            self.packs = tuple(str(name) for name in greeting["packs"])

    async def ask(
        self, wish: dict[str, Any], payload: Iterable[bytes] = (), *, limit: float | None = ANSWERS_WITHIN
    ) -> dict[str, Any]:
        """The answer to a wish. Raises NoPorter when it cannot be granted, or is not within `limit` seconds, and the
        errors of the link."""
        self._wishes.put(chain((json.dumps(wish).encode() + b"\n",), payload))
        try:
            async with asyncio.timeout(limit):
                return await self._answer()
        except TimeoutError as error:
            raise NoPorter("it does not answer") from error

    async def _answer(self) -> dict[str, Any]:
        if self._reader.done():
            raise self._failure or NoPorter("it has ended")
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        answer = await future
        self.idle_since = time.monotonic()
        if "error" in answer:
            raise NoPorter(str(answer["error"]), refused=True, by_engine=bool(answer.get("engine")))
        return answer

    async def _read(self, batches: AsyncGenerator[list[OutputLine], None]) -> None:
        """Hands each line to whoever waits for it; at the end the rest are told that none comes."""
        self._failure = NoPorter("it ended without a word")
        try:
            async with aclosing(batches):
                async for batch in batches:
                    for line in batch:
                        if line.stream == "out" and self._waiting:
                            future = self._waiting.popleft()
                            if not future.done():
                                future.set_result(json.loads(line.text))
        except CommandFailed as error:
            self._failure = NoPorter(str(error), absent=error.exit_code == NO_PYTHON)
        except ValueError as error:
            self._failure = NoPorter(str(error))
        except GoferryError as error:
            self._failure = error
        finally:
            while self._waiting:
                future = self._waiting.popleft()
                if not future.done():
                    future.set_exception(self._failure)

    async def quiet(self, seconds: float) -> None:
        """Returns when it has answered all that it was asked for; or after so long."""
        if self._waiting:
            await asyncio.wait(set(self._waiting), timeout=seconds)

    async def close(self) -> None:
        """Lets it end by itself; what it is in the middle of is broken off."""
        busy = bool(self._waiting)
        self._wishes.end()
        if not busy:
            await asyncio.wait({self._reader}, timeout=ENDS_WITHIN)
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)


@dataclass(slots=True)
class Stash:
    """A program that a porter is sent before it is wanted."""

    sha256: str
    size: int
    porter: Porter | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is known which porter, or that there is none."""

    def taken(self) -> Porter | None:
        """The porter, for one who closes it or gives it back; it may still be taking it in."""
        porter, self.porter = self.porter, None
        return porter


class Porters:
    """The porters of all servers: each is kept for the next wish for a while."""

    def __init__(self) -> None:
        self._resting: dict[str, list[Porter]] = {}
        self._without: dict[str, tuple[float, bool]] = {}
        """Servers that could have none: when, and whether they had no Python at all."""
        self._sweeper: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def at(self, channel: Channel, holding: str = "") -> AsyncIterator[Porter]:
        """A porter for one wish, or several in a row; the one that holds a program, where it is still there. Raises
        NoPorter."""
        porter = await self.take(channel, holding)
        try:
            yield porter
        except NoPorter as error:
            _log.info("%s: no porter: %s", channel.name, error)
            raise
        finally:
            await self.put_back(channel.name, porter)

    async def stash(
        self, channel: Channel, stash: Stash, blocks: Callable[[Porter], Iterable[bytes]]
    ) -> None:
        """Sends a program ahead, into the memory of a porter that waits with it, or goes on with who takes it on the
        way. Raises NoPorter."""
        try:
            porter = stash.porter = await self.take(channel)
        finally:
            stash.begun.set()
        porter.holds = stash.sha256
        try:
            wish = {"do": "stash", "name": stash.sha256, "size": stash.size}
            await porter.ask(wish, blocks(porter), limit=None)
        except BaseException:
            if stash.taken() is not None:
                await porter.close()
            raise
        if stash.taken() is not None:
            await self.put_back(channel.name, porter)

    async def warm(self, channel: Channel, most: int = RESTING) -> None:
        """Has as many ready as a release needs, or fewer; silent where none can be had."""

        async def one() -> None:
            with suppress(NoPorter, GoferryError):
                await self.put_back(channel.name, await self._new(channel))

        waiting = [porter for porter in self._resting.get(channel.name, ()) if porter.usable]
        await asyncio.gather(*(one() for _ in range(most - len(waiting))))

    async def put_back(self, host: str, porter: Porter) -> None:
        """It waits for the next wish; or ends, where one waits already or it is of no more use."""
        resting = self._resting.setdefault(host, [])
        if porter.usable and (porter.holds or len(resting) < RESTING):
            resting.append(porter)
            self._sweep()
        else:
            await porter.close()

    async def take(self, channel: Channel, holding: str = "") -> Porter:
        """A porter for a while: give it back by `put_back`. Raises NoPorter, and the errors of the link."""
        resting = self._resting.get(channel.name, [])
        # what a porter holds was sent for somebody who comes for it soon
        while fitting := [one for one in resting if one.holds in ("", holding)]:
            porter = max(fitting, key=lambda one: one.holds == holding)
            resting.remove(porter)
            if porter.usable and porter.idle_since + IDLE > time.monotonic():
                return porter
            await porter.close()
        return await self._new(channel)

    async def _new(self, channel: Channel) -> Porter:
        failed = self._without.get(channel.name)
        if channel.local or not isinstance(channel, Talks):
            raise NoPorter("none for this host")
        if failed is not None and failed[0] + TRIED_AGAIN > time.monotonic():
            raise NoPorter("it could have none a moment ago", absent=failed[1])
        porter = Porter(channel)
        try:
            await porter.greeted()
        except NoPorter as error:
            _log.info("%s: no porter: %s", channel.name, error)
            self._without[channel.name] = (time.monotonic(), error.absent)
            await porter.close()
            raise
        except BaseException:
            await porter.close()
            raise
        return porter

    def _sweep(self) -> None:
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.get_running_loop().create_task(self._end_idle(), name="idle porters")

    async def _end_idle(self) -> None:
        while self._resting:
            await asyncio.sleep(IDLE / 4)
            for host, porters in list(self._resting.items()):
                for porter in [one for one in porters if one.idle_since + IDLE < time.monotonic()]:
                    porters.remove(porter)
                    await porter.close()
                if not porters:
                    self._resting.pop(host, None)

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        resting, self._resting = [one for some in self._resting.values() for one in some], {}
        await asyncio.gather(*(porter.close() for porter in resting))
