"""Finds words that stayed English after the language has changed."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from PySide6.QtCore import QAbstractListModel, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)

from desktop.base.words import catalogue
from desktop.ui.widgets import Chip, ElidedLabel
from desktop.ui.widgets.lists import ROW_ROLE
from tests.ui.walk import visible


def in_english(root: QWidget) -> list[str]:
    """Every visible text that has a Chinese, and is not in it."""
    return [text for widget in (root, *visible(root)) for text in texts_of(widget) if _is_english(text)]


def texts_of(widget: QWidget) -> Iterator[str]:
    """What a person reads and hears of one widget."""
    yield widget.accessibleName()
    yield widget.toolTip()
    if isinstance(widget, ElidedLabel):
        yield widget.whole()
    elif isinstance(widget, QLabel | QAbstractButton | Chip):
        yield widget.text()
    if isinstance(widget, QLineEdit | QPlainTextEdit):
        yield widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(at) for at in range(widget.count()))
    if isinstance(widget, QTabBar):
        yield from (widget.tabText(at) for at in range(widget.count()))
    if isinstance(widget, QAbstractItemView) and not isinstance(widget, QHeaderView):
        yield from _in_model(widget)


def _in_model(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    if model is None:
        return
    for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
        yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        for row in range(model.rowCount()):
            index = model.index(row, column)
            yield str(index.data() or "")
            yield from _in_value(index.data(ROW_ROLE))


def _in_value(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _in_value(part)
    elif is_dataclass(value):
        for one in fields(value):
            if one.name != "payload":
                yield from _in_value(getattr(value, one.name))


def _is_english(text: str) -> bool:
    translated = catalogue("zh_CN").get(text)
    if translated is not None:
        return translated != text
    return any(pattern.fullmatch(text) for pattern in _sentences())


@cache
def _sentences() -> list[re.Pattern[str]]:
    """Those with places to fill in, where enough is said besides."""
    found = []
    for english in catalogue("zh_CN"):
        parts = list(string.Formatter().parse(english))
        said = "".join(literal for literal, *_ in parts)
        if len(parts) > 1 and len(re.sub("[^A-Za-z]", "", said)) >= 6:
            pattern = "".join(
                re.escape(literal) + (".+" if name is not None else "") for literal, name, *_ in parts
            )
            found.append(re.compile(pattern, re.DOTALL))
    return found
