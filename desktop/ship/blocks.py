"""Bytes in blocks that are packed side by side, each by itself: xz where the server's Python has it, else zlib.

A link is slower than a good packer, or quicker than any; which of the two it is shows while it is sent: whoever has to
wait for the other. So nothing is measured before, and packing gets quicker where the link waits for it.
"""

from __future__ import annotations

import lzma
import os
import struct
import time
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

BLOCK = 1 << 19
LARGE = 1 << 22
FIRST = 1 << 16
"""Bytes of the first one: it is to leave soon. Each is twice as large as the one before it."""
JUDGED = 1 << 20
"""Packed bytes after which it is looked who waits: a link takes the first ones at once."""
SMALL = 1 << 14
"""Bytes for which xz is not worth its start."""
IDLE = 0.1
"""Seconds that a link may wait for one block: a computer that has much else to do packs less well."""
WORKERS = 4
AHEAD = 1
"""Blocks that may be ready before the link wants them, beside those that are being packed."""
HEAD = struct.Struct(">cII")
PLAIN, ZLIB, XZ, END = b"p", b"z", b"x", b"."
GZIP = b"g"
"""Blocks without heads, which one behind the other are a gzip file: what an engine takes."""


@dataclass(frozen=True, slots=True)
class Level:
    """One way to pack a block."""

    kind: bytes
    effort: int = 0

    def pack(self, block: bytes, amd64: bool) -> bytes:
        """As it goes over the link, its head before it. What packing makes no smaller stays as it is."""
        kind, packed = self.kind, block
        if kind == GZIP:
            packer = zlib.compressobj(self.effort, zlib.DEFLATED, 31)
            return packer.compress(block) + packer.flush()
        if kind == XZ and len(block) < SMALL:
            kind, packed = ZLIB, zlib.compress(block, 6)
        elif kind == ZLIB:
            packed = zlib.compress(block, self.effort)
        elif kind == XZ:
            filters = [*([{"id": lzma.FILTER_X86}] if amd64 else []), _lzma2(self.effort)]
            packed = lzma.compress(block, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=filters)
        if len(packed) >= len(block):
            return HEAD.pack(PLAIN, len(block), len(block)) + block
        return HEAD.pack(kind, len(packed), len(block)) + packed


def _lzma2(effort: int) -> dict[str, int]:
    """Preset 1 is what a core packs faster than most uplinks send; 2 costs twice the time, and saves 6 % of it."""
    if effort > 2:
        return {"id": lzma.FILTER_LZMA2, "preset": effort, "dict_size": LARGE}
    more = {"mode": lzma.MODE_NORMAL, "mf": lzma.MF_HC4, "nice_len": 32, "depth": 8} if effort == 2 else {}
    return {"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": BLOCK, **more}


@dataclass(frozen=True, slots=True)
class Packer:
    """How a stream is packed: `levels` from the best to the quickest. `amd64`: whether it is code for that processor,
    which packs better when that is known."""

    levels: tuple[Level, ...]
    amd64: bool = False
    paced: bool = True
    """Whether a quicker level is taken where the link waits; not for what several links get."""
    block: int = BLOCK
    """Bytes before packing: what is not larger needs no more memory to be unpacked."""

    @classmethod
    def of(cls, known: Collection[str], *, amd64: bool, paced: bool = True) -> Packer:
        """For a server whose porter unpacks what is `known`."""
        levels: tuple[Level, ...] = (Level(ZLIB, 6), Level(ZLIB, 1), Level(PLAIN))
        if "xz" in known:
            levels = (Level(XZ, 2 if _workers() > 2 else 1), *levels)
        return cls(levels, amd64, paced)

    @classmethod
    def gzip(cls, *, paced: bool = True) -> Packer:
        """For an engine itself."""
        return cls(tuple(Level(GZIP, effort) for effort in (6, 1, 0)), paced=paced)

    @classmethod
    def best(cls, *, amd64: bool) -> Packer:
        """For what is packed once and sent often: it takes seconds."""
        return cls((Level(XZ, 9),), amd64, paced=False, block=LARGE)

    def stream(self, pieces: Iterable[bytes], told: Callable[[int], None]) -> Iterator[bytes]:
        """The packed blocks and their end. `told` takes how many bytes of `pieces` a block has that is sent."""
        level, clock = 0, Clock()
        waiting: deque[tuple[int, Future[bytes]]] = deque()
        workers = ThreadPoolExecutor(_workers(), thread_name_prefix="packing")

        def out() -> Iterator[bytes]:
            nonlocal level
            size, work = waiting.popleft()
            packed = clock.packing(work)
            yield packed
            if not (waiting and waiting[0][1].done()):
                yield b""  # nothing follows at once: what has been gathered leaves
            clock.sent(len(packed))
            told(size)
            if self.paced:
                step = clock.step(len(waiting), hasty=self.levels[level].kind == XZ)
                level = min(max(level + step, 0), len(self.levels) - 1)

        try:
            for block in _blocks(pieces, self.block):
                waiting.append((len(block), workers.submit(self.levels[level].pack, block, self.amd64)))
                while len(waiting) >= _workers() + AHEAD or (waiting and waiting[0][1].done()):
                    yield from out()
            while waiting:
                yield from out()
            if self.levels[0].kind != GZIP:
                yield HEAD.pack(END, 0, 0)
        finally:
            workers.shutdown(wait=True, cancel_futures=True)


class Clock:
    """Who waits for whom: the link for packing, or packing for the link."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._packing = self._link = self._longest = 0.0
        self._bytes = 0
        self._older = 1
        """Blocks that tell nothing: the first one, and those that were begun before packing got quicker."""

    def packing(self, work: Future[bytes]) -> bytes:
        self._at = time.monotonic()
        packed = work.result()
        now = time.monotonic()
        self._longest = max(self._longest, now - self._at)
        self._packing, self._at = self._packing + now - self._at, now
        return packed

    def sent(self, size: int) -> None:
        self._link += time.monotonic() - self._at
        self._bytes += size

    def step(self, begun: int, *, hasty: bool) -> int:
        """1 where packing is to be quicker from now on, -1 where it may be better; `begun` blocks are packed as before.
        `hasty`: as soon as one block lets the link wait."""
        if self._older:
            self._older -= 1
            self._longest = 0.0
            return 0
        judged, step = self._bytes >= JUDGED, 0
        if (judged and self._packing > self._link) or (hasty and self._longest > IDLE):
            step, self._older = 1, begun
        elif judged and self._packing < self._link / 8:
            step, self._older = -1, begun
        if judged or step:
            self._packing = self._link = self._longest = 0.0
            self._bytes = 0
        return step


def _workers() -> int:
    return max(min(os.cpu_count() or 2, WORKERS), 1)


def _blocks(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    held, size = bytearray(), FIRST if most == BLOCK else most
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
            size = min(size * 2, most)
    if held:
        yield bytes(held)


class BadBlocks(ValueError):
    """They are cut or damaged."""


def unpacked(content: bytes) -> bytes:
    """What a stream of blocks has. Raises BadBlocks."""
    whole, at = bytearray(), 0
    with suppress(struct.error, lzma.LZMAError, zlib.error):
        while True:
            kind, packed, size = HEAD.unpack_from(content, at)
            at += HEAD.size
            if kind == END and at == len(content):
                return bytes(whole)
            block = content[at : at + packed]
            at += packed
            if kind == XZ:
                block = lzma.decompress(block)
            elif kind == ZLIB:
                block = zlib.decompress(block)
            if kind not in (PLAIN, ZLIB, XZ) or len(block) != size:
                break
            whole += block
    raise BadBlocks("the blocks are damaged")
