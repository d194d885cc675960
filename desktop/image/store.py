"""The content store: one OCI layout folder that all images share, every blob under its own digest."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

from desktop.base.paths import replace_file, write_atomically

from .errors import CannotWrite
from .model import MANIFEST_TYPE, Image, blob_path

_index_lock = threading.Lock()


class Hashing:
    """A file that is written once, from start to end, and hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> int:
        self._hash.update(piece)
        self.size += len(piece)
        return self._file.write(piece)

    def tell(self) -> int:
        return self.size

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def put_blob(store: Path, fill: Callable[[Hashing], object], *, expected: str = "") -> tuple[str, int]:
    """Writes what `fill` gives and files it under its digest: (digest, size). Nothing half-written ever has a digest's
    name. Raises CannotWrite, and ValueError when the digest is not the `expected` one."""
    folder = store / "blobs" / "sha256"
    part = store / f".part-{secrets.token_hex(6)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(part, "xb", buffering=1 << 20) as file:
            hashing = Hashing(file)
            fill(hashing)
        if expected and hashing.digest != expected:
            raise ValueError(f"digest is {hashing.digest}, not {expected}")
        final = blob_path(store, hashing.digest)
        if final.is_file() and final.stat().st_size == hashing.size:
            os.utime(final)  # it is wanted still: prune goes by age
        else:
            replace_file(part, final)
    except OSError as error:
        raise CannotWrite(str(store), detail=str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return hashing.digest, hashing.size


def put_bytes(store: Path, content: bytes, *, expected: str = "") -> tuple[str, int]:
    return put_blob(store, lambda out: out.write(content), expected=expected)


def canonical_json(value: Any) -> bytes:
    """The same value, the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def name_image(image: Image) -> None:
    """Enters the image into the layout's index.json under its ref, in the place of an older one of that name."""
    with _index_lock:
        entries = [entry for entry in _index(image.folder) if ref_of(entry) != image.ref]
        entries.append(descriptor_of(image))
        write_atomically(image.folder / "index.json", canonical_json(index_of(entries)))
        layout = image.folder / "oci-layout"
        if not layout.is_file():
            write_atomically(layout, b'{"imageLayoutVersion":"1.0.0"}')


def index_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}


def descriptor_of(image: Image) -> dict[str, Any]:
    """The image as an entry of index.json, named for containerd and for people."""
    from .names import parse_reference

    reference = parse_reference(image.ref)
    system, _, arch = image.platform.partition("/")
    return {
        "mediaType": MANIFEST_TYPE,
        "digest": image.digest,
        "size": image.blob(image.digest).stat().st_size,
        "platform": {"architecture": arch, "os": system},
        "annotations": {
            "io.containerd.image.name": reference.full,
            "org.opencontainers.image.ref.name": reference.tag,
        },
    }


def ref_of(entry: dict[str, Any]) -> str:
    from .errors import BadReference
    from .names import parse_reference

    annotations = entry.get("annotations") or {}
    name = str(
        annotations.get("io.containerd.image.name")
        or annotations.get("org.opencontainers.image.ref.name", "")
    )
    try:
        return str(parse_reference(name))
    except BadReference:
        return name


def _index(store: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads((store / "index.json").read_text(encoding="utf-8"))
        return [entry for entry in found["manifests"] if isinstance(entry, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def list_entries(store: Path) -> list[dict[str, Any]]:
    """The named images of the layout, oldest first."""
    return _index(store)


def prune(store: Path, keep_refs: Iterable[str], *, younger_than: float = 3600.0) -> int:
    """Removes names that are not in `keep_refs` and blobs that no kept image has; what was written in the last
    `younger_than` seconds stays, for a build may be at work. Gives the bytes freed."""
    keep = set(keep_refs)
    with _index_lock:
        entries = [entry for entry in _index(store) if ref_of(entry) in keep]
        if (store / "index.json").is_file():
            write_atomically(store / "index.json", canonical_json(index_of(entries)))
    wanted = {digest for entry in entries for digest in _reachable(store, str(entry.get("digest", "")))}
    wanted |= _of_bases(store)
    freed, oldest = 0, time.time() - younger_than
    for blob in (store / "blobs" / "sha256").glob("*"):
        state = blob.stat()
        if f"sha256:{blob.name}" not in wanted and state.st_mtime < oldest:
            freed += state.st_size
            blob.unlink(missing_ok=True)
    return freed


def prune_to(store: Path, names: int) -> int:
    """The same, keeping the newest `names` images."""
    return prune(store, [ref_of(entry) for entry in _index(store)[-names:]])


def _of_bases(store: Path) -> set[str]:
    """Digests of the base images that were fetched: getting them anew may cost a download."""
    try:
        book = json.loads((store / "bases.json").read_text(encoding="utf-8"))
        entries = list(book.values())
        return {digest for e in entries for digest in (e["digest"], e["config"], *e["layers"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def _reachable(store: Path, digest: str) -> set[str]:
    try:
        manifest = json.loads(blob_path(store, digest).read_bytes())
        return {digest, manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {digest}
