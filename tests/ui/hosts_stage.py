"""The Hosts page with a frame and a loop that is turned by hand, for its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desktop.app import App
from desktop.base.paths import Home
from desktop.base.secret_store import MemoryStore
from desktop.ui.pages.hosts import present
from desktop.ui.pages.hosts.more import Carried
from desktop.ui.pages.hosts.page import HostsPage
from tests.ui.conftest import Aio

from .hosts_values import HOSTS, Asked
from .live_values import MadeUpFrame
from .page_stage import PageStage


class Stage(PageStage):
    """The page over made-up servers."""

    page: HostsPage

    def __init__(self, aio: Aio, app: App, carried: Carried | None = None) -> None:
        super().__init__(aio, app, MadeUpFrame(aio.loop, None))
        self.asked = Asked()
        self.page = HostsPage(app, self.frame, ask=self.asked, carried=carried)  # type: ignore[arg-type]
        self.page.resize(1232, 840)

    def fill(self) -> None:
        for host in HOSTS:
            self.app.inventory.add(host)

    def show(self, context: object = None) -> HostsPage:
        self.page.show()

        async def come() -> None:
            self.page.shown(context)

        self.aio(come())
        self.settle()
        return self.page

    def settle(self) -> None:
        """All have answered, and the page shows it."""
        known = self.page.known
        self.until(
            lambda: (
                not any(one.busy for one in known.values())
                and not self.page._soon.isActive()
                and not self.page._arrival.isActive()
            ),
            "answers",
        )

    def sheet(self, kind: type[Any]) -> Any:
        assert self.frame.sheets, "no sheet was opened"
        found, ended = self.frame.sheets[-1]
        assert isinstance(found, kind)
        if not found.isVisible():
            found.finished.connect(lambda result: (found.hide(), ended(result) if ended else None))
            found.show()
        return found

    def row(self, name: str) -> present.HostRow:
        found = [host for group in self.page.tree.hosts.groups for host in group.hosts if host.name == name]
        assert len(found) == 1, name
        return found[0]


@contextmanager
def staged(aio: Aio, folder: Path, carried: Callable[[App], Carried] = Carried) -> Iterator[Stage]:
    """A stage that ends tidily, and without an error that nobody expected."""
    app = App(Home(folder / "home"), secrets=MemoryStore())
    made = Stage(aio, app, carried(app))
    yield made
    made.end_tidily()
    for sheet, _ in made.frame.sheets:
        sheet.deleteLater()
