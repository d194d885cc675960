"""What the Build page does when it is asked: fixes of the banner, sheets, files, dependencies."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from desktop.app_choices import changed_files, files_in_layer, linux_only
from desktop.app_engine import start_engine_job
from desktop.app_image import image_store, keep_login
from desktop.base.editors import open_in_editor
from desktop.base.errors import START_ENGINE
from desktop.base.jobs import Job
from desktop.base.paths import write_atomically
from desktop.base.processes import open_with_system
from desktop.base.secret import Secret
from desktop.base.words import msg, tr
from desktop.build import (
    Dependencies,
    ModuleGraph,
    cache_size,
    clean_cache,
    find_place,
    module_place,
)
from desktop.image import Image, Layer, Login, docker_archive, system_tar, write_archive
from desktop.project import Change, apply_change
from desktop.ui.widgets import ChangeSheet, Field, Sheet, label, radio_button

from .dependencies import BaseSheet, FilesSheet, GraphSheet, LayerSheet
from .proxies import choose_proxy

if TYPE_CHECKING:
    from .page import BuildPage


class LoginSheet(Sheet):
    """User and password for a registry. `accept(Login)`."""

    def __init__(self, host: str) -> None:
        super().__init__(
            lambda: tr("Log in to {host}", host=host),
            name="build.login",
            primary=lambda: tr("Log in"),
            width=440,
        )
        why = lambda: tr("The password is kept in the system's credential store, never in a file.")  # noqa: E731
        self.body.addWidget(label(why, "caption", "secondary", wrap=True))
        self.user = Field(lambda: tr("User name"), name="build.login.user")
        self.password = Field(lambda: tr("Password"), name="build.login.password", secret=True)
        for field in (self.user, self.password):
            self.body.addWidget(field)

    def on_primary(self) -> None:
        self.accept(Login(self.user.text.strip(), Secret(self.password.text)))


class MainSheet(Sheet):
    """The programs of a project, to choose one. `accept(package)`."""

    def __init__(self, packages: list[str], now: str) -> None:
        super().__init__(
            lambda: tr("Which program is to be built?"),
            name="build.main",
            primary=lambda: tr("Use it"),
            width=440,
        )
        self._choices = {}
        for package in packages:
            choice = radio_button(package, name=f"build.main.{package}")
            choice.setChecked(package == now)
            self._choices[package] = choice
            self.body.addWidget(choice)

    def on_primary(self) -> None:
        chosen = next((package for package, choice in self._choices.items() if choice.isChecked()), None)
        if chosen is not None:
            self.accept(chosen)


class Actions:
    """The doing half of the page: it has no widgets of its own beside sheets."""

    def __init__(self, page: BuildPage) -> None:
        self.page, self.app, self.frame = page, page.app, page.frame
        self._known: dict[str, Callable[[str], object]] = {
            "open": self.open_place,
            "problems": lambda _: page.output.go_to("problems"),
            "deploy": lambda _: self.frame.navigate("deploy", "newest"),
            "setup.go": lambda _: self.frame.navigate("setup"),
            "settings.go": lambda _: self.frame.navigate("settings", "go"),
            "open.config": lambda _: self.open_place("goferry.yaml"),
            "deps.tidy": lambda _: self.tidy(),
            "deps.proxy": lambda _: self.choose_proxy(),
            "build.clean_cache": lambda _: self.clean(),
            "build.untick": page.targets.untick,
            "build.set": lambda argument: self._set("build", argument),
            "image.set": lambda argument: self._set("image", argument),
            "build.tag": self.add_tag,
            "build.choose_main": lambda _: self.choose_main(),
            "registry.login": self.log_in,
            START_ENGINE: lambda _: start_engine_job(self.app, "build"),
        }

    def do(self, action: str, argument: str) -> None:
        """Carries out a fix by its name; one that this page does not know goes to the page of that name."""
        known = self._known.get(action)
        if known is not None:
            known(argument)
        elif self.frame.has_page(action):
            self.frame.navigate(action)

    def _set(self, part: str, argument: str) -> None:
        key, _, text = argument.partition("=")
        value: str | bool = text == "true" if text in ("true", "false") else text
        self.page.change(f"{part}.{key}", value)

    # Files

    def resolve(self, file: str) -> Path:
        """The file that a line of output means: relative to the project, or to the module that was built."""
        folder = self.page.folder or Path()
        plain = Path(file.replace("\\", "/"))
        places = [folder / plain]
        if self.page.look is not None:
            places.append(module_place(folder, self.page.look.prepared.config.main)[0] / plain)
        return next((place for place in places if place.is_file()), places[0])

    def open_place(self, place: str) -> None:
        """Opens "file.go:27:12" in the person's editor."""
        match = find_place(f"{place}: ") or re.match(r"(?P<file>.*)(?P<line>)(?P<column>)$", place)
        if match is None:
            return
        file, line, column = self.resolve(match["file"]), int(match["line"] or 0), int(match["column"] or 0)

        async def open_it() -> None:
            wanted = self.app.settings.now.editor
            await self.app.pools.files.run(lambda token: open_in_editor(wanted, file, line, column))

        self.page.spawn(open_it())

    def open_folder(self) -> None:
        look = self.page.look
        if look is not None and look.prepared.output.is_dir():
            output = look.prepared.output
            self.page.spawn(self.app.pools.files.run(lambda token: open_with_system(output)))

    def show_changes(self) -> None:
        """The files that are not committed, which the version calls dirty."""
        folder = self.page.folder

        async def show() -> None:
            if folder is not None:
                files = await self.app.pools.files.run(lambda token: changed_files(token, folder))
                self.frame.open_sheet(FilesSheet(files))

        self.page.spawn(show())

    def add_tag(self, file: str) -> None:
        """Shows the build tag as a difference first, writes it when the person says so."""
        place, run = self.resolve(file), self.page.run
        failed = run.failed_targets() if run is not None else []
        system = next((target.partition("/")[0] for target in failed if "/" in target), "windows")

        async def show() -> None:
            change = await self.app.pools.files.run(lambda token: linux_only(place, system))
            self.frame.open_sheet(
                ChangeSheet([change], page="build"), lambda yes: self._write(change) if yes else None
            )

        self.page.spawn(show())

    def _write(self, change: Change) -> None:
        self.page.spawn(self.app.pools.files.run(lambda token: apply_change(change)))
        self.frame.toast("ok", lambda: tr("{file} was changed", file=change.path.name))

    def save_file(self, name: str, text: str) -> None:
        """A generated file, to where the person says; a Dockerfile gets the tar that it adds beside it."""
        dialog = self._save_dialog(tr("Save {file}", file=name), name)

        def write(path: str) -> None:
            target = Path(path)
            store = image_store(self.app)

            def put() -> None:
                write_atomically(target, text)
                if "ADD goferry-system.tar" in text:
                    write_atomically(target.with_name("goferry-system.tar"), system_tar(store))

            self.page.spawn(self.app.pools.files.run(lambda token: put()))

        dialog.fileSelected.connect(write)
        dialog.open()

    def save_image(self, image: Image) -> None:
        """The image as one file for `docker load`."""
        name = image.ref.rpartition("/")[2].replace(":", "-") + ".tar"
        dialog = self._save_dialog(tr("Save the image"), name)

        def write(path: str) -> None:
            async def work(job: Job[int]) -> int:
                return await self.app.pools.files.run(
                    lambda token: write_archive(Path(path), docker_archive(image), token.check)
                )

            self.app.jobs.start("image.save", msg("Save {ref}", ref=image.ref), work, page="build")

        dialog.fileSelected.connect(write)
        dialog.open()

    def _save_dialog(self, title: str, name: str) -> QFileDialog:
        folder = self.page.folder or Path()
        dialog = QFileDialog(self.page, title, str(folder / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(name)
        return dialog

    def show_layer(self, layer: Layer) -> None:
        async def show() -> None:
            files = await self.app.pools.files.run(lambda token: files_in_layer(layer.blob))
            self.frame.open_sheet(LayerSheet(str(layer.what), files))

        self.page.spawn(show())

    # Choices

    def choose_base(self) -> None:
        self.frame.open_sheet(
            BaseSheet(), lambda name: self.page.change("image.base", name) if name else None
        )

    def choose_main(self) -> None:
        look = self.page.look
        if look is not None and look.prepared.project.mains:
            packages = [main.package for main in look.prepared.project.mains]
            sheet = MainSheet(packages, look.prepared.config.main)
            self.frame.open_sheet(sheet, lambda chosen: self.page.change("main", chosen) if chosen else None)

    def log_in(self, host: str) -> None:
        def ended(login: Any) -> None:
            if isinstance(login, Login):
                self.page.spawn(keep_login(self.app, host, login))

        self.frame.open_sheet(LoginSheet(host), ended)

    # Dependencies

    async def _dependencies(self) -> Dependencies:
        look = self.page.look
        assert look is not None
        toolchain = await self.app.toolchain()
        folder, _ = module_place(look.prepared.project.folder, look.prepared.config.main)
        return Dependencies(self.app.pools.build, toolchain, folder, self.app.settings.now.goproxy)

    def deps(self, key: str) -> None:
        wanted: dict[str, Callable[[], object]] = {
            "tidy": self.tidy,
            "graph": self.show_graph,
            "proxy": self.choose_proxy,
            "clean": self.clean,
        }
        if self.page.look is not None:
            wanted[key]()

    def read_dependencies(self) -> None:
        async def read() -> None:
            dependencies = await self._dependencies()
            self.page.dependencies.show_modules(await dependencies.list_modules())
            size = await cache_size(self.app.pools.files, dependencies.toolchain)
            self.page.dependencies.show_cache(size)

        if self.page.look is not None:
            self.page.spawn(read())

    def tidy(self) -> None:
        async def work(job: Job[str]) -> str:
            said = await (await self._dependencies()).tidy()
            for line in said.splitlines():
                job.say(line)
            self.read_dependencies()
            return said

        if self.page.look is not None:
            name = self.page.look.prepared.config.name
            self.app.jobs.start(
                "deps.tidy", msg("Tidy the dependencies of {name}", name=name), work, page="build"
            )

    def show_graph(self) -> None:
        async def work(job: Job[ModuleGraph]) -> ModuleGraph:
            graph = await (await self._dependencies()).module_graph()
            self.frame.open_sheet(GraphSheet(graph))
            return graph

        self.app.jobs.start("deps.graph", msg("Read the module graph"), work, page="build")

    def choose_proxy(self) -> None:
        choose_proxy(self.app, self.frame)

    def clean(self) -> None:
        async def work(job: Job[None]) -> None:
            toolchain = await self.app.toolchain()
            await clean_cache(self.app.pools.build, toolchain)
            self.page.dependencies.show_cache(await cache_size(self.app.pools.files, toolchain))

        self.app.jobs.start("deps.clean", msg("Clean Go's build cache"), work, page="build")
