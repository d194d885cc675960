"""The bar over the page: what went wrong, why, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication

from desktop.base.errors import START_ENGINE, GoferryError, explained
from desktop.base.words import sentences, tr
from desktop.ui.pages import PAGES
from desktop.ui.widgets import Banner, Text


class ErrorBar(Banner):
    """`page_asked(key)` when a fix leads to a page, `engine_asked` when this computer's engine shall be started."""

    page_asked = Signal(str)
    engine_asked = Signal()

    def __init__(self) -> None:
        super().__init__(name="frame.error", closable=True)
        self._told: GoferryError | None = None
        self.acted.connect(self._on_action)

    def show_error(self, error: BaseException) -> None:
        """The three sentences; the tool's own words are one press away."""
        told = self._told = explained(error)
        why = str(sentences(told.why, told.fix))
        actions: list[tuple[str, Text]] = [
            (fix.action, fix.label) for fix in told.fixes if fix.action in (*PAGES, START_ENGINE)
        ]
        if told.detail:
            actions.append(("copy", lambda: tr("Copy for a bug report")))
        self.show_banner("fail", told.what, why, actions, primary=False)

    def _on_action(self, key: str) -> None:
        if key == "copy" and self._told is not None:
            QGuiApplication.clipboard().setText(f"{self._told}\n\n{self._told.detail}")
        elif key == START_ENGINE:
            self.hide()
            self.engine_asked.emit()
        else:
            self.hide()
            self.page_asked.emit(key)
