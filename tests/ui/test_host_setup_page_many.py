"""The Set-up page with several servers: the matrix, answers for many, cuts, and registering them first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.base.secret import Secret
from desktop.hosts import Unreachable
from desktop.ui.pages.host_setup.present import Phase
from desktop.ui.pages.host_setup.sheets import PasswordSheet
from desktop.ui.widgets import repeat_texts
from tests.ui.conftest import Aio
from tests.ui.host_setup_stage import LOCKED, Stage, staged
from tests.ui.shots import each_look
from tests.ui.walk import clipped, nameless, outside

NAMES = ("web-1", "web-2", "web-3")


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


def test_a_cut_is_counted_down_and_tried_at_once_when_asked(stage: Stage) -> None:
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


@pytest.mark.may_stall(2000)  # each look is put in force and painted whole
def test_the_matrix_looks_right_in_every_look(stage: Stage) -> None:
    stage.show_many(*NAMES)
    stage.deeds.servers["web-2"].broken["packages"] = LOCKED
    stage.click("host_setup.main")
    stage.do(lambda: stage.page._on_cell("web-2", "packages"))
    for narrow, size in ((False, (1232, 840)), (True, (1052, 620))):
        stage.frame.is_narrow = narrow
        stage.page.resize(*size)
        stage.page._fit()
        for _ in each_look(stage.page, f"host-setup-many-{size[0]}"):
            repeat_texts()
            stage.page.retranslate()
            assert nameless(stage.page) == []
            assert outside(stage.page) == []
            assert clipped(stage.page) == []
