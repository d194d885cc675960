"""The list of sections at the left of Settings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from desktop.ui.widgets import NavButton, Text, keep_width


class SectionList(QWidget):
    """`chosen(key)` when a section is pressed."""

    chosen = Signal(str)

    def __init__(self, names: Sequence[tuple[str, str, Text]]) -> None:
        super().__init__()
        keep_width(self, 212)
        self._places: dict[str, NavButton] = {}
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for key, icon, text in names:
            place = NavButton(icon, text, name=f"settings.section.{key}")
            place.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(place)
            self._places[key] = place
            layout.addWidget(place)
        layout.addStretch(1)
        self.set_value(names[0][0])

    def set_value(self, key: str) -> None:
        self._places[key].setChecked(True)
