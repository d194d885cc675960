"""New project: a project that builds, has a health check and can be deployed, in one minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QFrame, QStackedLayout, QVBoxLayout, QWidget

from desktop.app_project import Created, create
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.words import Message, msg, tr
from desktop.project import read_folder_template, visible
from desktop.ui.pages.base import Page, PageAction
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    PageHeader,
    ProgressLine,
    StateLabel,
    button,
    column,
    columns,
    row,
    say,
    tab_before,
)

from . import present
from .check import BuildCheck
from .choosing import Steps, TemplatesCard
from .later import ReviewCard, WhereCard
from .parts import DetailsCard, PreviewCard

if TYPE_CHECKING:
    from desktop.ui.pages.base import Frame

REST_MS = 60
"""Rest of typing after which the preview follows: it is in view well within 100 ms."""


class NewProjectPage(Page):
    """Three steps: template and details, where it runs, review. Creating is a job."""

    key = "new_project"

    def __init__(self, app: Any, frame: Frame) -> None:
        super().__init__(app, frame)
        self.draft = present.first_draft(self._parent_folder(), "")
        self.preview = present.Preview()
        self.job: Job[Created] | None = None
        self._place = present.PlaceLook(Path())
        self.go_there = ""
        self.no_go: GoferryError | None = None
        self._go_chosen = False
        self._hosts = ["local"]
        self._rest = self._timer(REST_MS, self.follow)
        self.check = BuildCheck(self)
        self._build()
        self._fill()
        self.follow()

    def title(self) -> str:
        return tr("New project")

    def _timer(self, rest: int, then: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(rest)
        timer.timeout.connect(then)
        return timer

    def _parent_folder(self) -> Path:
        """Beside the project that was opened last, else in the home folder."""
        known = self.app.settings.now.projects
        return Path(known[0]).parent if known else Path.home()

    # Building

    def _build(self) -> None:
        self.header = PageHeader(lambda: tr("New project"), name="new_project.header", back=True)
        self.header.back_asked.connect(self._back)
        self.steps = Steps()
        self.header.add_actions(self.steps)
        self.root.addWidget(self.header)
        self.templates, self.details, self.files = TemplatesCard(), DetailsCard(), PreviewCard()
        self.where, self.review = WhereCard(), ReviewCard()
        first = columns((self.templates, 200, 0), (self.details, 260, 0), (self.files, 420, 1))
        first.setSizes([theme().px(218), theme().px(284), theme().px(640)])
        self.stack = QStackedLayout()
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(24, 0, 24, 14)
        inner.addLayout(self.stack)
        for widget in (first, self.where, self.review):
            self.stack.addWidget(widget)
        self.root.addWidget(body, 1)
        self.root.addWidget(self._foot())
        self.templates.chosen.connect(self._on_template)
        self.templates.folder_asked.connect(self._ask_template)
        self.details.changed.connect(self._on_details)
        self.details.go.chosen.connect(self._on_go)
        self.details.browse.clicked.connect(self._ask_folder)
        self.where.changed.connect(self._on_where)

    def _foot(self) -> QWidget:
        self.verdict = StateLabel("wait", "")
        self.progress = ProgressLine()
        self.progress.hide()
        self.cancel = button(lambda: tr("Cancel"), name="new_project.cancel")
        self.cancel.clicked.connect(self._on_cancel)
        self.create_now = button(lambda: tr("Create now"), name="new_project.create_now")
        self.create_now.clicked.connect(self.start_creating)
        self.next = button("", name="new_project.next", kind="primary")
        self.next.clicked.connect(self._on_next)
        foot = QFrame()
        foot.setProperty("surface", "foot")
        buttons = row(self.verdict, self.progress, None, self.cancel, self.create_now, self.next, spacing=8)
        buttons.setStretch(1, 1)
        foot.setLayout(column(buttons, margins=(24, 11, 24, 11)))
        return foot

    def _fill(self) -> None:
        """The answers into the fields, without noise."""
        blocked = self.details.blockSignals(True)
        self.details.name.set_text(self.draft.name)
        self.details.module.set_text(self.draft.shown_module)
        self.details.folder.set_text(str(self.draft.path))
        self.details.port.set_text(self.draft.port)
        self._show_go()
        self._show_options()
        self.details.blockSignals(blocked)
        self.templates.choose(self.draft.template)
        self._show_step(0)

    def _show_options(self) -> None:
        source = self.draft.source
        if source is None:
            self.details.show_options(self.draft.one, self.draft.options)
        else:
            self.details.show_fields(source.own_fields, self.draft.values)
        tab_before(self.files.view, *self.details.asked)

    def _show_go(self) -> None:
        versions = present.go_versions(self.go_there)
        chosen = self._go_chosen and self.draft.go_version in versions
        wanted = self.draft.go_version if chosen else versions[0]
        self.draft = replace(self.draft, go_version=wanted)
        self.details.go.set_choices([(one, one) for one in versions], wanted)

    # Showing

    def shown(self, context: object) -> None:
        if self.job is not None and self.job.state.over:
            self.job = None
            self._start_over()
        self.spawn(self._look_for_go())
        self.spawn(self._look_for_hosts())
        self.details.name.input.setFocus()
        self.details.name.input.selectAll()
        self.follow()

    def hidden(self) -> None:
        self.check.timer.stop()

    def retranslate(self) -> None:
        self.templates.retranslate()
        self._show_options()
        self._show_step(self.stack.currentIndex())
        self.follow()

    def primary(self) -> None:
        if self.next.isEnabled():
            self._on_next()

    def offers(self) -> list[PageAction]:
        return [PageAction("create", tr("Create now"), self.start_creating)]

    def help_text(self) -> str:
        return tr("Makes a project from a template. Nothing is written before you press Create.")

    def panes(self) -> list[QWidget]:
        return [self.templates.view, self.details.name.input, self.files.view, self.files.code]

    def _start_over(self) -> None:
        self.draft = present.first_draft(self._parent_folder(), self.draft.go_version)
        self._fill()

    async def _look_for_go(self) -> None:
        try:
            self.go_there = (await self.app.toolchain()).version
            self.no_go = None
        except GoferryError as error:
            self.go_there, self.no_go = "", error
        self._show_go()
        self.follow()

    async def _look_for_hosts(self) -> None:
        def names(_token: object) -> list[str]:
            inventory = self.app.inventory  # in a worker: this imports the station and reads its file
            return [host.name for host in inventory.hosts()] + list(inventory.groups())

        self._hosts = await self.app.pools.files.run(names)
        if self.stack.currentIndex() == 1:
            self.where.show_where(self.draft.environments, self._hosts)

    # Answers

    def _on_template(self, chosen: str) -> None:
        if chosen != self.draft.template or self.draft.source is not None:
            self.draft = present.with_template(self.draft, chosen)
            self._show_options()
            self.follow()

    def _ask_template(self) -> None:
        self._ask_for(tr("Use a folder as template…"), "new_project.templateFolder", self.use_folder)

    def use_folder(self, text: str) -> None:
        """Read a folder in a worker and take it as the template."""
        self.spawn(self._read_template(Path(text)))

    async def _read_template(self, folder: Path) -> None:
        found = await self.app.pools.files.run(lambda _token: read_folder_template(folder))
        self.draft = replace(self.draft, source=found, values={})
        self.templates.show_folder(visible(folder.name, 40))
        self._show_options()
        self.follow()

    def _on_details(self) -> None:
        """A field changed. Module and folder follow the name until they are typed themselves."""
        details, old = self.details, self.draft
        name = details.name.text.strip()
        module = details.module.text.strip()
        folder = details.folder.text.strip()
        draft = replace(
            old,
            name=name,
            module="" if module == old.shown_module and not old.module else module,
            folder="" if folder == str(old.path) and not old.folder else folder,
            port=details.port.text.strip(),
            go_version=details.go.value,
            options=details.options(old.options),
            git=details.git.isChecked(),
            values=details.values(),
        )
        self.draft = draft
        blocked = details.blockSignals(True)
        if not draft.module:
            details.module.set_text(draft.shown_module)
        if not draft.folder:
            details.folder.set_text(str(draft.path))
        details.blockSignals(blocked)
        self._rest.start()

    def _on_go(self, _version: str) -> None:
        self._go_chosen = True

    def _on_where(self) -> None:
        self.draft = replace(self.draft, environments=self.where.where(self.draft.environments))
        self.follow()

    def _ask_folder(self) -> None:
        self._ask_for(tr("Choose a folder"), "new_project.chooseFolder", self._on_folder)

    def _ask_for(self, title: str, name: str, then: Callable[[str], None]) -> None:
        dialog = QFileDialog(self, title, str(self.draft.parent))
        dialog.setObjectName(name)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_folder(self, text: str) -> None:
        self.draft = replace(self.draft, parent=Path(text), folder="")
        self.details.folder.set_text(str(self.draft.path))
        self.follow()

    # What follows from them

    def follow(self) -> None:
        """Preview, errors under fields, and buttons, from the answers as they are."""
        self._rest.stop()
        self.preview = present.preview(self.draft)
        found = present.problems(self.draft)
        for key in ("name", "module", "port"):
            getattr(self.details, key).set_error(found.get(key, ""))
        self.files.show_preview(self.draft.name or "project", self.preview)
        self._show_review()
        self._show_place(found.get("folder", ""))
        if not found:
            self.spawn(self._look_at_place(self.draft.path))
        self._show_buttons()
        self.show_verdict()
        self.check.timer.start()

    async def _look_at_place(self, path: Path) -> None:
        names = list(self.preview.files)
        look = await self.app.pools.files.run(lambda _token: present.look_at_place(path, names))
        if path == self.draft.path:
            self._place = look
            self._show_place("")
            self._show_buttons()

    def _show_place(self, problem: str) -> None:
        look = self._place
        known = look.path == self.draft.path
        failed = known and look.state == "fail"
        self.details.folder.set_hint(str(look.words) if known and not failed else "")
        self.details.folder.set_error(problem or (str(look.words) if failed else ""))

    def show_verdict(self) -> None:
        """Whether it builds, in the foot."""
        self.verdict.show_state(*self.check.verdict())

    @property
    def problem(self) -> str:
        """Why the project cannot be created now; empty when it can."""
        if self.job is not None and not self.job.state.over:
            return tr("It is being created.")
        if self.preview.problem or not self.preview.files:
            return self.preview.problem
        known = self._place.path == self.draft.path
        return str(self._place.words) if known and self._place.state == "fail" else ""

    def _show_buttons(self) -> None:
        why, last = self.problem, self.stack.currentIndex() == 2
        for one in (self.next, self.create_now):
            one.setEnabled(not why)
            one.setToolTip(why)
        self.create_now.setVisible(not last)

    def _show_step(self, at: int) -> None:
        self.stack.setCurrentIndex(at)
        self.steps.show_step(at)
        texts = [
            lambda: tr("Next: where it runs"),
            lambda: tr("Next: review"),
            lambda: tr("Create project"),
        ]
        say(self.next, self.next.setText, texts[at])
        if at == 1:
            self.where.show_where(self.draft.environments, self._hosts)
        self._show_review()
        self._show_buttons()

    def _show_review(self) -> None:
        """Its labels are made anew, which costs: only when the step is in view."""
        if self.stack.currentIndex() == 2:
            self.review.show_draft(self.draft, self.draft.one, len(self.preview.files))

    def _on_next(self) -> None:
        at = self.stack.currentIndex()
        if at == 2:
            self.start_creating()
        else:
            self._show_step(
                2 if self.draft.source else at + 1
            )  # a folder's goferry.yaml says itself where it runs

    def _back(self) -> None:
        at = self.stack.currentIndex()
        if at:
            self._show_step(0 if self.draft.source else at - 1)
        else:
            self.frame.navigate("projects")

    def _on_cancel(self) -> None:
        if self.job is not None and not self.job.state.over:
            self.job.cancel()
        else:
            self.frame.navigate("projects")

    # Creating

    def start_creating(self) -> Job[Created] | None:
        """Starts the job that writes the project; None while an answer cannot be used."""
        self.follow()
        if self.problem:
            return None
        draft, files = self.draft, dict(self.preview.files)

        async def work(job: Job[Created]) -> Created:
            def tell(stage: Message) -> None:
                job.report(stage)
                job.say(str(stage))
                self._show_progress()

            return await create(
                self.app,
                draft.template,
                draft.answers(),
                draft.path,
                modules=draft.source is None,
                git=draft.git,
                tell=tell,
                files=files,
            )

        title = msg("Create {name}", name=draft.name)
        self.job = self.app.jobs.start("project.new", title, work, subject=draft.name, page=self.key)
        self._show_buttons()
        self._show_progress()
        self.spawn(self._after(self.job, draft))
        return self.job

    def _show_progress(self) -> None:
        running = self.job is not None and not self.job.state.over
        self.progress.setVisible(running)
        self.verdict.setVisible(not running)
        if running and self.job is not None:
            self.progress.show_progress(self.job.stage or tr("Writing the files"), None)

    async def _after(self, job: Job[Created], draft: present.Draft) -> None:
        made: Created | None = None
        try:
            made = await job.wait()
        except GoferryError as error:
            self.frame.error(error)
        except asyncio.CancelledError:
            if not job.state.over:
                raise  # the page goes away; the job goes on
        self._show_progress()
        self.follow()
        if made is None:
            return
        self.app.remember_project(made.folder)
        self.frame.set_current_project(made.folder)
        for problem in made.problems:
            self.frame.toast("warn", problem.what, f"{problem.why}\n{problem.fix}")
        self.frame.navigate("build" if self.frame.has_page("build") else "projects")
