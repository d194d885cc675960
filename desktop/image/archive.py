"""Images as one file or stream: complete for `docker load` of every engine, and an OCI archive at the same time."""

from __future__ import annotations

import io
import json
import secrets
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from desktop.base.paths import replace_file

from .errors import CannotWrite
from .model import Image
from .store import canonical_json, descriptor_of, index_of

CHUNK = 1 << 18


def docker_archive(image: Image, *, compress: bool = False, without: Collection[str] = ()) -> Iterator[bytes]:
    """A tar that `docker load` takes, in chunks. Docker's classic store reads manifest.json, containerd's the OCI
    index, which keeps the image's digest as it is.

    `without`: diff IDs of layers that the engine has already; they are left out, which only the classic store
    bears, so such an archive has no OCI index. `compress`: gzip, which every engine reads.
    """
    pieces = _tar(image, frozenset(without))
    return _gzip(pieces) if compress else pieces


def archive_pieces(image: Image, *, without: Collection[str] = ()) -> Iterator[bytes | Path]:
    """The same archive in its pieces: bytes as they are, and the files whose whole content stands there."""
    for (name, content), size in _members(image, frozenset(without)):
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o644
        yield info.tobuf(tarfile.USTAR_FORMAT)
        yield content
        yield b"\0" * (_padded(size) - size)
    yield b"\0" * 1024


def oci_archive(image: Image) -> Iterator[bytes]:
    """The same archive: it is an OCI layout too."""
    return docker_archive(image)


def archive_size(image: Image, *, without: Collection[str] = ()) -> int:
    """Bytes of the uncompressed archive, exact."""
    return sum(512 + _padded(size) for _, size in _members(image, frozenset(without))) + 1024


def _members(image: Image, without: frozenset[str]) -> Iterator[tuple[tuple[str, bytes | Path], int]]:
    def text(name: str, content: bytes) -> tuple[tuple[str, bytes | Path], int]:
        return (name, content), len(content)

    if not without:
        yield text("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        yield text("index.json", canonical_json(index_of([descriptor_of(image)])))
        yield text(_name(image.digest), image.blob(image.digest).read_bytes())
    yield text("manifest.json", _manifest(image))
    yield text(_name(image.config_digest), image.blob(image.config_digest).read_bytes())
    seen: set[str] = set()
    for layer in image.layers:
        if layer.diff_id not in without and layer.digest not in seen:
            seen.add(layer.digest)
            yield (_name(layer.digest), layer.blob), layer.size


def _manifest(image: Image) -> bytes:
    layers = [_name(layer.digest) for layer in image.layers]
    return json.dumps(
        [{"Config": _name(image.config_digest), "RepoTags": [image.ref], "Layers": layers}], sort_keys=True
    ).encode()


def _name(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _tar(image: Image, without: frozenset[str]) -> Iterator[bytes]:
    for (name, content), size in _members(image, without):
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o644
        yield info.tobuf(tarfile.USTAR_FORMAT)
        sent = 0
        for piece in _pieces(content):
            sent += len(piece)
            yield piece
        if sent != size:
            raise OSError(f"{name} has changed while it was read")
        yield b"\0" * (_padded(size) - size)
    yield b"\0" * 1024


def _pieces(content: bytes | Path) -> Iterator[bytes]:
    with io.BytesIO(content) if isinstance(content, bytes) else open(content, "rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _padded(size: int) -> int:
    return (size + 511) // 512 * 512


def _gzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Level 1: a slow uplink is still slower than a better level; zstd is refused by engines of CentOS 7's time."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def write_archive(path: Path, pieces: Iterator[bytes], check: Callable[[], object] = lambda: None) -> int:
    """The whole archive at `path`, or nothing; bytes written. `check` is called between pieces and may raise.
    Raises CannotWrite."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    size = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "xb") as file:
            for piece in pieces:
                size += file.write(piece)
                check()
        replace_file(part, path)
    except OSError as error:
        raise CannotWrite(str(path), detail=str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return size
