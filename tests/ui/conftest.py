"""One loop a test, as the program has one loop a process; nothing may be left running, nothing may stall."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

os.environ["QT_API"] = "pyside6"
os.environ.setdefault("GOFERRY_STILL", "1")  # no animation: a test waits for states, not for motion

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from desktop.app import App
from desktop.base.paths import Home
from desktop.base.words import set_language
from desktop.ui.pages import PAGES
from desktop.ui.steps import WindowLoop
from desktop.ui.style import GoferryStyle
from desktop.ui.theme import theme
from desktop.ui.warm import STATIONS
from desktop.ui.window import Window
from tests.too_slow import TooSlow
from tests.ui.stall import STALL_MS, StallMeter, allowed_ms

if sys.platform == "win32":  # Windows' own file dialogs run in a thread that no test can drive or wait for
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)

T = TypeVar("T")
PATIENCE_S = 120.0
"""How long a test waits for a state that comes in an instant on a computer with nothing else to do."""
PATIENCE_MS = int(PATIENCE_S * 1000)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "may_stall(ms): the loop may stand still for so long, with a reason")


class Aio:
    """Runs a coroutine on the window's loop: `aio(coro)`. `meter` has the lags of all runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.meter = loop, StallMeter()

    def __call__(self, work: Coroutine[Any, Any, T], timeout: float = 250) -> T:
        async def measured() -> T:
            self.meter.start()
            try:
                return await asyncio.wait_for(work, timeout)
            finally:
                self.meter.stop()

        return self.loop.run_until_complete(measured())

    async def until(self, holds: Callable[[], bool], what: str = "the state") -> None:
        """Wait until something holds; the test's time limit ends it otherwise."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"not in {PATIENCE_S:.0f} s: {what}"
            await asyncio.sleep(0.01)


@contextmanager
def time_limit_stops(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """The test's time limit ends a running loop. Its exception alone does not: it comes up in whichever slot or task
    runs at that moment, and is kept there. The beat is there because Qt, while idle, lets Python see no signal."""
    if not hasattr(signal, "SIGALRM"):
        yield  # there the limit ends the whole process
        return
    rings = signal.getsignal(signal.SIGALRM)

    def ring(number: int, frame: Any) -> None:
        try:
            if callable(rings):
                rings(number, frame)
        except BaseException:
            if not loop.is_running():
                raise
            signal.setitimer(signal.ITIMER_REAL, 10)  # once more, should what tidies up hang too
            loop.stop()

    signal.signal(signal.SIGALRM, ring)
    beat = QTimer()
    beat.timeout.connect(lambda: None)
    beat.start(250)
    try:
        yield
    finally:
        beat.stop()
        signal.signal(signal.SIGALRM, rings)


@pytest.fixture
def aio(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Aio]:
    loop = WindowLoop(qapp)
    with time_limit_stops(loop):
        yield from _on(loop, request)


def _on(loop: asyncio.AbstractEventLoop, request: pytest.FixtureRequest) -> Iterator[Aio]:
    asyncio.set_event_loop(loop)
    errors: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: errors.append(context))
    runner = Aio(loop)
    yield runner
    pending = [task for task in asyncio.all_tasks(loop) if not task.done()]
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.close()
    asyncio.set_event_loop(None)
    assert errors == []
    assert [task.get_name() for task in pending] == [], "tasks were left running"
    marker = request.node.get_closest_marker("may_stall")
    limit = marker.args[0] if marker else STALL_MS
    worst = runner.meter.worst_ms
    if worst > limit and worst > allowed_ms(limit):
        raise TooSlow(f"the loop stood still for {worst:.0f} ms")


@pytest.fixture(autouse=True)
def plain_look(qapp: QApplication) -> Iterator[None]:
    """Light, English, 100 %, before and after."""
    _dress()
    yield
    _dress()


def _dress() -> None:
    set_language("en")
    now = (theme().mode, theme().text_scale, theme().density)
    if now != ("light", 1.0, "normal") or not isinstance(QApplication.style(), GoferryStyle):
        theme().apply("light")


@pytest.fixture(autouse=True)
def no_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are written on the window's thread. How long a disk takes that others write gigabytes to meanwhile
    says nothing about the window, and no test cuts the power."""
    monkeypatch.setattr(os, "fsync", lambda _file: None)


@pytest.fixture(autouse=True, scope="session")
def garbage_on_this_thread() -> Iterator[None]:
    """As in the program: see desktop/ui/garbage.py."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Windows of a test are gone after it, and no timer of theirs beats on."""
    qapp.setQuitOnLastWindowClosed(False)
    before = {id(timer) for timer in _beating()}
    yield
    for widget in qapp.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    left = [
        f"{timer.parent()!r} every {timer.interval()} ms" for timer in _beating() if id(timer) not in before
    ]
    assert left == [], "timers were left running"


def _beating() -> list[QTimer]:
    found = [thing for thing in gc.get_objects() if type(thing) is QTimer]
    return [
        timer for timer in found if shiboken6.isValid(timer) and timer.isActive() and not _is_shared(timer)
    ]


def _is_shared(timer: QTimer) -> bool:
    """The one spinner of the process stops by itself at its next beat."""
    return type(timer.parent()).__name__ == "Spinner"


@dataclass
class Shell:
    """A real window over a real App in a folder of its own."""

    app: App
    window: Window
    aio: Aio


@pytest.fixture(scope="session")
def everything_loaded() -> None:
    """As in the program, where a worker imports stations and pages while the window already stands (warm.py)."""
    for name in (*STATIONS, *(place.partition(":")[0] for place in PAGES.values())):
        import_module(name)


@pytest.fixture
def shell(aio: Aio, everything_loaded: None, tmp_path: Path) -> Iterator[Shell]:
    app = App(Home(tmp_path / "home"))
    window = Window(app, aio.loop)
    window.show_first("settings")
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    yield Shell(app, window, aio)
    aio.loop.run_until_complete(window.release())
    aio.loop.run_until_complete(app.close())
    window.hide()
    window.deleteLater()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small real Go project in a folder."""
    from tests.ui.build_stage import made_project

    return made_project(tmp_path)


def activate(qtbot: Any, window: QWidget) -> None:
    """Give a window the keyboard, and wait until it has it."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE_MS)


def show(qtbot: Any, widget: QWidget, width: int = 640, height: int = 480) -> QWidget:
    """A widget on screen, closed by qtbot after the test."""
    qtbot.addWidget(widget)
    theme().dress(widget)
    widget.resize(width, height)
    widget.show()
    return widget
