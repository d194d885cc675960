"""The Live page over a Live that looks at nothing, as its tests see and click it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.app import App
from desktop.ui.pages.live import present
from desktop.ui.pages.live.page import LivePage
from tests.ui.conftest import Aio
from tests.ui.shots import take

from .live_values import MadeUpFrame, MadeUpLive, three_hosts
from .page_stage import PageStage


class Stage(PageStage):
    """The page over a Live that looks at nothing."""

    page: LivePage

    def __init__(self, aio: Aio, app: App, tmp_path: Path) -> None:
        super().__init__(aio, app, MadeUpFrame(aio.loop, tmp_path / "orders-api"))
        self.opened: list[tuple[Any, ...]] = []
        self.page = LivePage(app, self.frame, open_with=self._open, list_with=self._list)  # type: ignore[arg-type]
        self.live = three_hosts()
        self.page.resize(1232, 840)

    async def _list(self, *_: Any) -> tuple[str, ...]:
        return ("prod", "dev", "staging", "local")

    async def _open(self, *words: Any) -> MadeUpLive:
        self.opened.append(words)
        return self.live

    def show(self, live: MadeUpLive | None = None, context: object = None) -> LivePage:
        self.live = live or self.live
        self.page.show()
        self.page.shown(context)
        if self.frame.current_project is not None:
            self.until(lambda: self.page.live is not None, "the page renders")
        return self.page

    def keep(self, name: str) -> None:
        """A picture for eyes."""
        self.until(lambda: True, "what is to be painted")
        take(self.page, f"live-{name}")


def tick_at(
    stage: Stage, key: present.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    tree = stage.page.tree
    index = tree.rows.index_of(key)
    box = tree.visualRect(index)
    spot = QPoint(box.left() + 36, box.center().y())
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, modifier, spot)
