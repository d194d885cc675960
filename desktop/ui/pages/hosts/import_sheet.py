"""Import list: an SSH config, a CSV or a YAML list, shown as a table to tick."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFileDialog, QHeaderView, QTableView

from desktop.base.errors import GoferryError
from desktop.base.words import tr
from desktop.hosts import Candidate, Host, read_import
from desktop.ui.theme import theme
from desktop.ui.widgets import Banner, ElidedLabel, button, label, row, set_up_table
from desktop.ui.widgets.says import say
from desktop.ui.widgets.sheets import Sheet

from . import present

if TYPE_CHECKING:
    from desktop.app import App


class ImportSheet(Sheet):
    """Accepts with the hosts that were ticked."""

    def __init__(
        self, app: App, spawn: Callable[[Coroutine[Any, Any, Any]], Any], file: Path | None = None
    ) -> None:
        super().__init__(
            lambda: tr("Import hosts"), name="hosts.import", primary=lambda: tr("Import"), width=720
        )
        self.app, self._spawn = app, spawn
        self.rows: tuple[Candidate, ...] = ()
        self.file = ElidedLabel("", "mono", "secondary", middle=True)
        self.choose = button(
            lambda: tr("Choose a file…"), name="hosts.import.choose", small=True, icon="folder-open"
        )
        self.choose.clicked.connect(self._choose)
        self.banner = Banner(name="hosts.import.banner")
        self.model = QStandardItemModel(self)
        self.model.itemChanged.connect(lambda _: self._render())
        self.table = QTableView()
        set_up_table(self.table, name="hosts.import.table", label=lambda: tr("Hosts in the file"), dense=True)
        self.table.setModel(self.model)
        self.table.setMinimumHeight(theme().px(260))
        self.count = label("", "caption", "secondary")
        self.body.addWidget(
            label(
                lambda: tr("From an SSH config, a CSV with the columns name and address, or a YAML list. Each host's "
                           "key is confirmed afterwards."),
                "body", "secondary", wrap=True,
            )
        )  # fmt: skip
        self.body.addLayout(row(self.choose, self.file, spacing=10))
        self.body.addWidget(self.banner)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.count)
        self._render()
        usual = file or Path.home() / ".ssh" / "config"
        if usual.is_file():
            self.read(usual)

    def _choose(self) -> None:
        dialog = QFileDialog(self, tr("Import hosts"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.read(Path(name)))
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def read(self, path: Path) -> None:
        """Shows what is in a file."""
        say(self.file, self.file.set_text, str(path))
        self._spawn(self._read(path))

    async def _read(self, path: Path) -> None:
        try:
            rows = await self.app.pools.files.run(lambda token: read_import(path))
        except GoferryError as error:
            self.banner.show_banner("fail", *present.error_text(error))
            rows = ()
        else:
            self.banner.hide()
        self.show_rows(rows)

    def show_rows(self, rows: Sequence[Candidate]) -> None:
        self.rows = tuple(rows)
        known = {host.name for host in self.app.inventory.hosts()}
        self.model.clear()
        self.model.setHorizontalHeaderLabels([tr("Host"), tr("Address"), tr("Remark")])
        for found in self.rows:
            there = found.name in known
            first = QStandardItem(found.name or "–")
            good = found.host is not None and not there
            first.setCheckable(good)
            first.setEnabled(good)
            if good:
                first.setCheckState(Qt.CheckState.Checked)
            address = QStandardItem(found.host.shown_address if found.host is not None else "")
            remark = str(found.problem or (tr("already there") if there else found.note))
            last = QStandardItem(remark)
            last.setToolTip(remark)
            self.model.appendRow([first, address, last])
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        head.resizeSection(0, theme().px(170))
        head.resizeSection(1, theme().px(210))
        self._render()

    def ticked(self) -> tuple[Host, ...]:
        found = []
        for number, candidate in enumerate(self.rows):
            item = self.model.item(number, 0)
            if candidate.host is not None and item.checkState() is Qt.CheckState.Checked:
                found.append(candidate.host)
        return tuple(found)

    def on_primary(self) -> None:
        self.accept(self.ticked())

    def _render(self) -> None:
        chosen = len(self.ticked())
        every = len(self.rows)
        say(self.count, self.count.setText, lambda: tr("{chosen} of {all} chosen", chosen=chosen, all=every))
        if self.primary is not None:
            self.primary.setEnabled(chosen > 0)
