"""Windows wants to sign off: no, while something runs, with the reason that its own screen then shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

if sys.platform != "win32":
    pytest.skip("needs a Windows Python: test_edition.py starts one", allow_module_level=True)

import ctypes

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget

from desktop.base.jobs import JobState
from desktop.ui.notify import is_quiet
from desktop.ui.session_end import SessionEnd
from desktop.ui.taskbar import Taskbar
from desktop.ui.titlebar import color_title_bar

QUERY_END_SESSION, END_SESSION = 0x0011, 0x0016


@pytest.fixture
def window() -> Iterator[QWidget]:
    application: Any = QApplication.instance() or QApplication(["test", "-platform", "windows"])
    if application.platformName() != "windows":
        pytest.skip("another platform of Qt is in use")
    made = QWidget()
    made.show()
    yield made
    made.close()


def asked(window: QWidget) -> bool:
    """What the window answers when Windows asks whether it may end the session."""
    send = ctypes.windll.user32.SendMessageW
    send.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p]
    handle = int(window.winId())
    answer = bool(send(handle, QUERY_END_SESSION, 0, 0))
    send(handle, END_SESSION, 0, 0)  # it did not end: somebody said no
    return answer


def test_a_running_deploy_is_asked_about_and_named(window: QWidget) -> None:
    running: list[str] = []
    questions: list[bool] = []
    end = SessionEnd(window, lambda: ", ".join(running), lambda: questions.append(True))
    assert asked(window)
    assert questions == []
    running.append("部署 orders 到 prod")
    end.show_reason()
    assert not asked(window)
    assert questions == [True]
    running.clear()
    end.show_reason()
    assert asked(window)


def test_the_title_bar_and_quiet_hours_can_be_asked_of_windows(window: QWidget) -> None:
    for dark in (True, False):
        color_title_bar(int(window.winId()), dark=dark, color=QColor("black"))
    assert is_quiet() in (True, False)


def test_the_task_bar_takes_the_progress(window: QWidget) -> None:
    bar = Taskbar(window)
    job: Any = SimpleNamespace(fraction=0.3, state=JobState.RUNNING)
    for running in ([job], [], [job, SimpleNamespace(fraction=None, state=JobState.NEEDS_YOU)], []):
        bar.show_jobs(running)
    assert bar._list is not None, "there is a task bar, and it understood"
