"""Pictures of pages and states, for eyes: light and dark, English and Chinese.

They go to the folder that GOFERRY_SHOTS names, else to build/shots. A test gives `Shots.each` a function that brings
the state about; the picture is taken after each look is in force.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QWidget

from desktop.base.words import set_language
from desktop.ui.theme import theme
from tests.ui.rest import at_rest

LOOKS = (("light", "en"), ("dark", "en"), ("light", "zh_CN"), ("dark", "zh_CN"))


def folder() -> Path:
    """Where pictures go; made when it is missing."""
    wanted = os.environ.get("GOFERRY_SHOTS")
    place = Path(wanted) if wanted else Path(__file__).resolve().parents[2] / "build" / "shots"
    place.mkdir(parents=True, exist_ok=True)
    return place


@contextmanager
def look(mode: str, language: str, text_scale: float = 1.0) -> Iterator[None]:
    """A theme and a language for a while."""
    theme().apply(mode, text_scale)
    set_language(language)
    try:
        yield
    finally:
        set_language("en")
        theme().apply("light")


def take(widget: QWidget, name: str) -> Path:
    """A picture of a widget as it is now."""
    at_rest(widget)
    file = folder() / f"{name}.png"
    assert widget.grab().save(str(file)), f"{file} could not be written"
    return file


def each_look(widget: QWidget, name: str) -> Iterator[str]:
    """Goes through the looks; after each step the picture is taken. Checks may be made in the loop's body."""
    for mode, language in LOOKS:
        with look(mode, language):
            at_rest(widget)
            yield f"{mode}-{language}"
            take(widget, f"{name}-{mode}-{language}")
    at_rest(widget)
