"""Nothing fails in silence: every door through which an error can leave, into the log and the error bar."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from types import TracebackType
from typing import Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

_log = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Problems(QObject):
    """`found(error)` on the window's thread, whichever thread it came from."""

    found = Signal(object)

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take over the four doors, and Qt's own messages."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread
        loop.set_exception_handler(self._on_loop)
        qInstallMessageHandler(_on_qt)

    def remove(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give them back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        loop.set_exception_handler(None)
        qInstallMessageHandler(None)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        _log.error("unexpected", exc_info=(kind, error, trace))
        self.found.emit(error)

    def _on_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            name = args.thread.name if args.thread else "?"
            _log.error("unexpected in thread %s", name, exc_info=args.exc_value)
            self.found.emit(args.exc_value)

    def _on_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        _log.error("unexpected in the loop: %s", context.get("message"), exc_info=error)
        if isinstance(error, BaseException):
            self.found.emit(error)


def _on_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", message)
