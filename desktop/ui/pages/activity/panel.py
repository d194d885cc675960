"""The panel that slides in from the right, or docks beside the page."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QListView, QMenu, QVBoxLayout, QWidget

from desktop.base.history import JobRecord
from desktop.base.jobs import JobState
from desktop.base.words import tr
from desktop.ui.feed import JobsFeed
from desktop.ui.theme import theme
from desktop.ui.widgets import EmptyState, IconButton, button, label, line, row, say

from .delegate import JOB_ROLE, JobDelegate, JobModel
from .present import JobRow, report, rows


class ActivityPanel(QFrame):
    """`job_asked(job)`: go to the job; `output_asked(job)`; `again_asked(job)`: run it once more;
    `close_asked()`; `pin_asked(bool)`."""

    job_asked = Signal(object)
    output_asked = Signal(object)
    close_asked = Signal()
    pin_asked = Signal(bool)
    again_asked = Signal(object)

    def __init__(self, feed: JobsFeed, past: Sequence[JobRecord], parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("surface", "drawer")
        self.setObjectName("activity")
        self._feed, self._past = feed, past
        self.cleared = 0.0
        """What ended before this moment is hidden; the history keeps it."""
        say(self, self.setAccessibleName, lambda: tr("Activity"))
        self.clear = button(lambda: tr("Clear done"), name="activity.clear", kind="link", small=True)
        self.clear.clicked.connect(self.clear_done)
        self.pin = IconButton("pin", lambda: tr("Keep open beside the page"), name="activity.pin")
        self.pin.setCheckable(True)
        self.pin.toggled.connect(self.pin_asked)
        close = IconButton("x", lambda: tr("Close (Esc)"), name="activity.close")
        close.clicked.connect(self.close_asked)
        title = label(lambda: tr("Activity"), "subtitle")
        head = row(title, None, self.clear, self.pin, close, margins=(16, 11, 10, 11))
        self.view = _JobList()
        self.model = JobModel()
        self.view.setModel(self.model)
        self.delegate = JobDelegate(self.view)
        self.view.setItemDelegate(self.delegate)
        self.delegate.pressed.connect(self._press)
        self.view.activated.connect(self._open)
        self.view.clicked.connect(self._open)
        self.view.menu_asked.connect(self._menu)
        self.view.cancel_asked.connect(lambda shown: self._press(shown, "cancel"))
        self.empty = EmptyState(
            "activity",
            lambda: tr("Nothing running"),
            lambda: tr("Done jobs of the last 30 days will be listed here."),
            name="activity.empty",
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(line())
        layout.addWidget(self.view, 1)
        layout.addWidget(self.empty, 1)
        feed.changed.connect(self.show_jobs)
        self.show_jobs()

    def show_jobs(self) -> None:
        """Show what is so now; while hidden there is nothing to do."""
        shown = rows(self._feed.jobs.all, self._past, time.time(), self.cleared)
        self.model.show_rows(shown)
        self.view.setVisible(bool(shown))
        self.empty.setVisible(not shown)
        self.clear.setEnabled(any(not entry.group and _is_over(entry) for entry in shown))

    def choose(self, job: object) -> None:
        """Bring a job's row into view."""
        for at, shown in enumerate(self.model.rows()):
            if shown.job is job and job is not None:
                self.view.setCurrentIndex(self.model.index(at))
                self.view.scrollTo(self.model.index(at))

    def clear_done(self) -> None:
        self.cleared = time.time()
        self._feed.jobs.clear_done()
        self._feed.changed.emit()

    def mark_seen(self) -> None:
        """Failures have been looked at; they no longer stand out."""
        for job in self._feed.jobs.all:
            if job.state is JobState.FAILED:
                job.seen = True
        self._feed.changed.emit()

    def _open(self, index: QModelIndex) -> None:
        shown = index.data(JOB_ROLE)
        if isinstance(shown, JobRow) and shown.job is not None:
            shown.job.seen = shown.job.state.over
            self.job_asked.emit(shown.job)

    def _press(self, shown: JobRow, key: str) -> None:
        if shown.job is None:
            return
        if key == "cancel":
            shown.job.cancel()
        elif key == "now":
            shown.job.start_now()
        elif key == "again":
            self.again_asked.emit(shown.job)
        else:
            shown.job.seen = shown.job.state.over
            self.job_asked.emit(shown.job)
        self.show_jobs()

    def _menu(self, shown: JobRow, where: QPoint) -> None:
        job = shown.job
        if job is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Open"), lambda: self.job_asked.emit(job))
        menu.addAction(tr("Output"), lambda: self.output_asked.emit(job))
        menu.addAction(tr("Copy for a bug report"), lambda: QGuiApplication.clipboard().setText(report(job)))
        if job.state.over and job.again is not None:
            menu.addAction(tr("Run again"), lambda: self.again_asked.emit(job))
        if not job.state.over:
            menu.addSeparator()
            if job.can_jump and job.state is JobState.WAITING:
                menu.addAction(tr("Start now"), job.start_now)
            menu.addAction(tr("Cancel"), job.cancel)
        menu.popup(where)


def _is_over(shown: JobRow) -> bool:
    return shown.record is not None or (shown.job is not None and shown.job.state.over)


class _JobList(QListView):
    """The list; Delete cancels the chosen job, the menu key opens its menu."""

    menu_asked = Signal(object, QPoint)
    cancel_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("activity.list")
        say(self, self.setAccessibleName, lambda: tr("Jobs"))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        theme().changed.connect(self.scheduleDelayedItemsLayout)

    def _on_menu(self, point: QPoint) -> None:
        index = self.indexAt(point)
        if index.isValid() and isinstance(shown := index.data(JOB_ROLE), JobRow) and not shown.group:
            self.menu_asked.emit(shown, self.viewport().mapToGlobal(point))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shown = self.currentIndex().data(JOB_ROLE)
        if event.key() == Qt.Key.Key_Delete and isinstance(shown, JobRow):
            self.cancel_asked.emit(shown)
            return
        super().keyPressEvent(event)
