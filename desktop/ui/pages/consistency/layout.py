"""The parts of the Consistency page and where they stand."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.release import Verdict
from desktop.ui.widgets import (
    Banner,
    Card,
    ElidedLabel,
    EmptyState,
    IconButton,
    PageHeader,
    SearchField,
    Segmented,
    button,
    columns,
    row,
)

from .parts import CountButton, DetailsCard
from .tree import DriftTree


class Parts:
    """Made once by the page: `header` and, below it, `holder` with one of the empty states or the body."""

    def __init__(self) -> None:
        self.header = PageHeader(lambda: tr("Consistency"), name="consistency.header")
        self.summary = ElidedLabel("", "body", "secondary")
        self.save = button(lambda: tr("Save report…"), name="consistency.save", icon="save")
        self.again = button(lambda: tr("Read again"), name="consistency.read", kind="primary", icon="refresh")
        self.panel = IconButton(
            "panel-right", lambda: tr("Right column (F4)"), name="consistency.panel", small=False, framed=True
        )
        self.header.add_scope(self.summary)
        self.header.add_actions(self.save, self.again, self.panel)
        self.banner = Banner(name="consistency.banner")
        self.counts = {verdict: CountButton(verdict) for verdict in (
            Verdict.DRIFTED, Verdict.MEANT, Verdict.SAME, Verdict.UNREADABLE)}  # fmt: skip
        self.find = SearchField(lambda: tr("Find a key"), name="consistency.find")
        self.find.setMinimumWidth(120)
        self.find.setMaximumWidth(190)
        self.find.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.shown = Segmented(
            [("changed", lambda: tr("Differing only")), ("all", lambda: tr("All rows"))],
            name="consistency.shown",
            label=lambda: tr("Rows"),
            value="all",
        )
        self.tree = DriftTree(lambda: tr("Keys by environment"))
        self.details = DetailsCard()
        self.no_project = EmptyState(
            "compare",
            lambda: tr("No project is open"),
            lambda: tr("Open one to see its environments side by side."),
            [("projects", lambda: tr("Projects"))],
            name="consistency.no_project",
        )
        self.nothing = EmptyState(
            "compare",
            lambda: tr("Nothing to compare yet"),
            "",
            [("deploy", lambda: tr("Deploy"))],
            name="consistency.nothing",
        )
        self.body = QWidget()
        inner = QVBoxLayout(self.body)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(12)
        inner.addWidget(self.banner)
        bar = row(*self.counts.values(), spacing=8)
        bar.addStretch(1)
        bar.addWidget(self.find, 1)
        bar.addWidget(self.shown)
        inner.addLayout(bar)
        inner.addWidget(self._columns(), 1)
        self.holder = QWidget()
        self.stack = QStackedLayout(self.holder)
        for widget in (self.no_project, self.nothing, self.body):
            self.stack.addWidget(widget)

    def _columns(self) -> QWidget:
        table = Card(flush=True)
        table.body.setContentsMargins(0, 6, 0, 6)
        table.body.addWidget(self.tree, 1)
        split = columns((table, 560, 1), (self.details, 280, 0))
        split.setObjectName("consistency.columns")
        split.setSizes([900, 303])
        return split
