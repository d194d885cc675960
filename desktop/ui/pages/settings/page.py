"""Settings: a list of sections that follows the scroll, rows that take effect at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from desktop.base.settings import Settings
from desktop.base.words import tr
from desktop.ui.pages.base import Frame, Page, PageAction
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Choice,
    PageHeader,
    SearchField,
    Segmented,
    Switch,
    Text,
    button,
    label,
    row,
    scrolled,
)

from .about import about_section, save_diagnostics
from .keeping import KeepingSheet, KnownServersSheet
from .mirrors import MirrorsSection
from .present import editor_choices
from .rows import Section, SettingRow, ThemeTiles
from .section_list import SectionList
from .updates import UpdatesSection

if TYPE_CHECKING:
    from desktop.app import App


class SettingsPage(Page):
    """Renders the settings and changes them; a failed write shows under its row and the control goes back."""

    key = "settings"
    theme_row: SettingRow
    size_row: SettingRow
    language_row: SettingRow
    go_row: SettingRow
    editor_row: SettingRow
    confirm_row: SettingRow
    tray_row: SettingRow
    helper_row: SettingRow
    log_row: SettingRow

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(app, frame)
        header = PageHeader(lambda: tr("Settings"), name="settings")
        self.finder = SearchField(lambda: tr("Find a setting"), name="settings.find")
        self.finder.setFixedWidth(240)
        self.finder.searched.connect(self._filter)
        header.add_actions(self.finder)
        self.root.addWidget(header)
        self.updates, self.mirrors = UpdatesSection(self), MirrorsSection(self)
        self.sections: dict[str, Section] = {
            "look": self._look_section(),
            "go": self._go_section(),
            "mirrors": self.mirrors,
            "editor": self._editor_section(),
            "security": self._security_section(),
            "paths": self._paths_section(),
            "updates": self.updates,
            "about": about_section(self),
        }
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 4, 24, 24)
        inside.setSpacing(20)
        self.nothing = label(lambda: tr("No setting has these words"), "body", "secondary")
        self.nothing.hide()
        inside.addWidget(self.nothing)
        for section in self.sections.values():
            inside.addWidget(section)
        inside.addStretch(1)
        self.content = content
        self.area = scrolled(content)
        self.list = SectionList(self._names())
        self.list.chosen.connect(self._go_to)
        self.area.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        body = row(self.list, spacing=24, margins=(24, 0, 0, 0))
        body.addWidget(self.area, 1)
        self.root.addLayout(body, 1)
        self._unlisten = app.settings.listen(self._show)
        self._show(app.settings.now)

    def title(self) -> str:
        return tr("Settings")

    def shown(self, context: object) -> None:
        """`context` may name a section: look, go, mirrors, editor, security, paths, updates, about."""
        self.updates.show_state()
        if isinstance(context, str) and context in self.sections:
            self._go_to(context)

    def refresh(self) -> None:
        self.updates.show_state()

    def panes(self) -> list[QWidget]:
        return [self.list, self.content]

    def offers(self) -> list[PageAction]:
        return [
            PageAction("setup", tr("Check this computer"), lambda: self.navigate.emit("setup", None)),
            PageAction("diagnostics", tr("Save diagnostics"), lambda: save_diagnostics(self)),
        ]

    def help_text(self) -> str:
        return tr("Every choice here takes effect at once and is kept in Goferry's home folder.")

    @staticmethod
    def _names() -> list[tuple[str, str, Text]]:
        return [
            ("look", "sun", lambda: tr("Appearance, language")),
            ("go", "hammer", lambda: tr("Go and builds")),
            ("mirrors", "globe", lambda: tr("Mirrors")),
            ("editor", "file-code", lambda: tr("Editor")),
            ("security", "shield", lambda: tr("Security")),
            ("paths", "folder", lambda: tr("Files")),
            ("updates", "download", lambda: tr("Updates")),
            ("about", "info", lambda: tr("About")),
        ]

    # Sections

    def _look_section(self) -> Section:
        self.theme_tiles = ThemeTiles("system")
        self.theme_tiles.chosen.connect(lambda mode: self.change(self.theme_row, theme=mode))
        self.density = Segmented(
            [
                ("roomy", lambda: tr("Roomy")),
                ("normal", lambda: tr("Normal")),
                ("compact", lambda: tr("Dense")),
            ],
            name="settings.density",
            label=lambda: tr("Density"),
        )
        self.density.chosen.connect(lambda key: self.change(self.size_row, density=key))
        self.text_size = Segmented(
            [("1.0", "100%"), ("1.15", "115%"), ("1.3", "130%"), ("1.5", "150%")],
            name="settings.textSize",
            label=lambda: tr("Text size"),
        )
        self.text_size.chosen.connect(lambda key: self.change(self.size_row, text_size=float(key)))
        self.language = Segmented(
            [("system", lambda: tr("As the system")), ("en", "English"), ("zh_CN", "简体中文")],
            name="settings.language",
            label=lambda: tr("Language"),
        )
        self.language.chosen.connect(lambda key: self.change(self.language_row, language=key))
        self.theme_row = SettingRow(
            "sun", lambda: tr("Theme"), lambda: tr("Changes at once, also while things run"), self.theme_tiles
        )
        self.size_row = SettingRow(
            "list", lambda: tr("Density and text size"), "", self.density, self.text_size
        )
        self.language_row = SettingRow(
            "language",
            lambda: tr("Language"),
            lambda: tr("Commands and server output stay as they are"),
            self.language,
        )
        return Section(
            lambda: tr("Appearance and language"), [self.theme_row, self.size_row, self.language_row]
        )

    def _go_section(self) -> Section:
        change = button(lambda: tr("Choose…"), name="settings.go.choose")
        change.clicked.connect(self._choose_go)
        self.go_reset = button(lambda: tr("Find it again"), name="settings.go.reset", kind="plain")
        self.go_reset.clicked.connect(lambda: self.change(self.go_row, go=""))
        check = button(lambda: tr("Check this computer"), name="settings.setup")
        check.clicked.connect(lambda: self.navigate.emit("setup", None))
        self.go_row = SettingRow("hammer", lambda: tr("Go toolchain"), "", self.go_reset, change)
        setup_row = SettingRow(
            "shield-check",
            lambda: tr("This computer"),
            lambda: tr("What building and deploying need, and what is missing"),
            check,
        )
        return Section(lambda: tr("Go and builds"), [self.go_row, setup_row])

    def _editor_section(self) -> Section:
        self.editor = Choice(editor_choices(), name="settings.editor", label_text=lambda: tr("Editor"))
        self.editor.chosen.connect(lambda key: self.change(self.editor_row, editor=key))
        self.editor_row = SettingRow(
            "file-code",
            lambda: tr("Editor"),
            lambda: tr("Opens where an error or a link points to"),
            self.editor,
        )
        return Section(lambda: tr("Editor"), [self.editor_row])

    def _security_section(self) -> Section:
        manage = button(lambda: tr("Manage…"), name="settings.keys.manage")
        manage.clicked.connect(lambda: self.frame.open_sheet(KeepingSheet(self.app, self.frame)))
        keys_row = SettingRow(
            "key",
            lambda: tr("SSH keys and passwords"),
            lambda: tr("Passwords are kept in the system's credential store, never in project files"),
            manage,
        )
        known = button(lambda: tr("Show…"), name="settings.known.show")
        known.clicked.connect(lambda: self.frame.open_sheet(KnownServersSheet(self.app, self.frame)))
        known_row = SettingRow(
            "shield",
            lambda: tr("Known servers"),
            lambda: tr("Each by the fingerprint that it was confirmed with"),
            known,
        )
        self.confirm = Switch(lambda: tr("Ask before changing Production"), name="settings.confirmProduction")
        self.confirm.clicked.connect(lambda on: self.change(self.confirm_row, confirm_production=on))
        self.confirm_row = SettingRow(
            "lock",
            lambda: tr("Ask before changing Production"),
            lambda: tr("Type the project's name to deploy, restart or undo there"),
            self.confirm,
        )
        self.tray = Switch(lambda: tr("System notifications"), name="settings.tray")
        self.tray.clicked.connect(lambda on: self.change(self.tray_row, tray=on))
        self.tray_row = SettingRow(
            "bell",
            lambda: tr("System notifications"),
            lambda: tr("When the window is in the background and a long job ends or fails"),
            self.tray,
        )
        self.helper = Switch(lambda: tr("Helper on servers"), name="settings.helper")
        self.helper.clicked.connect(lambda on: self.change(self.helper_row, helper=on))
        self.helper_row = SettingRow(
            "box",
            lambda: tr("Helper on servers"),
            lambda: tr(
                "Large programs are there a little sooner: its file lies in the app's folder and goes with it"
            ),
            self.helper,
        )
        rows = [keys_row, self.confirm_row, known_row, self.tray_row, self.helper_row]
        return Section(lambda: tr("Security and notes"), rows)

    def _paths_section(self) -> Section:
        home = str(self.app.home.root)
        open_home = button(lambda: tr("Open folder"), name="settings.home.open")
        open_home.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(home)))
        self.log_lines = Choice(
            [(str(n), f"{n:,}") for n in (10_000, 50_000, 100_000, 200_000)],
            name="settings.logLines",
            label_text=lambda: tr("Lines kept in a log"),
        )
        self.log_lines.chosen.connect(lambda key: self.change(self.log_row, log_lines=int(key)))
        self.log_row = SettingRow(
            "list",
            lambda: tr("Lines kept in a log"),
            lambda: tr("Older lines make room for newer ones"),
            self.log_lines,
        )
        home_row = SettingRow("folder", lambda: tr("Home folder"), home, open_home)
        home_row.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return Section(lambda: tr("Files"), [home_row, self.log_row])

    # Showing and changing

    def _show(self, now: Settings) -> None:
        self.theme_tiles.set_value(now.theme)
        self.density.set_value(now.density)
        self.text_size.set_value(str(float(now.text_size)))
        self.language.set_value(now.language)
        self.go_row.set_note(
            now.go or (lambda: tr("Found on PATH or in the usual places, else the one that Goferry fetched"))
        )
        self.go_reset.setVisible(bool(now.go))
        self.mirrors.show_choices(now)
        self.editor.set_value(now.editor)
        self.confirm.setChecked(now.confirm_production)
        self.tray.setChecked(now.tray)
        self.helper.setChecked(now.helper)
        self.log_lines.set_value(str(now.log_lines))

    def change(self, where: SettingRow, **values: Any) -> None:
        try:
            self.app.settings.change(**values)
            where.set_problem("")
        except (OSError, ValueError) as error:
            where.set_problem(tr("Not saved: {why}", why=str(error)))
            self._show(self.app.settings.now)

    def _choose_go(self) -> None:
        dialog = QFileDialog(self, tr("Choose the go program"))
        dialog.setObjectName("settings.go.dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._on_go)
        dialog.open()

    def _on_go(self, file: str) -> None:
        self.change(self.go_row, go=file)
        self.app.forget_toolchain()

    # Sections list and search

    def _filter(self, query: str) -> None:
        fitting = [section.filter(query) for section in self.sections.values()]
        self.nothing.setVisible(not any(fitting))
        if query:
            self.area.verticalScrollBar().setValue(0)

    def _go_to(self, key: str) -> None:
        self.list.set_value(key)
        top = self.sections[key].mapTo(self.content, QPoint(0, 0)).y()
        bar = self.area.verticalScrollBar()
        blocked = bar.blockSignals(True)
        bar.setValue(max(0, top - 4))
        bar.blockSignals(blocked)
        self.content.move(0, -bar.value())

    def _on_scrolled(self, value: int) -> None:
        bar = self.area.verticalScrollBar()
        passed = [
            key
            for key, section in self.sections.items()
            if section.isVisible() and section.y() <= value + theme().px(60)
        ]
        if passed:
            self.list.set_value(
                list(self.sections)[-1] if value >= bar.maximum() and bar.maximum() else passed[-1]
            )
