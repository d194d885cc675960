"""Is this computer ready? Each check with what was found, why it matters, and what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop.app_doctor import GET_GO, get_go
from desktop.app_engine import start_engine_job
from desktop.base.errors import START_ENGINE
from desktop.base.jobs import Job
from desktop.base.words import msg, tr
from desktop.ui.pages.base import Frame, Page
from desktop.ui.theme import theme
from desktop.ui.warm import warm
from desktop.ui.widgets import (
    Banner,
    CodeView,
    ExpanderRow,
    StatusDot,
    button,
    column,
    keep_width,
    label,
    paint_text,
    repolish,
    row,
    say,
    scrolled,
    set_tone,
    state_word,
)

from .present import Step, ready, shape, steps, tally

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_doctor import Check


class SetupPage(Page):
    """Rail at the left, checks in the middle, Back and Next below."""

    key = "setup"

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__(app, frame)
        self._checks: list[Check] = []
        self._rows: dict[str, CheckRow] = {}
        self._checking = False
        self._fetching: Job[Path] | None = None
        self.rail = StepRail()
        left = QWidget()
        keep_width(left, 250, 340)
        left.setLayout(
            column(
                label(lambda: tr("Set up Goferry"), "subtitle"),
                label(lambda: tr("Carries Go apps to your servers"), "caption", "secondary", wrap=True),
                14,
                self.rail,
                None,
                label(
                    lambda: tr(
                        "Checks read only. Nothing on this computer changes until you press a button."
                    ),
                    "caption",
                    "secondary",
                    wrap=True,
                ),
                margins=(24, 24, 16, 24),
            )
        )
        body = row(left, spacing=0)
        body.addLayout(self._middle(), 1)
        self.root.addLayout(body, 1)
        self.root.addWidget(self._foot())

    def _middle(self) -> QVBoxLayout:
        self.again = button(lambda: tr("Check again"), name="setup.again", icon="refresh")
        self.again.clicked.connect(self.refresh)
        self.heading = label(lambda: tr("Is this computer ready?"), "title")
        self.under = label(
            lambda: tr(
                "Each row says what Goferry found and why it matters. You can go on without the optional ones."
            ),
            "body",
            "secondary",
            wrap=True,
        )
        top = row(spacing=16)
        top.addLayout(column(self.heading, self.under), 1)
        top.addWidget(self.again)
        self.banner = Banner(name="setup.banner")
        content = QWidget()
        self._list = QVBoxLayout(content)
        self._list.setContentsMargins(0, 4, 24, 16)
        self._list.setSpacing(10)
        self._list.addStretch(1)
        self.content = content
        self.area = scrolled(content)
        middle = column(top, row(self.banner, margins=(0, 0, 24, 0)), spacing=12, margins=(8, 22, 0, 0))
        top.setContentsMargins(0, 0, 24, 0)
        middle.addWidget(self.area, 1)
        return middle

    def _foot(self) -> QFrame:
        foot = QFrame()
        foot.setProperty("surface", "foot")
        skip = button(lambda: tr("Skip set-up"), name="setup.skip", kind="plain")
        skip.clicked.connect(self._leave)
        self.next = button(lambda: tr("Next"), name="setup.next", kind="primary")
        self.next.clicked.connect(self._leave)
        later = label(lambda: tr("You can change all of this later in Settings"), "caption", "secondary")
        foot.setLayout(row(skip, None, later, self.next, margins=(24, 13, 24, 13), spacing=12))
        return foot

    def title(self) -> str:
        return tr("Check this computer")

    def help_text(self) -> str:
        return tr(
            "Looks for what building and deploying need. Reading is all it does until you press a button."
        )

    def shown(self, context: object) -> None:
        if not self._checks:
            self.refresh()

    def retranslate(self) -> None:
        self.show_checks(self._checks)

    def panes(self) -> list[QWidget]:
        return [self.again, self.content, self.next]

    def primary(self) -> None:
        if self.next.isEnabled():
            self._leave()

    def refresh(self) -> None:
        """Check everything again; the old answers stay until the new ones are here."""
        if not self._checking:
            self._checking = True
            self.again.setEnabled(False)
            for shown in self._rows.values():
                shown.show_busy()
            self.spawn(self._check())

    async def _check(self) -> None:
        try:
            await warm(self.app)
            self.show_checks(await self.app.doctor())
        finally:
            self._checking = False
            self.again.setEnabled(True)

    def show_checks(self, checks: list[Check]) -> None:
        """Show the answers, a row each; rows that were there stay where they are."""
        self._checks = list(checks)
        for gone in set(self._rows) - {check.id for check in checks}:
            row_gone = self._rows.pop(gone)
            self._list.removeWidget(row_gone)
            row_gone.deleteLater()
        for at, check in enumerate(checks):
            if check.id not in self._rows:
                made = CheckRow(check.id)
                made.fix_asked.connect(self._fix)
                self._rows[check.id] = made
                self._list.insertWidget(at, made)
            self._rows[check.id].show_check(check)
        self.rail.show_steps(steps(checks, has_project=self.frame.current_project is not None))
        good = ready(checks)
        self.next.setEnabled(good)
        self.next.setToolTip("" if good else tr("Go is needed to build: see its row"))
        if good:
            self.banner.show_banner("ok", lambda: tr("This computer is ready"), lambda: tally(self._checks))
        else:
            self.banner.hide()

    def _fix(self, action: str, argument: str) -> None:
        if action == GET_GO:
            self._get_go()
        elif action == START_ENGINE:
            start_engine_job(self.app, self.key, self.refresh)
        elif self.frame.has_page(action):
            self.navigate.emit(action, argument or None)
        else:
            self.navigate.emit("settings", "go")

    def _get_go(self) -> None:
        """Go is downloaded as a job; then everything is checked again."""
        if self._fetching is not None and not self._fetching.state.over:
            return

        async def work(job: Job[Path]) -> Path:
            loop = asyncio.get_running_loop()
            stage = msg("Downloading Go")
            job.report(stage, 0.0)

            def came(part: float) -> None:
                loop.call_soon_threadsafe(job.report, stage, part)

            found = await get_go(self.app, came)
            self.refresh()
            return found

        self._fetching = self.app.jobs.start("go.fetch", msg("Get Go"), work, page=self.key, gate="go.fetch")

    def _leave(self) -> None:
        self.navigate.emit("projects" if self.frame.has_page("projects") else "settings", None)


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
        from desktop.ui.widgets import clear_layout

        clear_layout(self._fixes)
        for fix in check.fixes:
            made = button(fix.label, name=f"setup.{self._key}.{fix.action}", kind="accent", small=True)
            made.clicked.connect(lambda _=False, fix=fix: self.fix_asked.emit(fix.action, fix.argument))
            self._fixes.addWidget(made)


class StepRail(QWidget):
    """The four steps of set-up, one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: tuple[Step, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_steps(self, found: list[Step]) -> None:
        self._steps = tuple(found)
        self.setAccessibleDescription("; ".join(f"{step.title}: {step.note}" for step in found))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, theme().px(54) * max(1, len(self._steps)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tall = theme().px(54)
        for at, step in enumerate(self._steps):
            top = at * tall
            circle = QRectF(1, top + 6, 22, 22)
            if at + 1 < len(self._steps):
                role = "ok.fill" if step.state == "ok" else "stroke.control"
                painter.setPen(QPen(theme().color(role), 2))
                painter.drawLine(QPointF(12, top + 32), QPointF(12, top + tall + 2))
            self._paint_circle(painter, circle, at, step)
            text = QRectF(36, top, self.width() - 36, theme().px(18))
            strong = "bodyStrong" if step.now else "body"
            paint_text(painter, text, step.title, strong)
            paint_text(painter, text.translated(0, theme().px(18)), step.note, "caption", "text.secondary")
        painter.end()

    def _paint_circle(self, painter: QPainter, circle: QRectF, at: int, step: Step) -> None:
        filled = step.now or step.state == "ok"
        if filled:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(
                theme().color("ok.fill" if step.state == "ok" and not step.now else "accent.default")
            )
        else:
            painter.setPen(QPen(theme().color("stroke.strong"), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        if step.state == "ok" and not step.now:
            picture = theme().pixmap("check", "text.onFill", 14, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(circle.center().x() - 7, circle.center().y() - 7), picture)
        else:
            ink = "text.onAccent" if filled else "text.secondary"
            paint_text(painter, circle, str(at + 1), "captionStrong", ink, Qt.AlignmentFlag.AlignHCenter)
