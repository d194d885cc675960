"""Sheets of the Deploy page: all commands of a plan, and a secret's value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication

from desktop.base.secret import Secret
from desktop.base.secret_store import LONGEST
from desktop.base.words import tr
from desktop.ui.widgets import Choice, CodeView, Field, Sheet, button, label, row


class CommandsSheet(Sheet):
    """Each command of a plan, by host and stage. `save_asked()`: as a script."""

    save_asked = Signal()

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
        save = button(lambda: tr("Save as script…"), name="deploy.commands.save", icon="save")
        save.clicked.connect(self.save_asked)
        self.foot.insertWidget(0, copy)
        self.foot.insertWidget(1, save)


class CompareSheet(Sheet):
    """Two releases side by side, by what differs. `tell(from, to)` gives the text."""

    def __init__(
        self, choices: Sequence[tuple[str, str]], pair: tuple[str, str], tell: Callable[[str, str], str]
    ) -> None:
        super().__init__(
            lambda: tr("Compare releases"), name="deploy.compare", cancel=lambda: tr("Close"), width=760
        )
        self._tell = tell
        self.old = Choice(choices, name="deploy.compare.old", label_text=lambda: tr("From"), value=pair[0])
        self.new = Choice(choices, name="deploy.compare.new", label_text=lambda: tr("To"), value=pair[1])
        self.code = CodeView(name="deploy.compare.text", label=lambda: tr("Differences"), numbers=False)
        self.code.setMinimumHeight(420)
        words = [label(text, "body", "secondary") for text in (lambda: tr("From"), lambda: tr("To"))]
        self.body.addLayout(row(words[0], self.old, 8, words[1], self.new, None))
        self.body.addWidget(self.code)
        for choice in (self.old, self.new):
            choice.chosen.connect(lambda _: self._show())
        self._show()

    def _show(self) -> None:
        self.code.show_code(self._tell(self.old.value, self.new.value), "diff")


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
