"""Set-up: language and look, this computer, the first server, the first project. Each can be left and found again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from desktop.app_doctor import GET_GO, get_go
from desktop.app_engine import start_engine_job
from desktop.base.errors import START_ENGINE, GoferryError
from desktop.base.jobs import Job
from desktop.base.settings import Settings
from desktop.base.words import LANGUAGES, language, msg, tr
from desktop.ui.pages.base import Frame, Page
from desktop.ui.warm import warm
from desktop.ui.widgets import Banner, button, column, keep_width, label, row, say, scrolled

from .check_row import CheckRow
from .present import MODULES, STEPS, modules_check, ready, rest, steps
from .rail import StepRail
from .ways import HostStep, LookStep, ProjectStep

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_doctor import Check


class SetupPage(Page):
    """Rail at the left, the step in the middle, Back and Next below."""

    key = "setup"

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(app, frame)
        self._checks: list[Check] = []
        self._rows: dict[str, CheckRow] = {}
        self._checking = False
        self._fetching: Job[Path] | None = None
        self.step = "computer"
        self._return = ""
        """The step to show when the person comes back from the page that it led to."""
        self.rail = StepRail()
        self.look, self.hosts, self.projects = LookStep(), HostStep(), ProjectStep()
        self.look.changed.connect(self._change)
        self.hosts.acted.connect(lambda key: self._go("hosts", key))
        self.projects.acted.connect(self._on_project)
        left = QWidget()
        keep_width(left, 250, 340)
        left.setLayout(
            column(
                label(lambda: tr("Set up Goferry"), "subtitle"),
                label(lambda: tr("Carries Go apps to your servers"), "caption", "secondary", wrap=True),
                14,
                self.rail,
                None,
                label(
                    lambda: tr(
                        "Checks read only. Nothing on this computer changes until you press a button."
                    ),
                    "caption",
                    "secondary",
                    wrap=True,
                ),
                margins=(24, 24, 16, 24),
            )
        )
        computer = QWidget()
        computer.setLayout(self._middle())
        self.stack = QStackedWidget()
        for shown in (scrolled(self.look), computer, scrolled(self.hosts), scrolled(self.projects)):
            self.stack.addWidget(shown)
        body = row(left, spacing=0)
        body.addWidget(self.stack, 1)
        self.root.addLayout(body, 1)
        self.root.addWidget(self._foot())
        self._unlisten = app.settings.listen(self._on_settings)
        self.show_step("computer")

    def _middle(self) -> QVBoxLayout:
        self.again = button(lambda: tr("Check again"), name="setup.again", icon="refresh")
        self.again.clicked.connect(self.refresh)
        self.heading = label(lambda: tr("Is this computer ready?"), "title")
        self.under = label(
            lambda: tr(
                "Each row says what Goferry found and why it matters. You can go on without the optional ones."
            ),
            "body",
            "secondary",
            wrap=True,
        )
        top = row(spacing=16)
        top.addLayout(column(self.heading, self.under), 1)
        top.addWidget(self.again)
        self.banner = Banner(name="setup.banner")
        content = QWidget()
        self._list = QVBoxLayout(content)
        self._list.setContentsMargins(0, 4, 24, 16)
        self._list.setSpacing(10)
        self._list.addStretch(1)
        self.content = content
        self.area = scrolled(content)
        middle = column(top, row(self.banner, margins=(0, 0, 24, 0)), spacing=12, margins=(8, 22, 0, 0))
        top.setContentsMargins(0, 0, 24, 0)
        middle.addWidget(self.area, 1)
        return middle

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setProperty("surface", "foot")
        self.skip = button(lambda: tr("Skip set-up"), name="setup.skip", kind="plain")
        self.skip.clicked.connect(self._leave)
        self.back = button(lambda: tr("Back"), name="setup.back")
        self.back.clicked.connect(lambda: self._walk(-1))
        self.next = button(lambda: tr("Next"), name="setup.next", kind="primary")
        self.next.clicked.connect(lambda: self._walk(1))
        later = label(lambda: tr("You can change all of this later in Settings"), "caption", "secondary")
        foot.setLayout(
            row(self.skip, None, later, self.back, self.next, margins=(24, 13, 24, 13), spacing=12)
        )
        return foot

    def title(self) -> str:
        return tr("Check this computer")

    def help_text(self) -> str:
        return tr(
            "Looks for what building and deploying need. Reading is all it does until you press a button."
        )

    def shown(self, context: object) -> None:
        """`context` may name a step; without one it is the computer's, or the one that the person left for a page."""
        self.show_step(context if context in STEPS else self._return or "computer")
        self._return = ""
        if not self._checks:
            self.refresh()

    def retranslate(self) -> None:
        self.show_checks(self._checks)
        self.hosts.show_hosts(self._host_names())

    def panes(self) -> list[QWidget]:
        return [self.again if self.step == "computer" else self.stack, self.content, self.next]

    def primary(self) -> None:
        if self.next.isEnabled():
            self._walk(1)

    # Steps

    def show_step(self, step: object) -> None:
        """One of STEPS, with the foot that belongs to it."""
        self.step = str(step)
        at, last = STEPS.index(self.step), self.step == STEPS[-1]
        self.stack.setCurrentIndex(at)
        self.back.setVisible(at > 0)
        self.skip.setVisible(not last)
        say(self.next, self.next.setText, (lambda: tr("Done")) if last else (lambda: tr("Next")))
        self.look.show_settings(self.app.settings.now)
        self.hosts.show_hosts(self._host_names())
        self._show_rail()

    def _show_rail(self) -> None:
        now = self.app.settings.now
        themes = {"system": tr("System"), "light": tr("Light"), "dark": tr("Dark")}
        has_project = self.frame.current_project is not None or bool(now.projects)
        self.rail.show_steps(
            steps(
                self._checks,
                has_project=has_project,
                has_host=bool(self._host_names()),
                now=self.step,
                look=tr(
                    "{language}, {theme}", language=LANGUAGES[language()], theme=themes.get(now.theme, "")
                ),
            )
        )
        good = self.step != "computer" or ready(self._checks)
        self.next.setEnabled(good)
        self.next.setToolTip("" if good else tr("Go is needed to build: see its row"))

    def _walk(self, by: int) -> None:
        at = STEPS.index(self.step) + by
        if at >= len(STEPS):
            self._leave()
        else:
            self.show_step(STEPS[max(0, at)])
            self.next.setFocus()

    def _host_names(self) -> list[str]:
        try:
            return [host.name for host in self.app.inventory.hosts() if host.name != "local"]
        except GoferryError:
            return []  # the Hosts page says what is wrong with the list

    def _go(self, page: str, wish: object) -> None:
        self._return = self.step
        self.navigate.emit(page, wish)

    def _on_project(self, key: str) -> None:
        if key == "new":
            self._go("new_project", None)
        else:
            self._go("projects", key)

    def _change(self, name: str, value: object) -> None:
        try:
            self.app.settings.change(**{name: value})
        except (OSError, ValueError) as error:
            self.frame.error(error)
            self.look.show_settings(self.app.settings.now)

    def _on_settings(self, now: Settings) -> None:
        self.look.show_settings(now)
        if MODULES in self._rows:
            self.show_checks([modules_check(now) if old.id == MODULES else old for old in self._checks])
        self._show_rail()

    # This computer

    def refresh(self) -> None:
        """Check everything again; the old answers stay until the new ones are here."""
        if not self._checking:
            self._checking = True
            self.again.setEnabled(False)
            for shown in self._rows.values():
                shown.show_busy()
            self.spawn(self._check())

    async def _check(self) -> None:
        try:
            await warm(self.app)
            found = await self.app.doctor()
            found.insert(1, modules_check(self.app.settings.now))
            self.show_checks(found)
        finally:
            self._checking = False
            self.again.setEnabled(True)

    def show_checks(self, checks: list[Check]) -> None:
        """Show the answers, a row each; rows that were there stay where they are."""
        self._checks = list(checks)
        for gone in set(self._rows) - {check.id for check in checks}:
            row_gone = self._rows.pop(gone)
            self._list.removeWidget(row_gone)
            row_gone.deleteLater()
        for at, check in enumerate(checks):
            if check.id not in self._rows:
                made = CheckRow(check.id)
                made.fix_asked.connect(self._fix)
                self._rows[check.id] = made
                self._list.insertWidget(at, made)
            self._rows[check.id].show_check(check)
        self._show_rail()
        if ready(checks):
            self.banner.show_banner("ok", lambda: tr("This computer is ready"), lambda: rest(self._checks))
        else:
            self.banner.hide()

    def _fix(self, action: str, argument: str) -> None:
        if action == GET_GO:
            self._get_go()
        elif action == MODULES:
            from desktop.ui.pages.build.proxies import choose_proxy

            choose_proxy(self.app, self.frame)
        elif action == START_ENGINE:
            start_engine_job(self.app, self.key, self.refresh)
        elif self.frame.has_page(action):
            self.navigate.emit(action, argument or None)
        else:
            self.navigate.emit("settings", "go")

    def _get_go(self) -> None:
        """Go is downloaded as a job; then everything is checked again."""
        if self._fetching is not None and not self._fetching.state.over:
            return

        async def work(job: Job[Path]) -> Path:
            loop = asyncio.get_running_loop()
            stage = msg("Downloading Go")
            job.report(stage, 0.0)

            def came(part: float) -> None:
                loop.call_soon_threadsafe(job.report, stage, part)

            found = await get_go(self.app, came)
            self.refresh()
            return found

        self._fetching = self.app.jobs.start("go.fetch", msg("Get Go"), work, page=self.key, gate="go.fetch")

    def _leave(self) -> None:
        self.navigate.emit("projects" if self.frame.has_page("projects") else "settings", None)
