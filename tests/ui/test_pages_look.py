"""Every page and state of the shell: named, reachable, not cut off; kept as pictures in four looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from desktop.app_doctor import Check, CheckState
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.words import msg
from desktop.ui.pages import PAGES
from tests.ui import shots, walk
from tests.ui.conftest import Shell
from tests.ui.gallery import gallery

SHELL_PAGES = ("settings", "setup", "setup-look", "setup-host", "setup-project")
SIZES = ((1440, 900), (1100, 680))


def some_checks() -> list[Check]:
    return [
        Check("go", msg("Go toolchain"), CheckState.OK, "go1.27.3", msg("Check again."), required=True),
        Check("git", msg("Git"), CheckState.OFF, msg("Not found"), msg("Check again.")),
        Check(
            "long_paths",
            msg("Long file paths"),
            CheckState.WARN,
            msg("Turned off"),
            msg("Go's module cache has paths of more than 260 characters."),
            msg("Turn it on; Windows asks for administrator rights."),
            commands=("New-ItemProperty -Path 'HKLM:\\SYSTEM' -Name LongPathsEnabled -Value 1",),
        ),
    ]


async def runs(job: Job[Any]) -> None:
    job.report("linux/arm64: compile 171 of 268", 0.64)
    for number in range(60):
        job.say(
            f"internal/store/lock.go:{number}:12: undefined: syscall.Flock",
            "linux/arm64",
            "fail" if number % 9 == 0 else "",
        )
    await asyncio.Event().wait()


async def waits_for_you(job: Job[Any]) -> None:
    job.report("yum: no answer")
    job.needs_you(True)
    await asyncio.Event().wait()


async def ends(job: Job[Any]) -> None:
    job.report("3 artifacts, 38 s", 1.0)


async def breaks(job: Job[Any]) -> None:
    raise GoferryError(msg("Check again."), msg("Not found"), detail="exit status 1")


async def some_jobs(shell: Shell) -> None:
    jobs = shell.app.jobs
    jobs.start("build", "Build orders-api 1.9.0-rc.3", runs)
    jobs.start("setup", "Set up stg-02", waits_for_you)
    jobs.start("deploy", "Deploy user-center 2.12.0", runs, gate="host:stg-01")
    jobs.start("deploy", "Deploy payments-gw 3.4.2", runs, gate="host:stg-01")
    jobs.start("build", "Build user-center 2.12.0", ends)
    jobs.start("build", "Build inventory-svc 0.9.7", breaks)
    await shell.aio.until(lambda: sum(job.state.over for job in jobs.all) == 2, "the jobs")
    await shell.aio.until(lambda: shell.window.status.text().endswith("needs you"), "the status bar")


def ready(shell: Shell, key: str) -> QWidget:
    key, _, step = key.partition("-")
    page: Any = shell.window.page(key)
    if key == "setup":
        page._checks = some_checks()
    shell.window.navigate(key, step or None)
    if key == "setup":
        page.show_checks(some_checks())
    return shell.window


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", SHELL_PAGES)
def test_a_page_is_named_reachable_and_not_cut_off(shell: Shell, key: str, size: tuple[int, int]) -> None:
    window = ready(shell, key)
    window.resize(*size)
    for look in shots.each_look(window, f"{key}-{size[0]}"):
        if key == "setup":
            shell.window.page("setup").retranslate()
        assert walk.nameless(window) == [], look
        assert walk.unreachable(window) == [], look
        assert walk.clipped(window) == [], look
        assert walk.outside(window) == [], look


@pytest.mark.parametrize("key", SHELL_PAGES)
def test_a_page_bears_large_text(shell: Shell, key: str) -> None:
    window = ready(shell, key)
    with shots.look("light", "en", 1.5):
        window.resize(1440, 900)
        shots.take(window, f"{key}-150")
        assert walk.clipped(window) == []


def open_output(shell: Shell) -> None:
    shell.window.show_output(shell.app.jobs.all[0])


def open_toasts(shell: Shell) -> None:
    shell.window.toast("warn", "orders-api", "web-bj-03", [("Open Live", lambda: None)])
    shell.window.toast("fail", "Build inventory-svc 0.9.7", "stock_test.go:88")


def open_error(shell: Shell) -> None:
    shell.window.error(GoferryError(msg("Check again."), msg("Not found"), detail="x"))


STATES: dict[str, Callable[[Shell], object]] = {
    "activity": lambda shell: shell.window.open_activity(),
    "output": open_output,
    "palette": lambda shell: shell.window.shortcuts.open_palette(),
    "leave": lambda shell: shell.window.close(),
    "toasts": open_toasts,
    "error": open_error,
}


@pytest.mark.may_stall(3000)  # eight changes of look and as many pictures in one story
@pytest.mark.parametrize("state", STATES)
def test_a_state_of_the_window_is_named_and_not_cut_off(shell: Shell, state: str) -> None:
    async def story() -> None:
        await some_jobs(shell)
        STATES[state](shell)
        await asyncio.sleep(0.15)  # a gathered change of the jobs is on its way
        for look in shots.each_look(shell.window, f"state-{state}"):
            assert walk.nameless(shell.window) == [], look
            assert walk.clipped(shell.window) == [], look
        top = shell.window.sheets.top
        if top is not None:
            top.reject()
        for job in shell.app.jobs.running:
            job.cancel()
        await shell.aio.until(lambda: not shell.app.jobs.running, "the end of the jobs")

    shell.aio(story())


def test_the_panel_says_what_will_be_here_while_it_is_empty(shell: Shell) -> None:
    shell.window.open_activity()
    assert shell.window.activity.panel.empty.isVisible()
    for _ in shots.each_look(shell.window, "state-activity-empty"):
        pass


def test_every_shared_widget_is_kept_as_a_picture(qtbot: Any) -> None:
    window = gallery()
    qtbot.addWidget(window)
    window.resize(1590, 990)
    window.show()
    for look in shots.each_look(window, "gallery"):
        assert walk.nameless(window) == [], look


def test_every_registered_page_can_be_imported() -> None:
    from importlib import import_module

    for key, place in PAGES.items():
        module, _, name = place.partition(":")
        assert getattr(import_module(module), name).key == key
