"""Waits until the layout of a widget has come to rest.

After a change of look or language, Qt has posted what is to be laid out anew, and some parts stand where an
in-between font put them; which ones depends on the order in which Qt goes through its set of widgets, so on the
addresses and the hash seed of the process. A person sees none of it, as painting comes after the posted requests.
A check that comes earlier is lucky or unlucky.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

_ROUNDS = 100
_POSTED = (
    QEvent.Type.MetaCall, QEvent.Type.Polish, QEvent.Type.PolishRequest, QEvent.Type.StyleChange,
    QEvent.Type.FontChange, QEvent.Type.LanguageChange, QEvent.Type.ChildPolished, QEvent.Type.Resize,
    QEvent.Type.Move, QEvent.Type.LayoutRequest, QEvent.Type.UpdateLater, QEvent.Type.UpdateRequest,
)  # fmt: skip


def at_rest(root: QWidget) -> None:
    """Return once nothing moves any more in `root`'s window; AssertionError names what never comes to rest."""
    window = root.window()
    before = _places(window)
    moved: list[str] = []
    for _ in range(_ROUNDS):
        for _ in range(2):  # a wrapped label asks its parents once more when its width has changed
            send_posted()
        now = _places(window)
        if now == before:
            return
        before, moved = now, [key for key, place in now.items() if before.get(key) != place]
    raise AssertionError(f"the layout does not come to rest: {sorted(set(moved))[:10]}")


def send_posted() -> None:
    """What is posted to widgets. On Windows a timer of 0 ms is posted too: with it, the next steps of asyncio's tasks
    would run in the middle of the one that waits here, and be lost."""
    if sys.platform != "win32":
        QApplication.sendPostedEvents()
        return
    for kind in _POSTED:
        QCoreApplication.sendPostedEvents(None, kind.value)


def _places(window: QWidget) -> Mapping[str, tuple[int, int, int, int]]:
    """Where every widget stands that is to be seen."""
    found = {}
    for number, widget in enumerate((window, *window.findChildren(QWidget))):
        if widget.isVisible():
            box = widget.geometry()
            key = f"{number} {type(widget).__name__} {widget.objectName()}"
            found[key] = (box.x(), box.y(), box.width(), box.height())
    return found
