"""The use cases that the Set-up page calls; a seam for its tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop import app_setup
from desktop.app_setup import Prepared
from desktop.app_setup_flow import HostFlow, SetupFlow
from desktop.base.secret import Secret

if TYPE_CHECKING:
    from desktop.app import App


class Deeds:
    """Each is a use case of `desktop.app_setup`, bound to the app."""

    def __init__(self, app: App) -> None:
        self.app = app

    def flow(self, changed: Callable[[HostFlow], None]) -> SetupFlow:
        return SetupFlow(self.app, changed)

    async def prepare_undo(self, host: str, password: Secret | None, only: tuple[str, ...]) -> Prepared:
        return await app_setup.prepare_undo(self.app, host, password, only)

    async def trust(self, host: str, fingerprint: str) -> None:
        """A registered host's key that a person has compared. Raises KeyMismatch when it shows another one now."""
        from desktop.hosts import confirmed_key

        known = self.app.inventory.get(host)
        self.app.sessions.trust(host, await confirmed_key(self.app.sessions, known, fingerprint))
