"""The cards beside the log: facts and buttons of the chosen container, health, latency and use, alerts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QVBoxLayout, QWidget

from desktop.app_live import LiveAlert
from desktop.app_seats import Seat
from desktop.base.words import host_words, tr
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    Chip,
    ElidedLabel,
    HealthStrip,
    IconButton,
    KeyValueList,
    Spark,
    StatusDot,
    button,
    clear_layout,
    column,
    label,
    line,
    row,
    set_tone,
    show_icon,
)

from .present import HealthRow, Key, UsageRow, alert_row

_ICON_PX, _AROUND_PX = 18, 2 * 14 + 2 * 6
"""What an icon adds to a small button; the margins and gaps beside the buttons."""


class FactsPanel(QWidget):
    """What is known of the chosen container. `asked(verb)`: restart, shell, stop, start, digest."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("live.facts")
        self.name = ElidedLabel("", "bodyStrong")
        self.chip = Chip()
        self.where = ElidedLabel("", "mono", "secondary")
        self.pairs = KeyValueList(label_width=80)
        self.restart = button(lambda: tr("Restart"), name="live.restart", icon="refresh", small=True)
        self.shell = button(lambda: tr("Shell"), name="live.shell", icon="terminal", small=True)
        self.more = IconButton("more", lambda: tr("More"), name="live.more", framed=True)
        self.restart.clicked.connect(lambda: self.asked.emit("restart"))
        self.shell.clicked.connect(lambda: self.asked.emit("shell"))
        self.more.clicked.connect(self._show_more)
        self._seat: Seat | None = None
        self._shown: tuple[tuple[str, str, str], ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(line())
        head = row(spacing=8)
        head.addWidget(self.name, 1)
        head.addWidget(self.chip)
        buttons = row(self.restart, self.shell, self.more, None, spacing=6)
        inner = column(head, self.where, 4, self.pairs, 6, buttons, margins=(14, 12, 14, 12))
        layout.addLayout(inner)
        self.hide()

    def show_facts(
        self, seat: Seat | None, environment: str, tone: str, pairs: Sequence[tuple[str, str, str]]
    ) -> None:
        self._seat = seat
        self._fit()
        self.setVisible(seat is not None)
        if seat is None:
            return
        self.name.set_text(host_words(seat.label))
        self.chip.setVisible(bool(environment))
        self.chip.show_state(environment, tone)
        host = host_words(seat.host)
        address = f"{seat.bind}:{seat.publish}" if seat.publish else host
        self.where.set_text(address if seat.label == seat.host else f"{host}  {address}")
        if tuple(pairs) != self._shown:
            self._shown = tuple(pairs)
            self.pairs.show_pairs(list(pairs))
        self.restart.setEnabled(seat.ours)
        self.restart.setToolTip("" if seat.ours else tr("Goferry did not deploy it"))
        can = not seat.native and seat.running
        self.shell.setEnabled(can)
        self.shell.setToolTip("" if can else tr("There is no running container to open a shell in"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow column the words have the room of the icons."""
        both = ((self.restart, "refresh"), (self.shell, "terminal"))
        icons = sum(_ICON_PX for shown, _ in both if shown.icon().isNull())
        words = sum(shown.sizeHint().width() for shown, _ in both)
        tight = words + icons + self.more.width() + _AROUND_PX > self.width()
        for shown, icon in both:
            if tight:
                shown.setIcon(QIcon())
            elif shown.icon().isNull():
                show_icon(shown, icon, "text.primary", 14)

    def _show_more(self) -> None:
        if self._seat is None:
            return
        menu = QMenu(self)
        menu.setObjectName("live.more.menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        verb, text = ("stop", tr("Stop…")) if self._seat.running else ("start", tr("Start"))
        menu.addAction(text, lambda: self.asked.emit(verb)).setEnabled(self._seat.ours)
        menu.addAction(tr("Copy digest"), lambda: self.asked.emit("digest")).setEnabled(
            bool(self._seat.digest)
        )
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))


class HealthPanel(Card):
    """The last hour of each container. `bar_clicked(key, index)`."""

    bar_clicked = Signal(object, int)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Health"), note=lambda: tr("last 60 min"))
        self.setObjectName("live.health")
        self.right = label(lambda: tr("up, restarts"), "caption", "secondary")
        self.add_action(self.right)
        self.missing = label(lambda: tr("Nothing is checked yet"), "body", "secondary", wrap=True)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.body.addWidget(self.missing)
        self.body.addLayout(self._grid)
        self._lines: dict[Key, tuple[ElidedLabel, HealthStrip, QLabel, QLabel]] = {}

    def show_rows(self, rows: Sequence[HealthRow]) -> None:
        if [found.key for found in rows] != list(self._lines):
            self._rebuild(rows)
        self.missing.setVisible(not rows)
        for found in rows:
            name, strip, uptime, restarts = self._lines[found.key]
            name.set_text(found.name)
            strip.show_states(found.bars, found.spoken)
            uptime.setText(found.uptime)
            restarts.setText(f"↻ {found.restarts}")
            set_tone(uptime, found.tone)
            set_tone(restarts, "warn" if found.restarts != "0" else "secondary")

    def _rebuild(self, rows: Sequence[HealthRow]) -> None:
        clear_layout(self._grid)
        self._lines = {}
        for place, found in enumerate(rows):
            name = ElidedLabel("", "body")
            name.setMinimumWidth(70)
            strip = HealthStrip(30)
            strip.setMinimumWidth(90)
            strip.clicked.connect(lambda index, key=found.key: self.bar_clicked.emit(key, index))
            uptime, restarts = label("", "captionStrong", "secondary"), label("", "caption", "secondary")
            for number in (uptime, restarts):
                number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            uptime.setMinimumWidth(theme().px(40))
            for at, widget in enumerate((name, strip, uptime, restarts)):
                self._grid.addWidget(widget, place, at)
            self._lines[found.key] = (name, strip, uptime, restarts)


class UsagePanel(Card):
    """Latency, CPU and memory of the chosen container."""

    def __init__(self) -> None:
        super().__init__("", note=lambda: tr("last 15 min"))
        self.setObjectName("live.usage")
        self.missing = label("", "body", "secondary", wrap=True)
        self.body.addWidget(self.missing)
        self._lines: list[tuple[QWidget, QLabel, QLabel, Spark, QLabel]] = []

    def show_usage(self, title: str, rows: Sequence[UsageRow], missing: str) -> None:
        self.set_title(title)
        self.missing.setText(missing)
        self.missing.setVisible(bool(missing))
        while len(self._lines) < len(rows):
            self._add_line()
        for place, parts in enumerate(self._lines):
            parts[0].setVisible(place < len(rows))
        for found, (_, name, note, spark, now) in zip(rows, self._lines, strict=False):
            name.setText(found.name)
            note.setText(found.note)
            now.setText(found.now)
            spark.show_values(found.values, f"{found.name}: {found.now}", found.role)

    def _add_line(self) -> None:
        name, note, now = label("", "body"), label("", "caption", "secondary"), label("", "bodyStrong")
        now.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        now.setMinimumWidth(theme().px(58))
        spark = Spark(60)
        words = QWidget()
        words.setLayout(column(name, note, spacing=0))
        words.setFixedWidth(theme().px(104))
        holder = QWidget()
        inside = row(words, spark, now, spacing=8)
        inside.setStretch(1, 1)
        holder.setLayout(inside)
        self.body.addWidget(holder)
        self._lines.append((holder, name, note, spark, now))


class AlertsPanel(Card):
    """What turned bad, newest first. `clicked(alert)`."""

    clicked = Signal(object)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Alerts"))
        self.setObjectName("live.alerts")
        self.none = label(
            lambda: tr("Nothing turned bad while this page watched"), "body", "secondary", wrap=True
        )
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        self.body.addWidget(self.none)
        self.body.addLayout(self._rows)
        self._shown: tuple[tuple[str, str, str], ...] = ()

    def show_alerts(self, alerts: Sequence[LiveAlert]) -> None:
        newest = tuple(alert_row(alert) for alert in list(alerts)[:4])
        self.none.setVisible(not newest)
        if newest == self._shown:
            return
        self._shown = newest
        clear_layout(self._rows)
        for state, title, second in newest:
            words = column(ElidedLabel(title, "body"), ElidedLabel(second, "caption", "secondary"), spacing=0)
            found = row(StatusDot(state), spacing=10)
            found.addLayout(words, 1)
            self._rows.addLayout(found)
