"""Images that others made, taken into the store: `docker save` of any engine, OCI archives, blobs of registries.

Layers are kept as plain tars, whatever they came as: every engine takes them, and what a server has already is told
by their diff ID. Nothing is unpacked; the bytes are checked against the digests that the image itself names.
"""

from __future__ import annotations

import gzip
import json
import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from desktop.base.words import Message, Words, msg

from .config import image_manifest
from .errors import BadArchive
from .model import LAYER_TYPE, Base, Image, Layer, blob_path
from .names import parse_reference
from .store import Hashing, name_image, put_blob, put_bytes

MOST_JSON = 8 << 20
MOST_LAYERS = 1000
MOST_BYTES = 64 << 30
"""Of one layer when it is unpacked: more is a trap, not a base image."""


def read_archive(path: Path, store: Path) -> Image:
    """The first image of a `docker save` file (blocking). Raises BadArchive, CannotWrite, or OSError when `path`
    cannot be read."""
    try:
        with tarfile.open(path) as tar:
            return _Archive(tar, path, store).image()
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadArchive(str(path), msg("The file is damaged or was cut off."), detail=str(error)) from error


def as_base(image: Image, *, digest: str = "") -> Base:
    """The image as something to start from."""
    return Base(image.ref, digest or image.digest, image.layers, image.blob(image.config_digest).read_bytes())


class _Archive:
    """A docker save archive while it is read."""

    def __init__(self, tar: tarfile.TarFile, path: Path, store: Path) -> None:
        self.path, self.store, self._tar = path, store, tar
        self._members = {posixpath.normpath(member.name): member for member in tar}

    def image(self) -> Image:
        entry = self._manifest()
        config = self._bytes(str(entry["Config"]))
        names, diff_ids = [str(name) for name in entry["Layers"]], diff_ids_of(config)
        if len(names) != len(diff_ids) or len(names) > MOST_LAYERS:
            raise self._bad(msg("Its list of layers does not fit its config."))
        ref = str((entry.get("RepoTags") or ["archive:latest"])[0])
        pairs = enumerate(zip(names, diff_ids, strict=True))
        told = told_by_history(config, ref, len(diff_ids))
        layers = tuple(self._layer(name, diff_id, told[index]) for index, (name, diff_id) in pairs)
        return keep_image(self.store, ref, config, layers)

    def _manifest(self) -> dict[str, Any]:
        try:
            found = json.loads(self._bytes("manifest.json"))[0]
        except (ValueError, LookupError, TypeError) as error:
            raise self._bad(msg("It has no manifest.json that can be read."), str(error)) from error
        if not isinstance(found, dict) or not {"Config", "Layers"} <= found.keys():
            raise self._bad(msg("It has no manifest.json that can be read."))
        return found

    def _layer(self, name: str, diff_id: str, what: Words) -> Layer:
        try:
            return keep_layer(self.store, self._open(name), diff_id, what)
        except ValueError as error:
            raise self._bad(msg("A layer is not what the image says it is."), str(error)) from error

    def _bytes(self, name: str) -> bytes:
        with self._open(name) as file:
            content = file.read(MOST_JSON + 1)
        if len(content) > MOST_JSON:
            raise self._bad(msg("It has no manifest.json that can be read."))
        return content

    def _open(self, name: str) -> IO[bytes]:
        place = posixpath.normpath(name)
        member = self._members.get(place)
        for _ in range(3):  # older engines link a layer that is there twice
            if member is None or not member.issym():
                break
            place = posixpath.normpath(posixpath.join(posixpath.dirname(place), member.linkname))
            member = self._members.get(place)
        file = self._tar.extractfile(member) if member is not None and member.isfile() else None
        if file is None:
            raise self._bad(msg("{name} is missing in it.", name=name))
        return file

    def _bad(self, why: Message, detail: str = "") -> BadArchive:
        return BadArchive(str(self.path), why, detail=detail)


def diff_ids_of(config: bytes) -> list[str]:
    """The diff IDs in an image config. Raises ValueError on one that has none."""
    try:
        found = json.loads(config)["rootfs"]["diff_ids"]
        return [str(item) for item in found]
    except (KeyError, TypeError) as error:
        raise ValueError("the config names no layers") from error


def told_by_history(config: bytes, ref: str, layers: int) -> list[Words]:
    """What made each layer, in the words of its history; a number where that says nothing."""
    lines = [line for line in json.loads(config).get("history") or [] if not line.get("empty_layer")]
    told = [_instruction(str(line.get("created_by") or "")) for line in lines] if len(lines) == layers else []
    return [
        (_known(told[index]) if told else "") or msg("Layer {n} of {ref}", n=index + 1, ref=ref)
        for index in range(layers)
    ]


def _instruction(created_by: str) -> str:
    """`/bin/sh -c #(nop) COPY file:ab… in /app/x ` as it stood in the Dockerfile, more or less."""
    plain = (
        created_by.removeprefix("goferry ").removeprefix("/bin/sh -c").strip().removeprefix("#(nop)").strip()
    )
    plain = re.sub(r"(?:file|dir|multi):[0-9a-f]{64} in ", "", plain.removesuffix("# buildkit").strip())
    return " ".join(plain.split())[:120]


def keep_layer(store: Path, source: IO[bytes], diff_id: str, what: Words) -> Layer:
    """A layer from a stream, plain or gzip. Raises ValueError when it is not the one that `diff_id` names."""
    blob = blob_path(store, diff_id)
    if blob.is_file():
        return Layer(diff_id, diff_id, blob.stat().st_size, what, blob, LAYER_TYPE)

    def fill(out: Hashing) -> None:
        for piece in unpacked(source):
            out.write(piece)
            if out.size > MOST_BYTES:
                raise ValueError("the layer is too large")

    digest, size = put_blob(store, fill, expected=diff_id)
    return Layer(digest, digest, size, what, blob, LAYER_TYPE)


def unpacked(source: IO[bytes] | BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream, gunzipped when they are gzip. Raises ValueError on zstd, which Python 3.11 cannot read."""
    first = source.read(1 << 20)
    if first[:4] == b"\x28\xb5\x2f\xfd":
        raise ValueError("the layer is compressed with zstd")
    if first[:2] != b"\x1f\x8b":
        while first:
            yield first
            first = source.read(1 << 20)
        return
    yield from _gunzipped(first, source)


def _gunzipped(first: bytes, source: IO[bytes] | BinaryIO) -> Iterator[bytes]:
    """One gzip member after the other, never more than 1 MB at a time. Raises EOFError when it was cut off."""
    while first:
        unpacker = zlib.decompressobj(31)
        whole = False
        while not whole:
            yield unpacker.decompress(first, 1 << 20)
            whole = unpacker.eof
            first = unpacker.unconsumed_tail or (b"" if whole else source.read(1 << 20))
            if not first and not whole:
                raise EOFError("the layer was cut off")
        first = unpacker.unused_data or source.read(1 << 20)


def keep_image(store: Path, ref: str, config: bytes, layers: tuple[Layer, ...]) -> Image:
    """Files config and manifest, and names the image."""
    settings = json.loads(config)
    platform = f"{settings.get('os', 'linux')}/{settings.get('architecture', '')}"
    digest, size = put_bytes(store, config)
    manifest, _ = put_bytes(store, image_manifest((digest, size), layers))
    shown = str(parse_reference(ref))
    image = Image(shown, manifest, digest, sum(layer.size for layer in layers), layers, platform, store)
    name_image(image)
    return image


def load_image(store: Path, ref: str) -> Image | None:
    """An image that was made before, by its name; None when it, or a part of it, is no longer there."""
    from .store import list_entries, ref_of

    wanted = str(parse_reference(ref))
    for entry in list_entries(store):
        if ref_of(entry) == wanted:
            try:
                return _from_layout(store, wanted, str(entry["digest"]))
            except (OSError, ValueError, KeyError, TypeError):
                return None
    return None


def _from_layout(store: Path, ref: str, digest: str) -> Image:
    manifest = json.loads(blob_path(store, digest).read_bytes())
    config_digest = str(manifest["config"]["digest"])
    config = json.loads(blob_path(store, config_digest).read_bytes())
    told = told_by_history(blob_path(store, config_digest).read_bytes(), ref, len(manifest["layers"]))
    layers = []
    for index, entry in enumerate(manifest["layers"]):
        blob = blob_path(store, entry["digest"])
        if blob.stat().st_size != entry["size"]:
            raise ValueError("a blob is damaged")
        diff_id = str(config["rootfs"]["diff_ids"][index])
        layers.append(
            Layer(str(entry["digest"]), diff_id, int(entry["size"]), told[index], blob, entry["mediaType"])
        )
    platform = f"{config['os']}/{config['architecture']}"
    size = sum(layer.size for layer in layers)
    return Image(ref, digest, config_digest, size, tuple(layers), platform, store)


def _known(what: str) -> Message | str:
    certificates = msg("CA certificates, time zones")
    return certificates if what == certificates.english else what
