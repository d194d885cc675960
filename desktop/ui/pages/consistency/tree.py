"""The table of keys by environment, in groups; painted in full by one delegate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
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
    chip_width,
    paint_chip,
    paint_status,
    paint_text,
    say,
    set_up_tree,
    text_role,
    text_width,
)

from .present import CellLook, GroupLook, HeadLook, KeyLook

Index = QModelIndex | QPersistentModelIndex
ITEM = Qt.ItemDataRole.UserRole + 1
"""The KeyLook or GroupLook behind an index."""
_SELECTED, _OVER = QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_MouseOver
_KEY_PX, _VERDICT_PX, _LEAST_PX = 152, 130, 104
_HEAD_PX = 44


class DriftModel(QAbstractItemModel):
    """Groups with rows below; the columns are the key, the environments and the verdict."""

    def __init__(self, parent: QTreeView) -> None:
        super().__init__(parent)
        self.heads: tuple[HeadLook, ...] = ()
        self.groups: tuple[GroupLook, ...] = ()

    def show_rows(self, heads: Sequence[HeadLook], groups: Sequence[GroupLook]) -> None:
        self.beginResetModel()
        self.heads, self.groups = tuple(heads), tuple(groups)
        self.endResetModel()

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
        return 0 if parent.internalId() else len(self.groups[parent.row()].rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self.heads) + 2

    def item(self, index: Index) -> KeyLook | GroupLook | None:
        if not index.isValid():
            return None
        group = index.internalId()
        return self.groups[group - 1].rows[index.row()] if group else self.groups[index.row()]

    def index_of(self, key: FactKey) -> QModelIndex:
        for number, group in enumerate(self.groups):
            for place, look in enumerate(group.rows):
                if look.row.key == key:
                    return self.index(place, 0, self.index(number, 0))
        return QModelIndex()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        found = self.item(index)
        if found is None:
            return None
        if role == ITEM:
            return found
        if isinstance(found, GroupLook):
            return self._of_group(found, index, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(found, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._text(found, index.column())
        return found.spoken if role == Qt.ItemDataRole.AccessibleTextRole else None

    def _of_group(self, found: GroupLook, index: Index, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return found.title if index.column() == 0 else None
        return f"{found.title}, {found.count}" if role == Qt.ItemDataRole.AccessibleTextRole else None

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

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled
        return plain | Qt.ItemFlag.ItemIsSelectable if index.internalId() else plain


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
        return QSize(60, theme().px(28 if isinstance(index.data(ITEM), GroupLook) else 32))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(ITEM)
        if isinstance(found, GroupLook):
            self._paint_group(painter, option, index, found)
        elif isinstance(found, KeyLook):
            self._paint_key(painter, option, index.column(), found)

    def _paint_group(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, group: GroupLook
    ) -> None:
        view = option.widget
        wide = view.viewport().width() if isinstance(view, QTreeView) else option.rect.width()
        box = QRectF(0, option.rect.top(), wide, option.rect.height())
        painter.fillRect(box, theme().color("bg.subtle"))
        painter.fillRect(QRectF(0, box.bottom() - 1, wide, 1), theme().color("stroke.divider"))
        opened = isinstance(view, QTreeView) and view.isExpanded(index.model().index(index.row(), 0))
        ratio = painter.device().devicePixelRatioF()
        fold = theme().pixmap("chev-down" if opened else "chev-right", "text.secondary", 14, ratio)
        painter.drawPixmap(10, int(box.center().y()) - 7, fold)
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


class DriftTree(QTreeView):
    """The view. `key_chosen(key)` when a row is chosen."""

    key_chosen = Signal(object)

    def __init__(self, label_text: Callable[[], str]) -> None:
        super().__init__()
        set_up_tree(self, name="consistency.tree", label=label_text)
        self.drift = DriftModel(self)
        self._folded: set[str] = set()
        self._quiet = False
        self.setHeader(DriftHeader(self))
        self.setHeaderHidden(False)
        self.setUniformRowHeights(False)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setModel(self.drift)
        self.setItemDelegate(DriftDelegate(self))
        self.clicked.connect(self._on_click)
        self.selectionModel().selectionChanged.connect(lambda *_: self._on_selection())
        say(self, lambda _text: self.header().update(), lambda: "")

    def show_rows(self, heads: Sequence[HeadLook], groups: Sequence[GroupLook]) -> None:
        """Renders the table; the chosen row and what is folded stay."""
        chosen, place = self.chosen(), self.verticalScrollBar().value()
        self._quiet = True
        self.drift.show_rows(heads, groups)
        for row, group in enumerate(self.drift.groups):
            self.setFirstColumnSpanned(row, QModelIndex(), True)
            self.setExpanded(self.drift.index(row, 0), group.key not in self._folded)
        self._fit()
        if chosen is not None:
            self.choose(chosen)
        self.verticalScrollBar().setValue(place)
        self._quiet = False

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
        found = self.currentIndex().data(ITEM)
        return found.row.key if isinstance(found, KeyLook) else None

    def _on_selection(self) -> None:
        if not self._quiet:
            self.key_chosen.emit(self.chosen())

    def _on_click(self, index: QModelIndex) -> None:
        found = index.data(ITEM)
        if isinstance(found, GroupLook):
            top = index.siblingAtColumn(0)
            opened = self.isExpanded(top)
            (self._folded.add if opened else self._folded.discard)(found.key)
            self.setExpanded(top, not opened)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._on_click(self.currentIndex())
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not isinstance(self.indexAt(event.position().toPoint()).data(ITEM), GroupLook):
            super().mouseDoubleClickEvent(event)
