"""Deploy on save, as the Build page shows it: a row with a switch, and the sheet that asks where to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QRadioButton

from desktop.app_on_save import Doing, State, is_production
from desktop.base.words import tr
from desktop.ui.environments import environment_tone, environment_words
from desktop.ui.widgets import (
    Banner,
    Card,
    Chip,
    ElidedLabel,
    Sheet,
    StatusDot,
    Switch,
    button,
    label,
    radio_button,
    row,
)

from .present import BannerText, error_banner

SHAPES = {
    Doing.PAUSED: "off",
    Doing.WATCHING: "wait",
    Doing.SERVES: "ok",
    Doing.FAILED: "fail",
}


def shape(state: State) -> str:
    return SHAPES.get(state.doing, "busy")


def line_of(state: State, remembered: str = "") -> str:
    """What is so, in one line."""
    if state.doing is Doing.SERVES and state.unchanged:
        return tr("The save makes no difference to what serves")
    if state.doing is Doing.FAILED:
        return _failed(state)
    if state.doing is Doing.PAUSED and (state.environment or remembered):
        return tr("Off. It went to {environment} before", environment=_named(state.environment or remembered))
    files = state.saved.files if state.saved is not None else ()
    shown = files[0].rpartition("/")[2] + (f" (+{len(files) - 1})" if len(files) > 1 else "") if files else ""
    seconds = f"{state.seconds or 0:.1f}"
    return {
        Doing.PAUSED: tr("Off"),
        Doing.WATCHING: tr("Waiting for a save"),
        Doing.BUILDING: tr("Building, {files} was saved", files=shown),
        Doing.TESTING: tr("Checking and testing, {files} was saved", files=shown),
        Doing.DEPLOYING: tr("Deploying {version}", version=state.version),
        Doing.SERVES: tr("{version} serves after {seconds} s", version=state.version, seconds=seconds),
    }[state.doing]


def _named(environment: str) -> str:
    return environment_words(environment)


def _failed(state: State) -> str:
    return {
        str(Doing.BUILDING): tr("It does not build; the version before serves on"),
        str(Doing.TESTING): tr("It does not pass its tests; the version before serves on"),
        str(Doing.DEPLOYING): tr("It was not deployed"),
    }.get(state.failed_at, tr("Saves are not noticed any more"))


def trouble(state: State) -> BannerText | None:
    """What the output does not explain already: builds have their own banner there."""
    if state.doing is not Doing.FAILED or state.error is None:
        return None
    if state.failed_at in (Doing.BUILDING, Doing.TESTING) and state.error.code.startswith("build."):
        return None
    said = error_banner(state.error)
    return BannerText(said.kind, said.title, said.why, (*said.actions[:2], ("output|", tr("Show output"))))


class OnSaveCard(Card):
    """`switched(on)`, `change_asked()`, `acted("fix0")` for a button of the banner."""

    switched = Signal(bool)
    change_asked = Signal()
    acted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.body.setContentsMargins(13, 7, 9, 7)
        self.body.setSpacing(8)
        self.switch = Switch(lambda: tr("Deploy on save"), name="build.onSave")
        self.switch.clicked.connect(self._on_switch)
        self.name = label(lambda: tr("Deploy on save"), "bodyStrong")
        self.chip = Chip("", "env.dev")
        self.dot = StatusDot("off")
        self.words = ElidedLabel("", "body", "secondary")
        self.change = button(lambda: tr("Change…"), name="build.onSave.change", small=True)
        self.change.clicked.connect(self.change_asked)
        made = row(self.switch, self.name, self.chip, self.dot)
        made.addWidget(self.words, 1)
        made.addWidget(self.change)
        self.body.addLayout(made)
        self.banner = Banner(name="build.onSave.banner")
        self.banner.acted.connect(self.acted)
        self.body.addWidget(self.banner)

    def _on_switch(self, on: bool) -> None:
        self.switch.setChecked(not on)  # it shows what is so, and turns when that has changed
        self.switched.emit(on)

    def show_state(self, state: State, *, on: bool, remembered: str) -> None:
        environment = state.environment or remembered
        self.switch.setChecked(on)
        self.chip.show_state(lambda: environment_words(environment), environment_tone(environment))
        self.chip.setVisible(on)
        self.dot.set_state(shape(state))
        text = line_of(state, remembered)
        if self.words.whole() != text:
            self.words.set_text(text)
        self.change.setVisible(bool(environment) and not on)
        said = trouble(state)
        if said is None:
            self.banner.hide()
        else:
            actions = [(f"fix{index}", words) for index, (_, words) in enumerate(said.actions)]
            self.banner.show_banner(said.kind, said.title, said.why, actions, primary=False)


@dataclass(frozen=True, slots=True)
class Place:
    """An environment to choose, and its hosts in words."""

    name: str
    hosts: str = ""


class OnSaveSheet(Sheet):
    """Where saves are to go. `accept(environment)`."""

    def __init__(self, places: Sequence[Place], now: str) -> None:
        super().__init__(
            lambda: tr("Deploy on save"),
            name="build.onSave.sheet",
            primary=lambda: tr("Watch for saves"),
            width=480,
        )
        what = lambda: tr(  # noqa: E731
            "Each save in the project's folder is built, tested as the options say, and deployed."
            " Nothing happens before the next save, and a build that fails changes no host."
        )
        self.body.addWidget(label(what, "body", "secondary", wrap=True))
        self.body.addWidget(label(lambda: tr("Where to"), "bodyStrong"))
        self.choices: dict[str, QRadioButton] = {}
        able = [place.name for place in places if not is_production(place.name)]
        chosen = now if now in able else able[0]
        for place in places:
            self._add(place, chosen=place.name == chosen)
        never = lambda: tr("Production gets no unasked versions: deploy there from the Deploy page.")  # noqa: E731
        if len(able) < len(places):
            self.body.addWidget(label(never, "caption", "secondary", wrap=True))

    def _add(self, place: Place, *, chosen: bool) -> None:
        name = place.name
        choice = radio_button(lambda: environment_words(name), name=f"build.onSave.{name}")
        choice.setChecked(chosen)
        choice.setEnabled(not is_production(name))
        self.choices[name] = choice
        hosts = label(place.hosts, "caption", "secondary")
        self.body.addLayout(row(choice, hosts, None))

    def on_primary(self) -> None:
        self.accept(next(name for name, choice in self.choices.items() if choice.isChecked()))
