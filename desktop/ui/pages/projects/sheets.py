"""Sheets of the page: what was found in a project, a change before it is written, and a go.mod for a bare folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLayout, QWidget

from desktop.base.words import tr
from desktop.project import Finding, module_path_problem, name_from
from desktop.ui.widgets import Field, Sheet, StateLabel, button, column, label, line, row


class FindingsSheet(Sheet):
    """What a person should know about a project. `fix_asked(action, place)` for a finding's offer."""

    fix_asked = Signal(str, object)

    def __init__(self, name: str, findings: Sequence[Finding], root: Path) -> None:
        super().__init__(
            lambda: tr("Found in {project}", project=name), name="projects.findings", cancel=lambda: tr("Close"),
            width=560, scrolls=True,
        )  # fmt: skip
        for number, finding in enumerate(findings):
            if number:
                self.body.addWidget(line())
            self.body.addLayout(self._finding(number, finding, root))

    def _finding(self, number: int, finding: Finding, root: Path) -> QLayout:
        parts: list[QWidget] = [StateLabel("warn", finding.what)]
        parts += [
            label(text, "body", "secondary", wrap=True) for text in (finding.why, finding.fix) if str(text)
        ]
        if finding.place is not None:
            path = finding.place.path
            shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
            at = f"{shown}:{finding.place.line}" if finding.place.line else shown
            parts.append(label(at, "mono", "secondary", selectable=True))
        buttons: list[QWidget] = []
        for fix in finding.fixes:
            made = button(fix.label, name=f"projects.findings.{number}.{fix.action}", small=True)
            made.clicked.connect(
                lambda _=False, action=fix.action, found=finding: self.fix_asked.emit(action, found)
            )
            buttons.append(made)
        return column(*parts, *([row(*buttons, None)] if buttons else []), spacing=6)


class ModuleSheet(Sheet):
    """Asks for a module path, for a folder that has no go.mod. Accepts with the path."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            lambda: tr("This folder has no go.mod"),
            name="projects.module",
            primary=lambda: tr("Create go.mod"),
        )
        why = label(
            lambda: tr("Go builds modules. A go.mod makes the folder one; no other file is touched."),
            "body", "secondary", wrap=True,
        )  # fmt: skip
        self.field = Field(
            lambda: tr("Module path"),
            name="projects.module.path",
            mono=True,
            value=name_from(folder.name),
            checker=lambda text: str(module_path_problem(text) or ""),
        )
        self.body.addWidget(why)
        self.body.addWidget(self.field)

    def first_focus(self) -> QWidget | None:
        return self.field.input

    def on_primary(self) -> None:
        if self.field.check():
            self.accept(self.field.text)
