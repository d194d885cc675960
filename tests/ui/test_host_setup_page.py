"""The Set-up page: plans, runs, failures and undo of one server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.base.secret import Secret
from desktop.hosts import Unreachable
from desktop.hosts.setup import Wish, decide
from desktop.ui.pages.host_setup.choices import ChoicesSheet
from desktop.ui.pages.host_setup.present import Phase
from desktop.ui.pages.host_setup.sheets import FolderSheet, PasswordSheet
from desktop.ui.widgets import ConfirmSheet, repeat_texts
from tests.ui.conftest import Aio
from tests.ui.host_setup_stage import JOURNAL, LOCKED, MIRRORS, Stage, found, staged
from tests.ui.shots import each_look, take
from tests.ui.walk import clipped, nameless


@pytest.fixture
def stage(aio: Aio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(aio, tmp_path, monkeypatch) as made:
        yield made


def test_the_plan_says_of_each_step_whether_it_holds_and_nothing_changes(stage: Stage) -> None:
    stage.show()
    assert stage.steps()["clock"] == ("skip", "already right")
    assert stage.steps()["packages"] == ("info", "will change something")
    assert stage.server.holds == {"root", "clock", "disk"}
    opened = next(id_ for id_, (state, _) in stage.steps().items() if state == "info")
    assert stage.now.chosen == opened, "the first step that changes something"
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
    stage.until(lambda: stage.now.flow.current == "sources")
    stage.until(lambda: stage.page.main.text() == "Stop after this step")
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
    assert stage.now.flow.password is None
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
    assert stage.page.step.name.text() == "Already as planned"
    assert not stage.page.steps.view.currentIndex().isValid()
    take(stage.page, "host-setup-nothing")
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
    stage.choose("trial")
    stage.click("host_setup.undo")
    assert stage.now.undo
    assert {words for _, words in stage.steps().values()} == {"to be taken back"}
    assert stage.page.step.name.text().startswith("1 "), "the first is shown, whichever was before"
    assert stage.page.steps.view.currentIndex().row() == 0
    stage.click("host_setup.main")
    stage.answer(ConfirmSheet, True)
    assert stage.now.phase == Phase.DONE
    stage.click("host_setup.forth")
    assert not stage.now.undo


def test_an_undo_that_failed_is_tried_again_as_an_undo(stage: Stage) -> None:
    stage.deeds.found = found(journal='{"step": "group", "key": "member", "value": "deploy"}')
    stage.server.broken["group"] = "no idea"
    stage.show()
    stage.click("host_setup.undo")
    stage.until(lambda: stage.now.undo)
    stage.click("host_setup.main")
    stage.answer(ConfirmSheet, True)
    assert stage.now.phase == Phase.FAILED
    assert stage.page.step.banner.findChild(QWidget, "host_setup.banner.skip") is None
    stage.server.broken.clear()
    stage.click("host_setup.banner.setup.again")
    assert stage.page.state.word.text() == "The set-up is taken back."
    assert "packages" not in stage.server.holds


def test_one_step_is_taken_back_alone(stage: Stage) -> None:
    made = [
        '{"step": "firewall", "key": "zone", "value": "public"}',
        '{"step": "group", "key": "member", "value": "deploy"}',
    ]
    stage.deeds.found = found(journal="\n".join(made))
    stage.show()
    stage.choose("clock")
    assert not stage.page.step.back.isVisible()
    stage.choose("firewall")
    stage.click("host_setup.undo_step")
    stage.until(lambda: stage.page.main.text() == "Take back 1 step…")
    assert list(stage.steps()) == ["firewall"]
    stage.click("host_setup.main")
    stage.answer(ConfirmSheet, True)
    assert stage.page.state.word.text() == "What was asked for is taken back."
    assert "group" not in stage.server.holds
    stage.click("host_setup.forth")
    assert len(stage.steps()) > 1


def test_an_own_mirror_is_checked_before_it_is_taken(stage: Stage) -> None:
    stage.show()
    own = stage.page.sums.own
    own.setText("our mirror")
    stage.click("host_setup.use_mirror")
    assert "starts with https://" in stage.page.sums.own_note.text()
    own.setText("https://mirror.example.net/docker-ce/linux/centos/")
    stage.do(lambda: QTest.keyClick(own, Qt.Key.Key_Return))
    stage.settle()
    assert stage.deeds.wishes[-1].mirror == "https://mirror.example.net/docker-ce"
    assert stage.page.sums.mirror.currentText().startswith("https://mirror.example.net/docker-ce")
    assert not stage.page.sums.own_note.isVisible()


def test_what_is_chosen_besides_becomes_steps_of_the_plan(stage: Stage) -> None:
    stage.show()
    assert "clean" not in stage.steps()
    stage.click("host_setup.more")
    sheet = stage.frame.sheets[-1][0]
    assert isinstance(sheet, ChoicesSheet)
    sheet.user.set_text("bad name")
    sheet.root_folder.set_text("data")
    sheet.checksum.set_text("abc")
    stage.do(sheet.on_primary)
    assert all(field.error for field in (sheet.user, sheet.root_folder, sheet.checksum))
    sheet.resize(sheet.width(), 720)
    sheet.show()
    for _ in each_look(sheet, "host-setup-choices"):
        repeat_texts()
        assert nameless(sheet) == []
        assert clipped(sheet) == []
    sheet.user.set_text("")
    sheet.root_folder.set_text("/data/docker")
    sheet.checksum.set_text("")
    sheet.boxes["clean_images"].setChecked(True)
    sheet.boxes["log_rotation"].setChecked(False)
    given: list[object] = []
    sheet.finished.connect(given.append)
    sheet.on_primary()
    sheet.hide()
    stage.answer(ChoicesSheet, given[0])
    assert stage.deeds.wishes[-1] == replace(
        Wish(), clean_images=True, log_rotation=False, data_root="/data/docker"
    )
    assert "clean" in stage.steps()
    assert "logs" not in stage.steps()


def test_a_flood_of_output_does_not_stall_the_window(stage: Stage) -> None:
    stage.server.loud = 20_000
    stage.show()
    stage.click("host_setup.main")
    assert stage.now.phase == Phase.DONE
    stage.choose("packages")
    assert "packages line 19999" in stage.page.step.output.view.text()


def test_a_server_that_cannot_be_reached_says_why_and_is_tried_again(stage: Stage) -> None:
    stage.server.lost.append(
        Unreachable("stg-02", "198.51.100.8:22", "198.51.100.8:22 did not answer in 10 s.")
    )
    stage.show()
    assert stage.page.step.banner.text() == "stg-02 cannot be reached."
    assert stage.page.step.name.text() == "No plan yet"
    assert not stage.page.save.isEnabled()
    for _ in each_look(stage.page, "host-setup-unreachable"):
        repeat_texts()
        stage.page.retranslate()
        assert clipped(stage.page) == []
    stage.click("host_setup.banner.setup.again")
    assert stage.now.phase == Phase.PLANNED


def test_commands_are_copied_and_the_script_is_saved(stage: Stage, tmp_path: Path) -> None:
    stage.show()
    stage.choose("service")
    stage.click("host_setup.copy")
    assert "systemctl" in QApplication.clipboard().text()
    file = tmp_path / "设置.sh"
    stage.aio(stage.page.save_scripts({file: stage.page.scripts()["setup-stg-02.sh"]}))
    assert file.read_bytes().startswith(b"#!/bin/sh\n")
    assert b"\r" not in file.read_bytes()


def test_a_folder_for_docker_must_be_a_path_of_the_server(stage: Stage) -> None:
    sheet = FolderSheet("stg-02")
    sheet.field.set_text("data")
    sheet.on_primary()
    assert sheet.field.error
    sheet.deleteLater()
