"""The sheets that mark a difference as meant, and that say where a value already stands."""

from __future__ import annotations

import re
import time

from desktop.base.words import tr
from desktop.project import TEAM_FILE, Mark
from desktop.ui.environments import environment_words
from desktop.ui.widgets import Choice, ConfirmSheet, Field, Sheet, button, label
from desktop.ui.wishes import DeployTo


def already_there(wish: DeployTo) -> ConfirmSheet:
    return ConfirmSheet(
        lambda: tr("goferry.yaml says so already"),
        lambda: tr(
            "Nothing has to be changed in it: a deploy to {environment} brings the value to the hosts.",
            environment=environment_words(wish.environment),
        ),
        lambda: tr("Plan a deploy…"),
        name="consistency.already",
    )


DAYS = {"always": 0, "month": 30, "quarter": 91, "year": 365}


class MarkSheet(Sheet):
    """Why, and for how long. The result is (why, until); an empty why takes the mark back."""

    def __init__(self, title: str, mark: Mark | None = None) -> None:
        super().__init__(
            lambda: tr("“{key}” is meant to differ", key=title),
            name="consistency.marking",
            primary=lambda: tr("Mark it"),
            width=480,
        )
        self.why = Field(
            lambda: tr("Reason"),
            name="consistency.marking.why",
            value=mark.why if mark is not None else "",
            placeholder=lambda: tr("for whoever wonders later"),
        )
        self.until = Choice(
            [
                ("always", lambda: tr("For good")),
                ("month", lambda: tr("For a month")),
                ("quarter", lambda: tr("For three months")),
                ("year", lambda: tr("For a year")),
            ],
            name="consistency.marking.until",
            label_text=lambda: tr("For how long"),
        )
        note = label(
            lambda: tr("It goes into {file} in the project, for everybody who has it.", file=TEAM_FILE),
            "caption",
            "secondary",
            wrap=True,
        )
        for part in (self.why, label(lambda: tr("For how long"), "caption", "secondary"), self.until, note):
            self.body.addWidget(part)
        if mark is not None:
            back = button(lambda: tr("Take the mark back"), name="consistency.marking.back", kind="danger")
            back.clicked.connect(lambda: self.accept(("", "")))
            self.foot.insertWidget(0, back)
        self.why.changed.connect(lambda _: self._check())
        self._check()

    def _check(self) -> None:
        if self.primary is not None:
            self.primary.setEnabled(bool(self.why.input.text().strip()))

    def on_primary(self) -> None:
        why = re.sub(r"\s+", " ", self.why.input.text()).strip()
        days = DAYS[self.until.value]
        until = time.strftime("%Y-%m-%d", time.localtime(time.time() + days * 86_400)) if days else ""
        if why:
            self.accept((why, until))
