"""The Hosts page: the tree of servers, one host's details, checking, adding, importing, a console and a terminal."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication, QMenu, QStackedLayout, QVBoxLayout, QWidget

from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.words import msg, nmsg, sentences, tr
from desktop.hosts import (
    Checked,
    FactsCache,
    Host,
    check_hosts,
)
from desktop.ui.pages.base import PageAction
from desktop.ui.widgets import (
    Banner,
    Card,
    Chip,
    EmptyState,
    PageHeader,
    SearchField,
    StateLabel,
    button,
    columns,
    label,
    row,
)

from . import present
from .details import HostDetails
from .doing import HostDeeds
from .identity import BothKeysSheet
from .more import Carried, HostMore
from .present import Known
from .tree import HostTree

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.hosts import Facts, Sessions
    from desktop.ui.pages.base import Frame

Ask = Callable[["Sessions", Sequence[Host], Callable[[Checked], None]], Awaitable[object]]
AGAIN = 60.0
"""Seconds after which a page in view asks its hosts again."""
_NOT_BY_ITSELF = (
    "host.auth_refused",
    "host.password_needed",
    "host.key_changed",
    "host.key_type_changed",
    "host.key_unknown",
    "host.key_revoked",
    "host.too_many_tries",
    "host.ssh_dropped",
)
"""After these a host is asked again only when a person says so: servers ban for repeated tries."""


class HostsPage(HostDeeds):
    """Renders what is known of each host, and starts jobs that find out more."""

    key = "hosts"

    def __init__(
        self, app: App, frame: Frame, *, ask: Ask = check_hosts, carried: Carried | None = None
    ) -> None:
        super().__init__(app, frame)
        self._ask_hosts = ask
        self.cache = FactsCache(app.home)
        self.known: dict[str, Known] = {}
        self.chosen = ""
        self.wanted = ""
        self.job: Job[Any] | None = None
        self._command: Any = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(50)  # many hosts may answer at the same moment
        self._soon.timeout.connect(self.render_now)
        self._fresh: dict[str, Facts] = {}
        """What the check that runs has found, for the cache."""
        self._stale: set[str] = set()
        """Hosts whose set-up has ended since they were asked."""
        self._wanted_host, self._rendered = "", False
        self._arrival = QTimer(self)
        self._arrival.setSingleShot(True)
        self._arrival.timeout.connect(self._come)
        self._beat = QTimer(self)
        self._beat.setInterval(1000)
        self._beat.timeout.connect(self._tick)
        self.destroyed.connect(app.jobs.listen(self._on_job))
        self._build()
        self.more = HostMore(self, self.details, carried or Carried(app))
        frame.narrow_changed.connect(lambda *_: self._fit())

    def title(self) -> str:
        return tr("Hosts")

    # --- building

    def _build(self) -> None:
        self.head = PageHeader(lambda: tr("Hosts"), name="hosts.head")
        self.count = Chip("0", "off")
        self.filter = SearchField(
            lambda: tr("Filter by name, address, tag"), name="hosts.filter", icon="filter"
        )
        self.filter.setFixedWidth(220)
        self.filter.searched.connect(self._on_filter)
        self.check_all = button(lambda: tr("Check all"), name="hosts.check_all", icon="refresh")
        self.check_all.clicked.connect(lambda: self.check(None))
        self.import_list = button(lambda: tr("Import list…"), name="hosts.import", icon="upload")
        self.import_list.clicked.connect(self.ask_import)
        self.add = button(lambda: tr("Add host"), name="hosts.add", kind="primary", icon="plus")
        self.add.clicked.connect(lambda: self.ask_add())
        self.head.add_scope(self.count)
        self.head.add_actions(self.filter, self.check_all, self.import_list, self.add)
        self.root.addWidget(self.head)
        self.banner = Banner(name="hosts.banner")
        self.banner.acted.connect(self._on_banner)
        self.tree = HostTree(lambda: tr("Hosts by environment"))
        self.tree.host_chosen.connect(self.show_host)
        self.tree.opened.connect(lambda name: self.frame.navigate("live", name))
        self.tree.customContextMenuRequested.connect(self._menu)
        self.details = HostDetails()
        self.details.asked.connect(self._on_asked)
        self.details.command_asked.connect(self.run_command)
        self.details.stop_asked.connect(self._stop_command)
        self._arrange()

    def _arrange(self) -> None:
        self.list_card = Card(flush=True)
        self.list_card.body.addWidget(self.tree, 1)
        self.checked = label("", "caption", "secondary")
        legend = [
            StateLabel("ok", lambda: tr("connected")), StateLabel("warn", lambda: tr("needs a look")),
            StateLabel("fail", lambda: tr("failed")), StateLabel("busy", lambda: tr("working")),
            StateLabel("off", lambda: tr("no answer")),
        ]  # fmt: skip
        for shape in legend:
            shape.dot.still = True
        self.many = label("", "caption", "secondary")
        self.check_many = button(lambda: tr("Check"), name="hosts.many.check", small=True)
        self.check_many.clicked.connect(lambda: self.check(self.tree.chosen()))
        self.set_up_many = button(lambda: tr("Set up…"), name="hosts.many.set_up", small=True)
        self.set_up_many.clicked.connect(lambda: self.frame.navigate("host_setup", self.tree.chosen()))
        self.move_many = button(lambda: tr("Move to…"), name="hosts.many.move", small=True)
        self.move_many.clicked.connect(lambda: self.ask_move(self.tree.chosen()))
        self.many_bar = QWidget()
        self.many_bar.setLayout(
            row(self.many, self.check_many, self.set_up_many, self.move_many, None, margins=(14, 6, 14, 6))
        )
        self.many_bar.hide()
        self.list_card.body.addWidget(self.many_bar)
        self.list_card.add_foot(*legend, None, self.checked)
        self.split = columns((self.list_card, 480, 1), (self.details, 332, 0))
        self.empty = EmptyState(
            "server",
            lambda: tr("No hosts yet"),
            lambda: tr(
                "Add a server that you can reach with SSH. Goferry shows its key before anything is sent."
            ),
            [("add", lambda: tr("Add host")), ("import", lambda: tr("Import list…"))],
            name="hosts.empty",
        )
        self.empty.acted.connect(lambda key: self.ask_add() if key == "add" else self.ask_import())
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(14)
        inner.addWidget(self.banner)
        inner.addWidget(self.split, 1)
        stacked = QWidget()
        self.stack = QStackedLayout(stacked)
        self.stack.addWidget(holder)
        self.stack.addWidget(self.empty)
        self.root.addWidget(stacked, 1)

    # --- coming and going

    def shown(self, context: object) -> None:
        """`context`: the name of the host to choose, or the wish to "add" one or to "import" a list."""
        self._beat.start()
        self._fit()
        wish = {"add": self.ask_add, "import": self.ask_import}.get(
            context if isinstance(context, str) else ""
        )
        self._wanted_host = context if isinstance(context, str) and context and not wish else self.chosen
        if self._rendered:
            self._come()
        else:  # in a turn of its own: making the page was enough for this one
            self._arrival.start()
        if wish is not None:
            wish()

    def _come(self) -> None:
        self.render_now()
        names = [host.name for host in self.hosts()]
        other = next((name for name in names if name != "local"), "local")
        self.tree.choose(self._wanted_host if self._wanted_host in names else other)
        self._rendered = True
        self.check_quietly()

    def _fit(self) -> None:
        """In a narrow window the right column gives way; F4 brings it back."""
        self.details.setVisible(not self.frame.is_narrow)

    def hidden(self) -> None:
        self._beat.stop()
        self._arrival.stop()

    def retranslate(self) -> None:
        self.render_now()
        self.more.retranslate()

    def refresh(self) -> None:
        self.check(None)

    def primary(self) -> None:
        self.ask_add()

    def toggle_right(self) -> None:
        self.details.setVisible(not self.details.isVisible())

    def panes(self) -> list[QWidget]:
        return [self.tree, self.details.stack]

    def help_text(self) -> str:
        return tr("Your servers: whether they can be reached, what they are and what they carry.")

    def offers(self) -> list[PageAction]:
        return [
            PageAction("hosts.add", tr("Add host"), self.ask_add, "Ctrl+Shift+A"),
            PageAction("hosts.check_all", tr("Check all"), self.refresh, "F5"),
            PageAction("hosts.import", tr("Import list…"), self.ask_import),
            PageAction("hosts.terminal", tr("Open a terminal"), lambda: self._on_asked("terminal")),
        ]

    # --- rendering

    def hosts(self) -> tuple[Host, ...]:
        try:
            return self.app.inventory.hosts()
        except GoferryError as error:
            self.frame.error(error)
            return ()

    def _of(self, host: Host) -> Known:
        found = self.known.get(host.name)
        if found is None:
            prints = () if host.local else self._fingerprints(host)
            found = self.known[host.name] = Known(facts=self.cache.get(host.name), fingerprints=prints)
        return found

    def _fingerprints(self, host: Host) -> tuple[str, ...]:
        try:
            return self.app.sessions.known_fingerprints(host.name)
        except GoferryError:
            return host.fingerprints

    def render_now(self) -> None:
        """Everything from what is known now."""
        hosts = self.hosts()
        servers = [host for host in hosts if not host.local]
        self.count.set_text(str(len(servers)))
        self.stack.setCurrentIndex(0 if servers else 1)
        states = {host.name: self.app.sessions.state(host.name) for host in hosts}
        work = present.set_up_now(self.app.jobs.running)
        known = {
            host.name: replace(self._of(host), work=words, waits=waits)
            for host in hosts
            for words, waits in (work.get(host.name, ("", False)),)
        }
        groups = present.group_rows(hosts, known, states, time.time(), self.wanted)
        self.tree.show_groups(groups)
        self.tree.viewport().update()
        self.checked.setText(present.checked_line(known.values()))
        self.check_all.setEnabled(bool(servers) and (self.job is None or self.job.state.over))
        self.filter.setEnabled(bool(servers))
        self._render_many()
        self._render_details(hosts)
        self._render_banner(hosts)
        if not self.wanted:
            state, text = present.status_line(groups)
            self.frame.set_status("hosts", state, text)

    def _render_details(self, hosts: tuple[Host, ...]) -> None:
        host = next((host for host in hosts if host.name == self.chosen), None)
        self.details.setEnabled(host is not None)
        if host is not None:
            self.details.show_host(host, self._of(host), self.app.sessions.state(host.name))
            self.more.show_host(host.name)

    def _render_many(self) -> None:
        chosen = self.tree.chosen()
        self.many_bar.setVisible(len(chosen) > 1)
        self.many.setText(str(nmsg("{n} host chosen", "{n} hosts chosen", len(chosen))))
        for servers_only in (self.move_many, self.set_up_many):
            servers_only.setEnabled("local" not in chosen)

    def _changed_host(self) -> Host | None:
        hosts = [host for host in self.hosts() if self._has_changed(host)]
        return next((host for host in hosts if host.name == self.chosen), hosts[0] if hosts else None)

    def _has_changed(self, host: Host) -> bool:
        error = self._of(host).error
        return error is not None and error.code in present.KEY_CHANGED

    def _render_banner(self, hosts: tuple[Host, ...]) -> None:
        host = self._changed_host()
        if host is None:
            self.banner.hide()
            return
        error = self._of(host).error
        assert error is not None
        self.banner.show_banner(
            "fail",
            lambda: tr("{host} shows a different key", host=host.name),
            lambda: str(sentences(error.why, error.fix)),
            [
                ("keys", lambda: tr("Show both keys")),
                ("trust", lambda: tr("Trust the new key…")),
                ("remove", lambda: tr("Remove…")),
            ],
        )

    def show_host(self, name: str) -> None:
        if name and name != self.chosen:
            self.chosen = name
            self._render_details(self.hosts())
        self._render_many()

    def _on_filter(self, text: str) -> None:
        self.wanted = text
        self.render_now()

    def _on_job(self, job: Job[Any]) -> None:
        """A host's state says what its set-up is at; after it, the host is another one."""
        if job.kind == "host.setup" and job.state.over and job.subject:
            self._stale.add(job.subject)
            self.more.forget(job.subject)
        if job.subject and self._beat.isActive() and not self._soon.isActive():
            self._soon.start()

    def _tick(self) -> None:
        latest = max((one.checked_at for one in self.known.values()), default=0.0)
        if self._stale or time.time() - latest > AGAIN:
            self.check_quietly()

    # --- checking

    def check(self, names: tuple[str, ...] | None) -> None:
        """A job that asks these hosts, or all."""
        hosts = tuple(host for host in self.hosts() if names is None or host.name in names)
        if not hosts or (self.job is not None and not self.job.state.over):
            return
        title = nmsg("Check {n} host", "Check {n} hosts", len(hosts))

        async def work(job: Job[Any]) -> int:
            done: list[str] = []

            def answered(checked: Checked) -> None:
                done.append(checked.host.name)
                level = "ok" if checked.error is None else "fail"
                job.say(
                    str(checked.error.what) if checked.error else tr("connected"), checked.host.name, level
                )
                job.report(msg("{done} of {all}", done=len(done), all=len(hosts)), len(done) / len(hosts))
                self.take(checked)

            await self._ask(hosts, answered)
            return len(done)

        self.job = self.app.jobs.start("host.check", title, work, page=self.key, gate="hosts")
        self.check_all.setEnabled(False)

    def check_quietly(self) -> None:
        """The same without a job, for hosts that may be asked without being told to."""
        now = time.time()
        hosts = []
        for host in self.hosts():
            known = self._of(host)
            stands = known.error is not None and known.error.code in _NOT_BY_ITSELF
            due = host.name in self._stale or now - known.checked_at > AGAIN
            if not known.busy and not stands and due:
                hosts.append(host)
        self._stale.clear()
        if hosts:
            self.spawn(self._ask(tuple(hosts), self.take))

    async def _ask(self, hosts: tuple[Host, ...], answered: Any) -> None:
        for host in hosts:
            self.known[host.name] = _busy(self._of(host), True)
        self._soon.start()
        try:
            await self._ask_hosts(self.app.sessions, hosts, answered)
        finally:
            for host in hosts:
                self.known[host.name] = _busy(self._of(host), False)
            fresh, self._fresh = self._fresh, {}
            self.cache.put_all(fresh)
            self._soon.start()

    def take(self, checked: Checked) -> None:
        host = checked.host
        prints = () if host.local else self._fingerprints(host)
        self.known[host.name] = present.after_check(self._of(host), checked, time.time(), prints)
        if checked.facts is not None:
            self._fresh[host.name] = checked.facts
        self.more.forget(host.name)
        self._soon.start()

    # --- what a person asks for

    def _on_asked(self, key: str) -> None:
        host = next((host for host in self.hosts() if host.name == self.chosen), None)
        if host is None:
            return
        deeds: dict[str, Callable[[], object]] = {
            "check": lambda: self.check((host.name,)),
            "terminal": lambda: self.open_terminal(host),
            "copy": lambda: QApplication.clipboard().setText(self.ssh_line(host)),
            "setup": lambda: self.frame.navigate("host_setup", host.name),
            "confirm": lambda: self.spawn(self._confirm(host)),
            "sign_in": lambda: self.ask_secret(host),
            "move": lambda: self.ask_move((host.name,)),
            "remove": lambda: self.ask_remove(host),
        }
        deeds[key]()

    def _on_banner(self, key: str) -> None:
        host = self._changed_host()
        if host is None:
            return
        error, name = self._of(host).error, host.name
        if key == "keys":
            self.frame.open_sheet(BothKeysSheet(name, getattr(error, "old", ()), getattr(error, "new", "")))
        elif key == "trust":
            self._ask_trust(host, getattr(error, "new", ""))
        else:
            self.ask_remove(host)

    def _menu(self, point: QPoint) -> None:
        index = self.tree.indexAt(point)
        menu = QMenu(self)
        group = self.tree.group_at(index)
        if group is not None:
            names = tuple(host.name for host in group.hosts)
            menu.addAction(tr("Check group"), lambda: self.check(names))
            if group.key != present.LOCAL_GROUP:
                menu.addAction(tr("Add here…"), lambda: self.ask_add(group.key))
            if group.key not in ("", present.LOCAL_GROUP):
                menu.addAction(tr("Rename…"), lambda: self.ask_move(names, group.key))
        elif index.isValid():
            local = self.chosen == "local"
            menu.addAction(tr("Check"), lambda: self._on_asked("check"))
            for key, text in (
                ("terminal", tr("Open a terminal")), ("copy", tr("Copy as ssh command")), ("move", tr("Move to…")),
                ("remove", tr("Remove…")),
            ):  # fmt: skip
                menu.addAction(text, partial(self._on_asked, key)).setEnabled(not local)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.tree.viewport().mapToGlobal(point))


def _busy(known: Known, busy: bool) -> Known:
    return replace(known, busy=busy)
