"""The tree of hosts: groups over hosts, painted in full by one delegate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    chip_width,
    paint_chip,
    paint_meter,
    paint_row_background,
    paint_status,
    paint_text,
    set_up_tree,
    text_role,
    text_width,
)
from desktop.ui.widgets.says import say

from .present import GroupRow, HostRow

Index = QModelIndex | QPersistentModelIndex
HOST, STATE, SYSTEM, CPU, MEMORY, DISK, CONTAINERS = range(7)
ITEM = Qt.ItemDataRole.UserRole + 1
"""The HostRow or GroupRow behind an index."""
_SELECTED, _OVER = QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_MouseOver
_WIDTHS = {HOST: 150, STATE: 140, SYSTEM: 176, CPU: 78, MEMORY: 78, DISK: 78, CONTAINERS: 132}
_LEAST = {HOST: 120, STATE: 112, SYSTEM: 116, CPU: 66, MEMORY: 66, DISK: 66, CONTAINERS: 84}
"""What the columns may shrink to where there is less room."""


class HostModel(QAbstractItemModel):
    """Group rows with host rows below. `show_groups` changes only what differs, so that choice and fold stay."""

    def __init__(self, parent: QTreeView) -> None:
        super().__init__(parent)
        self.groups: list[GroupRow] = []

    def show_groups(self, groups: Sequence[GroupRow]) -> bool:
        """Whether rows came or went (then folds and spans have to be put right)."""
        if [_shape(group) for group in groups] != [_shape(group) for group in self.groups]:
            self.beginResetModel()
            self.groups = list(groups)
            self.endResetModel()
            return True
        for number, group in enumerate(groups):
            if group != self.groups[number]:
                self.groups[number] = group
                top = self.index(number, 0)
                self.dataChanged.emit(top, top)
                last = self.index(len(group.hosts) - 1, CONTAINERS, top)
                self.dataChanged.emit(self.index(0, 0, top), last)
        return False

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = QModelIndex()) -> Any:  # noqa: B008
        group = index.internalId() if index.isValid() else 0
        return self.createIndex(group - 1, 0, 0) if group else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self.groups)
        return 0 if parent.internalId() else len(self.groups[parent.row()].hosts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(_WIDTHS)

    def item(self, index: Index) -> HostRow | GroupRow | None:
        if not index.isValid():
            return None
        group = index.internalId()
        return self.groups[group - 1].hosts[index.row()] if group else self.groups[index.row()]

    def index_of(self, name: str) -> QModelIndex:
        for number, group in enumerate(self.groups):
            for place, host in enumerate(group.hosts):
                if host.name == name:
                    return self.index(place, 0, self.index(number, 0))
        return QModelIndex()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        found = self.item(index)
        if found is None:
            return None
        if role == ITEM:
            return found
        if role == Qt.ItemDataRole.DisplayRole and index.column() == 0:
            return found.title if isinstance(found, GroupRow) else found.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{found.title}, {found.count_text}" if isinstance(found, GroupRow) else found.spoken
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _heads()[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled
        return plain | Qt.ItemFlag.ItemIsSelectable if index.internalId() else plain


def _shape(group: GroupRow) -> tuple[str, tuple[str, ...]]:
    return group.key, tuple(host.name for host in group.hosts)


def _heads() -> tuple[str, ...]:
    return (
        tr("Host"), tr("State"), tr("System"), tr("CPU"), tr("Memory"), tr("Disk"), tr("Containers"),
    )  # fmt: skip


class HostDelegate(QStyledItemDelegate):
    """Paints both kinds of rows."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, theme().px(34 if isinstance(index.data(ITEM), GroupRow) else 50))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(ITEM)
        if isinstance(found, GroupRow):
            self._paint_group(painter, option, found)
            return
        if not isinstance(found, HostRow):
            return
        self._paint_back(painter, option, index)
        box = QRectF(option.rect).adjusted(6, 0, -6, -1)
        if index.column() == HOST:
            self._paint_host(painter, box, found, option)
        elif index.column() == STATE:
            paint_text(painter, box, found.state_text, "caption", text_role(found.state))
        elif index.column() == SYSTEM:
            self._paint_system(painter, box, found)
        elif index.column() in (CPU, MEMORY, DISK):
            share = {CPU: found.cpu, MEMORY: found.memory, DISK: found.disk}[index.column()]
            paint_meter(painter, box, share, theme().px(58))
        else:
            _two_lines(painter, box, found.containers or "–", found.names, faded=found.faded)

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        paint_row_background(painter, option)
        if index.column() != HOST:  # the accent bar belongs to the row's left end only
            edge = QRect(option.rect.left(), option.rect.top(), 3, option.rect.height() - 1)
            role = (
                "bg.selected"
                if option.state & _SELECTED
                else "bg.hover"
                if option.state & _OVER
                else "bg.card"
            )
            painter.fillRect(edge, theme().color(role))

    def _paint_group(self, painter: QPainter, option: QStyleOptionViewItem, group: GroupRow) -> None:
        view = option.widget
        wide = view.viewport().width() if isinstance(view, QTreeView) else option.rect.width()
        box = QRectF(0, option.rect.top(), wide, option.rect.height())
        painter.fillRect(box, theme().color("bg.subtle"))
        painter.fillRect(QRectF(0, box.bottom() - 1, wide, 1), theme().color("stroke.divider"))
        ratio = painter.device().devicePixelRatioF()
        opened = isinstance(view, QTreeView) and view.isExpanded(_group_index(view, group))
        fold = theme().pixmap("chev-down" if opened else "chev-right", "text.secondary", 14, ratio)
        painter.drawPixmap(int(box.left()) + 14, int(box.center().y()) - 7, fold)
        tall = theme().px(20)
        chip = QRectF(38, box.center().y() - tall / 2, chip_width(group.title), tall)
        paint_chip(painter, chip, group.title, group.tone)
        rest = QRectF(chip.right() + 10, box.top(), 200, box.height())
        paint_text(painter, rest, group.count_text, "caption", "text.secondary")
        if group.trouble:
            width = text_width(group.trouble, "caption")
            spot = QRectF(wide - width - 20, box.top(), width + 4, box.height())
            paint_text(painter, spot, group.trouble, "caption", text_role(group.trouble_state))
            paint_status(painter, QRectF(spot.left() - 22, box.center().y() - 7, 14, 14), group.trouble_state)

    def _paint_host(
        self, painter: QPainter, box: QRectF, host: HostRow, option: QStyleOptionViewItem
    ) -> None:
        widget = option.widget.viewport() if isinstance(option.widget, QAbstractItemView) else option.widget
        paint_status(painter, QRectF(box.left() + 8, box.center().y() - 7, 14, 14), host.state, widget)
        inner = box.adjusted(32, 0, 0, 0)
        if not host.address:
            paint_text(painter, inner, tr("This computer"), "bodyStrong")
            return
        _two_lines(painter, inner, host.name, host.address, first="bodyStrong", second="mono")

    def _paint_system(self, painter: QPainter, box: QRectF, host: HostRow) -> None:
        if not host.system:
            paint_text(painter, box, "–", "body", "text.tertiary")
            return
        upper = QRectF(box)
        if host.ended:
            text = tr("end of life")
            used = min(text_width(host.system), box.width() - chip_width(text) - 6)
            line_px = theme().px(18)
            chip = QRectF(box.left() + used + 6, box.center().y() - line_px, chip_width(text), line_px)
            paint_chip(painter, chip, text, "warn")
            upper.setRight(chip.left() - 4)
        _two_lines(painter, upper, host.system, "", faded=host.faded, alone=False)
        _two_lines(painter, box, "", host.engine, faded=host.faded, alone=False)


def _two_lines(
    painter: QPainter,
    box: QRectF,
    upper: str,
    lower: str,
    *,
    first: str = "body",
    second: str = "caption",
    faded: bool = False,
    alone: bool = True,
) -> None:
    """Two lines about the middle; one alone stands in it."""
    line_px = theme().px(17)
    middle = box.center().y()
    role = "text.secondary" if faded else "text.primary"
    if alone and not lower:
        paint_text(painter, box, upper, first, role)
        return
    if upper:
        paint_text(painter, QRectF(box.left(), middle - line_px, box.width(), line_px), upper, first, role)
    if lower:
        paint_text(painter, QRectF(box.left(), middle, box.width(), line_px), lower, second, "text.secondary")


def _group_index(view: QTreeView, group: GroupRow) -> QModelIndex:
    model = view.model()
    for row in range(model.rowCount()):
        if model.index(row, 0).data(ITEM) is group:
            return model.index(row, 0)
    return QModelIndex()


class HostTree(QTreeView):
    """The view. `host_chosen(name)` when one row is chosen, `opened(name)` on Enter or a double click."""

    host_chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, label_text: Callable[[], str]) -> None:
        super().__init__()
        set_up_tree(self, name="hosts.tree", label=label_text)
        self.setHeaderHidden(False)
        self.setUniformRowHeights(False)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.hosts = HostModel(self)
        self.setModel(self.hosts)
        self.setItemDelegate(HostDelegate(self))
        head = self.header()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setStretchLastSection(True)
        head.setSectionsMovable(False)
        head.setMinimumSectionSize(48)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._by_hand = False
        head.sectionResized.connect(lambda *_: self._on_resized())
        self._fit()
        self.clicked.connect(self._on_click)
        self.doubleClicked.connect(self._on_open)
        self.selectionModel().selectionChanged.connect(lambda *_: self._on_selection())
        say(
            self, lambda _text: self.hosts.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, 6), lambda: ""
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Columns as wide as the design has them, narrower where that would need a scroll bar; as a person drew them
        once they did."""
        if self._by_hand:
            return
        room = self.viewport().width()
        wide = {section: theme().px(width) for section, width in _WIDTHS.items()}
        spare = {section: wide[section] - theme().px(least) for section, least in _LEAST.items()}
        share = min(1.0, max(0, sum(wide.values()) - room) / sum(spare.values()))
        for section, width in wide.items():
            self.header().resizeSection(section, width - math.ceil(spare[section] * share))

    def _on_resized(self) -> None:
        drawn = QApplication.mouseButtons() & Qt.MouseButton.LeftButton and self.header().underMouse()
        self._by_hand = self._by_hand or bool(drawn)

    def show_groups(self, groups: Sequence[GroupRow]) -> None:
        """Renders the tree; the choice and what is folded stay."""
        chosen = self.chosen()
        folded = {
            group.key
            for row, group in enumerate(self.hosts.groups)
            if not self.isExpanded(self.hosts.index(row, 0))
        }
        if not self.hosts.show_groups(groups):
            return
        for row, group in enumerate(self.hosts.groups):
            self.setFirstColumnSpanned(row, QModelIndex(), True)
            self.setExpanded(self.hosts.index(row, 0), group.key not in folded)
        for name in chosen:
            self.choose(name, keep=True)

    def choose(self, name: str, *, keep: bool = False) -> None:
        index = self.hosts.index_of(name)
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag
            how = flags.Rows | (flags.Select if keep else flags.ClearAndSelect)
            self.selectionModel().setCurrentIndex(index, how)

    def chosen(self) -> tuple[str, ...]:
        """The names of the chosen hosts, in their order."""
        rows = sorted(self.selectionModel().selectedRows(), key=lambda i: (i.internalId(), i.row()))
        return tuple(item.name for i in rows if isinstance(item := i.data(ITEM), HostRow))

    def group_at(self, index: Index) -> GroupRow | None:
        found = index.data(ITEM)
        return found if isinstance(found, GroupRow) else None

    def _on_click(self, index: QModelIndex) -> None:
        if self.group_at(index) is not None:
            top = index.siblingAtColumn(0)
            self.setExpanded(top, not self.isExpanded(top))

    def _on_open(self, index: QModelIndex) -> None:
        if isinstance(found := index.data(ITEM), HostRow):
            self.opened.emit(found.name)

    def _on_selection(self) -> None:
        names = self.chosen()
        self.host_chosen.emit(names[-1] if names else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            index = self.currentIndex()
            if self.group_at(index) is not None:
                self._on_click(index)
            else:
                self._on_open(index)
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.group_at(self.indexAt(event.position().toPoint())) is None:
            super().mouseDoubleClickEvent(event)
