"""Image to server: sends only what the server does not have, as a stream, and checks what arrived."""

from __future__ import annotations

from .errors import ImageDiffers
from .layers import Parcel, missing_layers, parcel_for, shared_layers
from .perform import Delivery, OnBytes, Sent, is_there, ship

__all__ = [
    "Delivery",
    "ImageDiffers",
    "OnBytes",
    "Parcel",
    "Sent",
    "is_there",
    "missing_layers",
    "parcel_for",
    "shared_layers",
    "ship",
]
