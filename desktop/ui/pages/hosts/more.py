"""What the Images and History tabs show, read from the host in view; removing images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from desktop import app_host
from desktop.app_host import HostDeed, HostImage
from desktop.base.errors import GoferryError
from desktop.base.words import msg, ntr, tr
from desktop.ui.widgets import ConfirmSheet

from .carried import size_text

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.base.jobs import Job
    from desktop.ui.pages.base import Page

    from .details import HostDetails

Found = tuple[HostImage, ...] | tuple[HostDeed, ...] | GoferryError


class Carried:
    """The use cases behind the tabs; a seam for tests."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def images(self, host: str) -> tuple[HostImage, ...]:
        return await app_host.host_images(self.app, host)

    async def history(self, host: str) -> tuple[HostDeed, ...]:
        return await app_host.host_history(self.app, host)

    async def remove(self, host: str, images: Sequence[HostImage]) -> int:
        return await app_host.remove_images(self.app, host, images)


class HostMore:
    """Reads a tab's content when it is looked at, at most once for a host until asked again."""

    def __init__(self, page: Page, details: HostDetails, carried: Carried) -> None:
        self._page, self._details, self._carried = page, details, carried
        self._found: dict[tuple[str, str], Found] = {}
        self._asking: set[tuple[str, str]] = set()
        self.host = ""
        details.tabs.chosen.connect(lambda _: self.look())
        details.again_asked.connect(lambda: self.look(again=True))
        details.remove_asked.connect(self.ask_remove)

    def show_host(self, name: str) -> None:
        if name != self.host:
            self.host = name
            self.look()

    def forget(self, name: str) -> None:
        """What was read is old: a check or a set-up has come between."""
        for tab in ("images", "history"):
            self._found.pop((name, tab), None)

    def look(self, *, again: bool = False) -> None:
        """Shows the tab in view, reading it first where it is not known."""
        place = (self.host, self._details.tabs.value)
        if not self.host or place[1] not in ("images", "history"):
            return
        if again:
            self._found.pop(place, None)
        self._render(place)
        if place not in self._found and place not in self._asking:
            self._asking.add(place)
            self._page.spawn(self._read(place))

    async def _read(self, place: tuple[str, str]) -> None:
        host, tab = place
        try:
            self._found[place] = await (
                self._carried.images(host) if tab == "images" else self._carried.history(host)
            )
        except GoferryError as error:
            self._found[place] = error
        finally:
            self._asking.discard(place)
        if place == (self.host, self._details.tabs.value):
            self._render(place)

    def _render(self, place: tuple[str, str]) -> None:
        found: Any = self._found.get(place)
        shown = self._details.images if place[1] == "images" else self._details.history
        if found is None:
            shown.show_busy()
        elif isinstance(found, GoferryError):
            shown.show_error(found)
        elif place[1] == "images":
            self._details.images.show_images(found)
        else:
            self._details.history.show_deeds(found, time.time())

    def retranslate(self) -> None:
        self.look()

    # --- removing

    def ask_remove(self, images: list[HostImage]) -> None:
        """Says which, and how much; by name, as it cannot be undone."""
        host, size = self.host, size_text(sum(image.size for image in images))
        names = "\n".join(image.tags[0] if image.tags else image.id for image in images[:8])
        more = "\n…" if len(images) > 8 else ""
        sheet = ConfirmSheet(
            lambda: ntr("Remove {n} image from {host}?", "Remove {n} images from {host}?", len(images), host=host),
            lambda: tr(
                "Up to {size} become free. A later rollback to them sends them again.", size=size
            ) + f"\n\n{names}{more}",
            lambda: tr("Remove"), name="hosts.images.sheet", kind="dangerFilled",
        )  # fmt: skip
        self._page.frame.open_sheet(sheet, lambda yes: self._remove(host, images) if yes else None)

    def _remove(self, host: str, images: Sequence[HostImage]) -> None:
        async def work(job: Job[Any]) -> int:
            try:
                return await self._carried.remove(host, images)
            finally:
                self.forget(host)
                if host == self.host:
                    self.look()

        self._page.app.jobs.start(
            "host.images", msg("Removing images from {host}", host=host), work,
            subject=host, page=self._page.key, gate=f"host:{host}",
        )  # fmt: skip
