"""Short questions: a password or passphrase, an environment to move to."""

from __future__ import annotations

from desktop.base.secret import Secret
from desktop.base.words import ntr, tr
from desktop.hosts import BadHostField, Host, check_group
from desktop.ui.widgets import Field, label
from desktop.ui.widgets.sheets import Sheet


class SecretSheet(Sheet):
    """Accepts with the Secret; it is kept until Goferry ends, and written nowhere."""

    def __init__(self, host: Host) -> None:
        super().__init__(
            lambda: tr("Sign in to {host}", host=host.name), name="hosts.secret",
            primary=lambda: tr("Sign in"), width=440,
        )  # fmt: skip
        of_key = host.auth == "key"
        text = tr("Passphrase of {key}", key=host.key) if of_key else tr("Password of {user}", user=host.user)
        self.field = Field(text, name="hosts.secret.field", secret=True)
        self.body.addWidget(self.field)
        self.body.addWidget(
            label(
                lambda: tr("It is kept until Goferry ends, and written nowhere."),
                "caption",
                "secondary",
                wrap=True,
            )
        )

    def on_primary(self) -> None:
        text = self.field.text
        if not text:
            self.field.set_error(tr("It is empty."))
            return
        self.field.set_text("")
        self.accept(Secret(text))


class GroupSheet(Sheet):
    """Accepts with the name of an environment or group; "" for none."""

    def __init__(self, names: tuple[str, ...], groups: tuple[str, ...], renamed: str = "") -> None:
        title = (lambda: tr("Rename {group}", group=renamed)) if renamed else (
            lambda: ntr("Move {n} host", "Move {n} hosts", len(names)))  # fmt: skip
        super().__init__(title, name="hosts.group", primary=lambda: tr("Move"), width=440)
        known = ", ".join(groups)
        self.field = Field(
            lambda: tr("Environment or group"), name="hosts.group.field", value=renamed,
            hint=lambda: tr("There are: {names}. Leave it empty for none.", names=known or "–"),
        )  # fmt: skip
        self.body.addWidget(self.field)

    def on_primary(self) -> None:
        text = self.field.text.strip()
        try:
            self.accept(check_group(text) if text else "")
        except BadHostField as error:
            self.field.set_error(error.why)
