"""The foot's sentence: whether what is previewed builds here, tried in a scratch folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from desktop.app_project import check_builds
from desktop.base.errors import GoferryError
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from .page import NewProjectPage

REST_MS = 1_500
"""Rest of typing after which it is tried."""


class BuildCheck:
    """Tries each template with each Go version once; names and paths do not change whether it builds."""

    def __init__(self, page: NewProjectPage) -> None:
        self._page = page
        self.known: dict[tuple[str, str], tuple[str, Words]] = {}
        self._running: set[tuple[str, str]] = set()
        self.timer = QTimer(page)
        self.timer.setSingleShot(True)
        self.timer.setInterval(REST_MS)
        self.timer.timeout.connect(self.start)

    def _key(self) -> tuple[str, str]:
        return self._page.draft.template, self._page.draft.go_version

    def verdict(self) -> tuple[str, Words]:
        """State and sentence for the foot."""
        page = self._page
        if page.preview.problem:
            return "warn", page.preview.problem
        if page.draft.source is not None:
            return "info", msg("A folder of your own is not built before it is created")
        if (known := self.known.get(self._key())) is not None:
            return known
        if page.draft.one.modules:
            return "info", msg("Its modules are fetched when it is created")
        if page.no_go is not None:
            return "off", page.no_go.what
        return "busy" if self._key() in self._running else "wait", msg("Checking whether it builds")

    def start(self) -> None:
        """Try it now, unless that was done or cannot be."""
        page, key = self._page, self._key()
        own = page.draft.one.modules or page.draft.source is not None
        if page.preview.problem or own or not page.go_there or not page.isVisible():
            return
        if key not in self.known and key not in self._running:
            self._running.add(key)
            page.show_verdict()
            page.spawn(self._try(key))

    async def _try(self, key: tuple[str, str]) -> None:
        page = self._page
        try:
            version = await check_builds(page.app, page.draft.template, page.draft.answers())
            self.known[key] = (
                "ok",
                msg("Builds for linux/amd64 as it stands, checked with go{version}", version=version),
            )
        except GoferryError as error:
            self.known[key] = ("warn", error.what)
        finally:
            self._running.discard(key)
        page.show_verdict()
