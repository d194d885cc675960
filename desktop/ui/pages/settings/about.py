"""The last section: version, licence, and the libraries that came along with theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from desktop import __version__
from desktop.base.libraries import third_parties
from desktop.base.resources import resources
from desktop.base.words import tr
from desktop.ui.widgets import CodeView, Sheet, button, label, say_again, set_up_table

from .diagnostics_sheet import DiagnosticsSheet
from .rows import Section, SettingRow

if TYPE_CHECKING:
    from .page import SettingsPage


def about_section(page: SettingsPage) -> Section:
    """Version, licence, third parties; no telemetry."""
    licence = button(lambda: tr("Show"), name="settings.about.licence")
    licence.clicked.connect(lambda: page.frame.open_sheet(LicenceSheet()))
    parts = button(lambda: tr("Show"), name="settings.about.parts")
    parts.clicked.connect(lambda: page.frame.open_sheet(PartsSheet()))
    diagnostics = button(lambda: tr("Save diagnostics"), name="settings.diagnostics.open")
    diagnostics.clicked.connect(lambda: save_diagnostics(page))
    rows = [
        SettingRow(
            "ship",
            f"Goferry {__version__}",
            lambda: tr("Carries Go apps to your servers. Sends nothing about you to anybody."),
        ),
        SettingRow("doc-list", lambda: tr("Licence"), "Apache-2.0", licence),
        SettingRow(
            "layers",
            lambda: tr("Libraries that came along"),
            lambda: tr("Qt and paramiko under the LGPL: their files lie beside Goferry and may be replaced"),
            parts,
        ),
        SettingRow(
            "doc-list",
            lambda: tr("Something is wrong?"),
            lambda: tr("A zip for whoever helps you: no secrets, and you read it first"),
            diagnostics,
        ),
    ]
    return Section(lambda: tr("About"), rows)


def save_diagnostics(page: SettingsPage) -> None:
    """Show what a zip for helpers would hold; told where it is when it was saved."""

    def saved(path: object) -> None:
        if path is not None:
            page.frame.toast("ok", lambda: tr("Diagnostics saved"), str(path))

    page.frame.open_sheet(DiagnosticsSheet(page.app, page.frame), saved)


class LicenceSheet(Sheet):
    """The text of Goferry's licence."""

    def __init__(self) -> None:
        super().__init__(
            lambda: tr("Licence"), name="settings.licence", cancel=lambda: tr("Close"), width=760
        )
        view = CodeView(name="settings.licence.text", label=lambda: tr("Licence"), numbers=False)
        view.setMinimumHeight(420)
        view.show_code(licence_text())
        self.body.addWidget(view)


class PartsSheet(Sheet):
    """Libraries, versions and licences, from what is installed."""

    def __init__(self) -> None:
        super().__init__(
            lambda: tr("Libraries that came along"),
            name="settings.parts",
            cancel=lambda: tr("Close"),
            width=760,
        )
        self.body.addWidget(label(lambda: tr("Thank you to all who made them."), "caption", "secondary"))
        found = third_parties()
        self.table = QTableWidget(len(found), 3)
        set_up_table(
            self.table, name="settings.parts.table", label=lambda: tr("Libraries that came along"), dense=True
        )
        say_again(self.table, self._name_columns)
        self._name_columns()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumHeight(400)
        for at, part in enumerate(found):
            for place, text in enumerate((part.name, part.version, part.licence)):
                item = QTableWidgetItem(text)
                item.setToolTip(part.home or text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.table.setItem(at, place, item)
        self.body.addWidget(self.table)

    def _name_columns(self) -> None:
        self.table.setHorizontalHeaderLabels([tr("Name"), tr("Version"), tr("Licence")])


def licence_text() -> str:
    """The licence as shipped; its name and address where the file is not beside the program."""
    for file in (resources().parent / "LICENSE", resources() / "LICENSE"):
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return "Apache License 2.0\nhttps://www.apache.org/licenses/LICENSE-2.0\n"
