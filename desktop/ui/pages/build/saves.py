"""What the Build page does about deploys on save: switches them, and shows their builds as it shows its own."""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_on_save import Doing, OnSave, State, environments_for
from desktop.base.errors import GoferryError
from desktop.base.words import tr
from desktop.build import ALL, BuildEvent
from desktop.ui.environments import environment_words
from desktop.ui.pages.base import PageAction

from .on_save import OnSaveSheet, Place, line_of, shape, trouble
from .runs import Run

if TYPE_CHECKING:
    from .page import BuildPage

KEPT_LINES = 50_000


class Saves:
    """Follows the deploys on save that were switched on in this window."""

    def __init__(self, page: BuildPage) -> None:
        self.page, self.app, self.frame = page, page.app, page.frame
        self._followed: set[OnSave] = set()
        self._switching = False
        page.on_save.switched.connect(self.switch)
        page.on_save.change_asked.connect(lambda: self.ask())
        page.on_save.acted.connect(self._on_banner)

    @property
    def one(self) -> OnSave | None:
        """Of the project in view."""
        return self.app.on_save.of(self.page.folder)

    @property
    def is_on(self) -> bool:
        return self.one is not None and self.one.on

    # Switching

    def switch(self, on: bool) -> None:
        """On: where it went last, else a person is asked. Off: at once; a deploy that is under way goes on."""
        folder, one = self.page.folder, self.one
        if folder is None or self._switching:
            return
        if not on:
            if one is not None:
                self.page.spawn(one.stop())
            return
        environment = self.app.on_save.remembered(folder)
        if environment:
            self.page.spawn(self._begin(folder, environment))
        else:
            self.ask()

    def ask(self) -> None:
        """Where saves are to go."""
        if self.page.folder is not None and self.page.look is not None:
            self.page.spawn(self._ask(self.page.folder))

    async def _ask(self, folder: Path) -> None:
        look = self.page.look
        if look is None:
            return
        known = look.prepared.config.environments
        names = await environments_for(self.app, folder)
        places = [Place(name, ", ".join(known[name].hosts) if name in known else "") for name in names]

        def ended(environment: Any) -> None:
            if environment:
                self.page.spawn(self._begin(folder, str(environment)))

        self.frame.open_sheet(OnSaveSheet(places, self.app.on_save.remembered(folder)), ended)

    async def _begin(self, folder: Path, environment: str) -> None:
        self._switching = True
        try:
            before = self.app.on_save.of(folder)
            if before is not None and before.environment != environment:
                await before.stop()
            one = self.app.on_save.choose(folder, environment)
            self._follow(one)
            await one.start()
        except GoferryError as error:
            self.frame.error(error)
        finally:
            self._switching = False
            self.show()

    def _follow(self, one: OnSave) -> None:
        if one not in self._followed:
            self._followed.add(one)
            one.listen(partial(self._on_state, one))
            one.follow = partial(self._on_build, one.folder)

    def offer(self) -> PageAction:
        """For the command palette."""
        if self.is_on:
            return PageAction("build.onSave", tr("Stop deploying on save"), lambda: self.switch(False))
        return PageAction("build.onSave", tr("Deploy on save…"), lambda: self.ask())

    # Showing

    def show(self) -> None:
        """The row, for the project in view."""
        folder, one = self.page.folder, self.one
        if folder is not None:
            state = one.state if one is not None else State()
            self.page.on_save.show_state(state, on=self.is_on, remembered=self.app.on_save.remembered(folder))

    def _on_state(self, one: OnSave, state: State) -> None:
        if self.app.on_save.of(one.folder) is not one:
            return  # it goes elsewhere by now
        if one.folder == self.page.folder:
            self.show()
        self._show_status()

    def _show_status(self) -> None:
        """At the foot of the window, on any page: that something is watched, and how it is."""
        watched = [one for one in self._followed if one.on or one.state.doing.busy]
        if not watched:
            self.frame.set_status("on_save", "off", "")
            return
        worst = next((one for one in watched if one.state.doing is Doing.FAILED), watched[0])
        name, where = worst.folder.name, worst.environment
        self.frame.set_status(
            "on_save",
            shape(worst.state),
            lambda: tr("{name} on save to {environment}", name=name, environment=environment_words(where)),
            lambda: line_of(worst.state),
        )

    def _on_banner(self, key: str) -> None:
        one = self.one
        said = trouble(one.state) if one is not None else None
        if one is None or said is None:
            return
        action, _, argument = said.actions[int(key.removeprefix("fix"))][0].partition("|")
        if action == "output":
            self.frame.show_output(one.job)
        else:
            self.page.doing.do(action, argument)

    # Their builds

    def _on_build(self, folder: Path, what: str, value: Any) -> None:
        page, run = self.page, self.page.runs.get(folder)
        if what == "begins":
            if run is None or run.over or run.on_save:
                self._begins(folder)
            return
        if run is None or not run.on_save or run.over:
            return
        if what == "event":
            self._event(folder, run, value)
        elif what == "built":
            run.built = value
        elif what == "ended" and run.built is None:
            run.error, run.cancelled = value, value is None
        if what in ("built", "ended"):
            page.ended(folder)

    def _begins(self, folder: Path) -> None:
        page = self.page
        look = page.look if folder == page.folder else None
        main = look.prepared.project.main if look is not None else None
        page.runs[folder] = Run((), images=False, module=main.module if main is not None else "", on_save=True,
                                began=time.time())  # fmt: skip
        page.logs[folder] = deque(maxlen=KEPT_LINES)
        if folder == page.folder:
            page.begins()

    def _event(self, folder: Path, run: Run, event: BuildEvent) -> None:
        if event.target != ALL and event.target not in run.targets:
            run.targets = (*run.targets, event.target)
        self.page.take(folder, run.feed(event))
