"""The parts of the wizard: steps, templates, details, preview, where it runs, review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QListView,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTabBar,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from desktop.base.words import tr
from desktop.project import TEMPLATES, Template
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    Choice,
    CodeView,
    Field,
    IconButton,
    StateLabel,
    button,
    check_box,
    clear_layout,
    column,
    label,
    language_of,
    line,
    list_view,
    paint_text,
    row,
    scrolled,
    set_up_tree,
    text_width,
)
from desktop.ui.widgets.lists import ROW_ROLE, Row

from .present import (
    ENVIRONMENTS,
    MOST_FACTS,
    MOST_STEPS,
    Draft,
    Leaf,
    Preview,
    Where,
    review,
    steps,
    tabs,
    tree,
)

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


class DetailsCard(Card):
    """Name, module path, folder, Go version, port, and what to include. `changed()` at each key and tick."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(lambda: tr("Details"), flush=True)
        self.name = Field(lambda: tr("Name"), name="new_project.name")
        self.module = Field(lambda: tr("Module path"), name="new_project.module", mono=True)
        self.folder = Field(lambda: tr("Folder"), name="new_project.folder", mono=True, keep_hint_space=True)
        self.browse = IconButton(
            "folder-open", lambda: tr("Choose a folder"), name="new_project.browse", small=False, framed=True
        )
        self.go = Choice(name="new_project.go", label_text=lambda: tr("Go version"))
        self.go_field = Field(lambda: tr("Go version"), name="new_project.go", editor=self.go)
        self.port = Field(lambda: tr("Port"), name="new_project.port")
        self.git = check_box(lambda: tr("Git repository"), name="new_project.git", on=True)
        self._ticks: dict[str, QCheckBox] = {}
        self._own_fields: dict[str, Field] = {}
        self._include = QVBoxLayout()
        self._include.setSpacing(8)
        place = row(self.folder, column(theme().px(20), self.browse, None), spacing=6)
        place.setStretch(0, 1)
        pair = row(self.go_field, self.port, spacing=8)
        pair.setStretch(0, 1)
        pair.setStretch(1, 1)
        form = QWidget()
        form.setLayout(
            column(
                self.name,
                6,
                self.module,
                6,
                place,
                pair,
                10,
                line(),
                6,
                self._include,
                None,
                margins=(13, 12, 13, 13),
            )
        )
        self.body.addWidget(scrolled(form), 1)
        for field in (self.name, self.module, self.folder, self.port):
            field.changed.connect(lambda _: self.changed.emit())
        self.go.chosen.connect(lambda _: self.changed.emit())
        self.git.toggled.connect(lambda _: self.changed.emit())

    def show_fields(self, names: Sequence[str], values: Mapping[str, str]) -> None:
        """A field for each placeholder that only the chosen folder has."""
        self.git.setParent(None)
        clear_layout(self._include)
        self._ticks.clear()
        self._own_fields = {}
        self._include.addWidget(label(lambda: tr("Placeholders"), "bodyStrong"))
        for name in names:
            field = Field(name, name=f"new_project.value.{name}", value=values.get(name, ""))
            field.changed.connect(lambda _: self.changed.emit())
            self._own_fields[name] = field
            self._include.addWidget(field)
        self._include.addLayout(row(self.git, None, label(lambda: tr("first commit"), "caption", "tertiary")))

    def values(self) -> dict[str, str]:
        return {name: field.text for name, field in self._own_fields.items()}

    def show_options(self, one: Template, chosen: frozenset[str]) -> None:
        """The template's own options, and what always comes with it."""
        self._own_fields = {}
        self.port.setVisible(one.serves)
        self.git.setParent(None)
        clear_layout(self._include)
        self._ticks.clear()
        self._include.addWidget(label(lambda: tr("Include"), "bodyStrong"))
        for option in one.options:
            tick = check_box(option.title, name=f"new_project.with.{option.id}", on=option.id in chosen)
            tick.toggled.connect(lambda _: self.changed.emit())
            self._ticks[option.id] = tick
            self._include.addLayout(row(tick, None, label(option.hint, "caption", "tertiary")))
        self._include.addLayout(row(self.git, None, label(lambda: tr("first commit"), "caption", "tertiary")))
        self._include.addSpacing(4)
        self._include.addWidget(label(lambda: tr("Always there"), "bodyStrong"))
        for title, hint in one.included:
            self._include.addLayout(row(StateLabel("ok", title), None, label(hint, "caption", "tertiary")))

    def options(self, kept: frozenset[str]) -> frozenset[str]:
        """What is ticked; options that this template does not show keep their state."""
        ticked = {key for key, tick in self._ticks.items() if tick.isChecked()}
        return frozenset(ticked | {key for key in kept if key not in self._ticks})


class PreviewCard(Card):
    """The tree and the chosen file, in memory."""

    def __init__(self) -> None:
        super().__init__(
            lambda: tr("Preview"), note=lambda: tr("changes as you type, nothing is written yet"), flush=True
        )
        self.body.setContentsMargins(0, 0, 0, 0)
        self.summary = label("", "caption", "secondary")
        self.add_action(self.summary)
        self.view = QTreeView()
        set_up_tree(self.view, name="new_project.tree", label=lambda: tr("Files"))
        self.model = QStandardItemModel(self.view)
        self.view.setModel(self.model)
        self.view.setFrameShape(QTreeView.Shape.NoFrame)
        self.code = CodeView(name="new_project.code", label=lambda: tr("File"))
        self.tab_bar = QTabBar()
        self.tab_bar.setObjectName("new_project.tabs")
        self.tab_bar.setDrawBase(False)
        self.tab_bar.setExpanding(False)
        self.tab_bar.setUsesScrollButtons(False)
        self.tab_bar.setElideMode(Qt.TextElideMode.ElideRight)
        self.copy = IconButton("copy", lambda: tr("Copy the file"), name="new_project.copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.code.toPlainText()))
        right = QWidget()
        top = row(self.tab_bar, None, self.copy, margins=(12, 0, 10, 0))
        right.setLayout(column(top, line(), self.code, spacing=0))
        splitter = QSplitter()
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.view)
        splitter.addWidget(right)
        splitter.setSizes([theme().px(190), theme().px(460)])
        splitter.setStretchFactor(1, 1)
        self.body.addWidget(splitter, 1)
        self._files: Mapping[str, bytes] = {}
        self._shape: tuple[object, ...] = ()
        self.shown_file = ""
        self.view.selectionModel().currentChanged.connect(lambda index: self._on_file(index.data(PATH_ROLE)))
        self.tab_bar.currentChanged.connect(lambda at: self._on_file(self.tab_bar.tabData(at)))
        theme().changed.connect(self._draw_icons)

    def show_preview(self, name: str, found: Preview) -> None:
        """Shows the files; while an answer cannot be used, the last good ones stay, greyed."""
        self.view.setEnabled(bool(found.files))
        self.code.setEnabled(bool(found.files))
        if not found.files:
            return
        self._files = found.files
        self.summary.setText(found.summary)
        top = tree(name, found.files)
        shape = (name, tuple(found.files))
        if shape != self._shape:
            self._shape = shape
            self._fill(top)
        if self.shown_file not in found.files:
            self.shown_file = next(iter(tabs(found.files)), next(iter(found.files)))
        self._show_file()

    def _fill(self, top: Leaf) -> None:
        blocked = self.view.selectionModel().blockSignals(True)
        self.model.clear()
        self.model.appendRow(self._item(top))
        self.view.expandAll()
        self.view.selectionModel().blockSignals(blocked)
        self._draw_icons()
        blocked = self.tab_bar.blockSignals(True)
        while self.tab_bar.count():
            self.tab_bar.removeTab(0)
        for path in tabs(self._files):
            at = self.tab_bar.addTab(path.rsplit("/", 1)[-1])
            self.tab_bar.setTabData(at, path)
        self.tab_bar.blockSignals(blocked)

    def _item(self, leaf: Leaf) -> QStandardItem:
        item = QStandardItem(leaf.name)
        item.setEditable(False)
        item.setData(leaf.path, PATH_ROLE)
        item.setData(leaf.is_folder, FOLDER_ROLE)
        for inner in leaf.below:
            item.appendRow(self._item(inner))
        return item

    def _items(self) -> Sequence[QStandardItem]:
        found: list[QStandardItem] = []
        rest = [self.model.item(0)] if self.model.rowCount() else []
        while rest:
            item = rest.pop()
            found.append(item)
            rest += [item.child(number) for number in range(item.rowCount())]
        return found

    def _draw_icons(self) -> None:
        for item in self._items():
            if item.data(FOLDER_ROLE):
                item.setIcon(theme().icon("folder-open", "warn.text", 15))
            else:
                code = item.text().endswith(".go")
                item.setIcon(theme().icon("file-code" if code else "file", "text.secondary", 15))

    def _on_file(self, path: object) -> None:
        if isinstance(path, str) and path in self._files and path != self.shown_file:
            self.shown_file = path
            self._show_file()

    def _show_file(self) -> None:
        path = self.shown_file
        self.code.show_code(self._files[path].decode(), language_of(path))
        for item in self._items():
            if item.data(PATH_ROLE) == path and not item.data(FOLDER_ROLE):
                self.view.setCurrentIndex(item.index())
        for at in range(self.tab_bar.count()):
            if self.tab_bar.tabData(at) == path:
                self.tab_bar.setCurrentIndex(at)


class WhereCard(Card):
    """Which environments there are, on which host each. `changed()` at each choice."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(lambda: tr("Where it runs"))
        why = label(
            lambda: tr(
                "A version moves from one environment to the next. goferry.yaml keeps what you choose."
            ),
            "body",
            "secondary",
            wrap=True,
        )
        self.body.addWidget(why)
        self._rows: dict[str, tuple[QCheckBox, Choice, Choice]] = {}
        titles = {
            "dev": lambda: tr("Dev"),
            "staging": lambda: tr("Staging"),
            "prod": lambda: tr("Production"),
        }
        for name in ENVIRONMENTS:
            tick = check_box(titles[name], name=f"new_project.where.{name}")
            tick.setMinimumWidth(theme().px(120))
            host = Choice(name=f"new_project.where.{name}.host", label_text=lambda: tr("Host or group"))
            host.setMinimumWidth(theme().px(220))
            mode = Choice(
                [("direct", lambda: tr("One container owns the port")), ("proxy", lambda: tr("Nginx in front"))],
                name=f"new_project.where.{name}.mode", label_text=lambda: tr("How"),
            )  # fmt: skip
            self._rows[name] = (tick, host, mode)
            tick.toggled.connect(lambda _: self.changed.emit())
            host.chosen.connect(lambda _: self.changed.emit())
            mode.chosen.connect(lambda _: self.changed.emit())
            self.body.addLayout(row(tick, host, mode, None, spacing=12))
        self.body.addWidget(
            label(
                lambda: tr("Servers that are not listed are added on the Hosts page."), "caption", "tertiary"
            )
        )
        self.body.addStretch(1)

    def show_where(self, environments: Mapping[str, Where], hosts: Sequence[str]) -> None:
        for name, (tick, host, mode) in self._rows.items():
            where = environments.get(name, Where())
            blocked = tick.blockSignals(True)
            tick.setChecked(where.on)
            tick.blockSignals(blocked)
            host.set_choices(
                [(one, (lambda: tr("This computer")) if one == "local" else one) for one in hosts]
            )
            host.set_value(where.host if where.host in hosts else "local")
            mode.set_value(where.mode)
            host.setEnabled(where.on)
            mode.setEnabled(where.on)

    def where(self, before: Mapping[str, Where]) -> dict[str, Where]:
        found = {}
        for name, (tick, host, mode) in self._rows.items():
            old = before.get(name, Where())
            found[name] = replace(old, on=tick.isChecked(), host=host.value or "local", mode=mode.value)
            host.setEnabled(tick.isChecked())
            mode.setEnabled(tick.isChecked())
        return {name: where for name, where in found.items() if where.on or name in before}


class ReviewCard(Card):
    """All answers, and what creating it does. Its labels are made once and filled anew: making them costs a frame."""

    def __init__(self) -> None:
        super().__init__(lambda: tr("Review"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, theme().px(120))
        grid.setColumnStretch(1, 1)
        self._facts: list[tuple[QLabel, QLabel]] = []
        for number in range(MOST_FACTS):
            name, fact = label("", "caption", "secondary"), label("", "body", wrap=True, selectable=True)
            fact.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            grid.addWidget(name, number, 0)
            grid.addWidget(fact, number, 1)
            self._facts.append((name, fact))
        self.body.addLayout(grid)
        self.body.addWidget(label(lambda: tr("Creating it does this"), "bodyStrong"))
        self._steps = [label("", "body", "secondary", wrap=True) for _ in range(MOST_STEPS)]
        for step in self._steps:
            self.body.addWidget(step)
        self.body.addStretch(1)

    def show_draft(self, draft: Draft, one: Template, files: int) -> None:
        facts, todo = review(draft, one, files), steps(draft, one)
        for number, (name, fact) in enumerate(self._facts):
            for part, text in zip(
                (name, fact), facts[number] if number < len(facts) else ("", ""), strict=True
            ):
                part.setText(text)
                part.setVisible(number < len(facts))
        for number, step in enumerate(self._steps):
            step.setText(f"{number + 1}.  {todo[number]}" if number < len(todo) else "")
            step.setVisible(number < len(todo))
