"""The plan as five facts side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop.ui.widgets import ElidedLabel, line

from .present import Tile

TILES = 5


class PlanStrip(QWidget):
    """`show_tiles` with five tiles."""

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._tiles: list[tuple[ElidedLabel, ElidedLabel, ElidedLabel, ElidedLabel, QWidget]] = []
        for number in range(TILES):
            if number:
                layout.addWidget(line(vertical=True))
            layout.addWidget(self._tile(), 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _tile(self) -> QWidget:
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(14, 10, 10, 10)
        box.setSpacing(2)
        head = ElidedLabel("", "caption", "secondary")
        strong = ElidedLabel("", "bodyStrong")
        plain = ElidedLabel("", "caption", "secondary")
        mono = ElidedLabel("", "mono", "secondary")
        for label in (head, strong, plain, mono):
            box.addWidget(label)
        self._tiles.append((head, strong, plain, mono, holder))
        return holder

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        for (head, strong, plain, mono, holder), tile in zip(self._tiles, tiles, strict=True):
            head.set_text(tile.head)
            strong.set_text(tile.strong)
            plain.set_text("" if tile.mono else tile.second)
            mono.set_text(tile.second if tile.mono else "")
            plain.setVisible(not tile.mono)
            mono.setVisible(tile.mono)
            holder.setToolTip(tile.tip)
            holder.setAccessibleName(
                ", ".join(part for part in (tile.head, tile.strong, tile.second) if part)
            )
