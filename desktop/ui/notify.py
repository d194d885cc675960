"""The icon beside the clock: notes of what a person should hear of elsewhere, and the window that went there."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from desktop.base.words import tr
from desktop.ui.place import bring_forward

_SHOWN_MS = 10_000
_ACCEPTS = (5, 7)
"""QUNS_ACCEPTS_NOTIFICATIONS and QUNS_APP; the others are a presentation, a game, a locked screen, quiet hours."""


class _Tray:
    """One icon per process, made at the first notification; the system keeps it beside the clock."""

    icon: QSystemTrayIcon | None = None
    menu: QMenu | None = None


def has_tray() -> bool:
    return QSystemTrayIcon.isSystemTrayAvailable()


def is_quiet() -> bool:
    """Whether Windows says that nothing may be shown now: it would come up when the presentation is over."""
    if sys.platform != "win32":
        return False
    import ctypes

    state = ctypes.c_int(0)
    failed = ctypes.windll.shell32.SHQueryUserNotificationState(ctypes.byref(state))
    return not failed and state.value not in _ACCEPTS


def notify(window: QWidget, title: str, text: str, *, trouble: bool = True) -> bool:
    """Show it, if the desktop can and may; a click brings `window` forward. Says whether it was shown."""
    if not has_tray() or not QSystemTrayIcon.supportsMessages() or is_quiet():
        return False
    kinds = QSystemTrayIcon.MessageIcon
    _icon(window).showMessage(title, text, kinds.Warning if trouble else kinds.Information, _SHOWN_MS)
    return True


def hide_to_tray(window: QWidget, leave: Callable[[], object], *, tell: bool) -> None:
    """The window goes away and its icon stays; a click brings it back, its menu ends the program by `leave`."""
    icon = _icon(window)

    def quit_now() -> None:
        _come_back(window)  # where it asks about what still runs
        leave()

    menu = QMenu(window)
    menu.addAction(tr("Open Goferry"), lambda: _come_back(window))
    menu.addAction(tr("Quit"), quit_now)
    icon.setContextMenu(menu)
    _Tray.menu = menu
    window.hide()
    if tell:
        notify(
            window, tr("Goferry goes on here"), tr("A click on this icon opens the window."), trouble=False
        )


def _icon(window: QWidget) -> QSystemTrayIcon:
    if _Tray.icon is None:
        icon = _Tray.icon = QSystemTrayIcon(window.windowIcon(), window)
        icon.setToolTip("Goferry")
        icon.messageClicked.connect(lambda: _come_back(window))
        icon.activated.connect(lambda reason: _on_click(window, reason))
        icon.destroyed.connect(_forget)
    _Tray.icon.show()
    return _Tray.icon


def _on_click(window: QWidget, reason: QSystemTrayIcon.ActivationReason) -> None:
    if reason != QSystemTrayIcon.ActivationReason.Context:
        _come_back(window)


def _come_back(window: QWidget) -> None:
    """The icon beside the clock is there on wish only: it goes when the window is back."""
    bring_forward(window)
    if _Tray.icon is not None and _Tray.menu is not None:
        _Tray.icon.hide()
        _Tray.menu.deleteLater()
        _Tray.menu = None


def _forget() -> None:
    _Tray.icon = None
    _Tray.menu = None
