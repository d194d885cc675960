"""The use cases that the Set-up page calls; a seam for its tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop import app_setup
from desktop.app_setup import Prepared
from desktop.base.plans import PlanRun, Recorder, StepResult
from desktop.base.secret import Secret

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.hosts.setup import Wish


class Deeds:
    """Each is a coroutine of `desktop.app_setup`, bound to the app."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def prepare(self, host: str, wish: Wish, password: Secret | None) -> Prepared:
        return await app_setup.prepare_setup(self.app, host, wish, password)

    async def prepare_undo(self, host: str, password: Secret | None) -> Prepared:
        return await app_setup.prepare_undo(self.app, host, password)

    async def look(self, prepared: Prepared) -> dict[str, bool]:
        return await app_setup.look_at(self.app, prepared)

    async def run(
        self, prepared: Prepared, recorder: Recorder, watch: Callable[[PlanRun, StepResult], None]
    ) -> PlanRun:
        return await app_setup.run_setup(self.app, prepared, recorder, watch)
