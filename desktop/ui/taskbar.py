"""How far the running work is, on Goferry's button in Windows' task bar: seen while another window is in front."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Any
from uuid import UUID

from PySide6.QtWidgets import QWidget

from desktop.base.jobs import Job, JobState

_TASKBAR_LIST = UUID("56FDF344-FD6D-11D0-958A-006097C9A090")
_TASKBAR_LIST_3 = UUID("EA1AFB91-9E28-4B86-90E9-9E9F8A5EEFAF")
_HR_INIT, _SET_VALUE, _SET_STATE = 3, 9, 10
"""Places in the table of methods of ITaskbarList3."""
_IN_PROCESS = 1


class Progress(IntEnum):
    """TBPFLAG."""

    NONE = 0
    UNKNOWN = 1
    NORMAL = 2
    WAITS = 8


def shown(running: Sequence[Job[Any]]) -> tuple[Progress, int]:
    """The state, and per cent: of the job that is the least far, as that is what a person waits for."""
    if not running:
        return Progress.NONE, 0
    fractions = [job.fraction for job in running]
    known = [fraction for fraction in fractions if fraction is not None]
    percent = round(100 * min(known)) if known else 0
    if any(job.state is JobState.NEEDS_YOU for job in running):
        return Progress.WAITS, percent or 100
    return (Progress.NORMAL if known else Progress.UNKNOWN), percent


class Taskbar:
    """The button of one window. Where there is no such task bar, nothing happens."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._list: Any = None
        self._tried = False
        self._before: tuple[Progress, int] = (Progress.NONE, 0)

    def show_jobs(self, running: Sequence[Job[Any]]) -> None:
        now = shown(running)
        if now == self._before or sys.platform != "win32":
            return
        self._before = now
        if not self._tried:
            self._tried, self._list = True, _taskbar_list()
        if self._list is None:
            return
        import ctypes

        state, percent = now
        window = ctypes.c_void_p(int(self._window.winId()))
        _call(self._list, _SET_STATE, window, ctypes.c_int(state))
        if state in (Progress.NORMAL, Progress.WAITS):
            _call(self._list, _SET_VALUE, window, ctypes.c_uint64(percent), ctypes.c_uint64(100))


def _taskbar_list() -> Any:
    """ITaskbarList3, or None on a Windows without a shell. Qt has started COM on this thread."""
    if sys.platform != "win32":
        return None
    import ctypes

    found = ctypes.c_void_p()
    failed = ctypes.windll.ole32.CoCreateInstance(
        _TASKBAR_LIST.bytes_le, None, _IN_PROCESS, _TASKBAR_LIST_3.bytes_le, ctypes.byref(found)
    )
    if failed or not found.value:
        return None
    return found if _call(found, _HR_INIT) == 0 else None


def _call(pointer: Any, method: int, *words: Any) -> int:
    """A method of a COM object by its place in the table; its HRESULT."""
    if sys.platform != "win32":
        return -1
    import ctypes

    table = ctypes.cast(
        ctypes.cast(pointer, ctypes.POINTER(ctypes.c_void_p))[0], ctypes.POINTER(ctypes.c_void_p)
    )
    kind = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, *(type(word) for word in words))
    return int(kind(table[method])(pointer, *words))
