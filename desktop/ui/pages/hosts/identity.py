"""Is this the right server? The key it showed, and a place to paste the one to expect."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.hosts import Host, HostKey
from desktop.ui.widgets import Card, Chip, Field, button, column, label, line, row
from desktop.ui.widgets.says import say
from desktop.ui.widgets.sheets import Sheet

from . import present


class IdentityBox(QWidget):
    """`judged(good)` when the pasted fingerprint was compared: False means another server's key."""

    judged = Signal(bool)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.key: HostKey | None = None
        self._where = ""
        self.question = label(lambda: tr("Is this the right server?"), "bodyStrong")
        self.why = label(lambda: self._why(), "body", "secondary", wrap=True)
        self.kind = label("", "caption", "secondary")
        self.fingerprint = _still(label("", "mono", selectable=True))
        self.art = _still(label("", "mono", "secondary"))
        self.copy = button(lambda: tr("Copy"), name=f"{name}.copy", small=True, icon="copy")
        self.copy.clicked.connect(self._copy)
        self.how = button(
            lambda: tr("How to read it on the server"), name=f"{name}.how", small=True, icon="terminal"
        )
        self.how.clicked.connect(self._toggle_how)
        self.how_text = label("", "mono", "secondary", wrap=True, selectable=True)
        self.how_text.hide()
        self.pasted = Field(
            lambda: tr("Paste the trusted fingerprint, Goferry compares"), name=f"{name}.pasted", mono=True,
            placeholder="SHA256:…",
        )  # fmt: skip
        self.pasted.changed.connect(lambda _: self._compare())
        self.result = Chip("", "off")
        self.result.hide()
        self.promise = label(
            lambda: tr("If this key ever changes, Goferry stops and asks. It never connects on by itself."),
            "caption", "secondary", wrap=True,
        )  # fmt: skip
        self.setLayout(
            column(self.question, self.why, self._frame(), self.how_text, row(self.pasted, spacing=8),
                   row(self.result, None), self.promise, spacing=8)
        )  # fmt: skip

    def _frame(self) -> Card:
        frame = Card()
        layout = QHBoxLayout()
        frame.body.addLayout(layout)
        left = QVBoxLayout()
        left.setSpacing(8)
        for part in (self.kind, self.fingerprint):
            left.addWidget(part)
        left.addLayout(row(self.copy, self.how, None))
        left.addStretch(1)
        layout.addLayout(left, 1)
        layout.addWidget(line(vertical=True))
        layout.addWidget(self.art)
        return frame

    def _why(self) -> str:
        return tr(
            "Goferry has not met {address} before. Compare its fingerprint with one you trust: from its console, its "
            "owner, or your records.", address=self._where,
        )  # fmt: skip

    def show_key(self, where: str, key: HostKey) -> None:
        self.key, self._where = key, where
        self.why.setText(self._why())
        say(
            self.kind, self.kind.setText, lambda: tr("{kind} key, sent by the server just now", kind=key.kind)
        )
        say(self.fingerprint, self.fingerprint.setText, present.fingerprint_lines(key.fingerprint))
        say(self.art, self.art.setText, key.art)
        self.art.setMinimumSize(self.art.sizeHint())
        say(self.how_text, self.how_text.setText, present.console_command(key.kind))
        self._compare()

    @property
    def verdict(self) -> str:
        return present.compared(self.pasted.text, self.key.fingerprint) if self.key is not None else ""

    def _compare(self) -> None:
        verdict = self.verdict
        words = {
            "same": (lambda: tr("same"), "ok", "ok"),
            "different": (lambda: tr("different"), "fail", "fail"),
            "unreadable": (lambda: tr("not a fingerprint"), "warn", "warn"),
        }
        self.result.setVisible(verdict in words)
        if verdict in words:
            text, tone, state = words[verdict]
            self.result.show_state(text, tone, state)
        self.judged.emit(verdict in ("", "same"))

    def _copy(self) -> None:
        if self.key is not None:
            QApplication.clipboard().setText(self.key.fingerprint)

    def _toggle_how(self) -> None:
        self.how_text.setVisible(not self.how_text.isVisible())


def _still(made: QLabel) -> QLabel:
    made.setWordWrap(False)
    return made


class ConfirmKeySheet(Sheet):
    """The fingerprint step alone, for a host that came by an import. Accepts with the HostKey."""

    def __init__(self, host: Host, key: HostKey) -> None:
        super().__init__(
            lambda: tr("Confirm the key of {host}", host=host.name), name="hosts.confirm_key",
            primary=lambda: tr("The key is right, go on"), width=600,
        )  # fmt: skip
        self.identity = IdentityBox("hosts.confirm_key")
        self.identity.judged.connect(self._on_judged)
        self.body.addWidget(self.identity)
        self.identity.show_key(host.shown_address, key)

    def _on_judged(self, good: bool) -> None:
        if self.primary is not None:
            self.primary.setEnabled(good)

    def on_primary(self) -> None:
        self.accept(self.identity.key)


class BothKeysSheet(Sheet):
    """The known and the new fingerprint of a host whose key has changed."""

    def __init__(self, host: str, known: tuple[str, ...], new: str) -> None:
        super().__init__(
            lambda: tr("Keys of {host}", host=host),
            name="hosts.keys",
            width=520,
            cancel=lambda: tr("Close"),
        )
        for title, prints in ((tr("Known"), known), (tr("Shown now"), (new,))):
            self.body.addWidget(label(title, "bodyStrong"))
            for text in prints:
                self.body.addWidget(_still(label(present.fingerprint_lines(text), "mono", selectable=True)))
