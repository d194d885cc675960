"""A person at the real window: clicks, types, waits for what they see; and the steps of the whole way."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from desktop.base.blocking import Pool
from desktop.base.jobs import Job
from desktop.ui.pages.build.page import BuildPage
from desktop.ui.pages.deploy.page import DeployPage
from desktop.ui.pages.live.page import LivePage
from tests.ui.conftest import Shell

NAME = "way-hello"


class Hand:
    """A person at the window: finds things by what they are, clicks, types, and waits for what they see."""

    def __init__(self, shell: Shell) -> None:
        self.shell, self.window = shell, shell.window

    def is_there(self, name: str) -> bool:
        return any(widget.isVisible() for widget in self.window.findChildren(QWidget, name))

    def find(self, name: str, kind: type[QWidget] = QWidget) -> Any:
        found = [widget for widget in self.window.findChildren(kind, name) if widget.isVisible()]
        assert found, f"{name} is not there"
        return found[-1]

    async def sees(self, holds: Callable[[], object], what: str, limit: float = 120.0) -> None:
        """Waits; says what went wrong in a job or in the error bar instead of running into the limit."""
        deadline = time.monotonic() + limit
        while not holds():
            failed = [job for job in self.shell.app.jobs.all if job.state == "failed"]
            assert not failed, (
                f"{failed[0].title}: {failed[0].error}\n{failed[0].error and failed[0].error.detail}"
            )
            assert not self.window.error_bar.isVisible(), self.window.error_bar.text()
            assert time.monotonic() < deadline, f"not seen in {limit:.0f} s: {what}"
            await asyncio.sleep(0.02)

    async def click(self, name: str) -> None:
        """Waits until the button is there and can be pressed."""
        await self.sees(lambda: self._ready(name), f"the button {name}")
        QTest.mouseClick(self.find(name, QAbstractButton), Qt.MouseButton.LeftButton)
        await asyncio.sleep(0)

    def _ready(self, name: str) -> bool:
        buttons = self.window.findChildren(QAbstractButton, name)
        return any(found.isVisible() and found.isEnabled() for found in buttons)

    async def type(self, name: str, text: str) -> None:
        field = self.find(name, QLineEdit)
        field.selectAll()
        if text.isascii():
            QTest.keyClicks(field, text)
        else:  # Qt's own ends the process for want of a key; a person has an input method
            typed = QInputMethodEvent()
            typed.setCommitString(text)
            QApplication.sendEvent(field, typed)
        await asyncio.sleep(0)

    async def goes_to(self, key: str) -> Any:
        QTest.mouseClick(self.window.nav.buttons[key], Qt.MouseButton.LeftButton)
        await self.sees(lambda: self.window.current_key == key, f"the page {key}")
        return self.window.page(key)

    async def waits_for_job(self, kind: str) -> Job[Any]:
        """The newest job of a kind, when it has ended well."""

        def newest() -> Job[Any] | None:
            return next((job for job in reversed(self.shell.app.jobs.all) if job.kind == kind), None)

        await self.sees(
            lambda: (job := newest()) is not None and job.state == "done", f"the end of {kind}", 400
        )
        job = newest()
        assert job is not None
        return job


async def answer(port: int, path: str) -> str:
    def ask() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as response:
                return str(response.read().decode())
        except (urllib.error.URLError, OSError) as error:
            return f"no answer: {error}"

    pool = Pool("ask", 1)
    try:
        return await pool.run(lambda token: ask())
    finally:
        pool.close()


async def makes_a_project(hand: Hand, parent: Path, port: int) -> Path:
    await hand.goes_to("projects")
    await hand.click("projects.empty.new")
    await hand.sees(lambda: hand.window.current_key == "new_project", "the new project page")
    await hand.type("new_project.name", NAME)
    await hand.type("new_project.folder", str(parent / NAME))
    await hand.type("new_project.port", str(port))
    page: Any = hand.window.page("new_project")

    def is_read() -> bool:  # the page looks at the answers after a rest in typing
        return not page._rest.isActive() and page._place.path == page.draft.path == parent / NAME

    await hand.sees(is_read, "the answers are read")
    await hand.click("new_project.create_now")
    await hand.sees(lambda: hand.window.current_project == parent / NAME, "the project is open")
    assert (parent / NAME / "goferry.yaml").is_file()
    return parent / NAME


async def builds(hand: Hand) -> None:
    page: BuildPage = await hand.goes_to("build")
    await hand.sees(lambda: page.look is not None, "the project is read")
    await hand.click("build.run")
    await hand.waits_for_job("build")
    await hand.sees(lambda: page.artifacts.isVisible() and page.runs, "the artifacts")


async def deploys(hand: Hand, environment: str = "") -> str:
    """Plans, then deploys; gives the release's name."""
    page: DeployPage = await hand.goes_to("deploy")
    if environment:
        await hand.click(f"deploy.environment.{environment}")
    await hand.sees(lambda: page.found is not None, "the environment is read")
    await hand.click("deploy.run")
    await hand.sees(lambda: page.ready, "the plan", 300)
    await hand.click("deploy.run")
    await hand.sees(lambda: page.outcome is not None and not page.running, "the deploy is over", 300)
    assert page.outcome is not None
    assert page.outcome.ok
    return page.outcome.release.id


async def adds_a_host(hand: Hand, name: str, target: str, fingerprint: str, key: Path) -> None:
    """Through the four steps of the sheet; the fingerprint is pasted, and compared by Goferry."""
    await hand.goes_to("hosts")
    await hand.click("hosts.add")
    await hand.sees(lambda: hand.window.sheets.top is not None, "the sheet")
    await hand.type("hosts.add.name", name)
    await hand.type("hosts.add.address", target)
    await hand.click("hosts.add.primary")
    await hand.sees(lambda: hand.is_there("hosts.add.identity.pasted"), "the server's key")
    await hand.type("hosts.add.identity.pasted", fingerprint)
    await hand.click("hosts.add.primary")
    await hand.type("hosts.add.key", str(key))
    await hand.click("hosts.add.primary")
    await hand.sees(lambda: not hand.find("hosts.add.primary").isEnabled(), "signing in")
    await hand.click("hosts.add.primary")
    await hand.sees(lambda: hand.window.sheets.top is None, "the sheet has closed")
    assert hand.shell.app.inventory.get(name).user == "deploy"


async def sees_it_live(hand: Hand, release: str, environment: str = "") -> LivePage:
    page: LivePage = await hand.goes_to("live")
    if environment:
        await hand.click(f"live.environment.{environment}")
    await hand.sees(lambda: page.parts.summary.text() == "1 of 1 container healthy", "it is healthy")

    def texts() -> list[str]:
        buffer = page.log.view.buffer
        return [buffer.row(number).text for number in buffer.shown]

    await hand.sees(lambda: any("listening" in text for text in texts()), "its first line")
    await hand.sees(lambda: page.live is not None and page.live.seats[0].release == release, "the release")
    return page
