"""What a person asks for on the Hosts page: adding, importing, confirming, moving, removing, a terminal, a console."""

from __future__ import annotations

import sys
import time
from abc import abstractmethod
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from desktop.base.commands import sh
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.processes import decoded
from desktop.base.visible import visible
from desktop.base.words import msg, tr
from desktop.hosts import (
    Checked,
    FactsCache,
    Host,
    HostKey,
    confirmed_key,
    open_terminal,
    ssh_command,
    terminal_command,
)
from desktop.ui.pages.base import Page
from desktop.ui.widgets import ConfirmSheet

from .add_sheet import AddHostSheet
from .identity import ConfirmKeySheet
from .import_sheet import ImportSheet
from .present import Known
from .small_sheets import GroupSheet, SecretSheet

if TYPE_CHECKING:
    from .details import HostDetails
    from .tree import HostTree


class HostDeeds(Page):
    """The deeds of the page; what it shows is HostsPage's."""

    known: dict[str, Known]
    chosen: str
    cache: FactsCache
    tree: HostTree
    details: HostDetails
    _command: Any

    @abstractmethod
    def render_now(self) -> None: ...

    @abstractmethod
    def check(self, names: tuple[str, ...] | None) -> None: ...

    @abstractmethod
    def check_quietly(self) -> None: ...

    @abstractmethod
    def take(self, checked: Checked) -> None:
        """Keeps and shows what a host answered."""

    @abstractmethod
    def hosts(self) -> tuple[Host, ...]: ...

    def ssh_line(self, host: Host) -> str:
        """The ssh command for a person's own terminal."""
        command = ssh_command(host, self.app.inventory.chain(host), self.app.home)
        return command.shown_powershell() if sys.platform == "win32" else command.shown()

    def open_terminal(self, host: Host) -> None:
        try:
            ssh = ssh_command(host, self.app.inventory.chain(host), self.app.home)
            open_terminal(terminal_command(ssh, host.name))
        except GoferryError as error:
            self.frame.error(error)

    def ask_add(self, group: str = "") -> None:
        sheet = AddHostSheet(self.app, self.spawn, group)
        self.frame.open_sheet(sheet, lambda name: self._added(name, sheet))

    def _added(self, name: object, sheet: AddHostSheet) -> None:
        if isinstance(name, str):
            now = time.time()
            self.known[name] = Known(
                sheet.facts, None, now if sheet.facts else 0.0, fingerprints=self._prints_of(name)
            )
            self.cache = FactsCache(self.app.home)
            self.render_now()
            self.tree.choose(name)
            if sheet.wants_setup:
                self.frame.navigate("host_setup", name)

    def _prints_of(self, name: str) -> tuple[str, ...]:
        return self.app.sessions.known_fingerprints(name)

    def ask_import(self) -> None:
        self.frame.open_sheet(ImportSheet(self.app, self.spawn), self._imported)

    def _imported(self, newcomers: object) -> None:
        """One flow from the first contact to the set-up plan, on the page that shows servers side by side."""
        if isinstance(newcomers, tuple) and newcomers:
            self.frame.navigate("host_setup", newcomers)

    async def _confirm(self, host: Host) -> None:
        try:
            key = await self.app.sessions.learn_key(host.address, host.port, host.via, name=host.name)
        except GoferryError as error:
            self.take(Checked(host, error=error))
            return
        self.frame.open_sheet(ConfirmKeySheet(host, key), lambda result: self._confirmed(host, result))

    def _confirmed(self, host: Host, key: object) -> None:
        if isinstance(key, HostKey):
            self.app.sessions.trust(host.name, key)
            self.known.pop(host.name, None)
            self.check((host.name,))

    def _ask_trust(self, host: Host, new: str) -> None:
        sheet = ConfirmSheet(
            lambda: tr("Trust the new key of {host}?", host=host.name),
            lambda: tr("Only when its owner has told you this fingerprint: {fingerprint}", fingerprint=new),
            lambda: tr("Trust the new key"), name="hosts.trust", kind="dangerFilled", typed=host.name,
        )  # fmt: skip

        def ended(yes: object) -> None:
            if yes:
                self.spawn(self._trust(host, new))

        self.frame.open_sheet(sheet, ended)

    async def _trust(self, host: Host, new: str) -> None:
        try:
            key = await confirmed_key(self.app.sessions, host, new)
        except GoferryError as error:
            self.frame.error(error)
            return
        self.app.sessions.trust(host.name, key)
        self.known.pop(host.name, None)
        self.check((host.name,))

    def ask_secret(self, host: Host) -> None:
        """The password or passphrase that a sign-in waits for."""
        sheet = SecretSheet(host)
        self.frame.open_sheet(sheet, lambda secret: self._give(host, secret))

    def _give(self, host: Host, secret: Any) -> None:
        if secret is None:
            return
        if host.auth == "key":
            self.app.sessions.give_passphrase(host.key, secret)
        else:
            if host.auth != "password":
                host = self.app.inventory.change(host.name, auth="password", key="")
            self.app.sessions.give_password(host.name, secret)
        self.app.sessions.drop(host.name)
        self.check((host.name,))

    def ask_move(self, names: tuple[str, ...], renamed: str = "") -> None:
        groups = self.app.inventory.groups()
        self.frame.open_sheet(GroupSheet(names, groups, renamed), lambda group: self._move(names, group))

    def _move(self, names: tuple[str, ...], group: object) -> None:
        if not isinstance(group, str):
            return
        for name in names:
            host = self.app.inventory.get(name)
            rest = tuple(other for other in host.groups[1:] if other != group)
            self.app.inventory.change(name, groups=(group, *rest) if group else rest)
        self.render_now()

    def ask_remove(self, host: Host) -> None:
        sheet = ConfirmSheet(
            lambda: tr("Remove {host} from the list?", host=host.name),
            lambda: tr("Its key and facts are forgotten here. Nothing changes on the server: what runs there goes on."),
            lambda: tr("Remove"), name="hosts.remove", kind="dangerFilled",
        )  # fmt: skip
        self.frame.open_sheet(sheet, lambda yes: self._remove(host) if yes else None)

    def _remove(self, host: Host) -> None:
        try:
            self.app.inventory.remove(host.name)
        except GoferryError as error:
            self.frame.error(error)
            return
        self.app.sessions.forget(host.name)
        self.cache.forget(host.name)
        self.known.pop(host.name, None)
        self.chosen = ""
        self.render_now()
        self.shown(None)

    # --- the console

    def run_command(self, text: str) -> None:
        """Runs a person's own line on the chosen host, by its /bin/sh; a job, so that it can be stopped."""
        name = self.chosen
        if self._command is not None:
            return

        async def work(job: Job[Any]) -> int:
            self.details.console.append(name, f"$ {text}")
            try:
                return await self._stream(name, text, job)
            finally:
                self._command = None
                self.details.console.set_running(False)

        self.details.console.set_running(True)
        self._command = self.app.jobs.start(
            "host.command", msg("Command on {host}", host=name), work, subject=name, page=self.key
        )

    async def _stream(self, name: str, text: str, job: Job[Any]) -> int:
        lines: Any = self.app.sessions.channel(name).lines(sh(text))
        try:
            async with aclosing(lines):
                async for line in lines:
                    shown = visible(decoded(line.text).replace("\t", "    "))
                    job.say(shown, name)
                    self.details.console.append(name, shown)
        except GoferryError as error:
            if error.code != "host.command_failed":
                self.details.console.append(name, str(error.what))
                raise
            code = getattr(error, "exit_code", 1)
            self.details.console.append(name, tr("ended with code {code}", code=code))
            return int(code)
        return 0

    def _stop_command(self) -> None:
        if self._command is not None:
            self._command.cancel()
