"""A layout that flows, and the shadow under what floats."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QSplitter, QWidget

from desktop.ui.theme import theme


class FlowLayout(QLayout):
    """Widgets in rows, as words in a paragraph; `even`: all as tall as the tallest."""

    def __init__(self, parent: QWidget | None = None, *, gap: int = 8, even: bool = False) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap, self._even = gap, even
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, tallest = rect.x(), rect.y(), 0
        least = max((item.sizeHint().height() for item in self._items), default=0) if self._even else 0
        for item in self._items:
            if (widget := item.widget()) is not None and widget.isHidden():
                continue
            size = item.sizeHint().expandedTo(QSize(0, least))
            if x > rect.x() and x + size.width() > rect.right() + 1:
                x, y, tallest = rect.x(), y + tallest + self._gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gap
            tallest = max(tallest, size.height())
        return y + tallest - rect.y()


def columns(*widths: tuple[QWidget, int, int]) -> QSplitter:
    """Panes side by side with a 14 px handle: (widget, minimum width, stretch)."""
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    splitter.setHandleWidth(14)
    splitter.setChildrenCollapsible(False)
    for index, (widget, least, stretch) in enumerate(widths):
        widget.setMinimumWidth(least)
        splitter.addWidget(widget)
        splitter.setStretchFactor(index, stretch)
    return splitter


def tab_before(anchor: QWidget, *widgets: QWidget) -> None:
    """Let Tab reach widgets right before `anchor`: those that are made late would come last of all."""
    first, made = _on_tab(anchor)[0], [part for widget in widgets for part in _on_tab(widget)]
    for one, other in pairwise([first, *made, first]):  # behind it, and then it behind them
        QWidget.setTabOrder(one, other)


def _on_tab(widget: QWidget) -> list[QWidget]:
    parts = (widget, *widget.findChildren(QWidget))
    return [part for part in parts if part.focusPolicy() & Qt.FocusPolicy.TabFocus]


def paint_shadow(painter: QPainter, rect: QRectF, radius: float = 8, depth: int = 14) -> None:
    """A soft shadow around a floating box; paint the box over it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 6 if theme().is_dark else 2))
    for step in range(depth, 0, -1):
        grown = rect.adjusted(-step, -step + 4, step, step + 4)
        painter.drawRoundedRect(grown, radius + step, radius + step)
    painter.restore()


def paint_overlay(widget: QWidget, edge: int) -> None:
    """A floating box with its shadow, which has `edge` pixels of the widget on each side."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(widget.rect()).adjusted(edge, edge, -edge, -edge)
    paint_shadow(painter, box, depth=10)
    painter.setPen(QPen(theme().color("stroke.control"), 1))
    painter.setBrush(theme().color("bg.overlay"))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    painter.end()
