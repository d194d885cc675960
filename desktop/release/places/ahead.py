"""The front of a first release, sent while its program is being built: into the memory of a porter, which ends with it
where nobody comes. No file and no image is made by that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from desktop.base.errors import GoferryError
from desktop.ship import Ahead, NoPorter, Quick

if TYPE_CHECKING:
    from desktop.base.channel import Channel

    from .front import Fronts
    from .sight import Sight


class FrontAhead:
    """Of one app on one host. `begun`: what is on its way, for who builds upon it; None where there is nothing."""

    def __init__(self, channel: Channel, quick: Quick, fronts: Fronts) -> None:
        self._channel, self._quick, self._fronts = channel, quick, fronts
        self.begun: asyncio.Task[Ahead | None] | None = None
        self._image: asyncio.Task[None] | None = None

    def begin(self, sight: Sight) -> None:
        if not any(tag.startswith(f"{self._fronts.repository}:") for one in sight.images for tag in one.tags):
            self.begun = self._quick.meanwhile(self._begin())

    async def _begin(self) -> Ahead | None:
        program = await self._fronts.program()
        if program is None:
            return None
        ahead = self._quick.send_ahead(self._channel, program)
        self._image = self._quick.meanwhile(self._make_image(ahead))
        return ahead

    async def _make_image(self, ahead: Ahead) -> None:
        made = await self._fronts.foresee()
        ahead.image = made[0] if made is not None else None

    async def taken(self) -> Ahead | None:
        """It and its image, once; it may still be on its way."""
        begun, self.begun = self.begun, None
        ahead = await begun if begun is not None else None
        with suppress(NoPorter, GoferryError):
            if self._image is not None:
                await self._image
            return ahead if ahead is not None and ahead.image is not None else None
        return None
