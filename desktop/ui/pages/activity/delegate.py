"""Paints the rows of the Activity panel: shape, title, stage, bar, buttons."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyleOptionViewItem

from desktop.ui.theme import theme
from desktop.ui.widgets import (
    ButtonsDelegate,
    button_width,
    paint_bar,
    paint_button,
    paint_row_background,
    paint_status,
    paint_text,
    state_word,
    text_role,
    text_width,
)

from .present import JobRow

Index = QModelIndex | QPersistentModelIndex
JOB_ROLE = Qt.ItemDataRole.UserRole + 1


class JobModel(QAbstractListModel):
    """Rows of the panel; only what differs is told to the view."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[JobRow] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = self._rows[index.row()]
        if role == JOB_ROLE:
            return shown
        if role == Qt.ItemDataRole.DisplayRole:
            return shown.group or shown.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (shown.title, state_word(shown.state), shown.second, shown.right)
            return shown.group or ", ".join(filter(None, parts))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{shown.title}\n{shown.second}" if shown.second else None
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self._rows[index.row()].group:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def show_rows(self, rows: list[JobRow]) -> None:
        """The new rows; the choice stays while the same keys stand there."""
        if [shown.key for shown in rows] == [shown.key for shown in self._rows]:
            taller = [
                at
                for at, (old, new) in enumerate(zip(self._rows, rows, strict=True))
                if old.is_open != new.is_open
            ]
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            if taller:
                self.layoutChanged.emit()
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rows(self) -> list[JobRow]:
        return list(self._rows)


class JobDelegate(ButtonsDelegate):
    """`pressed(JobRow, key)` for a painted button."""

    pressed = Signal(object, str)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        shown = index.data(JOB_ROLE)
        if shown.group:
            return QSize(200, theme().px(32))
        height = theme().size("rowTall") if shown.second else theme().size("row")
        return QSize(200, height + (theme().px(38) if shown.is_open else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        shown = index.data(JOB_ROLE)
        rect = QRectF(option.rect)
        if shown.group:
            painter.fillRect(rect, theme().color("bg.subtle"))
            paint_text(painter, rect.adjusted(16, 0, -16, 0), shown.group, "caption", "text.secondary")
            return
        paint_row_background(painter, option)
        widget = option.widget
        viewport = widget.viewport() if isinstance(widget, QListView) else widget
        line_px = theme().px(18)
        lines = 2 if shown.second else 1
        head = theme().size("rowTall" if shown.second else "row")
        top = rect.top() + (head - lines * line_px) / 2
        left, right = rect.left() + 40, rect.right() - 16
        paint_status(painter, QRectF(rect.left() + 16, top + line_px / 2 - 7, 14, 14), shown.state, viewport)
        wide = text_width(shown.right, "caption")
        paint_text(
            painter, QRectF(right - wide, top, wide + 2, line_px), shown.right, "caption", "text.secondary"
        )
        strong = "bodyStrong" if shown.is_open else "body"
        paint_text(painter, QRectF(left, top, right - wide - 8 - left, line_px), shown.title, strong)
        role = text_role(shown.state) if shown.state in ("fail", "warn") else "text.secondary"
        paint_text(painter, QRectF(left, top + line_px, right - left, line_px), shown.second, "caption", role)
        if shown.is_open:
            self._paint_foot(painter, option, shown)

    def _paint_foot(self, painter: QPainter, option: QStyleOptionViewItem, shown: JobRow) -> None:
        rect = QRectF(option.rect)
        spots = self.spots(option.rect, shown)
        for spot, (_, name, kind) in spots:
            hovered = self.is_over(spot)
            paint_button(painter, spot, name, kind=kind, hovered=hovered)
        if shown.share is not None:
            middle = rect.bottom() - theme().px(38) / 2 - 5
            end = (spots[0][0].left() if spots else rect.right() - 6) - 10
            wide = theme().px(36)
            text = QRectF(end - wide, middle - 10, wide, 20)
            align = Qt.AlignmentFlag.AlignRight
            paint_text(painter, text, f"{shown.share:.0%}", "caption", "text.secondary", align)
            paint_bar(
                painter,
                QRectF(rect.left() + 40, middle - 2, end - wide - 10 - rect.left() - 40, 4),
                shown.share,
            )

    def spots(self, rect: QRect, shown: JobRow) -> list[tuple[QRect, tuple[str, str, str]]]:
        """Where the buttons are: at the right beside a bar, else at the left under the words."""
        tall = theme().size("buttonSmall")
        top = rect.bottom() - theme().px(38) // 2 - 5 - tall // 2
        widths = [button_width(text) for _, text, _ in shown.buttons]
        x = (
            rect.left() + 40
            if shown.share is None
            else rect.right() - 16 - sum(widths) - 8 * (len(widths) - 1)
        )
        found = []
        for wide, entry in zip(widths, shown.buttons, strict=True):
            found.append((QRect(x, top, wide, tall), entry))
            x += wide + 8
        return found

    def keys_at(self, rect: QRect, index: Index) -> list[tuple[QRect, str]]:
        shown = index.data(JOB_ROLE)
        spots = self.spots(rect, shown) if isinstance(shown, JobRow) and shown.buttons else []
        return [(spot, key) for spot, (key, _, _) in spots]

    def press(self, index: QModelIndex, key: str) -> None:
        self.pressed.emit(index.data(JOB_ROLE), key)
