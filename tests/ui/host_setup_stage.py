"""The Set-up page over servers whose answers are written here; plans, looks and runs are the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from desktop import app_setup_flow
from desktop.app import App
from desktop.app_setup import Prepared
from desktop.base.channel import OutputLine
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.processes import Completed
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.base.words import msg
from desktop.hosts import Facts, Host, System
from desktop.hosts.errors import CommandFailed
from desktop.hosts.setup import (
    Hands,
    Measured,
    Mirror,
    NothingToUndo,
    Piece,
    SetupFacts,
    Wish,
    decide,
    plan_of,
    undo_pieces,
    undo_plan_of,
)
from desktop.ui.pages.host_setup.deeds import Deeds
from desktop.ui.pages.host_setup.page import HostSetupPage
from desktop.ui.pages.host_setup.present import HostView
from tests.ui.conftest import Aio
from tests.ui.live_values import MadeUpFrame
from tests.ui.page_stage import PageStage

MIRRORS = (
    Mirror("near", "Near", "https://near.example/docker-ce", "https://near.example/centos-vault", "KEY"),
    Mirror("far", "Far", "https://far.example/docker-ce", "https://far.example/centos-vault", "KEY"),
)
JOURNAL = '{"step": "state", "made": "dir", "path": "/var/lib/goferry"}\n'
LOCKED = "Error: Failed to obtain the transaction lock: yum lock held"


class Server:
    """Answers as a server would: a step holds once it was applied. `broken` says what a step's command says."""

    local = False

    def __init__(self, name: str = "stg-02") -> None:
        self.name = name
        self.pieces: tuple[Piece, ...] = ()
        self.holds: set[str] = {"root", "clock", "disk"}
        self.broken: dict[str, str] = {}
        self.sudo_password = ""
        self.wait: asyncio.Event | None = None
        self.commands: list[str] = []
        self.loud = 0
        """Lines that the installation of packages writes."""
        self.lost: list[GoferryError] = []
        """What the next looks at it end with."""
        self.cut: dict[str, GoferryError] = {}
        """step -> what its command ends with, once."""

    async def run(self, command: Command, *, timeout: float | None = 60.0) -> Completed:
        await asyncio.sleep(0)
        line = "\n".join(command.argv)
        self.commands.append(line)
        if self.sudo_password and "sudo" in command.argv:
            given = command.stdin.reveal() if isinstance(command.stdin, Secret) else ""
            if given != self.sudo_password + "\n":
                return Completed(command, 1, b"", b"Sorry, try again.\nsudo: 1 incorrect password attempt\n")
        if "is-system-running" in line:
            return Completed(command, 0, b"running\n")
        piece = self._piece(line)
        if piece.check.text and f"{piece.check.text}\n" in line:
            return Completed(command, 0 if piece.id in self.holds else 1)
        if piece.id in self.broken:
            return Completed(command, 1, b"", self.broken[piece.id].encode())
        self.holds.add(piece.id)
        return Completed(command, 0, f"{piece.id} is done\n已完成\n".encode(), seconds=0.4)

    def _piece(self, line: str) -> Piece:
        return next(piece for piece in self.pieces if f"STEP={piece.id}\n" in line)

    async def batches(self, command: Command) -> AsyncIterator[list[OutputLine]]:
        """What a step's command writes, as it comes; with `wait` its second half comes later."""
        piece = self._piece("\n".join(command.argv))
        if piece.id in self.cut:
            raise self.cut.pop(piece.id)
        if self.wait is not None and piece.id not in self.holds:
            yield [OutputLine("out", f"{piece.id} begins".encode())]
            await self.wait.wait()
        for start in range(0, self.loud if piece.id == "packages" else 0, 500):
            yield [OutputLine("out", f"packages line {n}".encode()) for n in range(start, start + 500)]
            await asyncio.sleep(0)
        done = await self.run(command)
        for stream, text in (("out", done.stdout), ("err", done.stderr)):
            yield [OutputLine(stream, line) for line in text.splitlines()]
        if not done.ok:
            raise CommandFailed(self.name, command.shown(), done.code, done.said())


def found(**more: Any) -> SetupFacts:
    facts = Facts(
        System("rocky", "Rocky Linux", "9.4", "el9"), arch="x86_64", user="deploy", tools=("systemctl",)
    )
    measured = (Measured(MIRRORS[0], 12.4), Measured(MIRRORS[1], None))
    return replace(SetupFacts(facts, manager="/usr/bin/dnf", measured=measured), **more)


class MadeDeeds(Deeds):
    """Decides for facts that are given; looks and runs are the real ones, over `server` (or one of each name)."""

    def __init__(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(app)
        self.server = Server()
        self.servers: dict[str, Server] = {}
        self.found, self.wishes = found(), list[Wish]()
        monkeypatch.setattr(app_setup_flow, "prepare_setup", self.prepare)
        monkeypatch.setattr(
            app_setup_flow,
            "prepare_undo",
            lambda app, host, password, only: self.prepare_undo(host, password, only),
        )

    def at(self, host: str) -> Server:
        return self.servers.get(host, self.server)

    def _hands(self, server: Server, password: Secret | None) -> Hands:
        async def reconnect() -> Any:
            return server

        free = not server.sudo_password
        return Hands(server, "deploy", False, free, password, reconnect)  # type: ignore[arg-type]

    async def prepare(self, app: App, host: str, wish: Wish, password: Secret | None) -> Prepared:
        self.wishes.append(wish)
        server = self.at(host)
        if server.lost:
            raise server.lost.pop(0)
        decision = decide(self.found, wish, MIRRORS, host)
        server.pieces = decision.pieces
        hands = self._hands(server, password)
        plan = plan_of(decision.pieces, hands, msg("Set up {host}", host=host), decision.notes)
        return Prepared(host, plan, decision.pieces, self.found, hands, wish, decision)

    async def prepare_undo(self, host: str, password: Secret | None, only: tuple[str, ...]) -> Prepared:
        server = self.at(host)
        server.pieces = pieces = undo_pieces(self.found.journal, only=only)
        if not pieces:
            raise NothingToUndo(host)
        hands = self._hands(server, password)
        return Prepared(host, undo_plan_of(pieces, hands), pieces, self.found, hands, Wish())


class Stage(PageStage):
    """The page over servers whose answers are written here."""

    page: HostSetupPage

    def __init__(self, aio: Aio, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(aio, app, MadeUpFrame(aio.loop, None))
        self.deeds = MadeDeeds(app, monkeypatch)
        self.page = HostSetupPage(app, self.frame, deeds=self.deeds)  # type: ignore[arg-type]
        self.page.resize(1232, 840)
        app.inventory.add(Host("stg-02", "198.51.100.8", 22, "deploy", "own", groups=("staging",)))

    @property
    def server(self) -> Server:
        return self.deeds.server

    def show(self, context: object = "stg-02") -> None:
        self.page.show()
        self.do(lambda: self.page.shown(context))
        self.settle()

    def show_many(self, *names: str) -> None:
        """A server of its own for each."""
        for name in names:
            self.deeds.servers[name] = Server(name)
            self.app.inventory.add(Host(name, f"192.0.2.{len(self.deeds.servers)}", 22, "deploy", "own"))
        self.show(list(names))

    def settle(self) -> None:
        """Nothing is at work: it is over, or waits for a person; and the page shows it."""

        def quiet() -> bool:
            states = [job.state for job in self.app.jobs.running]
            coming = self.page._soon.isActive() or self.page._arrival.isActive()
            return all(state == "needs_you" for state in states) and not coming

        self.until(quiet)

    def click(self, name: str, root: QWidget | None = None, *, settle: bool = True) -> None:
        assert self.find(name).isVisible(), name
        super().click(name, root)
        if settle:
            self.settle()

    def answer(self, kind: type[Any], result: object) -> Any:
        sheet, ended = self.frame.sheets[-1]
        assert isinstance(sheet, kind)
        assert ended is not None
        self.do(lambda: ended(result))
        self.settle()
        return sheet

    @property
    def now(self) -> HostView:
        assert self.page.view is not None
        return self.page.view

    def steps(self) -> dict[str, tuple[str | None, str]]:
        return {row.payload: (row.state, row.second) for row in self.page.steps.model.rows}

    def choose(self, step: str) -> None:
        self.do(lambda: self.page.choose(step))


@contextmanager
def staged(aio: Aio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(aio, App(Home(folder / "home"), secrets=MemoryStore()), monkeypatch)
    yield made
    made.page._soon.stop()
    made.page.hide()
    made.end_tidily()
