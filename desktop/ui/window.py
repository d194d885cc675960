"""The frame: navigation, pages, status bar, Activity, sheets and toasts. Makes the pages and connects them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from desktop.base.jobs import Job
from desktop.base.words import on_language_changed, tr
from desktop.ui.activity_dock import ActivityDock
from desktop.ui.current import CurrentProject
from desktop.ui.drops import FolderDrops
from desktop.ui.error_bar import ErrorBar
from desktop.ui.feed import JobsFeed
from desktop.ui.focus_ring import FocusRing
from desktop.ui.job_notes import JobNotes
from desktop.ui.layer import Layer
from desktop.ui.navigation import Navigation
from desktop.ui.notify import has_tray, hide_to_tray
from desktop.ui.pages import PAGES
from desktop.ui.pages.activity.present import summary
from desktop.ui.pages.base import Page
from desktop.ui.place import Place, bring_forward, show_at
from desktop.ui.session_end import SessionEnd
from desktop.ui.shortcuts import Shortcuts
from desktop.ui.statusbar import StatusBar
from desktop.ui.taskbar import Taskbar
from desktop.ui.tasks import Tasks
from desktop.ui.theme import theme, tokens
from desktop.ui.titlebar import color_title_bar
from desktop.ui.wake import Wake
from desktop.ui.widgets import (
    ConfirmSheet,
    Sheet,
    SheetHost,
    Text,
    Toast,
    ToastHost,
    button,
    repeat_texts,
)

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.release import Release

_OF_PROJECT = ("build", "deploy", "live", "consistency")


class Window(QWidget):
    """The one window. `closed` comes when the person has decided to leave; the owner then ends the program."""

    project_changed = Signal(object)
    narrow_changed = Signal(bool)
    page_changed = Signal(str)
    closed = Signal()

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop, project: Path | None = None) -> None:
        super().__init__()
        self.app = app
        self.setObjectName("window")
        size = tokens()["size"]
        self.setMinimumSize(size["minWindowW"], size["minWindowH"])
        self.place = Place(app.home)
        self.tasks = Tasks(loop, self.error)
        self.feed = JobsFeed(app.jobs, self)
        self._pages: dict[str, Page] = {}
        self.environments: dict[Path, str] = {}
        self.serving: dict[tuple[Path, str], Release] = {}
        self._current = ""
        self._back: list[tuple[str, object]] = []
        self._forward: list[tuple[str, object]] = []
        self._project = CurrentProject(self)
        self._narrow = False
        self._leaving = False
        self.then: Path | None = None
        """The program to start when this one has ended."""
        self._first = ""
        self._build()
        self._connect()
        self.set_current_project(project or self._project.last())

    # Making

    def _build(self) -> None:
        self.nav = Navigation(PAGES)
        self.stack = QStackedWidget()
        self.error_bar = ErrorBar()
        holder = QHBoxLayout()
        holder.setContentsMargins(24, 12, 24, 0)  # not even the margins are there while the bar is hidden
        holder.addWidget(self.error_bar)
        page = Layer()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(1, 1, 0, 0)
        inner.setSpacing(0)
        inner.addLayout(holder)
        inner.addWidget(self.stack, 1)
        self.status = StatusBar()
        self.middle = QHBoxLayout()
        self.middle.setContentsMargins(0, 0, 0, 0)
        self.middle.setSpacing(0)
        self.middle.addWidget(self.nav)
        self.middle.addWidget(page, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(self.middle, 1)
        outer.addWidget(self.status)
        self.activity = ActivityDock(self)
        self.sheets = SheetHost(self)
        self.toasts = ToastHost(self, above=size_of("statusbar"))
        self.ring = FocusRing(self)
        for root in (self.nav, self.status):
            theme().dress(root)
        theme().dress(self.error_bar, when_shown=True)
        self.shortcuts = Shortcuts(self)

    def _connect(self) -> None:
        self.nav.page_asked.connect(self.navigate)
        self.nav.find_asked.connect(self.shortcuts.open_palette)
        self.nav.switch_asked.connect(self.switch_project)
        self.nav.activity_asked.connect(self.activity.toggle)
        self.status.activity_asked.connect(self.activity.toggle)
        self.feed.changed.connect(self._show_jobs)
        self.notes = JobNotes(self)
        self.session_end = SessionEnd(self, self._what_runs, self.close)
        self.feed.changed.connect(self.session_end.show_reason)
        self.taskbar = Taskbar(self)
        self.wake = Wake(self)
        self.wake.woke.connect(self.app.check_connections)
        self.error_bar.page_asked.connect(self.navigate)
        self.error_bar.engine_asked.connect(self._start_engine)
        self.drops = FolderDrops(self, self.shortcuts.open_path)
        self._unlisten = on_language_changed(self.retranslate)
        theme().changed.connect(self._on_theme)
        self._show_jobs()

    def show_first(self, key: str = "") -> None:
        """Show the page of last time, or `key`, and put the window where it was. The first time of all: set-up."""
        if not self.isVisible():
            self.place.restore_window(self)
        wanted = key or self.place.text("page")
        step = None if wanted else "look"
        wanted = wanted or "setup"
        if wanted not in PAGES or (wanted in _OF_PROJECT and self.current_project is None):
            wanted = next((first for first in ("projects", "settings") if first in PAGES), "settings")
        self._first = ""
        self.navigate(wanted, step)
        self._fit()

    def open(self) -> None:
        """Show the frame at once, and the page of last time after its first paint: pages import a lot."""
        self.place.restore_window(self)
        self._first = "pending"
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("bg.base"))
        painter.end()
        if self._first:
            self._first = ""
            QTimer.singleShot(0, self, self.show_first)

    # Pages

    @property
    def current_page(self) -> Page | None:
        return self._pages.get(self._current)

    @property
    def current_key(self) -> str:
        return self._current

    def has_page(self, key: str) -> bool:
        return key in PAGES

    def page(self, key: str) -> Page:
        """The page, made now if it was not yet."""
        if key not in self._pages:
            module, _, name = PAGES[key].partition(":")
            made: Page = getattr(import_module(module), name)(self.app, self)
            made.navigate.connect(self.navigate)
            made.toast.connect(self.toast)
            self._pages[key] = made
            self.stack.addWidget(made)
            self.place.restore_splitters(key, made)
        return self._pages[key]

    def navigate(self, key: str, arg: object = None) -> None:
        """Show a page; an unknown key is a page that this build lacks, and stays where we are."""
        if key == "activity":
            self.open_activity(arg)
            return
        if key not in PAGES:
            return
        if self._current and (key != self._current or arg is not None):
            self._back.append((self._current, None))
            self._forward.clear()
        self._show(key, arg)

    def _show(self, key: str, arg: object) -> None:
        try:
            page = self.page(key)
        except Exception as error:  # noqa: BLE001  a page that cannot be made must not take the window with it
            self.error(error)
            return
        before, left = self.current_page, False
        if before is not None and before is not page:
            left = before.isAncestorOf(self.focusWidget())
            before.hidden()
        self._current = key
        theme().roots.catch_up(page)
        self.stack.setCurrentWidget(page)
        given = self.focusWidget()
        self.nav.show_page(key)
        self._name_window()
        page.shown(arg)
        if left and self.focusWidget() is given:  # the page has not said itself where to begin
            _focus_in(page)
        self.place.set_text("page", key)
        self.page_changed.emit(key)

    def go_back(self, step: int = -1) -> None:
        """Back (-1) or forward (1) through the pages seen."""
        source, target = (self._back, self._forward) if step < 0 else (self._forward, self._back)
        if source:
            target.append((self._current, None))
            self._show(*source.pop())

    def _name_window(self) -> None:
        project = self.current_project if self._current in _OF_PROJECT else None
        name = f"{project.name} – " if project else ""
        self.setWindowTitle(f"{name}Goferry")

    # Project

    @property
    def current_project(self) -> Path | None:
        return self._project.folder

    def set_current_project(self, folder: Path | None) -> None:
        """Make a folder the current project; everyone hears of it."""
        if self._project.choose(folder):
            self._name_window()
            self.project_changed.emit(folder)

    def switch_project(self) -> None:
        """The list of projects under the switcher (Ctrl+P)."""
        from desktop.ui.switch_menu import SwitchMenu

        menu = SwitchMenu(self.app.settings.now.projects, self.current_project, self)
        menu.chosen.connect(lambda folder: self.set_current_project(Path(folder)))
        menu.open_asked.connect(self.shortcuts.open_folder)
        show_at(menu, self.nav.switcher.mapToGlobal(self.nav.switcher.rect().bottomLeft()))

    # What pages may ask

    @property
    def is_narrow(self) -> bool:
        return self._narrow

    def open_sheet(self, sheet: Sheet, ended: Callable[[Any], None] | None = None) -> Sheet:
        return self.sheets.open(sheet, ended)

    def toast(
        self, kind: str, title: Text, text: Text = "", actions: Sequence[tuple[Text, Callable[[], None]]] = ()
    ) -> Toast:
        return self.toasts.show_toast(kind, title, text, actions)

    def spawn(self, work: Coroutine[Any, Any, Any], owner: QWidget | None = None) -> object:
        return self.tasks.spawn(work, owner)

    def set_status(self, key: str, state: str, text: Text, tip: Text = "") -> None:
        self.status.set_item(key, state, text, tip)

    def set_badge(self, key: str, count: int, tone: str = "warn") -> None:
        if key in self.nav.buttons:
            self.nav.buttons[key].set_badge(count, tone)

    def open_activity(self, job: object = None) -> None:
        self.activity.open(job)

    def _start_engine(self) -> None:
        from desktop.app_engine import start_engine_job

        start_engine_job(self.app)

    def show_output(self, job: object) -> None:
        from desktop.ui.pages.activity.output import OutputSheet

        if isinstance(job, Job):
            self.open_sheet(OutputSheet(job))

    def open_job(self, job: Job[Any]) -> None:
        """The job's own page at that job; its output where no page shows it."""
        if job.page in PAGES and job.page != "settings":
            self.activity.close_unless_pinned()
            self.navigate(job.page, job)
        else:
            self.show_output(job)

    def error(self, error: BaseException) -> None:
        """What happened, why, what to do, in the bar over the page."""
        theme().roots.catch_up(self.error_bar)
        self.error_bar.show_error(error)

    # Jobs

    def _show_jobs(self) -> None:
        now = summary(self.app.jobs.all)
        self.status.show_summary(now)
        self.taskbar.show_jobs(self.app.jobs.running)
        self.nav.activity.set_badge(now.badge)

    # Look, language, size

    def retranslate(self) -> None:
        """Say everything again in the language in force."""
        repeat_texts()
        for page in self._pages.values():
            page.retranslate()
        self._show_jobs()
        self.activity.retranslate()
        self._project.show()

    def _on_theme(self) -> None:
        color_title_bar(int(self.winId()), dark=theme().is_dark, color=theme().color("bg.base"))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ring.watch()
        color_title_bar(int(self.winId()), dark=theme().is_dark, color=theme().color("bg.base"))

    def _fit(self) -> None:
        width = self.width()
        self.nav.set_compact(width < 1360)
        self.activity.fit()
        narrow = width < (1600 if theme().text_scale >= 1.5 else 1180)
        if narrow != self._narrow:
            self._narrow = narrow
            self.narrow_changed.emit(narrow)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes the panel when nothing inside wanted it; as a shortcut it would be taken from every field."""
        if event.key() == Qt.Key.Key_Escape:
            self.activity.close()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.BackButton:
            self.go_back()
        elif event.button() == Qt.MouseButton.ForwardButton:
            self.go_back(1)

    def come_forward(self) -> None:
        """Be in front, whatever covers it."""
        bring_forward(self)

    # Leaving, in two phases: ask, then let the owner tidy up

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._leaving:
            event.accept()
            return
        event.ignore()
        running = self.app.jobs.running
        if not running:
            self._leave()
        elif self.sheets.top is None or self.sheets.top.objectName() != "leave":
            self._ask_to_leave(len(running))

    def leave_for(self, program: Path | None) -> None:
        """Close, then start a program; not if the person decides to stay."""
        self.then = program
        self.close()

    def _what_runs(self) -> str:
        return ", ".join(str(job.title) for job in self.app.jobs.running[:3])

    def _answer_leaving(self, yes: object) -> None:
        if yes == "tray":
            told = self.place.text("tray_told") == "yes"
            self.place.set_text("tray_told", "yes")
            self.then = None
            hide_to_tray(self, self.close, tell=not told)
        elif yes:
            self._leave()
        else:
            self.then = None

    def _ask_to_leave(self, count: int) -> None:
        from desktop.base.words import msg, ntr, sentences

        tasks = [job.title for job in self.app.jobs.running[:3]]

        def what() -> str:
            stops = msg(
                "Cancelled tasks stop at the next safe point and leave nothing half done on a server."
            )
            names = ", ".join(str(task) for task in tasks)
            shown = f"{names} …" if count > len(tasks) else msg("{tasks}.", tasks=names)
            return str(sentences(shown, stops))

        sheet = ConfirmSheet(
            lambda: ntr("{n} task is running", "{n} tasks are running", count),
            what,
            lambda: tr("Cancel them and quit"),
            name="leave",
            kind="dangerFilled",
            cancel=lambda: tr("Keep working"),
        )
        if self.app.settings.now.tray and has_tray():
            hide = button(lambda: tr("Hide to tray"), name="leave.tray")
            hide.clicked.connect(lambda: sheet.accept("tray"))
            sheet.foot.insertWidget(0, hide)
            sheet.setFixedWidth(max(sheet.width(), sheet.minimumSizeHint().width()))
        self.open_sheet(sheet, self._answer_leaving)

    def _leave(self) -> None:
        self._leaving = True
        self.place.keep_window(self)
        for key, page in self._pages.items():
            self.place.keep_splitters(key, page)
        self.place.save()
        self.hide()
        self.closed.emit()

    async def release(self) -> None:
        """Let go of everything that listens, end what still reads; the owner calls it once, last."""
        self._unlisten()
        self.feed.close()
        theme().changed.disconnect(self._on_theme)
        await self.tasks.close()


def size_of(name: str) -> int:
    """A named size of the tokens."""
    return theme().size(name)


def _focus_in(page: Page) -> None:
    """The keyboard goes along to the page that took another's place: Qt gives it to the find box or to the next field.
    A field that filters is passed over, or the next letter would hide rows."""
    panes = [pane for pane in page.panes() if pane.isVisible() and not isinstance(pane, QLineEdit)]
    (panes[0] if panes else page).setFocus(Qt.FocusReason.OtherFocusReason)
