"""The Set-up page: plans, runs, failures and undo, fed by the real plan over a server whose answers are written here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.app import App
from desktop.app_setup import Prepared
from desktop.base.commands import Command
from desktop.base.paths import Home
from desktop.base.processes import Completed
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.base.words import msg
from desktop.hosts import Facts, Host, System
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
from desktop.ui.pages.host_setup.present import HostSetup, Phase
from desktop.ui.pages.host_setup.sheets import FolderSheet, PasswordSheet
from desktop.ui.widgets import ConfirmSheet, repeat_texts
from tests.ui.conftest import Aio
from tests.ui.live_values import MadeUpFrame
from tests.ui.shots import each_look
from tests.ui.walk import clipped, nameless

MIRRORS = (
    Mirror("near", "Near", "https://near.example/docker-ce", "https://near.example/centos-vault", "KEY"),
    Mirror("far", "Far", "https://far.example/docker-ce", "https://far.example/centos-vault", "KEY"),
)
JOURNAL = '{"step": "state", "made": "dir", "path": "/var/lib/goferry"}\n'
LOCKED = "Error: Failed to obtain the transaction lock: yum lock held"


class Server:
    """Answers as a server would: a step holds once it was applied. `broken` says what a step's command says."""

    name, local = "stg-02", False

    def __init__(self) -> None:
        self.pieces: tuple[Piece, ...] = ()
        self.holds: set[str] = {"root", "clock", "disk"}
        self.broken: dict[str, str] = {}
        self.sudo_password = ""
        self.wait: asyncio.Event | None = None
        self.commands: list[str] = []

    async def run(self, command: Command, *, timeout: float | None = 60.0) -> Completed:
        await asyncio.sleep(0)
        line = "\n".join(command.argv)
        self.commands.append(line)
        if self.sudo_password and "sudo" in command.argv:
            given = command.stdin.reveal() if isinstance(command.stdin, Secret) else ""
            if given != self.sudo_password + "\n":
                return Completed(command, 1, b"", b"Sorry, try again.\nsudo: 1 incorrect password attempt\n")
        piece = next(piece for piece in self.pieces if f"STEP={piece.id}\n" in line)
        if piece.check.text and f"{piece.check.text}\n" in line:
            return Completed(command, 0 if piece.id in self.holds else 1)
        if self.wait is not None and piece.id not in self.holds:
            await self.wait.wait()
        if piece.id in self.broken:
            return Completed(command, 1, b"", self.broken[piece.id].encode())
        self.holds.add(piece.id)
        return Completed(command, 0, f"{piece.id} is done\n已完成\n".encode(), seconds=0.4)


def found(**more: Any) -> SetupFacts:
    facts = Facts(
        System("rocky", "Rocky Linux", "9.4", "el9"), arch="x86_64", user="deploy", tools=("systemctl",)
    )
    measured = (Measured(MIRRORS[0], 12.4), Measured(MIRRORS[1], None))
    return replace(SetupFacts(facts, manager="/usr/bin/dnf", measured=measured), **more)


class MadeDeeds(Deeds):
    """Decides for facts that are given; looks and runs are the real ones, over `server`."""

    def __init__(self, app: App, server: Server) -> None:
        super().__init__(app)
        self.server, self.found, self.wishes = server, found(), list[Wish]()

    def _hands(self, password: Secret | None) -> Hands:
        async def reconnect() -> Any:
            return self.server

        free = not self.server.sudo_password
        return Hands(self.server, "deploy", False, free, password, reconnect)  # type: ignore[arg-type]

    async def prepare(self, host: str, wish: Wish, password: Secret | None) -> Prepared:
        self.wishes.append(wish)
        decision = decide(self.found, wish, MIRRORS, host)
        self.server.pieces = decision.pieces
        hands = self._hands(password)
        plan = plan_of(decision.pieces, hands, msg("Set up {host}", host=host), decision.notes)
        return Prepared(host, plan, decision.pieces, self.found, hands, wish, decision)

    async def prepare_undo(self, host: str, password: Secret | None) -> Prepared:
        self.server.pieces = pieces = undo_pieces(self.found.journal)
        if not pieces:
            raise NothingToUndo(host)
        hands = self._hands(password)
        return Prepared(host, undo_plan_of(pieces, hands), pieces, self.found, hands, Wish())


class Stage:
    def __init__(self, aio: Aio, app: App) -> None:
        self.aio, self.app, self.server = aio, app, Server()
        self.frame = MadeUpFrame(aio.loop, None)
        self.deeds = MadeDeeds(app, self.server)
        self.page = HostSetupPage(app, self.frame, deeds=self.deeds)  # type: ignore[arg-type]
        self.page.resize(1232, 840)
        app.inventory.add(Host("stg-02", "198.51.100.8", 22, "deploy", "own", groups=("staging",)))

    def show(self) -> None:
        self.page.show()
        self.do(lambda: self.page.shown("stg-02"))
        self.settle()

    def settle(self) -> None:
        self.until(
            lambda: self.page.setup is not None and not self.page.setup.busy and not self.app.jobs.running
        )

    def until(self, holds: Callable[[], Any]) -> None:
        async def wait() -> None:
            deadline = time.monotonic() + 10
            while not holds():
                assert time.monotonic() < deadline, "the state did not come"
                await asyncio.sleep(0.01)

        self.aio(wait(), 12)

    def do(self, act: Callable[[], object]) -> None:
        async def run() -> None:
            act()

        self.aio(run())

    def click(self, name: str, *, settle: bool = True) -> None:
        part = self.page.findChild(QWidget, name)
        assert part is not None, name
        assert part.isVisible(), name
        assert part.isEnabled(), name
        self.do(lambda: QTest.mouseClick(part, Qt.MouseButton.LeftButton))
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
    def now(self) -> HostSetup:
        assert self.page.setup is not None
        return self.page.setup

    def steps(self) -> dict[str, tuple[str | None, str]]:
        return {row.payload: (row.state, row.second) for row in self.page.steps.model.rows}

    def choose(self, step: str) -> None:
        self.do(lambda: self.page.choose(step))


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(aio, App(Home(tmp_path / "home"), secrets=MemoryStore()))
    yield made
    made.page.hidden()
    made.page.hide()
    made.page.deleteLater()
    aio.loop.run_until_complete(made.app.close())


def test_the_plan_says_of_each_step_whether_it_holds_and_nothing_changes(stage: Stage) -> None:
    stage.show()
    assert stage.steps()["clock"] == ("skip", "already right")
    assert stage.steps()["packages"] == ("info", "will change something")
    assert stage.server.holds == {"root", "clock", "disk"}
    stage.choose("packages")
    assert "docker-ce" in stage.page.step.code.toPlainText()
    assert stage.page.step.rights.isVisible()
    assert any("docker-ce" in text for _, text in stage.page.sums._pairs or [])


def test_every_state_looks_right_in_every_look(stage: Stage) -> None:
    stage.server.broken["packages"] = LOCKED
    stage.show()
    for name in ("planned", "failed"):
        if name == "failed":
            stage.click("host_setup.main")
        for _ in each_look(stage.page, f"host-setup-{name}"):
            repeat_texts()
            stage.page.retranslate()
            assert nameless(stage.page) == []
            assert clipped(stage.page) == []


def test_in_a_narrow_window_the_right_column_gives_way(stage: Stage) -> None:
    stage.frame.is_narrow = True
    stage.page.resize(890, 640)
    stage.show()
    assert not stage.page.sums.isVisible()
    assert clipped(stage.page) == []
    stage.do(stage.page.toggle_right)
    assert stage.page.sums.isVisible()


def test_a_run_ends_ready_and_leads_to_deploy(stage: Stage) -> None:
    stage.show()
    stage.click("host_setup.main")
    assert stage.now.phase == Phase.DONE
    assert stage.steps()["service"][0] == "ok"
    assert stage.steps()["clock"] == ("ok", "already right, nothing changed")
    stage.choose("service")
    assert "service is done" in stage.page.step.output.view.text()
    assert stage.page.main.text() == "Deploy to it…"
    stage.click("host_setup.main")
    assert ("navigate", "deploy") in stage.frame.asked


def test_a_failure_is_explained_and_its_button_runs_on(stage: Stage) -> None:
    stage.server.broken["packages"] = LOCKED
    stage.show()
    stage.click("host_setup.main")
    assert stage.page.step.banner.text() == "Another program is installing packages on this server."
    assert stage.now.chosen == "packages"
    assert stage.steps()["service"] == ("wait", "will change something")
    stage.server.broken.clear()
    stage.click("host_setup.banner.setup.again")
    assert stage.now.phase == Phase.DONE


def test_a_failed_step_can_be_left_out(stage: Stage) -> None:
    stage.server.broken["firewall"] = "no idea"
    stage.show()
    stage.click("host_setup.main")
    stage.click("host_setup.banner.skip")
    assert stage.now.phase == Phase.DONE
    assert stage.steps()["firewall"] == ("off", "left out")


def test_an_unticked_step_is_not_run(stage: Stage) -> None:
    stage.show()
    stage.choose("logs")
    stage.click("host_setup.part")
    assert stage.steps()["logs"] == ("off", "left out")
    stage.click("host_setup.main")
    assert "logs" not in stage.server.holds
    assert "service" in stage.server.holds


def test_a_run_stops_after_the_step_in_hand(stage: Stage) -> None:
    stage.show()
    stage.server.wait = asyncio.Event()
    stage.click("host_setup.main", settle=False)
    stage.until(lambda: stage.now.current == "sources")
    assert stage.page.main.text() == "Stop after this step"
    stage.click("host_setup.main", settle=False)
    stage.do(stage.server.wait.set)
    stage.settle()
    assert "sources" in stage.server.holds
    assert "repository" not in stage.server.holds
    assert stage.page.main.text() == "Go on"
    stage.click("host_setup.main")
    assert stage.now.phase == Phase.DONE


def test_sudo_asks_for_a_password_that_is_kept_nowhere(stage: Stage) -> None:
    stage.server.sudo_password = "open sesame"
    stage.show()
    assert stage.now.phase.value == "waits"
    assert not any(job.error for job in stage.app.jobs.all)
    stage.click("host_setup.banner.setup.password")
    stage.answer(PasswordSheet, Secret("wrong"))
    assert "does not take this password" in stage.page.step.banner.text()
    stage.click("host_setup.banner.setup.password")
    stage.answer(PasswordSheet, Secret("open sesame"))
    stage.click("host_setup.main")
    assert stage.now.phase == Phase.DONE
    assert stage.now.password is None
    assert stage.now.prepared is not None
    assert stage.now.prepared.hands.password is None
    assert not any("open sesame" in line for line in stage.server.commands)


def test_packages_in_the_way_are_asked_about_first(stage: Stage) -> None:
    stage.deeds.found = found(rivals=("docker", "docker-common"))
    stage.show()
    assert stage.now.phase.value == "waits"
    assert not stage.page.main.isVisible()
    stage.click("host_setup.banner.setup.remove_rivals")
    assert "rivals" in stage.steps()
    assert stage.page.main.isVisible()


def test_nothing_to_do_is_said_so(stage: Stage) -> None:
    stage.server.holds = {piece.id for piece in decide(found(), Wish(), MIRRORS).pieces}
    stage.show()
    assert stage.now.phase == Phase.NOTHING
    assert stage.page.main.text() == "Close"
    stage.click("host_setup.main", settle=False)
    assert ("navigate", "hosts", "stg-02") in stage.frame.asked


def test_a_mirror_is_chosen_by_its_time(stage: Stage) -> None:
    stage.show()
    mirror = stage.page.sums.mirror
    texts = [mirror.itemText(index) for index in range(mirror.count())]
    assert texts == ["The quickest", "Near, 12 ms", "Far, no answer"]
    stage.do(lambda: stage.page.choose_mirror("far"))
    stage.settle()
    assert stage.deeds.wishes[-1].mirror == "far"


def test_undo_is_shown_confirmed_and_run(stage: Stage) -> None:
    stage.deeds.found = found(journal=JOURNAL)
    stage.show()
    stage.click("host_setup.undo")
    assert stage.now.undo
    assert {words for _, words in stage.steps().values()} == {"to be taken back"}
    stage.click("host_setup.main")
    stage.answer(ConfirmSheet, True)
    assert stage.now.phase == Phase.DONE
    stage.click("host_setup.forth")
    assert not stage.now.undo


def test_commands_are_copied_and_the_script_is_saved(stage: Stage, tmp_path: Path) -> None:
    stage.show()
    stage.choose("service")
    stage.click("host_setup.copy")
    assert "systemctl" in QApplication.clipboard().text()
    plan = stage.now.to_run()
    assert plan is not None
    file = tmp_path / "设置.sh"
    stage.aio(stage.page.save_script(file, plan.script()))
    assert file.read_bytes().startswith(b"#!/bin/sh\n")
    assert b"\r" not in file.read_bytes()


def test_a_folder_for_docker_must_be_a_path_of_the_server(stage: Stage) -> None:
    sheet = FolderSheet("stg-02")
    sheet.field.set_text("data")
    sheet.on_primary()
    assert sheet.field.error
    sheet.deleteLater()
