"""Opens the Activity panel: sliding over the page, or docked beside it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPropertyAnimation, QRect

from desktop.base.jobs import Job
from desktop.ui.theme import theme, tokens

if TYPE_CHECKING:
    from desktop.ui.pages.activity.panel import ActivityPanel
    from desktop.ui.window import Window


class ActivityDock:
    """Where the panel is, and whether it is there. It is made when it is first wanted."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.is_open = False
        self._pinned = False

    @cached_property
    def panel(self) -> ActivityPanel:
        from desktop.ui.pages.activity.panel import ActivityPanel

        window = self._window
        panel = ActivityPanel(window.feed, window.app.history.past, window)
        panel.cleared = window.place.number("activity/cleared")
        panel.hide()
        theme().dress(panel)
        panel.close_asked.connect(self.close)
        panel.pin_asked.connect(self._pin)
        panel.job_asked.connect(self._on_job)
        panel.again_asked.connect(self._on_again)
        panel.output_asked.connect(window.show_output)
        panel.clear.clicked.connect(lambda: window.place.set_text("activity/cleared", f"{panel.cleared:.0f}"))
        return panel

    @cached_property
    def _slide(self) -> QPropertyAnimation:
        slide = QPropertyAnimation(self.panel, b"geometry", self.panel)
        slide.finished.connect(self._on_slid)
        return slide

    def retranslate(self) -> None:
        if "panel" in self.__dict__:
            self.panel.show_jobs()

    def toggle(self) -> None:
        if self.is_open:
            self.close()
        else:
            self.open()

    def open(self, job: object = None) -> None:
        """Show the panel, with a job chosen."""
        self.panel.show_jobs()
        self.panel.choose(job)
        self._window.toasts.clear()
        if not self.is_open:
            self.is_open = True
            self.panel.show()
            if not self._pinned:
                self.panel.raise_()
                self._move(self._outside(), self._inside())
        self.panel.view.setFocus()

    def close(self) -> None:
        """Slide it away; what failed has been seen."""
        if not self.is_open:
            return
        self.is_open = False
        self.panel.mark_seen()
        if self._pinned:
            self.panel.pin.setChecked(False)
            self.panel.hide()
        else:
            self._move(self._inside(), self._outside())

    def close_unless_pinned(self) -> None:
        if not self._pinned:
            self.close()

    def fit(self) -> None:
        """Keep its place when the window changes its size."""
        if self.is_open and not self._pinned:
            self._slide.stop()
            self.panel.setGeometry(self._inside())

    def _on_job(self, job: Job[Any]) -> None:
        self._window.open_job(job)

    def _on_again(self, job: Job[Any]) -> None:
        job.seen = True
        self.close_unless_pinned()
        if job.again is not None:
            job.again()

    def _pin(self, pinned: bool) -> None:
        self._pinned = pinned
        middle = self._window.middle
        if pinned:
            self._slide.stop()
            self.panel.setFixedWidth(tokens()["size"]["activity"])
            middle.addWidget(self.panel)
        else:
            middle.removeWidget(self.panel)
            self.panel.setMinimumWidth(0)
            self.panel.setMaximumWidth(16_777_215)
            self.panel.setGeometry(self._inside())
            self.panel.raise_()
        self.panel.setVisible(self.is_open)

    def _inside(self) -> QRect:
        width = tokens()["size"]["activity"]
        height = self._window.height() - theme().size("statusbar")
        return QRect(self._window.width() - width, 0, width, height)

    def _outside(self) -> QRect:
        return self._inside().translated(tokens()["size"]["activity"], 0)

    def _move(self, start: QRect, end: QRect) -> None:
        self._slide.stop()
        length = theme().duration("slow")
        if not length or not self._window.isVisible():
            self.panel.setGeometry(end)
            self._on_slid()
            return
        self._slide.setDuration(length)
        self._slide.setEasingCurve(theme().curve("slow"))
        self._slide.setStartValue(start)
        self._slide.setEndValue(end)
        self._slide.start()

    def _on_slid(self) -> None:
        if not self.is_open:
            self.panel.hide()
