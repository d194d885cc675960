"""Leaving while something runs: by the window's cross, to the tray, and when the system itself signs off."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QSystemTrayIcon

from desktop.base.jobs import Job, JobState
from desktop.ui import notify
from desktop.ui.start import app_icon
from desktop.ui.wake import BEAT_S, Wake
from tests.ui.conftest import Shell
from tests.ui.test_window import long_work


def started(shell: Shell) -> Job[Any]:
    return shell.app.jobs.start("deploy", "Deploy orders to prod", long_work)


class Session:
    """The system's question, as QSessionManager puts it; only a real sign-off makes one."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


def test_a_sign_off_waits_for_an_answer_while_something_runs(shell: Shell) -> None:
    async def story() -> None:
        idle: Any = Session()
        shell.window.session_end.decide(idle)
        assert not idle.cancelled
        job = started(shell)
        await shell.aio.until(lambda: job.state is JobState.RUNNING, "the job")
        busy: Any = Session()
        shell.window.session_end.decide(busy)
        assert busy.cancelled
        sheet = shell.window.sheets.top
        assert sheet is not None
        assert sheet.title.text() == "1 task is running"
        said = [found.text() for found in sheet.findChildren(QLabel)]
        assert any(text.startswith("Deploy orders to prod. Cancelled tasks stop") for text in said), said
        sheet.reject()
        job.cancel()
        await shell.aio.until(lambda: job.state.over, "the end of the job")

    shell.aio(story())


@pytest.mark.qt_log_ignore("systemTrayWindowChanged", "does not support raise")
def test_the_window_goes_to_the_tray_on_wish_and_comes_back(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.window.setWindowIcon(app_icon())
    told: list[str] = []
    monkeypatch.setattr("desktop.ui.window.has_tray", lambda: True)
    monkeypatch.setattr(notify, "notify", lambda window, title, text, trouble=True: told.append(title))

    async def story() -> None:
        job = started(shell)
        await shell.aio.until(lambda: job.state is JobState.RUNNING, "the job")
        shell.window.close()
        sheet = shell.window.sheets.top
        assert sheet is not None
        assert sheet.findChild(QPushButton, "leave.tray") is None, "nobody wished for a tray"
        sheet.reject()
        shell.app.settings.change(tray=True)
        for _ in range(2):
            shell.window.close()
            sheet = shell.window.sheets.top
            assert sheet is not None
            hide = sheet.findChild(QPushButton, "leave.tray")
            assert isinstance(hide, QPushButton)
            hide.click()
            assert not shell.window.isVisible()
            assert job.state is JobState.RUNNING
            icon = notify._Tray.icon
            assert icon is not None
            icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
            assert shell.window.isVisible()
        assert told == ["Goferry goes on here"], "once, not each time"
        job.cancel()
        await shell.aio.until(lambda: job.state.over, "the end of the job")

    shell.aio(story())


def test_a_sleep_is_noticed_and_connections_are_asked(shell: Shell) -> None:
    clock = [1000.0]
    wake = Wake(shell.window, lambda: clock[0])
    woken: list[bool] = []
    wake.woke.connect(lambda: woken.append(True))
    clock[0] += BEAT_S + 5
    wake.beat()
    assert woken == [], "a late timer is no sleep"
    clock[0] += 3600
    wake.beat()
    clock[0] -= 1800
    wake.beat()
    assert woken == [True]
    wake.deleteLater()
