"""The parts of the first step: details and preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QSizePolicy,
    QSplitter,
    QTabBar,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from desktop.base.words import tr
from desktop.project import Template
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    Choice,
    CodeView,
    Field,
    IconButton,
    StateLabel,
    check_box,
    clear_layout,
    column,
    label,
    language_of,
    line,
    row,
    scrolled,
    set_up_tree,
)

from .present import (
    Leaf,
    Preview,
    tabs,
    tree,
)

Index = QModelIndex | QPersistentModelIndex
PATH_ROLE = Qt.ItemDataRole.UserRole + 1
FOLDER_ROLE = Qt.ItemDataRole.UserRole + 2


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

    @property
    def asked(self) -> list[QWidget]:
        """What is made anew for each template, in order."""
        return [*self._own_fields.values(), *self._ticks.values(), self.git]

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


class FileTabs(QTabBar):
    """Names of files, each in full: where there is little room the last ones give way, as the tree has them all."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("new_project.tabs")
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.currentChanged.connect(lambda _: self.fit())

    def fit(self) -> None:
        """Show as many as there is room for, the chosen one in any case."""
        chosen = self.currentIndex()
        left = self.width() - (self.tabSizeHint(chosen).width() if chosen >= 0 else 0)
        for at in range(self.count()):
            if at != chosen:
                left -= self.tabSizeHint(at).width()
                if self.isTabVisible(at) != (left >= 0):
                    self.setTabVisible(at, left >= 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


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
        self.tab_bar = FileTabs()
        self.copy = IconButton("copy", lambda: tr("Copy the file"), name="new_project.copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.code.toPlainText()))
        right = QWidget()
        top = row(self.tab_bar, self.copy, margins=(12, 0, 10, 0))
        top.setStretch(0, 1)
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
        self.tab_bar.fit()

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
