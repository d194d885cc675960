"""Consistency: what differs between environments and hosts, since when, and whether on purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop.app_consistency import Consistency, everywhere, mark_as_meant, read_consistency
from desktop.base.errors import GoferryError, explained
from desktop.base.paths import write_atomically
from desktop.base.words import ntr, sentences, tr
from desktop.project import Change, apply_change
from desktop.release import FactKey, FactRow, Verdict, verdict_counts
from desktop.ui.pages.base import Page, PageAction
from desktop.ui.widgets import ChangeSheet, clock_time
from desktop.ui.wishes import DeployTo

from . import present
from .layout import Parts
from .parts import everywhere_words
from .remedies import first_without, values_for_all
from .report import report
from .sheet import MarkSheet, already_there

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame

OLD_S = 600
"""What was read longer ago is read again when the page is shown."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """What the page asks of the program."""

    read: Callable[..., Coroutine[Any, Any, Consistency]] = read_consistency
    mark: Callable[..., Coroutine[Any, Any, None]] = mark_as_meant
    everywhere: Callable[..., Coroutine[Any, Any, Change | None]] = everywhere


class ConsistencyPage(Page):
    """Renders what was read, and asks for a reading, a deploy or a mark."""

    key = "consistency"

    def __init__(self, app: App, frame: Frame, *, deeds: Deeds | None = None) -> None:
        super().__init__(app, frame)
        self._deeds = deeds or Deeds()
        self.folder: Path | None = None
        self.found: Consistency | None = None
        self.problem: GoferryError | None = None
        self.reading: tuple[int, int] | None = None
        """How many hosts of how many have answered, while it reads."""
        self._task: Any = None
        self._verdict: Verdict | None = None
        self.parts = parts = Parts()
        self.root.addWidget(parts.header)
        self.root.addWidget(parts.holder, 1)
        self._connect()

    def _connect(self) -> None:
        parts = self.parts
        parts.again.clicked.connect(self.refresh)
        parts.save.clicked.connect(self.save_report)
        parts.panel.clicked.connect(self.toggle_right)
        parts.find.searched.connect(lambda _: self._render_rows())
        parts.shown.chosen.connect(lambda _: self._render_rows())
        for verdict, count in parts.counts.items():
            count.clicked.connect(partial(self._on_count, verdict))
        parts.tree.key_chosen.connect(lambda _: self._render_details())
        parts.tree.customContextMenuRequested.connect(self._on_menu)
        parts.details.stepped.connect(self.next_problem)
        parts.details.deploy_asked.connect(lambda wish: self.frame.navigate("deploy", wish))
        parts.details.live_asked.connect(lambda name: self.frame.navigate("live", name))
        parts.details.mark_asked.connect(self.ask_mark)
        parts.details.everywhere_asked.connect(self.ask_everywhere)
        parts.banner.acted.connect(lambda _: self.refresh())
        for empty in (parts.no_project, parts.nothing):
            empty.acted.connect(lambda key: self.frame.navigate(key))
        self.frame.project_changed.connect(self._on_project)
        self.frame.narrow_changed.connect(lambda *_: self._fit())

    def title(self) -> str:
        return tr("Consistency")

    # Coming and going

    def shown(self, context: object) -> None:
        self._fit()
        folder = self.frame.current_project
        old = self.found is None or time.time() - self.found.at > OLD_S
        if folder != self.folder:
            self._open(folder)
        elif old and self.reading is None:
            self.refresh()
        self.render_now()

    def retranslate(self) -> None:
        self.render_now()

    def refresh(self) -> None:
        if self.folder is not None and self.reading is None:
            self.reading = (0, 0)
            self._task = self.spawn(self._read(self.folder))
            self.render_now()

    def primary(self) -> None:
        self.refresh()

    def toggle_right(self) -> None:
        self.parts.details.setVisible(not self.parts.details.isVisible())

    def panes(self) -> list[QWidget]:
        return [self.parts.tree, self.parts.details]

    def help_text(self) -> str:
        return tr("What differs between environments and hosts, and whether that is meant.")

    def offers(self) -> list[PageAction]:
        return [
            PageAction("consistency.read", tr("Read again"), self.refresh, "F5"),
            PageAction("consistency.next", tr("Next drift"), lambda: self.next_problem(1), "F8"),
            PageAction("consistency.save", tr("Save report…"), self.save_report),
        ]

    def _fit(self) -> None:
        self.parts.panel.setVisible(self.frame.is_narrow)
        self.parts.details.setVisible(not self.frame.is_narrow)

    def _on_project(self, folder: object) -> None:
        if self.isVisible():
            self._open(self.frame.current_project)

    def _open(self, folder: Path | None) -> None:
        if self._task is not None:
            self._task.cancel()
        self.folder, self.found, self.problem, self.reading, self._task = folder, None, None, None, None
        self.refresh()
        self.render_now()

    async def _read(self, folder: Path) -> None:
        def on_read(read: int, of: int) -> None:
            self.reading = (read, of)
            self._render_head()

        try:
            self.found, self.problem = await self._deeds.read(self.app, folder, on_read), None
        except (GoferryError, OSError) as error:
            self.problem = explained(error)
        self.reading = None
        self.render_now()
        if self.parts.tree.chosen() is None:
            self.next_problem(1)

    # Rendering

    def render_now(self) -> None:
        """Shows what is known, in the language in force."""
        parts = self.parts
        if self.folder is None:
            parts.stack.setCurrentWidget(parts.no_project)
        elif self._nothing_to_compare():
            parts.stack.setCurrentWidget(parts.nothing)
        else:
            parts.stack.setCurrentWidget(parts.body)
        self._render_head()
        self._render_banner()
        self._render_rows()

    def _nothing_to_compare(self) -> bool:
        found = self.found
        if found is None or self.problem is not None:
            return False
        if found.readings and (found.deployed or any(one.problem is not None for one in found.readings)):
            return False
        why = tr("Releases on the hosts of its environments are compared here, from the first deploy on.")
        if not found.environments:
            why = tr("goferry.yaml names no environments. Add some to compare what runs on their hosts.")
        self.parts.nothing.show_text(tr("Nothing to compare yet"), why)
        return True

    def _render_head(self) -> None:
        parts, found = self.parts, self.found
        parts.again.setEnabled(self.folder is not None and self.reading is None)
        parts.save.setEnabled(found is not None)
        text = ""
        if self.reading is not None:
            read, of = self.reading
            text = tr("reading {n} of {of}", n=read, of=of) if of else tr("reading")
        elif found is not None:
            text = str(present.read_from(found, clock_time(found.at)[:5]))
        parts.summary.set_text(text)

    def _render_banner(self) -> None:
        banner, error = self.parts.banner, self.problem
        again = [("again", lambda: tr("Try again"))]
        silent = [one for one in self.found.readings if one.problem is not None] if self.found else []
        if error is not None:
            why = str(sentences(error.why, error.fix))
            banner.show_banner("fail", error.what, why, again, primary=False)
        elif silent:
            first = silent[0].problem
            names = list(dict.fromkeys(one.host for one in silent))
            title = ntr("{n} host could not be read", "{n} hosts could not be read", len(names))
            why = f"{', '.join(names)}: {first.what if first is not None else ''}"
            banner.show_banner("warn", title, why, again, primary=False)
        else:
            banner.hide()

    def _render_rows(self) -> None:
        parts, found = self.parts, self.found
        rows = found.rows if found is not None else ()
        number = verdict_counts(rows)
        for verdict, count in parts.counts.items():
            count.show_count(number[verdict])
            count.setChecked(verdict is self._verdict)
        table = present.groups(rows, parts.find.text(), self._verdict, changed=parts.shown.value == "changed")
        parts.tree.show_rows(present.heads(found) if found is not None else (), table)
        self.frame.set_badge("consistency", number[Verdict.DRIFTED])
        self._render_details()

    def _render_details(self) -> None:
        row, found = self.row(), self.found
        if row is None or found is None:
            self.parts.details.show_details(None, "")
            return
        drifted = self._drifted()
        place = ""
        if row.key in drifted:
            place = tr("{n} of {of}", n=drifted.index(row.key) + 1, of=len(drifted))
        self.parts.details.show_details(present.details(found, row), place)

    def row(self) -> FactRow | None:
        """The chosen row."""
        chosen = self.parts.tree.chosen()
        rows = self.found.rows if self.found is not None else ()
        return next((row for row in rows if row.key == chosen), None)

    # Wishes

    def _on_count(self, verdict: Verdict) -> None:
        self._verdict = None if self._verdict is verdict else verdict
        self._render_rows()

    def _drifted(self) -> list[FactKey]:
        shown = [look.row for group in self.parts.tree.drift.groups for look in group.rows]
        return [row.key for row in shown if row.verdict is Verdict.DRIFTED]

    def next_problem(self, step: int) -> None:
        keys = self._drifted()
        if not keys:
            return
        chosen = self.parts.tree.chosen()
        at = keys.index(chosen) + step if chosen in keys else 0 if step > 0 else -1
        self.parts.tree.choose(keys[at % len(keys)])

    def ask_mark(self) -> None:
        """Why the chosen row is meant to differ."""
        row = self.row()
        if row is not None:
            self.frame.open_sheet(
                MarkSheet(present.key_title(row.key), row.mark), partial(self._on_mark, row.key)
            )

    def _on_mark(self, key: FactKey, answer: tuple[str, str] | None) -> None:
        if answer is not None and self.folder is not None:
            self.spawn(self._mark(self.folder, key, *answer))

    async def _mark(self, folder: Path, key: FactKey, why: str, until: str) -> None:
        await self._deeds.mark(self.app, folder, key, why, until)
        self.refresh()

    def ask_everywhere(self, value: str) -> None:
        """Shows how goferry.yaml would change so that all environments have this value of the chosen row."""
        row = self.row()
        if row is not None and self.folder is not None:
            self.spawn(self._show_everywhere(self.folder, row, value))

    async def _show_everywhere(self, folder: Path, row: FactRow, value: str) -> None:
        change = await self._deeds.everywhere(self.app, folder, row.key, value)
        wish = DeployTo(first_without(row, value))
        if change is None:
            self.frame.open_sheet(already_there(wish), partial(self._on_agreed, wish))
            return

        def ended(agreed: object) -> None:
            if agreed:
                self.spawn(self._write_everywhere(change, wish))

        self.frame.open_sheet(ChangeSheet([change], page="consistency"), ended)

    async def _write_everywhere(self, change: Change, wish: DeployTo) -> None:
        await self.app.pools.files.run(lambda token: apply_change(change))
        plan = (lambda: tr("Plan a deploy…"), partial(self._on_agreed, wish, True))
        self.frame.toast(
            "ok",
            lambda: tr("{file} was changed", file=change.path.name),
            lambda: tr("A deploy brings it to the hosts."),
            [plan],
        )
        self.refresh()

    def _on_agreed(self, wish: DeployTo, agreed: object) -> None:
        if agreed:
            self.frame.navigate("deploy", wish)

    def _on_menu(self, place: QPoint) -> None:
        index = self.parts.tree.indexAt(place)
        text = index.data(Qt.ItemDataRole.DisplayRole)
        row = self.row()
        if row is None or not isinstance(text, str):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy"), lambda: QGuiApplication.clipboard().setText(text))
        cells = row.cells[index.column() - 1 : index.column()] if index.column() else ()
        if cells and (host := present.host_to_show(cells[0])):
            menu.addAction(tr("Show {host}", host=host), lambda: self.frame.navigate("hosts", host))
        for value in values_for_all(row, cells):
            shown = everywhere_words(present.value_text(row.key, value))
            menu.addAction(shown, partial(self.ask_everywhere, value))
        if present.markable(row):
            menu.addAction(tr("Mark as meant to differ…"), self.ask_mark)
        menu.popup(self.parts.tree.viewport().mapToGlobal(place))

    def save_report(self) -> None:
        """The whole table as a file, to where the person says."""
        found = self.found
        if found is None:
            return
        dialog = QFileDialog(self, tr("Save report…"), str(Path.home() / f"{found.app}-consistency.md"))
        dialog.setObjectName("consistency.saveReport")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["Markdown (*.md)", "CSV (*.csv)"])
        dialog.fileSelected.connect(lambda file: self.write_report(Path(file)))
        dialog.open()

    def write_report(self, file: Path) -> None:
        found = self.found
        if found is not None:
            clock = str(present.read_from(found, time.strftime("%Y-%m-%d %H:%M", time.localtime(found.at))))
            text = report(found, file.name, clock)
            self.spawn(self._write(file, text))

    async def _write(self, file: Path, text: str) -> None:
        await self.app.pools.files.run(lambda token: write_atomically(file, text))
