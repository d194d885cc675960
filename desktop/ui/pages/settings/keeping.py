"""Sheets of Security: the keys and secrets that Goferry keeps, and the servers that it knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem

from desktop.app_keeping import KeptSecret, forget_secret, kept_keys, kept_secrets, known_servers
from desktop.base.words import ntr, tr
from desktop.ui.environments import environment_words
from desktop.ui.pages.base import Frame
from desktop.ui.widgets import Row, Sheet, button, label, list_view, say, say_again, set_up_table

if TYPE_CHECKING:
    from desktop.app import App


class KeepingSheet(Sheet):
    """Keys with their files, secrets by what they are for. A secret is forgotten at once; no value is ever shown."""

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(
            lambda: tr("SSH keys and passwords"),
            name="settings.keeping",
            cancel=lambda: tr("Close"),
            width=680,
        )
        self._app, self._frame = app, frame
        why = lambda: tr(  # noqa: E731
            "Passwords and passphrases are in the system's credential store, by these names. One that is forgotten is "
            "asked for again, at the latest after the next start."
        )
        self.body.addWidget(label(why, "caption", "secondary", wrap=True))
        self.count = label(lambda: tr("Collecting…"), "bodyStrong")
        self.body.addWidget(self.count)
        self.list, self.model, _ = list_view(
            name="settings.keeping.list", label=lambda: tr("SSH keys and passwords")
        )
        self.list.setMinimumHeight(300)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._fit())
        self.body.addWidget(self.list, 1)
        self.copy = button(lambda: tr("Copy public key"), name="settings.keeping.copy", icon="copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._chosen("public")))
        self.forget = button(lambda: tr("Forget"), name="settings.keeping.forget")
        self.forget.clicked.connect(lambda: frame.spawn(self._forget(), self))
        self.foot.insertWidget(0, self.copy)
        self.foot.insertWidget(1, self.forget)
        self._fit()
        frame.spawn(self._read(), self)

    async def _read(self) -> None:
        keys, secrets = await kept_keys(self._app), await kept_secrets(self._app)
        home = str(Path.home())
        rows = [
            Row(
                str(one.what),
                str(one.file).replace(home, "~", 1),
                icon="key",
                right=", ".join(one.hosts[:3]) + (", …" if len(one.hosts) > 3 else ""),
                tip=", ".join(one.hosts),
                mono_second=True,
                payload=one,
            )
            for one in keys
        ]
        rows += [Row(_said(one), tr("in the credential store"), icon="lock", payload=one) for one in secrets]
        self.model.show_rows(rows)
        say(
            self.count,
            self.count.setText,
            lambda: ", ".join(
                (
                    ntr("{n} SSH key", "{n} SSH keys", len(keys)),
                    ntr("{n} secret", "{n} secrets", len(secrets)),
                )
            ),
        )
        self._fit()

    def _payload(self) -> Any:
        at = self.list.currentIndex().row()
        return self.model.row(at).payload if 0 <= at < self.model.rowCount() else None

    def _chosen(self, part: str) -> str:
        return str(getattr(self._payload(), part, ""))

    def _fit(self) -> None:
        self.copy.setEnabled(bool(self._chosen("public")))
        self.forget.setEnabled(bool(self._chosen("key")))

    async def _forget(self) -> None:
        if (chosen := self._payload()) is not None:
            self.forget.setEnabled(False)
            try:
                await forget_secret(self._app, chosen)
                await self._read()
            finally:
                self._fit()  # also when the store refuses, which the window tells


def _said(secret: KeptSecret) -> str:
    if not secret.app:
        return str(secret.what)
    environment = environment_words(secret.environment)
    return tr("{name} of {app} in {environment}", name=secret.what, app=secret.app, environment=environment)


class KnownServersSheet(Sheet):
    """Every server of the list with the fingerprints that it is known by."""

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(
            lambda: tr("Known servers"), name="settings.known", cancel=lambda: tr("Close"), width=760
        )
        self._app = app
        why = lambda: tr(  # noqa: E731
            "A server that shows another key is refused, and nothing is sent to it. Hosts shows both keys then."
        )
        self.body.addWidget(label(why, "caption", "secondary", wrap=True))
        self.table = QTableWidget(0, 3)
        set_up_table(self.table, name="settings.known.table", label=lambda: tr("Known servers"), dense=True)
        say_again(self.table, self._name_columns)
        self._name_columns()
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.table.setMinimumHeight(340)
        self.body.addWidget(self.table)
        frame.spawn(self._read(), self)

    def _name_columns(self) -> None:
        self.table.setHorizontalHeaderLabels([tr("Host"), tr("Address"), tr("Fingerprint")])

    async def _read(self) -> None:
        lines = [
            (one.name, one.address, fingerprint)
            for one in await known_servers(self._app)
            for fingerprint in (one.fingerprints or (tr("not met yet"),))
        ]
        self.table.setRowCount(len(lines))
        for at, line in enumerate(lines):
            for place, text in enumerate(line):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.table.setItem(at, place, item)
