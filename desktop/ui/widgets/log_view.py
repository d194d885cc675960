"""The log: a ring of lines of which only the visible ones are painted."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Set

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from desktop.base.words import host_words, tr

from .log_buffer import CAPACITY, LogBuffer, LogRow
from .log_canvas import LINK, LogCanvas
from .log_text import clock_time, open_text
from .says import Text, say

_SLICE = 4_000


class LogView(LogCanvas):
    """Columns time, level, source, message. Append batches (at most every 50 ms) with `append`.

    Signals: `linkActivated("file.go:27:12")`, `lineActivated(LogRow)` (Enter or double click), `lineChosen(LogRow)`,
    `followChanged(bool)`, `pausedChanged(bool)`, `countsChanged()` (kept, shown, hits, waiting).
    """

    linkActivated = Signal(str)
    lineActivated = Signal(object)
    lineChosen = Signal(object)
    followChanged = Signal(bool)
    pausedChanged = Signal(bool)
    countsChanged = Signal()

    def __init__(
        self,
        *,
        name: str,
        label: Text,
        time_text: Callable[[float], str] | None = clock_time,
        levels: bool = True,
        sources: bool = True,
        capacity: int = CAPACITY,
        ordered: bool = False,
        row_px: int = 20,
        parent: QWidget | None = None,
    ) -> None:
        """`time_text` puts a row's `at` into words, None for no time column; `levels` and `sources` show the columns;
        `ordered` puts rows that come late where their time belongs."""
        super().__init__(LogBuffer(capacity, ordered=ordered), time_text, (levels, sources), row_px, parent)
        self.setObjectName(name)
        say(self, self.setAccessibleName, label)
        self._follow, self._paused = True, False
        self._held: deque[LogRow] = deque(maxlen=capacity)
        self._waiting = 0
        self._hit: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self._catch_up = QTimer(self)
        self._catch_up.setInterval(0)
        self._catch_up.timeout.connect(self._advance)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._settle()

    # Feeding

    def append(self, rows: Iterable[LogRow]) -> None:
        """Add lines in order of time. Costs about a microsecond a line; paint happens once a frame. While the view is
        paused they are held back, so that nothing in it moves."""
        if self._paused:
            held = list(rows)
            self._held.extend(held)
            self._waiting += len(held)
            self.countsChanged.emit()
            return
        gone = self.buffer.append(rows)
        longest = max((len(host_words(source)) for source in self.buffer.sources), default=4)
        self._source_chars = min(18, max(4, longest))
        if gone and not self._follow:
            bar = self.verticalScrollBar()
            blocked = bar.blockSignals(True)
            bar.setValue(max(0, bar.value() - gone))
            bar.blockSignals(blocked)
        self._index_new()

    def show_lines(self, rows: Iterable[LogRow]) -> None:
        """Replace everything."""
        self.clear()
        self.append(rows)

    def clear(self) -> None:
        self.buffer.clear()
        self._held.clear()
        self._waiting = 0
        self._chosen = self._anchor = self._head = self._hit = None
        self._source_chars = 4
        self._settle()

    def _index_new(self) -> None:
        if self.buffer.advance(_SLICE):
            self._catch_up.start()
        self._settle()

    def _advance(self) -> None:
        if not self.buffer.advance(_SLICE):
            self._catch_up.stop()
        self._settle()

    def _settle(self) -> None:
        """Fit the scroll bars to what is shown, stay at the end while following."""
        bar = self.verticalScrollBar()
        blocked = bar.blockSignals(True)
        most = max(0, len(self.buffer.shown) - self._fits_at_end())
        bar.setRange(0, most)
        bar.setPageStep(max(1, self.viewport().height() // self._row_px))
        if self._follow:
            bar.setValue(most)
        bar.blockSignals(blocked)
        across = self.horizontalScrollBar()
        width = 0 if self._wrap else int(self._text_left() + (self.buffer.longest + 2) * self._char)
        across.setRange(0, max(0, width - self.viewport().width()))
        across.setPageStep(self.viewport().width())
        across.setSingleStep(int(self._char * 8))
        self.viewport().update()
        self.countsChanged.emit()

    def _fits_at_end(self) -> int:
        room = self.viewport().height() // self._row_px
        if not self._wrap:
            return int(room)
        fitting, shown = 0, self.buffer.shown
        while fitting < len(shown):
            room -= len(self._pieces(self.buffer.row(shown[-1 - fitting]).text))
            if room < 0:
                break
            fitting += 1
        return max(1, fitting)

    # Following, pausing, filtering

    @property
    def follow(self) -> bool:
        return self._follow

    def set_follow(self, follow: bool) -> None:
        """Stick to the end; scrolling up switches it off, the End key on."""
        if follow != self._follow:
            self._follow = follow
            self.followChanged.emit(follow)
        if follow:
            if self._paused:
                self.set_paused(False)
            self._settle()

    @property
    def paused(self) -> bool:
        return self._paused

    def set_paused(self, paused: bool) -> None:
        """Stop the view, not the stream; `waiting` counts what came since."""
        if paused != self._paused:
            self._paused = paused
            if not paused:
                held = list(self._held)
                self._held.clear()
                self._waiting = 0
                self.append(held)
            self.pausedChanged.emit(paused)
            self.countsChanged.emit()

    @property
    def waiting(self) -> int:
        return self._waiting

    def set_wrap(self, wrap: bool) -> None:
        self._wrap = wrap
        self.horizontalScrollBar().setValue(0)
        self._settle()

    @property
    def wrap(self) -> bool:
        return self._wrap

    def set_filter(
        self, least: str = "", sources: Set[str] | None = None, between: tuple[float, float] | None = None
    ) -> None:
        """Show only lines from level `least` on, of these sources, between two times."""
        self.buffer.set_filter(least, sources, between)
        self._hit = None
        self._index_new()

    def set_every(self, every: int) -> None:
        """Of lines that come too fast to read show every so many; all are kept, and 1 shows them all again."""
        if every != self.buffer.every:
            self.buffer.set_every(every)
            self._index_new()

    def set_search(self, text: str, *, regex: bool = False, only_hits: bool = False) -> str:
        """Mark `text`; returns what is wrong with a regular expression, or ""."""
        error = self.buffer.set_search(text, regex=regex, only_hits=only_hits)
        if not error:
            self._hit = None
            self._index_new()
        return error

    def next_hit(self, step: int = 1) -> None:
        """Go to the next (1) or previous (-1) line with the search text."""
        hits = self.buffer.hits
        if not hits:
            return
        if self._hit is None:
            at = -1 if step < 0 else len(hits) - 1 if self._follow else 0
        else:
            at = bisect_left(hits, self._hit) + step
        self._hit = hits[at % len(hits)]
        self.choose(self._hit)

    def choose(self, number: int) -> None:
        """Choose a row by its number and bring it into view."""
        self._chosen = number
        self._anchor = self._head = None
        place = self.buffer.place(number)
        bar = self.verticalScrollBar()
        rows = max(1, self.viewport().height() // self._row_px)
        if not bar.value() <= place < bar.value() + rows - 1:
            self.set_follow(False)
            bar.setValue(max(0, place - rows // 3))
        if number >= self.buffer.first:
            self.lineChosen.emit(self.buffer.row(number))
        self.viewport().update()

    def show_time(self, at: float) -> None:
        """Go to the first shown line at or after a time."""
        for number in self.buffer.shown:
            if self.buffer.row(number).at >= at:
                self.set_follow(False)
                self.choose(number)
                return

    # Taking out

    def open_as_text(self) -> QWidget:
        """The shown lines in a window of plain text, which every screen reader can walk."""
        return open_text(self, self.accessibleName(), self.text())

    # Hands

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if self._follow and value < bar.maximum():
            self.set_follow(False)
        elif not self._follow and bar.maximum() and value >= bar.maximum() and not self._paused:
            self.set_follow(True)
        self.viewport().update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Everything is painted anew: only the visible rows are, anyway."""
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self._hit_test(event.position().toPoint())
        if spot is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            link = self._link_at(event.position().toPoint())
            if link:
                self.linkActivated.emit(link)
                return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._anchor is not None:
            self._head = spot
        else:
            self._anchor = self._head = spot
        self._chosen = spot[0]
        self.lineChosen.emit(self.buffer.row(spot[0]))
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if event.buttons() & Qt.MouseButton.LeftButton and self._anchor is not None:
            if (spot := self._hit_test(point)) is not None:
                self._head = spot
                self.viewport().update()
            return
        over = bool(self._link_at(point))
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.IBeamCursor
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a link that did not mark text opens it."""
        if event.button() == Qt.MouseButton.LeftButton and self._anchor == self._head:
            link = self._link_at(event.position().toPoint())
            if link and not event.modifiers():
                self.linkActivated.emit(link)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self._hit_test(event.position().toPoint())
        if spot is not None:
            text = self.buffer.row(spot[0]).text
            start = stop = min(spot[1], len(text))
            while start > 0 and not text[start - 1].isspace():
                start -= 1
            while stop < len(text) and not text[stop].isspace():
                stop += 1
            self._anchor, self._head = (spot[0], start), (spot[0], stop)
            self.lineActivated.emit(self.buffer.row(spot[0]))
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and key == Qt.Key.Key_C:
            self.copy()
        elif control and key == Qt.Key.Key_A:
            self.select_all()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_chosen()
        elif key == Qt.Key.Key_End:
            self.set_follow(True)
        elif key == Qt.Key.Key_Space:
            self.set_paused(not self._paused)
        elif key in _STEPS:
            self._walk(key)
        else:
            super().keyPressEvent(event)

    def _open_chosen(self) -> None:
        row = self.chosen_row()
        if row is None:
            return
        link = LINK.search(row.text)
        if link:
            self.linkActivated.emit(link[0])
        self.lineActivated.emit(row)

    def _walk(self, key: Qt.Key) -> None:
        shown = self.buffer.shown
        if not shown:
            return
        page = max(1, self.viewport().height() // self._row_px - 1)
        step = _STEPS[key] * (page if key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) else 1)
        place = self.buffer.place(self._chosen) + step if self._chosen is not None else len(shown) - 1
        if key == Qt.Key.Key_Home:
            place = 0
        if step < 0:
            self.set_follow(False)
        place = min(len(shown) - 1, max(0, place))
        self._chosen = shown[place]
        bar = self.verticalScrollBar()
        if place < bar.value():
            bar.setValue(place)
        elif place >= bar.value() + page:
            bar.setValue(place - page + 1)
        self._anchor = self._head = None
        self.lineChosen.emit(self.buffer.row(self._chosen))
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy"), self.copy).setEnabled(bool(self.selected_text()))
        menu.addAction(tr("Select all"), self.select_all)
        wrap = menu.addAction(tr("Wrap lines"), lambda: self.set_wrap(not self._wrap))
        wrap.setCheckable(True)
        wrap.setChecked(self._wrap)
        menu.addAction(tr("Open as text"), self.open_as_text)
        menu.popup(event.globalPos())


_STEPS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -1,
    Qt.Key.Key_PageDown: 1,
    Qt.Key.Key_Home: -1,
}
