"""What is chosen at the left: options of the build, and of the image."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from desktop.base.words import tr
from desktop.image import BadReference, parse_reference
from desktop.project import Config
from desktop.ui.widgets import Card, Choice, ExpanderRow, Field, Switch, Text, check_box, label, row

from .present import BASES

OPTIONS: tuple[tuple[str, Text], ...] = (
    ("vet", lambda: tr("Check with go vet")),
    ("test", lambda: tr("Run tests first")),
    ("static", lambda: tr("Static binary")),
    ("strip", lambda: tr("Strip symbols")),
    ("stamp", lambda: tr("Stamp version and commit")),
    ("trimpath", lambda: tr("Leave local paths out")),
    ("race", lambda: tr("Race detector in tests")),
)


class OptionsCard(Card):
    """`changed(key, value)` with a key of goferry.yaml when a person changed something."""

    changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Options"))
        self.body.setSpacing(6)
        self.boxes: dict[str, QCheckBox] = {}
        self.notes: dict[str, QLabel] = {}
        for key, text in OPTIONS:
            box = self.boxes[key] = check_box(text, name=f"build.option.{key}")
            note = self.notes[key] = label("", "caption", "secondary")
            box.toggled.connect(lambda on, chosen=key: self._on_box(chosen, on))
            self.body.addLayout(row(box, None, note))
        self.more = ExpanderRow(
            name="build.more", show=lambda: tr("Tags and flags"), hide=lambda: tr("Tags and flags")
        )
        self.more.without_head()
        self.tags = Field(lambda: tr("Build tags"), name="build.tags", mono=True, placeholder="netgo, sonic")
        self.ldflags = Field(lambda: tr("More linker flags"), name="build.ldflags", mono=True)
        for field in (self.tags, self.ldflags):
            self.more.body.addWidget(field)
        self.tags.input.editingFinished.connect(self._on_tags)
        self.ldflags.input.editingFinished.connect(self._on_ldflags)
        self.body.addWidget(self.more)
        self._config: Config | None = None

    def show_config(self, config: Config, notes: Mapping[str, str]) -> None:
        self._config = config
        build = config.build
        wanted = {
            "vet": build.vet,
            "test": build.test,
            "static": not build.cgo,
            "strip": build.strip,
            "stamp": build.version != "none",
            "trimpath": build.trimpath,
            "race": build.race,
        }
        for key, on in wanted.items():
            blocked = self.boxes[key].blockSignals(True)
            self.boxes[key].setChecked(on)
            self.boxes[key].blockSignals(blocked)
            self.notes[key].setText(notes.get(key, ""))
        self.boxes["race"].setEnabled(build.test)
        self.tags.set_text(", ".join(build.tags))
        self.ldflags.set_text(build.ldflags)

    def _on_box(self, key: str, on: bool) -> None:
        if key == "static":
            self.changed.emit("build.cgo", not on)
        elif key == "stamp":
            self.changed.emit("build.version", "git" if on else "none")
        else:
            self.changed.emit(f"build.{key}", on)

    def _on_tags(self) -> None:
        tags = [tag for tag in re.split(r"[,\s]+", self.tags.text) if tag]
        bad = [tag for tag in tags if not re.fullmatch(r"[\w.]+", tag)]
        self.tags.set_error(tr("{tag} is no build tag", tag=bad[0]) if bad else "")
        if not bad and self._config is not None and tuple(tags) != self._config.build.tags:
            self.changed.emit("build.tags", tags)

    def _on_ldflags(self) -> None:
        text = self.ldflags.text.strip()
        if self._config is not None and text != self._config.build.ldflags:
            self.changed.emit("build.ldflags", text or None)


class ImageCard(Card):
    """`changed(key, value)` with a key of goferry.yaml; `switched(on)` for whether images are made at all."""

    changed = Signal(str, object)
    switched = Signal(bool)
    other_base_asked = Signal()

    def __init__(self) -> None:
        super().__init__(lambda: tr("Image"))
        self.switch = Switch(lambda: tr("Make an image"), name="build.image", on=True)
        self.switch.toggled.connect(self._on_switch)
        self.add_action(self.switch)
        self.builder = Choice(
            [
                ("builtin", lambda: tr("Goferry, no Docker needed")),
                ("docker", lambda: tr("Docker on this computer")),
            ],
            name="build.builder",
            label_text=lambda: tr("Made by"),
        )
        self.builder.chosen.connect(lambda key: self.changed.emit("image.builder", key))
        self.base = Choice(name="build.base", label_text=lambda: tr("Base"))
        self.base.chosen.connect(self._on_base)
        self.ref = Field(lambda: tr("Name"), name="build.ref", mono=True)
        self.port = Field(lambda: tr("Port"), name="build.port")
        self.user = Field(lambda: tr("Runs as user"), name="build.user")
        self.ref.input.editingFinished.connect(self._on_ref)
        self.port.input.editingFinished.connect(lambda: self._on_number(self.port, "port", 0, 65535))
        self.user.input.editingFinished.connect(
            lambda: self._on_number(self.user, "image.user", 0, 2**31 - 1)
        )
        self.parts: list[QWidget] = [
            label(lambda: tr("Made by"), "caption", "secondary"),
            self.builder,
            label(lambda: tr("Base"), "caption", "secondary"),
            self.base,
            self.ref,
        ]
        for part in self.parts:
            self.body.addWidget(part)
        self.body.addLayout(row(self.port, self.user))
        self.parts += [self.port, self.user]
        self.body.setSpacing(6)
        self._config: Config | None = None

    def show_config(self, config: Config) -> None:
        self._config = config
        image = config.image
        self.builder.set_value(image.builder)
        bases = tuple(dict.fromkeys((*BASES, image.base)))
        choices: list[tuple[str, Text]] = [(base, _base_words(base)) for base in bases]
        self.base.set_choices([*choices, ("other", lambda: tr("Another image…"))], image.base)
        self.ref.set_text(image.ref or config.name)
        self.port.set_text(str(config.port or ""))
        self.user.set_text(str(image.user))

    def _on_switch(self, on: bool) -> None:
        for part in self.parts:
            part.setEnabled(on)
        self.switched.emit(on)

    def _on_base(self, key: str) -> None:
        if key == "other":
            if self._config is not None:
                self.base.set_value(self._config.image.base)
            self.other_base_asked.emit()
        else:
            self.changed.emit("image.base", key)

    def _on_ref(self) -> None:
        text = self.ref.text.strip()
        try:
            parse_reference(text)
        except BadReference as error:
            self.ref.set_error(error.why)
            return
        self.ref.set_error("")
        if self._config is not None and text != (self._config.image.ref or self._config.name):
            self.changed.emit("image.ref", text)

    def _on_number(self, field: Field, key: str, least: int, most: int) -> None:
        text = field.text.strip()
        number = int(text) if text.isascii() and text.isdigit() else (0 if not text and key == "port" else -1)
        if not least <= number <= most:
            field.set_error(tr("A number from {least} to {most}", least=least, most=most))
            return
        field.set_error("")
        if self._config is None:
            return
        now = self._config.port if key == "port" else self._config.image.user
        if number != now:
            self.changed.emit(key, number)


def _base_words(base: str) -> Text:
    if base == "scratch":
        return lambda: tr("Empty + CA certificates")
    return base
