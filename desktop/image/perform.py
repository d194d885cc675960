"""Makes an image from a binary, without any engine."""

from __future__ import annotations

from pathlib import Path

from .config import image_config, image_manifest
from .errors import CannotWrite, NeedsLibraries, NotForContainers
from .layers import files_layer, program_layer, system_layer
from .model import Image, ImageWish
from .names import parse_reference
from .store import name_image, put_bytes


def build_image(wish: ImageWish, store: Path) -> Image:
    """The image of `wish` in the OCI layout at `store` (blocking; well under a second for 10 MB).

    The same wish gives the same digest. Raises NotForContainers, NeedsLibraries, FileMissing, FileOutside,
    BadReference or CannotWrite; then no image of that name has changed.
    """
    reference, binary = parse_reference(wish.ref), wish.binary
    if not binary.target.startswith("linux/"):
        raise NotForContainers(binary.target)
    empty = not wish.base.layers
    if empty and not binary.static:
        raise NeedsLibraries(binary.name, binary.libraries)
    try:
        store.mkdir(parents=True, exist_ok=True)
        own = files_layer(store, wish.folder, wish.config.image.files)
        start = (system_layer(store),) if empty else wish.base.layers
        layers = (*start, *((own,) if own else ()), program_layer(store, binary))
        config = put_bytes(store, image_config(wish, layers))
        digest, _ = put_bytes(store, image_manifest(config, layers))
        size = sum(layer.size for layer in layers)
        image = Image(str(reference), digest, config[0], size, layers, binary.target, store)
        name_image(image)
    except OSError as error:
        raise CannotWrite(str(store), detail=str(error)) from error
    return image
