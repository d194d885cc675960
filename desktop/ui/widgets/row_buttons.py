"""Buttons that are painted in the rows of a list: which one the pointer is over, and which one is pressed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem

Index = QModelIndex | QPersistentModelIndex


class ButtonsDelegate(QStyledItemDelegate):
    """Who paints the rows says where their buttons are, and what a press means."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._pointer: QPoint | None = None
        view.viewport().setMouseTracking(True)

    def keys_at(self, rect: QRect, index: Index) -> Sequence[tuple[QRect, str]]:
        """The places of a row's buttons, and their keys; none, where nobody says otherwise."""
        return ()

    def press(self, index: QModelIndex, key: str) -> None:
        """A button of this row was pressed."""

    def is_over(self, spot: QRect) -> bool:
        """Whether the pointer is over a button."""
        return self._pointer is not None and spot.contains(self._pointer)

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        if isinstance(event, QMouseEvent) and (keys := self.keys_at(option.rect, index)):
            point = event.position().toPoint()
            if event.type() == QEvent.Type.MouseMove:
                self._pointer = point
                if isinstance(option.widget, QAbstractItemView):
                    option.widget.viewport().update(option.rect)
            for spot, key in keys:
                if spot.contains(point):
                    if event.type() == QEvent.Type.MouseButtonRelease:
                        self.press(model.index(index.row(), index.column(), index.parent()), key)
                    return event.type() != QEvent.Type.MouseMove
        return super().editorEvent(event, model, option, index)
