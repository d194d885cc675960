"""What a person wishes of set-ups: plans, runs, answers and undos; no widgets but sheets that ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from desktop.app_setup import Newcomer, with_fix
from desktop.app_setup_flow import Aim, FlowState, HostFlow
from desktop.base.errors import Fix, GoferryError
from desktop.base.secret import Secret
from desktop.base.words import ntr, tr
from desktop.ui.pages.base import Page
from desktop.ui.widgets import ConfirmSheet

from . import fleet, present
from .choices import ChoicesSheet
from .deeds import Deeds
from .keys import KeyRow, KeysSheet
from .present import HostView, Phase
from .sheets import FolderSheet, PasswordSheet

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame

GATHER_MS = 50
"""Changes of many hosts are shown together."""


class SetupRuns(Page):
    """The page without its looks. Each host goes on while another is looked at."""

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame)
        self.deeds = deeds or Deeds(app)
        self.flow = self.deeds.flow(self._on_changed)
        self.views: dict[str, HostView] = {}
        self.party: tuple[str, ...] = ()
        """The hosts in view: one, or several as a matrix."""
        self.host = ""
        """The one whose step is shown."""
        self._looking_back = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self.render_now)

    def render_now(self) -> None:
        """Shows what is known."""

    @property
    def view(self) -> HostView | None:
        return self.views.get(self.host)

    @property
    def party_views(self) -> list[HostView]:
        return [self.views[host] for host in self.party if host in self.views]

    @property
    def many(self) -> bool:
        return len(self.party) > 1

    # --- who is in view

    def open_hosts(self, wanted: Sequence[str | Newcomer]) -> None:
        """Shows these hosts; those that were never looked at are, which changes nothing on them."""
        names = []
        for one in wanted:
            name = one.host.name if isinstance(one, Newcomer) else one
            known = self.views.get(name)
            if known is None or (isinstance(one, Newcomer) and not known.busy):
                self.views[name] = HostView(self.flow.add(one))
            names.append(name)
        self.party = tuple(dict.fromkeys(names))
        if self.host not in self.party:
            self.host = self.party[0] if self.party else ""
        fresh = [name for name in self.party if self.views[name].phase is Phase.EMPTY]
        if fresh:
            self.flow.look(*fresh)

    def _on_changed(self, flow: HostFlow) -> None:
        view = self.views.get(flow.host)
        if view is None:
            return
        if flow.busy:
            view.back = None
        told = view.held is None and flow.holds is not None
        if flow.holds is not None or flow.aim is not Aim.RUN:
            view.held = flow.holds
        failed = view.failed_step
        if flow.current or failed:
            view.chosen = flow.current or failed
        elif view.pieces and (view.piece is None or (told and view.chosen == view.pieces[0].id)):
            view.chosen = present.opening_step(view)
        if not self._soon.isActive():
            self._soon.start()

    # --- plans

    def make_plan(self) -> None:
        """Reads the server and checks each step; changes nothing."""
        if self.view is not None and not self.view.busy:
            self._leave_back(self.view)
            self.flow.look(self.host)

    def plan_all(self) -> None:
        for view in self.party_views:
            self._leave_back(view)
        self.flow.look(*self.party)

    def choose_mirror(self, mirror: str) -> None:
        self._with_wish(mirror=mirror)

    def set_offline(self, on: bool) -> None:
        self._with_wish(offline=on)

    def ask_choices(self) -> None:
        """What set-up does besides; the plan shows it before it runs."""
        if self.view is not None and not self.view.undo:
            self.frame.open_sheet(
                ChoicesSheet(self.view.flow.wish),
                lambda changes: self._with_wish(**changes) if changes else None,
            )

    def _with_wish(self, **changes: Any) -> None:
        """The choices beside the plan are for all hosts in view; one that asks goes on with its new wish."""
        for view in self.party_views if self.many else [self.view]:
            if view is None or (view.busy and view.phase is not Phase.WAITS):
                continue  # what runs was read as it is
            view.flow.wish = replace(view.flow.wish, **changes)
            error = view.flow.error
            if view.phase is not Phase.WAITS:
                self._leave_back(view)
                self.flow.look(view.host)
            elif error is not None and not fleet.asks_password(error.code):
                self.flow.answer(view.host)

    def leave_out(self, step: str, out: bool) -> None:
        """Takes a step out of the plan, or back into it."""
        view = self.view
        if view is None or view.busy or view.undo:
            return
        flow = view.flow
        flow.left_out = flow.left_out | {step} if out else flow.left_out - {step}
        self.render_now()

    # --- runs

    def run(self) -> None:
        """Carries the plan in view out."""
        view = self.view
        if view is None or view.busy:
            return
        if view.back is not None:
            only, view.back = view.only, None
            self.flow.undo(view.host, only=only)
        else:
            self.flow.start(view.host)

    def run_all(self) -> None:
        """On each server whose plan was looked at."""
        hosts = [view.host for view in fleet.runnable(self.party_views)]
        if hosts:
            self.flow.start(*hosts)

    def retry_failed(self) -> None:
        """Each that failed or was stopped, from what really is there."""
        for view in fleet.failed(self.party_views):
            self._again(view)

    def _again(self, view: HostView) -> None:
        """What it was at, once more: an undo stays one."""
        if view.flow.aim is Aim.UNDO:
            self.flow.undo(view.host, only=view.flow.only)
        elif view.flow.aim is Aim.RUN and (view.flow.results or view.held is not None):
            self.flow.start(view.host)
        else:
            self.flow.look(view.host)

    def stop_after_step(self) -> None:
        self.flow.stop_after_step(*(self.party if self.many else (self.host,)))

    def try_now(self) -> None:
        for host in self.party if self.many else (self.host,):
            if self.views[host].phase is Phase.LOST:
                self.flow.retry_now(host)

    # --- answers

    def fix(self, fix: Fix) -> None:
        """Does what a button beside a failure says."""
        view = self.view
        if view is None or (view.busy and view.phase is not Phase.WAITS):
            return
        asks: dict[str, Callable[[], None]] = {
            "setup.password": self.ask_password,
            "host.sign_in": self.ask_password,
            "host.confirm_key": self.ask_keys,
            "setup.data_root": self._ask_folder,
            "own_mirror": self.ask_mirror,
        }
        if fix.action in asks:
            asks[fix.action]()
        elif fix.action == present.SKIP.action:
            view.flow.left_out = view.flow.left_out | {view.failed_step}
            self.flow.start(view.host)
        else:
            wish = with_fix(view.flow.wish, fix, view.prepared) or view.flow.wish
            self._go_on(view, wish, at_once=fix.action in present.RUN_ON)

    def _go_on(self, view: HostView, wish: Any, *, at_once: bool) -> None:
        """With another wish: the question is answered; after a failure, the new plan is shown, or run on."""
        if view.phase is Phase.WAITS:
            self.flow.answer(view.host, wish=wish)
            return
        view.flow.wish = wish
        if view.undo or at_once:
            self._again(view)
        else:
            self.flow.look(view.host)

    def ask_mirror(self) -> None:
        """Leads to the field of the own mirror."""

    def _ask_folder(self) -> None:
        view = self.view
        if view is None:
            return

        def given(path: Any) -> None:
            if path:
                self._go_on(view, replace(view.flow.wish, data_root=path), at_once=False)

        self.frame.open_sheet(FolderSheet(view.host), given)

    def ask_password(self) -> None:
        """For the host in view, and, when a person says so, for the others that ask."""
        waiting = fleet.waiting_passwords(self.party_views)
        view = self.view if self.view in waiting or not waiting else waiting[0]
        if view is None:
            return
        others = [one.host for one in waiting if one is not view]
        user = view.prepared.found.facts.user if view.prepared is not None else ""
        sheet = PasswordSheet(view.host, user, len(others))

        def given(secret: Any) -> None:
            if not isinstance(secret, Secret):
                return
            for host in (view.host, *(others if sheet.for_all else ())):
                self._give(self.views[host], secret)

        self.frame.open_sheet(sheet, given)

    def _give(self, view: HostView, secret: Secret) -> None:
        code = view.flow.error.code if view.flow.error is not None else ""
        if code.startswith("host.") and view.flow.newcomer is None:
            self.app.sessions.give_password(view.host, secret)
            self.app.sessions.drop(view.host)
        waits = view.phase is Phase.WAITS
        self.flow.answer(view.host, password=secret)
        if not waits and not view.busy:
            self._again(view)

    def ask_keys(self) -> None:
        """Shows the fingerprints that wait to be compared, all at once."""
        waiting = fleet.waiting_keys(self.party_views)
        rows = []
        for view in waiting:
            error = view.flow.error
            rows.append(KeyRow(view.host, self.address_of(view), getattr(error, "fingerprint", "")))
        if rows:
            self.frame.open_sheet(KeysSheet(rows), self._confirm_keys)

    def _confirm_keys(self, good: Any) -> None:
        for host, fingerprint in (good or {}).items():
            view = self.views[host]
            if view.flow.newcomer is not None:
                self.flow.answer(host, fingerprint=fingerprint)
            else:
                self.spawn(self._trust(view, fingerprint))

    async def _trust(self, view: HostView, fingerprint: str) -> None:
        try:
            await self.deeds.trust(view.host, fingerprint)
        except GoferryError as error:
            self.frame.error(error)
            return
        self.flow.answer(view.host)

    def address_of(self, view: HostView) -> str:
        new = view.flow.newcomer
        if new is not None:
            return new.host.shown_address
        host = next((host for host in self.app.inventory.hosts() if host.name == view.host), None)
        return host.shown_address if host is not None else ""

    # --- undo

    def plan_undo(self, only: tuple[str, ...] = ()) -> None:
        """Shows what would be taken back, all of it or some steps; running it is asked about."""
        if self.view is not None and not self.view.busy and not self._looking_back:
            self._looking_back = True
            self.spawn(self._look_back(self.view, only))

    async def _look_back(self, view: HostView, only: tuple[str, ...]) -> None:
        try:
            view.back = await self.deeds.prepare_undo(view.host, view.flow.password, only)
            view.only = only
            view.chosen = view.back.pieces[0].id if view.back.pieces else ""
        except GoferryError as error:
            self.frame.error(error)
        finally:
            self._looking_back = False
            self.render_now()

    def leave_undo(self) -> None:
        """Back to the plan, which is read anew when steps were taken back."""
        view = self.view
        if view is None or view.busy:
            return
        was_run = view.flow.undo
        self._leave_back(view)
        if was_run or view.flow.state is FlowState.WAITING:
            self.flow.look(view.host)
        self.render_now()

    def _leave_back(self, view: HostView) -> None:
        view.back, view.only = None, ()
        if view.piece is None:
            view.chosen = present.opening_step(view)

    def ask_undo(self) -> None:
        view = self.view
        if view is None or view.back is None:
            return
        count = len(view.back.pieces)
        sheet = ConfirmSheet(
            lambda: ntr("Take back {n} step on {host}?", "Take back {n} steps on {host}?", count, host=view.host)
            if view.only else tr("Take back the set-up of {host}?", host=view.host),
            lambda: tr("The steps in the list are taken back, last first. What was there before comes back."),
            lambda: tr("Take back"), name="host_setup.undo_sheet", kind="dangerFilled",
        )  # fmt: skip
        self.frame.open_sheet(sheet, lambda yes: self.run() if yes else None)

    # --- leaving

    def forget_passwords(self) -> None:
        """Of hosts that are not at work: a password is for the run that it was given for."""
        for view in self.views.values():
            if not view.busy:
                view.flow.password = None
                if view.flow.newcomer is not None and view.flow.entered:
                    view.flow.newcomer = replace(view.flow.newcomer, password=None)
                if view.flow.prepared is not None:
                    view.flow.prepared.hands.password = None
