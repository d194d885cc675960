"""Where things stand on the Build page: header, left column, middle, right column. No behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.pages.base import Page
from desktop.ui.widgets import (
    Chip,
    EmptyState,
    IconButton,
    PageHeader,
    button,
    columns,
    label,
    line_edit,
    scrolled,
)

from .dependencies import DependencyPanel
from .on_save import OnSaveCard
from .options import ImageCard, OptionsCard
from .output import OutputCard, TimelineCard
from .results import ArtifactsCard, FilesCard, LayersCard
from .targets import ChipButton, TargetCard, stacked

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame


class BuildLayout(Page):
    """The widgets of the page, made and arranged."""

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(app, frame)
        self._build()

    # Coming and going that needs no knowledge of builds

    def toggle_right(self) -> None:
        self.right.setVisible(not self.right.isVisible())

    def panes(self) -> list[QWidget]:
        return [self.left, self.output.pane.view, self.right]

    def fit(self) -> None:
        """The right column is a drawer where there is little room."""
        self.panel.setVisible(self.frame.is_narrow)
        self.right.setVisible(not self.frame.is_narrow)

    # Building

    def _build(self) -> None:
        self.header = PageHeader(lambda: tr("Build"), name="build.header")
        self.branch, self.commit = Chip("", "off"), Chip("", "off")
        self.dirty = ChipButton("warn", name="build.dirty")
        self.header.add_scope(self.branch, self.commit, self.dirty)
        for chip in (self.branch, self.commit, self.dirty):
            chip.hide()  # until the project is read
        self.version = line_edit(name="build.version", label_text=lambda: tr("Version"))
        self.version.setMaximumWidth(150)
        self.cancel = button(lambda: tr("Cancel build"), name="build.cancel", icon="stop")
        self.cancel.hide()
        self.run_button = button(lambda: tr("Build"), name="build.run", kind="primary", icon="hammer")
        self.panel = IconButton(
            "panel-right", lambda: tr("Right column (F4)"), name="build.panel", small=False, framed=True
        )
        words = label(lambda: tr("Version"), "caption", "secondary")
        self.header.add_actions(words, self.version, self.cancel, self.run_button, self.panel)
        self.root.addWidget(self.header)
        self.targets, self.options, self.image_card = TargetCard(), OptionsCard(), ImageCard()
        self.dependencies = DependencyPanel()
        self.on_save = OnSaveCard()
        self.timeline, self.output = TimelineCard(), OutputCard(self.dependencies)
        self.artifacts, self.layers, self.files = ArtifactsCard(), LayersCard(), FilesCard()
        self.nothing = EmptyState(
            "hammer",
            lambda: tr("No project is open"),
            lambda: tr("Open one to build it."),
            [("projects", lambda: tr("Projects"))],
            name="build.no_project",
        )
        self.nothing.acted.connect(lambda key: self.frame.navigate(key))
        self.body = QWidget()
        inner = QVBoxLayout(self.body)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.addWidget(self._columns(), 1)
        holder = QWidget()
        self.stack = QStackedLayout(holder)
        self.stack.addWidget(self.nothing)
        self.stack.addWidget(self.body)
        self.root.addWidget(holder, 1)

    def _columns(self) -> QWidget:
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(self.on_save)
        layout.addWidget(self.timeline)
        layout.addWidget(self.output, 1)
        self.left = scrolled(stacked(self.targets, self.options, self.image_card))
        self.right = scrolled(stacked(self.artifacts, self.layers, self.files))
        split = columns((self.left, 268, 0), (middle, 480, 1), (self.right, 298, 0))
        split.setObjectName("build.columns")
        split.setSizes([268, 566, 298])
        return split
