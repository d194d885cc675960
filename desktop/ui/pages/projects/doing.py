"""What a person asks of a project: opening, finding and forgetting folders, menus, and changes that findings offer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from desktop.app_project import FolderLook, folder_terminal
from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.processes import open_with_system
from desktop.base.words import Message, msg, tr
from desktop.project import Change, Finding, add_module, apply_change, line_ends, listen_everywhere
from desktop.ui.widgets import ChangeSheet, ConfirmSheet

from . import present
from .cards import GAP
from .sheets import FindingsSheet, ModuleSheet

if TYPE_CHECKING:
    from .page import ProjectsPage

_PAGES = {
    "build": ("build", "run"),
    "deploy": ("deploy", None),
    "live": ("live", None),
    "open": ("build", None),
}


class Doing:
    """Carries out wishes for the page, and tells it what to read again."""

    def __init__(self, page: ProjectsPage) -> None:
        self.page, self.app, self.frame = page, page.app, page.frame
        self.spawn = page.spawn

    def act(self, card: present.Card, key: str) -> None:
        """What a person asked of a project."""
        folder = card.folder
        actions: dict[str, Callable[[], object]] = {
            "cancel": partial(self._cancel, card),
            "terminal": partial(self._terminal, folder),
            "folder": partial(self._show_folder, folder),
            "findings": partial(self._show_findings, card),
            "find": partial(self._ask_where, folder),
            "remove": partial(self._ask_remove, card),
            "pin": partial(self._pin, folder),
            "copy": partial(QGuiApplication.clipboard().setText, str(folder)),
        }
        if key == "more":
            index = self.page.cards.cards.cards.index(card)
            spot = self.page.cards.visualRect(self.page.cards.cards.index(index)).topRight() - QPoint(
                GAP + 30, -40
            )
            self.show_menu(card, self.page.cards.viewport().mapToGlobal(spot))
        elif key in actions:
            actions[key]()
        else:
            self._go(folder, key)

    def _go(self, folder: Path, key: str) -> None:
        self.frame.set_current_project(folder)
        self.app.remember_project(folder)
        if key.startswith("cell:"):
            self.frame.navigate("live", key.removeprefix("cell:"))
        else:
            self.frame.navigate(*_PAGES[key])

    def _cancel(self, card: present.Card) -> None:
        for job in self.app.jobs.running:
            if job.kind == "build" and present.is_about(job.subject, card.folder, card.name):
                job.cancel()

    def _pin(self, folder: Path) -> None:
        pinned = self.app.settings.now.pinned
        text = str(folder)
        self.app.settings.change(
            pinned=tuple(one for one in pinned if one != text) if text in pinned else (*pinned, text)
        )

    def _show_folder(self, folder: Path) -> None:
        try:
            open_with_system(folder)
        except (GoferryError, OSError) as error:
            self.frame.error(error)

    def _terminal(self, folder: Path) -> None:
        from desktop.hosts import open_terminal

        try:
            open_terminal(folder_terminal(folder))
        except (GoferryError, OSError) as error:
            self.frame.error(error)

    def show_menu(self, card: present.Card, spot: QPoint) -> None:
        menu = QMenu(self.page)
        menu.setObjectName("projects.menu")
        texts = [("find", tr("Find…"))] if card.gone else [
            ("cancel", tr("Cancel")) if card.building else ("build", tr("Build")),
            ("deploy", tr("Deploy")), ("live", tr("Live")), ("", ""),
            ("terminal", tr("Open a terminal here")), ("folder", tr("Show the folder")), ("copy", tr("Copy path")),
            *([("findings", tr("Show findings"))] if card.findings else []),
        ]  # fmt: skip
        texts += [
            ("", ""),
            ("pin", tr("Unpin") if card.pinned else tr("Pin")),
            ("remove", tr("Remove from the list…")),
        ]
        for key, text in texts:
            if not key:
                menu.addSeparator()
                continue
            menu.addAction(text).triggered.connect(partial(self._on_menu, card, key))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(spot)

    def _on_menu(self, card: present.Card, key: str, _checked: bool = False) -> None:
        self.act(card, key)

    # Opening and leaving

    def ask_folder(self) -> None:
        self._ask_for_folder(tr("Open folder…"), self.open_folder)

    def _ask_where(self, gone: Path) -> None:
        self._ask_for_folder(tr("Find…"), partial(self._moved, gone))

    def _ask_for_folder(self, title: str, then: Callable[[Path], object]) -> None:
        dialog = QFileDialog(self.page, title)
        dialog.setObjectName("projects.openFolder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda text: then(Path(text)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _moved(self, gone: Path, folder: Path) -> None:
        now = self.app.settings.now
        self.app.settings.change(
            projects=tuple(str(folder) if one == str(gone) else one for one in now.projects),
            pinned=tuple(str(folder) if one == str(gone) else one for one in now.pinned),
        )
        self.page.folder_looks.pop(gone, None)
        self.page.refresh_missing()

    def open_folder(self, folder: Path) -> None:
        """Put a folder first and read it; the card appears at once. Nothing of it is run."""
        folder = folder.absolute()
        self.app.remember_project(folder)
        self.page.folder_looks.pop(folder, None)
        self.frame.set_current_project(folder)
        self.page.render_now()
        self.page.reading.add(folder)
        self.spawn(self._read_and_offer(folder))

    async def _read_and_offer(self, folder: Path) -> None:
        await self.page.read(folder)
        look = self.page.folder_looks.get(folder)
        if look is not None and look.project is not None and not look.project.modules:
            self._offer_module(folder)

    def _offer_module(self, folder: Path) -> None:
        def ended(path: Any) -> None:
            if path:
                self.spawn(self._add_module(folder, path))

        self.frame.open_sheet(ModuleSheet(folder), ended)

    async def _add_module(self, folder: Path, path: str) -> None:
        await self.app.pools.files.run(lambda _token: add_module(folder, path))
        await self.page.read(folder)

    def _ask_remove(self, card: present.Card) -> None:
        sheet = ConfirmSheet(
            lambda: tr("Remove {project} from the list?", project=card.name),
            lambda: tr("The folder stays as it is, and so does what runs on servers."),
            lambda: tr("Remove"),
            name="projects.remove",
        )
        self.frame.open_sheet(sheet, lambda yes: self._forget(card.folder) if yes else None)

    def _forget(self, folder: Path) -> None:
        now, text = self.app.settings.now, str(folder)
        self.app.settings.change(
            projects=tuple(one for one in now.projects if one != text),
            pinned=tuple(one for one in now.pinned if one != text),
        )
        self.page.folder_looks.pop(folder, None)
        self.page.environments.pop(folder, None)
        if self.frame.current_project == folder:
            rest = self.page.folders()
            self.frame.set_current_project(rest[0] if rest else None)

    def try_sample(self) -> Job[Any]:
        """The whole way on this computer, as a job; the folder is opened when it is done."""

        async def work(job: Job[Any]) -> Any:
            from desktop.app_demo import run_demo

            def say(words: Message | str) -> None:
                job.report(words)
                job.say(str(words))

            return await run_demo(self.app, None, say)

        job = self.app.jobs.start(
            "demo", msg("Try the sample"), work, subject="hello-goferry", page=self.page.key
        )
        self.spawn(self._after_sample(job))
        return job

    async def _after_sample(self, job: Job[Any]) -> None:
        try:
            result = await job.wait()
        except GoferryError as error:
            self.frame.error(error)
            return
        self.page.refresh_missing()
        self.frame.toast(
            "ok",
            lambda: tr("The sample is running"),
            result.url,
            [(lambda: tr("Open it"), partial(_open_address, result.url))],
        )

    # Findings and what they offer

    def _show_findings(self, card: present.Card) -> None:
        look = card.payload
        if not isinstance(look, FolderLook) or look.project is None:
            return
        sheet = FindingsSheet(card.name, look.project.warnings, card.folder)
        sheet.fix_asked.connect(partial(self._on_fix, card, sheet))
        self.frame.open_sheet(sheet)

    def _on_fix(self, card: present.Card, sheet: FindingsSheet, action: str, finding: Finding) -> None:
        sheet.reject()
        if action == "project.create_module":
            self._offer_module(card.folder)
        elif action == "open" and finding.place is not None:
            self._show_folder(finding.place.path)
        else:
            self.spawn(self._propose(card, action, finding))

    async def _propose(self, card: present.Card, action: str, finding: Finding) -> None:
        """Works the change out, shows it, and writes it when the person agrees."""
        look = card.payload

        def changes(token: CancelToken) -> tuple[Change, ...]:
            if action == "project.line_ends":
                return line_ends(look.project)
            change = listen_everywhere(finding.place) if finding.place else None
            return (change,) if change else ()

        found = await self.app.pools.files.run(changes)
        if not found:
            await self.page.read(card.folder)
            return

        def ended(agreed: Any) -> None:
            if agreed:
                self.spawn(self._write(card.folder, found))

        self.frame.open_sheet(ChangeSheet(found, page="projects"), ended)

    async def _write(self, folder: Path, changes: tuple[Change, ...]) -> None:
        def write(token: CancelToken) -> None:
            for change in changes:
                apply_change(change)

        await self.app.pools.files.run(write)
        await self.page.read(folder)


def _open_address(address: str) -> None:
    QDesktopServices.openUrl(QUrl(address))
