"""Groups with rows below: the model, the view that keeps what is folded and chosen, and the line of a group."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QTreeView

from desktop.ui.theme import theme

from .lists import ROW_ROLE, set_up_tree

Index = QModelIndex | QPersistentModelIndex
G = TypeVar("G")
R = TypeVar("R")


class GroupsModel(QAbstractItemModel, Generic[G, R]):
    """Two levels of plain values. `show_groups` changes only what differs, so that choice and fold stay.

    rows_of, key_of, row_key: which rows a group has, and by what a group, and a row in all groups, is told apart.
    What they say is `group_data` and `row_data`, as Qt's `data` for one column."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        rows_of: Callable[[G], Sequence[R]],
        key_of: Callable[[G], str],
        row_key: Callable[[R], Hashable],
    ) -> None:
        super().__init__(parent)
        self.rows_of, self.key_of, self.row_key = rows_of, key_of, row_key
        self.groups: tuple[G, ...] = ()
        self.heads: tuple[Any, ...] = ()
        """What the columns are, where that is not always the same."""

    def group_data(self, group: G, column: int, role: int) -> Any:
        return None

    def row_data(self, row: R, column: int, role: int) -> Any:
        return None

    def show_groups(self, groups: Iterable[G], heads: Iterable[Any] = ()) -> bool:
        """Whether all was built anew, because groups, rows or columns came or went."""
        old, new, columns = self.groups, tuple(groups), tuple(heads)
        if columns != self.heads or self._shape(old) != self._shape(new):
            self.beginResetModel()
            self.groups, self.heads = new, columns
            self.endResetModel()
            return True
        self.groups = new
        for number, group in enumerate(new):
            if group != old[number]:
                self._tell(number)
        return False

    def _shape(self, groups: Iterable[G]) -> list[tuple[str, list[Hashable]]]:
        return [(self.key_of(group), [self.row_key(row) for row in self.rows_of(group)]) for group in groups]

    def _tell(self, number: int) -> None:
        top, last = self.index(number, 0), self.columnCount() - 1
        self.dataChanged.emit(top, self.index(number, last))
        if rows := self.rowCount(top):
            self.dataChanged.emit(self.index(0, 0, top), self.index(rows - 1, last, top))

    # ---------------------------------------------------------------- as Qt asks

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
        if parent.internalId() or parent.column():
            return 0
        return len(self.rows_of(self.groups[parent.row()]))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if (row := self.row(index)) is not None:
            return row if role == ROW_ROLE else self.row_data(row, index.column(), role)
        if (group := self.group(index)) is not None:
            return group if role == ROW_ROLE else self.group_data(group, index.column(), role)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        plain = Qt.ItemFlag.ItemIsEnabled
        return plain | Qt.ItemFlag.ItemIsSelectable if index.internalId() else plain

    # ---------------------------------------------------------------- as we ask

    def group(self, index: Index) -> G | None:
        """The group whose line it is; None for a row."""
        if not index.isValid() or index.internalId():
            return None
        return self.groups[index.row()]

    def row(self, index: Index) -> R | None:
        """The row that it is; None for a group's line."""
        above = index.internalId() if index.isValid() else 0
        return self.rows_of(self.groups[above - 1])[index.row()] if above else None

    def index_of(self, key: Hashable) -> QModelIndex:
        """Of the row with this key."""
        for number, group in enumerate(self.groups):
            for place, row in enumerate(self.rows_of(group)):
                if self.row_key(row) == key:
                    return self.index(place, 0, self.index(number, 0))
        return QModelIndex()


class GroupsTree(QTreeView, Generic[G, R]):
    """The view. What a person folded stays so, also while its group is away for a moment; so does the choice."""

    folds_by_click = True
    """A click, Enter or Space on a group's line folds it, and the line takes all columns."""

    def __init__(self, model: GroupsModel[G, R], *, name: str, label: Callable[[], str]) -> None:
        super().__init__()
        set_up_tree(self, name=name, label=label)
        self.setUniformRowHeights(False)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.rows = model
        model.setParent(self)
        self.setModel(model)
        self.showing = False
        """Whether rows are being put in, and a change of the choice is not a person's."""
        self._folded: set[str] = set()
        self._met: set[str] = set()
        self.expanded.connect(lambda index: self._on_fold(index, folded=False))
        self.collapsed.connect(lambda index: self._on_fold(index, folded=True))
        if self.folds_by_click:
            self.clicked.connect(self._on_click)

    def starts_folded(self, group: G) -> bool:
        """Whether a group is folded when it is seen for the first time."""
        return False

    def show_groups(self, groups: Iterable[G], heads: Iterable[Any] = ()) -> bool:
        """Renders them; what is chosen, folded and in view stays. Whether all was built anew."""
        chosen, now = self.chosen_keys(), self.rows.row(self.currentIndex())
        current = self.rows.row_key(now) if now is not None else None
        place = self.verticalScrollBar().value()
        self.showing = True
        try:
            if not self.rows.show_groups(groups, heads):
                return False
            for number, group in enumerate(self.rows.groups):
                self._unfold(number, group)
            flags = QItemSelectionModel.SelectionFlag
            for key in chosen:
                self.selectionModel().select(self.rows.index_of(key), flags.Rows | flags.Select)
            if current is not None and (index := self.rows.index_of(current)).isValid():
                self.selectionModel().setCurrentIndex(index, flags.NoUpdate)
            self.verticalScrollBar().setValue(place)
        finally:
            self.showing = False
        return True

    def _unfold(self, number: int, group: G) -> None:
        key = self.rows.key_of(group)
        if key not in self._met:
            self._met.add(key)
            if self.starts_folded(group):
                self._folded.add(key)
        if self.folds_by_click:
            self.setFirstColumnSpanned(number, QModelIndex(), True)
        self.setExpanded(self.rows.index(number, 0), key not in self._folded)

    def chosen_keys(self) -> tuple[Hashable, ...]:
        """The keys of the chosen rows, in their order."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda one: (one.internalId(), one.row()))
        rows = (self.rows.row(index) for index in indexes)
        return tuple(self.rows.row_key(row) for row in rows if row is not None)

    def _on_fold(self, index: QModelIndex, *, folded: bool) -> None:
        group = self.rows.group(index)
        if group is not None and not self.showing:
            (self._folded.add if folded else self._folded.discard)(self.rows.key_of(group))

    def _on_click(self, index: QModelIndex) -> None:
        if self.rows.group(index) is not None:
            top = index.siblingAtColumn(0)
            self.setExpanded(top, not self.isExpanded(top))

    def open_row(self, index: QModelIndex) -> None:
        """Enter on a row."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        index = self.currentIndex()
        on_group = self.rows.group(index) is not None
        if self.folds_by_click and on_group and (enter or event.key() == Qt.Key.Key_Space):
            self._on_click(index)
        elif self.folds_by_click and enter:
            self.open_row(index)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # the second click of two on a group's line came as a click already
        at = self.indexAt(event.position().toPoint())
        if not self.folds_by_click or self.rows.group(at) is None:
            super().mouseDoubleClickEvent(event)


def paint_group_ground(painter: QPainter, option: QStyleOptionViewItem, index: Index, left: int) -> QRectF:
    """The ground of a group's line, over all columns, with its chevron at `left`; gives the line's place."""
    view = option.widget
    wide = view.viewport().width() if isinstance(view, QTreeView) else option.rect.width()
    box = QRectF(0, option.rect.top(), wide, option.rect.height())
    painter.fillRect(box, theme().color("bg.subtle"))
    painter.fillRect(QRectF(0, box.bottom() - 1, wide, 1), theme().color("stroke.divider"))
    is_open = isinstance(view, QTreeView) and view.isExpanded(index.model().index(index.row(), 0))
    ratio = painter.device().devicePixelRatioF()
    fold = theme().pixmap("chev-down" if is_open else "chev-right", "text.secondary", 14, ratio)
    painter.drawPixmap(left, int(box.center().y()) - 7, fold)
    return box
