"""How a server makes an archive: from files that it keeps, from patched ones, and from bytes that are sent; pure."""

from __future__ import annotations

import hashlib
import struct
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.image import Image

CHUNK = 1 << 18
PACKED_MOST = 1 << 16
"""Bytes of a packet, about."""


@dataclass(frozen=True, slots=True)
class Program:
    """An app's binary as a file: what deltas are made of."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the archive. `kind`: "kept" (the server has the file with the hash `name`), "file" (sent, and kept
    under its hash) or "raw" (sent)."""

    kind: str
    name: str
    size: int
    source: bytes | Path = b""
    start: int = 0


def parts_of(image: Image, program: Program | None, without: Collection[str]) -> tuple[Part, ...]:
    """The archive as parts that are sent; files that are worth keeping stand alone."""
    from desktop.image import archive_pieces

    parts: list[Part] = []
    for piece in archive_pieces(image, without=without):
        if isinstance(piece, bytes):
            _add(parts, Part("raw", "", len(piece), piece))
        else:
            for part in _file_parts(piece, program):
                _add(parts, part)
    return tuple(parts)


def _add(parts: list[Part], part: Part) -> None:
    last = parts[-1] if parts else None
    if last is not None and isinstance(last.source, bytes) and isinstance(part.source, bytes):
        parts[-1] = Part("raw", "", last.size + part.size, last.source + part.source)
    elif part.size:
        parts.append(part)


def _file_parts(blob: Path, program: Program | None) -> Iterator[Part]:
    size = blob.stat().st_size
    start = program_start(blob, program) if program is not None else None
    if program is None or start is None:
        yield Part("file", blob.name, size, blob)
        return
    with open(blob, "rb") as file:
        before = file.read(start)
        file.seek(start + program.size)
        after = file.read()
    yield Part("raw", "", len(before), before)
    yield Part("file", program.sha256, program.size, blob, start)
    yield Part("raw", "", len(after), after)


def program_start(blob: Path, program: Program) -> int | None:
    """Where the program begins in a layer, None when it is not in it."""
    if not program.size < blob.stat().st_size < program.size + CHUNK:
        return None
    try:
        with tarfile.open(blob, mode="r:") as tar:
            for entry in tar:
                if entry.isreg() and entry.size == program.size:
                    return entry.offset_data
    except tarfile.TarError:
        return None
    return None


def with_kept(parts: tuple[Part, ...], kept: Mapping[str, int]) -> tuple[Part, ...]:
    """The same parts, with those that the server has taken from there."""
    return tuple(
        Part("kept", part.name, part.size) if part.name and kept.get(part.name) == part.size else part
        for part in parts
    )


def to_send(parts: tuple[Part, ...]) -> int:
    """Bytes that are sent, before packing."""
    return sum(part.size for part in parts if part.kind != "kept")


def identity_of(parts: tuple[Part, ...]) -> str:
    """Equal for parts of which the same bytes are sent."""
    known = hashlib.sha256()
    for part in parts:
        if part.kind != "kept":
            raw = hashlib.sha256(part.source).hexdigest() if isinstance(part.source, bytes) else ""
            content = part.name or raw or (str(part.source), part.start)
            known.update(repr((part.kind, part.size, content)).encode())
    return known.hexdigest()


def files_of(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.name for part in parts if part.name))


def pieces_of(parts: tuple[Part, ...]) -> Iterator[bytes]:
    """What is sent, unpacked."""
    for part in parts:
        if part.kind != "kept":
            yield from _pieces(part)


def stream(parts: tuple[Part, ...], level: int, told: Callable[[int], None]) -> Iterator[bytes]:
    """What is sent to a helper: a zlib stream in packets with their length before them; an empty one is the end.
    `told` takes how many bytes of the parts have been read."""
    packer, held = zlib.compressobj(level), bytearray()
    for piece in pieces_of(parts):
        told(len(piece))
        held += packer.compress(piece)
        if len(held) >= PACKED_MOST:
            yield _packet(held)
            held.clear()
    held += packer.flush()
    yield _packet(held) + _packet(b"")


def pieces(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _packet(data: bytes | bytearray) -> bytes:
    return struct.pack(">I", len(data)) + data


def _pieces(part: Part) -> Iterator[bytes]:
    if isinstance(part.source, bytes):
        yield part.source
        return
    left = part.size
    with open(part.source, "rb") as file:
        file.seek(part.start)
        while left:
            piece = file.read(min(left, CHUNK))
            if not piece:
                raise OSError(f"{part.source} has changed while it was read")
            left -= len(piece)
            yield piece
