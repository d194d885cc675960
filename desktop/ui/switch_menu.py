"""The list of projects under the switcher."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import Row, list_view
from desktop.ui.widgets.lists import ROW_ROLE


class SwitchMenu(QFrame):
    """`chosen(folder)`, `open_asked()`."""

    chosen = Signal(str)
    open_asked = Signal()

    def __init__(self, folders: Sequence[str], current: Path | None, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("surface", "popover")
        theme().dress(self)
        self.setObjectName("switcher")
        self.view, model, _ = list_view(name="switcher.list", label=lambda: tr("Projects"))
        rows = [
            Row(
                Path(folder).name,
                str(Path(folder).parent),
                state="ok" if current and Path(folder) == current else None,
                icon="folder",
                payload=folder,
            )
            for folder in folders
        ]
        rows.append(Row(tr("Open folder…"), icon="folder-open", payload=""))
        model.show_rows(rows)
        self.view.clicked.connect(lambda index: self._choose(index.data(ROW_ROLE)))
        self.view.activated.connect(lambda index: self._choose(index.data(ROW_ROLE)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 6, 1, 6)
        layout.addWidget(self.view)
        self.resize(340, min(420, 24 + sum(52 if shown.second else 36 for shown in rows)))
        self.view.setCurrentIndex(model.index(0))
        self.view.setFocus()

    def _choose(self, chosen: object) -> None:
        if not isinstance(chosen, Row) or not self.isVisible():
            return
        self.close()
        if chosen.payload:
            self.chosen.emit(chosen.payload)
        else:
            self.open_asked.emit()
