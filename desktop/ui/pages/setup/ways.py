"""The steps of set-up around the checks: language and look, the first server, the first project."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.base.settings import Settings
from desktop.base.words import LANGUAGES, ntr, tr
from desktop.ui.pages.projects.empty import Way, ways_to_a_project
from desktop.ui.pages.settings.rows import Section, SettingRow, ThemeTiles
from desktop.ui.widgets import Banner, FlowLayout, Segmented, Text, label

_SIZES = (("1.0", "100%"), ("1.15", "115%"), ("1.3", "130%"), ("1.5", "150%"))


class SetupStep(QWidget):
    """A heading with its reason, and below it what is to be chosen. `acted(key)` for what is pressed."""

    acted = Signal(str)

    def __init__(self, title: Text, why: Text) -> None:
        super().__init__()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(8, 22, 24, 16)
        self.body.setSpacing(12)
        self.body.addWidget(label(title, "title"))
        self.body.addWidget(label(why, "body", "secondary", wrap=True))

    def add_ways(self, ways: Sequence[tuple[str, Way]]) -> None:
        holder = QWidget()
        flow = FlowLayout(holder, gap=14, even=True)
        for key, way in ways:
            way.button.clicked.connect(lambda _=False, key=key: self.acted.emit(key))
            flow.addWidget(way)
        self.body.addWidget(holder)


class LookStep(SetupStep):
    """The first step: it comes before any word has to be read in the wrong language. `changed(name, value)`."""

    changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(
            lambda: tr("Language and look"),
            lambda: tr("Each choice takes effect at once, and can be made anew in Settings."),
        )
        self.language = Segmented(
            [("system", lambda: tr("As the system")), *LANGUAGES.items()],
            name="setup.language",
            label=lambda: tr("Language"),
        )
        self.tiles = ThemeTiles("system", name="setup")
        self.text_size = Segmented(list(_SIZES), name="setup.textSize", label=lambda: tr("Text size"))
        self.language.chosen.connect(lambda key: self.changed.emit("language", key))
        self.tiles.chosen.connect(lambda key: self.changed.emit("theme", key))
        self.text_size.chosen.connect(lambda key: self.changed.emit("text_size", float(key)))
        rows = [
            SettingRow(
                "language",
                lambda: tr("Language"),
                lambda: tr("Commands and server output stay as they are"),
                self.language,
            ),
            SettingRow("sun", lambda: tr("Theme"), "", self.tiles),
            SettingRow("list", lambda: tr("Text size"), "", self.text_size),
        ]
        self.body.addWidget(Section(lambda: tr("Appearance and language"), rows))
        self.body.addStretch(1)

    def show_settings(self, now: Settings) -> None:
        self.language.set_value(now.language)
        self.tiles.set_value(now.theme)
        self.text_size.set_value(str(float(now.text_size)))


class HostStep(SetupStep):
    """`acted`: add or import."""

    def __init__(self) -> None:
        super().__init__(
            lambda: tr("Your first server"),
            lambda: tr(
                "Any Linux of the CentOS family that you reach with SSH, as root or as a user with sudo."
                " No server yet? Go on: projects run on this computer too."
            ),
        )
        self.banner = Banner(name="setup.host.banner")
        self.banner.hide()
        self.body.addWidget(self.banner)
        self.add_ways(
            [
                (
                    "add",
                    Way(
                        "plus",
                        lambda: tr("Add host"),
                        lambda: tr("You compare its fingerprint first; nothing is sent before that"),
                        lambda: tr("Add host…"),
                        name="setup.host.add",
                        keys="Ctrl Shift A",
                        main=True,
                    ),
                ),
                (
                    "import",
                    Way(
                        "upload",
                        lambda: tr("Import list"),
                        lambda: tr("From an SSH config, CSV, YAML, an Ansible inventory or a pasted text"),
                        lambda: tr("Import list…"),
                        name="setup.host.import",
                    ),
                ),
            ]
        )
        self.body.addStretch(1)

    def show_hosts(self, names: Sequence[str]) -> None:
        if not names:
            self.banner.hide()
            return
        count, told = len(names), ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        self.banner.show_banner("ok", lambda: ntr("{n} host is there", "{n} hosts are there", count), told)


class ProjectStep(SetupStep):
    """`acted`: new, open or sample."""

    def __init__(self) -> None:
        super().__init__(
            lambda: tr("Your first project"),
            lambda: tr("A project is one Go module. Goferry builds it here and carries it to your servers."),
        )
        self.add_ways(list(ways_to_a_project("setup.project").items()))
        self.body.addStretch(1)
