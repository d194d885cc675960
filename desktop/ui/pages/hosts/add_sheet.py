"""Add host: four steps. Nothing of the person's is sent before the key is confirmed; nothing is added before the
sign-in works."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from desktop.base.errors import GoferryError
from desktop.base.secret import Secret
from desktop.base.words import tr
from desktop.hosts import (
    BadHostField,
    Facts,
    Host,
    HostExists,
    HostKey,
    add_host,
    check_group,
    check_host,
    check_name,
    check_port,
    check_user,
    parse_address,
)
from desktop.ui.theme import theme
from desktop.ui.widgets import Banner, Choice, Field, KeyValueList, StateLabel, button, column, label, row
from desktop.ui.widgets.fields import radio_button
from desktop.ui.widgets.says import say
from desktop.ui.widgets.sheets import Sheet

from . import present
from .identity import IdentityBox

if TYPE_CHECKING:
    from desktop.app import App

Spawn = Callable[[Coroutine[Any, Any, Any]], Any]
ADDRESS, IDENTITY, SIGN_IN, FACTS = range(4)
_NONE = "-"


class AddHostSheet(Sheet):
    """Accepts with the name of the host that was added; it is added when step 3 has worked."""

    def __init__(self, app: App, spawn: Spawn, group: str = "") -> None:
        super().__init__(
            lambda: tr("Add host"),
            name="hosts.add",
            primary=lambda: self._primary_text(),
            width=600,
            scrolls=True,
        )
        self.app, self._spawn = app, spawn
        self.step = ADDRESS
        self.host: Host | None = None
        self.key: HostKey | None = None
        self.facts: Facts | None = None
        self._work: Any = None
        self.steps = [StateLabel("wait", text) for text in (
            lambda: tr("Address"), lambda: tr("Identity"), lambda: tr("Sign-in"), lambda: tr("Facts"),
        )]  # fmt: skip
        self.body.addLayout(row(*self.steps, None, spacing=18))
        self.banner = Banner(name="hosts.add.banner")
        self.body.addWidget(self.banner)
        self.fields = self._make_fields(group)
        self.identity = IdentityBox("hosts.add.identity")
        self.identity.judged.connect(lambda _: self._render())
        self.sign_in = SignInBox(app)
        self.result = KeyValueList()
        self.progress = StateLabel("busy", "")
        for part in (self.fields, self.identity, self.sign_in, self.result, self.progress):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.back = button(lambda: tr("Back"), name="hosts.add.back")
        self.back.clicked.connect(self.go_back)
        self.foot.insertWidget(0, self.back)
        self.wants_setup = False
        """The set-up plan of the new host was asked for."""
        self.set_up = button(lambda: tr("Set-up plan"), name="hosts.add.set_up", icon="doc-list")
        self.set_up.clicked.connect(self._ask_setup)
        self.foot.insertWidget(1, self.set_up)
        self._render()

    def _make_fields(self, group: str) -> QWidget:
        self.name_field = Field(lambda: tr("Name"), name="hosts.add.name", checker=self._name_error)
        self.address_field = Field(
            lambda: tr("Address"), name="hosts.add.address", mono=True, placeholder="192.0.2.31"
        )
        self.address_field.input.editingFinished.connect(self._take_apart)
        self.port_field = Field(lambda: tr("Port"), name="hosts.add.port", value="22")
        self.port_field.setFixedWidth(72)
        self.user_field = Field(lambda: tr("User"), name="hosts.add.user", value="root")
        self.user_field.setFixedWidth(120)
        groups = dict.fromkeys((*self.app.inventory.groups(), "production", "staging", "dev"))
        self.group_choice = Choice(
            [(_NONE, lambda: tr("None")), *((name, name) for name in groups)], name="hosts.add.group",
            label_text=lambda: tr("Environment"), value=group or _NONE,
        )  # fmt: skip
        self.group_field = Field(lambda: tr("Environment"), name="hosts.add.group", editor=self.group_choice)
        self.tags_field = Field(
            lambda: tr("Tags"),
            name="hosts.add.tags",
            placeholder=lambda: tr("further groups, with commas between"),
        )
        hosts = [host.name for host in self.app.inventory.hosts() if not host.local]
        self.via_choice = Choice(
            [(_NONE, lambda: tr("None, directly")), *((name, name) for name in hosts)], name="hosts.add.via",
            label_text=lambda: tr("Jump host"), value=_NONE,
        )  # fmt: skip
        self.via_field = Field(lambda: tr("Jump host"), name="hosts.add.via", editor=self.via_choice)
        self.via_field.setVisible(bool(hosts))
        holder = QWidget()
        first = row(spacing=12)
        first.addWidget(self.name_field, 3)
        first.addWidget(self.address_field, 4)
        first.addWidget(self.port_field)
        first.addWidget(self.user_field)
        second = row(self.group_field, spacing=12)
        second.addWidget(self.tags_field, 1)
        second.addWidget(self.via_field)
        holder.setLayout(column(first, second, spacing=8))
        return holder

    # --- what is typed

    def _take_apart(self) -> None:
        """`deploy@192.0.2.1:2222` in the address field fills user and port too."""
        text = self.address_field.text
        if not any(sign in text for sign in "@:＠："):
            return
        try:
            found = parse_address(text)
        except BadHostField as error:
            self.address_field.set_error(error.why)
            return
        self.address_field.set_text(found.address)
        if found.user:
            self.user_field.set_text(found.user)
        if found.port != 22:
            self.port_field.set_text(str(found.port))
        self.address_field.set_hint(found.note or "")

    def _name_error(self, text: str) -> object:
        try:
            check_name(text)
        except BadHostField as error:
            return error.why
        known = {host.name for host in self.app.inventory.hosts()}
        return tr("A host of this name is there already.") if text in known else ""

    def _typed(self) -> Host | None:
        """The host as it stands in the fields; None when a field has an error, which is shown there."""
        self._take_apart()
        values: dict[str, Any] = {}
        checks: tuple[tuple[Field, str, Callable[[str], Any]], ...] = (
            (self.name_field, "name", check_name),
            (self.address_field, "address", lambda text: parse_address(text).address),
            (self.port_field, "port", check_port),
            (self.user_field, "user", check_user),
            (
                self.tags_field,
                "tags",
                lambda text: [check_group(t.strip()) for t in text.split(",") if t.strip()],
            ),
        )
        for field, name, check in checks:
            try:
                values[name] = check(field.text.strip())
                field.set_error("")
            except BadHostField as error:
                field.set_error(error.why)
        if wrong := self._name_error(self.name_field.text.strip()):
            self.name_field.set_error(wrong)
            return None
        if len(values) < len(checks):
            return None
        group = [self.group_choice.value] if self.group_choice.value != _NONE else []
        via = self.via_choice.value if self.via_choice.value != _NONE else ""
        return Host(
            values["name"], values["address"], values["port"], values["user"], via=via,
            groups=tuple(dict.fromkeys((*group, *values["tags"]))),
        )  # fmt: skip

    # --- the steps

    def on_primary(self) -> None:
        if self._work is not None:
            return
        if self.step == ADDRESS:
            self.host = self._typed()
            if self.host is not None:
                words = tr("Asking {address} for its key…", address=self.host.shown_address)
                self._start(self._learn(self.host), words)
        elif self.step == IDENTITY:
            self._go(SIGN_IN)
            self.sign_in.first.setFocus()
        elif self.step == SIGN_IN and self.host is not None and self.key is not None:
            self._start(self._sign_in(self.host, self.key), tr("Signing in…"))
        elif self.host is not None:
            self.accept(self.host.name)

    def _ask_setup(self) -> None:
        self.wants_setup = True
        self.on_primary()

    def go_back(self) -> None:
        if self._work is not None:
            self._work.cancel()
        elif self.step in (IDENTITY, SIGN_IN):
            self._go(self.step - 1)

    def reject(self) -> None:
        """Cancel: closes what is being asked; a host that was added already stays."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
        if self.step == FACTS and self.host is not None:
            self.accept(self.host.name)
        else:
            super().reject()

    async def _learn(self, host: Host) -> None:
        self.key = await self.app.sessions.learn_key(host.address, host.port, host.via, name=host.name)
        # a key that the person's own ssh knows under this address must be the same one
        self.app.sessions.knows(host, self.key)
        self.identity.show_key(host.address, self.key)
        self._go(IDENTITY)

    async def _sign_in(self, host: Host, key: HostKey) -> None:
        wanted = replace(host, auth=self.sign_in.auth, key=self.sign_in.key)
        if self.sign_in.passphrase:
            self.app.sessions.give_passphrase(wanted.key, self.sign_in.passphrase)
        self.host = await add_host(self.app.sessions, wanted, key, password=self.sign_in.password)
        self.sign_in.forget()
        checked = await check_host(self.app.sessions, self.host, limit=30.0)
        self.facts = checked.facts
        if checked.facts is not None:
            from desktop.hosts import FactsCache

            FactsCache(self.app.home).put(self.host.name, checked.facts)
            self.result.show_pairs(present.fact_pairs(checked.facts))
        self._go(FACTS)
        if checked.error is not None:
            self._fail(checked.error)

    def _start(self, work: Coroutine[Any, Any, None], words: str) -> None:
        self.banner.hide()
        self.progress.show_state("busy", words)
        self._work = self._spawn(self._guarded(work))
        self._render()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except GoferryError as error:
            self._fail(error)
        finally:
            self._work = None
            self._render()

    def _fail(self, error: GoferryError) -> None:
        if error.code in ("host.passphrase_needed", "host.passphrase_wrong"):
            self.sign_in.ask_passphrase(wrong=error.code == "host.passphrase_wrong")
        if isinstance(error, HostExists):
            self._go(ADDRESS)
        what, why = present.error_text(error)
        self.banner.show_banner("fail", what, why)

    def _go(self, step: int) -> None:
        self.step = step
        self.banner.hide()
        self._render()

    # --- rendering

    def _primary_text(self) -> str:
        if not hasattr(self, "step"):
            return tr("Next")
        return (tr("Next"), tr("The key is right, go on"), tr("Sign in"), tr("Done"))[self.step]

    def _render(self) -> None:
        busy = self._work is not None
        for number, shown in enumerate(self.steps):
            state = "ok" if number < self.step or (self.step == FACTS and self.facts) else "wait"
            if number == self.step and state != "ok":
                state = "busy" if busy else "info"
            shown.dot.set_state(state)
        self.fields.setVisible(self.step in (ADDRESS, IDENTITY))
        self.fields.setEnabled(self.step == ADDRESS and not busy)
        self.identity.setVisible(self.step == IDENTITY)
        self.sign_in.setVisible(self.step == SIGN_IN)
        self.sign_in.setEnabled(not busy)
        self.result.setVisible(self.step == FACTS)
        self.progress.setVisible(busy)
        self.back.setVisible(self.step in (IDENTITY, SIGN_IN))
        self.cancel.setVisible(self.step != FACTS)
        no_engine = self.facts is not None and self.facts.engine is None
        self.set_up.setVisible(self.step == FACTS and no_engine)
        if self.primary is not None:
            different = self.step == IDENTITY and self.identity.verdict not in ("", "same")
            self.primary.setEnabled(not busy and not different)
            say(self.primary, self.primary.setText, self._primary_text)
        self.updateGeometry()
        if (holder := self.parentWidget()) is not None:
            QApplication.postEvent(holder, _layout_request())  # its height follows the step


def _layout_request() -> Any:
    from PySide6.QtCore import QEvent

    return QEvent(QEvent.Type.LayoutRequest)


class SignInBox(QWidget):
    """Key file, agent, password once, or Goferry's own key that is in the account already."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app
        self._way = "key"
        self.ways = {
            "key": radio_button(lambda: tr("SSH key file (recommended)"), name="hosts.add.way.key", on=True),
            "agent": radio_button(lambda: tr("Key agent"), name="hosts.add.way.agent"),
            "password": radio_button(
                lambda: tr("Password once: Goferry puts its own key into the account and forgets the password"),
                name="hosts.add.way.password",
            ),
            "own": radio_button(lambda: tr("Goferry's own key is in the account already"), name="hosts.add.way.own"),
        }  # fmt: skip
        for way, made in self.ways.items():
            made.toggled.connect(lambda on, way=way: self._choose(way) if on else None)
        self.key_field = Field(lambda: tr("Key file"), name="hosts.add.key", mono=True, value=_usual_key())
        self.browse = button(lambda: tr("Browse…"), name="hosts.add.browse", small=True)
        self.browse.clicked.connect(self._browse)
        self.passphrase_field = Field(
            lambda: tr("Passphrase of the key"), name="hosts.add.passphrase", secret=True
        )
        self.passphrase_field.hide()
        self.agent_field = Field(
            lambda: tr("Fingerprint of the key, where the agent has several"),
            name="hosts.add.agent_key",
            mono=True,
        )
        self.password_field = Field(lambda: tr("Password"), name="hosts.add.password", secret=True)
        self.public = label("", "mono", "secondary", wrap=True, selectable=True)
        key_line = row(spacing=8)
        key_line.addWidget(self.key_field, 1)
        key_line.addLayout(column(theme().px(23), self.browse, None, spacing=0))
        self.setLayout(
            column(
                label(lambda: tr("How does Goferry sign in?"), "bodyStrong"),
                self.ways["key"], key_line, self.passphrase_field,
                self.ways["agent"], self.agent_field,
                self.ways["password"], self.password_field,
                self.ways["own"], self.public, spacing=8,
            )
        )  # fmt: skip
        self._choose("key")

    @property
    def first(self) -> QWidget:
        return self.key_field.input

    @property
    def auth(self) -> str:
        return "own" if self._way == "password" else self._way

    @property
    def key(self) -> str:
        if self._way == "key":
            return str(Path(self.key_field.text.strip()).expanduser())
        return self.agent_field.text.strip() if self._way == "agent" else ""

    @property
    def password(self) -> Secret | None:
        return Secret(self.password_field.text) if self._way == "password" else None

    @property
    def passphrase(self) -> Secret | None:
        text = self.passphrase_field.text
        return Secret(text) if self._way == "key" and text else None

    def forget(self) -> None:
        """Nothing secret stays in a field."""
        self.password_field.set_text("")
        self.passphrase_field.set_text("")

    def ask_passphrase(self, *, wrong: bool) -> None:
        self.passphrase_field.show()
        self.passphrase_field.set_error(tr("The passphrase is wrong.") if wrong else "")
        self.passphrase_field.input.setFocus()

    def choose(self, way: str) -> None:
        self.ways[way].setChecked(True)

    def _choose(self, way: str) -> None:
        self._way = way
        self.key_field.setVisible(way == "key")
        self.browse.setVisible(way == "key")
        self.passphrase_field.setVisible(way == "key" and bool(self.passphrase_field.text))
        self.agent_field.setVisible(way == "agent")
        self.password_field.setVisible(way == "password")
        self.public.setVisible(way == "own")
        if way == "own":
            from desktop.hosts import own_public_key

            say(self.public, self.public.setText, own_public_key(self._app.home))

    def _browse(self) -> None:
        dialog = QFileDialog(self, tr("Key file"), str(Path.home() / ".ssh"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.key_field.set_text)
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()


def _usual_key() -> str:
    """The person's own key, where there is one of the usual names."""
    for name in ("id_ed25519", "id_ecdsa", "id_rsa"):
        path = Path.home() / ".ssh" / name
        if path.is_file():
            return str(path)
    return ""
