"""The picture of a log: columns, visible rows, colours. Only what is on screen is painted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from desktop.base.words import host_words, tr
from desktop.ui.theme import theme

from .log_buffer import LogBuffer, LogRow, Span

LINK = re.compile(r"(?:[A-Za-z]:)?[\w./\\+@-]*\w\.(?:go|mod|s|c|h|yaml|yml):\d+(?::\d+)?")
LEVEL_WORDS = {
    "trace": "TRACE",
    "debug": "DEBUG",
    "info": "INFO",
    "warn": "WARN",
    "error": "ERROR",
    "fatal": "FATAL",
}
_LINE = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine


def runs(length: int, base: str, layers: Sequence[Span]) -> list[Span]:
    """Cut a line into runs of one role each; later layers lie over earlier ones."""
    edges = sorted({0, length, *(min(max(edge, 0), length) for a, b, _ in layers for edge in (a, b))})
    found: list[Span] = []
    for a, b in pairwise(edges):
        role = base
        for first, last, over in layers:
            if first <= a and b <= last:
                role = over
        found.append((a, b, role))
    return found


class LogCanvas(QAbstractScrollArea):
    """Measures and paints a LogBuffer. LogView adds feeding, following, choosing and copying."""

    def __init__(
        self,
        buffer: LogBuffer,
        time_text: Callable[[float], str] | None,
        columns: tuple[bool, bool],
        row_px: int,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.buffer = buffer
        self._time_text = time_text
        self._levels, self._sources = columns
        self._row_base = row_px
        self._wrap = False
        self._chosen: int | None = None
        self._anchor: tuple[int, int] | None = None
        self._head: tuple[int, int] | None = None
        self._source_chars = 4
        self._edges: tuple[tuple[float, int], tuple[float, float, float]] | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._measure()
        theme().changed.connect(self._on_theme)

    def _on_theme(self) -> None:
        self._measure()
        self._settle()

    def _settle(self) -> None:
        """Fit the scroll bars; LogView knows how."""

    # Measures

    def _measure(self) -> None:
        self._font = theme().font("mono")
        self._strong = theme().font("monoStrong")
        self._metrics = QFontMetricsF(self._font)
        self._char = self._metrics.horizontalAdvance("0")
        self._row_px = theme().px(self._row_base)

    def _columns(self) -> tuple[float, float, float]:
        """Left edges of level, source and message."""
        measures = (self._char, self._source_chars)
        if self._edges is None or self._edges[0] != measures:
            self._edges = measures, self._find_columns()
        return self._edges[1]

    def _find_columns(self) -> tuple[float, float, float]:
        x = 13.0
        if self._time_text:
            sample = self._time_text(0.0 if self._time_text(0.0).startswith("0:") else 1e9)
            x += (max(len(sample), 7) + 2) * self._char
        level = x
        if self._levels:
            x += 7 * self._char
        source = x
        if self._sources:
            x += (self._source_chars + 2) * self._char
        return level, source, x

    def _text_left(self) -> float:
        return self._columns()[2]

    def _pieces(self, text: str) -> list[tuple[int, int]]:
        """Where a line breaks while wrapping: (from, to) of each piece."""
        room = max(8, int((self.viewport().width() - self._text_left() - 8) / self._char))
        if len(text) <= room and text.isascii():
            return [(0, len(text))]
        pieces, start, used = [], 0, 0
        for index, letter in enumerate(text):
            wide = 1 if letter < "\u1100" else 2
            if used + wide > room and index > start:
                pieces.append((start, index))
                start, used = index, 0
            used += wide
        pieces.append((start, len(text)))
        return pieces

    def _visible(self) -> list[tuple[int, int, list[tuple[int, int]]]]:
        """(row number, top, pieces) of what is on screen."""
        found: list[tuple[int, int, list[tuple[int, int]]]] = []
        shown, y, height = self.buffer.shown, 0, self.viewport().height()
        for place in range(self.verticalScrollBar().value(), len(shown)):
            if y >= height:
                break
            text = self.buffer.row(shown[place]).text
            pieces = self._pieces(text) if self._wrap else [(0, len(text))]
            found.append((shown[place], y, pieces))
            y += self._row_px * len(pieces)
        return found

    def _hit_test(self, point: QPoint) -> tuple[int, int] | None:
        """Row number and character under a point."""
        for number, top, pieces in self._visible():
            if top <= point.y() < top + self._row_px * len(pieces):
                start, stop = pieces[min(len(pieces) - 1, (point.y() - top) // self._row_px)]
                x = point.x() - self._text_left() + self.horizontalScrollBar().value()
                text = self.buffer.row(number).text
                column = start + max(0, min(stop - start, round(x / self._char)))
                if not text[start:stop].isascii():
                    column = start
                    while column < stop and self._metrics.horizontalAdvance(text[start : column + 1]) <= x:
                        column += 1
                return number, column
        return None

    def _link_at(self, point: QPoint) -> str:
        spot = self._hit_test(point)
        if spot is None or point.x() < self._text_left():
            return ""
        text = self.buffer.row(spot[0]).text
        return next((found[0] for found in LINK.finditer(text) if found.start() <= spot[1] < found.end()), "")

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), theme().color("bg.code"))
        painter.setFont(self._font)
        for number, top, pieces in self._visible():
            self._paint_row(painter, number, top, pieces)
        if not self.buffer.shown and self.buffer.kept and self.buffer.search is not None:
            painter.setPen(theme().color("text.secondary"))
            painter.drawText(
                QRectF(self.viewport().rect()), Qt.AlignmentFlag.AlignCenter, tr("No line matches")
            )
        painter.end()

    def _paint_row(self, painter: QPainter, number: int, top: int, pieces: list[tuple[int, int]]) -> None:
        row = self.buffer.row(number)
        box = QRectF(0, top, self.viewport().width(), self._row_px * len(pieces))
        if number == self._chosen:
            painter.fillRect(box, theme().color("bg.selected"))
            painter.fillRect(QRectF(0, top, 3, box.height()), theme().color("accent.default"))
        elif row.mark:
            painter.fillRect(box, theme().color("bg.subtle"))
        elif row.level in ("warn", "error", "fatal"):
            painter.fillRect(box, theme().color("log.warnRow" if row.level == "warn" else "log.errorRow"))
        self._paint_columns(painter, row, QRectF(0, top, box.width(), self._row_px))
        left = self._text_left()
        painter.save()
        painter.setClipRect(QRectF(left - 4, top, box.width(), box.height()))
        self._paint_text(painter, number, row, top, pieces, left - self.horizontalScrollBar().value())
        painter.restore()

    def _paint_columns(self, painter: QPainter, row: LogRow, box: QRectF) -> None:
        level_x, source_x, _ = self._columns()
        if self._time_text:
            painter.setPen(theme().color("text.secondary"))
            mark = "◷" if row.late else ""
            painter.drawText(box.adjusted(13, 0, 0, 0), _LINE, self._time_text(row.at) + mark)
        if self._levels and row.level:
            loud = row.level in ("warn", "error", "fatal")
            painter.setPen(theme().color(f"log.{'error' if row.level == 'fatal' else row.level}"))
            painter.setFont(self._strong if loud else self._font)
            painter.drawText(box.adjusted(level_x, 0, 0, 0), _LINE, LEVEL_WORDS.get(row.level, row.level))
            painter.setFont(self._font)
        if self._sources and row.source:
            most = self._source_chars
            name = host_words(row.source)
            shown = name if len(name) <= most else name[: most - 1] + "…"
            painter.setPen(theme().color(self.source_role(row.source)))
            painter.drawText(box.adjusted(source_x, 0, 0, 0), _LINE, shown)

    def source_role(self, source: str) -> str:
        """The colour role of a source: svc.1 to svc.8 by order of appearance."""
        return f"svc.{self.buffer.sources.get(source, 0) % 8 + 1}"

    def _paint_text(
        self,
        painter: QPainter,
        number: int,
        row: LogRow,
        top: int,
        pieces: list[tuple[int, int]],
        left: float,
    ) -> None:
        text = row.text
        base = {"error": "log.error", "fatal": "log.error", "trace": "log.trace", "debug": "log.debug"}.get(
            row.level, "text.primary"
        )
        if row.mark:
            base = "warn.text" if row.mark == "gap" else "text.secondary"
        layers = list(self.buffer.spans(number))
        if ":" in text:
            layers += [(found.start(), found.end(), "text.link") for found in LINK.finditer(text)]
        grounds = (
            [(*found.span(), "log.match") for found in self.buffer.search.finditer(text)]
            if self.buffer.search
            else []
        )
        if marked := self._marked(number, len(text)):
            grounds.append((*marked, "accent.border"))
        cut = runs(len(text), base, layers)
        for index, piece in enumerate(pieces):
            y = float(top + index * self._row_px)
            for ground in grounds:
                if (box := self._span_box(text, piece, ground, left, y)) is not None:
                    painter.fillRect(box, theme().color(ground[2]))
            for run in cut:
                if (box := self._span_box(text, piece, run, left, y)) is None:
                    continue
                painter.setPen(theme().color(run[2]))
                painter.drawText(
                    box.adjusted(0, 0, 40, 0), _LINE, text[max(run[0], piece[0]) : min(run[1], piece[1])]
                )
                if run[2] == "text.link":
                    painter.fillRect(
                        QRectF(box.left(), box.bottom() - 4, box.width(), 1), theme().color("text.link")
                    )

    def _span_box(
        self, text: str, piece: tuple[int, int], span: Span, left: float, y: float
    ) -> QRectF | None:
        """Where a span lies inside a piece of a wrapped line."""
        a, b = max(span[0], piece[0]), min(span[1], piece[1])
        if a >= b and not (span[0] == span[1] == a and text == ""):
            return None
        x = left + self._metrics.horizontalAdvance(text[piece[0] : a])
        return QRectF(x, y, self._metrics.horizontalAdvance(text[a:b]), self._row_px)

    def _marked(self, number: int, length: int) -> tuple[int, int] | None:
        if self._anchor is None or self._head is None or self._anchor == self._head:
            return None
        (first, start), (last, stop) = sorted((self._anchor, self._head))
        if not first <= number <= last:
            return None
        return (start, stop) if first == last else (0, max(1, length))

    # Taking out

    def chosen_row(self) -> LogRow | None:
        if self._chosen is None or self._chosen < self.buffer.first:
            return None
        return self.buffer.row(self._chosen)

    def line_text(self, row: LogRow) -> str:
        """A line as it is copied and saved."""
        parts = [self._time_text(row.at)] if self._time_text else []
        if self._levels and row.level:
            parts.append(LEVEL_WORDS.get(row.level, row.level.upper()))
        if self._sources and row.source:
            parts.append(host_words(row.source))
        return "  ".join([*parts, row.text])

    def text(self) -> str:
        """All shown lines as plain text, for saving."""
        return "".join(f"{self.line_text(self.buffer.row(number))}\n" for number in self.buffer.shown)

    def selected_text(self) -> str:
        """What Ctrl+C copies: marked characters of one line, else whole lines, else the chosen line."""
        if self._anchor is not None and self._head is not None and self._anchor != self._head:
            (first, start), (last, stop) = sorted((self._anchor, self._head))
            if first == last:
                return self.buffer.row(first).text[start:stop] if first >= self.buffer.first else ""
            numbers = self.buffer.shown[self.buffer.place(first) : self.buffer.place(last) + 1]
            return "\n".join(self.line_text(self.buffer.row(number)) for number in numbers)
        row = self.chosen_row()
        return self.line_text(row) if row else ""

    def copy(self) -> None:
        if text := self.selected_text():
            QGuiApplication.clipboard().setText(text)

    def select_all(self) -> None:
        if self.buffer.shown:
            last = self.buffer.shown[-1]
            self._anchor = (self.buffer.shown[0], 0)
            self._head = (last, len(self.buffer.row(last).text))
            self.viewport().update()
