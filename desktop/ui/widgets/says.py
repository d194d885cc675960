"""Texts and icons that follow a change of language or look by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QWidget

from desktop.base.words import Message
from desktop.ui.theme import theme

_ICON_GAP = 4  # Fusion leaves 4 px between icon and text, the design 8

Text = str | Message | Callable[[], str]
"""What kit constructors take as text. A callable or a Message is put into words again after a change of language."""


def words(text: Text) -> str:
    """The text now."""
    return text() if callable(text) else str(text)


def say(widget: QWidget, setter: Callable[[str], Any], text: Text) -> None:
    """Give `text` to `setter` now and after each change of language; replaces what was said there before."""
    said: dict[str, tuple[Callable[[str], Any], Text]] = widget.__dict__.setdefault("_kit_said", {})
    said[getattr(setter, "__name__", repr(setter))] = (setter, text)
    setter(words(text))


def show_icon(button: QAbstractButton, name: str, role: str = "text.primary", px: int = 16) -> None:
    """Put an icon of the set on a button, and draw it anew after each change of look."""
    button.__dict__["_kit_icon"] = (name, role, px)
    _draw_icon(button)


def repeat_texts() -> None:
    """Say everything again; the window calls this when the language has changed."""
    for widget in QApplication.allWidgets():
        for setter, text in list(widget.__dict__.get("_kit_said", {}).values()):
            setter(words(text))


def repeat_icons() -> None:
    """Draw every icon again; the window calls this when the look has changed."""
    for widget in QApplication.allWidgets():
        if isinstance(widget, QAbstractButton) and "_kit_icon" in widget.__dict__:
            _draw_icon(widget)
        if (font := widget.__dict__.get("_kit_font")) is not None:
            widget.setFont(theme().font(font))


def use_font(widget: QWidget, kind: str) -> None:
    """A font of the type scale that follows the text size."""
    widget.__dict__["_kit_font"] = kind
    widget.setFont(theme().font(kind))


def _draw_icon(button: QAbstractButton) -> None:
    name, role, px = button.__dict__["_kit_icon"]
    side = theme().px(px)
    gap = _ICON_GAP if isinstance(button, QPushButton) and button.text() else 0
    button.setIcon(theme().icon(name, role, side, gap))
    button.setIconSize(QSize(side + gap, side))
