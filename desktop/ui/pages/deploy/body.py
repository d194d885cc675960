"""The widgets of the Deploy page: head, plan, lanes, output, releases. They show, and say what was clicked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop.base.words import host_words, ntr, tr
from desktop.ui.environments import environment_words
from desktop.ui.production_mark import mark_production
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Card,
    Chip,
    CodeView,
    PageHeader,
    Segmented,
    button,
    label,
    say,
    set_kind,
    show_icon,
    tab_before,
)
from desktop.ui.widgets.labels import stay_low

from . import history, present
from .lanes import LanesView
from .plan_strip import PlanStrip
from .timeline import ReleasesView

MOST_SEGMENTS = 5
RIGHT = 296


class DeployHead(PageHeader):
    """Title, environment switch, versions, the main button."""

    environment_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Deploy"), name="deploy.header")
        self._switch: Segmented | None = None
        self._marked: list[str] = []
        theme().changed.connect(self.mark)
        self.versions = label("", "mono")
        self.chip = Chip("", "info")
        self.back = button("", name="deploy.rollback", kind="danger", icon="undo")
        self.pause = button("", name="deploy.pause", icon="pause")
        self.main = button("", name="deploy.run", kind="primary")
        self.add_scope(self.versions, self.chip)
        self.add_actions(self.back, self.pause, self.main)
        self._chip_wanted = self._back_wanted = False
        # in a narrow window the less important parts go, before the page would be wider than it
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        layout = self.layout()
        parts = ((self.versions, True), (self.chip, self._chip_wanted), (self.back, self._back_wanted))
        for part, wanted in parts:
            part.setVisible(wanted)
        for part, _ in parts:
            if layout is None:
                return
            layout.invalidate()
            if layout.minimumSize().width() <= self.width():
                return
            part.hide()

    def show_environments(self, names: Sequence[str], chosen: str) -> None:
        if self._switch is not None:
            self._switch.hide()
            self._switch.deleteLater()
        shown = list(names[:MOST_SEGMENTS])
        if chosen not in shown:
            shown[-1:] = [chosen]
        self._switch = Segmented(
            [(name, partial(environment_words, name)) for name in shown],
            name="deploy.environment",
            label=lambda: tr("Environment"),
            value=chosen,
        )
        self._switch.chosen.connect(self.environment_chosen)
        self._marked = shown
        self.mark()
        self.scope.insertWidget(0, self._switch)
        tab_before(self.back, self._switch)

    def mark(self) -> None:
        """A square in front of production, in the colours of now."""
        if self._switch is not None:
            mark_production(self._switch, self._marked)

    def choose(self, name: str) -> None:
        if self._switch is not None:
            self._switch.set_value(name)

    def show_versions(self, before: str, after: str, chip: tuple[str, str] | None) -> None:
        parts = [part for part in (before, after) if part]
        self.versions.setText("  →  ".join(dict.fromkeys(parts)))
        self._chip_wanted = chip is not None
        if chip is not None:
            self.chip.show_state(*chip)
        self._fit()

    def show_back(self, version: str) -> None:
        """The way back to a version; none with an empty one."""
        self._back_wanted = bool(version)
        self.back.setText(tr("Roll back to {version}", version=version))
        self._fit()

    def show_pause(self, *, wanted: bool, asked: bool) -> None:
        """Pause while further hosts would begin, then Go on."""
        say(self.pause, self.pause.setText, (lambda: tr("Go on")) if asked else (lambda: tr("Pause")))
        tip = lambda: tr("The hosts under way come to their end, and no further one begins.")  # noqa: E731
        say(self.pause, self.pause.setToolTip, "" if asked else tip)
        show_icon(self.pause, "play" if asked else "pause")
        self.pause.setVisible(wanted)
        self._fit()

    def show_main(self, text: str, kind: str, enabled: bool) -> None:
        """The main button. The keyboard stays with it while it cannot be pressed: Qt would hand the focus on to the
        next button, which takes a version back."""
        self.main.setText(text)
        set_kind(self.main, kind)
        if not enabled and self.main.hasFocus():
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.main.setEnabled(enabled)
        if enabled and self.hasFocus():
            self.main.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_nothing(self) -> None:
        """No project: nothing to press."""
        if self._switch is not None:
            self._switch.hide()
        self.show_versions("", "", None)
        self.show_back("")
        self.show_main(tr("Build and plan"), "primary", False)


class DeployBody(QWidget):
    """Plan, hosts and output at the left, releases at the right."""

    def __init__(self) -> None:
        super().__init__()
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(14)
        left = QVBoxLayout()
        left.setSpacing(14)
        left.addWidget(self._plan_card())
        left.addWidget(self._hosts_card())
        left.addWidget(self._output_card(), 100)
        left.addStretch(0)  # spare height when there is no output, none beside it
        outer.addLayout(left, 1)
        self.right = self._releases_card()
        outer.addWidget(self.right)
        self._fit()
        theme().changed.connect(self._fit)

    def _fit(self) -> None:
        """Sizes that follow the text's."""
        self.right.setFixedWidth(theme().px(RIGHT))
        self.lanes.fit()

    def _plan_card(self) -> Card:
        self.plan_card = Card(lambda: tr("Plan"), flush=True)
        self.plan_card.body.setContentsMargins(0, 0, 0, 0)
        self.commands = button("", name="deploy.show_commands", kind="link", icon="terminal")
        self.spread = button(lambda: tr("Strategy…"), name="deploy.spread_open", kind="link", icon="sliders")
        self.plan_card.add_action(self.spread)
        self.plan_card.add_action(self.commands)
        self.strip = PlanStrip()
        self.no_plan = label(
            lambda: tr(
                "A plan shows what would be sent, which settings change, and every command, before anything is done."
            ),
            "body",
            "secondary",
            wrap=True,
        )
        self.no_plan.setContentsMargins(14, 12, 14, 12)
        stay_low(self.plan_card)
        self.plan_card.body.addWidget(self.strip)
        self.plan_card.body.addWidget(self.no_plan)
        return self.plan_card

    def _hosts_card(self) -> Card:
        self.hosts_card = Card(lambda: tr("Hosts"), flush=True)
        self.elapsed = label("", "caption", "secondary")
        self.hosts_card.add_action(self.elapsed)
        self.lanes = LanesView()
        stay_low(self.hosts_card)
        self.hosts_card.body.addWidget(self.lanes)
        return self.hosts_card

    def _output_card(self) -> Card:
        self.output_card = Card(lambda: tr("Output"), flush=True)
        self.output = _Output()
        self.output_card.body.addWidget(self.output)
        return self.output_card

    def _releases_card(self) -> Card:
        card = Card(lambda: tr("Releases"), flush=True)
        self.releases = ReleasesView()
        self.none_yet = label(lambda: tr("Nothing was released here yet."), "body", "secondary", wrap=True)
        self.none_yet.setContentsMargins(14, 12, 14, 12)
        card.body.addWidget(self.none_yet)
        card.body.addWidget(self.releases, 1)
        self.compare = button(lambda: tr("Compare…"), name="deploy.compare_open", kind="link", small=True)
        card.add_action(self.compare)
        self.prune = button(lambda: tr("Remove old…"), name="deploy.prune", kind="link", small=True)
        self.remove = button(lambda: tr("Remove the app…"), name="deploy.remove", kind="link", small=True)
        card.add_foot(self.prune, None, self.remove)
        self.releases_card = card
        return card

    def set_narrow(self, narrow: bool) -> None:
        self.right.setVisible(not narrow)

    def again(self) -> None:
        """What is painted, in another language."""
        self.lanes.lanes.again()
        self.releases.viewport().update()

    def show_plan(
        self, plan: present.PlanView | None, usual: float | None, stage: str = "", *, open_: bool = False
    ) -> None:
        """`stage`: what is done for the plan that is being made. `open_`: it may still be changed."""
        self.spread.setVisible(plan is not None and len(plan.hosts) > 1 and open_)
        self.strip.setVisible(plan is not None)
        self.no_plan.setVisible(plan is None)
        self.commands.setVisible(plan is not None and plan.commands > 0)
        if plan is None:
            self.plan_card.set_note(stage)
            return
        self.strip.show_tiles(present.tiles(plan, usual))
        made = history.when(plan.made, plan.made).split()[-1]
        checked = len(plan.hosts) - len(plan.offline)
        self.plan_card.set_note(
            ntr(
                "made {time}, checked against {n} host",
                "made {time}, checked against {n} hosts",
                checked,
                time=made,
            )
        )
        count = plan.commands
        say(
            self.commands,
            self.commands.setText,
            lambda: ntr("Show {n} command", "Show all {n} commands", count),
        )

    def show_lanes(self, plan: present.PlanView | None, progress: present.Progress) -> None:
        if plan is None:
            self.lanes.show_lanes(())
            self.hosts_card.set_note(lambda: tr("asking…"))
            return
        self.lanes.show_lanes(present.lanes(plan, progress))
        self.hosts_card.set_note(present.hosts_note(plan, progress) if plan.after else "")

    def show_elapsed(self, seconds: float | None) -> None:
        self.elapsed.setText("" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}")

    def show_output(
        self, chosen: tuple[str, str] | None, progress: present.Progress, plan: present.PlanView | None
    ) -> None:
        """The lines of a stage; of a failed one without a click; before a run what changes in the configuration."""
        if chosen is None:
            chosen = next(
                ((name, "") for name, result in progress.results.items() if result.error is not None), None
            )
        text = present.output_of(chosen, progress, plan) if chosen is not None else ""
        if chosen is not None and text:
            stage = present.stage_title(chosen[1]) if chosen[1] else tr("failed")
            self.output_card.set_title(lambda: tr("Output"))
            self.output_card.set_note(f"{host_words(chosen[0])}, {stage}")
            self.output.show_text(text, "text")
        elif plan is not None and not progress.steps and (text := present.config_diff(plan)):
            self.output_card.set_title(lambda: tr("Config"))
            self.output_card.set_note(lambda: tr("what changes"))
            self.output.show_text(text, "diff")
        self.output_card.setVisible(bool(text))

    def show_releases(self, entries: Sequence[history.Entry], *, known: bool, busy: bool = False) -> None:
        """`busy`: something is done to the app there, and nothing can be removed meanwhile."""
        self.releases.releases.show_entries(entries)
        self.releases.setVisible(bool(entries))
        self.none_yet.setVisible(known and not entries)
        self.prune.setVisible(sum(bool(entry.can) for entry in entries) > 2)
        self.compare.setVisible(len(entries) > 1)
        self.remove.setVisible(bool(entries))
        why = lambda: tr("Something runs here. You can remove when it is over.")  # noqa: E731
        for one in (self.prune, self.remove):
            if busy and one.hasFocus():
                self.releases.setFocus(Qt.FocusReason.OtherFocusReason)
            one.setEnabled(not busy)
            say(one, one.setToolTip, why if busy else "")
        if self.releases_card.foot is not None:
            self.releases_card.foot.setVisible(bool(entries))


class _Output(QWidget):
    """Text of a stage, in mono, to be read and copied."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.view = CodeView(name="deploy.output", label=lambda: tr("Output"))
        self.view.setMinimumHeight(140)
        layout.addWidget(self.view)
        self._shown = ""

    def show_text(self, text: str, language: str) -> None:
        if text != self._shown:
            self._shown = text
            self.view.show_code(text, language)
