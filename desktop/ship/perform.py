"""Sends an image into an engine, with progress in bytes, and takes back what was cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktop.base.errors import GoferryError
from desktop.engine import DiskFull, recognise

from .blocks import Packer
from .errors import ImageDiffers
from .layers import Parcel, parcel_for
from .porter import NoPorter
from .swift import Swift, SwiftDelivery

if TYPE_CHECKING:
    from desktop.base.channel import Channel
    from desktop.engine import Engine, EngineImage
    from desktop.image import Image

    from .convoy import Convoy
    from .packings import Packing
    from .porter import Porter

OnBytes = Callable[[int, int], None]
"""Takes bytes of the archive that are on their way, and all of them; called on the loop's thread."""

TOLD_EVERY = 0.1
ANSWERED_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What went over the wire. `how` is "none" (it was there), "whole", "layers" (those that were missing) or "delta"
    (what changed in the program)."""

    bytes: int = 0
    seconds: float = 0.0
    how: str = "none"
    relayed: int = 0
    """Bytes that came from a relay and are not in `bytes`."""
    trouble: str = ""
    """Why a relay was not used, where there is one."""


async def is_there(image: Image, engine: Engine) -> EngineImage | None:
    """The image on the engine when it is this very one, else None."""
    found = await engine.image(image.ref)
    return found if found is not None and same_image(image, found) else None


def same_image(image: Image, found: EngineImage) -> bool:
    """A classic store names images by their config, containerd's by their manifest; the layers settle the rest."""
    if found.id in (image.config_digest, image.digest):
        return True
    return found.diff_ids == tuple(layer.diff_id for layer in image.layers) and found.config_digest == ""


class Delivery:
    """One image on its way: `await sent()`, then `await loaded()`. Use it as an async context manager: leaving early
    ends the stream, and the engine then keeps nothing of it.

    With `swift` the quick way is tried first. Whatever it cannot do is done the plain way, which needs nothing on the
    server but its engine.
    """

    def __init__(
        self, image: Image, engine: Engine, channel: Channel, on_bytes: OnBytes, swift: Swift | None = None
    ) -> None:
        self._image, self._engine, self._channel, self._on_bytes = image, engine, channel, on_bytes
        self._swift = swift
        self._quick: SwiftDelivery | None = None
        self._early: asyncio.Task[Sent] | None = None
        self._before = Sent()
        """What a quick way that failed has sent for nothing."""
        self._out = asyncio.Event()
        self._started = time.monotonic()
        self._bytes = 0
        self._source = 0
        self._parcel: Parcel | None = None
        self._work: asyncio.Task[object] | None = None

    async def __aenter__(self) -> Delivery:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        early, self._early = self._early, None
        for task in (early, self._work):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._quick is not None:
            await self._quick.close()

    def begin(self, swift: Callable[[], Awaitable[Swift]]) -> None:
        """Sends it by this way already, before anybody asks for `sent`: once, and what comes of it is said there."""

        async def early() -> Sent:
            return await self._once(await swift())

        self._early = asyncio.ensure_future(early())
        self._early.add_done_callback(lambda done: done.cancelled() or done.exception())

    @property
    def ref(self) -> str:
        """The name that the image gets on the engine."""
        return self._image.ref

    @property
    def porter(self) -> Porter | None:
        """Who carries it: further wishes of the same breath may come behind it there."""
        return self._quick.porter if self._quick is not None else None

    async def sent(self, swift: Swift | None = None) -> Sent:
        """Returns when the last byte has left. Raises what ended it. `swift`: the quick way as it is known now."""
        self._swift = swift or self._swift
        early, self._early = self._early, None
        if early is not None:
            try:
                return await early
            except NoPorter as trouble:
                if self._quick is not None:
                    await self._give_up(self._quick, trouble)
        sent = None
        if self._swift is not None and not self._channel.local:
            sent = await self._quickly_sent(self._swift)
        return sent or await self._plainly_sent()

    async def _once(self, swift: Swift) -> Sent:
        version = await self._engine.version()
        quick = self._quick = SwiftDelivery(
            self._image, self._channel, swift, version.store, version.arch, self._on_bytes
        )
        await quick.sent()
        return self._total(quick)

    async def _quickly_sent(self, swift: Swift) -> Sent | None:
        """None where it cannot be done like this. What builds upon files of the server and fails is tried again without
        them: they may be damaged, and it keeps better ones from then on."""
        try:
            return await self._once(swift)
        except NoPorter as trouble:
            assert self._quick is not None
            return await self._again(self._quick, trouble)

    async def _again(self, quick: SwiftDelivery, trouble: NoPorter | None) -> Sent | None:
        await self._give_up(quick, trouble)
        swift = replace(quick.swift, under=None)  # whoever waits for it holds the lock
        if quick.relayed:
            self._relay_failed(swift.convoy, trouble)
            return await self._quickly_sent(replace(swift, direct=True))
        if not swift.trusting or quick.how not in ("delta", "layers"):
            return None
        return await self._quickly_sent(replace(swift, trusting=False))

    def _relay_failed(self, convoy: Convoy | None, trouble: NoPorter | None) -> None:
        """What the relay cannot do for one host it will hardly do for the next."""
        if convoy is not None and convoy.relay is not None and str(trouble).startswith("the relay"):
            convoy.relay.fails(str(trouble))

    def _total(self, quick: SwiftDelivery) -> Sent:
        before, convoy = self._before, quick.swift.convoy
        relay = convoy.relay if convoy is not None else None
        trouble = relay.trouble if relay is not None and not quick.relayed else ""
        seconds = before.seconds + quick.seconds
        return Sent(before.bytes + quick.sent_bytes, seconds, quick.how, quick.relayed, trouble)

    async def _give_up(self, quick: SwiftDelivery, trouble: NoPorter | None) -> None:
        """The plain way is next; but a disk that is full for one way is full for the other."""
        self._before, self._quick = self._total(quick), None
        if trouble is not None and trouble.refused and quick.porter is not None:
            await quick.porter.quiet(ANSWERED_WITHIN)  # what came behind it is refused as well
        await quick.close()
        if trouble is not None and trouble.by_engine:
            known = recognise(self._channel.name, str(trouble))
            if isinstance(known, DiskFull):
                raise known from trouble

    async def _plainly_sent(self) -> Sent:
        self._started = time.monotonic()
        parcel = self._parcel = parcel_for(
            self._image, await self._present(), (await self._engine.version()).store
        )
        convoy = self._swift.convoy if self._swift is not None else None
        shares = convoy is not None and convoy.shares and not self._channel.local
        packer = None if self._channel.local else Packer.gzip(paced=not shares)
        loop = asyncio.get_running_loop()
        packing = None
        if shares and convoy is not None:
            key = (parcel.image.ref, parcel.image.digest, parcel.without)
            packing = convoy.packings.get(key, lambda told: _archive(parcel, packer, told))
        chunks = self._chunks(parcel, packer, loop, packing)
        self._work = asyncio.ensure_future(self._engine.load(chunks))
        over = asyncio.ensure_future(self._out.wait())
        try:
            await asyncio.wait({self._work, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if self._work.done():
            self._work.result()
        return self._so_far(parcel.how)

    def _so_far(self, how: str) -> Sent:
        seconds = self._before.seconds + time.monotonic() - self._started
        return Sent(self._before.bytes + self._bytes, seconds, how)

    async def loaded(self) -> Sent:
        """Returns when the engine has unpacked it, and it is the one that was meant; with all that was sent for it.
        Raises ImageDiffers."""
        sent = None
        while self._quick is not None:
            quick, trouble = self._quick, None
            try:
                found = await quick.loaded()
                if found is not None and same_image(self._image, found):
                    return self._total(quick)
            except NoPorter as error:
                trouble = error
            if await self._again(quick, trouble) is None:
                sent = await self._plainly_sent()
        if self._work is not None:
            await self._work
        found = await is_there(self._image, self._engine)
        if found is None:
            other = await self._engine.image(self._image.ref)
            has = other.id if other is not None else ""
            raise ImageDiffers(self._channel.name, self._image.ref, self._image.config_digest, has)
        return sent or self._so_far(self._parcel.how if self._parcel is not None else "none")

    async def _present(self) -> tuple[EngineImage, ...]:
        """Images that may share layers: those of the same repository."""
        repository = self._image.ref.rpartition(":")[0]
        with suppress(GoferryError):
            found = await self._engine.images()
            return tuple(i for i in found if any(tag.rpartition(":")[0] == repository for tag in i.tags))
        return ()

    def _chunks(
        self,
        parcel: Parcel,
        packer: Packer | None,
        loop: asyncio.AbstractEventLoop,
        packing: Packing | None,
    ) -> Iterator[bytes]:
        """Runs in a worker thread, where the bytes are needed."""
        told = 0.0

        def count(size: int) -> None:
            nonlocal told
            self._source += size
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                loop.call_soon_threadsafe(self._on_bytes, self._source, parcel.size)

        for out in packing.read(count) if packing is not None else _archive(parcel, packer, count):
            self._bytes += len(out)
            yield out
        loop.call_soon_threadsafe(self._on_bytes, parcel.size, parcel.size)
        loop.call_soon_threadsafe(self._out.set)


def _archive(parcel: Parcel, packer: Packer | None, told: Callable[[int], None]) -> Iterator[bytes]:
    from desktop.image import docker_archive

    pieces = docker_archive(parcel.image, without=parcel.without)
    if packer is not None:
        yield from packer.stream(pieces, told)
        return
    for piece in pieces:
        told(len(piece))
        yield piece


async def ship(
    image: Image,
    engine: Engine,
    channel: Channel,
    on_bytes: OnBytes = lambda done, all_: None,
    swift: Swift | None = None,
) -> Sent:
    """Brings an image to an engine; sends nothing when it is there. Raises the errors of the link and the engine."""
    if await is_there(image, engine) is not None:
        return Sent()
    async with Delivery(image, engine, channel, on_bytes, swift) as delivery:
        await delivery.sent()
        return await delivery.loaded()
