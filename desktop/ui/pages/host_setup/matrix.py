"""The matrix: hosts down, steps across; each cell a shape. Arrows go by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import paint_status, paint_text, set_up_table, text_role, text_width

from .fleet import Cell, Column, HostLine

Index = QModelIndex | QPersistentModelIndex
LINE_ROLE = Qt.ItemDataRole.UserRole + 3
ROW_PX, HOST_PX, CELL_PX = 44, 220, 56
MOST_ROWS = 8


class MatrixModel(QAbstractTableModel):
    """Column 0 is the host with its words, then one for each step."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[Column, ...] = ()
        self.lines: tuple[HostLine, ...] = ()

    def show_lines(self, shown: Sequence[Column], lines: Sequence[HostLine]) -> bool:
        """Whether rows or columns came or went; else only what differs is painted again."""
        new_columns, new = tuple(shown), tuple(lines)
        hosts = [one.host for one in new]
        if new_columns != self.shown or hosts != [one.host for one in self.lines]:
            self.beginResetModel()
            self.shown, self.lines = new_columns, new
            self.endResetModel()
            return True
        old, self.lines = self.lines, new
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after:
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(self.shown)))
        return False

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.shown) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self.lines[index.row()]
        cell = found.cells[index.column() - 1] if index.column() else None
        if role == LINE_ROLE:
            return cell or found
        if role == Qt.ItemDataRole.DisplayRole:
            return found.host if cell is None else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{found.host}, {found.words}" if cell is None else cell.spoken
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{found.host} {found.address}\n{found.words}" if cell is None else cell.spoken or None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.shown[section - 1].head if section else tr("Host")
            if role == Qt.ItemDataRole.ToolTipRole and section:
                return self.shown[section - 1].title
            if role == Qt.ItemDataRole.TextAlignmentRole and section:
                return Qt.AlignmentFlag.AlignCenter
        return super().headerData(section, orientation, role)


class MatrixDelegate(QStyledItemDelegate):
    """Paints a host or a step's shape."""

    def __init__(self, view: MatrixView) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        value = index.data(LINE_ROLE)
        rect = QRectF(option.rect)
        chosen = index.row() == self._view.currentIndex().row()
        if chosen:
            painter.fillRect(option.rect, theme().color("bg.selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, theme().color("bg.hover"))
        painter.fillRect(
            QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), theme().color("stroke.divider")
        )
        if isinstance(value, HostLine):
            if chosen:
                painter.fillRect(
                    QRectF(rect.left(), rect.top(), 3, rect.height() - 1), theme().color("accent.default")
                )
            self._paint_host(painter, rect, value)
        elif isinstance(value, Cell):
            self._paint_cell(painter, rect, value, current=index == self._view.currentIndex())

    def _paint_host(self, painter: QPainter, rect: QRectF, found: HostLine) -> None:
        middle, tall = rect.center().y(), theme().px(18)
        paint_status(
            painter, QRectF(rect.left() + 14, middle - 7, 14, 14), found.state, self._view.viewport()
        )
        box = QRectF(rect.left() + 40, middle - tall, rect.width() - 46, tall)
        used = paint_text(painter, box, found.host, "bodyStrong")
        rest = QRectF(box.left() + used + 10, box.top(), box.width() - used - 10, tall)
        if rest.width() > text_width(found.address, "mono"):
            paint_text(painter, rest, found.address, "mono", "text.secondary")
        below = QRectF(box.left(), middle, box.width(), tall)
        role = text_role(found.state) if found.state in ("fail", "warn", "busy") else "text.secondary"
        paint_text(painter, below, found.words, "caption", role)

    def _paint_cell(self, painter: QPainter, rect: QRectF, cell: Cell, *, current: bool) -> None:
        centre = rect.center()
        if current:
            painter.setPen(QPen(theme().color("accent.default"), 1.5))
            painter.drawRoundedRect(QRectF(centre.x() - 13, centre.y() - 13, 26, 26), 4, 4)
        spot = QRectF(centre.x() - 7, centre.y() - 7, 14, 14)
        if cell.state:
            paint_status(painter, spot, cell.state, self._view.viewport())
        else:
            width = text_width("–", "body")
            paint_text(
                painter,
                QRectF(centre.x() - width / 2, rect.top(), width + 2, rect.height()),
                "–",
                "body",
                "text.tertiary",
            )


class MatrixView(QTableView):
    """`chosen(host, step)` when a cell is gone to; step "" in the first column. `opened(host)` on Enter."""

    chosen = Signal(str, str)
    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._showing = False
        self.matrix = MatrixModel()
        self.setModel(self.matrix)
        set_up_table(self, name="host_setup.matrix", label=lambda: tr("Servers and steps"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegate(MatrixDelegate(self))
        head = self.horizontalHeader()
        head.setStretchLastSection(False)
        head.setMinimumSectionSize(40)
        head.setProperty("tight", True)
        self.selectionModel().currentChanged.connect(self._tell)
        self.activated.connect(lambda index: self.opened.emit(self._host(index)))

    def show_lines(self, shown: Sequence[Column], lines: Sequence[HostLine], host: str, step: str) -> None:
        """Renders the matrix with (host, step) as the current cell."""
        self._showing = True
        try:
            if self.matrix.show_lines(shown, lines):
                self.fit()
            self._go_to(host, step)
        finally:
            self._showing = False
        self.viewport().update()

    def _go_to(self, host: str, step: str) -> None:
        rows = [one.host for one in self.matrix.lines]
        keys = [one.key for one in self.matrix.shown]
        if host not in rows:
            return
        at = self.currentIndex()
        column = keys.index(step) + 1 if step in keys else 0
        if (at.row(), at.column()) != (rows.index(host), column):
            self.setCurrentIndex(self.matrix.index(rows.index(host), column))

    def fit(self) -> None:
        """Rows and columns for the text size and the width of now: the steps share what the hosts leave."""
        self.verticalHeader().setDefaultSectionSize(theme().px(ROW_PX))
        head, count = self.horizontalHeader(), len(self.matrix.shown)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        room = self.viewport().width()
        cell = max(theme().px(CELL_PX), min(theme().px(84), (room - theme().px(HOST_PX)) // max(1, count)))
        for section in range(1, count + 1):
            head.resizeSection(section, cell)
        head.resizeSection(0, max(theme().px(HOST_PX), room - cell * count))

    def needed_height(self) -> int:
        """For all rows, up to eight."""
        shown = max(1, min(self.matrix.rowCount(), MOST_ROWS))
        return shown * theme().px(ROW_PX) + self.horizontalHeader().sizeHint().height() + 8

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.fit()

    def _host(self, index: Index) -> str:
        return self.matrix.lines[index.row()].host if index.isValid() else ""

    def _tell(self, index: QModelIndex) -> None:
        if index.isValid() and not self._showing:
            step = self.matrix.shown[index.column() - 1].key if index.column() else ""
            self.chosen.emit(self._host(index), step)
            self.viewport().update()
