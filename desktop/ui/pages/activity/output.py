"""A job's output, live while it runs, and what went wrong in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent

from desktop.base.jobs import Job
from desktop.base.words import sentences, tr
from desktop.ui.widgets import Banner, LogPane, LogRow, Sheet, StateLabel, button, elapsed_time, state_word

from .present import STATE_SHAPES, elapsed, report

_POLL_MS = 100
_LEVELS = {"fail": "error", "warn": "warn", "command": "debug", "ok": "info"}


class OutputSheet(Sheet):
    """What a job said. Open it with `frame.show_output(job)`."""

    def __init__(self, job: Job[Any]) -> None:
        super().__init__(lambda: str(job.title), name="output", cancel=lambda: tr("Close"), width=980)
        self._job, self._taken = job, 0
        self.state = StateLabel()
        self.body.addWidget(self.state)
        self.banner = Banner(name="output.error")
        self.body.addWidget(self.banner)
        self.pane = LogPane(
            name="output", label_text=lambda: tr("Output"), time_text=elapsed_time, levels=False
        )
        self.pane.view.setMinimumHeight(360)
        self.body.addWidget(self.pane, 1)
        copy = button(lambda: tr("Copy for a bug report"), name="output.report", icon="copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report(job)))
        self.foot.insertWidget(0, copy)
        self.stop = button(lambda: tr("Cancel the job"), name="output.stop", kind="danger")
        self.stop.clicked.connect(job.cancel)
        self.foot.insertWidget(1, self.stop)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._take)
        self._timer.start()
        self._take()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _take(self) -> None:
        job = self._job
        total = job.dropped + len(job.log)
        fresh = min(len(job.log), total - self._taken)
        if fresh > 0:
            entries = list(job.log)[len(job.log) - fresh :]
            self.pane.view.append(
                LogRow(entry.at, _LEVELS.get(entry.level, ""), entry.source, entry.text) for entry in entries
            )
            self._taken = total
        shape = STATE_SHAPES[job.state]
        self.state.show_state(shape, lambda: f"{job.stage or state_word(shape)} · {elapsed(job, _now())}")
        self.stop.setVisible(not job.state.over)
        self.stop.setEnabled(not job.cancel_asked)
        if job.state.over:
            self._timer.stop()
            if job.error is not None and not self.banner.isVisible():
                error = job.error
                self.banner.show_banner("fail", error.what, sentences(error.why, error.fix))
                if job.error.detail and not job.log:
                    self.pane.view.append(
                        LogRow(job.seconds, "", "", text) for text in job.error.detail.splitlines()
                    )


def _now() -> float:
    import time

    return time.time()
