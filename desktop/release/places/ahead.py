"""The front of a first release, sent while its program is being built: into the memory of a porter, which ends with it
where nobody comes. No file and no image is made by that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.base.errors import GoferryError
from desktop.ship import Ahead, NoPorter, Quick, Swift

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
        self.begun = self._quick.meanwhile(self._begin(sight))

    async def _begin(self, sight: Sight) -> Ahead | None:
        program = await self._fronts.program()
        tags = {tag for one in sight.images for tag in one.tags}
        if any(tag.startswith(f"{self._fronts.repository}:") for tag in tags):
            # another app's, of this Goferry or of one before it
            made = await self._fronts.foresee()
            program = program if made is not None and made[0].ref not in tags else None
        if program is None:
            return None
        ahead = self._quick.send_ahead(self._channel, program)
        self._image = self._quick.meanwhile(self._make_image(ahead))
        return ahead

    async def _make_image(self, ahead: Ahead) -> None:
        made = await self._fronts.foresee()
        ahead.image = made[0] if made is not None else None

    async def ready(self) -> Ahead | None:
        """With its image; it may still be on its way. None where there is nothing."""
        ahead = await asyncio.shield(self.begun) if self.begun is not None else None
        with suppress(NoPorter, GoferryError):
            if self._image is not None:
                await asyncio.shield(self._image)
            return ahead if ahead is not None and ahead.image is not None else None
        return None

    async def loaded(self) -> str:
        """The name of its image, where the server has it by now."""
        ahead = await self.ready()
        return ahead.image.ref if ahead is not None and ahead.there and ahead.image is not None else ""

    async def with_it(self, swift: Swift) -> Swift:
        """The way for an app's image that builds upon it."""
        return replace(swift, ahead=await self.ready())
