"""The keys of the window, and the command palette that lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog

from desktop.base.errors import GoferryError
from desktop.base.words import LANGUAGES, tr
from desktop.ui.navigation import NUMBERED
from desktop.ui.pages import PAGES
from desktop.ui.theme import theme
from desktop.ui.widgets import ConfirmSheet

if TYPE_CHECKING:
    from desktop.ui.palette import Entry, Palette
    from desktop.ui.window import Window


@dataclass(frozen=True, slots=True)
class Key:
    """A shortcut: keys, what it does in words, the function, and the page that it needs."""

    keys: str
    text: Callable[[], str]
    run: Callable[[], object]
    needs: str = ""


class Shortcuts:
    """Makes the shortcuts once; off while a sheet is open."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._palette: Palette | None = None
        self.keys = [key for key in self._all() if not key.needs or key.needs in PAGES]
        self._made: list[QShortcut] = []
        for key in self.keys:
            shortcut = QShortcut(QKeySequence(key.keys), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(key.run)
            self._made.append(shortcut)
        window.sheets.count_changed.connect(self._on_sheets)

    def _on_sheets(self, count: int) -> None:
        for shortcut in self._made:
            shortcut.setEnabled(count == 0)

    def _all(self) -> list[Key]:
        go = self._window.navigate
        names = page_names()
        numbered = [
            Key(f"Ctrl+{at}", names[key], partial(go, key), key) for at, key in enumerate(NUMBERED, 1)
        ]
        return [
            *numbered,
            Key("Ctrl+K", lambda: tr("Find or run"), self.open_palette),
            Key("Ctrl+,", lambda: tr("Settings"), lambda: go("settings")),
            Key("Ctrl+J", lambda: tr("Activity"), self._window.activity.toggle),
            Key("Ctrl+P", lambda: tr("Switch project"), self._window.switch_project),
            Key("Ctrl+N", lambda: tr("New project"), lambda: go("new_project"), "new_project"),
            Key("Ctrl+O", lambda: tr("Open folder…"), self.open_folder),
            Key("Ctrl+B", lambda: tr("Build the current project"), lambda: go("build", "run"), "build"),
            Key(
                "Ctrl+Shift+B",
                lambda: tr("Build the failed targets again"),
                lambda: go("build", "failed"),
                "build",
            ),
            Key("Ctrl+D", lambda: tr("Deploy the newest build"), lambda: go("deploy", "newest"), "deploy"),
            Key("Ctrl+Shift+R", lambda: tr("Roll back…"), lambda: go("deploy", "rollback"), "deploy"),
            Key("Ctrl+Shift+A", lambda: tr("Add host…"), lambda: go("hosts", "add"), "hosts"),
            Key("Ctrl+.", lambda: tr("Cancel the job of this page"), self._cancel_job),
            Key("Ctrl+Return", lambda: tr("Main action of this page"), lambda: self._page("primary")),
            Key("F5", lambda: tr("Check or read again"), lambda: self._page("refresh")),
            Key("F4", lambda: tr("Right column"), lambda: self._page("toggle_right")),
            Key("F8", lambda: tr("Next problem"), lambda: self._problem(1)),
            Key("Shift+F8", lambda: tr("Previous problem"), lambda: self._problem(-1)),
            Key("F6", lambda: tr("Next pane"), lambda: self._pane(1)),
            Key("Shift+F6", lambda: tr("Previous pane"), lambda: self._pane(-1)),
            Key("Alt+Left", lambda: tr("Back"), lambda: self._window.go_back(-1)),
            Key("Alt+Right", lambda: tr("Forward"), lambda: self._window.go_back(1)),
            Key("F1", lambda: tr("What this page does"), self._help),
        ]

    # What keys do

    def _page(self, method: str) -> None:
        if (page := self._window.current_page) is not None:
            getattr(page, method)()

    def _problem(self, step: int) -> None:
        if (page := self._window.current_page) is not None:
            page.next_problem(step)

    def _pane(self, step: int) -> None:
        page = self._window.current_page
        panes = [pane for pane in page.panes() if pane.isVisible()] if page else []
        if not panes:
            self._window.nav.finder.setFocus(Qt.FocusReason.TabFocusReason)
            return
        now = QApplication.focusWidget()
        at = next(
            (i for i, pane in enumerate(panes) if pane is now or (now and pane.isAncestorOf(now))), -step
        )
        target = panes[(at + step) % len(panes)]
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def _cancel_job(self) -> None:
        key = self._window.current_key
        for job in reversed(self._window.app.jobs.running):
            if job.page == key:
                job.cancel()
                return

    def _help(self) -> None:
        page = self._window.current_page
        if page is not None and (text := page.help_text()):
            sheet = ConfirmSheet(page.title(), text, lambda: tr("Close"), name="help")
            sheet.cancel.hide()
            self._window.open_sheet(sheet)

    def open_folder(self) -> None:
        """Ask for a folder and make it the current project."""
        dialog = QFileDialog(self._window, tr("Open folder…"))
        dialog.setObjectName("openFolder")
        theme().dress(dialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda folder: self.open_path(Path(folder)))
        dialog.open()

    def open_path(self, folder: Path) -> None:
        """Make a folder the current project and show it."""
        self._window.app.remember_project(folder)
        self._window.set_current_project(folder)
        self._window.navigate("projects" if "build" not in PAGES else "build")

    # The palette

    def open_palette(self) -> None:
        """Show it under the find box."""
        if self._palette is not None or self._window.sheets.top is not None:
            return
        from desktop.ui.palette import Palette

        palette = Palette(self.entries, self._window)
        palette.closed.connect(self._on_palette_closed)
        self._palette = palette
        corner = self._window.nav.finder.mapTo(self._window, QPoint(0, 0))
        palette.open_at(max(8, corner.x()), max(4, corner.y()))

    def _on_palette_closed(self) -> None:
        self._palette = None

    def entries(self) -> list[Entry]:
        """All that can be found now."""
        from desktop.ui.palette import Entry

        window = self._window
        found: list[Entry] = []
        if (page := window.current_page) is not None:
            found += [
                Entry(tr("This page"), action.text, action.run, action.keys, "play")
                for action in page.offers()
            ]
        for key, text in page_names().items():
            if key in PAGES:
                found.append(Entry(tr("Pages"), text(), partial(window.navigate, key)))
        for folder in window.app.settings.now.projects:
            path = Path(folder)
            run = partial(window.set_current_project, path)
            found.append(Entry(tr("Projects"), path.name, run, icon="folder", more=str(path)))
        found += self._hosts()
        found += self._settings()
        pages = {text() for text in page_names().values()}
        for entry in self.keys:
            if entry.keys != "Ctrl+K" and entry.text() not in pages:
                found.append(Entry(tr("Keys"), entry.text(), entry.run, entry.keys, "bolt"))
        return found

    def _hosts(self) -> list[Entry]:
        from desktop.ui.palette import Entry

        try:
            hosts = self._window.app.inventory.hosts()
        except GoferryError:
            return []  # the Hosts page says what is wrong with the list
        return [
            Entry(
                tr("Hosts"),
                host.name,
                partial(self._window.navigate, "hosts", host.name),
                icon="server",
                more=" ".join((host.address, *host.groups)),
            )
            for host in hosts
            if not host.local
        ]

    def _settings(self) -> list[Entry]:
        from desktop.ui.palette import Entry

        change = self._window.app.settings.change
        group = tr("Settings")
        themes = {
            "system": tr("Theme: as the system"),
            "light": tr("Theme: light"),
            "dark": tr("Theme: dark"),
        }
        found = [Entry(group, text, partial(change, theme=key), icon="sun") for key, text in themes.items()]
        for key, name in LANGUAGES.items():
            found.append(
                Entry(
                    group,
                    tr("Language: {name}", name=name),
                    partial(change, language=key),
                    icon="language",
                    more=f"language 语言 {name}",
                )
            )
        return found


def page_names() -> dict[str, Callable[[], str]]:
    """Every page that the palette knows, in order."""
    return {
        "projects": lambda: tr("Projects"),
        "hosts": lambda: tr("Hosts"),
        "build": lambda: tr("Build"),
        "deploy": lambda: tr("Deploy"),
        "live": lambda: tr("Live"),
        "consistency": lambda: tr("Consistency"),
        "new_project": lambda: tr("New project"),
        "settings": lambda: tr("Settings"),
        "setup": lambda: tr("Check this computer"),
    }
