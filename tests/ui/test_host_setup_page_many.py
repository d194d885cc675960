"""The Set-up page with several servers: the matrix, answers for many, cuts, and registering them first."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.app_setup import Newcomer
from desktop.base.secret import Secret
from desktop.hosts import Host, Unreachable
from desktop.ui.pages.host_setup.keys import KeyRow, KeysSheet, compared, fingerprints_in
from desktop.ui.pages.host_setup.present import Phase
from desktop.ui.pages.host_setup.sheets import PasswordSheet
from desktop.ui.widgets import repeat_texts
from tests.sshd import PASSWORD, USER, Sshd
from tests.ui.conftest import Aio
from tests.ui.host_setup_stage import LOCKED, Stage, staged
from tests.ui.hosts_values import NEW, OLD
from tests.ui.shots import each_look, look, take
from tests.ui.walk import clipped, nameless, outside, unreachable

NAMES = ("web-1", "web-2", "web-3")
posix = pytest.mark.skipif(os.name == "nt", reason="the servers run commands with a POSIX shell")


@pytest.fixture
def stage(aio: Aio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(aio, tmp_path, monkeypatch) as made:
        yield made


def shapes(stage: Stage, host: str) -> dict[str, str]:
    """step -> the shape in the matrix."""
    matrix = stage.page.matrix.matrix
    found = next(line for line in matrix.lines if line.host == host)
    return {column.key: cell.state for column, cell in zip(matrix.shown, found.cells, strict=True)}


def words(stage: Stage, host: str) -> str:
    return next(line.words for line in stage.page.matrix.matrix.lines if line.host == host)


def test_servers_stand_side_by_side_and_one_failure_holds_up_nobody(stage: Stage) -> None:
    stage.show_many(*NAMES)
    assert stage.page.matrix.isVisible()
    assert shapes(stage, "web-1")["packages"] == "info"
    stage.deeds.servers["web-2"].broken["packages"] = LOCKED
    stage.deeds.servers["web-1"].loud = stage.deeds.servers["web-3"].loud = 5_000
    stage.click("host_setup.main")
    assert shapes(stage, "web-1")["trial"] == shapes(stage, "web-3")["trial"] == "ok"
    assert shapes(stage, "web-2")["packages"] == "fail"
    assert words(stage, "web-2") == "Another program is installing packages on this server."
    assert stage.page.state.word.text() == "1 failed, 2 ready"
    stage.deeds.servers["web-2"].broken.clear()
    before = len(stage.deeds.servers["web-1"].commands)
    stage.click("host_setup.retry")
    assert shapes(stage, "web-2")["trial"] == "ok"
    assert len(stage.deeds.servers["web-1"].commands) == before
    assert not stage.page.retry.isVisible()


def test_a_cell_shows_that_servers_step_and_the_arrows_go_by_cell(stage: Stage) -> None:
    stage.show_many(*NAMES)
    stage.deeds.servers["web-2"].broken["packages"] = LOCKED
    stage.click("host_setup.main")
    view = stage.page.matrix
    keys = [column.key for column in view.matrix.shown]
    stage.do(lambda: view.setCurrentIndex(view.matrix.index(1, keys.index("packages") + 1)))
    assert "Another program is installing" in stage.page.step.banner.text()
    assert stage.now.host == "web-2"
    stage.do(lambda: QTest.keyClick(view, Qt.Key.Key_Down))
    assert (stage.now.host, stage.now.chosen) == ("web-3", "packages")
    assert not stage.page.step.banner.isVisible()
    assert "packages is done" in stage.page.step.output.view.text()


def test_output_is_shown_while_a_step_runs(stage: Stage) -> None:
    stage.show()
    stage.server.wait = asyncio.Event()
    stage.click("host_setup.main", settle=False)
    stage.until(lambda: "sources begins" in stage.page.step.output.view.text())
    assert "is done" not in stage.page.step.output.view.text()
    stage.do(stage.server.wait.set)
    stage.settle()
    assert stage.now.phase == Phase.DONE


def test_a_password_goes_only_to_the_server_it_was_given_for_unless_asked(stage: Stage) -> None:
    for name in NAMES:
        stage.show_many(name)
        stage.deeds.servers[name].sudo_password = "open sesame"
    stage.show(list(NAMES))
    stage.do(stage.page.refresh)
    stage.settle()
    assert stage.page.state.word.text() == "3 waiting for you"
    assert [str(job.state) for job in stage.app.jobs.running] == ["needs_you"] * 3
    stage.click("host_setup.main")
    sheet = stage.frame.sheets[-1][0]
    assert isinstance(sheet, PasswordSheet)
    assert not sheet.for_all
    stage.answer(PasswordSheet, Secret("open sesame"))
    assert stage.page.state.word.text() == "2 waiting for you, 1 planned"
    stage.click("host_setup.main")
    other = stage.frame.sheets[-1][0]
    other.all.setChecked(True)
    stage.answer(PasswordSheet, Secret("open sesame"))
    assert stage.page.main.text() == "Run on 3 servers"


def test_a_cut_is_counted_down_and_tried_at_once_when_asked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.app_setup_flow.PAUSES", (100.0,))  # nobody but the person tries again
    stage.show()
    stage.server.cut["packages"] = Unreachable("stg-02", "198.51.100.8:22", "The connection is gone.")
    stage.click("host_setup.main", settle=False)
    stage.until(lambda: stage.page.main.text() == "Try now")
    assert stage.page.state.word.text().startswith("Lost at step")
    assert "Trying again in" in stage.page.state.word.text()
    stage.click("host_setup.main", settle=False)
    stage.settle()
    assert stage.now.phase == Phase.DONE


def test_a_question_waits_in_the_activity_list_and_its_job_leads_back(stage: Stage) -> None:
    stage.server.sudo_password = "open sesame"
    stage.show()
    job = stage.app.jobs.running[0]
    assert job.state == "needs_you"
    stage.do(lambda: stage.page.shown("other"))
    stage.do(lambda: stage.page.shown(job))
    assert stage.page.host == "stg-02"


# --- registering many


@contextmanager
def three_servers(stage: Stage) -> Iterator[list[Sshd]]:
    """Real SSH servers that take a password, and Goferry's own key once it is placed."""
    from tests.unit.hosts.session_desk import let_own_key_in

    with ExitStack() as stack:
        made = [stack.enter_context(Sshd(shell=("/bin/sh",))) for _ in NAMES]
        for server in made:
            let_own_key_in(server, stage.app.home)
        yield made


def newcomers(servers: list[Sshd], password: str) -> tuple[Newcomer, ...]:
    return tuple(
        Newcomer(Host(name, "127.0.0.1", server.port, USER, "password"), password=Secret(password))
        for name, server in zip(NAMES, servers, strict=True)
    )


@posix
def test_many_are_registered_in_one_flow(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # of the servers' commands
    with three_servers(stage) as servers:
        new = newcomers(servers, PASSWORD)
        stage.show((new[0], replace(new[1], password=Secret("wrong")), new[2]))
        assert {shapes(stage, name)["identity"] for name in NAMES} == {"warn"}
        assert [server.refused for server in servers] == [[], [], []]

        stage.click("host_setup.main")
        sheet = stage.frame.sheets[-1][0]
        assert isinstance(sheet, KeysSheet)
        good = [f"{name} {server.fingerprint}" for name, server in zip(NAMES, servers, strict=True)]
        sheet.trusted.setPlainText("\n".join([*good[:2], f"web-3 {OLD}"]))
        stage.do(sheet.compare)
        assert sheet.verdicts == {"web-1": "same", "web-2": "same", "web-3": "different"}
        sheet.tick_all()
        assert list(sheet.ticked()) == ["web-1", "web-2"]
        stage.answer(KeysSheet, sheet.ticked())

        assert stage.app.inventory.get("web-1").auth == "own"
        assert shapes(stage, "web-1")["sign_in"] == "ok"
        assert shapes(stage, "web-2")["sign_in"] == "warn"
        assert stage.page.state.word.text() == "2 waiting for you, 1 planned"
        stage.do(lambda: stage.page._on_cell("web-2", "sign_in"))
        stage.click("host_setup.banner.setup.password")
        stage.answer(PasswordSheet, Secret(PASSWORD))
        assert shapes(stage, "web-2")["sign_in"] == "ok"
        stage.do(lambda: stage.page.flow.cancel("web-3"))
        stage.settle()
        assert "web-3" not in [host.name for host in stage.app.inventory.hosts()]
        stage.click("host_setup.main")
        assert shapes(stage, "web-2")["trial"] == "ok"


@posix
def test_a_server_that_does_not_answer_is_tried_again_alone(stage: Stage) -> None:
    with three_servers(stage) as servers:
        new = newcomers(servers, PASSWORD)
        known = [
            replace(one, fingerprint=server.fingerprint) for one, server in zip(new, servers, strict=True)
        ]
        dead = replace(known[2], host=replace(known[2].host, port=1))
        stage.show((*known[:2], dead))
        assert shapes(stage, "web-3")["contact"] == "fail"
        assert "cannot be reached" in words(stage, "web-3")
        met = [len(server.heard) for server in servers[:2]]
        stage.page.views["web-3"].flow.newcomer = known[2]
        stage.click("host_setup.retry")
        assert shapes(stage, "web-3")["joined"] == "ok"
        assert [len(server.heard) for server in servers[:2]] == met


def test_a_trusted_list_may_be_lines_of_known_hosts() -> None:
    blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJ" + "A" * 42
    [fingerprint] = fingerprints_in(f"192.0.2.1 ssh-ed25519 {blob}")
    rows = (
        KeyRow("a", "root@192.0.2.1:22", fingerprint), KeyRow("b", "root@192.0.2.2:22", fingerprint),
        KeyRow("c", "root@192.0.2.3:22", OLD),
    )  # fmt: skip
    assert compared(rows, f"192.0.2.1 ssh-ed25519 {blob}") == {"a": "same", "b": "", "c": ""}
    assert compared(rows, f"192.0.2.3 ssh-ed25519 {blob}")["c"] == "different"
    assert compared(rows, f"256 {fingerprint} comment (ED25519)") == {"a": "same", "b": "same", "c": ""}


@pytest.mark.may_stall(2000)  # each look is put in force and painted whole
def test_the_sheet_of_keys_looks_right(stage: Stage) -> None:
    rows = tuple(
        KeyRow(name, f"deploy@192.0.2.{n}:22", OLD if n % 2 else NEW) for n, name in enumerate(NAMES)
    )
    sheet = KeysSheet(rows)
    sheet.trusted.setPlainText(f"web-1 {NEW}\nweb-2 {NEW}")
    sheet.resize(sheet.width(), 560)
    sheet.show()
    for _ in each_look(sheet, "host-setup-keys"):
        repeat_texts()
        sheet.compare()
        assert nameless(sheet) == []
        assert clipped(sheet) == []
    sheet.deleteLater()


def test_many_servers_fit_into_the_smallest_window(stage: Stage) -> None:
    names = [f"web-{n}" for n in range(9)]
    stage.frame.is_narrow = True
    stage.page.resize(1052, 652)
    stage.show_many(*names)
    stage.deeds.servers["web-7"].broken["packages"] = LOCKED
    stage.click("host_setup.main")
    stage.do(lambda: stage.page.next_problem(1))
    assert clipped(stage.page) == []
    view = stage.page.matrix
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex())), "the chosen row is in view"
    assert "yum lock held" in stage.page.step.output.view.text()
    assert stage.page.step.output.isVisible()
    assert not stage.page.step.code.isVisible(), "there is room for one of them"


@pytest.mark.may_stall(2000)  # each look is put in force and painted whole
def test_the_matrix_looks_right_in_every_look(stage: Stage) -> None:
    stage.show_many(*NAMES)
    stage.deeds.servers["web-2"].broken["packages"] = LOCKED
    stage.click("host_setup.main")
    stage.do(lambda: stage.page._on_cell("web-2", "packages"))
    for _ in each_look(stage.page, "host-setup-many"):
        repeat_texts()
        stage.page.retranslate()
        assert nameless(stage.page) == []
        assert unreachable(stage.page) == []
        assert outside(stage.page) == []
        assert clipped(stage.page) == []
    stage.page.resize(1232, 980)
    with look("light", "zh_CN", 1.5):
        stage.page.retranslate()
        take(stage.page, "host-setup-many-150")
        assert clipped(stage.page) == []


def test_the_keyboard_alone_reaches_matrix_answers_and_output_in_order(stage: Stage) -> None:
    stage.show_many(*NAMES)
    stage.deeds.servers["web-2"].broken["packages"] = LOCKED
    stage.click("host_setup.main")
    stage.do(lambda: stage.page._on_cell("web-2", "packages"))
    names, at = [], stage.page.nextInFocusChain()
    while at is not None and at is not stage.page:
        if at.isVisibleTo(stage.page) and at.isEnabled() and at.focusPolicy() & Qt.FocusPolicy.TabFocus:
            names.append(at.objectName())
        at = at.nextInFocusChain()
    wanted = ["host_setup.retry", "host_setup.matrix", "host_setup.banner.setup.again", "host_setup.commands"]
    assert [name for name in names if name in wanted] == wanted
