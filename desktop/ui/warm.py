"""Loads what is needed later while the window already stands, so that no click waits for an import."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from desktop.ui.pages import PAGES

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.base.blocking import CancelToken

STATIONS = (
    "desktop.app_doctor",
    "desktop.build",
    "desktop.engine",
    "desktop.project",
    "desktop.hosts",
    "desktop.hosts.session",
    "desktop.release",
)


async def warm(app: App) -> None:
    """Import the stations, then the pages, in a worker thread; a second call costs nothing."""

    def load(token: CancelToken) -> None:
        for name in (*STATIONS, *(place.partition(":")[0] for place in PAGES.values())):
            token.check()
            import_module(name)

    await app.pools.files.run(load)
