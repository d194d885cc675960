"""What has to be sent, worked out from what a server has; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.engine import EngineImage
    from desktop.image import Image, Layer


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes over the wire: all layers but those in `without`, which the server has. `size` in bytes, unpacked."""

    image: Image
    without: tuple[str, ...]
    size: int

    @property
    def how(self) -> str:
        return "layers" if self.without else "whole"


def shared_layers(image: Image, present: Iterable[EngineImage]) -> tuple[Layer, ...]:
    """The image's first layers that a server has under one of its images. Docker keeps layers by the whole chain
    below them, so only an unbroken beginning counts."""
    wanted = [layer.diff_id for layer in image.layers]
    most = 0
    for known in present:
        same = 0
        for mine, theirs in zip(wanted, known.diff_ids, strict=False):
            if mine != theirs:
                break
            same += 1
        most = max(most, same)
    return image.layers[:most]


def missing_layers(image: Image, present: Iterable[EngineImage]) -> tuple[Layer, ...]:
    """The layers that the server does not have."""
    return image.layers[len(shared_layers(image, present)) :]


def parcel_for(image: Image, present: Sequence[EngineImage], store: str) -> Parcel:
    """A containerd store refuses archives with layers left out (and keeps a broken image when they are empty files):
    it gets the complete one."""
    from desktop.image import archive_size

    shared = shared_layers(image, present) if store == "classic" else ()
    # a layer with the same content may stand twice; it is left out only when both places are in the shared beginning
    rest = {layer.diff_id for layer in image.layers[len(shared) :]}
    without = tuple(dict.fromkeys(layer.diff_id for layer in shared if layer.diff_id not in rest))
    return Parcel(image, without, archive_size(image, without=without))
