"""The Deploy page with a frame and a loop that is turned by hand, for its tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLabel

from desktop.app import App
from desktop.base.paths import Home
from desktop.release import (
    HostResult,
    HostState,
    RolloutResult,
)
from desktop.ui.pages.deploy import present
from desktop.ui.pages.deploy.page import DeployPage
from desktop.ui.widgets import Banner, repeat_icons, repeat_texts
from desktop.ui.wishes import DeployTo

from .conftest import Aio
from .deploy_values import HOSTS, MadeUpDeeds
from .live_values import MadeUpFrame
from .page_stage import PageStage
from .shots import each_look

NAMES = [host.name for host in HOSTS]


class Stage(PageStage):
    """The page over made-up servers."""

    page: DeployPage
    follows_s = 0.02

    def __init__(self, aio: Aio, app: App, tmp_path: Path) -> None:
        super().__init__(aio, app, MadeUpFrame(aio.loop, tmp_path / "orders-api"))
        self.deeds = MadeUpDeeds(tmp_path)
        self.page = DeployPage(app, self.frame, deeds=self.deeds)  # type: ignore[arg-type]
        self.page.resize(1232, 840)

    def show(self, environment: str | DeployTo = "production") -> DeployPage:
        self.page.show()
        self.page.shown(environment)
        if self.frame.current_project is not None:
            self.until(
                lambda: self.page.found is not None or self.page.offline is not None, "the hosts are read"
            )
        return self.page

    def planned(self, environment: str = "production") -> DeployPage:
        page = self.show(environment)
        self.click("deploy.run")
        self.until(lambda: not page.running, "the plan")
        return page

    def running(self) -> DeployPage:
        """A deploy under way, waiting for what the test tells of it."""
        page = self.planned("staging")
        self.click("deploy.run")
        self.until(lambda: self.deeds.asked[-1][0] == "run", "the run")
        return page

    def end(self, result: RolloutResult) -> None:
        self.deeds.result = result
        self.deeds.go_on.set()
        self.until(lambda: not self.page.running, "the end")
        self.until(lambda: self.page.found is not None, "the hosts are read again")

    def answer(self, result: object) -> None:
        """Ends the sheet that is open."""
        _, ended = self.frame.sheets.pop()
        assert ended is not None
        self.do(lambda: ended(result))

    def asked(self, what: str) -> list[tuple[Any, ...]]:
        return [words for words in self.deeds.asked if words[0] == what]

    def banner(self) -> str:
        banner = self.find("deploy.banner", Banner)
        return (
            " | ".join(label.text() for label in banner.findChildren(QLabel) if label.text())
            if banner.isVisible()
            else ""
        )

    def cells(self, host: str) -> list[present.Cell]:
        model = self.page.body.lanes.lanes
        return list(
            next(model.lane(row).cells for row in range(model.rowCount()) if model.lane(row).host == host)
        )

    def picture(self, name: str) -> None:
        """For eyes: in both languages and looks."""
        for _ in each_look(self.page, f"deploy-{name}"):
            repeat_texts()
            repeat_icons()
            self.page.retranslate()
        repeat_texts()
        repeat_icons()
        self.page.retranslate()


@contextmanager
def staged(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(aio, App(Home(tmp_path / "home")), tmp_path)
    yield made
    made.end_tidily()
    made.deeds.pool.close()


def done(name: str, **changes: Any) -> HostResult:
    return replace(
        HostResult(name, HostState.DONE, sent_bytes=14_200_000, downtime_ms=412, seconds=6.0), **changes
    )
