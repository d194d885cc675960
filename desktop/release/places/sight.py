"""What one look at a server told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from desktop.engine import Container, EngineImage, parse

JUST_NOW = 5.0
"""Seconds that what was seen counts as what is."""
FRESH = 120.0
"""Seconds that what was seen may be built upon, where a wrong guess costs nothing but time."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything that one look at a server told about an app."""

    state: str
    containers: tuple[Container, ...]
    images: tuple[EngineImage, ...]
    kept: dict[str, int]
    """Files that the server keeps of this app, by hash."""
    busy: dict[int, tuple[str, str]]
    """Published ports: the container's name, and its app."""
    listens: frozenset[int]
    free: int
    at: float
    front: Container | None = None
    """Of mode proxy."""

    @classmethod
    def of(cls, answer: dict[str, Any], store: str, before: Sight | None = None) -> Sight:
        """The images are those of `before` where they were not to be looked for again."""
        told = answer["images"]
        known = before.images if told is None and before is not None else ()
        return cls(
            str(answer["state"]),
            tuple(parse.container(found) for found in answer["containers"]),
            known or tuple(parse.engine_image(found, store) for found in told or ()),
            {str(name): int(size) for name, size in answer["kept"].items()},
            {int(port): (str(name), str(app)) for port, name, app in answer["busy"]},
            frozenset(answer["listens"]),
            int(answer["free"]),
            time.monotonic(),
            parse.container(answer["front"]) if answer["front"] is not None else None,
        )

    @property
    def just_now(self) -> bool:
        return time.monotonic() - self.at < JUST_NOW

    @property
    def fresh(self) -> bool:
        return time.monotonic() - self.at < FRESH
