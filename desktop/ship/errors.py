"""How sending can fail beside the link and the engine: GoferryError <- ImageDiffers."""

from __future__ import annotations

from desktop.base.errors import GoferryError
from desktop.base.words import msg


class ImageDiffers(GoferryError):
    code = "ship.differs"

    def __init__(self, host: str, ref: str, wanted: str, found: str) -> None:
        super().__init__(
            msg("{ref} arrived on {host} as something else.", ref=ref, host=host),
            msg("Expected {wanted}, and {host} has {found}.", wanted=wanted, found=found or "-", host=host),
            msg("Deploy again: the whole image is sent then."),
        )
