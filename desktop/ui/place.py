"""Where the window was, and what it showed: a small file in the home folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QMargins, QPoint, QRect, QSettings, QSize
from PySide6.QtGui import QGuiApplication, QScreen, Qt
from PySide6.QtWidgets import QSplitter, QWidget

from desktop.base.paths import Home
from desktop.ui.native import make_native

FIRST_SIZE = QSize(1440, 900)
FRAME = QMargins(8, 32, 8, 8)
"""What Windows draws around a window; before it is shown, nobody can be asked."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a window stood: its inside, without frame, and the screen that it stood on."""

    box: QRect
    screen: str
    origin: QPoint


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen, and the room that a window's inside has on it, without task bar and frame."""

    name: str
    box: QRect
    room: QRect


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
        """As it was left, but whole on a screen that is there now; the first time in the size that the pages are
        drawn for, or as much as the screen has."""
        first = QGuiApplication.primaryScreen()
        found = [first, *(screen for screen in QGuiApplication.screens() if screen is not first)]
        kept = self._spot()
        chosen = found[screen_of(kept, [_measured(screen) for screen in found])] if kept else first
        screen = _measured(chosen)
        window.setMinimumSize(window.minimumSize().boundedTo(screen.room.size()))
        window.setScreen(chosen)
        window.setGeometry(box_on(screen, kept))
        make_native(window)  # before Qt does so for the state
        if kept is not None and self.text("window/maximized") == "yes":
            window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)

    def keep_window(self, window: QWidget) -> None:
        normal, screen = window.normalGeometry(), window.screen()
        box = normal if normal.isValid() and not normal.isEmpty() else window.geometry()
        corner = screen.geometry().topLeft()
        self.set_text("window/box", _joined(box.x(), box.y(), box.width(), box.height()))
        self.set_text("window/screen", screen.name())
        self.set_text("window/origin", _joined(corner.x(), corner.y()))
        self.set_text("window/maximized", "yes" if window.isMaximized() else "no")

    def _spot(self) -> Spot | None:
        box, corner = self._numbers("window/box"), self._numbers("window/origin")
        if len(box) != 4 or len(corner) != 2 or min(box[2:]) <= 0:
            return None
        return Spot(QRect(*box), self.text("window/screen"), QPoint(*corner))

    def _numbers(self, key: str) -> list[int]:
        try:
            return [max(-_FAR, min(_FAR, int(word))) for word in self.text(key).split()]
        except ValueError:
            return []

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


_FAR = 1_000_000
"""No screen is farther away than so many pixels."""


def bring_forward(window: QWidget) -> None:
    """In front, whatever covers it; one that was minimized or hidden is as large as before."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()


def _joined(*numbers: int) -> str:
    return " ".join(map(str, numbers))


def _measured(screen: QScreen) -> Screen:
    return Screen(screen.name(), screen.geometry(), screen.availableGeometry().marginsRemoved(FRAME))


def screen_of(kept: Spot, screens: Sequence[Screen]) -> int:
    """Which of them: the one of that name; else the one that has most of the window's place; else the first."""

    def share(number: int) -> int:
        common = screens[number].box & kept.box
        return common.width() * common.height()

    return max(
        [at for at, one in enumerate(screens) if one.name == kept.screen] or range(len(screens)), key=share
    )


def box_on(screen: Screen, kept: Spot | None) -> QRect:
    """The window's inside as it was, moved and made smaller until all of it is seen; without `kept`, centred."""
    room = screen.room
    if kept is None:
        box = QRect(QPoint(), FIRST_SIZE.boundedTo(room.size()))
        box.moveCenter(room.center())
    else:
        moved = screen.box.topLeft() - kept.origin if screen.name == kept.screen else QPoint()
        box = QRect(kept.box.topLeft() + moved, kept.box.size().boundedTo(room.size()))
    return moved_into(room, box)


def moved_into(room: QRect, box: QRect) -> QRect:
    """`box`, moved no farther than it takes to be inside `room`, or to begin there where it is too large."""
    moved = QRect(box)
    moved.moveLeft(max(room.left(), min(box.left(), room.right() + 1 - box.width())))
    moved.moveTop(max(room.top(), min(box.top(), room.bottom() + 1 - box.height())))
    return moved


def show_at(popup: QWidget, corner: QPoint) -> None:
    """Opens it there, or as near as all of it is seen on that screen."""
    screen = QGuiApplication.screenAt(corner) or popup.screen()
    popup.ensurePolished()
    size = popup.size().expandedTo(popup.minimumSizeHint())
    popup.setGeometry(moved_into(screen.availableGeometry(), QRect(corner, size)))
    popup.show()
