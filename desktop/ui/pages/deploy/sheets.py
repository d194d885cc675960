"""Sheets of the Deploy page: all commands of a plan, and a secret's value."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication

from desktop.base.secret import Secret
from desktop.base.secret_store import LONGEST
from desktop.base.words import tr
from desktop.ui.widgets import CodeView, Field, Sheet, button, label


class CommandsSheet(Sheet):
    """Each command of a plan, by host and stage."""

    def __init__(self, text: str) -> None:
        super().__init__(
            lambda: tr("Commands of this plan"), name="deploy.commands", cancel=lambda: tr("Close"), width=760
        )
        self._text = text
        self.code = CodeView(name="deploy.commands.text", label=lambda: tr("Commands"))
        self.code.show_code(text, "shell")
        self.code.setMinimumHeight(420)
        self.body.addWidget(
            label(lambda: tr("Values of settings and secrets are left out."), "caption", "secondary")
        )
        self.body.addWidget(self.code)
        copy = button(lambda: tr("Copy"), name="deploy.commands.copy", icon="copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text))
        self.foot.insertWidget(0, copy)


class SecretsSheet(Sheet):
    """Asks for secrets. Its result: a dictionary of name to Secret."""

    def __init__(self, names: Sequence[str], environment: str) -> None:
        super().__init__(
            lambda: tr("Secrets for {environment}", environment=environment),
            name="deploy.secrets",
            primary=lambda: tr("Keep and go on"),
            width=480,
        )
        self.body.addWidget(
            label(
                lambda: tr("They are kept in this computer's credential store, and handed to the app only."),
                "body",
                "secondary",
                wrap=True,
            )
        )
        self._fields = {
            name: Field(name, name=f"deploy.secrets.{name}", secret=True, checker=_problem) for name in names
        }
        for field in self._fields.values():
            self.body.addWidget(field)

    def on_primary(self) -> None:
        # each is checked, so that every empty one says so
        answers = [field.check() for field in self._fields.values()]
        if not all(answers):
            return
        self.accept({name: Secret(field.text) for name, field in self._fields.items()})


def _problem(text: str) -> str:
    if not text:
        return tr("Type the value.")
    if len(text) > LONGEST:
        return tr("At most {most} characters fit into the credential store.", most=LONGEST)
    return ""
