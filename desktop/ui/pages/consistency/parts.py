"""The counts above the table, and what is told of the chosen row."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QVBoxLayout, QWidget

from desktop.base.words import host_words, tr
from desktop.release import Verdict
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    IconButton,
    StatusDot,
    button,
    clear_layout,
    column,
    label,
    line,
    paint_status,
    paint_text,
    row,
    say,
    scrolled,
    text_width,
)

from .present import STATES, Details, HostLine, verdict_word
from .remedies import deploy_words


class CountButton(QAbstractButton):
    """How many rows have a verdict; pressed, only those are shown."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict, self.count = verdict, 0
        self.setObjectName(f"consistency.count.{verdict}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        say(self, self._say, lambda: verdict_word(verdict))

    def show_count(self, count: int) -> None:
        self.count = count
        self._say(verdict_word(self.verdict))

    def _say(self, word: str) -> None:
        self.setText(word)
        self.setAccessibleName(f"{self.count} {word}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        wide = text_width(str(self.count), "bodyStrong") + text_width(self.text())
        return QSize(13 + 14 + 10 + wide + 8 + 13, theme().px(34))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        on = self.isChecked()
        painter.setPen(QPen(theme().color("accent.default" if on else "stroke.card"), 1))
        back = "bg.selected" if on else "bg.hover" if self.underMouse() else "bg.card"
        painter.setBrush(theme().color(back))
        painter.drawRoundedRect(box, 6, 6)
        paint_status(painter, QRectF(box.left() + 13, box.center().y() - 7, 14, 14), STATES[self.verdict])
        inner = box.adjusted(37, 0, -8, 0)
        used = paint_text(painter, inner, str(self.count), "bodyStrong")
        paint_text(painter, inner.adjusted(used + 8, 0, 0, 0), self.text())
        painter.end()


class DetailsCard(Card):
    """The chosen row: values by host, why, and how to put it right."""

    stepped = Signal(int)
    deploy_asked = Signal(object)
    """With a DeployTo."""
    live_asked = Signal(str)
    mark_asked = Signal()
    everywhere_asked = Signal(str)
    """With the value that all environments shall have."""

    def __init__(self) -> None:
        super().__init__(flush=True)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.dot = StatusDot("wait")
        self.name = label("", "bodyStrong", wrap=True)
        self.name.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.at = label("", "caption", "secondary")
        self.up = IconButton("chev-up", lambda: tr("Previous drift (Shift+F8)"), name="consistency.up")
        self.down = IconButton("chev-down", lambda: tr("Next drift (F8)"), name="consistency.down")
        self.up.clicked.connect(lambda: self.stepped.emit(-1))
        self.down.clicked.connect(lambda: self.stepped.emit(1))
        head = row(self.dot, spacing=10, margins=(13, 6, 9, 6))
        head.addWidget(self.name, 1)
        for part in (self.at, self.up, self.down):
            head.addWidget(part)
        self.body.addLayout(head)
        self.body.addWidget(line())
        self.content = QWidget()
        self._parts = QVBoxLayout(self.content)
        self._parts.setContentsMargins(0, 0, 0, 8)
        self._parts.setSpacing(0)
        self.body.addWidget(scrolled(self.content), 1)
        note = label(
            lambda: tr(
                "Of secrets only a short mark of all of them is compared. Their values are never read."
            ),
            "caption",
            "secondary",
            wrap=True,
        )
        self.body.addWidget(line())
        self.body.addLayout(column(note, margins=(13, 9, 13, 10)))
        self.show_details(None, "")

    def show_details(self, found: Details | None, place: str) -> None:
        """`place` is "1 of 3" among what has drifted."""
        clear_layout(self._parts)
        self.dot.setVisible(found is not None)
        self.at.setText(place)
        if found is None:
            self.name.setText(tr("Nothing chosen"))
            self._add(
                label(tr("Choose a row to see each host's value, and why."), "body", "secondary", wrap=True)
            )
            self._parts.addStretch(1)
            return
        self.name.setText(found.title)
        self.dot.set_state(found.state)
        self._add(label(found.sentence, wrap=True), *[_host_row(one) for one in found.hosts], lined=False)
        if found.why:
            parts = [label(tr("Why"), "bodyStrong"), label(found.why, "body", "secondary", wrap=True)]
            if found.source:
                parts.append(label(found.source, "caption", "secondary", wrap=True))
            self._add(*parts)
        if found.remedy or found.markable or found.values:
            self._add(*self._remedy(found))
        self._parts.addStretch(1)

    def _add(self, *parts: QWidget, lined: bool = True) -> None:
        if lined and self._parts.count():
            self._parts.addWidget(line())
        self._parts.addLayout(column(*parts, spacing=6, margins=(13, 12, 13, 12)))

    def _remedy(self, found: Details) -> list[QWidget]:
        parts: list[QWidget] = []
        if found.remedy:
            parts += [
                label(tr("Put it right"), "bodyStrong"),
                label(found.remedy, "body", "secondary", wrap=True),
            ]
        for at, wish in enumerate(found.deploys):
            name = "consistency.deploy.only" if wish.only else "consistency.deploy"
            ask = button(partial(deploy_words, wish), name=name, kind="standard" if at else "accent")
            ask.clicked.connect(partial(self.deploy_asked.emit, wish))
            parts.append(_alone(ask))
        if found.live:
            see = button(lambda: tr("Open Live"), name="consistency.live", kind="accent")
            see.clicked.connect(lambda: self.live_asked.emit(found.live))
            parts.append(_alone(see))
        if found.values:
            parts.append(_alone(self._everywhere(found)))
        if found.markable:
            words = (
                (lambda: tr("Change or take back…"))
                if found.mark
                else (lambda: tr("Mark as meant to differ…"))
            )
            mark = button(words, name="consistency.mark")
            mark.clicked.connect(self.mark_asked)
            parts.append(_alone(mark))
        return parts

    def _everywhere(self, found: Details) -> QWidget:
        """The same value for all: which one is asked where there are several."""
        ask = button(lambda: tr("Same value everywhere…"), name="consistency.everywhere")

        def choose() -> None:
            if len(found.values) == 1:
                self.everywhere_asked.emit(found.values[0][0])
                return
            menu = QMenu(ask)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            for value, text in found.values:
                menu.addAction(everywhere_words(text), partial(self.everywhere_asked.emit, value))
            menu.popup(ask.mapToGlobal(ask.rect().bottomLeft()))

        ask.clicked.connect(choose)
        return ask


def everywhere_words(value: str) -> str:
    return tr("Make “{value}” the value everywhere…", value=value)


def _alone(widget: QWidget) -> QWidget:
    holder = QWidget()
    holder.setLayout(row(widget, None))
    return holder


def _host_row(one: HostLine) -> QWidget:
    name = label(host_words(one.host), wrap=True)
    value = label(
        one.value, "bodyStrong" if one.odd else "body", "warn" if one.odd else "", wrap=True, selectable=True
    )
    value.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
    dot = StatusDot("warn" if one.odd else "ok")
    holder = QWidget()
    inner = row(column(3, dot, None, spacing=0), spacing=10)
    inner.addWidget(name, 1)
    inner.addWidget(value, 1)
    holder.setLayout(inner)
    return holder
