"""Image to server: sends only what the server does not have, as a stream, and checks what arrived."""

from __future__ import annotations

from .convoy import Convoy
from .delta import Helper, Patch
from .errors import ImageDiffers
from .layers import Parcel, missing_layers, parcel_for, shared_layers
from .perform import Delivery, OnBytes, Sent, is_there, same_image, ship
from .porter import RESTING, NoPorter, Porter
from .quick import Quick
from .swift import Ahead, Here, Swift

__all__ = [
    "RESTING",
    "Ahead",
    "Convoy",
    "Delivery",
    "Helper",
    "Here",
    "ImageDiffers",
    "NoPorter",
    "OnBytes",
    "Parcel",
    "Patch",
    "Porter",
    "Quick",
    "Sent",
    "Swift",
    "is_there",
    "missing_layers",
    "parcel_for",
    "same_image",
    "shared_layers",
    "ship",
]
