"""Windows signs off or shuts down while something runs: the person is asked, and Windows says for what it waits."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QSessionManager
from PySide6.QtWidgets import QWidget


class SessionEnd(QObject):
    """`reason` is what runs, in words, "" for nothing; `ask` asks the person whether to leave."""

    def __init__(self, window: QWidget, reason: Callable[[], str], ask: Callable[[], object]) -> None:
        super().__init__(window)
        self._window, self._reason, self._ask = window, reason, ask
        self._shown = ""
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.commitDataRequest.connect(self.decide)

    def decide(self, manager: QSessionManager) -> None:
        """No, while something runs; Windows then names our window as the one that it waits for."""
        if self._reason():
            manager.cancel()
            self._ask()

    def show_reason(self) -> None:
        """Tell Windows what runs: it shows that beside “Shut down anyway”. To be called when it may have changed."""
        reason = self._reason()
        if sys.platform != "win32" or reason == self._shown:
            return
        import ctypes

        user, window = ctypes.windll.user32, ctypes.c_void_p(int(self._window.winId()))
        if reason:
            user.ShutdownBlockReasonCreate(window, ctypes.c_wchar_p(reason))
        else:
            user.ShutdownBlockReasonDestroy(window)
        self._shown = reason
