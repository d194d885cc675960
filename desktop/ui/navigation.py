"""The left side of the window: find, pages, the current project, activity and settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QVBoxLayout

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import NavButton, Text, label, paint_text, say, text_width

GLOBAL: tuple[tuple[str, str, Text], ...] = (
    ("projects", "folder", lambda: tr("Projects")),
    ("hosts", "server", lambda: tr("Hosts")),
)
OF_PROJECT: tuple[tuple[str, str, Text], ...] = (
    ("build", "hammer", lambda: tr("Build")),
    ("deploy", "ship", lambda: tr("Deploy")),
    ("live", "pulse", lambda: tr("Live")),
    ("consistency", "compare", lambda: tr("Consistency")),
)
NUMBERED = tuple(key for key, _, _ in (*GLOBAL, *OF_PROJECT))
"""Ctrl+1 to Ctrl+6."""
_UNDER = {"new_project": "projects", "host_setup": "hosts", "setup": "settings"}
"""Pages without a place of their own, and the place that they belong to."""


def initials(name: str) -> str:
    """Two letters for a project's tile: "orders-api" gives "OA"."""
    parts = [part for part in name.replace("_", "-").replace(".", "-").split("-") if part]
    if not parts:
        return "?"
    letters = parts[0][:2] if len(parts) == 1 else parts[0][0] + parts[1][0]
    return letters.upper()


def tile_tone(name: str) -> str:
    """The colour family of a project's tile, always the same for a name."""
    tones = ("accent", "env.prod", "env.staging", "warn", "ok", "env.dev")
    return tones[sum(name.encode()) % len(tones)]


def paint_tile(painter: QPainter, rect: QRectF, name: str) -> None:
    """A project's square with its initials."""
    tone = tile_tone(name)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color(f"{tone}.bg"))
    painter.drawRoundedRect(rect, 6, 6)
    ink = "accent.text" if tone == "accent" else f"{tone}.text"
    font = "captionStrong" if rect.width() < 34 else "bodyStrong"
    paint_text(painter, rect, initials(name), font, ink, Qt.AlignmentFlag.AlignHCenter)


class FindBox(QAbstractButton):
    """Looks like a field, opens the command palette."""

    def __init__(self) -> None:
        super().__init__()
        self._compact = False
        self.setObjectName("nav.find")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        say(self, self.setText, lambda: tr("Find or run"))
        say(self, self.setAccessibleName, lambda: tr("Find or run (Ctrl+K)"))
        say(self, self.setToolTip, lambda: tr("Find or run (Ctrl+K)"))

    def set_compact(self, compact: bool) -> None:
        self._compact = compact
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(40 if self._compact else 192, theme().size("input"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme().color("stroke.control"), 1))
        painter.setBrush(theme().color("bg.card"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QPen(theme().color("stroke.strong"), 1))
        painter.drawLine(QPointF(3, box.bottom()), QPointF(box.right() - 3, box.bottom()))
        left = (self.width() - 16) / 2 if self._compact else 10
        picture = theme().pixmap("search", "text.secondary", 16, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(left, box.center().y() - 8), picture)
        if not self._compact:
            tall = theme().px(18)
            wide = text_width("Ctrl K", "caption") + 12
            spot = QRectF(box.right() - wide - 7, box.center().y() - tall / 2, wide, tall)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("stroke.control"), 1))
            painter.drawRoundedRect(spot, 3, 3)
            paint_text(painter, spot, "Ctrl K", "caption", "text.secondary", Qt.AlignmentFlag.AlignHCenter)
            text = QRectF(34, 0, spot.left() - 38, self.height())
            paint_text(painter, text, self.text(), "body", "text.secondary")
        painter.end()


class Switcher(QAbstractButton):
    """The current project: tile, name, branch. A click lists the others."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("nav.project")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._name, self._branch, self._compact = "", "", False
        self.show_project("", "")

    def show_project(self, name: str, branch: str) -> None:
        self._name, self._branch = name, branch
        self.setAccessibleName(tr("Current project: {name}", name=name or "–"))
        self.setToolTip(tr("Switch project (Ctrl+P)"))
        self.update()

    def set_compact(self, compact: bool) -> None:
        self._compact = compact
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(40 if self._compact else 192, theme().px(48))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme().color("stroke.card"), 1))
        painter.setBrush(theme().color("bg.hover" if self.underMouse() else "bg.card"))
        painter.drawRoundedRect(box, 6, 6)
        side = 28
        left = (self.width() - side) / 2 if self._compact else 10
        paint_tile(painter, QRectF(left, box.center().y() - side / 2, side, side), self._name)
        if not self._compact:
            self._paint_words(painter, box, left + side + 10)
        painter.end()

    def _paint_words(self, painter: QPainter, box: QRectF, left: float) -> None:
        line_px = theme().px(18)
        right = box.right() - 30
        middle = box.center().y()
        top = middle - (line_px if self._branch else line_px / 2)
        paint_text(painter, QRectF(left, top, right - left, line_px), self._name, "bodyStrong")
        if self._branch:
            ratio = self.devicePixelRatioF()
            mark = theme().pixmap("branch", "text.secondary", 12, ratio)
            painter.drawPixmap(QPointF(left, middle + line_px / 2 - 6), mark)
            below = QRectF(left + 17, middle, right - left - 17, line_px)
            paint_text(painter, below, self._branch, "caption", "text.secondary")
        arrow = theme().pixmap("chev-down", "text.secondary", 14, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(box.right() - 24, middle - 7), arrow)


class Navigation(QFrame):
    """Emits wishes: a page's key, find, switch project, activity."""

    page_asked = Signal(str)
    find_asked = Signal()
    switch_asked = Signal()
    activity_asked = Signal()

    def __init__(self, available: Iterable[str]) -> None:
        super().__init__()
        self.setObjectName("nav")
        self.buttons: dict[str, NavButton] = {}
        self._group = QButtonGroup(self)
        known = set(available)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(2)
        self.finder = FindBox()
        self.finder.clicked.connect(self.find_asked)
        layout.addWidget(self.finder)
        layout.addSpacing(8)
        self._add(layout, [entry for entry in GLOBAL if entry[0] in known])
        layout.addSpacing(8)
        self._heading = label(lambda: tr("Current project"), "caption", "secondary")
        self._heading.setContentsMargins(11, 4, 0, 2)
        layout.addWidget(self._heading)
        self._none = label(
            lambda: tr("None yet. Build, Deploy, Live and Consistency appear with your first project."),
            "caption",
            "secondary",
            wrap=True,
        )
        self._none.setContentsMargins(11, 4, 4, 0)
        layout.addWidget(self._none)
        self.switcher = Switcher()
        self.switcher.clicked.connect(self.switch_asked)
        layout.addWidget(self.switcher)
        layout.addSpacing(4)
        self._of_project = self._add(layout, [entry for entry in OF_PROJECT if entry[0] in known])
        layout.addStretch(1)
        self.activity = NavButton("activity", lambda: tr("Activity"), name="nav.activity")
        self.activity.setCheckable(False)
        self.activity.clicked.connect(self.activity_asked)
        layout.addWidget(self.activity)
        self._add(layout, [("settings", "sliders", lambda: tr("Settings"))])
        self._compact = False
        self.show_project("", "")
        self.set_compact(False)

    def _add(self, layout: QVBoxLayout, entries: Sequence[tuple[str, str, Text]]) -> list[NavButton]:
        made = []
        for key, icon, text in entries:
            place = NavButton(icon, text, name=f"nav.{key}")
            place.clicked.connect(lambda _=False, key=key: self.page_asked.emit(key))
            self._group.addButton(place)
            self.buttons[key] = place
            layout.addWidget(place)
            made.append(place)
        return made

    def show_page(self, key: str) -> None:
        """Mark where we are."""
        place = self.buttons.get(key) or self.buttons.get(_UNDER.get(key, ""))
        self._group.setExclusive(False)
        for other in self.buttons.values():
            other.setChecked(other is place)
        self._group.setExclusive(True)

    def show_project(self, name: str, branch: str) -> None:
        """Name the current project; "" when there is none."""
        self._has_project = bool(name)
        self.switcher.show_project(name, branch)
        self._arrange()

    def set_compact(self, compact: bool) -> None:
        """48 px with icons only, or 208 px."""
        self._compact = compact
        margin = 4 if compact else 8
        self.setFixedWidth(48 if compact else min(theme().px(208), 264))
        if (layout := self.layout()) is not None:
            layout.setContentsMargins(margin, 4, margin, 6)
        for place in (*self.buttons.values(), self.activity):
            place.set_compact(compact)
        self.finder.set_compact(compact)
        self.switcher.set_compact(compact)
        self._arrange()

    def _arrange(self) -> None:
        self._heading.setVisible(not self._compact)
        self._none.setVisible(not self._has_project and not self._compact)
        self.switcher.setVisible(self._has_project)
        for place in self._of_project:
            place.setVisible(self._has_project)
