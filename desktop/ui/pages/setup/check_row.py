"""One check of this computer: what was found, why it matters, and what puts it right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop.base.words import tr
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    CodeView,
    ExpanderRow,
    StatusDot,
    button,
    clear_layout,
    column,
    keep_width,
    label,
    repolish,
    row,
    say,
    set_tone,
    state_word,
)

from .present import shape

if TYPE_CHECKING:
    from desktop.app_doctor import Check


class CheckRow(QFrame):
    """One check: shape, name and finding, why, fix buttons, and the commands that the fix would run."""

    fix_asked = Signal(str, str)

    def __init__(self, key: str) -> None:
        super().__init__()
        self.setObjectName(f"setup.check.{key}")
        self.setProperty("surface", "card")
        self._key = key
        self.dot = StatusDot("wait")
        self.title = label("", "bodyStrong")
        self.found = label("", "caption", "secondary", wrap=True)
        self.why = label("", "body", "secondary", wrap=True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.expander = ExpanderRow(name=f"setup.{key}")
        names = QWidget()
        keep_width(names, 210)
        names.setLayout(column(self.title, self.found, spacing=0))
        self._fixes = QHBoxLayout()
        self._fixes.setSpacing(8)
        self.expander.head.addWidget(self.dot)
        self.expander.head.addSpacing(4)
        self.expander.head.addWidget(names)
        self.expander.head.addWidget(self.why, 1)
        self.expander.head.addLayout(self._fixes)
        self.advice = label("", "body", wrap=True)
        self.code = CodeView(name=f"setup.{key}.commands", label=lambda: tr("Commands"), numbers=False)
        self.copy = button(lambda: tr("Copy"), name=f"setup.{key}.copy", icon="copy", small=True)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.code.toPlainText()))
        top = row(spacing=8)
        top.addWidget(self.advice, 1)
        top.addWidget(self.copy)
        self.expander.body.addLayout(top)
        self.expander.body.addWidget(self.code)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 14, 10)
        layout.addWidget(self.expander)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_busy(self) -> None:
        self.dot.set_state("busy", state_word("busy"))

    def show_check(self, check: Check) -> None:
        """The answer; a row that needs the person has an amber or red edge and is open."""
        state = shape(check)
        self.dot.set_state(state, state_word(state))
        say(self.title, self.title.setText, lambda: str(check.title))
        say(self.found, self.found.setText, lambda: str(check.found))
        set_tone(self.found, state if state in ("warn", "fail") else "secondary")
        say(self.why, self.why.setText, lambda: str(check.why))
        say(self.advice, self.advice.setText, lambda: str(check.fix))
        self.setProperty("edge", state if state in ("warn", "fail") else "")
        repolish(self)
        commands = "\n".join(check.commands)
        self.code.show_code(commands, "shell")
        self.code.setVisible(bool(commands))
        self.copy.setVisible(bool(commands))
        lines = max(1, len(check.commands))
        self.code.setFixedHeight(lines * theme().px(18) + 24)
        more = bool(str(check.fix) or commands)
        self.expander.button.setVisible(more)
        self.expander.set_open(more and state in ("warn", "fail"))
        self._show_fixes(check)

    def _show_fixes(self, check: Check) -> None:
        clear_layout(self._fixes)
        for fix in check.fixes:
            made = button(fix.label, name=f"setup.{self._key}.{fix.action}", kind="accent", small=True)
            made.clicked.connect(lambda _=False, fix=fix: self.fix_asked.emit(fix.action, fix.argument))
            self._fixes.addWidget(made)
