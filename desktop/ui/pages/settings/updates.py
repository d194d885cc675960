"""The section about newer versions of Goferry: whether to look, what was found, and what to do with it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_updates import Offer, program
from desktop.base.errors import GoferryError, explained
from desktop.base.jobs import Job
from desktop.base.processes import open_with_system
from desktop.base.words import Words, language, msg, tr
from desktop.ui.pages.base import Frame
from desktop.ui.widgets import ConfirmSheet, Segmented, Text, button

from .rows import Section, SettingRow

if TYPE_CHECKING:
    from desktop.app import App

    from .page import SettingsPage


class UpdatesSection(Section):
    """Renders app.updates. Downloads are a job; installing asks first."""

    def __init__(self, page: SettingsPage) -> None:
        self._page, self._updates = page, page.app.updates
        self.wish = Segmented(
            [("daily", lambda: tr("Once a day")), ("off", lambda: tr("Never"))],
            name="settings.updates",
            label=lambda: tr("Look for updates"),
        )
        self.wish.chosen.connect(self._choose)
        self.wish_row = SettingRow("clock", lambda: tr("Look for updates"), "", self.wish)
        self.look = button(lambda: tr("Look now"), name="settings.updates.look")
        self.look.clicked.connect(lambda: page.spawn(self._look()))
        self.get = button(lambda: tr("Download"), name="settings.updates.get", kind="primary")
        self.get.clicked.connect(self._download)
        self.install = button(
            lambda: tr("Install and restart…"), name="settings.updates.install", kind="primary"
        )
        self.install.clicked.connect(self._ask)
        self.reveal = button(lambda: tr("Open folder"), name="settings.updates.reveal")
        self.reveal.clicked.connect(self._reveal)
        self.state_row = SettingRow(
            "box", f"Goferry {self._updates.running}", "", self.look, self.reveal, self.get, self.install
        )
        super().__init__(lambda: tr("Updates"), [self.wish_row, self.state_row])
        self.show_state()

    def show_state(self) -> None:
        """Everything anew, from what is known."""
        policy, offer = self._updates.policy, self._updates.offer
        self.wish.set_value(self._page.app.settings.now.updates if policy.allowed else "off")
        self.wish.setEnabled(policy.allowed)
        address = policy.address
        self.wish_row.set_note(
            (lambda: tr("Asks {address}, and tells it nothing about you", address=address))
            if policy.allowed
            else (lambda: str(policy.why))
        )
        self.look.setEnabled(policy.allowed)
        ready, here = self._updates.ready is not None, program() is not None
        self.get.setVisible(offer is not None and not ready)
        self.install.setVisible(offer is not None and ready and here)
        self.reveal.setVisible(offer is not None and ready and not here)
        self.state_row.set_note(self._said(offer, ready))

    def _said(self, offer: Offer | None, ready: bool) -> Text:
        if offer is not None and ready:
            path = str(self._updates.ready)
            if program() is not None:
                return lambda: tr("Goferry {version} is downloaded and checked", version=offer.version)
            return lambda: tr("Goferry {version} is downloaded: {path}", version=offer.version, path=path)
        if offer is not None:
            return lambda: tr(
                "Goferry {version} can be had ({size} MB). {note}",
                version=offer.version,
                size=f"{offer.file.size / 1e6:.1f}",
                note=offer.manifest.note(language()),
            )
        checked = self._updates.checked
        if not checked:
            return lambda: tr("Not looked yet")
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(checked))
        return lambda: tr("No newer version is known; looked on {when}", when=when)

    # Wishes

    def _choose(self, key: str) -> None:
        try:
            self._page.app.settings.change(updates=key)
            self.wish_row.set_problem("")
        except (OSError, ValueError) as error:
            self.wish_row.set_problem(tr("Not saved: {why}", why=str(error)))
        self.show_state()

    async def _look(self) -> None:
        self.look.setEnabled(False)
        self.state_row.set_problem("")
        try:
            await self._updates.check()
        except (GoferryError, OSError) as error:
            self._failed(error)
        self.show_state()
        show_note(self._page.app, self._page.frame)

    def _failed(self, error: BaseException) -> None:
        told = explained(error)
        self.state_row.set_problem(" ".join(filter(None, (str(told.what), str(told.why)))))

    def _download(self) -> None:
        offer = self._updates.offer
        if offer is None:
            return

        async def work(job: Job[Path]) -> Path:
            loop, stage = asyncio.get_running_loop(), msg("Downloading")
            job.report(stage, 0.0)
            return await self._updates.fetch(lambda part: told(loop, job, stage, part))

        title = msg("Download Goferry {version}", version=offer.version)
        job = self._page.app.jobs.start("update.fetch", title, work, page="settings", gate="update")
        self.get.setEnabled(False)
        self.state_row.set_problem("")
        self._page.spawn(self._shown_after(job))

    async def _shown_after(self, job: Job[Path]) -> None:
        try:
            await job.wait()
        except GoferryError as error:
            self._failed(error)
        finally:
            self.get.setEnabled(True)
            self.show_state()

    def _ask(self) -> None:
        running = len(self._page.app.jobs.running)
        if running:
            self.state_row.set_problem(tr("Tasks are running. Wait for them, or cancel them first."))
            return
        offer = self._updates.offer
        if offer is None:
            return
        sheet = ConfirmSheet(
            lambda: tr("Install Goferry {version}?", version=offer.version),
            lambda: tr(
                "The new version is put beside this one; then Goferry restarts. If anything fails, this one stays."
            ),
            lambda: tr("Install and restart"),
            name="settings.updates.confirm",
        )
        self._page.frame.open_sheet(sheet, lambda yes: self._install() if yes else None)

    def _install(self) -> None:
        async def work(job: Job[Any]) -> None:
            await self._updates.install()

        self.state_row.set_problem("")
        self.install.setEnabled(False)
        job = self._page.app.jobs.start(
            "update.install", msg("Install the new Goferry"), work, page="settings", gate="update"
        )
        self._page.spawn(self._leave_after(job))

    async def _leave_after(self, job: Job[Any]) -> None:
        try:
            await job.wait()
        except GoferryError as error:
            self._failed(error)
        else:
            self._page.frame.leave_for(program())
        finally:
            self.install.setEnabled(True)

    def _reveal(self) -> None:
        if self._updates.ready is None:
            return
        try:
            open_with_system(self._updates.ready.parent)
        except GoferryError as error:
            self._failed(error)


def told(loop: asyncio.AbstractEventLoop, job: Job[Path], stage: Words, part: float) -> None:
    """How much has come, from a worker's thread to the job."""
    loop.call_soon_threadsafe(job.report, stage, part)


def show_note(app: App, frame: Frame) -> None:
    """A quiet note in the status bar while a newer version can be had."""
    offer = app.updates.offer
    if offer is None:
        frame.set_status("update", "info", "")
        return
    version = offer.version
    frame.set_status(
        "update",
        "info",
        lambda: tr("Goferry {version} can be had", version=version),
        lambda: tr("Settings → Updates shows what is new and installs it"),
    )
