"""Live: see that it runs; when it does not, see why, and act."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop.app_live import HostAnswer, Live, LiveAlert, Seat, change_seat, open_live
from desktop.base.jobs import Job
from desktop.base.paths import write_atomically
from desktop.base.words import Message, msg, ntr, tr
from desktop.ui.notify import notify
from desktop.ui.pages.base import Page, PageAction
from desktop.ui.widgets import (
    Banner,
    Card,
    ConfirmSheet,
    EmptyState,
    IconButton,
    PageHeader,
    Segmented,
    button,
    columns,
    label,
    scrolled,
    set_tone,
)

from . import present
from .log_card import LogCard
from .panels import AlertsPanel, FactsPanel, HealthPanel, UsagePanel
from .services import ServiceTree

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame

Open = Callable[..., Any]
"""Like open_live: a coroutine function that gives a Live."""
_ENV_TONES = {"prod": "env.prod", "production": "env.prod", "staging": "env.staging", "stage": "env.staging"}


class LivePage(Page):
    """Renders a Live, and asks it."""

    key = "live"

    def __init__(self, app: App, frame: Frame, *, open_with: Open = open_live) -> None:
        super().__init__(app, frame)
        self._open_with = open_with
        self.live: Live | None = None
        self._folder: Path | None = None
        self._environment = ""
        self._task: Any = None
        self._chosen: present.Key | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.render_now)
        self._build()
        frame.project_changed.connect(self._on_project)

    def title(self) -> str:
        return tr("Live")

    # Building

    def _build(self) -> None:
        self.header = PageHeader(lambda: tr("Live"), name="live.header")
        self.summary = label("", "body", "secondary")
        self.environment: Segmented | None = None
        self.span = Segmented(
            [
                ("live", lambda: tr("Live")),
                ("15m", lambda: tr("15 min")),
                ("1h", lambda: tr("1 h")),
                ("24h", lambda: tr("24 h")),
            ],
            name="live.span",
            label=lambda: tr("Time span"),
        )
        self.span.chosen.connect(self._on_span)
        self.deploy = button(lambda: tr("Deploy"), name="live.deploy", icon="ship")
        self.deploy.clicked.connect(self._go_deploy)
        self.panel = IconButton(
            "panel-right", lambda: tr("Right column (F4)"), name="live.panel", small=False, framed=True
        )
        self.panel.clicked.connect(self.toggle_right)
        self.header.add_scope(self.summary)
        self.header.add_actions(self.span, self.deploy, self.panel)
        self.root.addWidget(self.header)
        self.banner = Banner(name="live.banner")
        self.banner.acted.connect(self._on_banner)
        self.no_project = EmptyState(
            "pulse",
            lambda: tr("No project is open"),
            lambda: tr("Open one to see what it writes and how it does."),
            [("projects", lambda: tr("Projects"))],
            name="live.no_project",
        )
        self.nothing = EmptyState(
            "ship",
            lambda: tr("Nothing is deployed here yet"),
            lambda: tr("Logs and health appear here as soon as a release runs."),
            [("deploy", lambda: tr("Deploy"))],
            name="live.nothing",
        )
        for empty in (self.no_project, self.nothing):
            empty.acted.connect(lambda key: self.frame.navigate(key))
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(10)
        inner.addWidget(self.banner)
        inner.addWidget(self._columns(), 1)
        self.stack = QStackedLayout()
        for widget in (self.no_project, self.nothing, body):
            self.stack.addWidget(widget)
        self.body = body
        holder = QWidget()
        holder.setLayout(self.stack)
        self.root.addWidget(holder, 1)

    def _columns(self) -> QWidget:
        self.log = LogCard(capacity=self.app.settings.now.log_lines)
        self.log.save_asked.connect(self._save)
        self.tree = ServiceTree(self.log.view.source_role, name="live.services")
        self.facts = FactsPanel()
        services = Card(lambda: tr("Services"), flush=True)
        services.body.setContentsMargins(0, 6, 0, 0)
        services.body.addWidget(self.tree, 1)
        services.body.addWidget(self.facts)
        self.tree.ticked.connect(self._on_ticked)
        self.tree.only.connect(self._on_only)
        self.tree.seat_chosen.connect(self._on_seat)
        self.facts.asked.connect(self._on_verb)
        self.health, self.usage, self.alerts = HealthPanel(), UsagePanel(), AlertsPanel()
        self.health.bar_clicked.connect(self._on_bar)
        right = QWidget()
        stacked = QVBoxLayout(right)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(14)
        for card in (self.health, self.usage, self.alerts):
            stacked.addWidget(card)
        stacked.addStretch(1)
        self.right = scrolled(right)
        split = columns((services, 200, 0), (self.log, 480, 1), (self.right, 280, 0))
        split.setObjectName("live.columns")
        split.setSizes([232, 700, 292])
        return split

    # Coming and going

    def shown(self, context: object) -> None:
        self._timer.start()
        self._fit()
        wanted = context if isinstance(context, str) else self._environment
        if self.frame.current_project != self._folder or self.live is None or wanted != self._environment:
            self._start(self.frame.current_project, wanted)
        self.render_now()

    def hidden(self) -> None:
        self._timer.stop()

    def retranslate(self) -> None:
        self.log.view.countsChanged.emit()
        self.render_now()

    def refresh(self) -> None:
        if self.live is not None:
            self.live.try_now()

    def toggle_right(self) -> None:
        self.right.setVisible(not self.right.isVisible())

    def panes(self) -> list[QWidget]:
        return [self.tree, self.log.view, self.right]

    def help_text(self) -> str:
        return tr("What the containers write, in one order of time, and how they do.")

    def offers(self) -> list[PageAction]:
        view = self.log.view
        return [
            PageAction("live.pause", tr("Pause or go on"), lambda: view.set_paused(not view.paused), "Space"),
            PageAction("live.follow", tr("Follow"), lambda: view.set_follow(True), "End"),
            PageAction("live.save", tr("Save as…"), self.log.pane.save_as),
            PageAction("live.refresh", tr("Ask all hosts again"), self.refresh, "F5"),
        ]

    def _on_project(self, folder: object) -> None:
        if self.isVisible():
            self._start(self.frame.current_project, "")
        elif self.live is not None:
            self._stop()

    def _fit(self) -> None:
        self.panel.setVisible(self.frame.is_narrow)
        self.right.setVisible(not self.frame.is_narrow)

    def _start(self, folder: Path | None, environment: str) -> None:
        """Look at another project or environment."""
        self._stop()
        self._folder, self._environment = folder, environment
        if folder is not None:
            self._task = self.spawn(self._watch(folder, environment))
        self.render_now()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self.live = self._folder = None
        self._chosen = None
        self.log.clear()
        self.log.show_sources(None)

    async def _watch(self, folder: Path, environment: str) -> None:
        names = [environment] if environment else []
        live = await self._open_with(self.app, folder, names, self.log.add, self._on_alert, self._on_look)
        self.show_live(live)
        await live.run()

    def show_live(self, live: Live) -> None:
        """Render this one from now on."""
        self.live = live
        self._environment = live.target.environment.name
        self._show_environments(live)
        self.render_now()

    def _show_environments(self, live: Live) -> None:
        names = list(dict.fromkeys([*live.target.config.environments, "local", self._environment]))[:5]
        if self.environment is not None:
            self.environment.hide()
            self.environment.deleteLater()
        self.environment = Segmented(
            [(name, _env_words(name)) for name in names],
            name="live.environment",
            label=lambda: tr("Environment"),
            value=self._environment,
        )
        self.environment.chosen.connect(lambda name: self._start(self._folder, name))
        self.header.scope.insertWidget(0, self.environment)

    # Rendering

    def _on_look(self) -> None:
        if self.isVisible():
            self.render_now()

    def render_now(self) -> None:
        """Show what is known, in the language in force."""
        live = self.live
        if self._folder is None and live is None:
            self.stack.setCurrentWidget(self.no_project)
            self.summary.setText("")
            return
        if live is None:
            self.stack.setCurrentWidget(self.body)
            self.log.show_message("")
            return
        looks = list(live.looks.values())
        rows = present.services(looks, live.watcher.health, live.is_ticked)
        answered = all(look.answer is HostAnswer.OK for look in looks)
        if answered and not rows:
            self.stack.setCurrentWidget(self.nothing)
        else:
            self.stack.setCurrentWidget(self.body)
            self._render_rows(live, rows)
        tone, words = present.summary(rows, live.target.app)
        self.summary.setText(words)
        set_tone(self.summary, tone)
        self._render_frame(live, rows)

    def _render_rows(self, live: Live, rows: tuple[present.ServiceRow, ...]) -> None:
        now = time.time()
        ticked = [seat for row in rows for seat in row.seats if seat.ticked]
        self.log.name_sources([seat.name for seat in ticked])
        everything = len(ticked) == sum(len(row.seats) for row in rows)
        self.log.show_sources(None if everything else frozenset(seat.name for seat in ticked))
        self.tree.show_services(rows, live.target.app)
        if self._chosen is None and ticked:
            self._chosen = ticked[0].key
        if self._chosen is not None:
            self.tree.choose(self._chosen)
        self._render_seat(live, now)
        self.health.show_rows(present.health_rows(live.looks.values(), live.watcher.health, now))
        self.alerts.show_alerts(list(live.alerts))
        self.log.tick(len(live.feed.streams), now)
        self._render_message(live, ticked)
        self._render_banner(live)

    def _render_message(self, live: Live, ticked: list[present.SeatRow]) -> None:
        if self.log.view.buffer.kept:
            self.log.show_message("")
            return
        waiting = sum(look.answer is HostAnswer.CONNECTING for look in live.looks.values())
        if waiting:
            text = ntr("Connecting to {n} host", "Connecting to {n} hosts", waiting)
        elif not ticked:
            text = tr("Tick a container to see its lines")
        else:
            text = tr("No lines yet")
        self.log.show_message(text)

    def _render_seat(self, live: Live, now: float) -> None:
        seat = self._seat()
        usage = live.watcher.usage.get(seat.key) if seat is not None else None
        environment = live.target.environment.name if seat is not None and seat.ours else ""
        pairs = present.facts(seat, usage, now) if seat is not None else ()
        tone = _ENV_TONES.get(environment.lower(), "env.dev")
        self.facts.show_facts(seat, str(_env_words(environment)) if environment else "", tone, pairs)
        self.usage.setVisible(seat is not None)
        if seat is None:
            return
        rows = present.usage_rows(seat, live.watcher.health.get(seat.key), usage, now)
        self.usage.show_usage(seat.label, rows, self._missing(live, seat, rows))

    @staticmethod
    def _missing(live: Live, seat: Seat, rows: tuple[present.UsageRow, ...]) -> str:
        """Why there is less to see than there could be."""
        if not seat.ours:
            return tr("Only containers of the project are measured.")
        if not seat.running:
            return tr("It does not run.")
        if seat.native:
            return tr("CPU and memory are measured by a Docker Engine; this program runs without one.")
        error = live.watcher.usage_errors.get(seat.key)
        if error is not None:
            return tr("Not measured: {why}", why=str(error.what))
        return "" if rows else tr("Measuring…")

    def _render_banner(self, live: Live) -> None:
        found = present.lost_banner(live.looks.values(), live.feed.streams.values(), time.monotonic())
        if found is None:
            self.banner.hide()
        elif self.banner.isHidden() or self.banner.text() != found[0]:
            self.banner.show_banner(
                "warn", found[0], found[1], [("try", lambda: tr("Try now"))], primary=False
            )

    def _render_frame(self, live: Live, rows: tuple[present.ServiceRow, ...]) -> None:
        bad = sum(seat.state == "fail" for row in rows if row.name == live.target.app for seat in row.seats)
        self.frame.set_badge("live", bad)
        hosts = live.streaming_hosts
        text = ntr("Streaming logs from {n} host", "Streaming logs from {n} hosts", hosts) if hosts else ""
        self.frame.set_status("streams", "ok", text)

    # Wishes

    def _seat(self) -> Seat | None:
        seats = self.live.seats if self.live is not None else ()
        return next((seat for seat in seats if seat.key == self._chosen), None)

    def _on_seat(self, key: present.Key) -> None:
        self._chosen = key
        if self.live is not None:
            self._render_seat(self.live, time.time())

    def _on_ticked(self, keys: tuple[present.Key, ...], on: bool) -> None:
        if self.live is not None:
            self.spawn(self._tick(self.live, keys, on))

    async def _tick(self, live: Live, keys: tuple[present.Key, ...], on: bool) -> None:
        await live.tick(keys, on)
        self.render_now()

    def _on_only(self, key: present.Key) -> None:
        if self.live is not None:
            self.spawn(self._tick_only(self.live, key))

    async def _tick_only(self, live: Live, key: present.Key) -> None:
        await live.tick([seat.key for seat in live.seats if seat.key != key], on=False)
        await live.tick([key], on=True)
        self.render_now()

    def _on_span(self, key: str) -> None:
        self.log.span = present.SPANS[key]
        if self.live is None:
            return
        self.log.clear()
        self.log.view.set_follow(key == "live")
        self.spawn(self.live.restart_feed(None if key == "live" else present.SPANS[key]))

    def _on_bar(self, key: present.Key, index: int) -> None:
        """A health bar: the log at that time."""
        bars = self.live.watcher.health[key].bars(time.time()) if self.live is not None else ()
        if 0 <= index < len(bars):
            self.log.show_between((bars[index].start, bars[index].start + 120.0))

    def _on_banner(self, key: str) -> None:
        self.refresh()

    def _go_deploy(self) -> None:
        self.frame.navigate("deploy")

    def _on_verb(self, verb: str) -> None:
        seat = self._seat()
        if seat is None or self.live is None:
            return
        if verb == "digest":
            QGuiApplication.clipboard().setText(seat.digest)
        elif verb == "shell":
            self.spawn(self._open_shell(seat))
        elif verb == "start" or (verb == "restart" and not self.live.target.production):
            self._change(seat, verb)
        else:
            self._ask(seat, verb)

    def _ask(self, seat: Seat, verb: str) -> None:
        app = self.live.target.app if self.live is not None else ""
        typed = app if self.live is not None and self.live.target.production else ""
        if not self.app.settings.now.confirm_production:
            typed = ""
        restart = verb == "restart"
        sheet = ConfirmSheet(
            (lambda: tr("Restart {app} on {host}?", app=app, host=seat.host))
            if restart
            else (lambda: tr("Stop {app} on {host}?", app=app, host=seat.host)),
            (lambda: tr("It answers nobody until it runs again."))
            if restart
            else (lambda: tr("It answers nobody until it is started. Image and settings stay.")),
            (lambda: tr("Restart")) if restart else (lambda: tr("Stop")),
            name="live.confirm",
            kind="dangerFilled",
            typed=typed,
        )
        self.frame.open_sheet(sheet, lambda yes: self._change(seat, verb) if yes else None)

    def _change(self, seat: Seat, verb: str) -> None:
        folder = self._folder
        if folder is None:
            return

        async def work(job: Job[Any]) -> None:
            for result in await change_seat(self.app, folder, seat, verb):
                if result.error is not None:
                    raise result.error
            if self.live is not None:
                self.live.try_now()

        titles = {
            "restart": msg("Restart {app} on {host}", app=seat.service, host=seat.host),
            "stop": msg("Stop {app} on {host}", app=seat.service, host=seat.host),
            "start": msg("Start {app} on {host}", app=seat.service, host=seat.host),
        }
        self._start_job(verb, titles[verb], work, f"host:{seat.host}")

    def _start_job(self, kind: str, title: Message, work: Callable[[Job[Any]], Any], gate: str = "") -> None:
        job = self.app.jobs.start(kind, title, work, page=self.key, gate=gate)
        self.spawn(self._tell_end(job))

    async def _tell_end(self, job: Job[Any]) -> None:
        await job.wait()  # its error goes to the bar

    async def _open_shell(self, seat: Seat) -> None:
        from desktop.app_shell import open_shell

        await open_shell(self.app, seat.host, seat.id)

    def _save(self, file: str) -> None:
        texts = self.log.texts()
        path = Path(file)

        async def work(job: Job[Any]) -> None:
            await self.app.pools.files.run(lambda token: write_atomically(path, texts()))
            job.report(msg("Saved to {file}", file=path.name))

        self._start_job("logs.save", msg("Save the log as {file}", file=path.name), work)

    # Alerts

    def _on_alert(self, alert: LiveAlert) -> None:
        state, title, second = present.alert_row(alert)
        active = QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive
        if not active and state in ("fail", "warn"):
            notify(self.window(), title, second)
        if state in ("fail", "warn") and not (self.isVisible() and active):
            show: list[tuple[Any, Callable[[], None]]] = [
                (lambda: tr("Open Live"), lambda: self.frame.navigate("live"))
            ]
            self.frame.toast(state, title, second, show)


def _env_words(name: str) -> Any:
    """An environment's name for people: the known ones in their language."""
    known = {
        "dev": msg("Dev"),
        "staging": msg("Staging"),
        "prod": msg("Production"),
        "production": msg("Production"),
        "local": msg("This computer"),
    }
    return known.get(name, name)
