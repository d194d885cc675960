"""The target matrix: systems down, processors across; what Go cannot build shows a dash."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.base.words import ntr, tr
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    Chip,
    FlowLayout,
    button,
    check_box,
    chip_width,
    clear_layout,
    label,
    paint_chip,
    tab_before,
    use_font,
)

from .present import ALL_LINUX, CENTOS, SYSTEMS, matrix_columns, matrix_rows


class _Cell(QWidget):
    """One pair. Tinted when it is chosen."""

    def __init__(self, target: str, on: bool, toggled: Callable[[str, bool], None]) -> None:
        super().__init__()
        self.box = check_box("", name=f"build.target.{target}", on=on)
        self.box.setAccessibleName(target)
        self.box.setToolTip(target)
        self.box.toggled.connect(lambda now: toggled(target, now))
        self.box.toggled.connect(lambda _: self.update())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 0, Qt.AlignmentFlag.AlignCenter)
        self.setMinimumHeight(theme().px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.box.isChecked():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent.bg"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()


class TargetCard(Card):
    """`chosen(targets)` when a person changed the choice."""

    chosen = Signal(tuple)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Targets"))
        self.count = Chip("", "accent")
        self.count.hide()
        self.add_action(self.count)
        self._known: Collection[str] = ()
        self._targets: tuple[str, ...] = ()
        self._boxes: dict[str, _Cell] = {}
        self.grid = QGridLayout()
        self.grid.setSpacing(1)
        self.body.addLayout(self.grid)
        presets = FlowLayout(gap=6)
        made = []
        self.body.addWidget(label(lambda: tr("Presets"), "caption", "secondary"))
        for name, text, targets in (
            ("centos", lambda: tr("CentOS servers"), CENTOS),
            ("linux", lambda: tr("All Linux"), ALL_LINUX),
        ):
            preset = button(text, name=f"build.preset.{name}", kind="preset", small=True)
            preset.clicked.connect(lambda _=False, wanted=targets: self.choose(wanted))
            presets.addWidget(preset)
            made.append(preset)
        self._first_preset = made[0]
        holder = QWidget()
        holder.setLayout(presets)
        self.body.addWidget(holder)

    @property
    def targets(self) -> tuple[str, ...]:
        return self._targets

    def show_targets(self, targets: Sequence[str], known: Collection[str]) -> None:
        """`known`: what Go can build; empty as long as that is not known."""
        if (tuple(targets), set(known)) == (self._targets, set(self._known)) and self._boxes:
            return
        self._targets, self._known = tuple(targets), known
        self._rebuild()

    def choose(self, wanted: Sequence[str]) -> None:
        """Tick these alone, as far as Go can build them."""
        possible = tuple(target for target in wanted if self._can(target))
        if possible and possible != self._targets:
            self._targets = possible
            self._rebuild()
            self.chosen.emit(self._targets)

    def untick(self, target: str) -> None:
        left = tuple(one for one in self._targets if one != target)
        self.choose(left)

    def say_count(self) -> None:
        self.count.setVisible(bool(self._targets))
        self.count.set_text(ntr("{n} chosen", "{n} chosen", len(self._targets)))

    def _can(self, target: str) -> bool:
        if not self._known:
            return target.startswith(("linux/", "windows/")) or target.endswith(("amd64", "arm64"))
        return target in self._known

    def _rebuild(self) -> None:
        clear_layout(self.grid)
        self._boxes.clear()
        rows, columns = matrix_rows(self._targets), matrix_columns(self._targets)
        for at, processor in enumerate(columns, 1):
            self.grid.addWidget(self._head(processor, [f"{system}/{processor}" for system in SYSTEMS]), 0, at)
            self.grid.setColumnStretch(at, 1)
        for down, system in enumerate(rows, 1):
            self.grid.addWidget(self._head(system, [f"{system}/{one}" for one in columns]), down, 0)
            for at, processor in enumerate(columns, 1):
                self.grid.addWidget(self._cell(f"{system}/{processor}"), down, at)
        made = (self.grid.itemAt(at) for at in range(self.grid.count()))
        widgets = (item.widget() for item in made if item is not None)
        tab_before(self._first_preset, *(widget for widget in widgets if widget is not None))
        self.say_count()

    def _head(self, text: str, targets: list[str]) -> QWidget:
        head = TextButton(text, name=f"build.head.{text}", font="caption")
        head.setToolTip(tr("Choose or leave out all of {name}", name=text))
        head.clicked.connect(lambda: self._toggle_all([one for one in targets if self._can(one)]))
        return head

    def _cell(self, target: str) -> QWidget:
        if not self._can(target):
            dash = label("–", "body", "tertiary")
            dash.setAlignment(Qt.AlignmentFlag.AlignCenter)
            dash.setToolTip(tr("Go cannot build for {target}", target=target))
            return dash
        cell = _Cell(target, target in self._targets, self._on_toggled)
        self._boxes[target] = cell
        return cell

    def _toggle_all(self, targets: list[str]) -> None:
        missing = [one for one in targets if one not in self._targets]
        if missing:
            self.choose((*self._targets, *missing))
        else:
            self.choose(tuple(one for one in self._targets if one not in targets))

    def _on_toggled(self, target: str, on: bool) -> None:
        others = tuple(one for one in self._targets if one != target)
        if not on and not others:
            self._boxes[target].box.setChecked(True)  # one target at least
            return
        self._targets = (*others, target) if on else others
        self.say_count()
        self.chosen.emit(self._targets)


class ChipButton(QAbstractButton):
    """A chip that can be pressed."""

    def __init__(self, tone: str, *, name: str) -> None:
        super().__init__()
        self._tone = tone
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(chip_width(self.text(), False), theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_chip(painter, QRectF(self.rect()).adjusted(0, 2, 0, -2), self.text(), self._tone, None)
        painter.end()


class TextButton(QToolButton):
    """A button that takes no more room than its words."""

    def __init__(self, text: str, *, name: str, font: str = "body") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("kind", "icon")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setText(text)
        use_font(self, font)

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self.font()).horizontalAdvance(self.text()) + 6, theme().px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def stacked(*widgets: QWidget) -> QWidget:
    """Cards one below the other, 14 px apart."""
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(14)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return holder
