"""High contrast: the system's few colours in the place of ours, for what we paint ourselves."""

from __future__ import annotations

from PySide6.QtGui import QColor, QGuiApplication, QPalette, Qt

_ROLE = QPalette.ColorRole
_FIXED = {
    "text.onAccent": _ROLE.HighlightedText,
    "text.onFill": _ROLE.HighlightedText,
    "text.link": _ROLE.Link,
    "accent.text": _ROLE.Link,
    "accent.bg": _ROLE.Window,
    "bg.card": _ROLE.Base,
    "bg.code": _ROLE.Base,
    "bg.overlay": _ROLE.Base,
}
_CHOSEN = ("bg.selected", "nav.selected", "log.match")
_CHOSEN_SHARE = 0.25
"""Of the system's highlight in the ground of what is chosen: text on it keeps its own colour, and stays legible."""


CONTRAST_SHEET = """
QPushButton, QToolButton, QLineEdit, QComboBox, QPlainTextEdit { border: 1px solid palette(window-text);
    padding: 3px 8px; background: palette(base); }
QPushButton:checked, QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }
QPushButton:focus, QToolButton:focus, QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus {
    border: 2px solid palette(highlight); }
QPushButton:disabled, QLineEdit:disabled, QComboBox:disabled { border: 1px dashed palette(window-text); }
"""
"""Edges, focus and what is switched on: no colour of ours, but Qt's own style leaves them black on black."""


def high_contrast() -> bool:
    """Whether the system asks for its own contrast colours, which then hold unmodified."""
    hints = QGuiApplication.styleHints()  # held: its accessibility() would outlive a temporary
    accessibility = getattr(hints, "accessibility", lambda: None)()
    if accessibility is None:
        return False
    return bool(accessibility.contrastPreference() == Qt.ContrastPreference.HighContrast)


def system_color(role: str, palette: QPalette) -> QColor:
    """What one of our colour roles is in the system's colours."""
    if role in _FIXED:
        return palette.color(_FIXED[role])
    if role == "text.disabled":
        return palette.color(QPalette.ColorGroup.Disabled, _ROLE.WindowText)
    if role in _CHOSEN:
        return _mixed(palette.color(_ROLE.Highlight), palette.color(_ROLE.Window))
    if role.startswith("accent."):
        return palette.color(_ROLE.Highlight)
    if role.startswith(("bg.", "nav.")) or role.endswith((".bg", "Row")):
        return palette.color(_ROLE.Window)
    return palette.color(_ROLE.WindowText)


def _mixed(upper: QColor, lower: QColor) -> QColor:
    share = _CHOSEN_SHARE
    parts = zip(upper.getRgbF()[:3], lower.getRgbF()[:3], strict=True)  # type: ignore[index]
    return QColor.fromRgbF(*(share * one + (1 - share) * other for one, other in parts))
