"""The parts of the Live page and where they stand; nothing here knows what they show."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.widgets import (
    Banner,
    Card,
    EmptyState,
    IconButton,
    PageHeader,
    Segmented,
    button,
    columns,
    label,
    scrolled,
)

from .log_card import LogCard
from .panels import AlertsPanel, FactsPanel, HealthPanel, UsagePanel
from .services import ServiceTree


class Parts:
    """Made once by the page: `header` and, below it, `holder` with one of no_project, nothing and body."""

    def __init__(self, log_lines: int) -> None:
        self.log = LogCard(capacity=log_lines)
        self.tree = ServiceTree(self.log.view.source_role, name="live.services")
        self.facts = FactsPanel()
        self.health, self.usage, self.alerts = HealthPanel(), UsagePanel(), AlertsPanel()
        self._build_header()
        self.banner = Banner(name="live.banner")
        self.no_project = EmptyState(
            "pulse",
            lambda: tr("No project is open"),
            lambda: tr("Open one to see what it writes and how it does."),
            [("projects", lambda: tr("Projects"))],
            name="live.no_project",
        )
        self.nothing = EmptyState(
            "ship",
            lambda: tr("Nothing is deployed here yet"),
            lambda: tr("Logs and health appear here as soon as a release runs."),
            [("deploy", lambda: tr("Deploy"))],
            name="live.nothing",
        )
        self.body = QWidget()
        inner = QVBoxLayout(self.body)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(10)
        inner.addWidget(self.banner)
        inner.addWidget(self._columns(), 1)
        self.holder = QWidget()
        self.stack = QStackedLayout(self.holder)
        for widget in (self.no_project, self.nothing, self.body):
            self.stack.addWidget(widget)

    def _build_header(self) -> None:
        self.header = PageHeader(lambda: tr("Live"), name="live.header")
        self.summary = label("", "body", "secondary")
        self.span = Segmented(
            [
                ("live", lambda: tr("Live now")),
                ("15m", lambda: tr("15 min")),
                ("1h", lambda: tr("1 h")),
                ("24h", lambda: tr("24 h")),
            ],
            name="live.span",
            label=lambda: tr("Time span"),
        )
        self.deploy = button(lambda: tr("Deploy"), name="live.deploy", icon="ship")
        self.panel = IconButton(
            "panel-right", lambda: tr("Right column (F4)"), name="live.panel", small=False, framed=True
        )
        self.header.add_scope(self.summary)
        self.header.add_actions(self.span, self.deploy, self.panel)

    def _columns(self) -> QWidget:
        services = Card(lambda: tr("Services"), flush=True)
        services.body.setContentsMargins(0, 6, 0, 0)
        services.body.addWidget(self.tree, 1)
        services.body.addWidget(self.facts)
        right = QWidget()
        stacked = QVBoxLayout(right)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(14)
        for card in (self.health, self.usage, self.alerts):
            stacked.addWidget(card)
        stacked.addStretch(1)
        self.right = scrolled(right)
        split = columns((services, 200, 0), (self.log, 480, 1), (self.right, 280, 0))
        split.setObjectName("live.columns")
        split.setSizes([232, 700, 292])
        return split
