"""The releases of an environment, newest first, along a rail; with the buttons that a release allows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
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
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QStyleOptionViewItem

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    ButtonsDelegate,
    button_width,
    chip_width,
    paint_button,
    paint_chip,
    paint_row_background,
    paint_status,
    paint_text,
    say,
    text_width,
)

from .history import Entry

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 3
LEFT = 38


def verb_text(key: str) -> str:
    return {"rollback": tr("Roll back"), "restart": tr("Restart"), "stop": tr("Stop"), "start": tr("Start")}[
        key
    ]


ICONS = {"rollback": "undo", "restart": "refresh", "stop": "stop", "start": "play"}


class ReleasesModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        new = tuple(entries)
        if new == self.entries:
            return
        if [entry.id for entry in new] == [entry.id for entry in self.entries]:
            self.entries = new
            self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            self.layoutChanged.emit()
            return
        self.beginResetModel()
        self.entries = new
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == ENTRY_ROLE:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.version
        if role == Qt.ItemDataRole.AccessibleTextRole:
            chip = entry.chip[0] if entry.chip is not None else ""
            return ", ".join(part for part in (entry.version, chip, entry.who, entry.note) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.id}\n{entry.full_digest}"
        return None


class ReleaseDelegate(ButtonsDelegate):
    """Paints an entry and its buttons. `pressed(id, key)`."""

    pressed = Signal(str, str)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry: Entry = index.data(ENTRY_ROLE)
        lines = 3 + bool(entry.note)
        tall = lines * theme().px(17) + 24
        return QSize(120, tall + (theme().size("buttonSmall") + 10 if entry.can else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY_ROLE)
        paint_row_background(painter, option)
        rect, line = QRectF(option.rect), theme().px(17)
        view = option.widget
        viewport = view.viewport() if isinstance(view, QAbstractItemView) else view
        rail = QRectF(rect.left() + 20.5, rect.top(), 2, rect.height())
        painter.fillRect(rail, theme().color("stroke.card"))
        shape = QRectF(rect.left() + 14, rect.top() + 12, 15, 15)
        painter.fillRect(shape.adjusted(-1, -3, 1, 3), theme().color("bg.card"))
        paint_status(painter, shape, entry.state, viewport)
        box = QRectF(rect.left() + LEFT, rect.top() + 10, rect.width() - LEFT - 12, line + 2)
        self._paint_head(painter, box, entry)
        texts = ((entry.who, "caption"), (entry.digest, "mono"), (entry.note, "caption"))
        top = box.bottom() + 2
        for text, font in texts:
            if text:
                paint_text(painter, QRectF(box.left(), top, box.width(), line), text, font, "text.secondary")
                top += line
        for spot, key in self.spots(option.rect, entry):
            hovered = self.is_over(spot)
            kind = "danger" if key == "rollback" and entry.state == "off" else "standard"
            paint_button(painter, spot, verb_text(key), icon=ICONS[key], kind=kind, hovered=hovered)

    def _paint_head(self, painter: QPainter, box: QRectF, entry: Entry) -> None:
        wide = chip_width(entry.chip[0]) + 8 if entry.chip is not None else 0
        used = min(text_width(entry.version, "bodyStrong"), int(box.width() - wide))
        paint_text(
            painter, QRectF(box.left(), box.top(), used + 1, box.height()), entry.version, "bodyStrong"
        )
        if entry.chip is not None:
            chip = QRectF(box.left() + used + 8, box.top(), wide - 8, box.height())
            paint_chip(painter, chip, *entry.chip)

    def spots(self, rect: QRect, entry: Entry) -> list[tuple[QRect, str]]:
        """Where the painted buttons are."""
        left, tall = rect.left() + LEFT, theme().size("buttonSmall")
        spots = []
        for key in entry.can:
            wide = button_width(verb_text(key), ICONS[key])
            spots.append((QRect(left, rect.bottom() - tall - 10, wide, tall), key))
            left += wide + 8
        return spots

    def keys_at(self, rect: QRect, index: Index) -> list[tuple[QRect, str]]:
        return self.spots(rect, index.data(ENTRY_ROLE))

    def press(self, index: QModelIndex, key: str) -> None:
        self.pressed.emit(index.data(ENTRY_ROLE).id, key)


class ReleasesView(QListView):
    """The timeline. `asked(id, key)` for a button, its context menu, or a key (Enter: the first)."""

    asked = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.releases = ReleasesModel()
        self.setModel(self.releases)
        self.setObjectName("deploy.releases")
        say(self, self.setAccessibleName, lambda: tr("Releases"))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.delegate = ReleaseDelegate(self)
        self.delegate.pressed.connect(self.asked)
        self.setItemDelegate(self.delegate)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if not index.isValid():
            return
        entry: Entry = index.data(ENTRY_ROLE)
        menu = QMenu(self)
        for key in entry.can:
            menu.addAction(verb_text(key), partial(self.asked.emit, entry.id, key))
        if self.releases.rowCount() > 1:
            menu.addAction(tr("Compare with…"), partial(self.asked.emit, entry.id, "compare"))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if menu.actions():
            menu.popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            entry: Entry = index.data(ENTRY_ROLE)
            if entry.can:
                self.asked.emit(entry.id, entry.can[0])
                return
        super().keyPressEvent(event)
