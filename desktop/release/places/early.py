"""What a host is asked for before the step before it has been answered; the host keeps the order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from desktop.engine import Container
from desktop.release import front
from desktop.release.model import Artifact, Outcome, Release, Seen
from desktop.ship import Convoy, Delivery, Patch, Porter, Swift

from .ahead import FrontAhead
from .beside import Beside
from .sight import Sight

if TYPE_CHECKING:
    from desktop.image import Image

AWAITS_LOCK = 5.0
"""Seconds that what was sent ahead waits on the server for the lock, which is asked for at the same moment."""


class Early:
    """Deliveries of one app on one host."""

    def __init__(self, beside: Beside | None) -> None:
        self._beside = beside
        self.sent: Delivery | None = None
        """Sent before the lock was held, as long as nobody has taken it over."""
        self.carried: Delivery | None = None
        """What the present release is carried by."""

    @property
    def carrier(self) -> Porter | None:
        """Behind whose image more may be asked for."""
        return self.carried.porter if self.carried is not None else None

    def send(self, delivery: Delivery, swift: Swift, front: FrontAhead | None) -> None:
        """Begins it. `front`: what is on its way before it, and it builds upon."""

        async def ready() -> Swift:
            return await front.with_it(swift) if front is not None else swift

        self.sent = delivery
        delivery.begin(ready)

    def taken_over(self) -> Delivery | None:
        sent, self.sent = self.sent, None
        return sent

    async def given_up(self) -> str:
        """Ends what nobody has taken over; the name of its image, where there was something."""
        sent = self.taken_over()
        if sent is None:
            return ""
        await sent.close()
        return sent.ref

    async def called_off(self) -> bool:
        """Ends what was asked for behind the image; whether it may have begun."""
        begun = self._beside is not None and self._beside.may_have_begun(self.carrier)
        if begun and self.carried is not None:
            await self.carried.close()
        return begun


def is_small(
    foreseen: asyncio.Task[Patch | None] | None,
    artifact: Artifact,
    ref: str,
    seen: Sight,
    convoy: Convoy | None,
) -> bool:
    """Whether what has to be sent is a patch that is there already, for an image that is not. `ref`: its name there."""
    binary = artifact.binary
    if binary is None or foreseen is None or not foreseen.done() or foreseen.cancelled():
        return False
    patch = foreseen.result() if foreseen.exception() is None else None
    if patch is None or patch.new != binary.sha256 or patch.old not in seen.kept:
        return False
    by_relay = convoy is not None and convoy.relay is not None
    return not by_relay and not any(ref in found.tags for found in seen.images)


def is_first(told: Seen | None, seen: Sight, convoy: Convoy | None) -> bool:
    """Whether nothing of the app is there to build upon or to be replaced, and nobody has it locked: whatever is sent
    is the whole."""
    if told is None or told.holder is not None or told.current or told.instances or seen.kept:
        return False
    return convoy is None or not (convoy.shares or convoy.relay is not None)


def at_hand(release: Release, old: Release | None, seen: Container | None) -> bool:
    """Whether nothing has to be made or asked for before the change: `seen` is the front that is there."""
    if not release.proxied:
        return old is None or not old.proxied
    return seen is not None and seen.running and front.fits(seen, release)


def meant(image: Image, ref: str, store: str) -> dict[str, Any]:
    """How a server knows an image, as `same_image` does here."""
    layers = [layer.diff_id for layer in image.layers] if store != "classic" else []
    return {"ref": ref, "ids": [image.config_digest, image.digest], "layers": layers}


def known_in(seen: Seen) -> set[str]:
    """Releases that a host has, by their ids."""
    gone = (Outcome.FAILED, Outcome.REMOVED)
    recorded = {one.id for one in seen.releases if one.outcome not in gone}
    return {seen.current, *recorded, *(instance.release for instance in seen.instances)}


def strays(sight: Sight | None, seen: Seen | None, release: Release) -> tuple[str, ...]:
    """Images of releases that came to nothing: they were sent, and it ended then. `release` has just come to stay."""
    if sight is None or seen is None:
        return ()
    known = {release.id, *known_in(seen)}
    repository = f"goferry/{release.app}"
    named = (tag.rpartition(":") for image in sight.images for tag in image.tags)
    return tuple(f"{name}:{tag}" for name, _, tag in named if name == repository and tag not in known)
