"""The parts of the later steps: where it runs, and review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
)

from desktop.base.words import tr
from desktop.project import Template
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    Choice,
    check_box,
    label,
)

from .present import (
    ENVIRONMENTS,
    MOST_FACTS,
    MOST_STEPS,
    Draft,
    Where,
    review,
    steps,
)

Index = QModelIndex | QPersistentModelIndex
PATH_ROLE = Qt.ItemDataRole.UserRole + 1
FOLDER_ROLE = Qt.ItemDataRole.UserRole + 2


class WhereCard(Card):
    """Which environments there are, on which host each. `changed()` at each choice."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(lambda: tr("Where it runs"))
        why = label(
            lambda: tr(
                "A version moves from one environment to the next. goferry.yaml keeps what you choose."
            ),
            "body",
            "secondary",
            wrap=True,
        )
        self.body.addWidget(why)
        self._rows: dict[str, tuple[QCheckBox, Choice, Choice]] = {}
        titles = {
            "dev": lambda: tr("Dev"),
            "staging": lambda: tr("Staging"),
            "prod": lambda: tr("Production"),
        }
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        heads = (lambda: tr("Environment"), lambda: tr("Host"), lambda: tr("How a new version starts"))
        for at, head in enumerate(heads):
            grid.addWidget(label(head, "caption", "secondary"), 0, at)
        grid.setColumnStretch(len(heads), 1)
        for line, name in enumerate(ENVIRONMENTS, 1):
            tick = check_box(titles[name], name=f"new_project.where.{name}")
            tick.setMinimumWidth(theme().px(120))
            host = Choice(name=f"new_project.where.{name}.host", label_text=lambda: tr("Host or group"))
            host.setMinimumWidth(theme().px(220))
            mode = Choice(
                [
                    ("direct", lambda: tr("Replaced in place, a short gap")),
                    ("proxy", lambda: tr("A front, no request is lost")),
                ],
                name=f"new_project.where.{name}.mode", label_text=lambda: tr("How a new version starts"),
            )  # fmt: skip
            self._rows[name] = (tick, host, mode)
            tick.toggled.connect(lambda _: self.changed.emit())
            host.chosen.connect(lambda _: self.changed.emit())
            mode.chosen.connect(lambda _: self.changed.emit())
            for at, control in enumerate((tick, host, mode)):
                grid.addWidget(control, line, at)
        self.body.addLayout(grid)
        self.body.addWidget(
            label(
                lambda: tr("Servers that are not listed are added on the Hosts page."), "caption", "tertiary"
            )
        )
        self.body.addStretch(1)

    def show_where(self, environments: Mapping[str, Where], hosts: Sequence[str]) -> None:
        for name, (tick, host, mode) in self._rows.items():
            where = environments.get(name, Where())
            blocked = tick.blockSignals(True)
            tick.setChecked(where.on)
            tick.blockSignals(blocked)
            host.set_choices(
                [(one, (lambda: tr("This computer")) if one == "local" else one) for one in hosts]
            )
            host.set_value(where.host if where.host in hosts else "local")
            mode.set_value(where.mode)
            host.setEnabled(where.on)
            mode.setEnabled(where.on)

    def where(self, before: Mapping[str, Where]) -> dict[str, Where]:
        found = {}
        for name, (tick, host, mode) in self._rows.items():
            old = before.get(name, Where())
            found[name] = replace(old, on=tick.isChecked(), host=host.value or "local", mode=mode.value)
            host.setEnabled(tick.isChecked())
            mode.setEnabled(tick.isChecked())
        return {name: where for name, where in found.items() if where.on or name in before}


class ReviewCard(Card):
    """All answers, and what creating it does. Its labels are made once and filled anew: making them costs a frame."""

    def __init__(self) -> None:
        super().__init__(lambda: tr("Review"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, theme().px(120))
        grid.setColumnStretch(1, 1)
        self._facts: list[tuple[QLabel, QLabel]] = []
        for number in range(MOST_FACTS):
            name, fact = label("", "caption", "secondary"), label("", "body", wrap=True, selectable=True)
            fact.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            grid.addWidget(name, number, 0)
            grid.addWidget(fact, number, 1)
            self._facts.append((name, fact))
        self.body.addLayout(grid)
        self.body.addWidget(label(lambda: tr("Creating it does this"), "bodyStrong"))
        self._steps = [label("", "body", "secondary", wrap=True) for _ in range(MOST_STEPS)]
        for step in self._steps:
            self.body.addWidget(step)
        self.body.addStretch(1)

    def show_draft(self, draft: Draft, one: Template, files: int) -> None:
        facts, todo = review(draft, one, files), steps(draft, one)
        for number, (name, fact) in enumerate(self._facts):
            for part, text in zip(
                (name, fact), facts[number] if number < len(facts) else ("", ""), strict=True
            ):
                part.setText(text)
                part.setVisible(number < len(facts))
        for number, step in enumerate(self._steps):
            step.setText(f"{number + 1}.  {todo[number]}" if number < len(todo) else "")
            step.setVisible(number < len(todo))
