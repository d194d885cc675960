"""A delivery as a rollout sees it."""

from __future__ import annotations

from desktop.base.words import msg
from desktop.release.model import Sent
from desktop.ship import Delivery
from desktop.ship import Sent as Shipped


class EngineShipment:
    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    async def sent(self) -> Sent:
        return _told(await self._delivery.sent())

    async def loaded(self) -> Sent:
        return _told(await self._delivery.loaded())


def _told(sent: Shipped) -> Sent:
    note = msg("Sent directly: {why}", why=sent.trouble) if sent.trouble else ""
    return Sent(sent.bytes, sent.seconds, sent.how, sent.relayed, note)
