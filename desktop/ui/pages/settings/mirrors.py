"""The section about where things come from: Go modules, images, and the packages that servers are set up with."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from desktop.app_mirrors import ask_registry, measure_mirror, measure_mirrors, registries
from desktop.app_setup import mirrors_of
from desktop.base.errors import GoferryError
from desktop.base.settings import Settings
from desktop.base.words import Words, msg, sentences, tr
from desktop.build import ProxyPreset, measure_proxies
from desktop.ui.pages.build.proxies import choose_proxy
from desktop.ui.widgets import Chip, Text, button

from .mirror_sheets import HUB, PackagesSheet, RegistrySheet
from .present import OFFICIAL, proxy_words
from .rows import Section, SettingRow

if TYPE_CHECKING:
    from .page import SettingsPage


class MirrorsSection(Section):
    """Each row tells its choice, and how it answers once somebody has asked; nothing is asked unasked."""

    def __init__(self, page: SettingsPage) -> None:
        self._page = page
        self._names: dict[str, str] = {}
        """Mirrors of packages by id, once they were read."""
        self.modules_row = _Row(
            "box", lambda: tr("Go modules"), "modules", self._choose_modules, partial(self._ask, "modules")
        )
        self.registry_row = _Row(
            "layers", lambda: tr("Image registry"), "registry", self._choose_registry,
            partial(self._ask, "registry"),
        )  # fmt: skip
        self.packages_row = _Row(
            "server", lambda: tr("Server packages"), "packages", self._choose_packages,
            partial(self._ask, "packages"),
        )  # fmt: skip
        super().__init__(lambda: tr("Mirrors"), [self.modules_row, self.registry_row, self.packages_row])

    def show_choices(self, now: Settings) -> None:
        """What is chosen. A measured time is that of another choice then, and goes."""
        self.modules_row.show_choice(now.goproxy, lambda: proxy_words(now.goproxy))
        names = ", ".join(now.registries)
        self.registry_row.show_choice(
            names,
            lambda: (
                tr("Signed in at {names}", names=names)
                if names
                else tr("Nobody is signed in anywhere; public base images need no sign-in")
            ),
        )
        mirror = now.package_mirror
        self.packages_row.show_choice(
            mirror,
            lambda: (
                tr("{mirror}, for new set-up plans", mirror=self._names.get(mirror, mirror))
                if mirror
                else tr("The quickest: each server measures for itself")
            ),
        )
        if mirror and not self._names and "://" not in mirror:
            self._page.frame.spawn(self._read_names(), self)

    async def _read_names(self) -> None:
        self._names = {one.id: one.name for one in await mirrors_of(self._page.app)}
        self.packages_row.say_again()

    # Asking

    def _ask(self, what: str) -> None:
        row = {"modules": self.modules_row, "registry": self.registry_row, "packages": self.packages_row}[
            what
        ]
        asks: dict[str, Callable[[], Coroutine[Any, Any, tuple[str, Words]]]] = {
            "modules": self._time_modules, "registry": self._greet, "packages": self._time_packages,
        }  # fmt: skip
        row.begin()
        self._page.frame.spawn(self._fill(row, asks[what]), self)

    async def _fill(self, row: _Row, ask: Callable[[], Coroutine[Any, Any, tuple[str, Words]]]) -> None:
        asked = row.choice
        try:
            state, said = await ask()
        except GoferryError as error:
            state, said = "fail", msg("failed")
            if row.choice == asked:
                row.set_problem(str(sentences(error.what, error.why, error.fix)))
        finally:
            row.ask.setEnabled(True)
        if row.choice == asked:
            row.show_answer(state, said)

    async def _time_modules(self) -> tuple[str, Words]:
        value = self._page.app.settings.now.goproxy
        if value == "":
            toolchain = await self._page.app.toolchain()
            value = toolchain.proxy or OFFICIAL
        if value in ("off", "direct"):
            return "off", msg("nothing to measure")
        answers = await measure_proxies(self._page.app.pools.net, [ProxyPreset("asked", "", value)])
        return _timed(answers[0].seconds, answers[0].problem)

    async def _greet(self) -> tuple[str, Words]:
        names = [one.name for one in await registries(self._page.app)] or [HUB]
        said = [await ask_registry(self._page.app, name) for name in names]
        return "ok", said[0] if len(said) == 1 else msg("all {n} answer", n=len(said))

    async def _time_packages(self) -> tuple[str, Words]:
        app, wanted = self._page.app, self._page.app.settings.now.package_mirror
        if wanted:
            address = next((one.docker for one in await mirrors_of(app) if one.id == wanted), wanted)
            timed = await measure_mirror(app, address)
            return _timed(timed.seconds, timed.problem)
        mirror, timed = (await measure_mirrors(app))[0]
        state, said = _timed(timed.seconds, timed.problem)
        return state, msg("{mirror}, {time}", mirror=mirror.name, time=said) if state == "ok" else said

    # Changing

    def _choose_modules(self) -> None:
        choose_proxy(
            self._page.app,
            self._page.frame,
            lambda value: self._page.change(self.modules_row, goproxy=value),
        )

    def _choose_registry(self) -> None:
        self._page.frame.open_sheet(RegistrySheet(self._page.app, self._page.frame))

    def _choose_packages(self) -> None:
        self._page.frame.spawn(self._open_packages(), self)

    async def _open_packages(self) -> None:
        mirrors = await mirrors_of(self._page.app)
        sheet = PackagesSheet(self._page.app, self._page.frame, mirrors)

        def ended(value: object) -> None:
            if isinstance(value, str):
                self._page.change(self.packages_row, package_mirror=value)

        self._page.frame.open_sheet(sheet, ended)


def _timed(seconds: float | None, problem: Words) -> tuple[str, Words]:
    if seconds is None:
        return "fail", problem or msg("no answer")
    return "ok", msg("{n} ms", n=f"{seconds * 1000:.0f}")


class _Row(SettingRow):
    """A choice, how it answers, and the two buttons."""

    def __init__(
        self, icon: str, title: Text, name: str, change: Callable[[], object], ask: Callable[[], object]
    ) -> None:
        self.chip = Chip()
        self.chip.hide()
        self.ask = button(lambda: tr("Measure"), name=f"settings.mirrors.{name}.ask", kind="plain")
        self.ask.clicked.connect(lambda: ask())
        self.edit = button(lambda: tr("Change…"), name=f"settings.mirrors.{name}.change")
        self.edit.clicked.connect(lambda: change())
        self.choice: str | None = None
        super().__init__(icon, title, "", self.chip, self.ask, self.edit)

    def show_choice(self, choice: str, note: Text) -> None:
        if choice != self.choice:
            self.chip.hide()
            self.set_problem("")
        self.choice, self._note = choice, note
        self.set_note(note)

    def say_again(self) -> None:
        self.set_note(self._note)

    def begin(self) -> None:
        self.ask.setEnabled(False)
        self.set_problem("")
        self.chip.show_state(lambda: tr("asking…"), "off", "wait")
        self.chip.show()

    def show_answer(self, state: str, said: Words) -> None:
        self.chip.show_state(said, state, state)
        self.chip.show()
