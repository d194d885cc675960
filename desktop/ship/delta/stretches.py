"""A patch for a program that is built upon another one: in stretches, each by a patch of its own, so that a server
makes the first while the rest is on its way. What is in them stays unpacked: for the way it is packed better than here.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import struct
import time
import zlib
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken, Pool

from .encode import Patch, encode

if TYPE_CHECKING:
    from .tools import DeltaTools

STRETCHES = 4
HEAD = 148
"""Bytes of a patch before its streams, as in resources/delta/format.go."""
LENGTHS = struct.Struct("<14I")


async def encode_stretches(
    pool: Pool, tools: DeltaTools, old: Path, new: Path, folder: Path, *, limit: int
) -> Patch | None:
    """As `encode`; `limit` holds for what it would give."""
    started, parts, made = time.monotonic(), list[Path](), list[Patch | None]()
    try:
        digest, size = await pool.run(partial(_cut, new=new, folder=folder, parts=parts))
        # one that has nothing in common with the old file is as it is
        most = size + (1 << 16)
        made += await asyncio.gather(*(encode(pool, tools, old, part, folder, limit=most) for part in parts))
        patches = [patch for patch in made if patch is not None]
        if not patches or len(patches) < len(parts) or sum(patch.size for patch in patches) >= limit:
            return None
        path = folder / f"{secrets.token_hex(8)}.gd2s"
        length = await pool.run(partial(_joined, patches=patches, path=path))
    except OSError:
        return None
    finally:
        for gone in (*parts, *(patch.path for patch in made if patch is not None)):
            gone.unlink(missing_ok=True)
    seconds = time.monotonic() - started
    return Patch(path, length, patches[0].old, digest, size, seconds, len(patches))


def _cut(token: CancelToken, new: Path, folder: Path, parts: list[Path]) -> tuple[str, int]:
    content = new.read_bytes()
    each = max(-(-len(content) // STRETCHES), 1)
    for at in range(0, len(content), each):
        parts.append(folder / f"{secrets.token_hex(8)}.part")
        parts[-1].write_bytes(content[at : at + each])
    return hashlib.sha256(content).hexdigest(), len(content)


def _joined(token: CancelToken, patches: Iterable[Patch], path: Path) -> int:
    whole = b"".join(loosened(patch.path.read_bytes()) for patch in patches)
    path.write_bytes(whole)
    return len(whole)


def loosened(patch: bytes) -> bytes:
    """The same patch with its streams as they are before they are packed."""
    lengths, at, streams = list(LENGTHS.unpack_from(patch, HEAD - LENGTHS.size)), HEAD, list[bytes]()
    for number in range(0, len(lengths), 2):
        packed = patch[at : at + lengths[number + 1]]
        at += len(packed)
        streams.append(_stored(zlib.decompress(packed, -15)) if packed else b"")
        lengths[number + 1] = len(streams[-1])
    size = HEAD + sum(len(stream) for stream in streams)
    head = patch[:4] + struct.pack("<Q", size) + patch[12 : HEAD - LENGTHS.size] + LENGTHS.pack(*lengths)
    return head + b"".join(streams)


def _stored(content: bytes) -> bytes:
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()
