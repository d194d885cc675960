"""The difference of two builds as a patch: made here, applied on a server (format: resources/delta)."""

from __future__ import annotations

from .decoder import DECODES, decoder_source, program_source
from .encode import Patch, encode
from .stretches import encode_stretches
from .tools import HELPER_ARCHITECTURES, DeltaTools, Helper, find_tools, front_for, helper_for, prebuild

__all__ = [
    "DECODES",
    "HELPER_ARCHITECTURES",
    "DeltaTools",
    "Helper",
    "Patch",
    "decoder_source",
    "encode",
    "encode_stretches",
    "find_tools",
    "front_for",
    "helper_for",
    "prebuild",
    "program_source",
]
