"""Whether a link is slower than packing."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from desktop.base.commands import sh

if TYPE_CHECKING:
    from desktop.base.channel import Channel

PROBE = 256 * 1024
FAST = 40e6
"""Bytes a second above which packing takes longer than it saves."""
SMALL = 2 << 20
"""Bytes that are packed without asking: looking at the link would take longer."""


async def worth_packing(channel: Channel, size: int) -> bool:
    """Measured with a quarter of a megabyte when much has to be sent."""
    if channel.local or size < SMALL:
        return not channel.local
    nothing = await channel.send(sh("cat >/dev/null"), (b"",), timeout=60)
    some = await channel.send(sh("cat >/dev/null"), (unpackable(PROBE),), timeout=60)
    return PROBE / max(some.seconds - nothing.seconds, 1e-3) < FAST


def unpackable(size: int) -> bytes:
    """Bytes that a compressing link cannot make smaller, the same each time."""
    import hashlib

    return b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size // 32))


def gzip_packer() -> zlib._Compress:
    """Gzip at level 1: a slow uplink is still slower than a better level."""
    return zlib.compressobj(1, zlib.DEFLATED, 31)
