"""The window's event loop, in which one step of a task is over before the next begins.

Windows hands out posted events, and with them timers of 0 ms, whenever something pumps its messages: to start a program
by its shell does, so does a dialog of its own. qasync runs asyncio's steps from such timers. A step in the middle of
another one is refused by asyncio ("Cannot enter into task"), and its task never goes on: here it waits for its turn.
One that comes while the loop does not run, as when the last events are handed out after its end, would find "no running
event loop" and leave what it was about to start behind: it waits until the loop runs again.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import qasync
from PySide6.QtCore import QTimerEvent
from PySide6.QtWidgets import QApplication

SWITCH_S = 0.001
"""How long a thread that computes may keep Python from the window, which asks for it at each event and signal. Python's
own 5 ms are a frame when three threads read log lines."""


class StepTimer(qasync._SimpleTimer):  # type: ignore[misc]  # qasync has no types
    """qasync's timer, for one handle at a time, and only while the loop runs."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = False
        self._waiting: list[asyncio.Handle] = []

    def timerEvent(self, event: QTimerEvent) -> None:
        if not self._stopped and (self._inside or asyncio._get_running_loop() is None):
            self.killTimer(event.timerId())
            handle = self._SimpleTimer__callbacks.pop(event.timerId(), None)
            if handle is not None:
                self._waiting.append(handle)
            return
        self._inside = True
        try:
            super().timerEvent(event)
        finally:
            self._inside = False
            self.go_on()

    def go_on(self) -> None:
        """Has what waited come again."""
        waiting, self._waiting = self._waiting, []
        for handle in waiting:
            self.add_callback(handle)


class WindowLoop(qasync.QEventLoop):  # type: ignore[misc]  # qasync has no types
    """qasync's loop with such a timer. While there is one, threads of work make way for the window sooner."""

    def __init__(self, application: QApplication) -> None:
        self._own: Any = None
        self._before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        super().__init__(application)

    def _before_run_forever(self) -> None:
        super()._before_run_forever()
        self._own.go_on()

    def close(self) -> None:
        sys.setswitchinterval(self._before)
        super().close()

    @property
    def _timer(self) -> Any:
        return self._own

    @_timer.setter
    def _timer(self, _made: object) -> None:
        self._own = StepTimer()
