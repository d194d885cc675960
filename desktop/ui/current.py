"""Which project the pages are about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from desktop.ui.git_branch import branch_of

if TYPE_CHECKING:
    from desktop.ui.window import Window


class CurrentProject:
    """The folder in force, shown in the navigation with its branch, remembered for the next start."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.folder: Path | None = None

    def last(self) -> Path | None:
        """The project of last time, if it is still among those opened; else the newest of them."""
        known = self._window.app.settings.now.projects
        last = self._window.place.text("project")
        wanted = last if last in known else (known[0] if known else "")
        return Path(wanted) if wanted else None

    def choose(self, folder: Path | None) -> bool:
        """False when it is the current one already."""
        if folder == self.folder and folder is not None:
            return False
        self.folder = folder
        if folder is not None:
            self._window.place.set_text("project", str(folder))
        self.show()
        return True

    def show(self) -> None:
        """Name it in the navigation; its branch follows when it has been read."""
        self._window.nav.show_project(self.folder.name if self.folder else "", "")
        if self.folder is not None:
            self._window.spawn(self._show_branch(self.folder))

    async def _show_branch(self, folder: Path) -> None:
        branch = await self._window.app.pools.files.run(lambda _token: branch_of(folder))
        if folder == self.folder:
            self._window.nav.show_project(folder.name, branch)
