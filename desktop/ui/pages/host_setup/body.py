"""The three columns of the Set-up page: steps, the chosen step, what the plan changes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

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
    list_view,
    row,
    scrolled,
)

from . import present
from .present import HostSetup, Said, StepLine


class StepsCard(Card):
    """The steps in order; `chosen(step)`."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Steps"), flush=True)
        self.view, self.model, _ = list_view(name="host_setup.steps", label=lambda: tr("Steps of the plan"))
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.body.addWidget(self.view, 1)

    def _on_current(self, index: QModelIndex) -> None:
        shown = index.data(ROW_ROLE)
        if isinstance(shown, Row):
            self.chosen.emit(str(shown.payload))

    def show_steps(self, lines: Sequence[StepLine], chosen: str) -> None:
        self.model.show_rows([_row(one) for one in lines])
        ids = [one.id for one in lines]
        if chosen in ids and self.view.currentIndex().row() != ids.index(chosen):
            blocked = self.view.selectionModel().blockSignals(True)
            self.view.setCurrentIndex(self.model.index(ids.index(chosen)))
            self.view.selectionModel().blockSignals(blocked)
            self.view.viewport().update()


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
        self._shown: tuple[str, int] = ("", 0)
        self.name = label("", "subtitle", wrap=True)
        self.why = label("", "body", "secondary", wrap=True)
        self.rights = Chip("", "warn")
        self.part = check_box(lambda: tr("Part of the plan"), name="host_setup.part", on=True)
        self.copy = button(lambda: tr("Copy commands"), name="host_setup.copy", small=True, icon="copy")
        self.banner = Banner(name="host_setup.banner")
        head = QWidget()
        head.setLayout(
            column(
                self.name, self.why, 4, row(self.rights, self.part, None, self.copy), spacing=4,
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

    def show_step(self, setup: HostSetup) -> None:
        piece = setup.piece
        for part in (self.rights, self.part, self.copy, self.split):
            part.setVisible(piece is not None)
        if piece is None:
            self.name.setText(tr("No plan yet"))
            self.why.setText(tr("The server is read first; nothing changes on it."))
            return
        self.name.setText(f"{present.position(setup, piece.id)}  {piece.title}")
        self.why.setText(str(piece.why))
        self.rights.show_state(
            tr("as root") if piece.as_root else tr("as yourself"), "warn" if piece.as_root else "off"
        )
        self.part.setVisible(not setup.undo)
        self.part.setEnabled(not setup.busy and piece.id != "root")
        self.part.setChecked(piece.id not in setup.left_out)
        self.code.show_code(present.commands(piece, undo=setup.undo), "shell")
        self._show_output([said for said in setup.said if said.step == piece.id], piece.id)

    def _show_output(self, said: Sequence[Said], step: str) -> None:
        before, count = self._shown
        rows = [LogRow(one.at, one.level, "", one.text) for one in said]
        if before == step and len(rows) > count:
            self.output.view.append(rows[count:])
        elif before != step or len(rows) < count:
            self.output.view.show_lines(rows)
        self._shown = (step, len(rows))


class ChangesCard(Card):
    """What the plan changes in sum, the choices it rests on, and undo."""

    def __init__(self) -> None:
        super().__init__(lambda: tr("What the plan changes"), flush=True)
        self._pairs: list[tuple[str, str]] | None = None
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
        self.offline = check_box(lambda: tr("Send Docker from this computer"), name="host_setup.offline")
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
                self.mirror_title, self.mirror, self.mirror_note, self.offline, 8, line(), 8,
                self.undo_title, self.undo_note, row(self.undo, self.forth, None), 8, line(), 8,
                label(lambda: tr("Safe to repeat"), "bodyStrong"),
                label(lambda: tr("A step that is already right is left alone."), "caption", "secondary", wrap=True),
                None, spacing=6, margins=(16, 12, 16, 16),
            )
        )  # fmt: skip
        self.body.addWidget(scrolled(holder), 1)

    def show_setup(self, setup: HostSetup) -> None:
        pairs = present.changes(setup)
        if pairs != self._pairs:
            self._pairs = pairs
            self.sums.show_pairs(pairs)
        self.sums.setVisible(bool(pairs))
        self.nothing.setVisible(not pairs and setup.prepared is not None and not setup.undo)
        notes = setup.prepared.plan.notes if setup.prepared is not None else ()
        self.notes.setText("\n".join(str(note) for note in notes))
        self.notes.setVisible(bool(notes))
        self.mirror.set_choices(present.mirror_choices(setup), setup.wish.mirror)
        self.offline.setChecked(setup.wish.offline)
        self.mirror.setEnabled(not setup.busy)
        self.offline.setEnabled(not setup.busy)
        for part in (self.mirror, self.mirror_title, self.mirror_note, self.offline, self.rule):
            part.setVisible(not setup.undo)
        self.undo.setVisible(setup.can_undo)
        self.forth.setVisible(setup.undo)
        self.forth.setEnabled(not setup.busy)
