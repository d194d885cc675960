"""The quick way: a porter on the server builds the archive from what is there, and only the change is sent."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.words import tr
from desktop.engine import EngineImage, parse

from .blocks import Packer
from .carrier import helping
from .layers import parcel_for
from .packings import Make, Packing
from .porter import NoPorter, Stash
from .programs import MOST_ENCODED, fits
from .recipe import (
    Part,
    Program,
    files_of,
    identity_of,
    parts_of,
    pieces,
    pieces_of,
    stream,
    to_send,
    with_kept,
)

if TYPE_CHECKING:
    from desktop.base.channel import Channel
    from desktop.image import Image

    from .convoy import Convoy
    from .delta import Patch
    from .porter import Porter, Porters
    from .programs import Programs

_log = logging.getLogger(__name__)

SHARED_FROM = 1 << 20
"""Bytes from which on it is worth a file to pack them once for all."""
ALIKE = 3
KEEP_BASE = 256 << 20
"""Bytes of base layers that a server keeps as files, where its store takes complete archives only."""


@dataclass(frozen=True, slots=True)
class Here:
    """What a server has that a new image may be built upon."""

    kept: dict[str, int]
    """Files of this app, by hash."""
    images: tuple[EngineImage, ...]

    @classmethod
    def of(cls, answer: dict[str, Any], store: str) -> Here:
        kept = {str(name): int(size) for name, size in answer["kept"].items()}
        return cls(kept, tuple(parse.engine_image(found, store) for found in answer["images"]))


@dataclass(slots=True)
class Ahead:
    """A program that is on its way into a porter's memory, and the image that is made of it first. `there`: the engine
    has it."""

    program: Program
    image: Image | None = None
    stash: Stash = field(init=False)
    sent_bytes: int = 0
    there: bool = False
    loaded: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    """Set when it is known whether it is there."""

    def __post_init__(self) -> None:
        self.stash = Stash(self.program.sha256, self.program.size)

    def base_for(self, program: Program) -> Path | None:
        """Itself, where the other is not so much larger that most of it is something else."""
        return self.program.path if program.size <= ALIKE * self.program.size else None


@dataclass(frozen=True, slots=True)
class Swift:
    """What the quick way needs beside the image: porters, binaries of before, the new one, and where the server may
    keep files of this app."""

    porters: Porters
    programs: Programs
    program: Program | None
    folder: str
    repository: str
    """Of the names that this app's images bear on servers."""
    here: Here | None = None
    """What is there, where somebody has just looked."""
    trusting: bool = True
    """Whether to build upon what the server keeps."""
    convoy: Convoy | None = None
    """What this run's hosts share."""
    direct: bool = False
    """Whether to leave a relay out."""
    note: Callable[[str], None] = lambda text: None
    """Takes what a person may want to know of the way that was taken."""
    ahead: Ahead | None = None
    """What was sent before, where the server has nothing else to build upon."""
    under: Mapping[str, Any] | None = None
    """The lock that has to be held before the server does anything with it: it may be sent before that."""

    @property
    def by_helper(self) -> bool:
        """Whether a person wants a helper for it where there is Python too."""
        return self.program is not None and self.programs.prefers_helper(self.program)


@dataclass(slots=True)
class SwiftDelivery:
    """One image on its way through a porter: `sent()`, then `loaded()`. Both raise NoPorter when it cannot be done
    like this, and then nothing has changed on the server."""

    image: Image
    channel: Channel
    swift: Swift
    store: str
    arch: str
    on_bytes: Callable[[int, int], None]
    sent_bytes: int = 0
    seconds: float = 0.0
    how: str = "none"
    relayed: int = 0
    """Bytes that the server fetches from a relay, and this computer does not send."""
    porter: Porter | None = None
    """Who carries it, where wishes may come behind it."""
    _reads: bool = True
    """Whether the porter is one that can fetch."""
    _source: int = 0
    _stack: AsyncExitStack | None = None
    _answer: asyncio.Task[dict[str, Any]] | None = None
    _first: asyncio.Task[None] | None = None
    _patching: Packing | None = None
    _packed: asyncio.Task[None] | None = None

    async def sent(self) -> None:
        """Returns when the last byte has left, or the porter has ended before."""
        started = time.monotonic()
        self._stack = AsyncExitStack()
        ahead = self._ahead
        try:
            porter = await self._carrier(self._stack)
            if ahead is not None and ahead.image is not None and porter.holds == ahead.program.sha256:
                porter.holds = ""  # it is used up by this
                await self._begin_first(porter, ahead, ahead.image)
        finally:
            if ahead is not None and self._first is None:
                ahead.loaded.set()
        parts, patch, old = await self._decided(self.swift.here or await self._asked(porter))
        if patch is None and self.swift.program is not None:
            self.swift.programs.get_ready()
        packer = self._packer(porter)
        fetch = await self._from_relay(parts, patch, packer)
        await self._send(porter, parts, patch, old, packer, fetch)
        if self._first is not None and ahead is not None:
            self.sent_bytes += ahead.sent_bytes
        self.seconds = time.monotonic() - started

    @property
    def _ahead(self) -> Ahead | None:
        return self.swift.ahead if self.swift.trusting else None

    async def _begin_first(self, porter: Porter, ahead: Ahead, image: Image) -> None:
        """The engine gets it while this computer sends the next one."""
        parts = await self.swift.programs.run(lambda token: parts_of(image, ahead.program, ()))
        parts = _unkept(with_kept(parts, {ahead.program.sha256: ahead.program.size}), "")
        self._first = asyncio.ensure_future(self._load_first(porter, ahead, image, parts))
        await asyncio.sleep(0)  # it is asked for before the other

    async def _load_first(self, porter: Porter, ahead: Ahead, image: Image, parts: tuple[Part, ...]) -> None:
        """Where it is refused, somebody sends it later."""
        wish = self._wish(image, parts)
        payload = _packed(parts, self._packer(porter), lambda size: None)
        try:
            ahead.there = (await porter.ask(wish, payload, limit=None))["image"] is not None
        except NoPorter as error:
            _log.info("%s: not loaded ahead: %s", self.channel.name, error)
        finally:
            ahead.loaded.set()

    async def _carrier(self, stack: AsyncExitStack) -> Porter:
        """A porter; where there is no Python, a helper that does what is needed of one, once it has been made. For a
        large program a person may prefer it."""
        waits = self.swift.under is not None
        if self.swift.by_helper and not (self._by_relay or waits):
            with suppress(NoPorter):
                return await self._helper(stack)
        holding = ""
        if self._ahead is not None:
            await self._ahead.stash.begun.wait()
            if (porter := self._ahead.stash.taken()) is not None:
                stack.push_async_callback(self.swift.porters.put_back, self.channel.name, porter)
                self.porter = porter
                return porter
            holding = self._ahead.program.sha256
        try:
            self.porter = await stack.enter_async_context(self.swift.porters.at(self.channel, holding))
            return self.porter
        except NoPorter as error:
            if waits or not error.absent:  # a helper knows of no lock
                raise
        return await self._helper(stack)

    @property
    def _by_relay(self) -> bool:
        return self.swift.convoy is not None and self.swift.convoy.relay is not None

    async def _helper(self, stack: AsyncExitStack) -> Porter:
        program = self.swift.program
        helper = await self.swift.programs.helper(self.arch) if program is not None else None
        if helper is None or program is None or program.size < helper.size:
            raise NoPorter("there is no helper for it")
        folder = self.swift.folder.rpartition("/")[0]
        porter, sent = await stack.enter_async_context(helping(self.channel, folder, helper))
        self.sent_bytes += sent
        self._reads = False
        return porter

    def _packer(self, porter: Porter) -> Packer | None:
        """What is packed once for all is packed as well as it can be; None for a helper, which takes a plain stream."""
        if porter.packs is None:
            return None
        convoy, amd64 = self.swift.convoy, self.image.platform == "linux/amd64"
        return Packer.of(porter.packs, amd64=amd64, paced=convoy is None or not convoy.shares)

    def _packing(self, parts: tuple[Part, ...], packer: Packer | None) -> Packing | None:
        convoy = self.swift.convoy
        if convoy is None or not convoy.shares:
            return None
        return convoy.packings.get((identity_of(parts), packer), lambda told: _packed(parts, packer, told))

    async def _from_relay(
        self, parts: tuple[Part, ...], patch: Patch | None, packer: Packer | None
    ) -> dict[str, Any] | None:
        """Where a relay has what is to be sent: how it is fetched there."""
        convoy = self.swift.convoy
        relay = convoy.relay if convoy is not None and not self.swift.direct and self._reads else None
        extra = patch.size if patch is not None else 0
        if convoy is None or relay is None or not relay.pays(to_send(parts) + extra):
            return None
        packing = self._packing(parts, packer)
        if packing is None:
            return None
        await convoy.packings.whole(packing)
        if not relay.pays(packing.size + extra):
            return None
        files = (*((patch.path,) if patch is not None else ()), packing.path)
        patched = f"{patch.old}-{patch.new}-" if patch is not None else ""
        fetch = await relay.fetch(f"{patched}{packing.sha256}", files)
        self.relayed = packing.size + extra if fetch is not None else 0
        return fetch

    async def _asked(self, porter: Porter) -> Here:
        wish = {"do": "have", "folder": self.swift.folder, "repositories": [self.swift.repository]}
        return Here.of(await porter.ask(wish), self.store)

    async def _decided(self, here: Here) -> tuple[tuple[Part, ...], Patch | None, str]:
        kept = here.kept if self.swift.trusting else {}
        parcel = parcel_for(self.image, here.images, self.store)
        program = self.swift.program
        parts = await self.swift.programs.run(lambda token: parts_of(self.image, program, parcel.without))
        parts = with_kept(self._worth_keeping(parts), kept)
        self.how = "layers" if parcel.without or any(part.kind == "kept" for part in parts) else "whole"
        if program is None or program.sha256 in kept:
            return parts, None, ""
        old = self.swift.programs.newest_of(kept, program.sha256)
        if program.sha256 not in files_of(parts):
            # it is there, in an image; the next one is built upon what is kept
            return parts, None, old.name if old is not None else ""
        stretches = old is None
        if old is None and self._first is not None and self._ahead is not None:
            old = self._ahead.base_for(program)
        if old is not None and not fits(old, program):
            self.swift.note(too_large(program))
            old = None
        made = self.swift.programs.patch(old, program, stretches=stretches) if old is not None else None
        patch = await made if made is not None else None
        if old is None or patch is None or patch.new != program.sha256:
            return parts, None, old.name if old is not None and old.name in kept else ""
        self.how = "delta"
        return with_kept(parts, {**kept, program.sha256: program.size}), patch, patch.old

    def _worth_keeping(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """A classic store has its layers at hand, so only the program is kept; a containerd store needs them all."""
        mine = self.swift.program.sha256 if self.swift.program is not None else ""
        base = sum(part.size for part in parts if part.name and part.name != mine)
        if self.store != "classic" and base <= KEEP_BASE:
            return parts
        return _unkept(parts, mine)

    async def _send(
        self,
        porter: Porter,
        parts: tuple[Part, ...],
        patch: Patch | None,
        old: str,
        packer: Packer | None,
        fetch: dict[str, Any] | None,
    ) -> None:
        out, loop = asyncio.Event(), asyncio.get_running_loop()
        mine = self.swift.program
        stays = {*files_of(parts), *([old] if old else []), *([mine.sha256] if mine is not None else [])}
        wish = self._wish(self.image, parts)
        wish["stays"] = sorted(stays)
        if patch is not None:
            wish["patches"] = [{"old": old, "new": patch.new, "size": patch.size}]
            if patch.stretches:
                wish["patches"][0].update(count=patch.stretches, packed=True)
        if fetch is not None:
            wish["from"] = fetch
        whole = to_send(parts) + (patch.size if patch is not None else 0)
        packing = self._packing(parts, packer) if to_send(parts) >= SHARED_FROM else None
        patched = await self._patched(patch, packer) if patch is not None and fetch is None else None
        payload = (
            () if fetch is not None else self._payload(parts, patched, packer, whole, loop, out, packing)
        )
        self._answer = asyncio.ensure_future(porter.ask(wish, payload, limit=None))
        over = asyncio.ensure_future(out.wait())
        try:
            await asyncio.wait({self._answer, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if self._answer.done():
            self._answer.result()

    def _wish(self, image: Image, parts: tuple[Part, ...]) -> dict[str, Any]:
        """What a porter needs to make an image's archive of these; all that is kept stays."""
        wish = {
            "do": "ship",
            "folder": self.swift.folder,
            "ref": image.ref,
            "size": sum(part.size for part in parts),
            "patches": [],
            "parts": [(part.kind, part.name, part.size) for part in parts],
            "stays": None,
        }
        return wish if self.swift.under is None else {**wish, "under": dict(self.swift.under)}

    def _payload(
        self,
        parts: tuple[Part, ...],
        patched: Make | None,
        packer: Packer | None,
        whole: int,
        loop: asyncio.AbstractEventLoop,
        out: asyncio.Event,
        packing: Packing | None,
    ) -> Iterator[bytes]:
        """Runs in the thread that sends."""
        told = 0.0

        def count(size: int) -> None:
            nonlocal told
            self._source += size
            if time.monotonic() - told > 0.1:
                told = time.monotonic()
                loop.call_soon_threadsafe(self.on_bytes, self._source, whole)

        for piece in patched(count) if patched is not None else ():
            self.sent_bytes += len(piece)
            yield piece
        for packed in packing.read(count) if packing is not None else _packed(parts, packer, count):
            self.sent_bytes += len(packed)
            yield packed
        loop.call_soon_threadsafe(self.on_bytes, whole, whole)
        loop.call_soon_threadsafe(out.set)

    async def _patched(self, patch: Patch, packer: Packer | None) -> Make:
        """The patch as it is sent. One that is packed for the way is so from now on: the link is still busy with what
        it builds upon."""
        if not patch.stretches or packer is None:
            return lambda told: _told(pieces(patch.path), told)
        best, programs = replace(packer, paced=False), self.swift.programs
        path = await programs.run(lambda token: programs.scratch.folder() / f"{secrets.token_hex(8)}.packed")
        path.touch()
        packing = self._patching = Packing(path, lambda told: best.stream(pieces(patch.path), told))
        self._packed = asyncio.ensure_future(programs.run(packing.work))
        return packing.read

    async def loaded(self) -> EngineImage | None:
        """What the engine has under the image's name now."""
        assert self._answer is not None
        if self._first is not None:
            await self._first
        answer = await self._answer
        if self.swift.program is not None:
            await self.swift.programs.keep(self.swift.program)
        found = answer["image"]
        return parse.engine_image(found, self.store) if found is not None else None

    async def close(self) -> None:
        tasks = [task for task in (self._first, self._answer, self._packed) if task is not None]
        for task in tasks:
            task.cancel()
        if self._patching is not None:
            self._patching.end()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._patching is not None:
            with suppress(OSError):
                self._patching.path.unlink(missing_ok=True)
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()


def _told(content: Iterable[bytes], told: Callable[[int], None]) -> Iterator[bytes]:
    for piece in content:
        yield piece
        told(len(piece))


def _unkept(parts: tuple[Part, ...], mine: str) -> tuple[Part, ...]:
    """The same, with no file kept but the one of this name, and what is there."""
    sent = (part.kind == "file" and part.name != mine for part in parts)
    return tuple(replace(p, kind="raw", name="") if raw else p for p, raw in zip(parts, sent, strict=True))


def too_large(program: Program) -> str:
    most = MOST_ENCODED >> 20
    return tr(
        "{name} is larger than {most} MB: all of it is sent, not only what changed.",
        name=program.path.name,
        most=most,
    )


def _packed(parts: tuple[Part, ...], packer: Packer | None, told: Callable[[int], None]) -> Iterator[bytes]:
    if packer is None:
        return stream(parts, 1, told)
    return packer.stream(pieces_of(parts), told)
