"""Base images: fetched from a registry once and kept by digest, or taken from a local engine's `docker save`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

from desktop.base.blocking import CancelToken
from desktop.base.paths import write_atomically
from desktop.base.words import msg

from .bases_errors import BaseDamaged, BaseNotUsable, NoSuchPlatform
from .distribution import DOCKER_LIST, Distribution, Login, Manifest, open_registry
from .errors import BadReference, CannotWrite
from .model import INDEX_TYPE, SCRATCH, Base, Layer, blob_path
from .names import Reference, parse_reference
from .reading import as_base, diff_ids_of, keep_layer, read_archive
from .store import put_bytes

Progress = Callable[[int, int], object]
"""Takes bytes done and bytes in all."""
MOST_LAYERS = 200


def fetch_base(
    token: CancelToken,
    ref: str,
    platform: str,
    store: Path,
    *,
    login: Login | None = None,
    plain_http: bool = False,
    refresh: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Base:
    """The base `ref` for `platform` ("linux/amd64"), from the store when it was fetched before (blocking).

    A tag is asked for once and then stands for the digest it had, so that the same input gives the same image;
    `refresh` asks again. Raises the errors of bases_errors, BadReference, CannotWrite; nothing half is kept.
    """
    if ref == "scratch":
        return SCRATCH
    reference = parse_reference(ref)
    if not refresh and (kept := _kept(store, reference, platform)) is not None:
        return kept
    with open_registry(token, reference, login, plain_http=plain_http) as registry:
        manifest = _for_platform(registry, platform)
        base = _fetched(registry, manifest, platform, store, on_progress)
    _remember(store, reference, platform, base)
    return base


def base_from_engine(
    token: CancelToken, chunks: Iterable[bytes], ref: str, platform: str, store: Path
) -> Base:
    """The base from the chunks of an engine's `docker save` (blocking). Raises BadArchive, NoSuchPlatform or
    CannotWrite."""
    reference = parse_reference(ref)
    try:
        store.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".save-", dir=store, ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "image.tar"
            with open(file, "wb") as out:
                for chunk in chunks:
                    token.check()
                    out.write(chunk)
            image = read_archive(file, store)
    except OSError as error:
        raise CannotWrite(str(store), detail=str(error)) from error
    if image.platform != platform:
        raise NoSuchPlatform(ref, platform, (image.platform,))
    base = as_base(image)
    _remember(store, reference, platform, base)
    return base


def _for_platform(registry: Distribution, platform: str) -> Manifest:
    reference = registry.reference
    manifest = registry.manifest(reference.digest or reference.tag)
    if manifest.media_type not in (INDEX_TYPE, DOCKER_LIST):
        return manifest
    rows = _json(manifest.content, reference).get("manifests") or []
    there: dict[str, str] = {}
    for row in rows:
        told = row.get("platform") or {}
        there.setdefault(f"{told.get('os')}/{told.get('architecture')}", str(row.get("digest")))
    if platform not in there:
        known = tuple(name for name in there if not name.startswith("unknown"))
        raise NoSuchPlatform(str(reference), platform, known)
    return registry.manifest(there[platform])


def _fetched(
    registry: Distribution, manifest: Manifest, platform: str, store: Path, on_progress: Progress
) -> Base:
    name, body = str(registry.reference), _json(manifest.content, registry.reference)
    rows = body.get("layers")
    if body.get("schemaVersion") != 2 or not isinstance(rows, list) or not rows or len(rows) > MOST_LAYERS:
        raise BaseNotUsable(
            name, msg("Its manifest is of an old or unknown kind."), detail=manifest.media_type
        )
    config = _config(registry, str(body["config"]["digest"]))
    _check_platform(config, platform, registry.reference)
    try:
        diff_ids = diff_ids_of(config)
        if len(diff_ids) != len(rows):
            raise ValueError("layers and diff IDs do not fit")
        total, done, layers = sum(int(row.get("size", 0)) for row in rows), 0, list[Layer]()
        for index, (row, diff_id) in enumerate(zip(rows, diff_ids, strict=True)):
            layers.append(_layer(registry, str(row["digest"]), diff_id, index, store))
            done += int(row.get("size", 0))
            on_progress(done, total)
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise BaseNotUsable(name, msg("A layer cannot be read."), detail=str(error)) from error
    put_bytes(store, config)
    put_bytes(store, manifest.content)
    return Base(name, manifest.digest, tuple(layers), config)


def _config(registry: Distribution, digest: str) -> bytes:
    with registry.blob(digest) as body:
        content = body.read(8 << 20)
        body.check()
    return content


def _check_platform(config: bytes, platform: str, reference: Reference) -> None:
    """A manifest without an index names no platform; its config does."""
    found = _json(config, reference)
    there = f"{found.get('os')}/{found.get('architecture')}"
    if there != platform:
        raise NoSuchPlatform(str(reference), platform, (there,))


def _layer(registry: Distribution, digest: str, diff_id: str, index: int, store: Path) -> Layer:
    what = msg("Layer {n} of {ref}", n=index + 1, ref=str(registry.reference))
    blob = blob_path(store, diff_id)
    if blob.is_file():
        return Layer(diff_id, diff_id, blob.stat().st_size, what, blob)
    with registry.blob(digest) as body:
        layer = keep_layer(store, cast("IO[bytes]", body), diff_id, what)
        try:
            body.check()
        except BaseDamaged:
            blob.unlink(missing_ok=True)
            raise
    return layer


def _json(content: bytes, reference: Reference) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise BaseNotUsable(str(reference), msg("The registry sent no JSON."), detail=str(error)) from error
    if not isinstance(found, dict):
        raise BaseNotUsable(
            str(reference), msg("The registry sent no JSON."), detail=content[:200].decode("utf-8", "replace")
        )
    return found


def _book(store: Path) -> Path:
    return store / "bases.json"


def known_bases(store: Path) -> dict[str, dict[str, Any]]:
    """What was fetched: "debian:12-slim linux/amd64" to digest, config digest and layers."""
    try:
        found = json.loads(_book(store).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(store: Path, reference: Reference, platform: str, base: Base) -> None:
    config, _ = put_bytes(store, base.config)
    entry = {"digest": base.digest, "config": config, "layers": [layer.digest for layer in base.layers]}
    book = {**known_bases(store), f"{reference} {platform}": entry}
    write_atomically(_book(store), json.dumps(book, sort_keys=True, indent=1))


def _kept(store: Path, reference: Reference, platform: str) -> Base | None:
    entry = known_bases(store).get(f"{reference} {platform}")
    try:
        if entry is None:
            return None
        layers = []
        for index, digest in enumerate(entry["layers"]):
            blob = blob_path(store, digest)
            what = msg("Layer {n} of {ref}", n=index + 1, ref=str(reference))
            layers.append(Layer(digest, digest, blob.stat().st_size, what, blob))
        config = blob_path(store, entry["config"]).read_bytes()
        return Base(str(reference), str(entry["digest"]), tuple(layers), config)
    except (OSError, ValueError, KeyError, TypeError):
        return None


__all__ = ["BadReference", "base_from_engine", "fetch_base", "known_bases"]
