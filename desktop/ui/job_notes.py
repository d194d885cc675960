"""Tells of jobs that end while the person is elsewhere: a toast in the window, a note of the system outside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shiboken6

from desktop.base.jobs import Job, JobState
from desktop.base.words import tr
from desktop.ui.notify import notify
from desktop.ui.widgets import Text, Toast

if TYPE_CHECKING:
    from desktop.ui.window import Window

TOAST_AFTER_S = 3.0
BY_THEMSELVES = ("on_save",)
"""Kinds that come one after the other unasked: the foot of the window tells of them, and a newer failure takes the
place of an older one."""
NOTE_AFTER_S = 20.0


class JobNotes:
    """Listens to the feed of a window. The job of the page in view needs no note."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._last: dict[str, Toast] = {}
        window.feed.ended.connect(self._on_ended)
        window.feed.needs_you.connect(self._on_needs_you)

    def _on_ended(self, job: Job[Any]) -> None:
        if job.state is JobState.CANCELLED:
            return
        self._take_away(job)
        failed = job.state is JobState.FAILED
        if not self._window.isActiveWindow() and (failed or job.seconds >= NOTE_AFTER_S):
            self._note(str(job.title), str(job.stage) or tr("Done"), failed)
        if job.page and job.page == self._window.current_key:
            job.seen = True
        elif self._window.activity.is_open:
            return
        elif failed:
            self._toast("fail", job.title, job)
        elif job.seconds >= TOAST_AFTER_S and job.kind not in BY_THEMSELVES:
            self._window.toast("ok", job.title, job.stage or (lambda: tr("Done")))

    def _on_needs_you(self, job: Job[Any]) -> None:
        if job.page != self._window.current_key and not self._window.activity.is_open:
            self._toast("warn", lambda: tr("{title} needs you", title=str(job.title)), job)

    def _toast(self, kind: str, title: Text, job: Job[Any]) -> None:
        actions = [(lambda: tr("Open"), lambda: self._window.open_job(job))]
        toast = self._window.toasts.show_toast(kind, title, job.stage, actions)
        if job.kind in BY_THEMSELVES:
            self._last[f"{job.kind} {job.subject}"] = toast

    def _take_away(self, job: Job[Any]) -> None:
        """What an earlier one of its kind said of the same thing is no longer how it is."""
        toast = self._last.pop(f"{job.kind} {job.subject}", None)
        if toast is not None and shiboken6.isValid(toast):
            toast.closed.emit()

    def _note(self, title: str, text: str, failed: bool) -> None:
        """A note of the system, where the person wished for them and the system has them."""
        if self._window.app.settings.now.tray:
            notify(self._window, title, text, trouble=failed)
