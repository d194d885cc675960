"""What a person asks of what runs: restart, stop, a shell, a file; and what they are told when something turns bad."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from desktop.app_live import LiveAlert, change_seat
from desktop.app_seats import HostLook, Seat
from desktop.base.jobs import Job
from desktop.base.paths import write_atomically
from desktop.base.words import Message, msg, tr
from desktop.ui.notify import notify
from desktop.ui.widgets import ConfirmSheet, Toast

from . import present

if TYPE_CHECKING:
    from .page import LivePage

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+))?$")


class Acts:
    """Carries out wishes for the page."""

    def __init__(self, page: LivePage) -> None:
        self.page, self.app, self.frame = page, page.app, page.frame
        self._notes: dict[tuple[str, str], Toast] = {}
        """What stands of a container, by its host and its name."""

    def verb(self, verb: str) -> None:
        """restart, stop, start, shell or digest, for the chosen container."""
        page, seat = self.page, self.page.seat()
        if seat is None or page.live is None:
            return
        if verb == "digest":
            QGuiApplication.clipboard().setText(seat.digest)
        elif verb == "shell":
            page.spawn(self._open_shell(seat))
        elif verb == "start" or (verb == "restart" and not page.live.target.production):
            self._change(seat, verb)
        else:
            self._ask(seat, verb, page.live.target.app if page.live.target.production else "")

    def _ask(self, seat: Seat, verb: str, typed: str) -> None:
        values = {"app": seat.service, "host": seat.host}
        if verb == "restart":
            question, verb_words = msg("Restart {app} on {host}?", **values), msg("Restart")
            body = msg("It answers nobody until it runs again.")
        else:
            question, verb_words = msg("Stop {app} on {host}?", **values), msg("Stop")
            body = msg("It answers nobody until it is started. Image and settings stay.")
        sheet = ConfirmSheet(
            question,
            body,
            verb_words,
            name="live.confirm",
            kind="dangerFilled",
            typed=typed if self.app.settings.now.confirm_production else "",
        )
        self.frame.open_sheet(sheet, lambda yes: self._change(seat, verb) if yes else None)

    def _change(self, seat: Seat, verb: str) -> None:
        folder = self.page.folder
        if folder is None:
            return

        async def work(job: Job[Any]) -> None:
            for result in await change_seat(self.app, folder, seat, verb):
                if result.error is not None:
                    raise result.error
            if self.page.live is not None:
                self.page.live.try_now()

        titles = {
            "restart": msg("Restart {app} on {host}", app=seat.service, host=seat.host),
            "stop": msg("Stop {app} on {host}", app=seat.service, host=seat.host),
            "start": msg("Start {app} on {host}", app=seat.service, host=seat.host),
        }
        self._start_job(verb, titles[verb], work, f"host:{seat.host}")

    def _start_job(
        self, kind: str, title: Message, work: Callable[[Job[Any]], Awaitable[None]], gate: str = ""
    ) -> None:
        job = self.app.jobs.start(kind, title, work, page=self.page.key, gate=gate)
        self.page.spawn(job.wait())  # its error goes to the bar

    async def _open_shell(self, seat: Seat) -> None:
        from desktop.app_shell import open_shell

        await open_shell(self.app, seat.host, seat.id)

    def save(self, file: str) -> None:
        """Write what the log shows to a file, as a job."""
        texts, path = self.page.log.texts(), Path(file)

        async def work(job: Job[Any]) -> None:
            await self.app.pools.files.run(lambda token: write_atomically(path, texts()))
            job.report(msg("Saved to {file}", file=path.name))

        self._start_job("logs.save", msg("Save the log as {file}", file=path.name), work)

    def open_place(self, place: str) -> None:
        """Opens "reserve.go:88" in the person's editor, when the project has that file."""
        found, folder = _PLACE.match(place), self.page.folder
        if found is None or folder is None:
            return
        line, column = int(found["line"]), int(found["column"] or 0)

        async def open_it() -> None:
            from desktop.base.editors import open_in_editor

            file = await self.app.pools.files.run(lambda token: source_file(folder, found["file"]))
            if file is None:
                self.frame.toast("info", lambda: tr("{file} is not in this project", file=found["file"]))
                return
            wanted = self.app.settings.now.editor
            await self.app.pools.files.run(lambda token: open_in_editor(wanted, file, line, column))

        self.page.spawn(open_it())

    def of_other_key(self, look: HostLook, key: str) -> None:
        """A host shows a different key: both are compared, and it is trusted or removed on the Hosts page."""
        if key == "hosts":
            self.frame.navigate("hosts", look.host)
            return
        from desktop.ui.pages.hosts.identity import BothKeysSheet

        old, new = getattr(look.error, "old", ()), getattr(look.error, "new", "")
        self.frame.open_sheet(BothKeysSheet(look.host, old, new))

    def tell(self, alert: LiveAlert) -> None:
        """Something turned: a toast when this page is not looked at, the desktop's own when no window is.

        It stands until the same container is well again, or something newer is said of it.
        """
        state, title, second = present.alert_row(alert)
        place = (alert.host, alert.label)
        if state in ("ok", "fail", "warn"):
            note = self._notes.pop(place, None)
            if note is not None and shiboken6.isValid(note):
                note.closed.emit()
        if state not in ("fail", "warn"):
            return
        active = QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive
        if not active:
            notify(self.page.window(), title, second)
        if not (self.page.isVisible() and active):
            note = self.frame.toast(
                state, title, second, [(lambda: tr("Open Live"), lambda: self.frame.navigate("live"))]
            )
            if note is not None:
                self._notes[place] = note


def source_file(folder: Path, named: str) -> Path | None:
    """A file of the project that a log line names: by its path, or by its end where the build trimmed the front.

    Never one outside the folder: what a server writes must not open this computer's files.
    """
    parts = [part for part in named.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        return None
    root = folder.resolve()
    for start in range(len(parts)):
        file = root.joinpath(*parts[start:])
        if file.is_file() and file.resolve().is_relative_to(root):
            return file
    return None
