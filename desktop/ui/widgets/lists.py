"""Lists: a model of plain rows, a delegate with two lines of text, tables set up alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QSinglePointEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QTableView,
    QTreeView,
    QWidget,
)

from desktop.ui.theme import theme

from .paint import button_width, chip_width, paint_button, paint_chip, paint_status, paint_text, text_width
from .row_buttons import ButtonsDelegate

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The Row (or whatever object the model keeps) behind an index."""


@dataclass(frozen=True, slots=True)
class RowButton:
    """A painted button at the right end of a row; repeat it in the row's context menu."""

    key: str
    text: str
    kind: str = "standard"
    icon: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What a two-line row shows. `payload` is the page's own object."""

    title: str
    second: str = ""
    state: str | None = None
    right: str = ""
    second_right: str = ""
    mono_second: bool = False
    second_role: str = "text.secondary"
    chips: tuple[tuple[str, str], ...] = ()
    """(text, tone) after the title."""
    icon: str | None = None
    buttons: tuple[RowButton, ...] = ()
    group: str = ""
    """A heading row instead: its title on `bg.subtle`."""
    spoken: str = ""
    tip: str = ""
    payload: Any = field(default=None, compare=False)


class RowsModel(QAbstractListModel):
    """Plain rows. `show_rows` replaces them; equal rows cause no repaint, and the choice stays where it can."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        shown = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown.group or shown.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return shown.spoken or ", ".join(
                filter(None, [shown.group or shown.title, shown.second, shown.right])
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            return shown.tip or None
        if role == ROW_ROLE:
            return shown
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and self._rows[index.row()].group:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def row(self, index: int) -> Row:
        return self._rows[index]

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    def again(self) -> None:
        """The words of the rows, in the language in force."""
        from .says import in_words_now

        self.show_rows([in_words_now(row) for row in self._rows])

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows, changing only what differs."""
        new = list(rows)
        shared = min(len(new), len(self._rows))
        changed = [
            i for i in range(shared) if new[i] != self._rows[i] or new[i].payload is not self._rows[i].payload
        ]
        for i in changed:
            self._rows[i] = new[i]
        if changed:
            self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))
        if len(new) > shared:
            self.beginInsertRows(QModelIndex(), shared, len(new) - 1)
            self._rows.extend(new[shared:])
            self.endInsertRows()
        elif len(self._rows) > shared:
            self.beginRemoveRows(QModelIndex(), shared, len(self._rows) - 1)
            del self._rows[shared:]
            self.endRemoveRows()


class TwoLineDelegate(ButtonsDelegate):
    """Paints a Row: shape, title and chips, second line, facts and buttons at the right.

    `pressed(index, key)` when a painted button is pressed.
    """

    pressed = Signal(QModelIndex, str)

    def __init__(self, view: QAbstractItemView, *, strong: bool = True) -> None:
        super().__init__(view)
        self._strong = strong

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        shown = index.data(ROW_ROLE)
        if isinstance(shown, Row) and shown.group:
            return QSize(120, theme().px(32))
        tall = isinstance(shown, Row) and bool(shown.second)
        return QSize(120, theme().size("rowTall" if tall else "row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        shown = index.data(ROW_ROLE)
        if not isinstance(shown, Row):
            super().paint(painter, option, index)
            return
        rect: QRect = option.rect
        if shown.group:
            painter.fillRect(rect, theme().color("bg.subtle"))
            paint_text(painter, rect.adjusted(16, 0, -16, 0), shown.group, "caption", "text.secondary")
            return
        paint_row_background(painter, option)
        widget = option.widget.viewport() if isinstance(option.widget, QAbstractItemView) else option.widget
        self._paint_row(painter, QRectF(rect), shown, widget)

    def _paint_row(self, painter: QPainter, rect: QRectF, shown: Row, widget: QWidget | None) -> None:
        left, right = rect.left() + 14, rect.right() - 14
        middle = rect.center().y()
        if shown.state is not None:
            paint_status(painter, QRectF(left, middle - 7, 14, 14), shown.state, widget)
            left += 26
        elif shown.icon is not None:
            picture = theme().pixmap(shown.icon, "text.secondary", 16, painter.device().devicePixelRatioF())
            painter.drawPixmap(QPoint(int(left), int(middle - 8)), picture)
            left += 26
        for spot, row_button in self.button_spots(rect, shown):
            look, hovered = row_button, self.is_over(spot)
            paint_button(painter, spot, look.text, icon=look.icon, kind=look.kind, hovered=hovered)
            right = min(right, spot.left() - 8)
        line_px = theme().px(18)
        top = middle - (line_px if shown.second else line_px / 2)
        self._paint_first(painter, QRectF(left, top, right - left, line_px), shown)
        if shown.second:
            below = _paint_right(
                painter, QRectF(left, top + line_px, right - left, line_px), shown.second_right
            )
            paint_text(
                painter, below, shown.second, "mono" if shown.mono_second else "caption", shown.second_role
            )

    def _paint_first(self, painter: QPainter, box: QRectF, shown: Row) -> None:
        box = _paint_right(painter, box, shown.right)
        box.setRight(box.right() - sum(chip_width(text) + 6 for text, _ in shown.chips))
        used = paint_text(painter, box, shown.title, "bodyStrong" if self._strong else "body")
        x = box.left() + used + 8
        for text, tone in shown.chips:
            paint_chip(painter, QRectF(x, box.top() - 1, chip_width(text), box.height() + 2), text, tone)
            x += chip_width(text) + 6

    def button_spots(self, rect: QRectF | QRect, shown: Row) -> list[tuple[QRect, RowButton]]:
        """Where the painted buttons of a row are."""
        box = QRectF(rect)
        spots: list[tuple[QRect, RowButton]] = []
        x = box.right() - 12
        for row_button in reversed(shown.buttons):
            wide = button_width(row_button.text, row_button.icon)
            tall = theme().size("buttonSmall")
            spots.insert(0, (QRect(int(x - wide), int(box.center().y() - tall / 2), wide, tall), row_button))
            x -= wide + 8
        return spots

    def keys_at(self, rect: QRect, index: Index) -> Sequence[tuple[QRect, str]]:
        shown = index.data(ROW_ROLE)
        spots = self.button_spots(rect, shown) if isinstance(shown, Row) and shown.buttons else []
        return [(spot, row_button.key) for spot, row_button in spots]

    def press(self, index: QModelIndex, key: str) -> None:
        self.pressed.emit(index, key)


def _paint_right(painter: QPainter, box: QRectF, text: str) -> QRectF:
    """Draw a fact at the right end of a line; returns what is left of the line."""
    if not text:
        return QRectF(box)
    wide = text_width(text, "caption")
    spot = QRectF(box.right() - wide, box.top(), wide + 2, box.height())
    paint_text(painter, spot, text, "caption", "text.secondary")
    return box.adjusted(0, 0, -wide - 8, 0)


def paint_row_background(painter: QPainter, option: QStyleOptionViewItem, *, divider: bool = True) -> None:
    """Hover, choice (with the accent bar) and the line under a row."""
    rect: QRect = option.rect
    if option.state & QStyle.StateFlag.State_Selected:
        painter.fillRect(rect, theme().color("bg.selected"))
        if not isinstance(option.widget, QTableView) or option.widget.columnAt(rect.left()) == 0:
            painter.fillRect(
                QRect(rect.left(), rect.top(), 3, rect.height()), theme().color("accent.default")
            )
    elif option.state & QStyle.StateFlag.State_MouseOver or _row_under_pointer(option):
        painter.fillRect(rect, theme().color("bg.hover"))
    if divider:
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().color("stroke.divider"))


class _RowHover(QObject):
    """Qt marks the one cell under the pointer; ours is a row of a table. The pointer may have been there before it."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        table.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _OVER and isinstance(event, QSinglePointEvent):
            self._show(self._table.rowAt(round(event.position().y())))
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.HoverLeave):
            self._show(-1)
        return False

    def _show(self, row: int) -> None:
        if self._table.property(_HOVERED) != row:
            self._table.setProperty(_HOVERED, row)
            self._table.viewport().update()


_HOVERED = "hoveredRow"
_OVER = (QEvent.Type.MouseMove, QEvent.Type.HoverEnter, QEvent.Type.HoverMove)


def _row_under_pointer(option: QStyleOptionViewItem) -> bool:
    table = option.widget  # the index in `option` is not filled in by a table
    return isinstance(table, QTableView) and table.property(_HOVERED) == table.rowAt(option.rect.center().y())


def _common(view: QAbstractItemView, name: str, label: str) -> None:
    view.setObjectName(name)
    view.setAccessibleName(label)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)


def list_view(
    *, name: str, label: Callable[[], str], strong: bool = True
) -> tuple[QListView, RowsModel, TwoLineDelegate]:
    """A list of Rows, ready to show: the view, its model and its delegate."""
    from .says import say, say_again

    view = QListView()
    _common(view, name, "")
    say(view, view.setAccessibleName, label)
    view.setMouseTracking(True)
    model = RowsModel(view)
    delegate = TwoLineDelegate(view, strong=strong)
    view.setModel(model)
    view.setItemDelegate(delegate)
    say_again(view, model.again)
    return view, model, delegate


def set_up_table(table: QTableView, *, name: str, label: Callable[[], str], dense: bool = False) -> None:
    """Give a table our looks: no grid, row lines, one row height, head in caption, numbers as the model says."""
    from .says import say

    _common(table, name, "")
    say(table, table.setAccessibleName, label)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setMouseTracking(True)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(theme().size("rowDense" if dense else "row"))
    head = table.horizontalHeader()
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    head.setHighlightSections(False)
    head.setStretchLastSection(True)
    table.setTabKeyNavigation(False)
    _RowHover(table)


def set_up_tree(tree: QTreeView, *, name: str, label: Callable[[], str]) -> None:
    """Give a tree our looks: no indentation lines, uniform rows."""
    from .says import say

    _common(tree, name, "")
    say(tree, tree.setAccessibleName, label)
    tree.setHeaderHidden(True)
    tree.setUniformRowHeights(True)
    tree.setMouseTracking(True)
    tree.setIndentation(theme().px(16))
