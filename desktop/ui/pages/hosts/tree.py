"""The tree of hosts: groups over hosts, painted in full by one delegate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    ROW_ROLE,
    GroupsModel,
    GroupsTree,
    chip_width,
    paint_chip,
    paint_group_ground,
    paint_meter,
    paint_row_background,
    paint_status,
    paint_text,
    text_role,
    text_width,
)
from desktop.ui.widgets.says import say

from .present import GroupRow, HostRow

Index = QModelIndex | QPersistentModelIndex
HOST, STATE, SYSTEM, CPU, MEMORY, DISK, CONTAINERS = range(7)
_SELECTED, _OVER = QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_MouseOver
_WIDTHS = {HOST: 150, STATE: 140, SYSTEM: 176, CPU: 78, MEMORY: 78, DISK: 78, CONTAINERS: 132}
_LEAST = {HOST: 120, STATE: 112, SYSTEM: 116, CPU: 66, MEMORY: 66, DISK: 66, CONTAINERS: 84}
"""What the columns may shrink to where there is less room."""


class HostModel(GroupsModel[GroupRow, HostRow]):
    """Environments with their hosts below."""

    def __init__(self) -> None:
        super().__init__(
            rows_of=lambda group: group.hosts, key_of=lambda group: group.key, row_key=lambda row: row.name
        )

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(_WIDTHS)

    def group_data(self, group: GroupRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and column == 0:
            return group.title
        return f"{group.title}, {group.count_text}" if role == Qt.ItemDataRole.AccessibleTextRole else None

    def row_data(self, row: HostRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and column == 0:
            return row.name
        return row.spoken if role == Qt.ItemDataRole.AccessibleTextRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _heads()[section]
        return None


def _heads() -> tuple[str, ...]:
    return (
        tr("Host"), tr("State"), tr("System"), tr("CPU"), tr("Memory"), tr("Disk"), tr("Containers"),
    )  # fmt: skip


class HostDelegate(QStyledItemDelegate):
    """Paints both kinds of rows."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, theme().px(34 if isinstance(index.data(ROW_ROLE), GroupRow) else 50))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(ROW_ROLE)
        if isinstance(found, GroupRow):
            self._paint_group(painter, option, index, found)
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

    def _paint_group(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, group: GroupRow
    ) -> None:
        box = paint_group_ground(painter, option, index, 14)
        tall = theme().px(20)
        chip = QRectF(38, box.center().y() - tall / 2, chip_width(group.title), tall)
        paint_chip(painter, chip, group.title, group.tone)
        rest = QRectF(chip.right() + 10, box.top(), 200, box.height())
        paint_text(painter, rest, group.count_text, "caption", "text.secondary")
        if group.trouble:
            width = text_width(group.trouble, "caption")
            spot = QRectF(box.right() - width - 20, box.top(), width + 4, box.height())
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


class HostTree(GroupsTree[GroupRow, HostRow]):
    """The view. `host_chosen(name)` when one row is chosen, `opened(name)` on Enter or a double click."""

    host_chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, label_text: Callable[[], str]) -> None:
        self.hosts = HostModel()
        super().__init__(self.hosts, name="hosts.tree", label=label_text)
        self.setHeaderHidden(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
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
        self.doubleClicked.connect(self.open_row)
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

    def choose(self, name: str, *, keep: bool = False) -> None:
        index = self.hosts.index_of(name)
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag
            how = flags.Rows | (flags.Select if keep else flags.ClearAndSelect)
            self.selectionModel().setCurrentIndex(index, how)

    def chosen(self) -> tuple[str, ...]:
        """The names of the chosen hosts, in their order."""
        return tuple(str(key) for key in self.chosen_keys())

    def group_at(self, index: Index) -> GroupRow | None:
        return self.hosts.group(index)

    def open_row(self, index: QModelIndex) -> None:
        if (host := self.hosts.row(index)) is not None:
            self.opened.emit(host.name)

    def _on_selection(self) -> None:
        names = self.chosen()
        self.host_chosen.emit(names[-1] if names else "")
