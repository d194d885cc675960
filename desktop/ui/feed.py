"""Jobs for widgets: changes gathered to at most one signal every 100 ms, and a beat while something runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.base.jobs import Job, Jobs
from desktop.ui.theme import tokens


class JobsFeed(QObject):
    """`changed` after changes and each second while jobs run; `ended(job)` once for each that is over."""

    changed = Signal()
    ended = Signal(object)
    needs_you = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = jobs
        self._over: set[int] = {job.id for job in jobs.all if job.state.over}
        self._asked: set[int] = set()
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(tokens()["motion"]["progressTickMs"])
        self._gather.timeout.connect(self._tell)
        self._beat = QTimer(self)
        self._beat.setInterval(1000)
        self._beat.timeout.connect(self._on_beat)
        self._unlisten: Callable[[], None] = jobs.listen(self._on_job)

    def close(self) -> None:
        """Stop listening."""
        self._unlisten()
        self._gather.stop()
        self._beat.stop()

    def _on_job(self, job: Job[Any]) -> None:
        if job.state.over and job.id not in self._over:
            self._over.add(job.id)
            self.ended.emit(job)
        if job.state == "needs_you" and job.id not in self._asked:
            self._asked.add(job.id)
            self.needs_you.emit(job)
        elif job.state != "needs_you":
            self._asked.discard(job.id)
        if not self._gather.isActive():
            self._gather.start()

    def _tell(self) -> None:
        if self.jobs.running and not self._beat.isActive():
            self._beat.start()
        self.changed.emit()

    def _on_beat(self) -> None:
        if not self.jobs.running:
            self._beat.stop()
        self.changed.emit()
