"""Set-up of one server or many: the plan, its run, and the way back; renders what is known and asks for deeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop.app_setup import Newcomer
from desktop.base.blocking import CancelToken
from desktop.base.jobs import Job
from desktop.base.words import ntr, sentences, tr
from desktop.ui.environments import environment_words
from desktop.ui.pages.base import PageAction
from desktop.ui.pages.hosts.present import tone_of
from desktop.ui.widgets import (
    Card,
    Chip,
    ElidedLabel,
    EmptyState,
    PageHeader,
    SegmentBar,
    StateLabel,
    button,
    column,
    columns,
    label,
    row,
    set_kind,
)

from . import fleet, present
from .body import LEAST_PX, ChangesCard, StepCard, StepsCard
from .deeds import Deeds
from .matrix import MatrixView
from .present import HostView, Phase
from .runs import SetupRuns

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame


class HostSetupPage(SetupRuns):
    """`shown` gets a host's name, several names or newcomers, or a job of this page."""

    key = "host_setup"

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame, deeds=deeds)
        self._bannered: tuple[object, ...] = ()
        self._beat = QTimer(self)
        self._beat.setInterval(1000)
        self._beat.timeout.connect(self._tick)
        self._was_shown = False
        self._arrival = QTimer(self)
        self._arrival.setSingleShot(True)
        self._arrival.timeout.connect(self._come)
        self._build()
        frame.narrow_changed.connect(lambda *_: self._fit())

    def title(self) -> str:
        if self.many:
            return ntr("Set up {n} server", "Set up {n} servers", len(self.party))
        return tr("Set up {host}", host=self.host) if self.host else tr("Set-up of a server")

    # --- building

    def _build(self) -> None:
        self.head = PageHeader(self.title, name="host_setup.head", back=True)
        self.head.back_asked.connect(self._back)
        self.group = Chip("", "off")
        self.address = ElidedLabel("", "mono", "secondary")
        self.system = ElidedLabel("", "body", "secondary")
        self.head.add_scope(self.group, self.address, self.system)
        self.retry = button(lambda: tr("Retry failed"), name="host_setup.retry", icon="refresh")
        self.retry.clicked.connect(self.retry_failed)
        self.save = button(lambda: tr("Save as script…"), name="host_setup.save", icon="file")
        self.save.clicked.connect(self.ask_save)
        self.main = button(lambda: "", name="host_setup.main", kind="primary")
        self.main.clicked.connect(self.primary)
        self.head.add_actions(self.retry, self.save, self.main)
        self.root.addWidget(self.head)
        self.steps, self.step, self.sums = StepsCard(), StepCard(), ChangesCard()
        self.steps.chosen.connect(self.choose)
        self.step.part.clicked.connect(lambda on: self._on_part(on))
        self.step.copy.clicked.connect(self.copy_commands)
        self.step.back.clicked.connect(self._undo_step)
        self.step.banner.acted.connect(self._on_banner)
        self.sums.mirror.chosen.connect(self.choose_mirror)
        self.sums.own_asked.connect(self.choose_mirror)
        self.sums.offline.clicked.connect(lambda on: self.set_offline(on))
        self.sums.choices.clicked.connect(self.ask_choices)
        self.sums.undo.clicked.connect(lambda: self.plan_undo())
        self.sums.forth.clicked.connect(self.leave_undo)
        self._arrange()

    def _arrange(self) -> None:
        self.matrix = MatrixView()
        self.matrix.chosen.connect(self._on_cell)
        self.matrix.opened.connect(lambda host: self.shown(host))
        self.matrix_card = Card(flush=True)
        self.matrix_card.body.addWidget(self.matrix, 1)
        below = columns((self.steps, 280, 2), (self.step, 380, 4), (self.sums, 290, 1))
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setHandleWidth(14)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.matrix_card)
        self.split.addWidget(below)
        self.split.setStretchFactor(1, 1)
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(14)
        inner.addWidget(self._strip())
        inner.addWidget(self.split, 1)
        self.empty = EmptyState(
            "server",
            lambda: tr("No server is chosen"),
            lambda: tr("Choose one or several on the Hosts page, then their set-up plan."),
            [("hosts", lambda: tr("Hosts"))],
            name="host_setup.empty",
        )
        self.empty.acted.connect(lambda key: self.frame.navigate(key))
        stacked = QWidget()
        self.stack = QStackedLayout(stacked)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(holder)
        self.filled = holder
        self.root.addWidget(stacked, 1)

    def _strip(self) -> Card:
        self.state = StateLabel("wait", lambda: "", font="bodyStrong")
        self.counts = label("", "body", "secondary")
        self.elapsed = label("", "body", "secondary")
        self.bar = SegmentBar()
        self.bar.setAccessibleName("")
        strip = Card()
        strip.body.addLayout(
            column(row(self.state, self.counts, None, self.elapsed, spacing=16), self.bar, spacing=8)
        )
        return strip

    # --- coming and going

    def shown(self, context: object) -> None:
        self._beat.start()
        self._fit()
        if isinstance(context, Job):
            self._show_job(context.subject)
        elif isinstance(context, str) and context:
            self.host = context
            self.open_hosts([context])
        elif isinstance(context, Sequence) and context:
            self.open_hosts([one for one in context if isinstance(one, str | Newcomer)])
        if self._was_shown:
            self._come()
        else:  # in a turn of its own: making the page was enough for this one
            self.stack.setCurrentWidget(self.filled if self.view is not None else self.empty)
            self._arrival.start()

    def _come(self) -> None:
        self._was_shown = True
        self.render_now()
        if self.many:
            self.matrix.setFocus()

    def _show_job(self, host: str) -> None:
        """A job of several keeps them in view."""
        if host in self.party:
            self.host = host
        elif host:
            self.host = host
            self.open_hosts([host])

    def hidden(self) -> None:
        self._beat.stop()
        self._arrival.stop()
        self.forget_passwords()

    def retranslate(self) -> None:
        self.head.set_title(self.title)
        self.matrix.matrix.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, 0)
        self.render_now()

    def refresh(self) -> None:
        """Plans again; what had failed or was done is looked at anew."""
        if self.many:
            self.plan_all()
        else:
            self.make_plan()

    def primary(self) -> None:
        if self.view is None:
            return
        own = present.main_action(self.view)
        undoing = own is not None and own.key == "undo"
        action = fleet.main_action(self.party_views) if self.many and not undoing else own
        if action is None:
            return
        deeds: dict[str, Callable[[], object]] = {
            "run": self.run_all if self.many else self.run, "plan": self.refresh, "undo": self.ask_undo,
            "stop": self.stop_after_step, "now": self.try_now, "keys": self.ask_keys,
            "password": self.ask_password, "deploy": lambda: self.frame.navigate("deploy"),
        }  # fmt: skip
        deeds.get(action.key, self._back)()

    def toggle_right(self) -> None:
        self.sums.setVisible(not self.sums.isVisible())

    def next_problem(self, step: int) -> None:
        """The next server that failed or asks; on one server, its failed step."""
        if not self.many:
            if self.view is not None and self.view.failed_step:
                self.choose(self.view.failed_step)
            return
        bad = [v.host for v in self.party_views if v.phase in (Phase.FAILED, Phase.WAITS, Phase.LOST)]
        if bad:
            at = bad.index(self.host) if self.host in bad else -1 if step > 0 else 0
            self.host = bad[(at + step) % len(bad)]
            self.render_now()

    def panes(self) -> list[QWidget]:
        first = self.matrix if self.many else self.steps.view
        return [first, self.step.code, self.step.output.view]

    def help_text(self) -> str:
        return tr("Make servers ready for Docker: read every command, run the plan, take it back.")

    def offers(self) -> list[PageAction]:
        return [
            PageAction("host_setup.plan", tr("Plan again"), self.refresh, "F5"),
            PageAction("host_setup.retry", tr("Retry failed"), self.retry_failed),
            PageAction("host_setup.copy", tr("Copy commands"), self.copy_commands),
            PageAction("host_setup.save", tr("Save as script…"), self.ask_save),
            PageAction("host_setup.more", tr("More choices…"), self.ask_choices),
            PageAction("host_setup.undo", tr("Take the set-up back…"), self.plan_undo),
        ]

    def _fit(self) -> None:
        self.sums.setVisible(not self.frame.is_narrow)

    def _back(self) -> None:
        self.frame.navigate("hosts", self.host or None)

    # --- clicks

    def choose(self, step: str) -> None:
        if self.view is not None:
            self.view.chosen = step
            self.render_now()

    def _on_cell(self, host: str, step: str) -> None:
        self.host = host
        view = self.view
        if view is not None and any(piece.id == step for piece in view.pieces):
            view.chosen = step
        self.render_now()

    def _on_part(self, on: bool) -> None:
        if self.view is not None and self.view.chosen:
            self.leave_out(self.view.chosen, not on)

    def _undo_step(self) -> None:
        if self.view is not None and self.view.chosen:
            self.plan_undo((self.view.chosen,))

    def ask_mirror(self) -> None:
        if not self.sums.isVisible():
            self.toggle_right()
        self.sums.own.setFocus()

    def copy_commands(self) -> None:
        if self.view is not None and self.view.chosen:
            QApplication.clipboard().setText(present.copied(self.view, self.view.chosen))
            self.frame.toast("ok", lambda: tr("The step's commands are in the clipboard."))

    def _on_banner(self, action: str) -> None:
        if self.view is None:
            return
        fix = next((fix for fix in present.fixes(self.view) if fix.action == action), None)
        if fix is not None:
            self.fix(fix)

    # --- scripts

    def scripts(self) -> dict[str, str]:
        """File names and texts: the plan of each host in view."""
        views = self.party_views if self.many else [self.view] if self.view is not None else []
        return {f"setup-{view.host}.sh": text for view in views if (text := present.script(view))}

    def ask_save(self) -> None:
        """Where the script goes, or the folder for several; written when it was chosen."""
        texts = self.scripts()
        if not texts:
            return
        first = next(iter(texts))
        dialog = QFileDialog(self, tr("Save as script…"), str(Path.home() / ("" if self.many else first)))
        if self.many:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.fileSelected.connect(
                lambda path: self.spawn(self.save_scripts({Path(path) / name: text for name, text in texts.items()}))
            )  # fmt: skip
        else:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("sh")
            dialog.fileSelected.connect(
                lambda path: self.spawn(self.save_scripts({Path(path): texts[first]}))
            )
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    async def save_scripts(self, texts: dict[Path, str]) -> None:
        def write(token: CancelToken) -> None:
            for path, text in texts.items():
                path.write_text(text, encoding="utf-8", newline="\n")

        await self.app.pools.files.run(write)
        names = ", ".join(path.name for path in texts)
        self.frame.toast("ok", lambda: tr("Saved {file}", file=names))

    # --- rendering

    def _tick(self) -> None:
        """Once a second: the clock, and the countdown of what was lost."""
        view = self.view
        views = self.party_views if self.many else [view] if view is not None else []
        if any(one.phase is Phase.LOST for one in views):
            self.render_now()
        self._render_elapsed(views)

    def _render_elapsed(self, views: Sequence[HostView]) -> None:
        jobs = [one.flow.job for one in views if one.flow.job is not None and (one.busy or one.flow.results)]
        seconds = int(max((job.seconds for job in jobs), default=0.0))
        self.elapsed.setText(f"{seconds // 60}:{seconds % 60:02}" if jobs else "")

    def render_now(self) -> None:
        """Shows what is known, in the language in force."""
        view = self.view
        self.stack.setCurrentWidget(self.filled if view is not None else self.empty)
        self.head.set_title(self.title)
        for part in (self.group, self.address, self.system, self.save, self.main, self.retry):
            part.setVisible(view is not None)
        self.matrix_card.setVisible(self.many)
        self.steps.setVisible(not self.many)
        if view is None:
            return
        self._render_strip(view)
        self._render_head(view)
        if self.many:
            self._render_matrix(view)
        else:
            self.steps.show_steps(present.step_lines(view), view.chosen)
        self.step.show_step(view)
        self.sums.show_setup(view, many=self.many)
        self._render_banner(view)

    def _render_strip(self, view: HostView) -> None:
        now = time.monotonic()
        if self.many:
            state, words = fleet.summary(self.party_views)
            self.counts.setText("")
            self.bar.show_states(fleet.states(self.party_views, now), words)
        else:
            state, words = present.headline(view, now)
            self.counts.setText(present.counts(view))
            self.bar.show_states(present.states(view), words)
        self.state.show_state(state, words)
        self._render_elapsed(self.party_views if self.many else [view])

    def _render_matrix(self, view: HostView) -> None:
        views, now = self.party_views, time.monotonic()
        shown = fleet.columns(views)
        lines = [fleet.line(one, shown, self.address_of(one), now) for one in views]
        rows = self.matrix.matrix.rowCount()
        self.matrix.show_lines(shown, lines, self.host, view.chosen)
        if len(lines) != rows:
            height = self.matrix.needed_height() + 8
            self.matrix_card.setMinimumHeight(min(height, 2 * 44 + 50))
            self.split.setSizes([height, max(LEAST_PX, self.split.height() - height)])

    def _render_head(self, view: HostView) -> None:
        host = next((host for host in self.app.inventory.hosts() if host.name == view.host), None)
        group = host.groups[0] if host is not None and host.groups and not self.many else ""
        self.group.setVisible(bool(group))
        self.group.show_state(environment_words(group), tone_of(group))
        self.address.set_text("" if self.many else self.address_of(view))
        self.system.set_text("" if self.many else present.system_text(view))
        self.save.setEnabled(bool(self.scripts_there(view)))
        self.save.setVisible(not view.undo)
        self.retry.setVisible(self.many and bool(fleet.failed(self.party_views)))
        own = present.main_action(view)
        undoing = own is not None and own.key == "undo"
        action = fleet.main_action(self.party_views) if self.many and not undoing else own
        self.main.setVisible(action is not None)
        if action is not None:
            self.main.setText(action.text)
            set_kind(self.main, action.kind)

    def scripts_there(self, view: HostView) -> bool:
        return any(one.taken for one in (self.party_views if self.many else [view]))

    def _render_banner(self, view: HostView) -> None:
        banner, error = self.step.banner, view.flow.error
        shown = error is not None and view.back is None and view.phase is not Phase.LOST
        self.step.holder.setVisible(shown)
        if error is None or not shown:
            self._bannered = ()
            banner.hide()
            return
        kind = "warn" if view.phase is Phase.WAITS else "fail"
        why = str(sentences(*present.explanation(error)))
        buttons = [(fix.action, str(fix.label)) for fix in present.fixes(view)]
        wanted = (view.host, kind, str(error.what), why, *buttons)
        if wanted != self._bannered:  # its buttons are made anew, and would lose the keyboard
            self._bannered = wanted
            banner.show_banner(kind, str(error.what), why, buttons)
            before: QWidget = self.step.copy
            for made in banner.findChildren(QPushButton):  # else Tab comes to them last of all
                QWidget.setTabOrder(before, made)
                before = made
