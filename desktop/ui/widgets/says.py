"""Texts and icons that follow a change of language or look by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from PySide6.QtCore import QSize
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QWidget

from desktop.base.words import Message, Said
from desktop.ui.theme import theme

T = TypeVar("T")
_ICON_GAP = 4  # Fusion leaves 4 px between icon and text, the design 8

_TONES = {"": "text.primary", "secondary": "text.secondary", "tertiary": "text.tertiary"}

Text = str | Message | Callable[[], str]
"""What kit constructors take as text. A callable, a Message and what `tr` gave are put into words again after a
change of language."""


def words(text: Text) -> str:
    """The text now."""
    if isinstance(text, Said):
        return text.again()
    return text() if callable(text) else str(text)


def say(widget: QWidget, setter: Callable[[str], Any], text: Text) -> None:
    """Give `text` to `setter` now and after each change of language; replaces what was said there before."""
    said: dict[str, tuple[Callable[[str], Any], Text]] = widget.__dict__.setdefault("_kit_said", {})
    said[getattr(setter, "__name__", repr(setter))] = (setter, text)
    setter(words(text))


def say_again(widget: QWidget, again: Callable[[], Any]) -> None:
    """Call `again` after each change of language, for what `say` does not reach: models, painted words."""
    widget.__dict__.setdefault("_kit_again", []).append(again)


def in_words_now(value: T) -> T:
    """A value of the window, such as a Row, with all words in it that `tr` gave said in the language in force."""
    if isinstance(value, Said):
        return cast("T", value.again())
    if isinstance(value, tuple):
        return cast("T", tuple(in_words_now(part) for part in value))
    if is_dataclass(value) and not isinstance(value, type):
        known = {one.name: getattr(value, one.name) for one in fields(value) if one.name != "payload"}
        changed = {name: now for name, old in known.items() if (now := in_words_now(old)) is not old}
        return replace(value, **changed) if changed else value
    return value


def show_icon(button: QAbstractButton, name: str, role: str = "text.primary", px: int = 16) -> None:
    """Put an icon of the set on a button, and draw it anew after each change of look."""
    button.__dict__["_kit_icon"] = (name, role, px)
    _draw_icon(button)


def repeat_texts() -> None:
    """Say everything again; the window calls this when the language has changed."""
    for widget in QApplication.allWidgets():
        for setter, text in list(widget.__dict__.get("_kit_said", {}).values()):
            setter(words(text))
        for again in list(widget.__dict__.get("_kit_again", ())):
            again()


def repeat_icons(root: QWidget | None = None) -> None:
    """Draw every icon again, give every font and tone again, in `root` or everywhere: the look has changed."""
    for widget in QApplication.allWidgets() if root is None else (root, *root.findChildren(QWidget)):
        kept = widget.__dict__
        if "_kit_icon" in kept and isinstance(widget, QAbstractButton):
            _draw_icon(widget)
        if (width := kept.get("_kit_width")) is not None:
            keep_width(widget, *width)
        if (font := kept.get("_kit_font")) is not None:
            widget.setFont(theme().font(font))
        if (tone := kept.get("_kit_tone")) is not None:
            use_tone(widget, tone)


def use_tone(widget: QWidget, tone: str) -> None:
    """A colour for a label's words, by its palette: a property for the style sheet would cost the label its font."""
    widget.setProperty("tone", tone)
    if tone:
        widget.__dict__["_kit_tone"] = tone
    if "_kit_tone" in widget.__dict__:
        palette = widget.palette()
        palette.setColor(QPalette.ColorRole.WindowText, theme().color(_TONES.get(tone, f"{tone}.text")))
        widget.setPalette(palette)
        widget.__dict__["_kit_tone"] = tone


def repolish(widget: QWidget) -> None:
    """Let the style sheet look at changed properties; it forgets fonts at that, so they are given again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    for part in (widget, *widget.findChildren(QWidget)):
        if (font := part.__dict__.get("_kit_font")) is not None:
            part.setFont(theme().font(font))


def keep_width(widget: QWidget, px: int, most: int = 100_000) -> None:
    """A fixed width of `px` at 100 %, that follows the text size up to `most`."""
    widget.__dict__["_kit_width"] = (px, most)
    widget.setFixedWidth(min(theme().px(px), most))


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


theme().roots.dressed.connect(repeat_icons)
