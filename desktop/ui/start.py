"""Opens the window on top of desktop.app: one qasync loop, and a first paint before anything heavy is imported."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import desktop.ui.features  # noqa: F401  before PySide6 sees any other import

os.environ["QT_API"] = "pyside6"  # qasync would take another binding that happens to be imported

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QIcon, Qt
from PySide6.QtWidgets import QApplication

from desktop.app import App
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job, JobState
from desktop.base.paths import Home
from desktop.base.processes import start_apart
from desktop.base.words import Message
from desktop.ui.garbage import Garbage
from desktop.ui.hooks import Problems
from desktop.ui.instance import Instance
from desktop.ui.look import Look
from desktop.ui.warm import warm
from desktop.ui.widgets.says import Text
from desktop.ui.window import Window

if TYPE_CHECKING:
    from desktop.app_doctor import Check

_log = logging.getLogger(__name__)
_AFTER_PAINT_MS = 400
LOOK_MS = 30 * 60_000
"""How often an open window asks itself whether a day has gone by, sleep included, since it looked for updates."""


def run_window(home: Home, lang: str = "", project_dir: Path | None = None) -> int:
    """The window, until it is closed. Returns the exit code; 0 as well when an open window took the wish over."""
    application = make_application()
    instance = Instance(home)
    if instance.hand_over(project_dir):
        return 0
    instance.listen()
    from desktop.ui.steps import WindowLoop

    loop = WindowLoop(application)
    asyncio.set_event_loop(loop)
    problems, garbage = Problems(), Garbage()
    problems.install(loop)
    try:
        with loop:
            then = loop.run_until_complete(
                _run(application, loop, home, lang, project_dir, instance, problems, garbage)
            )
    finally:
        problems.remove(loop)
        garbage.release()
        instance.close()
    if then is not None:
        own = () if home == Home.find() else ("--home", str(home.root))
        start_apart(Command((str(then), *own)))  # not before: an open window would answer for the new one
    return 0


def make_application() -> QApplication:
    """The QApplication with what holds for every window of ours."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    # named before Qt chooses: else it would load Windows' own style first, for nobody to see
    application = QApplication(["goferry", "-style", "fusion"])
    application.setApplicationName("Goferry")
    application.setDesktopFileName("goferry")
    application.setQuitOnLastWindowClosed(False)
    return application


async def _run(
    application: QApplication,
    loop: asyncio.AbstractEventLoop,
    home: Home,
    lang: str,
    project_dir: Path | None,
    instance: Instance,
    problems: Problems,
    garbage: Garbage,
) -> Path | None:
    """Until the window is closed; gives back the program to start then, if any."""
    closed: asyncio.Future[None] = loop.create_future()
    async with App(home) as app:
        look = Look(application, app.settings, lang)
        application.setWindowIcon(app_icon())
        window = Window(app, loop, project_dir)
        problems.found.connect(window.error)
        instance.asked.connect(lambda folder: come_forward(window, folder))
        window.closed.connect(lambda: None if closed.done() else closed.set_result(None))
        window.open()
        QTimer.singleShot(_AFTER_PAINT_MS, lambda: window.spawn(look_around(app, window, garbage), window))
        keep_looking(app, window)
        get_ahead(app)
        try:
            await closed
        finally:
            problems.found.disconnect(window.error)
            await window.release()
            look.release()
    window.deleteLater()
    return window.then


def get_ahead(app: App) -> None:
    """After a build the program that makes patches is got ready, which may take Go some seconds: the first deploy sends
    the whole image, the second one wants a patch."""

    def ended(job: Job[Any]) -> None:
        if job.kind == "build" and job.state is JobState.DONE:
            app.quick.programs.get_ready()

    app.jobs.listen(ended)


def come_forward(window: Window, folder: str) -> None:
    """Somebody started Goferry again: show this window, and their folder."""
    if folder:
        path = Path(folder)
        window.app.remember_project(path)
        window.set_current_project(path)
    window.come_forward()


async def look_around(app: App, window: Window, garbage: Garbage | None = None) -> None:
    """Go and Docker Engine for the status bar, once the window stands."""
    await warm(app)
    if garbage is not None:
        garbage.settle()
    for check in await app.doctor():
        show_check(window, check)
    await look_for_updates(app, window)


async def look_for_updates(app: App, window: Window) -> None:
    """Once a day at most; what hinders it is written into the log, and no person is kept from work by it."""
    from desktop.ui.pages.settings.updates import show_note

    before = app.updates.offer, app.updates.checked
    try:
        await app.updates.tidy()
        await app.updates.daily()
    except (GoferryError, OSError) as error:
        _log.info("updates: %s", error)
    if before == (app.updates.offer, app.updates.checked):
        return
    show_note(app, window)
    if window.current_key == "settings":
        window.page("settings").refresh()


def keep_looking(app: App, window: Window, every_ms: int = LOOK_MS) -> QTimer:
    """For a window that is open for days. The wall clock decides, so that a computer that slept is not a day behind."""
    looks = False

    async def look() -> None:
        nonlocal looks
        looks = True
        try:
            await look_for_updates(app, window)
        finally:
            looks = False

    timer = QTimer(window)
    timer.timeout.connect(lambda: None if looks else window.spawn(look(), window))
    window.closed.connect(timer.stop)
    timer.start(every_ms)
    return timer


def show_check(window: Window, check: Check) -> None:
    """A check of this computer in the status bar, where it has a place there."""
    found: Text = check.found
    if check.id == "go" and isinstance(found, Message) and "version" in found.values:
        found = f"go{found.values['version']}"
    if check.id in ("go", "engine"):
        window.set_status(check.id, str(check.state), found, check.found)


def app_icon() -> QIcon:
    """Goferry's own picture."""
    from desktop.base.resources import resources

    return QIcon(str(resources() / "icons" / "goferry.svg"))
