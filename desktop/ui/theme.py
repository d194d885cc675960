"""Colours, sizes, fonts and icons of the window, all from resources/themes/tokens.json.

Widgets ask `theme()` when they paint; nothing keeps a colour. `Theme.changed` follows each change of look.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import shiboken6
from PySide6.QtCore import QByteArray, QEasingCurve, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from desktop.base.resources import resources

from .contrast import CONTRAST_SHEET, high_contrast, system_color
from .dress import Roots
from .motion import animations_wanted
from .style import GoferryStyle

MODES = ("system", "light", "dark")
TEXT_SCALES = (1.0, 1.15, 1.3, 1.5)
DENSITY_PX = {"roomy": 4, "normal": 0, "compact": -4}
_ROWS = ("row", "rowDense", "rowTall", "treeRow", "navItem")
_PLACEHOLDER = re.compile(r"\$\(([\w.]+)\)")

_PALETTE = {
    QPalette.ColorRole.Window: "bg.layer",
    QPalette.ColorRole.WindowText: "text.primary",
    QPalette.ColorRole.Base: "bg.card",
    QPalette.ColorRole.AlternateBase: "bg.subtle",
    QPalette.ColorRole.ToolTipBase: "bg.overlay",
    QPalette.ColorRole.ToolTipText: "text.primary",
    QPalette.ColorRole.PlaceholderText: "text.tertiary",
    QPalette.ColorRole.Text: "text.primary",
    QPalette.ColorRole.Button: "bg.card",
    QPalette.ColorRole.ButtonText: "text.primary",
    QPalette.ColorRole.BrightText: "text.onAccent",
    QPalette.ColorRole.Highlight: "bg.selected",
    QPalette.ColorRole.HighlightedText: "text.primary",
    QPalette.ColorRole.Link: "text.link",
    QPalette.ColorRole.LinkVisited: "text.link",
    QPalette.ColorRole.Accent: "accent.default",
    QPalette.ColorRole.Light: "bg.card",
    QPalette.ColorRole.Midlight: "bg.subtle",
    QPalette.ColorRole.Mid: "stroke.control",
    QPalette.ColorRole.Dark: "stroke.strong",
    QPalette.ColorRole.Shadow: "stroke.card",
}


@cache
def tokens() -> dict[str, Any]:
    """The design tokens as they stand in the file."""
    text = (resources() / "themes" / "tokens.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


class Theme(QObject):
    """The look in force. One per process: `theme()`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.mode = "light"
        self.text_scale = 1.0
        self.density = "normal"
        self._dark = False
        self._colors: dict[str, QColor] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._fonts: dict[str, QFont] = {}
        self._style: GoferryStyle | None = None
        self.roots = Roots(self._worn_sheet)
        self._forget()

    # What widgets ask

    @property
    def is_dark(self) -> bool:
        return self._dark

    def hex(self, role: str) -> str:
        """The colour of a role as #RRGGBB; KeyError for a role that the tokens lack."""
        value: str = tokens()["color"]["dark" if self._dark else "light"][role]
        return value

    def color(self, role: str) -> QColor:
        """The colour of a role such as "text.primary"."""
        found = self._colors.get(role)
        if found is None:
            plain = role != "bg.scrim" and high_contrast()
            found = system_color(role, QGuiApplication.palette()) if plain else QColor(self.hex(role))
            self._colors[role] = found
        return found

    def px(self, length: float) -> int:
        """A length of type or of a row, at the chosen text size."""
        return round(length * self.text_scale)

    def size(self, name: str) -> int:
        """A named size; rows follow density and text size."""
        value: int = tokens()["size"][name]
        if name in _ROWS:
            return self.px(value) + DENSITY_PX[self.density]
        return self.px(value) if name in _SCALED else value

    def font(self, kind: str = "body") -> QFont:
        """A font of the type scale: caption, body, bodyStrong, subtitle, title, display, mono, monoStrong…"""
        found = self._fonts.get(kind)
        if found is None:
            found = self._fonts[kind] = self._make_font(kind)
        return QFont(found)

    def duration(self, name: str) -> int:
        """Milliseconds of a motion (fast, normal, slow); 0 when the system wishes for no animation."""
        milliseconds: int = tokens()["motion"][name]["ms"]
        return milliseconds if animations_wanted() else 0

    def curve(self, name: str) -> QEasingCurve:
        return QEasingCurve(getattr(QEasingCurve.Type, tokens()["motion"][name]["curve"]))

    def pixmap(self, name: str, role: str = "text.secondary", px: int = 16, ratio: float = 1.0) -> QPixmap:
        """An icon of the set in a colour role; kept until the look changes."""
        key = (name, role, px, ratio)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._pixmaps[key] = self._draw_icon(*key)
        return found

    def icon(self, name: str, role: str = "text.primary", px: int = 16, gap: int = 0) -> QIcon:
        """The same as a QIcon, with its disabled form, sharp on the screens there are; `gap` px of air at the right."""
        icon = QIcon()
        for ratio in {1.0, _device_ratio()}:
            for mode, ink in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "text.disabled")):
                icon.addPixmap(_with_air(self.pixmap(name, ink, px, ratio), gap), mode)
        return icon

    # Changing the look

    def apply(self, mode: str = "system", text_scale: float = 1.0, density: str = "normal") -> None:
        """Put a look in force on the whole application, at once."""
        self.mode, self.text_scale, self.density = mode, text_scale, density
        hints = QGuiApplication.styleHints()
        wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            mode, Qt.ColorScheme.Unknown
        )
        hints.setColorScheme(wanted)
        if mode == "system":
            self._dark = hints.colorScheme() == Qt.ColorScheme.Dark
        else:
            self._dark = mode == "dark"
        self._put_in_force()

    def follow_system(self) -> None:
        """Follow the system's light or dark from now on, while the mode is "system"."""
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._on_scheme)
        accessibility = getattr(hints, "accessibility", lambda: None)()
        if accessibility is not None:
            accessibility.contrastPreferenceChanged.connect(lambda _wanted: self._put_in_force())

    def _on_scheme(self, scheme: Qt.ColorScheme) -> None:
        dark = scheme == Qt.ColorScheme.Dark
        if self.mode == "system" and dark != self._dark:
            self._dark = dark
            self._put_in_force()

    def dress(self, root: QWidget, *, when_shown: bool = False) -> None:
        """Let a widget with all that is inside wear the style sheet, whatever the look will be."""
        self.roots.add(root, when_shown=when_shown)

    def _put_in_force(self) -> None:
        self._forget()
        self.roots.change(self._tell_application)
        self.changed.emit()

    def _tell_application(self) -> None:
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        if self._style is None or not shiboken6.isValid(self._style):
            self._style = GoferryStyle()
            app.setStyle(self._style)
        app.setFont(self.font("body"))
        app.setPalette(QPalette() if high_contrast() else self.palette())

    def _worn_sheet(self) -> str:
        return CONTRAST_SHEET if high_contrast() else self.style_sheet()

    def palette(self) -> QPalette:
        palette = QPalette()
        for role, color in _PALETTE.items():
            palette.setColor(role, self.color(color))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("text.disabled"))
        return palette

    def style_sheet(self) -> str:
        """The sheet with $(role), $(size.name) and $(px.N) filled in."""
        text = (resources() / "themes" / "goferry.qss").read_text(encoding="utf-8")
        return _PLACEHOLDER.sub(lambda found: self._fill(found[1]), text)

    def _fill(self, name: str) -> str:
        kind, _, rest = name.partition(".")
        if kind == "px":
            return f"{self.px(float(rest))}px"
        if kind == "size":
            return f"{self.size(rest)}px"
        if kind == "mono":
            return ", ".join(f'"{family}"' for family in tokens()["font"]["mono"])
        return self.hex(name)

    def _forget(self) -> None:
        self._colors.clear()
        self._pixmaps.clear()
        self._fonts.clear()

    def _make_font(self, kind: str) -> QFont:
        wanted = tokens()["type"][kind]
        font = QFont()
        font.setFamilies(tokens()["font"][wanted["family"]])
        font.setPixelSize(self.px(wanted["px"]))
        font.setWeight(QFont.Weight.DemiBold if wanted["weight"] >= 600 else QFont.Weight.Normal)
        if wanted["family"] == "mono":
            font.setStyleHint(QFont.StyleHint.Monospace)
        else:
            font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def _draw_icon(self, name: str, role: str, px: int, ratio: float) -> QPixmap:
        icon, ink = tokens()["icon"], self.color(role).name()
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {icon["grid"]} {icon["grid"]}">'
            f'<path d="{icon["paths"][name]}" fill="none" stroke="{ink}" stroke-width="{icon["stroke"]}"'
            f' stroke-linecap="{icon["cap"]}" stroke-linejoin="{icon["join"]}"/></svg>'
        )
        side = round(px * ratio)
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side, side))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


_SCALED = ("button", "buttonSmall", "input", "inputSmall", "tableHeader", "tab", "statusbar")


def _with_air(picture: QPixmap, gap: int) -> QPixmap:
    if not gap:
        return picture
    ratio = picture.devicePixelRatio()
    wider = QPixmap(picture.width() + round(gap * ratio), picture.height())
    wider.setDevicePixelRatio(ratio)
    wider.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wider)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return wider


def _device_ratio() -> float:
    return max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)


@cache
def theme() -> Theme:
    """The one Theme of this process."""
    return Theme()
