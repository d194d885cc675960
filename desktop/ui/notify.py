"""A notification of the desktop, for what a person should hear of while another window is in front."""

from __future__ import annotations

from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from desktop.ui.place import bring_forward

_SHOWN_MS = 10_000


class _Tray:
    """One icon per process, made at the first notification; the system keeps it beside the clock."""

    icon: QSystemTrayIcon | None = None


def notify(window: QWidget, title: str, text: str) -> bool:
    """Show it, if the desktop can; a click brings `window` forward. Says whether it was shown."""
    if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
        return False
    if _Tray.icon is None:
        _Tray.icon = QSystemTrayIcon(window.windowIcon(), window)
        _Tray.icon.setToolTip("Goferry")
        _Tray.icon.messageClicked.connect(lambda: bring_forward(window))
        _Tray.icon.activated.connect(lambda _reason: bring_forward(window))
        _Tray.icon.destroyed.connect(_forget)
        _Tray.icon.show()
    _Tray.icon.showMessage(title, text, window.windowIcon(), _SHOWN_MS)
    return True


def _forget() -> None:
    _Tray.icon = None
