"""Sheets of the mirrors: where set-up takes packages from, and who signs in at an image registry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QRadioButton

from desktop.app_mirrors import forget_login, measure_mirrors, registries, sign_in_to_registry
from desktop.base.errors import GoferryError
from desktop.base.secret import Secret
from desktop.base.words import sentences, tr
from desktop.hosts.setup import Mirror, check_mirror
from desktop.image import Login
from desktop.ui.pages.base import Frame
from desktop.ui.widgets import Field, Row, Sheet, Text, button, label, list_view, radio_button, row, say

if TYPE_CHECKING:
    from desktop.app import App

HUB = "docker.io"
_REGISTRY = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?")


class PackagesSheet(Sheet):
    """The mirror of Docker's packages for new set-up plans. `accept(value)`: its id or address, "" for the quickest."""

    def __init__(self, app: App, frame: Frame, mirrors: Sequence[Mirror]) -> None:
        super().__init__(
            lambda: tr("Where servers take packages from"),
            name="settings.packages",
            primary=lambda: tr("Use this"),
            width=560,
            scrolls=True,
        )
        self._app, self._now = app, app.settings.now.package_mirror
        why = lambda: tr(  # noqa: E731
            "For Docker's packages in new set-up plans; a plan may still take another. The times are those of this "
            "computer: a server inside a cloud may be quicker, and measures for itself."
        )
        self.body.addWidget(label(why, "caption", "secondary", wrap=True))
        self.choices: dict[str, QRadioButton] = {}
        self._told: dict[str, QLabel] = {}
        self._add("", lambda: tr("The quickest: each server measures for itself"))
        for mirror in mirrors:
            self._add(mirror.id, mirror.name)
        self.own = radio_button(lambda: tr("Another address"), name="settings.packages.own")
        self.address = Field(
            lambda: tr("Address"), name="settings.packages.address", mono=True,
            placeholder="https://mirror.example.com/docker-ce",
        )  # fmt: skip
        self.body.addWidget(self.own)
        self.body.addWidget(self.address)
        self.own.toggled.connect(self.address.setEnabled)
        self.own.setChecked("://" in self._now)
        self.address.setEnabled(self.own.isChecked())
        self.address.set_text(self._now if self.own.isChecked() else "")
        frame.spawn(self._measure(), self)

    def _add(self, key: str, text: Text) -> None:
        choice = radio_button(text, name=f"settings.packages.{key or 'quickest'}")
        choice.setChecked(key == self._now)
        told = label("", "caption", "secondary")
        self.choices[key], self._told[key] = choice, told
        if key:
            say(told, told.setText, lambda: tr("measuring…"))
        self.body.addLayout(row(choice, None, told))

    async def _measure(self) -> None:
        for mirror, timed in await measure_mirrors(self._app):
            self._tell(mirror, timed.seconds, timed.detail)

    def _tell(self, mirror: Mirror, seconds: float | None, detail: str) -> None:
        told = self._told.get(mirror.id)
        if told is None:
            return
        took = None if seconds is None else f"{seconds * 1000:.0f}"
        say(told, told.setText, lambda: tr("no answer") if took is None else tr("{n} ms", n=took))
        told.setToolTip(detail)

    def on_primary(self) -> None:
        if not self.own.isChecked():
            chosen = next((key for key, one in self.choices.items() if one.isChecked()), "")
            self.accept(chosen)
            return
        try:
            self.accept(check_mirror(self.address.text))
        except GoferryError as error:
            self.address.set_error(str(sentences(error.what, error.fix)))


class RegistrySheet(Sheet):
    """Who signs in where. A sign-in is tried before it is kept."""

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(
            lambda: tr("Image registries"),
            name="settings.registry",
            primary=lambda: tr("Sign in"),
            cancel=lambda: tr("Close"),
            width=560,
        )
        self._app, self._frame = app, frame
        why = lambda: tr(  # noqa: E731
            "Base images are fetched from here. The password is tried at the registry, then kept in the system's "
            "credential store, never in a file."
        )
        self.body.addWidget(label(why, "caption", "secondary", wrap=True))
        self.list, self.model, _ = list_view(
            name="settings.registry.list", label=lambda: tr("Image registries")
        )
        self.list.setFixedHeight(150)
        self.list.selectionModel().currentChanged.connect(lambda now, _before: self._choose(now.row()))
        self.body.addWidget(self.list)
        self.forget = button(lambda: tr("Forget"), name="settings.registry.forget")
        self.forget.setEnabled(False)
        self.forget.clicked.connect(lambda: frame.spawn(self._forget(), self))
        self.foot.insertWidget(0, self.forget)
        self.name = Field(
            lambda: tr("Registry"), name="settings.registry.name", mono=True,
            placeholder="harbor.example.com", checker=_name_problem,
        )  # fmt: skip
        self.user = Field(lambda: tr("User name"), name="settings.registry.user")
        self.password = Field(lambda: tr("Password"), name="settings.registry.password", secret=True)
        for field in (self.name, self.user, self.password):
            self.body.addWidget(field)
        frame.spawn(self._read(), self)

    async def _read(self) -> None:
        rows = [
            Row(
                one.name,
                tr("signed in as {user}", user=one.user) if one.user else tr("nobody is signed in"),
                state="ok" if one.user else "off",
                right=", ".join(one.apps),
                payload=one,
            )
            for one in await registries(self._app)
        ]
        self.model.show_rows(rows or [Row(tr("No registry yet"), tr("Public base images need no sign-in"))])
        self._choose(self.list.currentIndex().row())

    def _choose(self, at: int) -> None:
        chosen = self.model.row(at).payload if 0 <= at < self.model.rowCount() else None
        self.forget.setEnabled(chosen is not None and bool(chosen.user))
        if chosen is not None:
            self.name.set_text(chosen.name)
            self.user.set_text(chosen.user)

    async def _forget(self) -> None:
        at = self.list.currentIndex().row()
        await forget_login(self._app, self.model.row(at).payload.name)
        await self._read()

    def on_primary(self) -> None:
        for field in (self.user, self.password):
            field.set_error("" if field.text else tr("It is empty."))
        if self.name.check() and self.user.text.strip() and self.password.text:
            self._allow(False)
            login = Login(self.user.text.strip(), Secret(self.password.text))
            self._frame.spawn(self._sign_in(self.name.text.strip(), login), self)

    async def _sign_in(self, name: str, login: Login) -> None:
        try:
            await sign_in_to_registry(self._app, name, login)
        except (GoferryError, OSError) as error:
            said = (
                sentences(error.what, error.why, error.fix) if isinstance(error, GoferryError) else str(error)
            )
            self.password.set_error(str(said))
        else:
            self.password.set_text("")
            self.password.set_error("")
            await self._read()
        finally:
            self._allow(True)

    def _allow(self, on: bool) -> None:
        if self.primary is not None:
            self.primary.setEnabled(on)


def _name_problem(name: str) -> str:
    if _REGISTRY.fullmatch(name.strip()):
        return ""
    return tr("Type the registry's name, such as harbor.example.com")
