"""The columns of the Set-up page: steps, the chosen step, what the plan changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import takewhile

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from desktop.app_setup_flow import FlowLine
from desktop.base.errors import GoferryError
from desktop.base.visible import visible
from desktop.base.words import tr
from desktop.ui.widgets import (
    ROW_ROLE,
    Banner,
    Card,
    Chip,
    Choice,
    CodeView,
    KeyValueList,
    LogPane,
    LogRow,
    Row,
    button,
    check_box,
    column,
    label,
    line,
    line_edit,
    list_view,
    row,
    scrolled,
)

from . import present
from .present import HostView, Phase, StepLine

LEAST_PX, ROOMY_PX = 336, 430
"""The step's card: least height, and from which on its commands and its output are shown at once."""


class StepsCard(Card):
    """The steps in order; `chosen(step)`."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Steps"), flush=True)
        self._showing = False
        self.view, self.model, _ = list_view(name="host_setup.steps", label=lambda: tr("Steps of the plan"))
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.body.addWidget(self.view, 1)

    def _on_current(self, index: QModelIndex) -> None:
        shown = index.data(ROW_ROLE)
        if isinstance(shown, Row) and not self._showing:
            self.chosen.emit(str(shown.payload))

    def show_steps(self, lines: Sequence[StepLine], chosen: str) -> None:
        self._showing = True  # rows that go move the current one: that is nobody's choice
        try:
            self.model.show_rows([_row(one) for one in lines])
            ids = [one.id for one in lines]
            if chosen in ids and self.view.currentIndex().row() != ids.index(chosen):
                self.view.setCurrentIndex(self.model.index(ids.index(chosen)))
            elif chosen not in ids:
                self.view.setCurrentIndex(QModelIndex())
        finally:
            self._showing = False


def _row(one: StepLine) -> Row:
    role = "fail.text" if one.state == "fail" else "text.secondary"
    return Row(
        one.title,
        one.second,
        state=one.state,
        second_role=role,
        tip=f"{one.title}\n{one.second}",
        payload=one.id,
    )


class StepCard(Card):
    """The chosen step: why, its commands, its output; a banner when it failed."""

    def __init__(self) -> None:
        super().__init__(flush=True)
        self._shown = ("", "")
        self._newest: FlowLine | None = None
        self._commands = ""
        self._said = False
        self.name = label("", "subtitle", wrap=True)
        self.why = label("", "body", "secondary", wrap=True)
        self.rights = Chip("", "warn")
        self.part = check_box(lambda: tr("Part of the plan"), name="host_setup.part", on=True)
        self.copy = button(lambda: tr("Copy commands"), name="host_setup.copy", small=True, icon="copy")
        self.back = button(
            lambda: tr("Undo this step…"), name="host_setup.undo_step", small=True, icon="undo"
        )
        self.banner = Banner(name="host_setup.banner")
        head = QWidget()
        head.setLayout(
            column(
                self.name, self.why, 4, row(self.rights, self.part, None, self.back, self.copy), spacing=4,
                margins=(16, 12, 16, 12),
            )
        )  # fmt: skip
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(12, 0, 12, 12)
        inner.addWidget(self.banner)
        self.holder = holder
        self.code = CodeView(
            name="host_setup.commands", label=lambda: tr("Commands of the step"), numbers=False
        )
        self.output = LogPane(
            name="host_setup.output", label_text=lambda: tr("Output of the step"), levels=False, sources=False
        )
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.code)
        self.split.addWidget(self.output)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.body.addWidget(head)
        self.body.addWidget(holder)
        self.body.addWidget(line())
        self.body.addWidget(self.split, 1)
        self.rest = QWidget()
        """Takes the height where there is no step yet."""
        self.body.addWidget(self.rest, 1)
        self.setMinimumHeight(LEAST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a low card the output of what ran, else the commands of what will."""
        roomy, said = self.height() >= ROOMY_PX, self._said
        self.code.setVisible(roomy or not said)
        self.output.setVisible(roomy or said)

    def show_step(self, view: HostView) -> None:
        piece = view.piece
        for part in (self.rights, self.part, self.copy, self.split):
            part.setVisible(piece is not None)
        self.back.setVisible(False)
        self.rest.setVisible(piece is None)
        if piece is None and view.pieces:
            self.name.setText(tr("Already as planned"))
            self.why.setText(tr("Every step is right already. Choose one to read it."))
            return
        if piece is None:
            self.name.setText(tr("No plan yet"))
            self.why.setText(tr("The server is read first; nothing changes on it."))
            return
        self.name.setText(f"{present.position(view, piece.id)}  {piece.title}")
        self.why.setText(str(piece.why))
        self.rights.show_state(
            tr("as root") if piece.as_root else tr("as yourself"), "warn" if piece.as_root else "off"
        )
        self.part.setVisible(not view.undo)
        self.part.setEnabled(not view.busy and piece.id != "root")
        self.part.setChecked(piece.id not in view.left_out)
        self.back.setVisible(not view.undo and present.can_take_back(view, piece.id))
        self.back.setEnabled(not view.busy)
        text = present.commands(piece, undo=view.undo)
        if text != self._commands:  # a highlighter goes through all of it
            self._commands = text
            self.code.show_code(text, "shell")
        self._show_output(view, piece.id)

    def _show_output(self, view: HostView, step: str) -> None:
        """Adds what came since; a flow keeps only its newest lines, so they are counted from the end."""
        lines = deque[FlowLine]() if view.back is not None else view.flow.lines
        place = (view.host, step)
        fresh = list(takewhile(lambda one: one is not self._newest, reversed(lines)))[::-1]
        if place != self._shown or len(fresh) == len(lines):
            self.output.view.show_lines([_log_row(one) for one in lines if one.step == step])
        elif rows := [_log_row(one) for one in fresh if one.step == step]:
            self.output.view.append(rows)
        self._shown, self._newest = place, lines[-1] if lines else None
        self._said = any(one.step == step for one in lines)
        self._fit()


def _log_row(one: FlowLine) -> LogRow:
    level = {"fail": "error", "debug": "debug"}.get(one.level, "")
    return LogRow(one.at, level, "", visible(one.text.replace("\t", "    ")))


class ChangesCard(Card):
    """What the plan changes in sum, the choices it rests on, and undo. `own_asked(address)` of a mirror."""

    own_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__(lambda: tr("What the plan changes"), flush=True)
        self._pairs: list[tuple[str, str]] | None = None
        self._choices: tuple[list[tuple[str, str]], str] | None = None
        self.for_all = label(lambda: tr("For all servers in the list."), "caption", "secondary", wrap=True)
        self.sums = KeyValueList(label_width=76)
        self.nothing = label(
            lambda: tr("Nothing more than is there already."), "body", "secondary", wrap=True
        )
        self.mirror = Choice([], name="host_setup.mirror", label_text=lambda: tr("Package source"))
        self.mirror.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.mirror_title = label(lambda: tr("Package source"), "bodyStrong")
        self.mirror_note = label(
            lambda: tr("The time is what the server needed to reach it."), "caption", "secondary", wrap=True
        )
        self.own = line_edit(
            name="host_setup.own_mirror", label_text=lambda: tr("Own mirror"),
            placeholder="https://mirror.example.com/docker-ce", mono=True,
        )  # fmt: skip
        self.own.returnPressed.connect(self._use_own)
        self.use_own = button(lambda: tr("Use it"), name="host_setup.use_mirror", small=True)
        self.use_own.clicked.connect(self._use_own)
        self.own.textChanged.connect(lambda text: self._render_own())
        self.own_note = label("", "caption", "fail", wrap=True)
        self.own_note.hide()
        self.offline = check_box(lambda: tr("Send Docker from this computer"), name="host_setup.offline")
        self.choices = button(lambda: tr("More choices…"), name="host_setup.more", small=True, icon="sliders")
        self.undo_title = label(lambda: tr("Undo"), "bodyStrong")
        self.undo_note = label(
            lambda: tr("Every changed file is kept as a copy. Undo puts the copies back, last step first."),
            "caption", "secondary", wrap=True,
        )  # fmt: skip
        self.undo = button(
            lambda: tr("Take the set-up back…"), name="host_setup.undo", small=True, icon="undo"
        )
        self.forth = button(lambda: tr("Back to the plan"), name="host_setup.forth", small=True)
        self.notes = label("", "caption", "secondary", wrap=True)
        self.rule = line()
        holder = QWidget()
        holder.setLayout(
            column(
                self.sums, self.nothing, self.notes, 8, self.rule, 8,
                self.mirror_title, self.for_all, self.mirror, self.mirror_note,
                row(self.own, self.use_own, spacing=6), self.own_note, self.offline,
                row(self.choices, None), 8, line(), 8,
                self.undo_title, self.undo_note, row(self.undo, self.forth, None), 8, line(), 8,
                label(lambda: tr("Safe to repeat"), "bodyStrong"),
                label(lambda: tr("A step that is already right is left alone."), "caption", "secondary", wrap=True),
                None, spacing=6, margins=(16, 12, 16, 16),
            )
        )  # fmt: skip
        self.body.addWidget(scrolled(holder), 1)

    def _use_own(self) -> None:
        """An address that is none stays in the field with the reason under it."""
        from desktop.hosts.setup import check_mirror

        try:
            address = check_mirror(self.own.text())
        except GoferryError as error:
            self.own_note.setText(" ".join(str(part) for part in (error.why, error.fix) if str(part)))
            self.own_note.show()
            return
        self.own.clear()
        self.own_asked.emit(address)

    def _render_own(self) -> None:
        self.use_own.setEnabled(self.own.isEnabled() and bool(self.own.text().strip()))
        self.own_note.hide()

    def show_setup(self, view: HostView, *, many: bool = False) -> None:
        pairs = present.changes(view)
        if pairs != self._pairs:
            self._pairs = pairs
            self.sums.show_pairs(pairs)
        self.sums.setVisible(bool(pairs))
        self.nothing.setVisible(not pairs and view.prepared is not None and not view.undo)
        notes = view.prepared.plan.notes if view.prepared is not None else ()
        self.notes.setText("\n".join(str(note) for note in notes))
        self.notes.setVisible(bool(notes))
        choices = present.mirror_choices(view)
        if (choices, view.flow.wish.mirror) != self._choices:
            self._choices = (choices, view.flow.wish.mirror)
            self.mirror.set_choices(choices, view.flow.wish.mirror)
        self.offline.setChecked(view.flow.wish.offline)
        free = not view.busy or view.phase is Phase.WAITS
        for choice in (self.mirror, self.offline, self.own, self.choices):
            choice.setEnabled(free)
        self.use_own.setEnabled(free and bool(self.own.text().strip()))
        source = (
            self.mirror,
            self.mirror_title,
            self.mirror_note,
            self.own,
            self.use_own,
            self.offline,
            self.choices,
        )
        for part in source:
            part.setVisible(not view.undo)
        shown = bool(pairs or notes) or not self.nothing.isHidden()
        self.rule.setVisible(shown and not view.undo)
        self.for_all.setVisible(many and not view.undo)
        self.undo.setVisible(view.can_undo)
        self.forth.setVisible(view.undo)
        self.forth.setEnabled(not view.busy)
