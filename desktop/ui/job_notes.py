"""Tells of jobs that end while the person is elsewhere: a toast in the window, a note of the system outside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QSystemTrayIcon

from desktop.base.jobs import Job, JobState
from desktop.base.words import tr
from desktop.ui.widgets import Text

if TYPE_CHECKING:
    from desktop.ui.window import Window

TOAST_AFTER_S = 3.0
NOTE_AFTER_S = 20.0


class JobNotes:
    """Listens to the feed of a window. The job of the page in view needs no note."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        window.feed.ended.connect(self._on_ended)
        window.feed.needs_you.connect(self._on_needs_you)

    def _on_ended(self, job: Job[Any]) -> None:
        if job.state is JobState.CANCELLED:
            return
        failed = job.state is JobState.FAILED
        if not self._window.isActiveWindow() and (failed or job.seconds >= NOTE_AFTER_S):
            self._note(str(job.title), str(job.stage) or tr("Done"), failed)
        if job.page and job.page == self._window.current_key:
            job.seen = True
        elif self._window.activity.is_open:
            return
        elif failed:
            self._toast("fail", job.title, job)
        elif job.seconds >= TOAST_AFTER_S:
            self._window.toast("ok", job.title, job.stage or (lambda: tr("Done")))

    def _on_needs_you(self, job: Job[Any]) -> None:
        if job.page != self._window.current_key and not self._window.activity.is_open:
            self._toast("warn", lambda: tr("{title} needs you", title=str(job.title)), job)

    def _toast(self, kind: str, title: Text, job: Job[Any]) -> None:
        self._window.toast(kind, title, job.stage, [(lambda: tr("Open"), lambda: self._window.open_job(job))])

    def _note(self, title: str, text: str, failed: bool) -> None:
        """A note of the system, where the person wished for them and the system has them."""
        if not self._window.app.settings.now.tray or not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self._window)
            self._tray.activated.connect(lambda _reason: self._window.come_forward())
            self._tray.messageClicked.connect(self._window.come_forward)
        self._tray.show()
        kind = QSystemTrayIcon.MessageIcon.Warning if failed else QSystemTrayIcon.MessageIcon.Information
        self._tray.showMessage(title, text, kind)
