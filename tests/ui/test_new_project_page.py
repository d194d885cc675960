"""The wizard in a real window: typing, previewing, and creating real projects in real folders."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QPushButton

from desktop.base.blocking import CancelToken
from desktop.base.jobs import JobState
from desktop.project import load_config
from desktop.ui.pages.new_project.page import NewProjectPage
from tests.ui import shots, walk
from tests.ui.conftest import Shell

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen platform
has_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def page(shell: Shell, tmp_path: Path) -> NewProjectPage:
    """The page, with a known parent folder; made before the stall meter runs."""
    neighbour = tmp_path / "work" / "neighbour"
    neighbour.mkdir(parents=True)
    shell.app.settings.change(projects=(str(neighbour),))
    made: Any = shell.window.page("new_project")
    for other in ("projects", "build"):
        shell.window.page(other)
    made.check.timer.setInterval(10**6)  # the scratch build has a test of its own
    assert isinstance(made, NewProjectPage)
    return made


def type_name(page: NewProjectPage, text: str) -> None:
    page.details.name.input.setFocus()
    page.details.name.input.selectAll()
    QTest.keyClicks(page.details.name.input, text)


async def settled(shell: Shell, page: NewProjectPage) -> None:
    """Typing has come to rest and the folder was looked at."""
    await shell.aio.until(
        lambda: not page._rest.isActive() and page._place.path == page.draft.path, "the folder's state"
    )


async def painted() -> None:
    """The loop has gone round, as it does between two clicks of a person: what was changed is painted."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_module_folder_tree_and_files_follow_the_name_as_it_is_typed(
    shell: Shell, page: NewProjectPage, tmp_path: Path
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        type_name(page, "coupon-svc")
        await shell.aio.until(lambda: b"coupon-svc" in page.preview.files.get("go.mod", b""), "the preview")
        assert page.details.module.text == "coupon-svc"
        assert page.details.folder.text == str(tmp_path / "work" / "coupon-svc")
        assert page.files.model.item(0).text() == "coupon-svc"
        assert '"coupon-svc/internal/config"' in page.files.code.toPlainText()
        assert list((tmp_path / "work").iterdir()) == [tmp_path / "work" / "neighbour"]
        await settled(shell, page)

    shell.aio(go())


def test_a_typed_module_no_longer_follows_the_name(shell: Shell, page: NewProjectPage) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        page.details.module.set_text("git.example.com/shop/coupon-svc")
        type_name(page, "other")
        await settled(shell, page)
        assert page.details.module.text == "git.example.com/shop/coupon-svc"
        assert b"module git.example.com/shop/coupon-svc" in page.preview.files["go.mod"]

    shell.aio(go())


def test_what_cannot_be_used_is_said_under_the_field_and_creating_waits(
    shell: Shell, page: NewProjectPage
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        await settled(shell, page)
        good = page.files.code.toPlainText()
        type_name(page, "x;id")
        await shell.aio.until(lambda: bool(page.details.name.error), "the error")
        assert not page.create_now.isEnabled()
        assert not page.next.isEnabled()
        assert "“;”" in page.create_now.toolTip()
        assert page.start_creating() is None
        assert page.files.code.toPlainText() == good  # the last good preview stays, greyed
        type_name(page, "fine")
        await shell.aio.until(page.create_now.isEnabled, "the button")

    shell.aio(go())


def test_a_template_changes_options_and_preview_and_keeps_what_was_typed(
    shell: Shell, page: NewProjectPage
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        type_name(page, "ledger-tools")
        await settled(shell, page)
        QTest.keyClick(page.templates.view, Qt.Key.Key_End)
        assert page.draft.template == "cli"
        assert page.draft.name == "ledger-tools"
        assert "internal/command/command.go" in page.preview.files
        assert not page.details.port.isVisible()
        await settled(shell, page)

    shell.aio(go())


def test_a_folder_of_ones_own_is_a_template_with_its_placeholders_as_fields(
    shell: Shell, page: NewProjectPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "ours"
    (own / "cmd" / "app").mkdir(parents=True)
    (own / "go.mod").write_text("module {{module}}\n\ngo {{go_version}}\n", encoding="utf-8")
    (own / "cmd" / "app" / "main.go").write_text(
        "package main // {{owner}}\n\nfunc main() {}\n", encoding="utf-8"
    )

    async def go() -> None:
        shell.window.navigate("new_project")
        type_name(page, "shop")
        await settled(shell, page)
        page.templates.findChild(QPushButton, "new_project.own").click()  # type: ignore[union-attr]
        dialog = page.findChild(QFileDialog, "new_project.templateFolder")
        assert dialog is not None
        dialog.fileSelected.emit(str(own))
        dialog.reject()
        await shell.aio.until(lambda: page.draft.source is not None, "the folder")
        field = page.details.findChild(QLineEdit, "new_project.value.owner")
        assert field is not None
        QTest.keyClicks(field, "Lin Yue")
        await shell.aio.until(lambda: b"// Lin Yue" in page.preview.files["cmd/app/main.go"], "the preview")
        page.next.click()
        assert page.stack.currentIndex() == 2
        page.header.back_asked.emit()
        page.details.git.setChecked(False)
        await settled(shell, page)
        monkeypatch.setattr(shell.window, "navigate", lambda to, arg=None: None)
        job = page.start_creating()
        assert job is not None
        await job.wait()
        assert b"module shop" in (tmp_path / "work" / "shop" / "go.mod").read_bytes()
        page.templates.choose("http")
        assert page.draft.source is None
        await settled(shell, page)

    shell.aio(go())


def test_an_option_takes_its_files_out_of_the_tree(shell: Shell, page: NewProjectPage) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        await settled(shell, page)
        tick = page.details.findChild(QCheckBox, "new_project.with.docker")
        assert tick is not None
        tick.click()
        await shell.aio.until(lambda: "Dockerfile" not in page.preview.files, "the files")
        assert page.files.summary.text().startswith(f"{len(page.preview.files)} files")
        await settled(shell, page)

    shell.aio(go())


def test_a_folder_with_such_files_is_refused_before_creating(
    shell: Shell, page: NewProjectPage, tmp_path: Path
) -> None:
    async def go() -> None:
        taken = tmp_path / "work" / "taken"
        taken.mkdir()
        (taken / "go.mod").write_text("mine", encoding="utf-8")
        shell.window.navigate("new_project")
        type_name(page, "taken")
        await shell.aio.until(lambda: "go.mod" in page.details.folder.error, "the error")
        assert not page.create_now.isEnabled()
        assert (taken / "go.mod").read_text(encoding="utf-8") == "mine"

    shell.aio(go())


def test_the_folder_button_chooses_where_the_project_goes(
    shell: Shell, page: NewProjectPage, tmp_path: Path
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        page.details.browse.click()
        dialog = page.findChild(QFileDialog, "new_project.chooseFolder")
        assert dialog is not None
        dialog.fileSelected.emit(str(tmp_path))
        dialog.reject()
        await settled(shell, page)
        assert page.draft.path == tmp_path / page.draft.name

    shell.aio(go())


def test_creating_is_a_job_that_writes_opens_and_remembers_the_project(
    shell: Shell, page: NewProjectPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        type_name(page, "coupon-svc")
        page.details.git.setChecked(False)
        await settled(shell, page)
        shown = dict(page.preview.files)
        asked: list[str] = []
        monkeypatch.setattr(shell.window, "navigate", lambda to, arg=None: asked.append(to))
        QTest.mouseClick(page.create_now, Qt.MouseButton.LeftButton)
        await shell.aio.until(lambda: bool(asked), "the end")
        folder = tmp_path / "work" / "coupon-svc"
        written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert written == set(shown)
        assert all((folder / path).read_bytes() == content for path, content in shown.items())
        assert asked == ["build"]
        assert shell.window.current_project == folder
        assert shell.app.settings.now.projects[0] == str(folder)
        assert shell.app.jobs.all[-1].kind == "project.new"

    shell.aio(go())


@has_git
def test_the_first_commit_is_made_or_its_absence_told(
    shell: Shell, page: NewProjectPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        for who in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{who}_NAME", "Lin Yue")
            monkeypatch.setenv(f"GIT_{who}_EMAIL", "lin@example.com")
        shell.window.navigate("new_project")
        monkeypatch.setattr(shell.window, "navigate", lambda to, arg=None: None)
        type_name(page, "with-git")
        await settled(shell, page)
        job = page.start_creating()
        assert job is not None
        made = await job.wait()
        assert made.problems == ()
        assert (
            (tmp_path / "work" / "with-git" / ".git" / "HEAD").read_text(encoding="utf-8").endswith("main\n")
        )

    shell.aio(go())


def test_a_cancelled_creation_leaves_nothing(
    shell: Shell, page: NewProjectPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        def slow(token: CancelToken, folder: Path) -> None:
            token.sleep(1000)

        monkeypatch.setattr("desktop.app_project.start_git", slow)
        shell.window.navigate("new_project")
        type_name(page, "half-made")
        await settled(shell, page)
        job = page.start_creating()
        assert job is not None
        folder = tmp_path / "work" / "half-made"
        await shell.aio.until(lambda: (folder / "go.mod").is_file(), "the files")
        QTest.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
        await shell.aio.until(lambda: job.state.over, "the end")
        assert job.state is JobState.CANCELLED
        assert [path.name for path in (tmp_path / "work").iterdir()] == ["neighbour"]
        await shell.aio.until(page.create_now.isEnabled, "the button")

    shell.aio(go())


def test_a_disk_that_refuses_is_explained_and_the_page_stays(
    shell: Shell, page: NewProjectPage, tmp_path: Path
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        type_name(page, "late")
        await settled(shell, page)
        # between the look and the writing, somebody puts a file there
        (tmp_path / "work" / "late").write_text("x", encoding="utf-8")
        job = page.start_creating()
        assert job is not None
        await shell.aio.until(lambda: job.state.over, "the end")
        await shell.aio.until(shell.window.error_bar.isVisible, "the error bar")
        assert shell.window.current_key == "new_project"

    shell.aio(go())


def test_where_it_runs_and_review_are_steps_with_a_way_back(
    shell: Shell, page: NewProjectPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        monkeypatch.setattr(shell.window, "navigate", lambda to, arg=None: None)
        type_name(page, "coupon-svc")
        await settled(shell, page)
        page.next.click()
        await painted()
        tick = page.where.findChild(QCheckBox, "new_project.where.staging")
        assert tick is not None
        tick.click()
        await painted()
        page.next.click()
        await painted()
        assert page.next.text() == "Create project"
        assert not page.create_now.isVisible()
        page.header.back_asked.emit()
        assert page.stack.currentIndex() == 1
        page.next.click()
        await settled(shell, page)
        page.details.git.setChecked(False)
        await settled(shell, page)
        job = page.start_creating()
        assert job is not None
        await job.wait()

    shell.aio(go())
    config = load_config(tmp_path / "work" / "coupon-svc")
    assert config is not None
    assert list(config.environments) == ["dev", "staging"]


def test_the_foot_tells_whether_the_template_builds_here(shell: Shell, page: NewProjectPage) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        await settled(shell, page)
        await shell.aio.until(lambda: bool(page.go_there), "Go")
        page.check.start()
        while not page.check.known:
            await asyncio.sleep(0.1)
        assert page.verdict.word.text().startswith("Builds for linux/amd64 as it stands")

    from tests.unit.project.go import GO

    if GO is None:
        pytest.skip("needs the go program")
    shell.aio(go())


@pytest.mark.may_stall(
    10_000
)  # each look is put in force and painted whole, which is no part of a day's work
def test_pictures_in_four_looks_with_everything_named_and_nothing_cut_off(
    shell: Shell, page: NewProjectPage
) -> None:
    async def go() -> None:
        shell.window.navigate("new_project")
        type_name(page, "coupon-svc")
        await settled(shell, page)
        for _ in shots.each_look(shell.window, "new-project"):
            check(page)
        for step in ("where", "review"):
            page.next.click()
            for _ in shots.each_look(shell.window, f"new-project-{step}"):
                check(page)
        page._show_step(0)
        type_name(page, "-bad")
        await shell.aio.until(lambda: bool(page.details.name.error), "the error")
        bar = page.files.tab_bar
        assert all(bar.isTabVisible(at) for at in range(bar.count()))
        shell.window.resize(1100, 680)
        await shell.aio.until(lambda: not bar.isTabVisible(2), "fewer tabs, each with its whole name")
        assert sum(bar.tabSizeHint(at).width() for at in range(2)) <= bar.width()
        for _ in shots.each_look(shell.window, "new-project-bad-small"):
            check(page)
        type_name(page, "good")
        await settled(shell, page)

    shell.aio(go())


def check(page: NewProjectPage) -> None:
    order = walk.tab_order(page)
    wanted = [
        one for one in ("new_project.port", "new_project.with.docker", "new_project.tree") if one in order
    ]
    assert [one for one in order if one in wanted] == wanted
    assert walk.nameless(page) == []
    assert walk.unreachable(page) == []
    assert walk.clipped(page) == []
    assert walk.outside(page) == []
