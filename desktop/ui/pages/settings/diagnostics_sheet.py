"""Save diagnostics: every file can be read before any is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from desktop.app_diagnostics import Diagnostics, diagnose, save_diagnostics
from desktop.base.words import language, tr
from desktop.ui.pages.base import Frame
from desktop.ui.theme import theme
from desktop.ui.widgets import CodeView, Row, Sheet, Text, check_box, label, language_of, list_view, say

if TYPE_CHECKING:
    from desktop.app import App


def screen_facts() -> dict[str, Any]:
    """Screens, their scale, and how the window looks: what only a window knows."""
    screens = [
        {
            "name": screen.name(),
            "size": f"{screen.size().width()}x{screen.size().height()}",
            "scale": screen.devicePixelRatio(),
            "dpi": round(screen.logicalDotsPerInch(), 1),
            "primary": screen is QGuiApplication.primaryScreen(),
        }
        for screen in QGuiApplication.screens()
    ]
    look = {"theme": theme().mode, "dark": theme().is_dark, "text_size": theme().text_scale}
    return {
        "qt": qVersion(),
        "platform": QGuiApplication.platformName(),
        "screens": screens,
        "look": look,
        "language": language(),
    }


class DiagnosticsSheet(Sheet):
    """Files left, the text of the chosen one right. Ends with the path that was written."""

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(
            lambda: tr("Save diagnostics"),
            name="settings.diagnostics",
            primary=lambda: tr("Save as a zip…"),
            cancel=lambda: tr("Close"),
            width=860,
        )
        self._app, self._frame = app, frame
        self.found: Diagnostics | None = None
        self.note = label(lambda: tr("Collecting…"), "body", "secondary", wrap=True)
        self.body.addWidget(self.note)
        self.list, self._model, _ = list_view(name="settings.diagnostics.files", label=lambda: tr("Files"))
        self.list.setFixedWidth(300)
        self.text = CodeView(
            name="settings.diagnostics.text", label=lambda: tr("Text of the file"), numbers=False
        )
        self.text.setMinimumHeight(330)
        both = QHBoxLayout()
        both.setSpacing(12)
        both.addWidget(self.list)
        both.addWidget(self.text, 1)
        self.body.addLayout(both, 1)
        self.addresses = check_box(
            lambda: tr("Keep addresses and user names as they are"), name="settings.diagnostics.addresses"
        )
        self.addresses.toggled.connect(lambda _on: self._collect())
        self.body.addWidget(self.addresses)
        self.list.selectionModel().currentChanged.connect(lambda now, _before: self._show_part(now.row()))
        self._collect()

    def _collect(self) -> None:
        self.found = None
        self._allow(False)
        self._say(lambda: tr("Collecting…"))
        self._frame.spawn(self._read(), self)

    async def _read(self) -> None:
        wanted = self.addresses.isChecked()
        found = await diagnose(self._app, addresses=wanted, screen=screen_facts())
        if wanted != self.addresses.isChecked():
            return  # asked for anew in the meantime
        self.found = found
        at = max(0, self.list.currentIndex().row())
        self._model.show_rows([Row(title=part.name, second=str(part.what)) for part in found.parts])
        self.list.setCurrentIndex(self._model.index(at))
        self._show_part(at)
        self._say(
            lambda: tr(
                "These are all the files, without secrets. Nothing is written until you save, and nothing is sent."
            )
        )
        self._allow(True)

    def _show_part(self, at: int) -> None:
        if self.found is not None and 0 <= at < len(self.found.parts):
            part = self.found.parts[at]
            self.text.show_code(part.text, language_of(part.name))
            self.text.verticalScrollBar().setValue(0)

    def _say(self, text: Text) -> None:
        say(self.note, self.note.setText, text)

    def _allow(self, on: bool) -> None:
        if self.primary is not None:
            self.primary.setEnabled(on)

    def on_primary(self) -> None:
        if self.found is None:
            return
        dialog = QFileDialog(self, tr("Save diagnostics"))
        dialog.setObjectName("settings.diagnostics.dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.selectFile(self.found.file_name)
        dialog.fileSelected.connect(self.save)
        dialog.open()

    def save(self, file: str) -> None:
        """Write what was shown, and nothing else."""
        if self.found is not None:
            self._allow(False)
            self._frame.spawn(self._write(self.found, Path(file)), self)

    async def _write(self, found: Diagnostics, path: Path) -> None:
        try:
            await save_diagnostics(self._app, found, path)
        except OSError as error:
            why = error.strerror or str(error)
            self._say(lambda: tr("Not saved: {why}", why=why))
            self._allow(True)
            return
        self.accept(path)
