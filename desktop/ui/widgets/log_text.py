"""Times of log lines in words, and a log as plain text in a window of its own."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from desktop.ui.theme import theme


def clock_time(at: float) -> str:
    """14:46:30.402, local."""
    return time.strftime("%H:%M:%S", time.localtime(at)) + f".{int(at % 1 * 1000):03d}"


def elapsed_time(at: float) -> str:
    """0:14.6 since the start."""
    return f"{int(at // 60)}:{at % 60:04.1f}"


def open_text(parent: QWidget, name: str, text: str) -> QWidget:
    """The lines in a window of plain text, which every screen reader can walk."""
    window = QWidget(parent, Qt.WindowType.Window)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.setWindowTitle(name)
    editor = QPlainTextEdit(text, window)
    editor.setObjectName("log.text")
    editor.setAccessibleName(name)
    editor.setReadOnly(True)
    editor.setFont(theme().font("mono"))
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(editor)
    window.resize(900, 600)
    window.show()
    return window
