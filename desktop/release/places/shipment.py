"""A delivery as a rollout sees it."""

from __future__ import annotations

from desktop.base.plans import Recorder
from desktop.base.words import msg
from desktop.release.model import Sent
from desktop.ship import Delivery, OnBytes, Swift
from desktop.ship import Sent as Shipped


class EngineShipment:
    """`swift`: the quick way, as it is known now."""

    def __init__(self, delivery: Delivery, swift: Swift | None) -> None:
        self._delivery, self._swift = delivery, swift

    async def sent(self) -> Sent:
        return _told(await self._delivery.sent(self._swift))

    async def loaded(self) -> Sent:
        return _told(await self._delivery.loaded())


def _told(sent: Shipped) -> Sent:
    note = msg("Sent directly: {why}", why=sent.trouble) if sent.trouble else ""
    return Sent(sent.bytes, sent.seconds, sent.how, sent.relayed, note)


def told_to(recorder: Recorder) -> OnBytes:
    """Of the bytes that are on their way."""

    def on_bytes(done: int, whole: int) -> None:
        recorder.on_progress("upload", done / whole if whole else None)

    return on_bytes
