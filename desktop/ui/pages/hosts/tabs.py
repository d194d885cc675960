"""The Images and History tabs of one host: read when they are first looked at, kept until asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from desktop.app_host import HostDeed, HostImage
from desktop.base.errors import GoferryError
from desktop.base.words import ntr, tr
from desktop.ui.widgets import Row, button, label, line, list_view, row, stay_low

from . import carried, present


class ListTab(QWidget):
    """A sentence over a list. `again_asked` when it is to be read once more."""

    again_asked = Signal()

    def __init__(self, name: str, label_text: Callable[[], str]) -> None:
        super().__init__()
        self.said = label("", "caption", "secondary", wrap=True)
        self.again = button(lambda: tr("Read again"), name=f"{name}.again", small=True, icon="refresh")
        self.again.clicked.connect(self.again_asked)
        self.view, self.rows, self.delegate = list_view(name=name, label=label_text, strong=False)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(0)
        head = row(spacing=8, margins=(16, 8, 12, 8))
        stay_low(self.said)
        head.addWidget(self.said, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        self.box.addLayout(head)
        self.box.addWidget(line())
        self.box.addWidget(self.view, 1)

    def show_busy(self) -> None:
        """Old rows stay while it is asked."""
        self.said.setText(tr("Reading from the host…"))
        self.again.setEnabled(False)

    def show_error(self, error: GoferryError) -> None:
        self.said.setText("\n".join(part for part in present.error_text(error) if part))
        self.rows.show_rows([])
        self.again.setEnabled(True)

    def _show(self, said: str, rows: Sequence[Row]) -> None:
        self.said.setText(said)
        self.rows.show_rows(rows)
        self.again.setEnabled(True)


class ImagesTab(ListTab):
    """`remove_asked(images)`: a HostImage's ids that a person wants away."""

    remove_asked = Signal(list)

    def __init__(self) -> None:
        super().__init__("hosts.images", lambda: tr("Images on the host"))
        self._images: tuple[HostImage, ...] = ()
        self.remove = button(lambda: tr("Remove…"), name="hosts.images.remove", small=True)
        self.remove.clicked.connect(self._ask_chosen)
        self.prune = button("", name="hosts.images.prune", small=True)
        self.prune.clicked.connect(lambda: self.remove_asked.emit(carried.old(self._images)))
        self.box.addWidget(line())
        self.box.addLayout(row(self.prune, self.remove, None, spacing=6, margins=(12, 8, 12, 8)))
        self.view.selectionModel().currentChanged.connect(lambda *_: self._render_foot())
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._menu)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.view)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._ask_chosen)
        self._render_foot()

    def show_images(self, images: Sequence[HostImage]) -> None:
        self._images = tuple(images)
        self._show(carried.images_line(self._images), [carried.image_row(one) for one in self._images])
        self._render_foot()

    def show_error(self, error: GoferryError) -> None:
        self._images = ()
        super().show_error(error)
        self._render_foot()

    def chosen(self) -> HostImage | None:
        at = self.view.currentIndex()
        return self._images[at.row()] if at.isValid() and at.row() < len(self._images) else None

    def _ask_chosen(self) -> None:
        found = self.chosen()
        if found is not None and not found.used_by:
            self.remove_asked.emit([found])

    def _menu(self, point: QPoint) -> None:
        found = self.chosen()
        if found is None:
            return
        menu = QMenu(self)
        menu.addAction(tr("Remove…"), self._ask_chosen).setEnabled(not found.used_by)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.view.viewport().mapToGlobal(point))

    def _render_foot(self) -> None:
        old = carried.old(self._images)
        self.prune.setText(ntr("Remove {n} old…", "Remove {n} old…", len(old)))
        self.prune.setVisible(bool(old))
        found = self.chosen()
        self.remove.setEnabled(found is not None and not found.used_by)


class HistoryTab(ListTab):
    """Releases, set-ups and commands on the host, the newest first."""

    def __init__(self) -> None:
        super().__init__("hosts.history", lambda: tr("What was done on the host"))

    def show_deeds(self, deeds: Sequence[HostDeed], now: float) -> None:
        said = ntr("{n} entry", "{n} entries", len(deeds)) if deeds else tr("Nothing was done on it yet.")
        self._show(said, [carried.deed_row(deed, now) for deed in deeds])
