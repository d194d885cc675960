"""Puts the settings for theme, density, text size and language in force, at once, whenever they change."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication

from desktop.base.settings import Settings, SettingsStore
from desktop.base.words import language, set_language
from desktop.ui.theme import theme


class Look:
    """Follows a SettingsStore; `forced` is the language that --lang asked for, until one is chosen in Settings."""

    def __init__(self, app: QApplication, settings: SettingsStore, forced: str = "") -> None:
        self._app, self._forced = app, forced
        self._translator: QTranslator | None = None
        self._before = settings.now
        set_language(forced or settings.now.language)
        self._speak_qt()
        self._dress(settings.now)
        theme().follow_system()
        self.release = settings.listen(self._on_settings)

    def _on_settings(self, now: Settings) -> None:
        before, self._before = self._before, now
        if (now.theme, now.density, now.text_size) != (before.theme, before.density, before.text_size):
            self._dress(now)
        if now.language != before.language:
            set_language(now.language)
            self._speak_qt()

    def _dress(self, now: Settings) -> None:
        theme().apply(now.theme, now.text_size, now.density)

    def _speak_qt(self) -> None:
        """Qt's own words (file chooser, context menus) in the language in force."""
        if self._translator is not None:
            self._app.removeTranslator(self._translator)
            self._translator = None
        if language() != "en":
            translator = QTranslator(self._app)
            folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            if translator.load(f"qtbase_{language()}", folder):
                self._app.installTranslator(translator)
                self._translator = translator
