"""Where one is in the wizard, and which template is chosen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop.base.words import tr
from desktop.project import TEMPLATES
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    button,
    list_view,
    paint_text,
    text_width,
)
from desktop.ui.widgets.lists import ROW_ROLE, Row

Index = QModelIndex | QPersistentModelIndex
PATH_ROLE = Qt.ItemDataRole.UserRole + 1
FOLDER_ROLE = Qt.ItemDataRole.UserRole + 2


class Steps(QWidget):
    """Where one is: numbered circles with names, the present one filled."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0
        self.setObjectName("new_project.steps")

    @staticmethod
    def names() -> list[str]:
        return [tr("Template and details"), tr("Where it runs"), tr("Review")]

    def show_step(self, at: int) -> None:
        self._at = at
        self.setAccessibleName(tr("Step {n} of 3: {name}", n=at + 1, name=self.names()[at]))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        wide = sum(text_width(name, "bodyStrong") + 29 for name in self.names()) + 2 * 52
        return QSize(wide, theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, middle = 0.0, self.height() / 2
        for number, name in enumerate(self.names()):
            here = number == self._at
            circle = QRectF(x, middle - 9.5, 19, 19)
            painter.setPen(
                QPen(theme().color("accent.default" if number <= self._at else "stroke.strong"), 1)
            )
            painter.setBrush(theme().color("accent.default") if here else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle)
            ink = "text.onAccent" if here else "text.secondary"
            paint_text(painter, circle, str(number + 1), "captionStrong", ink, Qt.AlignmentFlag.AlignHCenter)
            font = "bodyStrong" if here else "body"
            wide = text_width(name, font)
            box = QRectF(x + 27, 0, wide + 2, self.height())
            paint_text(painter, box, name, font, "text.primary" if here else "text.secondary")
            x += 27 + wide + 10
            if number < 2:
                painter.setPen(QPen(theme().color("stroke.control"), 1))
                painter.drawLine(QPointF(x, middle), QPointF(x + 30, middle))
                x += 42
        painter.end()


class TemplateDelegate(QStyledItemDelegate):
    """A template: icon on a tile, name, what it is."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, theme().px(54))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        shown = index.data(ROW_ROLE)
        if not isinstance(shown, Row):
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        box = QRectF(option.rect).adjusted(6.5, 2.5, -6.5, -2.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("accent.border"), 1) if chosen else Qt.PenStyle.NoPen)
        over = bool(option.state & QStyle.StateFlag.State_MouseOver)
        back = "accent.bg" if chosen else "bg.hover" if over else "bg.card"
        painter.setBrush(theme().color(back))
        painter.drawRoundedRect(box, 4, 4)
        tile = QRectF(box.left() + 12, box.center().y() - 15, 30, 30)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("bg.card" if chosen else "bg.subtle"))
        painter.drawRoundedRect(tile, 5, 5)
        role = "accent.default" if chosen else "text.secondary"
        picture = theme().pixmap(shown.icon or "file-code", role, 16, painter.device().devicePixelRatioF())
        painter.drawPixmap(QPointF(tile.center().x() - 8, tile.center().y() - 8), picture)
        left = tile.right() + 10
        height = theme().px(18)
        first = QRectF(left, box.center().y() - height, box.right() - left - 6, height)
        paint_text(painter, first, shown.title, "bodyStrong" if chosen else "body")
        paint_text(painter, first.translated(0, height), shown.second, "caption", "text.secondary")
        painter.restore()


class TemplatesCard(Card):
    """The templates. `chosen(id)`."""

    chosen = Signal(str)
    folder_asked = Signal()

    def __init__(self) -> None:
        super().__init__(lambda: tr("Template"), flush=True)
        self._own = ""
        self.view, self.model, _ = list_view(name="new_project.templates", label=lambda: tr("Template"))
        self.view.setItemDelegate(TemplateDelegate(self.view))
        self.view.setFrameShape(QListView.Shape.NoFrame)
        self.body.setContentsMargins(0, 5, 0, 5)
        self.body.addWidget(self.view, 1)
        own = button(
            lambda: tr("Use a folder as template…"),
            name="new_project.own",
            kind="link",
            small=True,
            icon="folder-open",
        )
        own.clicked.connect(self.folder_asked)
        self.add_foot(own, None)
        self.retranslate()
        self.view.selectionModel().currentChanged.connect(self._on_current)

    def retranslate(self) -> None:
        rows = [
            Row(str(one.title), str(one.summary), icon=_ICONS.get(one.id, one.icon), payload=one)
            for one in TEMPLATES
        ]
        if self._own:
            rows.append(Row(tr("From a folder"), self._own, icon="folder"))
        self.model.show_rows(rows)

    def show_folder(self, name: str) -> None:
        """A folder of one's own, as the last of the templates, and chosen."""
        self._own = name
        self.retranslate()
        blocked = self.view.selectionModel().blockSignals(True)
        self.view.setCurrentIndex(self.model.index(len(TEMPLATES)))
        self.view.selectionModel().blockSignals(blocked)
        self.view.viewport().update()

    def choose(self, template_id: str) -> None:
        for number, one in enumerate(TEMPLATES):
            if one.id == template_id:
                self.view.setCurrentIndex(self.model.index(number))

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid() and index.row() < len(TEMPLATES):
            self._own = ""
            self.chosen.emit(TEMPLATES[index.row()].id)
            self.retranslate()


_ICONS = {"http": "api", "gin": "globe", "worker": "refresh", "cli": "terminal"}
