"""An image as values: layers by digest, one config, one manifest, all kept as blobs of an OCI layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from desktop.base.words import Words
from desktop.build import Binary
from desktop.project import Config

LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: a plain tar, so that `digest` and `diff_id` are the same unless it is kept compressed."""

    digest: str
    diff_id: str
    size: int
    """Bytes of the blob."""
    what: Words
    """What is in it, for a person."""
    blob: Path
    media_type: str = LAYER_TYPE


@dataclass(frozen=True, slots=True)
class Image:
    """A complete image in the layout at `folder`. `digest` is the manifest's, `config_digest` Docker's image ID."""

    ref: str
    digest: str
    config_digest: str
    size: int
    """Bytes of all layers."""
    layers: tuple[Layer, ...]
    platform: str
    folder: Path

    def blob(self, digest: str) -> Path:
        return blob_path(self.folder, digest)


@dataclass(frozen=True, slots=True)
class Base:
    """What an image starts from: layers in the store, and the config that belongs to them."""

    ref: str
    digest: str
    layers: tuple[Layer, ...] = ()
    config: bytes = b"{}"
    """Its image config as JSON: environment, labels and history are taken over."""


SCRATCH = Base("scratch", "")


@dataclass(frozen=True, slots=True)
class ImageWish:
    """What to make. `folder` is the project's, from which `config.image.files` are taken."""

    binary: Binary
    config: Config
    ref: str
    folder: Path = Path()
    created: int = 0
    """Seconds since 1970 in the image's config; the same input with the same time gives the same digest."""
    base: Base = SCRATCH
    revision: str = ""
    """The commit, for the label org.opencontainers.image.revision."""
    release: str = ""


def blob_path(store: Path, digest: str) -> Path:
    """Where the blob of a digest is. Raises ValueError on anything that is no SHA-256 digest."""
    kind, _, value = digest.partition(":")
    if kind != "sha256" or len(value) != 64 or not all(c in "0123456789abcdef" for c in value):
        raise ValueError(f"not a digest: {digest!r}")
    return store / "blobs" / "sha256" / value
