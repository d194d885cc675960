"""Painting shared by widgets and delegates: state shapes, chips, meters, buttons in rows.

All take (painter, rect, …) and read colours from the theme at that moment.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from desktop.base.words import tr
from desktop.ui.contrast import high_contrast
from desktop.ui.theme import theme

from .spinner import spinner

STATES = ("ok", "warn", "fail", "busy", "wait", "off", "paused", "skip", "undo", "info")

_ROLE = {"ok": "ok", "warn": "warn", "fail": "fail", "busy": "accent", "info": "info"}
_FILLED = ("ok", "warn", "fail", "paused", "undo", "info")


def state_word(state: str) -> str:
    """The word that stands for a state where nothing more exact is known."""
    return {
        "ok": lambda: tr("OK"),
        "warn": lambda: tr("needs a look"),
        "fail": lambda: tr("failed"),
        "busy": lambda: tr("running"),
        "wait": lambda: tr("waiting"),
        "off": lambda: tr("off"),
        "paused": lambda: tr("paused"),
        "skip": lambda: tr("skipped"),
        "undo": lambda: tr("rolled back"),
        "info": lambda: tr("note"),
    }[state]()


def tone_of(state: str) -> str:
    """The colour family of a state: ok, warn, fail, accent, info or off."""
    return _ROLE.get(state, "off")


def text_role(state: str) -> str:
    """The colour role for words about a state; plain text for ok and what merely waits."""
    return {"warn": "warn.text", "fail": "fail.text", "busy": "accent.text", "info": "info.text"}.get(
        state, "text.secondary"
    )


def paint_status(painter: QPainter, rect: QRectF | QRect, state: str, widget: QWidget | None = None) -> None:
    """Draw the shape of a state into a square. `widget` is what turns while busy: the view's viewport, or self."""
    box = QRectF(rect)
    side = min(box.width(), box.height())
    square = QRectF(0, 0, side, side)
    square.moveCenter(box.center())
    place = painter.worldTransform().mapRect(square).toAlignedRect() if state == "busy" else QRect()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(square.topLeft())
    painter.scale(side / 14, side / 14)
    if high_contrast():
        color, mark = painter.pen().color(), painter.pen().color()
    else:
        family = tone_of(state)
        color = theme().color("accent.default" if family == "accent" else f"{family}.fill")
        mark = theme().color("text.onFill")
    if state == "busy":
        _busy(painter, color, widget, place)
    else:
        _SHAPES[state](painter, color, mark)
    painter.restore()


def _pen(color: QColor, width: float) -> QPen:
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _fill(painter: QPainter, color: QColor) -> None:
    if high_contrast():
        painter.setPen(QPen(color, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)


def _lines(painter: QPainter, color: QColor, width: float, *paths: tuple[tuple[float, float], ...]) -> None:
    painter.setPen(_pen(color, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for path in paths:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in path]))


def _ok(painter: QPainter, color: QColor, mark: QColor) -> None:
    _fill(painter, color)
    painter.drawEllipse(QRectF(0.5, 0.5, 13, 13))
    _lines(painter, mark, 1.5, ((4.2, 7.2), (6.2, 9.2), (9.9, 5.1)))


def _warn(painter: QPainter, color: QColor, mark: QColor) -> None:
    _fill(painter, color)
    painter.setPen(_pen(color, 1.4))
    painter.drawPolygon(QPolygonF([QPointF(7, 1.3), QPointF(13.2, 12.4), QPointF(0.8, 12.4)]))
    _lines(painter, mark, 1.5, ((7, 5.2), (7, 8.2)), ((7, 10.5), (7, 10.55)))


def _fail(painter: QPainter, color: QColor, mark: QColor) -> None:
    _fill(painter, color)
    corners = [
        (4.2, 0.4),
        (9.8, 0.4),
        (13.6, 4.2),
        (13.6, 9.8),
        (9.8, 13.6),
        (4.2, 13.6),
        (0.4, 9.8),
        (0.4, 4.2),
    ]
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
    _lines(painter, mark, 1.5, ((4.7, 4.7), (9.3, 9.3)), ((9.3, 4.7), (4.7, 9.3)))


def _busy(painter: QPainter, color: QColor, widget: QWidget | None, place: QRect) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    track = color if high_contrast() else theme().color("accent.border")
    painter.setPen(_pen(track, 1.8))
    painter.drawEllipse(QRectF(1.4, 1.4, 11.2, 11.2))
    painter.setPen(_pen(color, 2.2))
    start = 90 - spinner().turn(widget, place.adjusted(-1, -1, 1, 1)) * 360
    painter.drawArc(QRectF(1.4, 1.4, 11.2, 11.2), int(start * 16), -90 * 16)


def _wait(painter: QPainter, color: QColor, _mark: QColor) -> None:
    pen = _pen(color, 1.3)
    pen.setDashPattern([0.1, 2.37])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QRectF(1.2, 1.2, 11.6, 11.6))


def _off(painter: QPainter, color: QColor, _mark: QColor) -> None:
    painter.setPen(_pen(color, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QRectF(1, 1, 12, 12))
    _lines(painter, color, 1.4, ((4.3, 7), (9.7, 7)))


def _paused(painter: QPainter, color: QColor, mark: QColor) -> None:
    _fill(painter, color)
    painter.drawEllipse(QRectF(0.5, 0.5, 13, 13))
    _lines(painter, mark, 1.5, ((5.3, 4.6), (5.3, 9.4)), ((8.7, 4.6), (8.7, 9.4)))


def _skip(painter: QPainter, color: QColor, _mark: QColor) -> None:
    painter.setPen(_pen(color, 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QRectF(1, 1, 12, 12))
    _lines(painter, color, 1.2, ((4.2, 4.8), (6.4, 7), (4.2, 9.2)), ((7.4, 4.8), (9.6, 7), (7.4, 9.2)))


def _undo(painter: QPainter, color: QColor, mark: QColor) -> None:
    _fill(painter, color)
    painter.drawEllipse(QRectF(0.5, 0.5, 13, 13))
    _lines(painter, mark, 1.3, ((5.8, 3.9), (4, 5.7), (5.8, 7.5)), ((4.2, 5.7), (8, 5.7)))
    painter.drawArc(QRectF(6.2, 5.7, 3.8, 3.8), 90 * 16, -180 * 16)
    painter.drawLine(QPointF(8, 9.5), QPointF(6, 9.5))


def _info(painter: QPainter, color: QColor, mark: QColor) -> None:
    _fill(painter, color)
    painter.drawEllipse(QRectF(0.5, 0.5, 13, 13))
    _lines(painter, mark, 1.6, ((7, 6.6), (7, 10)), ((7, 4.1), (7, 4.15)))


_SHAPES = {
    "ok": _ok,
    "warn": _warn,
    "fail": _fail,
    "wait": _wait,
    "off": _off,
    "paused": _paused,
    "skip": _skip,
    "undo": _undo,
    "info": _info,
}


def paint_text(
    painter: QPainter,
    rect: QRect | QRectF,
    text: str,
    font: str = "body",
    role: str = "text.primary",
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> int:
    """Draw one elided line, vertically centred; returns the width that it took."""
    box = QRectF(rect)
    face = theme().font(font)
    metrics = QFontMetrics(face)
    shown = metrics.elidedText(text, elide, int(box.width()) + 1)
    painter.setFont(face)
    painter.setPen(theme().color(role))
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
    return metrics.horizontalAdvance(shown)


def text_width(text: str, font: str = "body") -> int:
    return QFontMetrics(theme().font(font)).horizontalAdvance(text)


def chip_width(text: str, shape: bool = False) -> int:
    return text_width(text, "caption") + 16 + (20 if shape else 0)


def paint_chip(
    painter: QPainter, rect: QRect | QRectF, text: str, tone: str = "off", state: str | None = None
) -> None:
    """A chip: `tone` is ok, warn, fail, info, off, accent or env.dev, env.staging, env.prod."""
    box = QRectF(rect)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color(f"{tone}.bg"))
    painter.drawRoundedRect(box, 4, 4)
    inner = box.adjusted(8, 0, -8, 0)
    if state is not None:
        paint_status(painter, QRectF(inner.left(), inner.center().y() - 7, 14, 14), state)
        inner.setLeft(inner.left() + 20)
    paint_text(painter, inner, text, "caption", f"{tone}.text")
    painter.restore()


def meter_tone(share: float) -> str:
    return "fail.fill" if share >= 0.9 else "warn.fill" if share >= 0.8 else "off.fill"


def paint_meter(painter: QPainter, rect: QRect | QRectF, share: float | None, width: int = 58) -> None:
    """A percentage over a 58 x 4 bar: amber from 80 %, red from 90 %; a dash where nothing is known."""
    box = QRectF(rect)
    if share is None:
        paint_text(painter, box, "–", "body", "text.tertiary")
        return
    middle = box.center().y()
    number = QRectF(box.left(), middle - theme().px(16), box.width(), theme().px(16))
    paint_text(painter, number, f"{share:.0%}", "caption", "text.secondary")
    paint_bar(painter, QRectF(box.left(), middle + 4, width, 4), share, meter_tone(share))


def paint_bar(painter: QPainter, rect: QRectF, share: float, role: str = "accent.default") -> None:
    """A 4 px bar filled to `share` (0 to 1)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = rect.height() / 2
    painter.setBrush(theme().color("stroke.card"))
    painter.drawRoundedRect(rect, radius, radius)
    done = QRectF(rect)
    done.setWidth(rect.width() * min(1.0, max(0.0, share)))
    if done.width() > 0:
        painter.setBrush(theme().color(role))
        painter.drawRoundedRect(done, radius, radius)
    painter.restore()


def button_width(text: str, icon: str | None = None) -> int:
    return max(48, text_width(text, "caption") + 20 + (20 if icon else 0))


def paint_button(
    painter: QPainter,
    rect: QRect | QRectF,
    text: str,
    *,
    icon: str | None = None,
    kind: str = "standard",
    hovered: bool = False,
    enabled: bool = True,
) -> None:
    """A small button in a row; `kind` as for `button()`. The delegate does the hit testing."""
    box = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
    look = _BUTTON_LOOKS.get(kind, _BUTTON_LOOKS["standard"])
    back, edge, role = look
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().color(edge), 1) if edge else Qt.PenStyle.NoPen)
    if hovered and enabled:
        back = "accent.hover" if kind == "primary" else "bg.hover"
    painter.setBrush(theme().color(back) if back else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 4, 4)
    ink = role if enabled else "text.disabled"
    width = text_width(text, "caption") + (20 if icon else 0)
    left = box.center().x() - width / 2
    if icon:
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(QPointF(left, box.center().y() - 7), theme().pixmap(icon, ink, 14, ratio))
        left += 20
    paint_text(painter, QRectF(left, box.top(), box.right() - left, box.height()), text, "caption", ink)
    painter.restore()


_BUTTON_LOOKS: dict[str, tuple[str, str, str]] = {
    "standard": ("bg.card", "stroke.control", "text.primary"),
    "primary": ("accent.default", "accent.default", "text.onAccent"),
    "accent": ("bg.card", "accent.default", "accent.text"),
    "danger": ("bg.card", "fail.border", "fail.text"),
    "plain": ("", "", "text.secondary"),
    "link": ("", "", "text.link"),
}
