"""A page with a made-up frame and a loop that is turned by hand: what the tests of several pages share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop.app import App
from desktop.ui.pages.base import Page

from .conftest import Aio
from .live_values import MadeUpFrame


class PageStage:
    """A subclass makes `page` in `frame`, over `app`."""

    page: Page
    follows_s = 0.0
    """How long what follows from a wish goes on, on this page."""
    follows_turns = 60
    """In how many turns of the loop at most; on a computer that stood still meanwhile the time alone says nothing."""

    def __init__(self, aio: Aio, app: App, frame: MadeUpFrame) -> None:
        self.aio, self.app, self.frame = aio, app, frame

    def until(self, holds: Callable[[], Any], what: str = "the state", limit: float = 120.0) -> None:
        async def wait() -> None:
            deadline = time.monotonic() + limit
            while not holds():
                assert time.monotonic() < deadline, f"not in {limit} s: {what}"
                await asyncio.sleep(0.01)
            await self._what_follows()

        self.aio(wait(), limit + 5)

    def do(self, act: Callable[[], object]) -> None:
        """Something that starts a job: it happens on the running loop, as in the window."""

        async def run() -> None:
            act()
            await self._what_follows()

        self.aio(run())

    async def _what_follows(self) -> None:
        if not self.follows_s:
            return
        await asyncio.sleep(self.follows_s)
        for _ in range(self.follows_turns):
            await asyncio.sleep(0)

    def find(self, name: str, kind: type[QWidget] = QWidget, root: QWidget | None = None) -> Any:
        found = (root or self.page).findChild(kind, name)
        assert found is not None, name
        return found

    def click(self, name: str, root: QWidget | None = None) -> None:
        def press() -> None:
            found = self.find(name, root=root)  # now: what was rendered again is another
            assert found.isEnabled(), name
            QTest.mouseClick(found, Qt.MouseButton.LeftButton)

        self.do(press)

    def end_tidily(self) -> None:
        """Without an error that nobody expected."""
        self.page.hidden()

        async def end() -> None:
            await self.frame.tasks.close()
            await self.app.close()

        self.aio(end())
        self.page.deleteLater()
        assert [str(error) for error in self.frame.errors] == []
