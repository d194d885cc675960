"""The table of keys by environment, in groups; painted in full by one delegate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
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
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from desktop.base.words import tr
from desktop.release import FactKey
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    ROW_ROLE,
    GroupsModel,
    GroupsTree,
    chip_width,
    paint_chip,
    paint_group_ground,
    paint_status,
    paint_text,
    say,
    text_role,
    text_width,
)

from .present import CellLook, GroupLook, HeadLook, KeyLook

Index = QModelIndex | QPersistentModelIndex
_SELECTED, _OVER = QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_MouseOver
_KEY_PX, _VERDICT_PX, _LEAST_PX = 152, 130, 104
_HEAD_PX = 44


class DriftModel(GroupsModel[GroupLook, KeyLook]):
    """The columns are the key, the environments (`heads`) and the verdict."""

    heads: tuple[HeadLook, ...]

    def __init__(self) -> None:
        super().__init__(
            rows_of=lambda group: group.rows, key_of=lambda group: group.key, row_key=lambda row: row.row.key
        )

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self.heads) + 2

    def group_data(self, group: GroupLook, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return group.title if column == 0 else None
        return f"{group.title}, {group.count}" if role == Qt.ItemDataRole.AccessibleTextRole else None

    def row_data(self, row: KeyLook, column: int, role: int) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(row, column)
        return row.spoken if role == Qt.ItemDataRole.AccessibleTextRole else None

    def _text(self, found: KeyLook, column: int) -> str:
        if column == 0:
            return found.title
        return found.cells[column - 1].text if column <= len(found.cells) else found.word

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        if 0 < section <= len(self.heads):
            return f"{self.heads[section - 1].title}, {self.heads[section - 1].hosts}"
        return tr("Verdict") if section else tr("Name")


class DriftHeader(QHeaderView):
    """The environments as chips with their hosts."""

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(Qt.Orientation.Horizontal, tree)
        self.setSectionsMovable(False)
        self.setMinimumSectionSize(48)
        self.setStretchLastSection(True)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme().px(_HEAD_PX))

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        box = QRectF(rect)
        painter.fillRect(box, theme().color("bg.card"))
        painter.fillRect(
            QRectF(box.left(), box.bottom() - 1, box.width(), 1), theme().color("stroke.divider")
        )
        inner = box.adjusted(10, 0, -6, 0)
        model = self.model()
        heads = model.heads if isinstance(model, DriftModel) else ()
        if not 0 < logicalIndex <= len(heads):
            text = str(model.headerData(logicalIndex, Qt.Orientation.Horizontal) or "")
            paint_text(painter, inner, text, "caption", "text.secondary")
            return
        head = heads[logicalIndex - 1]
        wide = min(chip_width(head.title), inner.width())
        tall = theme().px(20)
        paint_chip(
            painter, QRectF(inner.left(), inner.center().y() - tall / 2, wide, tall), head.title, head.tone
        )
        rest = inner.adjusted(wide + 10, 0, 0, 0)
        if rest.width() > theme().px(28):
            paint_text(painter, rest, head.hosts, "caption", "text.secondary")
        _paint_edge(painter, box)


def _paint_edge(painter: QPainter, box: QRectF) -> None:
    painter.fillRect(QRectF(box.left(), box.top(), 1, box.height()), theme().color("stroke.divider"))


class DriftDelegate(QStyledItemDelegate):
    """Paints groups and cells."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, theme().px(28 if isinstance(index.data(ROW_ROLE), GroupLook) else 32))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(ROW_ROLE)
        if isinstance(found, GroupLook):
            self._paint_group(painter, option, index, found)
        elif isinstance(found, KeyLook):
            self._paint_key(painter, option, index.column(), found)

    def _paint_group(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, group: GroupLook
    ) -> None:
        box = paint_group_ground(painter, option, index, 10)
        used = paint_text(painter, box.adjusted(32, 0, -8, 0), group.title, "bodyStrong")
        paint_text(painter, box.adjusted(40 + used, 0, -8, 0), group.count, "caption", "text.secondary")

    def _paint_key(self, painter: QPainter, option: QStyleOptionViewItem, column: int, look: KeyLook) -> None:
        box = QRectF(option.rect)
        chosen = bool(option.state & _SELECTED)
        tint = look.cells[column - 1].tint if 0 < column <= len(look.cells) else ""
        back = "bg.selected" if chosen else "bg.hover" if option.state & _OVER else "bg.card"
        painter.fillRect(box, theme().color(tint or back))
        painter.fillRect(
            QRectF(box.left(), box.bottom() - 1, box.width(), 1), theme().color("stroke.divider")
        )
        if column == 0:
            if chosen:
                painter.fillRect(
                    QRectF(box.left(), box.top(), 3, box.height() - 1), theme().color("accent.default")
                )
            paint_text(painter, box.adjusted(10, 0, -6, 0), look.title, "mono" if look.mono else "body")
            return
        _paint_edge(painter, box)
        inner = box.adjusted(10, 0, -6, 0)
        if column <= len(look.cells):
            _paint_parts(painter, inner, look.cells[column - 1])
            return
        paint_status(painter, QRectF(inner.left(), inner.center().y() - 7, 14, 14), look.state)
        font = "bodyStrong" if look.state == "warn" else "body"
        paint_text(painter, inner.adjusted(21, 0, 0, 0), look.word, font, text_role(look.state))


def _paint_parts(painter: QPainter, box: QRectF, cell: CellLook) -> None:
    """The values one after the other; the last one that fits is shortened."""
    left = box.left()
    for text, strong in cell.parts:
        font = ("monoStrong" if strong else "mono") if cell.mono else ("bodyStrong" if strong else "body")
        room = QRectF(left, box.top(), box.right() - left, box.height())
        if room.width() < 8:
            return
        paint_text(painter, room, text, font)
        left += text_width(text, font)


class DriftTree(GroupsTree[GroupLook, KeyLook]):
    """The view. `key_chosen(key)` when a row is chosen."""

    key_chosen = Signal(object)

    def __init__(self, label_text: Callable[[], str]) -> None:
        self.drift = DriftModel()
        super().__init__(self.drift, name="consistency.tree", label=label_text)
        self.setHeader(DriftHeader(self))
        self.setHeaderHidden(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setItemDelegate(DriftDelegate(self))
        self.selectionModel().selectionChanged.connect(lambda *_: self._on_selection())
        say(self, lambda _text: self.header().update(), lambda: "")

    def show_rows(self, heads: Sequence[HeadLook], groups: Sequence[GroupLook]) -> None:
        """Renders the table; the chosen row and what is folded stay."""
        if self.show_groups(groups, heads):
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The key and the verdict as wide as they need, the environments share the rest."""
        count = len(self.drift.heads)
        if not count:
            return
        key, verdict = theme().px(_KEY_PX), theme().px(_VERDICT_PX)
        share = max(theme().px(_LEAST_PX), (self.viewport().width() - key - verdict) // count)
        for section in range(count + 2):
            wide = key if section == 0 else verdict if section > count else share
            self.header().resizeSection(section, wide)

    def choose(self, key: FactKey) -> None:
        index = self.drift.index_of(key)
        if index.isValid():
            self.setExpanded(index.parent(), True)
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def chosen(self) -> FactKey | None:
        found = self.drift.row(self.currentIndex())
        return found.row.key if found is not None else None

    def _on_selection(self) -> None:
        if not self.showing:
            self.key_chosen.emit(self.chosen())
