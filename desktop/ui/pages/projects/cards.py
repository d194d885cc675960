"""The cards: a list view in rows and columns, its model, and the delegate that paints a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from desktop.base.words import tr
from desktop.ui.navigation import paint_tile
from desktop.ui.theme import theme
from desktop.ui.widgets import paint_bar, paint_status, paint_text, say, text_role, text_width

from .present import Card, Cell

Index = QModelIndex | QPersistentModelIndex
CARD_ROLE = Qt.ItemDataRole.UserRole + 1
GAP = 14
BAR = 10
"""Room that the view keeps free for its scroll bar, whether it is there or not."""
LEAST_WIDTH = 340
HEAD, CELLS, FOOT = 62, 75, 68


def card_height() -> int:
    return theme().px(HEAD) + theme().px(CELLS) + theme().px(FOOT)


class CardsModel(QAbstractListModel):
    """Cards by folder: what did not change is not painted again, and the choice stays."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: list[Card] = []

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(self._cards)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        card = self._cards[index.row()]
        if role == CARD_ROLE:
            return card
        if role == Qt.ItemDataRole.DisplayRole:
            return card.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return card.spoken
        return None

    def show_cards(self, cards: Sequence[Card]) -> None:
        new = list(cards)
        if [one.folder for one in new] != [one.folder for one in self._cards]:
            self.beginResetModel()
            self._cards = new
            self.endResetModel()
            return
        for row, card in enumerate(new):
            if card != self._cards[row] or card.payload is not self._cards[row].payload:
                self._cards[row] = card
                self.dataChanged.emit(self.index(row), self.index(row))


class CardsView(QListView):
    """Cards in as many columns as fit. `acted(card, key)`: open, build, cancel, deploy, live, terminal, folder, more,
    findings, find, remove, or "cell:<environment>"."""

    acted = Signal(object, str)
    menu_asked = Signal(object, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("projects.cards")
        say(self, self.setAccessibleName, lambda: tr("Projects"))
        self.cards = CardsModel(self)
        self.painter = CardDelegate(self)
        self.setModel(self.cards)
        self.setItemDelegate(self.painter)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setProperty("bare", True)
        self.viewport().setAutoFillBackground(False)
        self.setMouseTracking(True)
        self.setSelectionRectVisible(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.painter.pressed.connect(lambda index, key: self.acted.emit(index.data(CARD_ROLE), key))

    def columns(self) -> int:
        return max(1, self._room() // (theme().px(LEAST_WIDTH) + GAP))

    def rows(self) -> int:
        return -(-self.cards.rowCount() // self.columns())

    def needed_height(self) -> int:
        return self.rows() * (card_height() + GAP)

    def _room(self) -> int:
        return max(100, self.width() - BAR - 2)

    def _lay_out(self) -> None:
        # the gap to the right of the last column lies outside: the view is that much wider than its cards
        self.setGridSize(QSize(self._room() // self.columns(), card_height() + GAP))
        # "as needed" would keep the style's default extent free, which is wider than our bar, and break the row early
        fits = self.needed_height() <= self.height()
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if fits else Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        if self.verticalScrollBarPolicy() != policy:
            self.setVerticalScrollBarPolicy(policy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()
        super().resizeEvent(event)

    def show_cards(self, cards: Sequence[Card]) -> None:
        chosen = self.chosen()
        self.cards.show_cards(cards)
        self._lay_out()
        if chosen is not None and self.chosen() is None:
            self.choose(chosen)

    def chosen(self) -> Card | None:
        card = self.currentIndex().data(CARD_ROLE)
        return card if isinstance(card, Card) else None

    def choose(self, card: Card) -> None:
        for row, one in enumerate(self.cards.cards):
            if one.folder == card.folder:
                self.setCurrentIndex(self.cards.index(row))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        card = self.chosen()
        if card is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.acted.emit(card, "find" if card.gone else "open")
            return
        if card is not None and event.key() == Qt.Key.Key_Delete:
            self.acted.emit(card, "remove")
            return
        if card is not None and event.key() == Qt.Key.Key_Menu:
            self._ask_menu(card, self.visualRect(self.currentIndex()).center())
            return
        super().keyPressEvent(event)

    def _on_menu(self, spot: QPoint) -> None:
        card = self.indexAt(spot).data(CARD_ROLE)
        if isinstance(card, Card):
            self._ask_menu(card, spot)

    def _ask_menu(self, card: Card, spot: QPoint) -> None:
        self.menu_asked.emit(card, self.viewport().mapToGlobal(spot))


class CardDelegate(QStyledItemDelegate):
    """Paints a card; `pressed(index, key)` for its painted parts, "open" for the rest of it."""

    pressed = Signal(QModelIndex, str)

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self._over: tuple[int, str] = (-1, "")

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.gridSize()

    # where things are

    def frame(self, rect: QRect) -> QRect:
        """The card inside its grid cell: the gaps lie at the right and below."""
        return QRect(rect.left(), rect.top(), rect.width() - GAP, card_height())

    def spots(self, rect: QRect, card: Card) -> dict[str, QRect]:
        """The parts of a card that can be pressed."""
        box = self.frame(rect)
        top = box.top() + theme().px(12)
        spots = {"more": QRect(box.right() - 36, top, 24, 24)}
        if card.findings:
            spots["findings"] = QRect(box.right() - 36 - 34, top, 30, 24)
        if card.gone:
            return {**spots, **self._row_of(box, [("find", tr("Find…")), ("remove", tr("Remove"))], ())}
        width = (box.width() - 2) / max(1, len(card.cells))
        y = box.top() + theme().px(HEAD)
        for place, cell in enumerate(card.cells):
            spots[f"cell:{cell.name}"] = QRect(
                int(box.left() + 1 + place * width), y, int(width), theme().px(CELLS)
            )
        first = ("cancel", tr("Cancel")) if card.building else ("build", tr("Build"))
        words = [first, ("deploy", tr("Deploy")), ("live", tr("Live"))]
        return {**spots, **self._row_of(box, words, ("terminal", "folder"))}

    def _row_of(self, box: QRect, words: list[tuple[str, str]], icons: tuple[str, ...]) -> dict[str, QRect]:
        tall = theme().px(26)
        y, x = box.bottom() - tall - theme().px(7), box.left() + 7
        spots = {}
        for key, text in words:
            wide = text_width(text, "caption") + 36
            spots[key] = QRect(x, y, wide, tall)
            x += wide + theme().px(10)
        x = box.right() - 10
        for key in reversed(icons):
            spots[key] = QRect(x - 28, y, 26, tall)
            x -= 28
        return spots

    # painting

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        card = index.data(CARD_ROLE)
        if not isinstance(card, Card):
            return
        box = QRectF(self.frame(option.rect)).adjusted(0.5, 0.5, -0.5, -0.5)
        over = self._over[1] if self._over[0] == index.row() else ""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and self._view.hasFocus()
        painter.setPen(
            QPen(theme().color("accent.default" if chosen else "stroke.card"), 1.5 if chosen else 1)
        )
        painter.setBrush(theme().color("bg.card"))
        painter.drawRoundedRect(box, 8, 8)
        spots = self.spots(option.rect, card)
        self._paint_head(painter, box, card, spots)
        self._line(painter, box, box.top() + theme().px(HEAD))
        self._paint_cells(painter, box, card, spots, over)
        self._line(painter, box, box.top() + theme().px(HEAD) + theme().px(CELLS))
        self._paint_foot(painter, box, card, spots, over)
        painter.restore()

    def _line(self, painter: QPainter, box: QRectF, y: float) -> None:
        painter.setPen(QPen(theme().color("stroke.divider"), 1))
        painter.drawLine(QPointF(box.left() + 1, int(y) + 0.5), QPointF(box.right() - 1, int(y) + 0.5))

    def _paint_head(self, painter: QPainter, box: QRectF, card: Card, spots: dict[str, QRect]) -> None:
        side = theme().px(38)
        tile = QRectF(box.left() + 14, box.top() + 13, side, side)
        painter.setOpacity(0.5 if card.gone else 1.0)
        paint_tile(painter, tile, card.name)
        left, top = tile.right() + 12, box.top() + theme().px(14)
        right = spots["more"].left() - 6.0
        self._icon(painter, spots["more"], "more", "text.secondary")
        if "findings" in spots:
            spot = spots["findings"]
            paint_status(painter, QRectF(spot.left(), spot.center().y() - 6, 14, 14), "warn")
            paint_text(painter, spot.adjusted(18, 0, 4, 0), str(card.findings), "caption", "warn.text")
            right = spot.left() - 4.0
        right = self._paint_branch(painter, card, right, top)
        line = theme().px(20)
        room = right - left - (22 if card.pinned else 0)
        used = paint_text(painter, QRectF(left, top, room, line), card.name, "subtitle")
        if card.pinned:
            self._icon(painter, QRect(int(left + used + 6), int(top), 18, line), "pin", "text.secondary")
        second = QRectF(left, top + line, box.right() - 14 - left, theme().px(18))
        paint_text(painter, second, card.module, "mono", "text.secondary", elide=Qt.TextElideMode.ElideMiddle)
        painter.setOpacity(1.0)

    def _paint_branch(self, painter: QPainter, card: Card, right: float, top: float) -> float:
        if not card.branch:
            return right
        wide = min(text_width(card.branch, "caption") + 2, theme().px(110))
        box = QRectF(right - wide, top, wide, theme().px(20))
        paint_text(painter, box, card.branch, "caption", "text.secondary")
        self._icon(
            painter, QRect(int(box.left() - 19), int(top), 16, theme().px(20)), "branch", "text.secondary", 13
        )
        return box.left() - 24

    def _icon(self, painter: QPainter, spot: QRect, name: str, role: str, px: int = 16) -> None:
        picture = theme().pixmap(name, role, px, painter.device().devicePixelRatioF())
        middle = QRectF(spot).center()
        painter.drawPixmap(QPointF(middle.x() - px / 2, middle.y() - px / 2), picture)

    def _paint_cells(
        self, painter: QPainter, box: QRectF, card: Card, spots: dict[str, QRect], over: str
    ) -> None:
        if not card.cells:
            area = QRectF(box.left() + 14, box.top() + theme().px(HEAD), box.width() - 28, theme().px(CELLS))
            words = card.note or (tr("Reading the folder") if card.reading else "")
            paint_text(painter, area, words, "caption", "fail.text" if card.gone else "text.tertiary")
            return
        for place, cell in enumerate(card.cells):
            spot = spots[f"cell:{cell.name}"]
            if over == f"cell:{cell.name}":
                painter.fillRect(spot.adjusted(0, 1, 0, 0), theme().color("bg.hover"))
            if place:
                painter.setPen(QPen(theme().color("stroke.divider"), 1))
                painter.drawLine(
                    QPointF(spot.left() + 0.5, spot.top()), QPointF(spot.left() + 0.5, spot.bottom())
                )
            self._paint_cell(painter, QRectF(spot).adjusted(13, 0, -6, 0), cell)

    def _paint_cell(self, painter: QPainter, box: QRectF, cell: Cell) -> None:
        line = theme().px(20)
        y = box.top() + (box.height() - 3 * line) / 2 + 1
        role = text_role(cell.state) if cell.warns else "text.secondary"
        font = "captionStrong" if cell.warns else "caption"
        paint_text(painter, QRectF(box.left(), y, box.width(), line), cell.title, font, role)
        paint_status(
            painter, QRectF(box.left(), y + line + (line - 14) / 2, 14, 14), cell.state, self._view.viewport()
        )
        version = QRectF(box.left() + 20, y + line, box.width() - 20, line)
        paint_text(painter, version, cell.version, "bodyStrong")
        paint_text(painter, QRectF(box.left(), y + 2 * line, box.width(), line), cell.words, "caption", role)

    def _paint_foot(
        self, painter: QPainter, box: QRectF, card: Card, spots: dict[str, QRect], over: str
    ) -> None:
        if not card.gone:
            self._paint_build(painter, box, card)
        icons = {"build": "hammer", "cancel": "stop", "deploy": "ship", "live": "pulse", "find": "search"}
        names = {"build": tr("Build"), "cancel": tr("Cancel"), "deploy": tr("Deploy"), "live": tr("Live"),
                 "find": tr("Find…"), "remove": tr("Remove")}  # fmt: skip
        for key, spot in spots.items():
            if key in ("terminal", "folder", *names):
                if over == key:
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(theme().color("bg.hover"))
                    painter.drawRoundedRect(QRectF(spot), 4, 4)
                role = "text.secondary" if key in ("cancel", "terminal", "folder", "remove") else "text.link"
                if key in ("terminal", "folder"):
                    self._icon(painter, spot, "terminal" if key == "terminal" else "folder-open", role, 15)
                    continue
                icon = QRect(spot.left() + 6, spot.top(), 16, spot.height())
                self._icon(painter, icon, icons.get(key, "x"), role, 14)
                paint_text(painter, spot.adjusted(28, 0, 0, 0), names[key], "caption", role)

    def _paint_build(self, painter: QPainter, box: QRectF, card: Card) -> None:
        line = theme().px(18)
        y = box.top() + theme().px(HEAD) + theme().px(CELLS) + theme().px(9)
        left = box.left() + 14
        paint_status(painter, QRectF(left, y + (line - 14) / 2, 14, 14), card.state, self._view.viewport())
        right = self._paint_bars(painter, card, box.right() - 14, y + line) - 10
        left += 22
        room = right - left
        if card.share is not None:
            words = min(text_width(card.line, "caption") + 4, room * 0.6)
            paint_bar(painter, QRectF(left + words + 4, y + line / 2 - 2, room - words - 4, 4), card.share)
            room = words
        role = text_role(card.state) if card.state == "fail" else "text.secondary"
        paint_text(painter, QRectF(left, y, room, line), card.line, "caption", role)

    def _paint_bars(self, painter: QPainter, card: Card, right: float, bottom: float) -> float:
        """The last builds; returns where they begin."""
        colors = {"ok": "ok.fill", "fail": "fail.fill"}
        x = right - len(card.bars) * 7.5
        begin = x
        painter.setPen(Qt.PenStyle.NoPen)
        for bar in card.bars:
            height = max(3.0, bar.height * 13)
            painter.setBrush(theme().color(colors.get(bar.state, "off.fill")))
            painter.drawRoundedRect(QRectF(x, bottom - height, 5, height), 1, 1)
            x += 7.5
        return begin

    # the pointer

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        card = index.data(CARD_ROLE)
        if not isinstance(event, QMouseEvent) or not isinstance(card, Card):
            return False
        key = self._key_at(event.position().toPoint(), option.rect, card)
        if event.type() == QEvent.Type.MouseMove:
            if self._over != (index.row(), key):
                self._over = (index.row(), key)
                self._view.viewport().update()
            hand = key not in ("", "open")
            self._view.viewport().setCursor(
                Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor
            )
            return False
        if (
            event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
            and key
        ):
            self.pressed.emit(model.index(index.row(), 0), key)
            return True
        return False

    def _key_at(self, point: QPoint, rect: QRect, card: Card) -> str:
        for key, spot in self.spots(rect, card).items():
            if spot.contains(point):
                return key
        return "" if card.gone or not self.frame(rect).contains(point) else "open"

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        card = index.data(CARD_ROLE)
        if not isinstance(card, Card):
            return False
        key = self._key_at(event.pos(), option.rect, card)
        tips = {"terminal": tr("Open a terminal here"), "folder": tr("Show the folder"), "findings": card.tip,
                "more": tr("More…")}  # fmt: skip
        text = tips.get(key, str(card.folder) if key == "open" else "")
        # plain text only: a module path may look like markup
        QToolTip.showText(event.globalPos(), _as_plain(text), view)
        return True


def _as_plain(text: str) -> str:
    from html import escape

    return f"<p style='white-space:pre-wrap'>{escape(text)}</p>" if text else ""
