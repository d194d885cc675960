"""Lanes: hosts down, stages across; each cell a shape, a line to the next, and a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from desktop.base.words import host_words, tr
from desktop.release import STAGES
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    chip_width,
    paint_chip,
    paint_status,
    paint_text,
    set_up_table,
    text_role,
    text_width,
)

from . import present

Index = QModelIndex | QPersistentModelIndex
LANE_ROLE = Qt.ItemDataRole.UserRole + 2
ROW_PX = 54
HEAD_PX = 30
LEAST_ROWS = 2
"""Hosts in view at least, in a low window; the others are scrolled to."""


class LanesModel(QAbstractTableModel):
    """Rows are hosts; column 0 is the host, then one for each stage."""

    def __init__(self) -> None:
        super().__init__()
        self._lanes: tuple[present.Lane, ...] = ()

    def show_lanes(self, lanes: Sequence[present.Lane]) -> None:
        """Replaces them; only what differs is painted again."""
        new = tuple(lanes)
        if len(new) != len(self._lanes):
            self.beginResetModel()
            self._lanes = new
            self.endResetModel()
            return
        old, self._lanes = self._lanes, new
        for row, (before, after) in enumerate(zip(old, new, strict=True)):
            changed = differing(before, after)
            if changed:
                self.dataChanged.emit(self.index(row, changed[0]), self.index(row, changed[-1]))

    def again(self) -> None:
        """The heads in another language."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(STAGES))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lanes)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(STAGES) + 1

    def lane(self, row: int) -> present.Lane:
        return self._lanes[row]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        lane = self._lanes[index.row()]
        cell = lane.cells[index.column() - 1] if index.column() else None
        if role == LANE_ROLE:
            return cell or lane
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text if cell is not None else host_words(lane.host)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = (host_words(lane.host), lane.address, *lane.told.splitlines())
            return cell.spoken if cell is not None else ", ".join(word for word in words if word)
        if role == Qt.ItemDataRole.ToolTipRole:
            said = cell.tip or cell.text if cell is not None else "\n".join((lane.address, lane.told)).strip()
            return said or None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return present.stage_title(STAGES[section - 1]) if section else ""
        return super().headerData(section, orientation, role)


def differing(before: present.Lane, after: present.Lane) -> list[int]:
    """The columns in which two lanes are not the same."""
    if before == after:
        return []
    cells = enumerate(zip(before.cells, after.cells, strict=True), 1)
    found = [column for column, (old, new) in cells if old != new]
    head = (before.host, before.address, before.chip, before.told)
    return found if head == (after.host, after.address, after.chip, after.told) else [0, *found]


class LaneDelegate(QStyledItemDelegate):
    """Paints a host or a stage."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        value = index.data(LANE_ROLE)
        rect = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_HasFocus and option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme().color("bg.selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, theme().color("bg.hover"))
        line = QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1)
        painter.fillRect(line, theme().color("stroke.divider"))
        view = option.widget
        viewport = view.viewport() if isinstance(view, QAbstractItemView) else view
        if isinstance(value, present.Lane):
            self._paint_host(painter, rect, value)
        elif isinstance(value, present.Cell):
            self._paint_cell(painter, rect, value, viewport, last=index.column() == len(STAGES))

    def _paint_host(self, painter: QPainter, rect: QRectF, lane: present.Lane) -> None:
        name = host_words(lane.host)
        middle, line = rect.center().y(), theme().px(18)
        box = QRectF(rect.left() + 14, middle - line, rect.width() - 22, line)
        if lane.chip is not None:
            wide = chip_width(lane.chip[0])
            used = min(text_width(name, "bodyStrong"), int(box.width() - wide - 8))
            chip = QRectF(box.left() + used + 8, box.top(), wide, line)
            paint_chip(painter, chip, *lane.chip)
            box.setWidth(used + 1)
        paint_text(painter, box, name, "bodyStrong")
        below = QRectF(rect.left() + 14, middle, rect.width() - 22, line)
        paint_text(painter, below, lane.address, "mono", "text.secondary")

    def _paint_cell(
        self, painter: QPainter, rect: QRectF, cell: present.Cell, viewport: Any, *, last: bool
    ) -> None:
        middle, line = rect.center().y(), theme().px(18)
        shape = QRectF(rect.left() + 8, middle - line + 1, 15, 15)
        paint_status(painter, shape, cell.state, viewport)
        if not last:
            role = "ok.fill" if cell.state == "ok" else "stroke.control"
            painter.setPen(QPen(theme().color(role), 2))
            level = shape.center().y()
            painter.drawLine(
                QRectF(shape.right() + 6, level, 1, 1).topLeft(),
                QRectF(rect.right() + 2, level, 1, 1).topLeft(),
            )
        box = QRectF(rect.left() + 8, middle, rect.width() - 12, line)
        role = text_role(cell.state) if cell.state in ("busy", "fail", "warn") else "text.secondary"
        paint_text(painter, box, cell.text, "caption", role)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(90), theme().px(ROW_PX))


class LanesView(QTableView):
    """The table. `stage_chosen(host, stage)` when a cell is clicked or gets Enter."""

    stage_chosen = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.lanes = LanesModel()
        self.setModel(self.lanes)
        set_up_table(self, name="deploy.lanes", label=lambda: tr("Hosts and stages"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegate(LaneDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = self.horizontalHeader()
        head.setStretchLastSection(False)
        head.setMinimumSectionSize(50)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.clicked.connect(self._tell)
        self.activated.connect(self._tell)
        self._fitted = (0, 0)
        self._followed = -1
        self.fit()

    def show_lanes(self, lanes: Sequence[present.Lane]) -> None:
        self.lanes.show_lanes(lanes)
        self.fit()
        self._keep_in_view(lanes)

    def _keep_in_view(self, lanes: Sequence[present.Lane]) -> None:
        """The host that failed, else the last one that something is done on: where not all have room, this one has."""
        states = [{cell.state for cell in lane.cells} for lane in lanes]
        failed = [row for row, found in enumerate(states) if "fail" in found]
        busy = [row for row, found in enumerate(states) if "busy" in found]
        row = failed[0] if failed else busy[-1] if busy else -1
        if row not in (self._followed, -1):  # once each: then a person may scroll
            self._bring(row)
        self._followed = row

    def _bring(self, row: int) -> None:
        index = self.lanes.index(row, 0)
        if not self.viewport().rect().contains(self.visualRect(index)):  # else Qt would paint it once more
            self.scrollTo(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A banner or the output has come, and took the room."""
        super().resizeEvent(event)
        if self._followed >= 0:
            self._bring(self._followed)

    def fit(self) -> None:
        """Rows and columns for the text size of now."""
        row, shown = theme().px(ROW_PX), max(1, min(self.lanes.rowCount(), 8))
        if (row, shown) == self._fitted:
            return
        self._fitted = (row, shown)
        self.verticalHeader().setDefaultSectionSize(row)
        self.setColumnWidth(0, theme().px(178))
        self._wanted = shown * row + theme().px(HEAD_PX) + 8
        self.setMinimumHeight(min(shown, LEAST_ROWS) * row + theme().px(HEAD_PX) + 8)
        self.setMaximumHeight(self._wanted)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._wanted)

    def _tell(self, index: QModelIndex) -> None:
        if index.column():
            self.stage_chosen.emit(self.lanes.lane(index.row()).host, STAGES[index.column() - 1])
