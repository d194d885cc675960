"""Short questions of the Set-up page: a password, a folder on the server."""

from __future__ import annotations

from desktop.base.secret import Secret
from desktop.base.words import ntr, tr
from desktop.ui.widgets import Field, check_box, label
from desktop.ui.widgets.sheets import Sheet


class PasswordSheet(Sheet):
    """Accepts with the Secret. It is used for this run and written nowhere. `others`: how many servers ask too."""

    def __init__(self, host: str, user: str, others: int = 0) -> None:
        super().__init__(
            lambda: tr("Password for {host}", host=host), name="host_setup.password",
            primary=lambda: tr("Use it"), width=440,
        )  # fmt: skip
        self.field = Field(
            lambda: tr("Password of {user}", user=user) if user else tr("Password"),
            name="host_setup.password.field",
            secret=True,
        )
        self.body.addWidget(self.field)
        self.all = check_box(
            lambda: ntr(
                "Also send it to the other server that asks",
                "Also send it to the other {n} servers that ask", others,
            ),
            name="host_setup.password.all",
        )  # fmt: skip
        self.all.setVisible(others > 0)
        self.body.addWidget(self.all)
        self.body.addWidget(
            label(
                lambda: tr("It is used for this run and written nowhere."), "caption", "secondary", wrap=True
            )
        )

    @property
    def for_all(self) -> bool:
        return self.all.isChecked()

    def on_primary(self) -> None:
        text = self.field.text
        if not text:
            self.field.set_error(tr("It is empty."))
            return
        self.field.set_text("")
        self.accept(Secret(text))


class FolderSheet(Sheet):
    """Accepts with an absolute path on the server."""

    def __init__(self, host: str) -> None:
        super().__init__(
            lambda: tr("Folder for Docker's data on {host}", host=host), name="host_setup.folder",
            primary=lambda: tr("Plan again"), width=440,
        )  # fmt: skip
        self.field = Field(
            lambda: tr("Folder"), name="host_setup.folder.field", mono=True, placeholder="/data/docker"
        )
        self.body.addWidget(self.field)

    def on_primary(self) -> None:
        text = self.field.text.strip()
        if wrong := folder_error(text):
            self.field.set_error(wrong)
            return
        self.accept(text)


def folder_error(text: str) -> str:
    """What keeps a text from being an absolute path on a server; empty for one that is."""
    if text.startswith("/") and len(text) > 1 and all(c.isprintable() for c in text):
        return ""
    return tr("It must begin with a slash, such as /data/docker.")
