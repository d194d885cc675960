"""One release's way past a front on an engine, on whichever of three ways can be had: by a porter, by shell scripts, or
through this computer's engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from desktop.base.channel import Channel
from desktop.base.errors import GoferryError
from desktop.base.plans import Recorder
from desktop.base.words import ntr
from desktop.engine import Container, ContainerMissing, Engine
from desktop.release import front, turn_scripts
from desktop.release.front import Turn
from desktop.release.model import Release, Seen
from desktop.ship import Ahead, NoPorter, Quick

from .beside import Beside
from .front import Fronts
from .sight import Sight
from .trial import TrialLedger

SPARE_S = 15.0
"""Seconds beside those that the old release gets for its last requests."""


@dataclass(slots=True)
class Turning:
    """What an EnginePlace does for releases behind a front. `now` is the turn that goes on."""

    channel: Channel
    engine: Engine
    fronts: Fronts
    beside: Beside | None
    now: Turn | None = None
    _there: Container | None = None
    came: bool = False
    """Whether a release was confirmed, or may have been."""
    _tried: bool = False
    _spare: bool = False
    _unmade: bool = False
    _early: asyncio.Task[bool] | None = None
    _ahead: Ahead | None = None

    @asynccontextmanager
    async def made_early(self, release: Release, ahead: Ahead, quick: Quick) -> AsyncIterator[None]:
        """A front whose image comes before the app's is made while that is on its way; and taken away where no
        release came for it."""
        self._ahead = ahead
        self._early = early = quick.meanwhile(self._make_early(release, ahead))
        try:
            yield
        finally:
            if self._early is early:
                self._early = None
                if not ahead.loaded.is_set():
                    early.cancel()
                await asyncio.gather(early, return_exceptions=True)
                if ahead.image is not None:
                    await self.fronts.take_back(release.app, ahead.image)

    async def _make_early(self, release: Release, ahead: Ahead) -> bool:
        if ahead.image is None or self.beside is None:
            return False
        wish = {**await self.fronts.wish(release, ahead.image), "early": True}
        await self.beside.make_front(wish, only_network=True)
        await ahead.loaded.wait()
        if not ahead.there:
            return False
        self.fronts.sent = ahead.image
        await self.beside.make_front(wish)
        return True

    async def _was_made_early(self) -> bool:
        """After the app's image: where the front's has not come by now, it did not come before it."""
        early = self._early
        if early is None or (self._ahead is not None and not self._ahead.loaded.is_set()):
            if early is not None:
                early.cancel()
            return False
        with suppress(NoPorter):
            return await asyncio.shield(early)
        return False

    async def get_ready(self, release: Release, sight: Sight | None, recorder: Recorder) -> None:
        """Before anything is stopped. `sight`: what a look has just found."""
        seen = sight.front if sight is not None else None
        self._there, self._spare, self._unmade = seen, False, False
        self._tried = self._tried or release.proxied
        if not release.proxied or await self._was_made_early():
            return
        if sight is not None and seen is None and self.beside is not None and self.beside.held is not None:
            # it is made in the same round trip in which it is started
            image = await self.fronts.image(recorder, sight.images)
            self.beside.front = await self.fronts.wish(release, image)
            self._unmade = True
        elif seen is None or not seen.running or not front.fits(seen, release):
            self._there, self._spare = await self.fronts.ready(release, recorder)

    async def made(self, release: Release, old: Release | None, recorder: Recorder) -> Turn | None:
        """The turn, with a front that a porter was told to make and has not."""
        if self._unmade:
            self._there, self._spare = await self.fronts.ready(release, recorder)
            self._unmade = False
        return await self.turn(release, old)

    async def is_made_first(self, release: Release, old: Release | None) -> bool:
        """Whether the front of a first release is there, which came before its image: that is waited for."""
        if not release.proxied or old is not None or self._ahead is None or self._early is None:
            return False
        await self._ahead.loaded.wait()
        return await self._was_made_early()

    async def turn(self, release: Release, old: Release | None, *, comes: bool = True) -> Turn | None:
        """`comes`: its image is there, and its front stays with it."""
        if comes:
            self._early = None
        there = self._there if release.proxied else None
        if not release.proxied and old is not None and old.proxied:
            there = await self.fronts.reclaimed(release.app)
        self.now = front.turn(release, old, there, spare=self._spare)
        return self.now

    # ---------------------------------------------------------------- on a server

    async def leave_nobody(self, seen: Seen | None, sight: Sight | None) -> None:
        """Takes away a front that no release came for: of this deploy, or of one that broke off before it, which the
        look has seen then."""
        lonely = self._tried or (sight is not None and sight.front is not None)
        if self.beside is None or seen is None or self.came or seen.serving is not None or not lonely:
            return
        with suppress(NoPorter, GoferryError):
            if ref := await self.beside.leave_nobody_in_front(seen.app):
                await self.engine.remove_image(ref)

    async def route_by_hand(self, release: Release) -> None:
        """Where no porter has done it."""
        if self.now is not None and self.now.front:
            await self.fronts.route(release.app, self.now.trial)

    async def settle(self, release: Release, recorder: Recorder) -> None:
        """Returns when the old release has answered its last request and is stopped, or was given up."""
        turn, told = self.now, -1
        if turn is not None and self.channel.local:
            await self._settle_here(release, turn, recorder)
            return
        until = time.monotonic() + (turn.drain if turn is not None else 0) + SPARE_S
        while turn is not None and time.monotonic() < until:
            settled, busy = await self._settled(release)
            if settled:
                return
            if busy and busy != told:
                told = busy
                recorder.text(still_answered(busy, turn))

    async def _settled(self, release: Release) -> tuple[bool, int]:
        if self.beside is not None:
            with suppress(NoPorter):
                return await self.beside.settled(release)
        done = await self.channel.run(turn_scripts.settled(release), timeout=30)
        said = done.text().strip()
        return said == "settled" or not done.ok, int(said) if said.isdigit() else 0

    async def taken_back(self, release: Release, old: Release | None) -> None:
        """What no guard could do any more: one that a reboot has ended, say."""
        turn, self.now = self.now, None
        with suppress(GoferryError):
            await self.fronts.reclaimed(release.app)
            if turn is not None and turn.back and turn.front and not turn.owner and old is not None:
                await self.fronts.route(release.app, ((turn.back, 1),))

    # ---------------------------------------------------------------- by hand

    async def stop(self, release: Release) -> None:
        """The port is closed; a release that is stopped must not look as one that is broken."""
        with suppress(ContainerMissing):
            await self.engine.stop(front.front_name(release.app))

    async def start(self, release: Release) -> None:
        there, _ = await self.fronts.ready(release, Recorder())
        if there is None or not there.running:
            await self.engine.start(front.front_name(release.app))
        await self.fronts.route(release.app, ((front.address(release), 1),))
        await self.engine.set_restart(front.front_name(release.app), "unless-stopped")

    # ---------------------------------------------------------------- on this computer

    async def swap_here(self, ledger: TrialLedger, release: Release, old: Release | None, turn: Turn) -> None:
        await ledger.begin(release, old, turn)
        if turn.front:
            await self.engine.start(turn.new)
        if turn.owner:
            with suppress(ContainerMissing):
                await self.engine.set_restart(turn.owner, "always")
                await self.engine.stop(turn.owner)
        if turn.door:
            await self.engine.start(turn.door)
        if not turn.front:
            await self.engine.start(turn.new)

    async def keep_here(self, release: Release, old: Release | None) -> None:
        """Everything that has to hold after a restart of this computer."""
        if release.proxied:
            await self.engine.set_restart(front.front_name(release.app), "unless-stopped")
        await self.engine.set_restart(release.container, "unless-stopped")
        if old is not None:
            with suppress(ContainerMissing):
                await self.engine.set_restart(old.container, "no")

    async def _settle_here(self, release: Release, turn: Turn, recorder: Recorder) -> None:
        if turn.front:
            await self.fronts.route(release.app, turn.kept)
        if turn.old and turn.old != turn.owner:
            if turn.back and turn.front and not turn.owner:
                await self._drain_here(release.app, turn, recorder)
            with suppress(ContainerMissing):
                await self.engine.stop(turn.old)
        if turn.owner and turn.owner != turn.old:
            with suppress(ContainerMissing):
                await self.engine.remove(turn.owner, force=True)

    async def _drain_here(self, app: str, turn: Turn, recorder: Recorder) -> None:
        until, told = time.monotonic() + turn.drain, 0
        while (left := until - time.monotonic()) > 0:
            busy = await self.fronts.busy(app, turn.back, min(left, 1.0))
            if not busy:
                return
            if busy != told:
                told = busy
                recorder.text(still_answered(busy, turn))


def still_answered(busy: int, turn: Turn) -> str:
    return ntr(
        "{n} request is still answered by the old version, for {seconds} s at most",
        "{n} requests are still answered by the old version, for {seconds} s at most",
        busy,
        seconds=f"{turn.drain:g}",
    )
