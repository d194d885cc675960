"""Binary to image: layers, config, archives and Dockerfiles; no engine needed."""

from __future__ import annotations

from .alone import Alone, program_image
from .archive import archive_pieces, archive_size, docker_archive, oci_archive, write_archive
from .bases import base_from_engine, fetch_base, known_bases
from .bases_errors import (
    BaseDamaged,
    BaseError,
    BaseNotUsable,
    LoginRefused,
    NoSuchBase,
    NoSuchPlatform,
    RegistryBusy,
    RegistryUnreachable,
)
from .config import repository_for
from .context import stage_context, system_tar
from .distribution import Login, greet_registry
from .dockerfile import DockerfileLine, Kind, compose_file, dockerfile, dockerfile_text, kind_for
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
from .store import prune, prune_to

__all__ = [
    "SCRATCH",
    "Alone",
    "BadArchive",
    "BadReference",
    "Base",
    "BaseDamaged",
    "BaseError",
    "BaseNotUsable",
    "CannotWrite",
    "DockerfileLine",
    "FileMissing",
    "FileOutside",
    "Image",
    "ImageError",
    "ImageWish",
    "Kind",
    "Layer",
    "Login",
    "LoginRefused",
    "NeedsLibraries",
    "NoSuchBase",
    "NoSuchPlatform",
    "NotForContainers",
    "Reference",
    "RegistryBusy",
    "RegistryUnreachable",
    "archive_pieces",
    "archive_size",
    "as_base",
    "base_from_engine",
    "blob_path",
    "build_image",
    "compose_file",
    "docker_archive",
    "dockerfile",
    "dockerfile_text",
    "fetch_base",
    "greet_registry",
    "kind_for",
    "known_bases",
    "load_image",
    "oci_archive",
    "parse_reference",
    "program_image",
    "prune",
    "prune_to",
    "read_archive",
    "repository_for",
    "stage_context",
    "system_tar",
    "tag_for",
    "write_archive",
]
