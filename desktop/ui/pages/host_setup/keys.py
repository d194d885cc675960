"""Many fingerprints at once: compared with a list that a person trusts, or by eye, then confirmed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QPlainTextEdit, QTableView, QWidget

from desktop.base.words import ntr, tr
from desktop.ui.theme import theme
from desktop.ui.widgets import button, column, label, row, set_up_table, use_font
from desktop.ui.widgets.says import say, say_again
from desktop.ui.widgets.sheets import Sheet

_PRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_BLOB = re.compile(r"\bAAAA[A-Za-z0-9+/]{60,}={0,2}")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A server and the key that it has shown."""

    host: str
    address: str
    fingerprint: str


def fingerprints_in(text: str) -> list[str]:
    """Of a line: as ssh-keygen prints them, or as lines of a known_hosts file and of ssh-keyscan have the key."""
    found = _PRINT.findall(text)
    for blob in _BLOB.findall(text):
        try:
            data = base64.b64decode(blob + "=" * (-len(blob) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii").rstrip("=")
        found.append(f"SHA256:{digest}")
    return found


def compared(rows: Sequence[KeyRow], trusted: str) -> dict[str, str]:
    """host → "same", "different" or "" where the trusted list says nothing of it.

    A line that names a server speaks of that one alone; a line without any of the names can be anybody's.
    """
    verdicts = dict.fromkeys((one.host for one in rows), "")
    for line in trusted.splitlines():
        prints = fingerprints_in(line)
        if not prints:
            continue
        words = set(re.split(r"[\s,\[\]]+", line))
        named = [one for one in rows if words & _names(one)]
        for one in named or rows:
            if one.fingerprint in prints:
                verdicts[one.host] = "same"
            elif named and verdicts[one.host] != "same":
                verdicts[one.host] = "different"
    return verdicts


def _names(one: KeyRow) -> set[str]:
    address = one.address.rpartition("@")[2]
    return {one.host, address, address.rpartition(":")[0]} - {""}


class KeysSheet(Sheet):
    """Accepts with {host: fingerprint} of the ticked ones."""

    def __init__(self, rows: Sequence[KeyRow]) -> None:
        self.rows = tuple(rows)
        self.verdicts: dict[str, str] = {}
        super().__init__(
            lambda: tr("Are these the right servers?"), name="host_setup.keys",
            primary=lambda: self._primary_text(), width=820, scrolls=True,
        )  # fmt: skip
        self.body.addWidget(
            label(
                lambda: tr(
                    "Goferry has not met them before, and has sent nothing yet. Compare each fingerprint with one you "
                    "trust: from the server's console, its owner, or your records."
                ),
                "body", "secondary", wrap=True,
            )
        )  # fmt: skip
        self.model = QStandardItemModel(self)
        self.model.itemChanged.connect(lambda _: self._count())
        self.table = QTableView()
        set_up_table(
            self.table, name="host_setup.keys.table", label=lambda: tr("Keys that the servers show"), dense=True
        )  # fmt: skip
        self.table.setModel(self.model)
        self.table.setFixedHeight(theme().px(min(8, max(2, len(self.rows))) * 28 + 44))
        self.body.addWidget(self.table)
        self.all = button(
            lambda: tr("Tick all: I have compared them"), name="host_setup.keys.all", small=True
        )
        self.all.clicked.connect(self.tick_all)
        self.body.addLayout(row(self.all, None))
        self.body.addWidget(
            label(
                lambda: tr("Trusted list: what ssh-keygen -l printed, or lines of a known_hosts file"),
                "caption",
                "secondary",
                wrap=True,
            )
        )
        self.trusted = QPlainTextEdit()
        self.trusted.setObjectName("host_setup.keys.trusted")
        self.trusted.setProperty("kind", "field")
        self.trusted.setTabChangesFocus(True)
        use_font(self.trusted, "mono")
        say(self.trusted, self.trusted.setAccessibleName, lambda: tr("Trusted fingerprints"))
        say(
            self.trusted,
            self.trusted.setPlaceholderText,
            lambda: tr("Paste it here; Goferry compares and ticks what is the same"),
        )
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(200)
        self._rest.timeout.connect(self.compare)
        self.trusted.textChanged.connect(self._rest.start)
        holder = QWidget()  # the style sheet's own heights win over those of the field
        holder.setFixedHeight(theme().px(76))
        holder.setLayout(column(self.trusted))
        self.body.addWidget(holder)
        self.body.addStretch(1)
        self._fill()

    def _fill(self) -> None:
        self._name_columns()
        say_again(self.table, self._again)
        for one in self.rows:
            first = QStandardItem(one.host)
            first.setCheckable(True)
            prints = QStandardItem(one.fingerprint)
            prints.setFont(theme().font("mono"))
            prints.setToolTip(one.fingerprint)
            self.model.appendRow([first, QStandardItem(one.address), prints, QStandardItem("–")])
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for section, width in enumerate((110, 170, 360, 80)):
            head.resizeSection(section, theme().px(width))
        self._count()

    def _name_columns(self) -> None:
        self.model.setHorizontalHeaderLabels([tr("Host"), tr("Address"), tr("Fingerprint"), tr("Compared")])

    def _again(self) -> None:
        self._name_columns()
        for number, one in enumerate(self.rows):
            self.model.item(number, 3).setText(self._verdict(one.host))

    def _verdict(self, host: str) -> str:
        return {"same": tr("same"), "different": tr("different")}.get(self.verdicts.get(host, ""), "–")

    def compare(self) -> None:
        """What is the same is ticked, what is different cannot be."""
        self.verdicts = compared(self.rows, self.trusted.toPlainText())
        tones = {"same": "ok.text", "different": "fail.text", "": "text.secondary"}
        for number, one in enumerate(self.rows):
            verdict = self.verdicts[one.host]
            item, first = self.model.item(number, 3), self.model.item(number, 0)
            item.setText(self._verdict(one.host))
            item.setForeground(theme().color(tones[verdict]))
            first.setEnabled(verdict != "different")
            if verdict:
                same = verdict == "same"
                first.setCheckState(Qt.CheckState.Checked if same else Qt.CheckState.Unchecked)
        self._count()

    def tick_all(self) -> None:
        """All but those that differ from the trusted list."""
        for number, one in enumerate(self.rows):
            if self.verdicts.get(one.host) != "different":
                self.model.item(number, 0).setCheckState(Qt.CheckState.Checked)

    def ticked(self) -> dict[str, str]:
        return {
            one.host: one.fingerprint
            for number, one in enumerate(self.rows)
            if self.model.item(number, 0).checkState() is Qt.CheckState.Checked
            and self.verdicts.get(one.host) != "different"
        }

    def on_primary(self) -> None:
        if self._rest.isActive():
            self._rest.stop()
            self.compare()
        if good := self.ticked():
            self.accept(good)

    def _primary_text(self) -> str:
        count = len(self.ticked()) if hasattr(self, "model") and self.model.rowCount() else 0
        return ntr("Confirm {n} key", "Confirm {n} keys", count)

    def _count(self) -> None:
        if self.primary is not None and self.model.rowCount() == len(self.rows):
            say(self.primary, self.primary.setText, self._primary_text)
            self.primary.setEnabled(bool(self.ticked()))
