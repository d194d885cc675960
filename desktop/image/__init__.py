"""Binary to image: layers, config, archives and Dockerfiles; no engine needed."""

from __future__ import annotations

from .archive import archive_size, docker_archive, oci_archive, write_archive
from .config import repository_for
from .errors import (
    BadArchive,
    BadReference,
    CannotWrite,
    FileMissing,
    FileOutside,
    ImageError,
    NeedsLibraries,
    NotForContainers,
)
from .model import SCRATCH, Base, Image, ImageWish, Layer, blob_path
from .names import Reference, parse_reference, tag_for
from .perform import build_image
from .reading import as_base, load_image, read_archive
from .store import prune

__all__ = [
    "SCRATCH",
    "BadArchive",
    "BadReference",
    "Base",
    "CannotWrite",
    "FileMissing",
    "FileOutside",
    "Image",
    "ImageError",
    "ImageWish",
    "Layer",
    "NeedsLibraries",
    "NotForContainers",
    "Reference",
    "archive_size",
    "as_base",
    "blob_path",
    "build_image",
    "docker_archive",
    "load_image",
    "oci_archive",
    "parse_reference",
    "prune",
    "read_archive",
    "repository_for",
    "tag_for",
    "write_archive",
]
