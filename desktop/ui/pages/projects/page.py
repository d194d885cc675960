"""Projects: where everything stands, and the next thing to start."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop.app_project import EnvironmentLook, FolderLook, look_at_environment, look_at_folder
from desktop.base.words import tr
from desktop.ui.feed import JobsFeed
from desktop.ui.pages.base import Page, PageAction
from desktop.ui.theme import theme
from desktop.ui.widgets import Banner, Card, PageHeader, SearchField, Segmented, button, column, label

from . import present
from .cards import BAR, GAP, CardsView
from .doing import Doing
from .empty import NoProjects
from .tables import activity_table, projects_table

if TYPE_CHECKING:
    from desktop.ui.pages.base import Frame

READ_AT_ONCE = 2
"""Folders: reading is Python's work, and more threads of it would take the window's turns."""
ASK_AGAIN_MS = 30_000
"""How often the hosts are asked while the page is in view."""


class ProjectsPage(Page):
    """Renders projects, and does what a person asks of one."""

    key = "projects"

    def __init__(self, app: Any, frame: Frame) -> None:
        super().__init__(app, frame)
        self.folder_looks: dict[Path, FolderLook] = {}
        self.environments: dict[Path, dict[str, EnvironmentLook]] = {}
        self.reading: set[Path] = set()
        self._dismissed = ""
        self._pressing: present.Pressing | None = None
        self.asking: set[Path] = set()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(50)
        self._soon.timeout.connect(self.render_now)
        self._timer = QTimer(self)
        self._timer.setInterval(ASK_AGAIN_MS)
        self._timer.timeout.connect(lambda: self._ask_hosts())
        self.doing = Doing(self)
        self._build()
        self.feed = JobsFeed(app.jobs, self)
        self.feed.changed.connect(self.render_now)
        self.destroyed.connect(app.settings.listen(lambda _: self.render_now()))
        self.setAcceptDrops(True)
        self.render_now()

    def title(self) -> str:
        return tr("Projects")

    # Building

    def _build(self) -> None:
        self.header = PageHeader(lambda: tr("Projects"), name="projects.header")
        self.count = label("", "caption", "secondary")
        self.count.setProperty("badge", True)
        self.filter = SearchField(lambda: tr("Filter projects"), name="projects.filter", icon="filter")
        self.filter.setFixedWidth(theme().px(210))
        self.filter.searched.connect(lambda _: self.render_now())
        self.looks = Segmented(
            [("grid", lambda: tr("Cards")), ("list", lambda: tr("List"))],
            name="projects.look", label=lambda: tr("View"), icons=True,
        )  # fmt: skip
        self.looks.chosen.connect(lambda key: self.views.setCurrentIndex(0 if key == "grid" else 1))
        self.open_button = button(lambda: tr("Open folder…"), name="projects.open", icon="folder-open")
        self.open_button.clicked.connect(self.doing.ask_folder)
        self.new_button = button(lambda: tr("New project"), name="projects.new", kind="primary", icon="plus")
        self.new_button.clicked.connect(lambda: self.frame.navigate("new_project"))
        self.header.add_scope(self.count)
        self.tools: list[QWidget] = [self.filter, self.looks, self.open_button, self.new_button]
        self.header.add_actions(*self.tools)
        self.root.addWidget(self.header)
        self.empty = NoProjects()
        self.empty.acted.connect(self._on_empty)
        holder = QWidget()
        self.stack = QStackedLayout(holder)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._body())
        self.root.addWidget(holder, 1)

    def _body(self) -> QWidget:
        self.banner = Banner(name="projects.banner", closable=True)
        self.banner.acted.connect(self._on_banner)
        self.banner.closed.connect(self._on_banner_closed)
        self.cards = CardsView()
        self.cards.acted.connect(self.doing.act)
        self.cards.menu_asked.connect(self.doing.show_menu)
        self.table, self.table_rows = projects_table()
        self.table.activated.connect(lambda index: self.doing.act(self.table_rows.rows[index.row()], "open"))
        self.table_card = Card(flush=True)
        self.table_card.body.setContentsMargins(0, 0, 0, 0)
        self.table_card.body.addWidget(self.table)
        table_holder = QWidget()
        table_holder.setLayout(column(self.table_card, margins=(0, 0, GAP + BAR, GAP)))
        self.views_holder = QWidget()
        self.views = QStackedLayout(self.views_holder)
        self.views.addWidget(self.cards)
        self.views.addWidget(table_holder)
        body = QWidget()
        inner = QVBoxLayout(body)
        # each card has its gap at the right and below: the views reach that much further than what is round them
        inner.setContentsMargins(24, 0, 24 - GAP - BAR, 20)
        inner.setSpacing(0)
        self.banner_holder = QWidget()
        self.banner_holder.setLayout(column(self.banner, margins=(0, 0, GAP + BAR, GAP)))
        self.banner_holder.hide()
        inner.addWidget(self.banner_holder)
        inner.addWidget(self.views_holder)
        inner.addLayout(column(self._activity(), margins=(0, 0, GAP + BAR, 0)), 1)
        self.body = body
        return body

    def _activity(self) -> Card:
        self.activity, self.activity_rows = activity_table()
        self.activity.clicked.connect(lambda index: self._open_activity(index.row()))
        self.activity.activated.connect(lambda index: self._open_activity(index.row()))
        self.which = Segmented(
            [("all", lambda: tr("All")), ("failed", lambda: tr("Failed"))],
            name="projects.activity.which", label=lambda: tr("Which"), small=True,
        )  # fmt: skip
        self.which.chosen.connect(lambda _: self.render_now())
        everything = button(lambda: tr("Show all"), name="projects.activity.all", kind="link", small=True)
        everything.clicked.connect(lambda: self.frame.open_activity())
        card = Card(lambda: tr("Recent activity"), flush=True)
        card.add_action(self.which)
        card.add_action(everything)
        self.quiet = label(lambda: tr("Nothing has been done yet"), "body", "tertiary")
        self.quiet.setMargin(14)
        card.body.addWidget(self.quiet, 0, Qt.AlignmentFlag.AlignTop)
        card.body.addWidget(self.activity, 1)
        card.setMinimumHeight(theme().px(38) + 3 * theme().size("row") + 10)
        return card

    # Showing

    def shown(self, context: object) -> None:
        self.window().installEventFilter(self)
        self.window().setAcceptDrops(True)
        self._timer.start()
        if isinstance(context, Path):
            self.doing.open_folder(context)
        self.refresh_missing()
        self._ask_hosts()
        self.render_now()
        if context in ("open", "sample"):
            self._on_empty(str(context))

    def hidden(self) -> None:
        self._timer.stop()
        self.window().removeEventFilter(self)

    def refresh(self) -> None:
        self.folder_looks.clear()
        self.refresh_missing()
        self._ask_hosts()

    def retranslate(self) -> None:
        self.render_now()

    def primary(self) -> None:
        self.frame.navigate("new_project")

    def panes(self) -> list[QWidget]:
        return [self.filter, self.cards if self.looks.value == "grid" else self.table, self.activity]

    def help_text(self) -> str:
        return tr(
            "All projects that you opened: what runs where, the last builds, and what was done of late."
        )

    def offers(self) -> list[PageAction]:
        return [
            PageAction("new", tr("New project"), self.primary, "Ctrl+N"),
            PageAction("open", tr("Open folder…"), self.doing.ask_folder, "Ctrl+O"),
            PageAction("sample", tr("Try the sample"), self.doing.try_sample),
            PageAction("refresh", tr("Read all folders again"), self.refresh, "F5"),
        ]

    def folders(self) -> list[Path]:
        return [Path(folder) for folder in self.app.settings.now.projects]

    def all_cards(self) -> list[present.Card]:
        """Every project as a card, in no order yet."""
        now, pinned = time.time(), self.app.settings.now.pinned
        jobs, past = self.app.jobs.all, self.app.history.past
        return [
            present.card(
                folder,
                self.folder_looks.get(folder),
                self.environments.get(folder, {}),
                jobs,
                past,
                now,
                pinned=str(folder) in pinned,
            )
            for folder in self.folders()
        ]

    def render_now(self) -> None:
        """Put everything into view as it is now."""
        cards = self.all_cards()
        self.stack.setCurrentIndex(1 if cards else 0)
        for tool in (*self.tools, self.count):
            tool.setVisible(bool(cards))
        self.count.setText(str(len(cards)))
        shown = present.in_order(cards, self.app.settings.now.pinned, self.filter.text())
        self.cards.show_cards(shown)
        self.table_rows.show_rows(shown)
        self._show_pressing(present.pressing(cards))
        self._show_activity()
        self._fit()

    def _show_activity(self) -> None:
        rows = present.activity_rows(
            self.app.jobs.all,
            self.app.history.past,
            time.time(),
            failed_only=self.which.value == "failed",
        )
        self.activity_rows.show_rows(rows)
        self.quiet.setVisible(not rows)
        self.activity.setVisible(bool(rows))

    def _show_pressing(self, found: present.Pressing | None) -> None:
        if found == self._pressing and (found is None) == self.banner_holder.isHidden():
            return
        self._pressing = found
        if found is None or f"{found.folder}{found.why}" == self._dismissed:
            self.banner_holder.hide()
            return
        self.banner_holder.show()
        self.banner.show_banner("warn", found.title, found.why, [(found.action, found.label)], primary=False)

    def _on_banner(self, key: str) -> None:
        if self._pressing is None:
            return
        for card in self.all_cards():
            if card.folder == self._pressing.folder:
                self.doing.act(card, key)

    def _on_banner_closed(self) -> None:
        self.banner_holder.hide()
        self._fit()
        if self._pressing is not None:
            self._dismissed = f"{self._pressing.folder}{self._pressing.why}"

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Cards take what they need; recent activity the rest, but never less than three rows."""
        activity = theme().px(38) + 3 * theme().size("row") + 14
        banner = 0 if self.banner_holder.isHidden() else self.banner_holder.sizeHint().height()
        room = self.height() - self.header.height() - 20 - banner - activity
        needed = self.cards.needed_height() if self.looks.value == "grid" else room
        self.views_holder.setFixedHeight(max(theme().px(120), min(needed, room)))

    # Reading

    def refresh_missing(self) -> None:
        """Read the folders that were not read yet, a few at a time, those that are in view first."""
        waiting = [f for f in self.folders() if f not in self.folder_looks and f not in self.reading]
        self.reading.update(waiting)
        for start in range(min(READ_AT_ONCE, len(waiting))):
            self.spawn(self._read_each(waiting[start::READ_AT_ONCE]))

    async def _read_each(self, folders: list[Path]) -> None:
        for folder in folders:
            await self.read(folder)

    async def read(self, folder: Path) -> None:
        try:
            self.folder_looks[folder] = await look_at_folder(self.app, folder)
        finally:
            self.reading.discard(folder)
        self._soon.start()
        self._ask_hosts(folder)

    def _ask_hosts(self, *folders: Path) -> None:
        """Ask what runs where, one folder after the other; those that are being asked already are not asked twice."""
        wanted = [f for f in folders or self.folders() if f not in self.asking and self._can_be_asked(f)]
        if wanted:
            self.asking.update(wanted)
            self.spawn(self._ask_each(wanted))

    def _can_be_asked(self, folder: Path) -> bool:
        look = self.folder_looks.get(folder)
        config = look.project.config if look is not None and look.project is not None else None
        return config is not None and bool(config.environments)

    async def _ask_each(self, folders: list[Path]) -> None:
        try:
            for folder in folders:
                await self._ask(folder)
                self.asking.discard(folder)
        finally:
            self.asking.difference_update(folders)

    async def _ask(self, folder: Path) -> None:
        look = self.folder_looks.get(folder)
        if look is None or look.project is None or look.project.config is None:
            return
        known = self.environments.setdefault(folder, {})
        for name in list(look.project.config.environments)[: present.MOST_CELLS]:
            found = await look_at_environment(self.app, folder, name)
            before = known.get(name)
            if found.offline and not found.instances and before is not None and before.instances:
                continue  # what was known last stays, with its time
            known[name] = found
        self._soon.start()

    def _open_activity(self, row: int) -> None:
        job = self.activity_rows.rows[row].job
        if job is not None and self.frame.has_page(job.page) and job.page != self.key:
            self.frame.navigate(job.page, job)
        elif job is not None:
            self.frame.show_output(job)
        else:
            self.frame.open_activity()

    def _on_empty(self, key: str) -> None:
        {"new": self.primary, "open": self.doing.ask_folder, "sample": self.doing.try_sample}[key]()

    # Folders dropped anywhere in the window

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent) and _dropped(event):
            event.acceptProposedAction()
            return True
        if isinstance(event, QDropEvent) and not isinstance(event, QDragEnterEvent):
            return self._drop(event)
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop(event)

    def _drop(self, event: QDropEvent) -> bool:
        if event.type() is not QEvent.Type.Drop:
            return False
        for folder in _dropped(event):
            self.doing.open_folder(folder)
        event.acceptProposedAction()
        return True


def _dropped(event: QDropEvent) -> list[Path]:
    """The local folders that are dragged."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.is_dir()]
