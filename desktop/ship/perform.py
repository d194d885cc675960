"""Sends an image into an engine, with progress in bytes, and takes back what was cut off."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.base.commands import sh
from desktop.base.errors import GoferryError

from .errors import ImageDiffers
from .layers import Parcel, parcel_for

if TYPE_CHECKING:
    from desktop.base.channel import Channel
    from desktop.engine import Engine, EngineImage
    from desktop.image import Image

OnBytes = Callable[[int, int], None]
"""Takes bytes of the archive that are on their way, and all of them; called on the loop's thread."""

PROBE = 256 * 1024
FAST = 40e6
"""Bytes a second above which packing takes longer than it saves."""
SMALL = 2 << 20
"""Bytes of an archive that is sent as it is: looking at the link would take longer."""
TOLD_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Sent:
    """What went over the wire. `how` is "none" (it was there), "whole" or "layers"."""

    bytes: int = 0
    seconds: float = 0.0
    how: str = "none"


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
    ends the stream, and `docker load` then keeps nothing of it."""

    def __init__(self, image: Image, engine: Engine, channel: Channel, on_bytes: OnBytes) -> None:
        self._image, self._engine, self._channel, self._on_bytes = image, engine, channel, on_bytes
        self._out = asyncio.Event()
        self._started = time.monotonic()
        self._bytes = 0
        self._source = 0
        self._parcel: Parcel | None = None
        self._work: asyncio.Task[object] | None = None

    async def __aenter__(self) -> Delivery:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._work is not None and not self._work.done():
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def sent(self) -> Sent:
        """Returns when the last byte has left. Raises what ended it."""
        self._started = time.monotonic()
        parcel = self._parcel = parcel_for(
            self._image, await self._present(), (await self._engine.version()).store
        )
        packed = await self._worth_packing(parcel)
        loop = asyncio.get_running_loop()
        chunks = self._chunks(parcel, packed, loop)
        self._work = asyncio.ensure_future(self._engine.load(chunks))
        over = asyncio.ensure_future(self._out.wait())
        try:
            await asyncio.wait({self._work, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if self._work.done():
            self._work.result()
        return Sent(self._bytes, time.monotonic() - self._started, parcel.how)

    async def loaded(self) -> EngineImage:
        """Returns when the engine has unpacked it, and it is the one that was meant. Raises ImageDiffers."""
        if self._work is not None:
            await self._work
        found = await is_there(self._image, self._engine)
        if found is None:
            other = await self._engine.image(self._image.ref)
            has = other.id if other is not None else ""
            raise ImageDiffers(self._channel.name, self._image.ref, self._image.config_digest, has)
        return found

    async def _present(self) -> tuple[EngineImage, ...]:
        """Images that may share layers: those of the same repository."""
        repository = self._image.ref.rpartition(":")[0]
        with suppress(GoferryError):
            found = await self._engine.images()
            return tuple(i for i in found if any(tag.rpartition(":")[0] == repository for tag in i.tags))
        return ()

    async def _worth_packing(self, parcel: Parcel) -> bool:
        """Whether the link is slower than packing; measured with a quarter of a megabyte when much has to be sent."""
        if self._channel.local or parcel.size < SMALL:
            return not self._channel.local
        nothing = await self._channel.send(sh("cat >/dev/null"), (b"",), timeout=60)
        some = await self._channel.send(sh("cat >/dev/null"), (zlib_proof(PROBE),), timeout=60)
        return PROBE / max(some.seconds - nothing.seconds, 1e-3) < FAST

    def _chunks(self, parcel: Parcel, packed: bool, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
        """Runs in a worker thread, where the bytes are needed."""
        from desktop.image import docker_archive

        packer = zlib.compressobj(1, zlib.DEFLATED, 31) if packed else None
        told = 0.0
        for piece in docker_archive(parcel.image, without=parcel.without):
            self._source += len(piece)
            out = packer.compress(piece) if packer is not None else piece
            if out:
                self._bytes += len(out)
                yield out
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                loop.call_soon_threadsafe(self._on_bytes, self._source, parcel.size)
        if packer is not None:
            rest = packer.flush()
            self._bytes += len(rest)
            yield rest
        loop.call_soon_threadsafe(self._on_bytes, parcel.size, parcel.size)
        loop.call_soon_threadsafe(self._out.set)


def zlib_proof(size: int) -> bytes:
    """Bytes that a compressing link cannot make smaller, the same each time."""
    import hashlib

    return b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size // 32))


async def ship(
    image: Image, engine: Engine, channel: Channel, on_bytes: OnBytes = lambda done, all_: None
) -> Sent:
    """Brings an image to an engine; sends nothing when it is there. Raises the errors of the link and the engine."""
    if await is_there(image, engine) is not None:
        return Sent()
    async with Delivery(image, engine, channel, on_bytes) as delivery:
        sent = await delivery.sent()
        await delivery.loaded()
        return sent
