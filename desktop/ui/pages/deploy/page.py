"""Deploy: plan, lanes, releases; renders what is known and asks for deeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from desktop.app_engine import start_engine_job
from desktop.base.editors import open_in_editor
from desktop.base.errors import START_ENGINE, GoferryError
from desktop.base.words import tr
from desktop.ui.pages.base import PageAction
from desktop.ui.widgets import Banner, EmptyState
from desktop.ui.wishes import DeployTo

from . import banners, history, present
from .body import DeployBody, DeployHead
from .deeds import Deeds
from .runs import DeployRuns

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame


class DeployPage(DeployRuns):
    """One project's environments, one at a time. A running deploy goes on when another is looked at."""

    key = "deploy"

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame, deeds=deeds)
        self._beat = QTimer(self)
        self._beat.setInterval(1000)
        self._beat.timeout.connect(self._tick)
        self._build()
        frame.project_changed.connect(self._on_project)
        frame.narrow_changed.connect(self.body.set_narrow)

    def title(self) -> str:
        return tr("Deploy")

    def _build(self) -> None:
        self.head = DeployHead()
        self.head.environment_chosen.connect(self.show_environment)
        self.head.main.clicked.connect(self.primary)
        self.head.pause.clicked.connect(self.toggle_pause)
        self.head.back.clicked.connect(lambda: self.ask_rollback(""))
        self.root.addWidget(self.head)
        self.banner = Banner(name="deploy.banner", closable=True)
        self.banner.acted.connect(self._on_banner)
        self.banner.closed.connect(self._forget_banner)
        self.body = DeployBody()
        self.body.lanes.stage_chosen.connect(self._on_stage)
        self.body.commands.clicked.connect(self.show_commands)
        self.body.spread.clicked.connect(self.ask_spread)
        self.body.releases.asked.connect(self._on_release)
        self.body.compare.clicked.connect(lambda: self.compare())
        self.body.prune.clicked.connect(partial(self.ask_verb, "prune"))
        self.body.remove.clicked.connect(partial(self.ask_verb, "remove"))
        self.no_project = EmptyState(
            "ship",
            lambda: tr("No project is open"),
            lambda: tr("Open one to deploy it."),
            [("projects", lambda: tr("Projects"))],
            name="deploy.no_project",
        )
        self.no_project.acted.connect(lambda key: self.frame.navigate(key))
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(24, 0, 24, 20)
        inner.setSpacing(14)
        inner.addWidget(self.banner)
        inner.addWidget(self.body, 1)
        self.filled = holder
        stacked = QWidget()
        self.stack = QStackedLayout(stacked)
        self.stack.addWidget(self.no_project)
        self.stack.addWidget(holder)
        self.root.addWidget(stacked, 1)
        self.banner.hide()

    # ---------------------------------------------------------------- coming and going

    def shown(self, context: object) -> None:
        self._beat.start()
        self.body.set_narrow(self.frame.is_narrow)
        wish = context if isinstance(context, DeployTo) else None
        wanted = wish.environment if wish is not None else context if isinstance(context, str) else ""
        self._part_wanted = wish if wish is not None and wish.only else None
        project = self.frame.current_project
        self._back_wanted = wanted == "rollback"
        if project is not None and wanted in ("", "newest", "rollback"):
            wanted = self.frame.environments.get(project, "")
        if project != self.folder:
            self._open(project, wanted)
        elif wanted and wanted != self.environment:
            self.show_environment(wanted)
            self._take_part()
        else:
            if not self.running:
                self.refresh()
            self._take_part()
        self.render_now()

    def hidden(self) -> None:
        self._beat.stop()

    def retranslate(self) -> None:
        if self.prepared is not None and self.plan is not None:
            self.plan = present.plan_view(self.prepared, self.plan.made, rollback=self.plan.rollback)
        self.body.again()
        self.head.mark()
        self.render_now()

    def refresh(self) -> None:
        """Reads the hosts again."""
        if self.folder is not None:
            self._look()

    def primary(self) -> None:
        if self.running:
            self.cancel()
        elif self.ready:
            self.ask_deploy()
        elif self.folder is not None:
            self.make_plan()

    def toggle_right(self) -> None:
        self.body.right.setVisible(not self.body.right.isVisible())

    def panes(self) -> list[QWidget]:
        return [self.body.lanes, self.body.output.view, self.body.releases]

    def help_text(self) -> str:
        return tr("Plan a deploy, read it, run it; and go back to an earlier release.")

    def offers(self) -> list[PageAction]:
        return [
            PageAction("deploy.plan", tr("Build and plan"), self.make_plan),
            PageAction("deploy.rollback", tr("Roll back"), lambda: self.ask_rollback("")),
            PageAction("deploy.spread", tr("Strategy…"), self.ask_spread),
            *([PageAction("deploy.pause", tr("Pause"), self.toggle_pause)] if self.to_come else []),
            PageAction("deploy.commands", tr("Show all commands"), self.show_commands),
            PageAction("deploy.compare", tr("Compare releases"), self.compare),
            PageAction("deploy.save", tr("Save as script…"), self.save_commands),
            PageAction("deploy.refresh", tr("Read the hosts again"), self.refresh, "F5"),
        ]

    def _on_project(self, folder: object) -> None:
        if self.isVisible():
            self._open(self.frame.current_project, "")

    def _open(self, folder: Path | None, environment: str) -> None:
        self.folder, self.environment = folder, environment
        self._reset()
        if folder is not None:
            self.spawn(self._start(folder, environment))
        self.render_now()

    async def _start(self, folder: Path, wanted: str) -> None:
        try:
            names = await self.deeds.environments(folder)
        except GoferryError as error:
            self.failure = error
            self.render_now()
            return
        self.names = names
        self.environment = wanted if wanted in names else names[0]
        self.frame.environments[folder] = self.environment
        self.head.show_environments(names, self.environment)
        self._look()
        self._take_part()

    def show_environment(self, name: str) -> None:
        """Looks at another environment; what runs elsewhere goes on as a job."""
        self.environment = name
        if self.folder is not None:
            self.frame.environments[self.folder] = name
        self.head.choose(name)
        self._reset()
        self._look()
        self.render_now()

    # ---------------------------------------------------------------- clicks in the body

    def _on_release(self, release: str, key: str) -> None:
        if key == "rollback":
            self.ask_rollback(release)
        elif key == "compare":
            self.compare(release)
        else:
            self.ask_verb(key)

    def _on_stage(self, host: str, stage: str) -> None:
        self._chosen = (host, stage)
        self.render_now()

    def _on_banner(self, key: str) -> None:
        plain: dict[str, Callable[[], object]] = {
            "again": self.make_plan,
            "plan": self.make_plan,
            "all": lambda: self.plan_part(None),
            "rollback": lambda: self.ask_rollback(""),
            "take_over": self.ask_take_over,
            "look": self.refresh,
            "go_on": self.toggle_pause,
            "prune": lambda: self.ask_verb("prune"),
            "config": lambda: self.spawn(self._open_place("goferry.yaml")),
            "live": lambda: self.frame.navigate("live", self.environment),
            START_ENGINE: lambda: start_engine_job(self.app, self.key, self.make_plan),
        }
        if key in plain:
            plain[key]()
        elif key == "leave" and self.plan is not None:
            self._without = (*self._without, *banners.to_leave_out(self.plan, self.progress))
            self.make_plan()
        elif key == "secret" and self.failure is not None:
            self._ask_secrets(self.failure)
        elif key == "open" and self.failure is not None:
            self.spawn(self._open_place(banners.place_of(self.failure)))
        else:
            self.frame.navigate(key)

    async def _open_place(self, place: str) -> None:
        """The line of code, in the person's editor; what lies in a module of a subfolder is found by Build."""
        file, line, column = (*place.split(":"), "", "")[:3]
        found = (self.folder or Path()) / file.replace("\\", "/")
        if not await self.app.pools.files.run(lambda token: found.is_file()):
            self.frame.navigate("build", "run")
            return
        wanted, at = self.app.settings.now.editor, (int(line or 0), int(column or 0))
        await self.app.pools.files.run(lambda token: open_in_editor(wanted, found, *at))

    def _forget_banner(self) -> None:
        self.failure = None

    # ---------------------------------------------------------------- rendering

    def _tick(self) -> None:
        if self.running:
            self.body.show_elapsed(self.job.seconds if self.job is not None else None)
        elif self.old and self.outcome is None:
            self.render_now()

    def render_now(self) -> None:
        """Shows what is known, in the language in force."""
        if self.folder is None:
            self.stack.setCurrentWidget(self.no_project)
            self.head.show_nothing()
            return
        self.stack.setCurrentWidget(self.filled)
        self._render_head()
        going = self.running and self.prepared is not None and self.progress.steps
        rolling = self.prepared.release if self.prepared is not None and going else None
        rows = self.found.history() if self.found is not None else []
        entries = history.entries(rows, time.time(), rolling)
        self.body.show_releases(entries, known=self.found is not None, busy=self.running)
        lanes = self.plan or banners.hosts_only(self.found, self.folder.name, self.environment)
        stage = str(self.job.stage) if self.running and self.job is not None else ""
        self.body.show_plan(self.plan, self._usual_seconds(), stage, open_=self.ready and not self.running)
        self.body.show_lanes(lanes, self.progress)
        self.body.show_elapsed(self.job.seconds if self.job is not None and self.progress.steps else None)
        self.body.show_output(self._chosen, self.progress, self.plan)
        banners.show(self.banner, self)

    def _render_head(self) -> None:
        before, after = banners.versions(self.found, self.plan)
        self.head.show_versions(before, after, banners.chip(self))
        self.head.show_main(*banners.main_action(self))
        self.head.show_pause(
            wanted=self.running and (self.pause.asked or bool(self.to_come)), asked=self.pause.asked
        )
        entry = banners.rollback_entry(self.found, "")
        self.head.show_back(entry[1] if entry is not None and not self.running else "")
