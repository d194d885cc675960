"""Tables of the page: recent activity, and the projects as a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import paint_row_background, paint_status, paint_text, set_up_table

from .present import ActivityRow, Card

Index = QModelIndex | QPersistentModelIndex
T = TypeVar("T")
STATE_ROLE = Qt.ItemDataRole.UserRole + 1
FONT_ROLE = Qt.ItemDataRole.UserRole + 2
Column = tuple[Callable[[], str], Callable[[T], str]]


class PlainTable(QAbstractTableModel, Generic[T]):
    """Rows of values under titled columns; the first column has the state's shape."""

    def __init__(
        self, columns: Sequence[Column[T]], state: Callable[[T], str], fonts: dict[int, str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._columns, self._state, self._fonts = columns, state, fonts
        self.rows: list[T] = []

    def show_rows(self, rows: Sequence[T]) -> None:
        new = list(rows)
        if new == self.rows:
            self.rows = new
            return
        if len(new) == len(self.rows):
            self.rows = new
            self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, len(self._columns) - 1))
            return
        self.beginResetModel()
        self.rows = new
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._columns[index.column()][1](row)
        if role == STATE_ROLE and index.column() == 0:
            return self._state(row)
        if role == FONT_ROLE:
            return self._fonts.get(index.column(), "body")
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return self._columns[section][0]()
        return None


class TextDelegate(QStyledItemDelegate):
    """A table's cell: shape and words, elided, as plain text."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        paint_row_background(painter, option)
        rect: QRect = option.rect
        left = rect.left() + 10
        state = index.data(STATE_ROLE)
        if state:
            view = option.widget.viewport() if isinstance(option.widget, QAbstractItemView) else None
            paint_status(painter, QRectF(left, rect.center().y() - 7, 14, 14), state, view)
            left += 22
        font = index.data(FONT_ROLE) or "body"
        last = index.column() == index.model().columnCount() - 1
        align = Qt.AlignmentFlag.AlignRight if last and font == "caption" else Qt.AlignmentFlag.AlignLeft
        role = "text.primary" if font == "bodyStrong" else "text.secondary"
        box = QRect(left, rect.top(), rect.right() - left - 10, rect.height())
        paint_text(painter, box, index.data(), font, role, align)


def activity_table() -> tuple[QTableView, PlainTable[ActivityRow]]:
    """Recent activity: what, of which project, how it went, when, how long."""
    table = QTableView()
    set_up_table(table, name="projects.activity", label=lambda: tr("Recent activity"))
    columns: list[Column[ActivityRow]] = [
        (lambda: tr("Job"), lambda row: row.kind),
        (lambda: tr("Project"), lambda row: row.subject),
        (lambda: tr("What happened"), lambda row: row.text),
        (lambda: tr("When"), lambda row: row.when),
        (lambda: tr("Took"), lambda row: row.took),
    ]
    model = PlainTable(columns, lambda row: row.state, {0: "bodyStrong", 4: "caption"}, table)
    _join(table, model, (130, 150, 0, 150, 80), stretch=2)
    table.horizontalHeader().hide()
    return table, model


def projects_table() -> tuple[QTableView, PlainTable[Card]]:
    """The projects as a list with the same facts as the cards."""
    table = QTableView()
    set_up_table(table, name="projects.table", label=lambda: tr("Projects"))
    columns: list[Column[Card]] = [
        (lambda: tr("Project"), lambda card: card.name),
        (lambda: tr("Module"), lambda card: card.module),
        (lambda: tr("Branch"), lambda card: card.branch),
        (lambda: tr("Environments"), _environments),
        (lambda: tr("Last build"), lambda card: card.note if card.gone else card.line),
    ]
    model = PlainTable(
        columns, lambda card: "off" if card.gone else card.state, {0: "bodyStrong", 1: "mono"}, table
    )
    _join(table, model, (190, 260, 110, 0, 260), stretch=3)
    return table, model


def _environments(card: Card) -> str:
    return "  ·  ".join(f"{cell.title} {cell.version} ({cell.words})" for cell in card.cells) or card.note


def _join(table: QTableView, model: PlainTable[Any], widths: Sequence[int], stretch: int) -> None:
    table.setModel(model)
    table.setItemDelegate(TextDelegate(table))
    table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
    head = table.horizontalHeader()
    head.setStretchLastSection(False)
    for column, width in enumerate(widths):
        if column == stretch:
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        else:
            table.setColumnWidth(column, theme().px(width))
