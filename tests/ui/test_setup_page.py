"""Is this computer ready? A missing Go is a click away."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QFrame, QPushButton

from desktop.app_doctor import GET_GO, Check, CheckState, _engine, go_offer
from desktop.base.errors import START_ENGINE
from desktop.base.jobs import JobState
from desktop.build import NoGo
from desktop.engine import DesktopApp
from tests.ui.conftest import Shell
from tests.unit.build.test_fetch import GO, GOOD, Sources, package


def test_go_is_downloaded_by_a_click_where_there_is_none(
    shell: Shell, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = Sources()
    offer = package(sources.add(lambda: GOOD))
    monkeypatch.setattr("desktop.build.fetch.offered", lambda: offer)
    try:
        shell.window.navigate("setup")
        page: Any = shell.window.page("setup")
        error = NoGo()
        fixes = (*go_offer(error), *error.fixes)
        page.show_checks(
            [Check("go", "Go", CheckState.FAIL, error.what, "", error.fix, fixes, required=True)]
        )
        assert not page.next.isEnabled()
        get = page.findChild(QPushButton, f"setup.go.{GET_GO}")

        async def downloaded() -> None:
            qtbot.mouseClick(get, Qt.MouseButton.LeftButton)
            job = next(job for job in shell.app.jobs.all if job.kind == "go.fetch")
            await shell.aio.until(lambda: job.state.over, "the end of the download")
            assert job.result == shell.app.home.root / "go" / "bin" / GO

        shell.aio(downloaded())
    finally:
        sources.close()
    assert (shell.app.home.root / "go" / "VERSION").read_text(encoding="utf-8") == "go1.99.0"


def test_a_newcomer_is_led_from_the_language_to_the_first_project(shell: Shell, qtbot: Any) -> None:
    window = shell.window
    window.place.set_text("page", "")
    window.show_first()
    page: Any = window.current_page
    assert (window.current_key, page.step) == ("setup", "look")
    assert page.back.isHidden()

    def press(name: str) -> None:
        qtbot.mouseClick(page.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)

    press("setup.theme.dark")
    assert shell.app.settings.now.theme == "dark"
    press("setup.next")
    page.show_checks([Check("go", "Go", CheckState.OK, "go 1.27", "", required=True)])
    press("setup.next")
    press("setup.host.add")
    assert window.current_key == "hosts"
    assert window.sheets.top is not None, "the sheet that adds a host does not open"
    window.sheets.top.reject()
    window.go_back()
    assert (window.current_key, page.step) == ("setup", "host"), "coming back leads to another step"
    press("setup.back")
    assert page.step == "computer"
    press("setup.next")
    press("setup.next")
    assert page.next.text() == "Done"
    press("setup.next")
    assert window.current_key == "projects"


ENGINE = """#!{python}
import http.server, json, os, socketserver, threading

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({{"Version": "28.5.1", "ApiVersion": "1.51", "Os": "linux"}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self):
        return ""
    def log_message(self, *words):
        pass

threading.Timer(300, os._exit, (0,)).start()
socketserver.ThreadingUnixStreamServer({sock!r}, Answers).serve_forever()
"""


@pytest.mark.skipif(os.name == "nt", reason="tests/windows/test_docker_desktop.py has it with pipes")
def test_docker_desktop_that_sleeps_is_started_by_a_click(
    shell: Shell, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program is a real one that brings an engine as Docker Desktop does; only where it is found is ours."""
    program, sock = tmp_path / "Docker Desktop", tmp_path / "docker.sock"
    program.write_text(ENGINE.format(python=sys.executable, sock=str(sock)), encoding="utf-8")
    program.chmod(0o755)
    shell.app.settings.change(engine=f"unix://{sock}")
    for place in ("starting", "discovery"):
        monkeypatch.setattr(
            f"desktop.engine.{place}.desktop_app", lambda: DesktopApp("Docker Desktop", program)
        )
    shell.window.navigate("setup")
    page: Any = shell.window.page("setup")

    async def started() -> None:
        page.show_checks([await _engine(shell.app)])
        start = page.findChild(QPushButton, f"setup.engine.{START_ENGINE}")
        assert start.text() == "Start Docker Desktop"
        qtbot.mouseClick(start, Qt.MouseButton.LeftButton)
        job = next(job for job in shell.app.jobs.all if job.kind == "engine.start")
        await shell.aio.until(lambda: job.state.over, "Docker Desktop's start")
        assert job.state is JobState.DONE, job.error
        await shell.aio.until(
            lambda: page.findChild(QPushButton, f"setup.engine.{START_ENGINE}") is None, "the new answer"
        )
        assert "28.5.1" in page.findChild(QFrame, "setup.check.engine").found.text()

    shell.aio(started())
