"""The merged log: pane, volume strip, details of the chosen line, and what stands below."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.widgets import (
    Card,
    IconButton,
    KeyValueList,
    LogPane,
    LogRow,
    VolumeStrip,
    button,
    label,
    line,
    row,
    scrolled,
)
from desktop.watch import LogLine, pairs_in

from .present import BUCKET, log_status, sampling, volume, volume_marks

RATE_SECONDS = 2.0
RECENT_SECONDS = 5.0
_LEVEL = {"warn": 1, "error": 2}


class LiveLog(LogPane):
    """A LogPane that leaves the writing of a file to a job."""

    save_asked = Signal(str)

    def write_to(self, file: str) -> None:
        self.save_asked.emit(file)


class LogCard(Card):
    """Takes lines, shows them. `save_asked(file)`: write what is shown."""

    save_asked = Signal(str)

    def __init__(self, *, capacity: int = 50_000) -> None:
        super().__init__(flush=True)
        self.pane = LiveLog(
            name="live",
            label_text=lambda: tr("Merged log"),
            pausable=True,
            ordered=True,
            capacity=capacity,
        )
        self.view = self.pane.view
        self.pane.wrap.hide()  # Alt+Z and the menu do it; the words of Pause and Follow need the room
        self.volume = VolumeStrip()
        self.volume.setObjectName("live.volume")
        self.volume.setAccessibleName(tr("Lines over time"))
        self.message = label("", "body", "secondary")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.hide()
        self.counts: dict[int, list[int]] = {}
        """Per BUCKET of seconds: lines, warnings, errors."""
        self.span = 3600.0
        self._between: tuple[float, float] | None = None
        self._sources: frozenset[str] | None = None
        self._arrivals: deque[tuple[float, int]] = deque()
        self._last_line = 0.0
        self._drawn_at = 0.0
        self._build()

    def _build(self) -> None:
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.body.addWidget(self.pane, 1)
        strip = row(self.volume, margins=(12, 8, 12, 4))
        self.span_note = button("", name="live.span.clear", kind="link", small=True)
        self.span_note.clicked.connect(lambda: self.show_between(None))
        self.span_note.hide()
        above = QWidget()
        box = QVBoxLayout(above)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(strip)
        box.addWidget(self.span_note, 0, Qt.AlignmentFlag.AlignHCenter)
        box.addWidget(line())
        layout = self.pane.layout()
        if isinstance(layout, QVBoxLayout):
            place = layout.indexOf(self.view)
            layout.insertWidget(place, above)
            layout.insertWidget(place + 1, self.message, 1)
        self.details = LineDetails()
        self.body.addWidget(self.details)
        self.status = label("", "caption", "secondary")
        self.save = button(lambda: tr("Save as…"), name="live.save", kind="link", small=True)
        self.save.clicked.connect(self.pane.save_as)
        self.add_foot(self.status, None, self.pane.status, self.save)
        self.pane.save_asked.connect(self.save_asked)
        self.volume.jumped.connect(self._on_jump)
        self.volume.span_chosen.connect(self._on_span)
        self.view.lineChosen.connect(self._on_line)
        if self.pane.level is not None:
            self.pane.level.chosen.connect(lambda _: self._filter())

    # Lines

    def add(self, lines: Sequence[LogLine]) -> None:
        """A batch, in order of time."""
        now = time.monotonic()
        recent = (
            time.time() - RECENT_SECONDS
        )  # what was written long ago says nothing of how much is written now
        self._arrivals.append((now, sum(found.at >= recent for found in lines)))
        self._last_line = now
        counts = self.counts
        rows = []
        for found in lines:
            rows.append(
                LogRow(
                    found.at,
                    found.level,
                    found.source,
                    found.text,
                    found.late,
                    str(found.mark),
                    found,
                    found.colours,
                )
            )
            count = counts.setdefault(int(found.at) // BUCKET, [0, 0, 0])
            count[_LEVEL.get(found.level, 0)] += 1
        self.show_message("")
        self.view.append(rows)

    def clear(self) -> None:
        self.view.clear()
        self.counts.clear()
        self._arrivals.clear()
        self.details.hide()

    @property
    def rate(self) -> float:
        """Lines a second, over the last two."""
        now = time.monotonic()
        while self._arrivals and self._arrivals[0][0] < now - RATE_SECONDS:
            self._arrivals.popleft()
        return sum(count for _, count in self._arrivals) / RATE_SECONDS

    def name_sources(self, names: Sequence[str]) -> None:
        """Give sources their colours in this order, before their first line."""
        known = self.view.buffer.sources
        for name in names:
            known.setdefault(name, len(known))

    def show_sources(self, names: frozenset[str] | None) -> None:
        """Show lines of these only; None: of all."""
        if names != self._sources:
            self._sources = names
            self._filter()

    def show_message(self, text: str) -> None:
        """Words in place of the lines, while there are none; "" shows the lines."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self.view.setVisible(not text)

    # Once a second

    def tick(self, sources: int, now: float) -> None:
        """Bring what is counted up to date; `now` in seconds UTC."""
        rate = self.rate
        every = sampling(rate)
        self.view.set_every(every)
        quiet = time.monotonic() - self._last_line if self._last_line and not rate else None
        self.status.setText(log_status(sources, rate, every, quiet))
        self._forget_counts(now)
        self._drawn_at = now
        self.volume.show_counts(volume(self.counts, now, self.span), volume_marks(now, self.span))

    def _forget_counts(self, now: float) -> None:
        oldest = int(now - 86_400) // BUCKET
        for bucket in [bucket for bucket in self.counts if bucket < oldest]:
            del self.counts[bucket]

    # The strip

    def _bar_start(self, index: int) -> float:
        return self._drawn_at - self.span + index * self.span / 60

    def _on_jump(self, index: int) -> None:
        self.view.show_time(self._bar_start(index))

    def _on_span(self, first: int, last: int) -> None:
        self.show_between((self._bar_start(first), self._bar_start(last + 1)))

    def show_between(self, between: tuple[float, float] | None) -> None:
        """Only lines between two times; None: all."""
        self._between = between
        if between is not None:
            start, end = (time.strftime("%H:%M:%S", time.localtime(at)) for at in between)
            self.span_note.setText(tr("{start} to {end}: show all", start=start, end=end))
            self.view.set_follow(False)
        self.span_note.setVisible(between is not None)
        self._filter()

    def _filter(self) -> None:
        level = self.pane.level.value if self.pane.level is not None else ""
        self.view.set_filter("" if level == "debug" else level, self._sources, self._between)

    # A line

    def _on_line(self, shown: LogRow) -> None:
        if isinstance(shown.line, LogLine):
            buffer = self.view.buffer
            same = sum(buffer.row(n).text == shown.text for n in buffer.shown[-5_000:] if n >= buffer.first)
            self.details.show_line(shown.line, same)

    def texts(self) -> Callable[[], str]:
        """What is shown, as a function that puts it into words: made for another thread."""
        buffer, line_text = self.view.buffer, self.view.line_text
        rows = [buffer.row(number) for number in buffer.shown]
        return lambda: "".join(f"{line_text(found)}\n" for found in rows)


class LineDetails(QWidget):
    """The chosen line whole: where and when, its fields, how many say the same."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("live.details")
        self.head = label("", "captionStrong")
        self.text = label("", "mono", wrap=True, selectable=True)
        self.pairs = KeyValueList(label_width=120)
        close = IconButton("x", lambda: tr("Close"), name="live.details.close")
        close.clicked.connect(self.hide)
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(13, 0, 13, 8)
        box.addWidget(self.text)
        box.addWidget(self.pairs)
        box.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(line())
        layout.addLayout(row(self.head, None, close, margins=(13, 4, 6, 2)))
        area = scrolled(inner)
        area.setMaximumHeight(150)
        layout.addWidget(area)
        self.hide()

    def show_line(self, shown: LogLine, same: int) -> None:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(shown.at)) + f".{int(shown.at % 1 * 1000):03d}"
        self.head.setText(f"{shown.source}  {at}")
        self.text.setText(shown.text[:4_000])
        pairs: list[tuple[str, str] | tuple[str, str, str]] = [
            (name, value[:1_000], "mono") for name, value in (shown.fields or pairs_in(shown.text))[:40]
        ]
        if same > 1:
            pairs.append((tr("Same text"), tr("{n} times", n=same)))
        if abs(shown.clock_offset) >= 0.5:
            off = shown.clock_offset
            seconds = f"{math.copysign(round(abs(off), 1), off):+g} s"
            pairs.append((tr("Clock of {host}", host=shown.host), seconds))
        if shown.late:
            pairs.append((tr("Order"), tr("came after newer lines")))
        self.pairs.show_pairs(pairs)
        self.show()
