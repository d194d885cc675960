"""The square that tells production among environments, wherever one is chosen."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap

from desktop.ui.environments import environment_tone
from desktop.ui.theme import theme
from desktop.ui.widgets import Segmented


def mark_production(switch: Segmented, names: Iterable[str]) -> None:
    """In the colours of now; call it again after a change of look."""
    for name in names:
        tone = environment_tone(name)
        if tone != "env.prod":
            continue
        square = QPixmap(theme().px(14), theme().px(9))  # with a gap before the word
        square.fill(Qt.GlobalColor.transparent)
        painter = QPainter(square)
        painter.fillRect(0, 0, theme().px(9), theme().px(9), theme().color(f"{tone}.fill"))
        painter.end()
        segment = switch.segment(name)
        segment.setIcon(QIcon(square))
        segment.setIconSize(square.size())
        segment.setMinimumWidth(segment.sizeHint().width() + theme().px(16))
        segment.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
