"""The module graph as a picture: columns by distance from the own module, lines for "requires"."""

from __future__ import annotations

from collections import defaultdict

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.base.words import ntr
from desktop.build import ModuleGraph
from desktop.ui.theme import theme
from desktop.ui.widgets import paint_text

_ROW, _BOX, _GAP = 30, 22, 60
MOST = 400
"""Modules that are drawn; of a larger graph the nearest ones."""


def placed(graph: ModuleGraph) -> dict[str, tuple[int, int]]:
    """Node to (column, row): the own module first, each column in the order in which its modules were named."""
    rows: dict[int, int] = defaultdict(int)
    found: dict[str, tuple[int, int]] = {}
    for node in sorted(graph.nodes, key=lambda one: graph.depths.get(one, 99))[:MOST]:
        column = graph.depths.get(node, max(graph.depths.values(), default=0) + 1)
        found[node] = (column, rows[column])
        rows[column] += 1
    return found


def shown_name(node: str) -> str:
    """`github.com/gin-gonic/gin v1.9.1` without the host when that is the usual one."""
    path, _, version = node.partition("@")
    return f"{path.removeprefix('github.com/')} {version}".strip()


class GraphView(QWidget):
    """Hover or click a module to see what it requires, and who requires it."""

    def __init__(self) -> None:
        super().__init__()
        self._graph = ModuleGraph((), (), {})
        self._places: dict[str, QRectF] = {}
        self._lit = ""
        self.setObjectName("build.graph")
        self.setProperty("plain", True)
        self.setMouseTracking(True)

    def show_graph(self, graph: ModuleGraph) -> None:
        self._graph = graph
        self._lay_out()
        count = len(graph.nodes)
        self.setAccessibleName(ntr("{n} module", "{n} modules", count))
        self.setAccessibleDescription("; ".join(f"{a} → {b}" for a, b in graph.edges[:200]))
        self.updateGeometry()
        self.resize(self.sizeHint())
        self.update()

    def _lay_out(self) -> None:
        metrics = QFontMetrics(theme().font("caption"))
        spots = placed(self._graph)
        widths: dict[int, float] = defaultdict(float)
        for node, (column, _) in spots.items():
            widths[column] = max(widths[column], metrics.horizontalAdvance(shown_name(node)) + 20.0)
        starts, x = {}, 12.0
        for column in sorted(widths):
            starts[column] = x
            x += widths[column] + _GAP
        self._places = {
            node: QRectF(starts[column], 12 + at * _ROW, widths[column], _BOX)
            for node, (column, at) in spots.items()
        }

    def sizeHint(self) -> QSize:
        right = max((box.right() for box in self._places.values()), default=200.0)
        bottom = max((box.bottom() for box in self._places.values()), default=60.0)
        return QSize(int(right) + 12, int(bottom) + 12)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        lit = next((node for node, box in self._places.items() if box.contains(at)), "")
        if lit != self._lit:
            self._lit = lit
            self.setToolTip(lit)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        near = {self._lit}
        for lit in (False, True):
            for start, end in self._graph.edges:
                on = self._lit in (start, end) and bool(self._lit)
                if on is lit and start in self._places and end in self._places:
                    self._paint_edge(painter, self._places[start], self._places[end], on)
                    if on:
                        near |= {start, end}
        for node, box in self._places.items():
            self._paint_node(painter, node, box, node in near and bool(self._lit))
        painter.end()

    def _paint_edge(self, painter: QPainter, start: QRectF, end: QRectF, lit: bool) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(
            QPen(theme().color("accent.default" if lit else "stroke.control"), 1.6 if lit else 1.0)
        )
        first, last = QPointF(start.right(), start.center().y()), QPointF(end.left(), end.center().y())
        if last.x() <= first.x():
            last = QPointF(end.right(), end.center().y())
        bend = max(24.0, abs(last.x() - first.x()) / 2)
        path = QPainterPath(first)
        toward = bend if last.x() > start.right() and end.left() > start.right() else -bend
        path.cubicTo(first + QPointF(bend, 0), last - QPointF(toward, 0), last)
        painter.drawPath(path)

    def _paint_node(self, painter: QPainter, node: str, box: QRectF, lit: bool) -> None:
        own = self._graph.depths.get(node) == 0
        painter.setPen(QPen(theme().color("accent.default" if lit or own else "stroke.control"), 1))
        painter.setBrush(theme().color("accent.bg" if own or lit else "bg.card"))
        painter.drawRoundedRect(box, 4, 4)
        role = "accent.text" if own else "text.primary"
        paint_text(painter, box.adjusted(8, 0, -8, 0), shown_name(node), "caption", role)
