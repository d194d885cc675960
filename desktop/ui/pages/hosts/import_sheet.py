"""Import list: a file or a pasted text, shown as a table to tick; and how Goferry signs in to those."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QHeaderView, QPlainTextEdit, QTableView, QWidget

from desktop.app_setup import Newcomer
from desktop.base.errors import GoferryError
from desktop.base.secret import Secret
from desktop.base.words import tr
from desktop.hosts import Candidate, Host, read_import, read_pasted
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Banner,
    Choice,
    ElidedLabel,
    Field,
    button,
    column,
    label,
    row,
    set_up_table,
    use_font,
)
from desktop.ui.widgets.says import say, say_again
from desktop.ui.widgets.sheets import Sheet

from . import present

if TYPE_CHECKING:
    from desktop.app import App


class ImportSheet(Sheet):
    """Accepts with a Newcomer for each host that was ticked."""

    def __init__(
        self, app: App, spawn: Callable[[Coroutine[Any, Any, Any]], Any], file: Path | None = None
    ) -> None:
        super().__init__(
            lambda: tr("Import hosts"),
            name="hosts.import",
            primary=lambda: tr("Go on"),
            width=760,
            scrolls=True,
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
        self._name_columns()
        say_again(self.table, self._again)
        self.table.setMinimumHeight(theme().px(180))
        self.count = label("", "caption", "secondary")
        self.pasted = self._paste_field()
        self.body.addWidget(
            label(
                lambda: tr(
                    "An SSH config, a table with the columns name and address, YAML, an Ansible inventory, or "
                    "one server a line. Nothing is added before its key is confirmed and the sign-in works."
                ),
                "body", "secondary", wrap=True,
            )
        )  # fmt: skip
        self.body.addLayout(row(self.choose, self.file, spacing=10))
        holder = QWidget()  # the style sheet's own heights win over those of the field
        holder.setFixedHeight(theme().px(64))
        holder.setLayout(column(self.pasted))
        self.body.addWidget(holder)
        self.body.addWidget(self.banner)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.count)
        self.body.addLayout(self._sign_in())
        self._render()
        usual = file or Path.home() / ".ssh" / "config"
        if usual.is_file():
            self.read(usual)

    def _paste_field(self) -> QPlainTextEdit:
        made = QPlainTextEdit()
        made.setObjectName("hosts.import.pasted")
        made.setProperty("kind", "field")
        made.setTabChangesFocus(True)
        use_font(made, "mono")
        say(made, made.setAccessibleName, lambda: tr("Pasted list"))
        say(
            made,
            made.setPlaceholderText,
            lambda: tr("Or paste a list here, such as  deploy@192.0.2.31 web-1"),
        )
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(300)
        self._rest.timeout.connect(self.read_pasted)
        made.textChanged.connect(self._rest.start)
        return made

    def _sign_in(self) -> QHBoxLayout:
        ways = [
            ("list", lambda: tr("As the list says")), ("own", lambda: tr("Goferry's own key is there already")),
            ("password", lambda: tr("Password once, then Goferry's own key")),
        ]  # fmt: skip
        self.way = Choice(ways, name="hosts.import.way", label_text=lambda: tr("Sign-in"), value="list")
        self.way.chosen.connect(lambda _: self._render())
        self.way_field = Field(lambda: tr("Sign-in"), name="hosts.import.way", editor=self.way)
        self.password = Field(
            lambda: tr("Password, the same for all of them"), name="hosts.import.password", secret=True
        )
        self.password.changed.connect(lambda _: self._render())
        line = row(spacing=12)
        line.addWidget(self.way_field, 1)
        line.addWidget(self.password, 1)
        return line

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

    def read_pasted(self) -> None:
        """Shows what is in the pasted text."""
        text = self.pasted.toPlainText()
        if not text.strip():
            return
        say(self.file, self.file.set_text, "")
        try:
            rows = read_pasted(text)
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
        self._name_columns()
        for found in self.rows:
            there = found.name in known
            first = QStandardItem(found.name or "–")
            good = found.host is not None and not there
            first.setCheckable(good)
            first.setEnabled(good)
            if good:
                first.setCheckState(Qt.CheckState.Checked)
            address = QStandardItem(found.host.shown_address if found.host is not None else "")
            self.model.appendRow([first, address, QStandardItem("")])
        self._say_remarks()
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        head.resizeSection(0, theme().px(170))
        head.resizeSection(1, theme().px(210))
        self._render()

    def _say_remarks(self) -> None:
        known = {host.name for host in self.app.inventory.hosts()}
        for number, found in enumerate(self.rows):
            there = tr("already there") if found.name in known else found.note
            remark, item = str(found.problem or there), self.model.item(number, 2)
            item.setText(remark)
            item.setToolTip(remark)

    def _again(self) -> None:
        self._name_columns()
        self._say_remarks()

    def _name_columns(self) -> None:
        self.model.setHorizontalHeaderLabels([tr("Host"), tr("Address"), tr("Remark")])

    def ticked(self) -> tuple[Host, ...]:
        found = []
        for number, candidate in enumerate(self.rows):
            item = self.model.item(number, 0)
            if candidate.host is not None and item.checkState() is Qt.CheckState.Checked:
                found.append(candidate.host)
        return tuple(found)

    def newcomers(self) -> tuple[Newcomer, ...]:
        """The ticked hosts, with how to sign in; a jump host that is neither known nor ticked is left out."""
        hosts = self.ticked()
        names = {host.name for host in (*hosts, *self.app.inventory.hosts())}
        way, made = self.way.value, []
        secret = Secret(self.password.text) if way == "password" else None
        for host in sorted(hosts, key=lambda host: bool(host.via)):
            ready = host if host.via in names else replace(host, via="")
            if way != "list":
                ready = replace(ready, auth=way, key="")
            made.append(Newcomer(ready, password=secret))
        return tuple(made)

    def on_primary(self) -> None:
        if self._rest.isActive():
            self._rest.stop()
            self.read_pasted()
            return
        if self.way.value == "password" and not self.password.text:
            self.password.set_error(tr("It is empty."))
            return
        made = self.newcomers()
        self.password.set_text("")
        self.accept(made)

    def _render(self) -> None:
        chosen = len(self.ticked())
        every = len(self.rows)
        say(self.count, self.count.setText, lambda: tr("{chosen} of {all} chosen", chosen=chosen, all=every))
        self.password.setVisible(self.way.value == "password")
        if self.primary is not None:
            self.primary.setEnabled(chosen > 0)
