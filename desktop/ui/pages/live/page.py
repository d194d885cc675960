"""Live: see that it runs; when it does not, see why, and act."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from desktop.app_deploy import environments_of
from desktop.app_live import Live, open_live
from desktop.app_seats import HostAnswer, Seat
from desktop.base.errors import GoferryError
from desktop.base.words import host_words, ntr, sentences, tr
from desktop.ui.environments import environment_tone, environment_words
from desktop.ui.pages.base import Page, PageAction
from desktop.ui.production_mark import mark_production
from desktop.ui.theme import theme
from desktop.ui.widgets import Segmented, set_tone, tab_before

from . import present
from .acts import Acts
from .layout import Parts

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame

Open = Callable[..., Any]
"""Like open_live: a coroutine function that gives a Live."""


class LivePage(Page):
    """Renders a Live, and asks it."""

    key = "live"

    def __init__(
        self, app: App, frame: Frame, *, open_with: Open = open_live, list_with: Open = environments_of
    ) -> None:
        super().__init__(app, frame)
        self._open_with, self._list_with = open_with, list_with
        self.live: Live | None = None
        self.folder: Path | None = None
        self._environment = ""
        self._task: Any = None
        self.problem: GoferryError | None = None
        self._chosen: present.Key | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.render_now)
        self.acts = Acts(self)
        self.parts = parts = Parts(app.settings.now.log_lines)
        self.log, self.tree, self.facts = parts.log, parts.tree, parts.facts
        self.health, self.usage, self.alerts = parts.health, parts.usage, parts.alerts
        self.environment: Segmented | None = None
        self._marked: tuple[str, ...] = ()
        theme().changed.connect(self._mark)
        self.root.addWidget(parts.header)
        self.root.addWidget(parts.holder, 1)
        self._connect()

    def title(self) -> str:
        return tr("Live")

    def _connect(self) -> None:
        parts = self.parts
        parts.span.chosen.connect(self._on_span)
        parts.deploy.clicked.connect(lambda: self.frame.navigate("deploy"))
        parts.panel.clicked.connect(self.toggle_right)
        parts.banner.acted.connect(self._on_banner)
        for empty in (parts.no_project, parts.nothing):
            empty.acted.connect(lambda key: self.frame.navigate(key))
        parts.log.save_asked.connect(self.acts.save)
        parts.log.view.linkActivated.connect(self.acts.open_place)
        parts.tree.ticked.connect(self._on_ticked)
        parts.tree.only.connect(self._on_only)
        parts.tree.seat_chosen.connect(self._on_seat)
        parts.facts.asked.connect(self.acts.verb)
        parts.health.bar_clicked.connect(self._on_bar)
        self.frame.project_changed.connect(self._on_project)

    # Coming and going

    def shown(self, context: object) -> None:
        self._timer.start()
        self._fit()
        project = self.frame.current_project
        kept = self.frame.environments.get(project, "") if project is not None else ""
        wanted = context if isinstance(context, str) else kept or self._environment
        if self.frame.current_project != self.folder or self.live is None or wanted != self._environment:
            self._start(self.frame.current_project, wanted)
        self.render_now()

    def hidden(self) -> None:
        self._timer.stop()

    def retranslate(self) -> None:
        self.log.view.countsChanged.emit()
        self._mark()
        self.render_now()

    def refresh(self) -> None:
        if self.live is not None:
            self.live.try_now()

    def toggle_right(self) -> None:
        self.parts.right.setVisible(not self.parts.right.isVisible())

    def panes(self) -> list[QWidget]:
        return [self.tree, self.log.view, self.parts.right]

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
        self.parts.panel.setVisible(self.frame.is_narrow)
        self.parts.right.setVisible(not self.frame.is_narrow)

    def _start(self, folder: Path | None, environment: str) -> None:
        """Look at another project or environment."""
        self._stop()
        self.folder, self._environment = folder, environment
        if folder is not None:
            self._task = self.spawn(self._watch(folder, environment))
        self.render_now()

    def _stop(self) -> None:
        self.parts.banner.hide()
        if self._task is not None:
            self._task.cancel()
        self._task = self.live = self.folder = None
        self._chosen = None
        self.log.clear()
        self.log.show_sources(None)

    async def _watch(self, folder: Path, wanted: str) -> None:
        self.problem = None
        try:
            names = await self._list_with(self.app, folder)
            self._environment = wanted if wanted in names else names[0]
            self.frame.environments[folder] = self._environment
            self._show_environments(names)
            live = await self._open_with(
                self.app, folder, [self._environment], self.log.add, self.acts.tell, self._on_look
            )
        except GoferryError as error:
            self.problem = error
            self.render_now()
            return
        self.show_live(live)
        await live.run()

    def show_live(self, live: Live) -> None:
        """Render this one from now on."""
        self.live = live
        self.render_now()

    def _show_environments(self, names: Sequence[str]) -> None:
        if self.environment is not None:
            self.environment.hide()
            self.environment.deleteLater()
        self.environment = Segmented(
            [(name, partial(environment_words, name)) for name in names[:5]],
            name="live.environment",
            label=lambda: tr("Environment"),
            value=self._environment,
        )
        self.environment.chosen.connect(lambda name: self._start(self.folder, name))
        self._marked = tuple(names[:5])
        self._mark()
        self.parts.header.scope.insertWidget(0, self.environment)
        tab_before(self.parts.span, self.environment)

    def _mark(self) -> None:
        if self.environment is not None:
            mark_production(self.environment, self._marked)

    # Rendering

    def _on_look(self) -> None:
        if self.isVisible():
            self.render_now()

    def render_now(self) -> None:
        """Show what is known, in the language in force."""
        live = self.live
        if self.folder is None and live is None:
            self.parts.stack.setCurrentWidget(self.parts.no_project)
            self.parts.summary.setText("")
            return
        if live is None:
            self.parts.stack.setCurrentWidget(self.parts.body)
            self.log.show_message("")
            self._render_problem()
            return
        looks = list(live.looks.values())
        rows = present.services(looks, live.watcher.health, live.is_ticked)
        answered = all(look.answer is HostAnswer.OK for look in looks)
        if answered and not rows:
            self.parts.stack.setCurrentWidget(self.parts.nothing)
        else:
            self.parts.stack.setCurrentWidget(self.parts.body)
            self._render_rows(live, rows)
        tone, words = present.summary(rows, live.target.app)
        self.parts.summary.setText(words)
        set_tone(self.parts.summary, tone)
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
        elif not any(seat.ours for seat in live.seats) and all(
            look.answer is HostAnswer.OK for look in live.looks.values()
        ):
            where = environment_words(live.target.environment.name)
            text = tr("{app} is not deployed to {environment} yet", app=live.target.app, environment=where)
        elif not ticked:
            text = tr("Tick a container to see its lines")
        else:
            text = tr("No lines yet")
        self.log.show_message(text)

    def _render_seat(self, live: Live, now: float) -> None:
        seat = self.seat()
        usage = live.watcher.usage.get(seat.key) if seat is not None else None
        environment = live.target.environment.name if seat is not None and seat.ours else ""
        pairs = present.facts(seat, usage, now) if seat is not None else ()
        tone = environment_tone(environment)
        self.facts.show_facts(seat, environment_words(environment) if environment else "", tone, pairs)
        self.usage.setVisible(seat is not None)
        if seat is None:
            return
        rows = present.usage_rows(seat, live.watcher.health.get(seat.key), usage, now)
        self.usage.show_usage(host_words(seat.label), rows, self._missing(live, seat, rows))

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

    def _render_problem(self) -> None:
        """Why nothing can be looked at: an unknown host, a broken goferry.yaml."""
        error = self.problem
        if error is None:
            self.parts.banner.hide()
        elif self.parts.banner.isHidden():
            why = str(sentences(error.why, error.fix))
            actions: list[tuple[str, Any]] = [("try", lambda: tr("Try again"))]
            self.parts.banner.show_banner("fail", error.what, why, actions, primary=False)

    def _render_banner(self, live: Live) -> None:
        found = present.lost_banner(live.looks.values(), live.feed.streams.values(), time.monotonic())
        kind, actions = "warn", [("try", lambda: tr("Try now"))]
        other = present.other_key(live.looks.values())
        if other is not None and other.error is not None:
            title = tr("{host} shows a different key", host=other.host)
            found = title, str(sentences(other.error.why, other.error.fix))
            kind = "fail"
            actions = [("keys", lambda: tr("Show both keys")), ("hosts", lambda: tr("Open Hosts"))]
        if found is None:
            self.parts.banner.hide()
        elif self.parts.banner.isHidden() or self.parts.banner.text() != found[0]:
            self.parts.banner.show_banner(kind, found[0], found[1], actions, primary=False)

    def _render_frame(self, live: Live, rows: tuple[present.ServiceRow, ...]) -> None:
        bad = sum(seat.state == "fail" for row in rows if row.name == live.target.app for seat in row.seats)
        self.frame.set_badge("live", bad)
        hosts = live.streaming_hosts
        text = ntr("Streaming logs from {n} host", "Streaming logs from {n} hosts", hosts) if hosts else ""
        self.frame.set_status("streams", "ok", text)

    # Wishes

    def seat(self) -> Seat | None:
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
        other = present.other_key(self.live.looks.values()) if self.live is not None else None
        if other is not None and key in ("keys", "hosts"):
            self.acts.of_other_key(other, key)
            return
        if self.live is None:
            self._start(self.folder, self._environment)
        self.refresh()
