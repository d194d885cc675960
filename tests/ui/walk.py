"""Walks every visible widget and says what a person with a keyboard, a screen reader or a small screen would miss."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QToolButton,
    QWidget,
)

from desktop.ui.widgets import ElidedLabel
from tests.ui.rest import at_rest

_INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QTabBar,
)
_PARTS = (QHeaderView, QScrollBar, QScrollArea)


def visible(root: QWidget) -> Iterator[QWidget]:
    for widget in root.findChildren(QWidget):
        if widget.isVisibleTo(root):
            yield widget


def interactive(root: QWidget) -> Iterator[QWidget]:
    """Widgets that a hand or the keyboard reaches, without the inner parts of Qt's own."""
    for widget in visible(root):
        own_part = widget.objectName().startswith("qt_") or isinstance(
            widget.parent(), QComboBox | QAbstractSpinBox
        )
        if isinstance(widget, _INTERACTIVE) and not isinstance(widget, _PARTS) and not own_part:
            yield widget


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def nameless(root: QWidget) -> list[str]:
    """Interactive widgets without an objectName or an accessible name."""
    return [
        f"{type(widget).__name__} {widget.objectName()!r} in {_path(widget)}"
        for widget in interactive(root)
        if not widget.objectName() or not name_of(widget).strip()
    ]


def unreachable(root: QWidget) -> list[str]:
    """Enabled buttons and fields that Tab never reaches. Of a group in which one is chosen, Tab reaches one, once the
    group has had the focus; arrows reach the others."""
    return [
        f"{type(widget).__name__} {widget.objectName()!r}"
        for widget in interactive(root)
        if widget.isEnabled()
        and not any(one.focusPolicy() & Qt.FocusPolicy.TabFocus for one in _group(widget))
    ]


def _group(widget: QWidget) -> list[QWidget]:
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return [widget] if group is None or not group.exclusive() else [*group.buttons()]


def tab_order(root: QWidget) -> list[str]:
    """Names of what Tab reaches in `root`, in the order that it does, from `root`'s first on."""
    window = root.window()
    found: list[str] = []
    at = window.nextInFocusChain()
    while at is not None and at is not window:
        wanted = at.focusPolicy() & Qt.FocusPolicy.TabFocus and at.isVisible() and at.isEnabled()
        if wanted and root.isAncestorOf(at) and at.focusProxy() is None:
            found.append(at.objectName())
        at = at.nextInFocusChain()
    return found


def clipped(root: QWidget) -> list[str]:
    """Words that do not fit into their widget, once the layout is at rest."""
    at_rest(root)
    found = []
    for widget in visible(root):
        text, room = _text_and_room(widget)
        metrics = QFontMetrics(widget.font())
        if text and max(metrics.horizontalAdvance(line) for line in text.split("\n")) > room + 1:
            found.append(
                f"{type(widget).__name__} {widget.objectName()!r}: {text!r} has {room} px in {_path(widget)}"
            )
        if isinstance(widget, QLabel) and widget.wordWrap() and widget.text():
            needed = widget.heightForWidth(widget.width())
            if needed > widget.height() + 2:
                found.append(f"QLabel {widget.text()!r}: {widget.height()} of {needed} px in {_path(widget)}")
    return found


def _text_and_room(widget: QWidget) -> tuple[str, int]:
    if isinstance(widget, QLabel) and not isinstance(widget, ElidedLabel) and not widget.wordWrap():
        margins = widget.contentsMargins()
        return widget.text(), widget.width() - margins.left() - margins.right()
    if isinstance(widget, QPushButton):
        icon = 0 if widget.icon().isNull() else widget.iconSize().width() + 4
        return widget.text(), widget.width() - icon - 8
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly:
        return widget.text(), widget.width() - 4
    return "", 0


def outside(root: QWidget) -> list[str]:
    """Widgets that stick out of their parent (scroll areas aside), once the layout is at rest."""
    at_rest(root)
    found = []
    for widget in visible(root):
        parent = widget.parentWidget()
        if parent is None or widget.isWindow() or isinstance(parent.parent(), QAbstractScrollArea):
            continue
        if isinstance(parent, QAbstractScrollArea):
            continue
        box = widget.geometry()
        if box.right() > parent.width() + 1 or box.left() < -1:
            found.append(f"{type(widget).__name__} {widget.objectName()!r}: {box} in {_path(parent)}")
    return found


def _path(widget: QWidget) -> str:
    parts: list[str] = []
    at: QWidget | None = widget.parentWidget()
    while at is not None and len(parts) < 4:
        parts.append(at.objectName() or type(at).__name__)
        at = at.parentWidget()
    return " < ".join(parts)
