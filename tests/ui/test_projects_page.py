"""The Projects page in a real window over real folders: what a person sees, and what their clicks do."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QHoverEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QPushButton, QWidget

from desktop.app_project import EnvironmentLook
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.project import Answers, create_project
from desktop.ui.pages.projects.cards import CARD_ROLE
from desktop.ui.pages.projects.page import ProjectsPage
from desktop.ui.pages.projects.present import Card
from desktop.ui.theme import theme
from desktop.ui.widgets import CodeView, Sheet
from tests.too_slow import TooSlow
from tests.ui import shots, walk
from tests.ui.conftest import Shell
from tests.ui.stall import STALL_MS, allowed_ms, waited_for_processor

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen platform

LOCAL_MAIN = (
    'package main\n\nimport "net/http"\n\nfunc main() {\n\thttp.ListenAndServe("localhost:8080", nil)\n}\n'
)


def colour_at(widget: QWidget, x: int, y: int) -> str:
    return widget.grab().toImage().pixelColor(x, y).name()


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Four projects: two from templates, one that binds to localhost, one that is gone."""
    work = tmp_path / "work"
    create_project("http", Answers("orders-api", "git.example.com/shop/orders-api"), work / "orders-api")
    create_project("worker", Answers("notify-worker", "git.example.com/shop/notify"), work / "notify-worker")
    (work / "user-center").mkdir()
    (work / "user-center" / "go.mod").write_text(
        "module git.example.com/users\n\ngo 1.22\n", encoding="utf-8"
    )
    (work / "user-center" / "main.go").write_text(LOCAL_MAIN, encoding="utf-8")
    (work / "orders-api" / ".git").mkdir()
    (work / "orders-api" / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    return [work / "orders-api", work / "notify-worker", work / "user-center", work / "gone"]


async def opened(shell: Shell, folders: list[Path]) -> ProjectsPage:
    """The page with these projects, each of them read."""
    shell.app.settings.change(projects=tuple(str(folder) for folder in folders))
    shell.window.navigate("projects")
    page: Any = shell.window.page("projects")
    assert isinstance(page, ProjectsPage)
    await shell.aio.until(lambda: set(page.folder_looks) >= set(folders) and not page.reading, "the folders")
    await shell.aio.until(lambda: not page.asking, "the hosts")
    page.render_now()
    return page


@pytest.fixture(autouse=True)
def made_before(shell: Shell) -> None:
    """Pages are made before the clock of the stall meter runs: their modules are imported only once a process."""
    for key in ("projects", "new_project", "build"):
        shell.window.page(key)
    page: Any = shell.window.page("projects")
    shell.window.navigate("projects")
    for shown in (1, 0):  # the first painting of either face polishes all its widgets
        page.stack.setCurrentIndex(shown)
        QApplication.processEvents()
    shell.window.navigate("settings")


def card_of(page: ProjectsPage, name: str) -> Card:
    return next(card for card in page.all_cards() if card.name == name)


def press(
    page: ProjectsPage, name: str, key: str, button: Qt.MouseButton = Qt.MouseButton.LeftButton
) -> None:
    """A click on a painted part of a card, or on the card itself."""
    view = page.cards
    row = [card.name for card in view.cards.cards].index(name)
    index = view.cards.index(row)
    view.scrollTo(index)
    rect = view.visualRect(index)
    spots = view.painter.spots(rect, index.data(CARD_ROLE))
    spot = spots[key].center() if key in spots else rect.topLeft() + QPoint(120, 20)
    QTest.mouseClick(view.viewport(), button, Qt.KeyboardModifier.NoModifier, spot)


def top_sheet(shell: Shell) -> Sheet:
    sheet = shell.window.sheets.top
    assert sheet is not None
    return sheet


async def runs(job: Job[Any]) -> None:
    job.report("compiling linux/arm64", 0.64)
    await asyncio.Event().wait()


async def ends(job: Job[Any]) -> None:
    job.report("3 artifacts", 1.0)


async def breaks(job: Job[Any]) -> None:
    raise GoferryError("TestReserve failed (stock_test.go:88)")


def test_without_projects_there_are_three_ways_to_begin(shell: Shell) -> None:
    async def go() -> None:
        shell.window.navigate("projects")
        page: Any = shell.window.page("projects")
        assert page.empty.isVisible()
        assert not page.new_button.isVisible()
        QTest.mouseClick(page.empty.findChild(QPushButton, "projects.empty.new"), Qt.MouseButton.LeftButton)
        assert shell.window.current_key == "new_project"

    shell.aio(go())


def test_projects_are_read_and_shown_with_what_was_found(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        cards = {card.name: card for card in page.cards.cards.cards}
        assert cards["orders-api"].module == "git.example.com/shop/orders-api"
        assert [cell.title for cell in cards["orders-api"].cells] == ["Dev"]
        assert cards["user-center"].findings == 1
        assert cards["gone"].gone
        assert page.count.text() == "4"

    shell.aio(go())


@pytest.mark.parametrize(
    ("key", "page_key"), [("build", "build"), ("deploy", "deploy"), ("live", "live"), ("", "build")]
)
def test_a_click_makes_the_project_current_and_opens_its_page(
    shell: Shell, folders: list[Path], key: str, page_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        asked: list[tuple[str, object]] = []
        monkeypatch.setattr(shell.window, "navigate", lambda to, arg=None: asked.append((to, arg)))
        press(page, "notify-worker", key)
        assert shell.window.current_project == folders[1]
        assert asked == [(page_key, "run" if key == "build" else None)]

    shell.aio(go())


def test_an_environment_opens_live_there(
    shell: Shell, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        asked: list[tuple[str, object]] = []
        monkeypatch.setattr(shell.window, "navigate", lambda to, arg=None: asked.append((to, arg)))
        press(page, "orders-api", "cell:dev")
        assert asked == [("live", "dev")]

    shell.aio(go())


def test_the_keyboard_goes_through_the_cards_and_opens_one(
    shell: Shell, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        asked: list[str] = []
        monkeypatch.setattr(shell.window, "navigate", lambda to, arg=None: asked.append(to))
        page.cards.setFocus()
        page.cards.setCurrentIndex(page.cards.cards.index(0))
        QTest.keyClick(page.cards, Qt.Key.Key_Right)
        QTest.keyClick(page.cards, Qt.Key.Key_Return)
        assert asked == ["build"]
        assert shell.window.current_project == folders[1]

    shell.aio(go())


def test_a_build_that_runs_shows_its_share_and_is_cancelled_from_the_card(
    shell: Shell, folders: list[Path]
) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        job = shell.app.jobs.start("build", "Build", runs, subject="orders-api", page="build")
        await shell.aio.until(lambda: card_of(page, "orders-api").share == 0.64, "the share")
        page.render_now()
        press(page, "orders-api", "cancel")
        await shell.aio.until(lambda: job.state.over, "the end")
        assert card_of(page, "orders-api").line.startswith("Build cancelled")

    shell.aio(go())


def test_recent_activity_lists_jobs_and_can_show_failures_only(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        shell.app.jobs.start("build", "Build", ends, subject="orders-api", page="build")
        shell.app.jobs.start("deploy", "Deploy", breaks, subject="user-center", page="deploy")
        await shell.aio.until(lambda: len(page.activity_rows.rows) == 2, "the rows")
        await shell.aio.until(lambda: page.activity_rows.rows[0].failed, "the failure")
        QTest.mouseClick(page.which._buttons["failed"], Qt.MouseButton.LeftButton)
        assert [row.subject for row in page.activity_rows.rows] == ["user-center"]
        assert page.activity.isVisible()
        spot = page.activity.visualRect(page.activity_rows.index(0, 2))
        viewport, middle = page.activity.viewport(), QPointF(spot.center())

        def colours() -> set[str]:
            return {colour_at(viewport, x, spot.top() + 2) for x in (spot.left() + 3, spot.left() - 3)}

        lit = {theme().hex("bg.hover").lower()}
        enters = QHoverEvent(QEvent.Type.HoverEnter, middle, viewport.mapToGlobal(middle), middle)
        QApplication.sendEvent(viewport, enters)  # the page came under a pointer that does not move
        await shell.aio.until(lambda: colours() == lit, "the whole row under a pointer at rest")
        QTest.mouseMove(viewport, spot.center())
        await shell.aio.until(lambda: colours() == lit, "the whole row under the pointer")

    shell.aio(go())


def test_the_filter_and_the_list_show_the_same_projects(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        page.filter.setText("notify")
        await shell.aio.until(lambda: len(page.cards.cards.cards) == 1, "the filter")
        QTest.mouseClick(page.looks._buttons["list"], Qt.MouseButton.LeftButton)
        assert page.table.isVisible()
        assert [card.name for card in page.table_rows.rows] == ["notify-worker"]

    shell.aio(go())


def test_a_pinned_project_comes_first_and_stays_so(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        page.doing.act(card_of(page, "user-center"), "pin")
        assert page.cards.cards.cards[0].name == "user-center"
        assert shell.app.settings.now.pinned == (str(folders[2]),)
        page.doing.act(card_of(page, "user-center"), "pin")
        assert page.cards.cards.cards[0].name == "orders-api"

    shell.aio(go())


def test_the_menu_offers_what_the_card_does(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        press(page, "user-center", "more")
        menu = page.findChild(QMenu, "projects.menu")
        assert menu is not None
        texts = [action.text() for action in menu.actions() if action.text()]
        assert texts[:3] == ["Build", "Deploy", "Live"]
        assert "Show findings" in texts
        next(action for action in menu.actions() if action.text() == "Copy path").trigger()
        assert QGuiApplication.clipboard().text() == str(folders[2])
        menu.close()

    shell.aio(go())


@pytest.mark.may_stall(2000)  # a picture of the whole window is taken
def test_a_finding_shows_its_change_and_writes_it_only_when_agreed(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        source = folders[2] / "main.go"
        press(page, "user-center", "findings")
        sheet = top_sheet(shell)
        assert any("listens on this computer only" in one.text() for one in sheet.findChildren(QLabel))
        offer = sheet.findChild(QPushButton, "projects.findings.0.project.listen_everywhere")
        assert offer is not None
        offer.click()
        await shell.aio.until(
            lambda: (
                shell.window.sheets.top is not None and top_sheet(shell).objectName() == "projects.change"
            ),
            "the change",
        )
        diff = top_sheet(shell).findChild(CodeView, "projects.change.diff")
        assert diff is not None
        assert '+\thttp.ListenAndServe(":8080", nil)' in diff.toPlainText()
        assert source.read_text(encoding="utf-8") == LOCAL_MAIN
        shots.take(shell.window, "projects-change-light-en")
        top_sheet(shell).on_primary()
        await shell.aio.until(lambda: card_of(page, "user-center").findings == 0, "the card")
        assert '":8080"' in source.read_text(encoding="utf-8")

    shell.aio(go())


def test_a_project_is_taken_off_the_list_and_its_folder_stays(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        press(page, "gone", "remove")
        top_sheet(shell).reject()
        assert len(page.folders()) == 4
        page.doing.act(card_of(page, "user-center"), "remove")
        top_sheet(shell).accept()
        assert folders[2] not in page.folders()
        assert (folders[2] / "main.go").is_file()

    shell.aio(go())


def test_a_gone_folder_is_found_again(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        folders[2].rename(folders[3].with_name("moved"))
        press(page, "gone", "find")
        dialog = page.findChild(QFileDialog, "projects.openFolder")
        assert dialog is not None
        dialog.fileSelected.emit(str(folders[3].with_name("moved")))
        dialog.reject()
        await shell.aio.until(lambda: any(card.name == "moved" for card in page.all_cards()), "the folder")
        assert "gone" not in [card.name for card in page.all_cards()]

    shell.aio(go())


def test_a_folder_dropped_on_the_window_is_opened(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders[:1])
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(folders[1]))])
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
        QApplication.sendEvent(shell.window, enter)
        assert enter.isAccepted()
        drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys, QEvent.Type.Drop)
        QApplication.sendEvent(shell.window, drop)
        await shell.aio.until(lambda: folders[1] in page.folder_looks and not page.reading, "the folder")
        await shell.aio.until(lambda: not page.asking, "the hosts")
        assert page.folders()[0] == folders[1]
        assert shell.window.current_project == folders[1]

    shell.aio(go())


def test_a_bare_folder_is_offered_a_go_mod(shell: Shell, tmp_path: Path) -> None:
    async def go() -> None:
        bare = tmp_path / "bare"
        bare.mkdir()
        page = await opened(shell, [])
        page.doing.open_folder(bare)
        await shell.aio.until(lambda: shell.window.sheets.top is not None, "the offer")
        sheet: Any = top_sheet(shell)
        sheet.field.set_text("-bad")
        sheet.on_primary()
        assert sheet.field.error
        assert list(bare.iterdir()) == []
        sheet.field.set_text("example.com/bare")
        sheet.on_primary()
        await shell.aio.until(lambda: (bare / "go.mod").is_file(), "the file")
        await shell.aio.until(lambda: card_of(page, "bare").module == "example.com/bare", "the card")

    shell.aio(go())


def test_what_needs_a_look_is_said_once_and_can_be_closed(shell: Shell, folders: list[Path]) -> None:
    async def go() -> None:
        page = await opened(shell, folders)
        bad = EnvironmentLook("dev", time.time(), (("running", "unhealthy", "1.0"),))
        page.environments[folders[0]] = {"dev": bad}
        page.render_now()
        assert page.banner.isVisible()
        assert page.banner.text() == "orders-api needs a look"
        page.banner._on_close()
        page.render_now()
        assert not page.banner.isVisible()

    shell.aio(go())


def test_two_hundred_projects_do_not_hold_up_the_window(shell: Shell, tmp_path: Path) -> None:
    made = []
    for number in range(200):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        (folder / "go.mod").write_text(f"module example.com/p{number}\n", encoding="utf-8")
        made.append(folder)
    # nobody opens 200 folders at once: they are there from earlier days
    shell.app.settings.change(projects=tuple(str(folder) for folder in made))

    async def go() -> None:
        page = await opened(shell, made)
        began, waited = time.perf_counter(), waited_for_processor()
        page.render_now()
        took_ms = (time.perf_counter() - began - (waited_for_processor() - waited)) * 1000
        if took_ms > STALL_MS and took_ms > allowed_ms(STALL_MS):
            raise TooSlow(f"two hundred projects took {took_ms:.0f} ms to show")

    shell.aio(go())


@pytest.mark.may_stall(
    10_000
)  # each look is put in force and painted whole, which is no part of a day's work
def test_pictures_in_four_looks_with_everything_named_and_nothing_cut_off(
    shell: Shell, folders: list[Path]
) -> None:
    async def go() -> None:
        shell.window.navigate("projects")
        for _ in shots.each_look(shell.window, "projects-empty"):
            check(shell.window.page("projects"))
        page = await opened(shell, folders)
        for job in (ends, breaks):
            shell.app.jobs.start("build", "Build", job, subject="notify-worker", page="build")
        shell.app.jobs.start("build", "Build", runs, subject="orders-api", page="build")
        await shell.aio.until(lambda: card_of(page, "orders-api").share is not None, "the build")
        half = EnvironmentLook(
            "dev", time.time(), (("running", "healthy", "1.9.0"), ("running", "unhealthy", "1.9.0"))
        )
        page.environments[folders[0]] = {"dev": half}
        page.render_now()
        for _ in shots.each_look(shell.window, "projects"):
            check(page)
        QTest.mouseClick(page.looks._buttons["list"], Qt.MouseButton.LeftButton)
        shots.take(shell.window, "projects-list-light-en")
        shell.window.resize(1100, 680)
        QTest.mouseClick(page.looks._buttons["grid"], Qt.MouseButton.LeftButton)
        for _ in shots.each_look(shell.window, "projects-small"):
            check(page)

    shell.aio(go())


def check(page: Any) -> None:
    assert walk.nameless(page) == []
    assert walk.unreachable(page) == []
    assert walk.clipped(page) == []
    assert walk.outside(page) == []
