"""Build: shows a project's choices and runs, and asks for what a person wants. All work is jobs of the app's."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer

from desktop.app_build import Built, Prepared, build_and_image, image_store, prepare
from desktop.app_choices import Choices
from desktop.app_image import dockerfile_of
from desktop.base.errors import GoferryError, explained
from desktop.base.jobs import Job
from desktop.base.processes import find_program
from desktop.base.words import msg, tr
from desktop.build import ALL, BuildEvent, Problem, list_targets
from desktop.image import Image
from desktop.project import Config, ConfigError, config_for
from desktop.release import Release
from desktop.ui.pages.base import PageAction
from desktop.ui.widgets import Chip, LogRow

from . import present
from .actions import Actions
from .layout import BuildLayout
from .look import Look, look_further, save
from .runs import Run
from .saves import Saves
from .targets import ChipButton

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame

FLUSH_MS, TICK_MS, KEPT_LINES = 50, 500, 50_000


class BuildPage(BuildLayout):
    """From source to binaries and images."""

    key = "build"

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(app, frame)
        self.folder: Path | None = None
        self.look: Look | None = None
        self.runs: dict[Path, Run] = {}
        self.logs: dict[Path, deque[LogRow]] = {}
        self.job: Job[Any] | None = None
        self.images = True
        self.compiler = True
        self.known: Collection[str] = ()
        self.problem: GoferryError | None = None
        self._extra_fix: tuple[str, str] | None = None
        self._newest: tuple[Path | None, Image] | None = None
        """The last image that was made here: builds on save make theirs on the way to the server."""
        self._saving = asyncio.Lock()
        self._pending: list[LogRow] = []
        self._fixes: tuple[tuple[str, str], ...] = ()
        self._wanted = ""
        self._flush, self._tick = QTimer(self), QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(FLUSH_MS)
        self._tick.setInterval(TICK_MS)
        self.doing = Actions(self)
        self.saves = Saves(self)
        self._connect()

    def title(self) -> str:
        return tr("Build")

    def _connect(self) -> None:
        self._flush.timeout.connect(self._show_pending)
        self._tick.timeout.connect(self._show_run)
        self.run_button.clicked.connect(lambda: self.start())
        self.cancel.clicked.connect(self._cancel)
        self.panel.clicked.connect(self.toggle_right)
        self.targets.chosen.connect(lambda targets: self.change("build.targets", list(targets)))
        self.options.changed.connect(self.change)
        self.image_card.changed.connect(self.change)
        self.image_card.switched.connect(self._on_images)
        self.image_card.other_base_asked.connect(self.doing.choose_base)
        self.version.editingFinished.connect(self._show_choices)
        self.output.link_opened.connect(self.doing.open_place)
        self.output.problem_opened.connect(self._open_problem)
        self.output.banner_acted.connect(self._on_banner)
        self.output.tabs.currentChanged.connect(lambda _: self._on_tab())
        self.timeline.gantt.lane_clicked.connect(lambda lane: self._on_lane(lane, ""))
        self.timeline.gantt.bar_clicked.connect(self._on_lane)
        self.artifacts.acted.connect(self._on_artifact)
        self.dirty.clicked.connect(self.doing.show_changes)
        self.layers.layer_chosen.connect(self.doing.show_layer)
        self.files.save_asked.connect(self.doing.save_file)
        self.dependencies.asked.connect(self.doing.deps)
        self.frame.project_changed.connect(self._on_project)
        self.frame.narrow_changed.connect(lambda _: self.fit())

    # Coming and going

    def shown(self, context: object) -> None:
        self.fit()
        self._wanted = context if isinstance(context, str) else ""
        if self.frame.current_project != self.folder or self.look is None:
            self._open(self.frame.current_project)
        elif self.folder is not None:
            self.spawn(self._read(self.folder))
        if self.running:
            self._tick.start()
        self._show_run()

    def hidden(self) -> None:
        self._tick.stop()

    def retranslate(self) -> None:
        self.output.say_tabs()
        self.targets.say_count()
        self.dependencies.render_now()
        self._show_choices()
        self._show_run()
        self._show_banner()
        self.saves.show()

    def refresh(self) -> None:
        if self.folder is not None:
            self.app.forget_toolchain()
            self.spawn(self._read(self.folder))

    def primary(self) -> None:
        self.start()

    def next_problem(self, step: int) -> None:
        self.output.go_to("problems")
        view, count = self.output.problems, len(self.output.problem_model.rows)
        if count:
            at = (view.currentIndex().row() + step) % count
            view.setCurrentIndex(self.output.problem_model.index(at, 0))

    def offers(self) -> list[PageAction]:
        return [
            PageAction("build.run", tr("Build"), self.start, "Ctrl+B"),
            PageAction("build.cancel", tr("Cancel build"), self._cancel, "Ctrl+."),
            self.saves.offer(),
            PageAction("build.tidy", tr("Tidy the dependencies"), self.doing.tidy),
            PageAction("build.graph", tr("Module graph…"), self.doing.show_graph),
            PageAction("build.proxy", tr("Choose the proxy…"), self.doing.choose_proxy),
            PageAction("build.clean", tr("Clean the build cache"), self.doing.clean),
            PageAction("build.folder", tr("Open the folder of the results"), self.doing.open_folder),
        ]

    def help_text(self) -> str:
        return tr("From source to binaries and an image, with errors that lead to the line.")

    # The project

    def _on_project(self, folder: object) -> None:
        if self.isVisible():
            self._open(self.frame.current_project)

    def _open(self, folder: Path | None) -> None:
        self.folder, self.look, self.problem = folder, None, None
        self.stack.setCurrentWidget(self.nothing if folder is None else self.body)
        self.version.clear()
        self.output.show_only(None)
        self.output.pane.view.show_lines(self.logs.get(folder, ()) if folder is not None else ())
        self.dependencies.show_modules(None)
        self.saves.show()
        self._show_run()
        if folder is not None:
            self.spawn(self._read(folder))

    async def _read(self, folder: Path) -> None:
        """Look at the folder, git and Go; then do what the page was opened for."""
        try:
            project = await self.app.project(folder)
            prepared = await prepare(self.app, project)
            look = await self.app.pools.files.run(
                look_further, prepared, image_store(self.app), self._serving(folder)
            )
        except ConfigError as error:
            self._show_problem(folder, error, ("open.config", tr("Open goferry.yaml")))
            return
        except GoferryError as error:
            self._show_problem(folder, error)
            return
        if folder != self.folder:
            return
        self.look, self.problem = look, None
        self._show_choices()
        self._show_run()  # to meet Go takes a moment, in which the run of another project would stand here
        await self._meet_go(folder)
        if folder == self.folder:
            wanted, self._wanted = self._wanted, ""
            self._show_run()
            if wanted in ("run", "failed") and self.problem is None:
                self.start(only_failed=wanted == "failed")
            self._on_tab()

    def _serving(self, folder: Path) -> tuple[str, Release] | None:
        name = self.frame.environments.get(folder, "")
        release = self.frame.serving.get((folder, name))
        return (name, release) if release is not None else None

    async def _meet_go(self, folder: Path) -> None:
        try:
            toolchain = await self.app.toolchain()
            targets = await list_targets(self.app.pools.build, toolchain)
        except GoferryError as error:
            self._show_problem(folder, error)
            return
        self.known = frozenset(str(info.target) for info in targets)
        self.compiler = find_program(toolchain.compiler or "gcc") is not None
        self._show_choices()

    def _show_problem(self, folder: Path, error: GoferryError, fix: tuple[str, str] | None = None) -> None:
        if folder == self.folder:
            self.problem = error
            self._extra_fix = fix
            self._show_run()

    def change(self, key: str, value: Any) -> None:
        """A choice of the person, kept in goferry.yaml."""
        if self.look is not None and self.folder is not None:
            self.spawn(self._save(self.folder, {key: value}))

    async def _save(self, folder: Path, choices: Choices) -> None:
        async with self._saving:
            look = self.look
            if look is None or folder != self.folder:
                return
            config = look.prepared.config
            try:
                saved = await self.app.pools.files.run(save, folder, config, choices)
            except (GoferryError, OSError) as error:
                self.frame.error(error)
                self._show_choices()
                return
            if folder == self.folder and self.look is not None:
                await self._take(folder, saved)

    async def _take(self, folder: Path, saved: Config) -> None:
        assert self.look is not None
        project = replace(self.look.prepared.project, config=saved)
        prepared = await prepare(self.app, project, config=config_for(project))
        if folder == self.folder:
            self.look.prepared = prepared
            self._show_choices()
            self._show_run()

    # Running

    def start(self, *, only_failed: bool = False) -> None:
        """Build, unless this project is being built."""
        look, folder = self.look, self.folder
        if look is None or folder is None or (self.job is not None and not self.job.state.over):
            return
        prepared = look.prepared
        if self.version.text().strip():
            prepared = replace(prepared, version=self.version.text().strip())
        config, run = prepared.config, self.run
        failed = tuple(t for t in run.failed_targets() if t != ALL) if run is not None and only_failed else ()
        targets = failed or config.build.targets
        before = tuple(name for name in ("vet", "test") if getattr(config.build, name))
        main = prepared.project.main
        fresh = Run(targets, before, self.images, module=main.module if main is not None else "")
        self.runs[folder], self.logs[folder] = fresh, deque(maxlen=KEPT_LINES)
        self.begins()
        title = msg("Build {name} {version}", name=config.name, version=prepared.version)
        self.job = self.app.jobs.start(
            "build",
            title,
            lambda job: self._work(job, prepared, fresh, folder),
            subject=str(folder),
            page=self.key,
            gate="build",
            again=lambda: self._again(folder),
        )
        fresh.expected = self.job.expected
        self._tick.start()
        self._show_run()

    def begins(self) -> None:
        """A build of the project in view begins: what an earlier one said makes way."""
        self._pending = []
        self.output.pane.view.clear()
        self.output.show_only(None)
        self.output.go_to("output")
        if self.isVisible():
            self._tick.start()
        self._show_run()

    def take(self, folder: Path, rows: list[LogRow]) -> None:
        """Lines of a build."""
        self.logs[folder] += rows
        if folder == self.folder:
            self._pending += rows
            self._flush.start()

    def _again(self, folder: Path) -> None:
        self.frame.set_current_project(folder)
        self.frame.navigate(self.key, "run")

    async def _work(self, job: Job[Built], prepared: Prepared, run: Run, folder: Path) -> Built:
        def on_event(event: BuildEvent) -> None:
            rows = run.feed(event)
            for row in rows:
                job.say(row.text, row.source, "fail" if row.level == "error" else "")
            self.take(folder, rows)
            job.report(msg("{target}: {stage}", target=event.target, stage=event.stage), run.share())

        try:
            run.built = await build_and_image(
                self.app, prepared, targets=run.targets, images=run.images, on_event=on_event
            )
        except asyncio.CancelledError:
            run.cancelled = True
            raise
        except Exception as error:
            run.error = explained(error)
            raise
        finally:
            self.ended(folder)
        failure = next(iter(run.built.outcome.failures.values()), None)
        if failure is not None:
            raise failure
        return run.built

    def ended(self, folder: Path) -> None:
        """A build is over, however it went."""
        self._tick.stop()
        if folder == self.folder:
            self._show_pending()
            self._show_run()
            run = self.run
            if (
                run is not None
                and run.built is not None
                and not run.built.outcome.binaries
                and run.built.outcome.problems
            ):
                self.output.go_to("problems")

    def _cancel(self) -> None:
        one = self.saves.one
        job = one.job if self.run is not None and self.run.on_save and one is not None else self.job
        if job is not None:
            job.cancel()

    @property
    def run(self) -> Run | None:
        return self.runs.get(self.folder) if self.folder is not None else None

    @property
    def running(self) -> bool:
        return self.run is not None and not self.run.over

    # Showing

    def _show_pending(self) -> None:
        rows, self._pending = self._pending, []
        if rows:
            self.output.append(rows)
        self._show_run()

    def _show_choices(self) -> None:
        if self.look is None:
            return
        prepared = self.look.prepared
        config = prepared.config
        self.targets.show_targets(config.build.targets, self.known)
        tests = self.run.built.outcome.tests if self.run is not None and self.run.built is not None else None
        self.options.show_config(config, present.option_notes(config, tests, self.compiler))
        self.image_card.show_config(config)
        self.version.setPlaceholderText(prepared.version)
        chips: tuple[Chip | ChipButton, ...] = (self.branch, self.commit, self.dirty)
        for chip, text in zip(chips, present.git_chips(prepared.git), strict=True):
            chip.set_text(text)
            chip.setVisible(bool(text))
        target = next((one for one in config.build.targets if one.startswith("linux/")), "linux/amd64")
        version = self.version.text().strip() or prepared.version
        shown = replace(prepared, version=version)
        self.files.show_files(dockerfile_of(shown, target), config, shown.ref, self.look.own_dockerfile)

    def _show_run(self) -> None:
        run, look = self.run, self.look
        config = look.prepared.config if look is not None else None
        began = (
            run.began
            if run is not None and run.on_save
            else self.job.started
            if self.job is not None
            else 0.0
        )
        now = time.time() - began if self.running else 0.0
        if config is not None:
            lanes = present.lanes(
                run,
                config.build.targets,
                now,
                vet=config.build.vet,
                test=config.build.test,
                images=self.images,
            )
            self.timeline.show_run(
                present.headline(run, now), present.failed_note(run), lanes, now if self.running else None
            )
            self.artifacts.show_rows(present.artifact_rows(run, config.name))
        ready = not self.running and look is not None and self.problem is None
        if not ready and self.run_button.hasFocus():
            self.output.pane.view.setFocus()  # Qt would go on to the field of the version
        self.run_button.setEnabled(ready)
        self.cancel.setVisible(self.running)
        built = run.built if run is not None else None
        image = next(iter(built.images.values()), None) if built is not None else None
        before = look.before if look is not None else None
        there = look.there if look is not None else None
        if image is not None:
            self._newest = self.folder, image
        last = self._newest[1] if self._newest is not None and self._newest[0] == self.folder else before
        self.layers.show_image(image or last, before if image is not None else None, there)
        self.output.show_problems(present.problem_rows(built.outcome.problems if built is not None else ()))
        self.output.show_commands(run.commands if run is not None else ())
        self._show_banner()

    def _show_banner(self) -> None:
        said = present.error_banner(self.problem) if self.problem is not None else present.banner(self.run)
        if self.problem is not None and said is not None and self._extra_fix is not None:
            key, text = self._extra_fix
            said = replace(said, actions=((f"{key}|", text), *said.actions))
        self._fixes = said.actions if said is not None else ()
        self.output.show_banner(said)

    # Wishes

    def _on_images(self, on: bool) -> None:
        self.images = on
        self._show_run()

    def _on_banner(self, key: str) -> None:
        action, _, argument = self._fixes[int(key.removeprefix("fix"))][0].partition("|")
        self.doing.do(action, argument)

    def _on_lane(self, lane: str, bar: str) -> None:
        run = self.run
        stage = run.stages.get((lane, bar)) if run is not None else None
        self.output.go_to("output")
        self.output.show_only(lane, at=stage.started if stage is not None else None)

    def _on_tab(self) -> None:
        if self.output.tab == "dependencies" and self.look is not None:
            self.doing.read_dependencies()

    def _open_problem(self, problem: Problem) -> None:
        self.doing.open_place(f"{problem.file}:{problem.line}:{problem.column}".removesuffix(":0"))

    def _on_artifact(self, key: str, payload: object) -> None:
        if key == "folder":
            self.doing.open_folder()
        elif key == "save_image" and isinstance(payload, Image):
            self.doing.save_image(payload)
        elif key == "deploy":
            self.frame.navigate("deploy", "newest")
