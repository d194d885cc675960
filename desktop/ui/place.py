"""Where the window was, and what it showed: a small file in the home folder."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, QSize
from PySide6.QtWidgets import QSplitter, QWidget

from desktop.base.paths import Home

FIRST_SIZE = QSize(1440, 900)
FRAME = QSize(16, 40)
"""What Windows draws around a window; before it is shown, nobody can be asked."""


class Place:
    """Kept state of the window and its pages. A damaged file only means the defaults."""

    def __init__(self, home: Home) -> None:
        home.folder()
        self._file = QSettings(str(home.root / "window.ini"), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        value = self._file.value(key, default)
        return value if isinstance(value, str) else default

    def set_text(self, key: str, value: str) -> None:
        self._file.setValue(key, value)

    def number(self, key: str, default: float = 0.0) -> float:
        try:
            return float(self.text(key, str(default)))
        except ValueError:
            return default

    def restore_window(self, window: QWidget) -> None:
        """As it was left; the first time in the size that the pages are drawn for, or as much as the screen has."""
        kept = self._file.value("window/geometry")
        if not (isinstance(kept, QByteArray) and window.restoreGeometry(kept)):
            window.resize(FIRST_SIZE.boundedTo(window.screen().availableSize() - FRAME))

    def keep_window(self, window: QWidget) -> None:
        self._file.setValue("window/geometry", window.saveGeometry())

    def restore_splitters(self, key: str, page: QWidget) -> None:
        """Give the panes of a page the widths of last time."""
        for at, splitter in enumerate(page.findChildren(QSplitter)):
            kept = self._file.value(f"splitter/{key}{at}")
            if isinstance(kept, QByteArray):
                splitter.restoreState(kept)

    def keep_splitters(self, key: str, page: QWidget) -> None:
        for at, splitter in enumerate(page.findChildren(QSplitter)):
            self._file.setValue(f"splitter/{key}{at}", splitter.saveState())

    def save(self) -> None:
        self._file.sync()
