"""The tree of services: state, tick for the log, colour of the source. Painted rows, plain values below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from desktop.base.words import tr
from desktop.ui.style import paint_check
from desktop.ui.theme import theme
from desktop.ui.widgets import GroupsModel, GroupsTree, paint_status, paint_text, text_width

from .present import Key, SeatRow, ServiceRow

Index = QModelIndex | QPersistentModelIndex
_CHECK, _SQUARE = 16, 8


class ServiceModel(GroupsModel[ServiceRow, SeatRow]):
    """Services, and their containers below. `ticked(keys, on)` is the person's wish."""

    ticked = Signal(object, bool)

    def __init__(self, color_role: Callable[[str], str]) -> None:
        """`color_role` gives the colour role of a source by its name."""
        super().__init__(
            rows_of=lambda group: group.seats, key_of=lambda group: group.name, row_key=lambda row: row.key
        )
        self._color_role = color_role

    def item(self, index: Index) -> ServiceRow | SeatRow | None:
        """What stands behind an index."""
        return self.row(index) or self.group(index)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable

    def group_data(self, group: ServiceRow, column: int, role: int) -> Any:
        return _said(group, role)

    def row_data(self, row: SeatRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DecorationRole:
            return theme().color(self._color_role(row.name))
        return _said(row, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        item = self.item(index)
        if item is None or role != Qt.ItemDataRole.CheckStateRole:
            return False
        seats = (item,) if isinstance(item, SeatRow) else item.seats
        on = Qt.CheckState(value) == Qt.CheckState.Checked
        self.ticked.emit(tuple(seat.key for seat in seats), on)
        return True


def _said(item: ServiceRow | SeatRow, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        return item.shown
    if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
        return item.spoken
    return check_state(item) if role == Qt.ItemDataRole.CheckStateRole else None


def check_state(item: ServiceRow | SeatRow) -> Qt.CheckState:
    """Of a service: all, some or none of its containers."""
    if isinstance(item, SeatRow):
        return Qt.CheckState.Checked if item.ticked else Qt.CheckState.Unchecked
    ticks = {seat.ticked for seat in item.seats}
    if ticks == {True}:
        return Qt.CheckState.Checked
    return Qt.CheckState.PartiallyChecked if True in ticks else Qt.CheckState.Unchecked


def _plain(index: Index) -> QModelIndex:
    return index if isinstance(index, QModelIndex) else index.model().index(index.row(), 0, index.parent())


class ServiceDelegate(QStyledItemDelegate):
    """Paints rows, and takes clicks on chevron and tick. `only(key)`: Alt+Click on a tick."""

    only = Signal(object)

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, theme().size("treeRow"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        item = model.item(index) if isinstance(model, ServiceModel) else None
        if item is None:
            return
        rect = QRectF(option.rect)
        painter.save()
        self._paint_ground(painter, option, rect)
        if isinstance(item, ServiceRow):
            self._paint_service(painter, rect, item, self._tree.isExpanded(_plain(index)))
        else:
            self._paint_seat(painter, rect, item, index.data(Qt.ItemDataRole.DecorationRole))
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRectF) -> None:
        chosen = option.state & QStyle.StateFlag.State_Selected
        if not chosen and not option.state & QStyle.StateFlag.State_MouseOver:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("bg.selected" if chosen else "bg.hover"))
        painter.drawRoundedRect(rect.adjusted(6, 0, -6, 0), 4, 4)

    def _paint_service(self, painter: QPainter, rect: QRectF, row: ServiceRow, is_open: bool) -> None:
        middle = rect.center().y()
        ratio = painter.device().devicePixelRatioF()
        chevron = theme().pixmap("chev-down" if is_open else "chev-right", "text.secondary", 14, ratio)
        painter.drawPixmap(round(rect.left() + 14), round(middle - 7), chevron)
        paint_status(painter, QRectF(rect.left() + 35, middle - 7, 14, 14), row.state, self._tree.viewport())
        wide = text_width(row.right, "caption")
        paint_text(
            painter,
            QRectF(rect.right() - 14 - wide, rect.top(), wide + 2, rect.height()),
            row.right,
            "caption",
            "text.secondary",
        )
        box = QRectF(rect.left() + 58, rect.top(), rect.width() - 58 - wide - 24, rect.height())
        paint_text(painter, box, row.shown, "bodyStrong", "text.primary")

    def _paint_seat(self, painter: QPainter, rect: QRectF, row: SeatRow, color: Any) -> None:
        middle = rect.center().y()
        tick = QStyle.StateFlag.State_On if row.ticked else QStyle.StateFlag.State_Off
        paint_check(painter, QRectF(self._tick_box(rect)), tick | QStyle.StateFlag.State_Enabled)
        paint_status(painter, QRectF(rect.left() + 52, middle - 7, 14, 14), row.state, self._tree.viewport())
        box = QRectF(rect.left() + 74, rect.top(), rect.width() - 74 - 34, rect.height())
        paint_text(painter, box, row.shown, "body", "text.primary")
        square = QRectF(rect.right() - 16 - _SQUARE, middle - _SQUARE / 2, _SQUARE, _SQUARE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(square, 2, 2)

    @staticmethod
    def _tick_box(rect: QRectF) -> QRect:
        return QRect(round(rect.left() + 28), round(rect.center().y() - _CHECK / 2), _CHECK, _CHECK)

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        item = model.item(index) if isinstance(model, ServiceModel) else None
        if isinstance(event, QMouseEvent) and item is not None:
            return self._on_mouse(event, model, option, index, item)
        return super().editorEvent(event, model, option, index)

    def _on_mouse(
        self,
        event: QMouseEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
        item: ServiceRow | SeatRow,
    ) -> bool:
        if event.type() != QEvent.Type.MouseButtonRelease or event.button() != Qt.MouseButton.LeftButton:
            return False
        x = event.position().x() - option.rect.left()
        if isinstance(item, ServiceRow):
            if x < 32:
                place = _plain(index)
                self._tree.setExpanded(place, not self._tree.isExpanded(place))
            return x < 32
        if not 20 <= x < 50:
            return False
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.only.emit(item.key)
        else:
            wanted = Qt.CheckState.Unchecked if item.ticked else Qt.CheckState.Checked
            model.setData(_plain(index), wanted.value, Qt.ItemDataRole.CheckStateRole)
        return True


class ServiceTree(GroupsTree[ServiceRow, SeatRow]):
    """The tree itself. `seat_chosen(key)`, `ticked(keys, on)`, `only(key)`."""

    seat_chosen = Signal(object)
    ticked = Signal(object, bool)
    only = Signal(object)
    folds_by_click = False

    def __init__(self, color_role: Callable[[str], str], *, name: str) -> None:
        self._services = ServiceModel(color_role)
        super().__init__(self._services, name=name, label=lambda: tr("Services"))
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(True)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        delegate = ServiceDelegate(self)
        self.setItemDelegate(delegate)
        self._services.ticked.connect(self.ticked)
        delegate.only.connect(self.only)
        self._own = ""
        self.selectionModel().currentChanged.connect(self._on_current)

    @property
    def services(self) -> tuple[ServiceRow, ...]:
        return self._services.groups

    def show_services(self, services: Sequence[ServiceRow], own: str) -> None:
        """Show these; the project's own service is open at first, the others are closed."""
        self._own = own
        self.show_groups(services)

    def starts_folded(self, group: ServiceRow) -> bool:
        return group.name != self._own

    def choose(self, key: Key) -> None:
        """Choose a container; its service is opened."""
        index = self._services.index_of(key)
        if index.isValid() and index != self.currentIndex():
            self.setExpanded(index.parent(), True)
            self.setCurrentIndex(index)

    def _on_current(self, index: QModelIndex) -> None:
        if (seat := self._services.row(index)) is not None:
            self.seat_chosen.emit(seat.key)
