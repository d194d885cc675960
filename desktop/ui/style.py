"""Fusion, with our check boxes and radio buttons."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QWidget

_INDICATORS = (
    QStyle.PrimitiveElement.PE_IndicatorCheckBox,
    QStyle.PrimitiveElement.PE_IndicatorRadioButton,
    QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck,
)
_SIDES = {
    QStyle.PixelMetric.PM_IndicatorWidth: 16,
    QStyle.PixelMetric.PM_IndicatorHeight: 16,
    QStyle.PixelMetric.PM_ExclusiveIndicatorWidth: 16,
    QStyle.PixelMetric.PM_ExclusiveIndicatorHeight: 16,
    QStyle.PixelMetric.PM_CheckBoxLabelSpacing: 8,
    QStyle.PixelMetric.PM_RadioButtonLabelSpacing: 8,
}


class GoferryStyle(QProxyStyle):
    """Painted indicators: a style sheet could only show picture files."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        side = _SIDES.get(metric)
        return super().pixelMetric(metric, option, widget) if side is None else side

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if element == QStyle.PrimitiveElement.PE_FrameFocusRect:
            return  # one FocusRing per window shows where the keyboard is
        if element == QStyle.PrimitiveElement.PE_IndicatorBranch:
            paint_branch(painter, option)
            return
        if element not in _INDICATORS:
            super().drawPrimitive(element, option, painter, widget)
            return
        box = QRectF(option.rect)
        side = min(box.width(), box.height(), 16.0)
        rect = QRectF(0, 0, side, side)
        rect.moveCenter(box.center())
        state = option.state
        if element == QStyle.PrimitiveElement.PE_IndicatorRadioButton:
            paint_radio(painter, rect, state)
        else:
            paint_check(painter, rect, state)


def paint_branch(painter: QPainter, option: QStyleOption) -> None:
    """A chevron beside a tree row that has children; no lines."""
    from .theme import theme

    if not option.state & QStyle.StateFlag.State_Children:
        return
    name = "chev-down" if option.state & QStyle.StateFlag.State_Open else "chev-right"
    picture = theme().pixmap(name, "text.secondary", 12, painter.device().devicePixelRatioF())
    corner = QRectF(0, 0, 12, 12)
    corner.moveCenter(QRectF(option.rect).center())
    painter.drawPixmap(corner.topLeft(), picture)


def paint_check(painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
    """A check box of 16 px: empty, ticked, or with a bar where only some are."""
    from .theme import theme

    enabled = bool(state & QStyle.StateFlag.State_Enabled)
    ticked, partly = bool(state & QStyle.StateFlag.State_On), bool(state & QStyle.StateFlag.State_NoChange)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    if ticked or partly:
        fill = theme().color("accent.default" if enabled else "text.disabled")
        painter.setPen(QPen(fill, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(_mark_pen("text.onAccent"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x, y, unit = rect.x(), rect.y(), rect.width() / 16
        if partly:
            painter.drawLine(QPointF(x + 4 * unit, y + 8 * unit), QPointF(x + 12 * unit, y + 8 * unit))
        else:
            points = [(4.2, 8.4), (6.9, 11), (11.8, 5.4)]
            painter.drawPolyline(QPolygonF([QPointF(x + px * unit, y + py * unit) for px, py in points]))
    else:
        hovered = bool(state & QStyle.StateFlag.State_MouseOver) and enabled
        painter.setPen(QPen(theme().color("stroke.strong" if enabled else "stroke.control"), 1))
        painter.setBrush(theme().color("bg.hover" if hovered else "bg.card"))
        painter.drawRoundedRect(box, 3, 3)
    painter.restore()


def paint_radio(painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
    """A radio button of 16 px."""
    from .theme import theme

    enabled, chosen = bool(state & QStyle.StateFlag.State_Enabled), bool(state & QStyle.StateFlag.State_On)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    if chosen:
        fill = theme().color("accent.default" if enabled else "text.disabled")
        painter.setPen(QPen(fill, 1))
        painter.setBrush(fill)
        painter.drawEllipse(box)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("text.onAccent"))
        painter.drawEllipse(rect.center(), 2.8, 2.8)
    else:
        painter.setPen(QPen(theme().color("stroke.strong" if enabled else "stroke.control"), 1))
        painter.setBrush(theme().color("bg.card"))
        painter.drawEllipse(box)
    painter.restore()


def _mark_pen(role: str) -> QPen:
    from .theme import theme

    pen = QPen(theme().color(role), 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
