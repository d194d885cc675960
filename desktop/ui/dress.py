"""Who wears the style sheet.

A sheet on the application makes Qt go over every widget there is, again for each widget that is put into a layout and
twice for each change of look; with all pages made that stops the window for a quarter of a second. So a few roots wear
it: the navigation, each page, each sheet and so on. A page that is not in view is dressed anew when it comes into view.
"""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

_STALE = -1


class Roots(QObject):
    """The widgets that wear the sheet, and which of them wear an old one."""

    dressed = Signal(object)
    """A root has got its sheet: fonts, tones and icons inside it are to be given again."""

    def __init__(self, sheet: Callable[[], str]) -> None:
        super().__init__()
        self._make_sheet, self._sheet = sheet, ""
        self._look = 0
        self._worn: WeakKeyDictionary[QWidget, int] = WeakKeyDictionary()
        self._patient: WeakKeyDictionary[QWidget, bool] = WeakKeyDictionary()

    def add(self, root: QWidget, *, when_shown: bool = False) -> None:
        """Let a root wear the sheet from now on, or from `catch_up` on."""
        self._worn[root] = _STALE
        if when_shown:
            self._patient[root] = True
        else:
            self._put_on(root)

    def catch_up(self, root: QWidget) -> None:
        """Dress a root whose sheet is of an earlier look."""
        if self._worn.get(root, self._look) != self._look:
            if root.styleSheet():
                root.setStyleSheet("")
            self._put_on(root)

    def change(self, put_in_force: Callable[[], None]) -> None:
        """Take the sheet off whom it is in view at, change the look, and put the new one on: replacing a sheet costs
        more than taking it away and setting one."""
        self._look += 1
        self._sheet = ""
        shown = [root for root in list(self._worn) if shiboken6.isValid(root) and not self._can_wait(root)]
        for root in shown:
            root.setStyleSheet("")
        put_in_force()
        for root in shown:
            self._put_on(root)

    def _can_wait(self, root: QWidget) -> bool:
        return root in self._patient and not root.isVisible()

    def _put_on(self, root: QWidget) -> None:
        self._sheet = self._sheet or self._make_sheet()
        self._worn[root] = self._look
        root.setStyleSheet(self._sheet)
        self.dressed.emit(root)
