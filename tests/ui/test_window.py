"""The frame: places, keys, jobs, language, look, leaving."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from desktop.base.errors import GoferryError
from desktop.base.jobs import Job, JobState
from desktop.base.paths import Home
from desktop.base.words import msg, set_language
from desktop.ui.instance import Instance
from desktop.ui.look import Look
from desktop.ui.pages import PAGES
from desktop.ui.pages.activity.delegate import JOB_ROLE
from desktop.ui.place import Place
from desktop.ui.theme import theme
from desktop.ui.widgets import Banner, columns
from tests.ui.conftest import Shell, activate
from tests.ui.stall import under_wine


async def long_work(job: Job[Any]) -> None:
    job.report("compiling", 0.5)
    job.say("internal/store/lock.go:27:12: undefined", "linux/amd64", "fail")
    await asyncio.Event().wait()


async def broken_work(job: Job[Any]) -> None:
    raise GoferryError(msg("It broke"), msg("Because of this"), detail="the tool's own words")


def activity_titles(shell: Shell) -> list[str]:
    model = shell.window.activity.panel.model
    return [str(model.index(at).data(Qt.ItemDataRole.DisplayRole)) for at in range(model.rowCount())]


def test_going_back_walks_the_pages_seen(shell: Shell) -> None:
    window = shell.window
    window.navigate("setup")
    assert window.current_key == "setup"
    window.go_back()
    assert window.current_key == "settings"
    window.go_back(1)
    assert window.current_key == "setup"


def test_the_keyboard_goes_along_to_the_page_that_is_shown(shell: Shell) -> None:
    window = shell.window
    window.navigate("setup")
    page: Any = window.page("setup")
    page.skip.setFocus()
    window.navigate("projects")
    now = window.focusWidget()
    assert now is not None
    assert window.page("projects").isAncestorOf(now) or now is window.page("projects"), now.objectName()


def test_an_unknown_page_stays_where_we_are(shell: Shell) -> None:
    shell.window.navigate("nowhere")
    assert shell.window.current_key == "settings"


def test_a_job_is_seen_in_the_status_bar_the_badge_and_activity(shell: Shell) -> None:
    async def story() -> None:
        job = shell.app.jobs.start("build", msg("Build {name}", name="orders"), long_work)
        await shell.aio.until(lambda: "compiling" in shell.window.status.text(), "the stage")
        shell.window.open_activity(job)
        assert activity_titles(shell) == ["Running and waiting, 1", "Build orders"]
        assert shell.window.nav.activity.accessibleName() == "Activity, 1"
        job.cancel()
        await shell.aio.until(lambda: shell.window.status.text() == "Nothing running", "the end")
        assert activity_titles(shell) == ["Done, 1", "Build orders"]
        shell.window.activity.panel.clear_done()
        await shell.aio.until(lambda: activity_titles(shell) == [], "an empty list")

    shell.aio(story())


def test_a_painted_cancel_in_activity_ends_the_job(shell: Shell, qtbot: Any) -> None:
    async def story() -> None:
        job = shell.app.jobs.start("build", "Build orders", long_work)
        shell.window.open_activity()
        panel = shell.window.activity.panel
        await shell.aio.until(
            lambda: job.state is JobState.RUNNING and panel.model.rowCount() == 2, "the row"
        )
        panel.show_jobs()
        index = panel.model.index(1)
        shown = index.data(JOB_ROLE)
        spot, _ = panel.delegate.spots(panel.view.visualRect(index), shown)[0]
        qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=spot.center())
        await shell.aio.until(lambda: job.state is JobState.CANCELLED, "the end of the job")

    shell.aio(story())


def test_a_build_that_waits_is_started_now_and_a_cancelled_job_run_again(shell: Shell) -> None:
    async def story() -> None:
        asked: list[str] = []
        panel = shell.window.activity.panel
        shell.window.open_activity()
        jobs = [
            shell.app.jobs.start(
                "build", f"Build {n}", long_work, gate="build", again=lambda: asked.append("again")
            )
            for n in range(3)
        ]
        await shell.aio.until(lambda: jobs[1].state is JobState.RUNNING, "two builds")
        panel.show_jobs()
        press(shell, "Build 2", "now")
        await shell.aio.until(lambda: jobs[2].state is JobState.RUNNING, "the third build")
        for job in jobs:
            job.cancel()
        await shell.aio.until(lambda: all(job.state.over for job in jobs), "the end")
        panel.show_jobs()
        press(shell, "Build 2", "again")
        assert asked == ["again"]
        assert not shell.window.activity.is_open

    shell.aio(story())


def press(shell: Shell, title: str, key: str) -> None:
    """The painted button of a job in Activity."""
    panel = shell.window.activity.panel
    index = panel.model.index(activity_titles(shell).index(title))
    spots = panel.delegate.spots(panel.view.visualRect(index), index.data(JOB_ROLE))
    spot = next(spot for spot, found in spots if found[0] == key)
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=spot.center())


def test_a_failed_job_stays_as_a_toast_and_opens_its_output(shell: Shell) -> None:
    async def story() -> None:
        shell.app.jobs.start("build", "Build orders", broken_work)
        await shell.aio.until(lambda: len(shell.window.toasts.shown) == 1, "the toast")
        assert shell.window.toasts.shown[0].text.text() == "It broke"
        shell.window.open_job(shell.app.jobs.all[0])
        sheet = shell.window.sheets.top
        assert sheet is not None
        await shell.aio.until(lambda: sheet.banner.text() == "It broke", "the explanation")  # type: ignore[attr-defined]
        sheet.reject()

    shell.aio(story())


def test_the_output_of_a_running_job_is_live(shell: Shell) -> None:
    async def story() -> None:
        job = shell.app.jobs.start("build", "Build orders", long_work)
        await shell.aio.until(lambda: len(job.log) == 1, "a line")
        shell.window.show_output(job)
        sheet: Any = shell.window.sheets.top
        assert "lock.go:27:12" in sheet.pane.view.text()
        job.say("and one more")
        await shell.aio.until(lambda: "and one more" in sheet.pane.view.text(), "the next line")
        sheet.stop.click()
        await shell.aio.until(lambda: job.state is JobState.CANCELLED, "the end of the job")
        sheet.reject()

    shell.aio(story())


def test_closing_asks_while_jobs_run_and_keeps_working_by_default(shell: Shell) -> None:
    async def story() -> None:
        closed: list[bool] = []
        shell.window.closed.connect(lambda: closed.append(True))
        job = shell.app.jobs.start("build", "Build orders", long_work)
        await shell.aio.until(lambda: job.state is JobState.RUNNING, "the job")
        shell.window.close()
        shell.window.close()
        sheet = shell.window.sheets.top
        assert sheet is not None
        assert sheet.title.text() == "1 task is running"
        assert QApplication.focusWidget() in (sheet.cancel, None)
        sheet.reject()
        assert closed == []
        assert shell.window.isVisible()
        shell.window.close()
        again = shell.window.sheets.top
        assert again is not None
        again.accept()
        await shell.aio.until(lambda: closed == [True], "the wish to leave")
        assert not shell.window.isVisible()

    shell.aio(story())


def test_a_window_without_jobs_closes_at_once(shell: Shell) -> None:
    async def story() -> None:
        closed: list[bool] = []
        shell.window.closed.connect(lambda: closed.append(True))
        shell.window.close()
        await shell.aio.until(lambda: closed == [True], "the wish to leave")

    shell.aio(story())


def test_the_language_changes_at_once_on_every_page(shell: Shell) -> None:
    shell.window.navigate("setup")
    shell.window.navigate("settings")
    set_language("zh_CN")
    page = shell.window.current_page
    assert page is not None
    assert page.title() == "设置"
    assert shell.window.nav.buttons["settings"].text() == "设置"
    assert shell.window.status.text() == "没有任务在进行"
    set_language("en")
    assert shell.window.nav.buttons["settings"].text() == "Settings"


@pytest.mark.skipif(under_wine(), reason="Wine tells nothing of a Windows' speed")
def test_opening_pages_and_changing_the_look_never_stops_the_window(shell: Shell, tmp_path: Path) -> None:
    """What is asserted is the fixture's: no beat of the loop comes late."""
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/orders\n", encoding="utf-8")

    async def story() -> None:
        shell.window.set_current_project(folder)
        for key in PAGES:
            shell.window.navigate(key)
            await asyncio.sleep(0.05)
            assert shell.window.current_key == key
        for mode in ("dark", "light"):
            theme().apply(mode)
            await asyncio.sleep(0.05)
        for language in ("zh_CN", "en"):
            set_language(language)
            await asyncio.sleep(0.05)

    shell.aio(story())


def test_a_page_out_of_view_has_the_new_look_when_it_comes_back(shell: Shell) -> None:
    window = shell.window
    window.navigate("setup")
    window.navigate("settings")
    theme().apply("dark", 1.5)
    window.navigate("setup")
    page: Any = window.page("setup")
    assert theme().hex("bg.card") in page.styleSheet()
    assert page.findChild(QPushButton, "setup.next").height() == round(30 * 1.5) + 2
    theme().apply("light")
    assert theme().hex("bg.card") in page.styleSheet()


def test_settings_take_effect_at_once(shell: Shell, qapp: QApplication) -> None:
    look = Look(qapp, shell.app.settings)
    page: Any = shell.window.page("settings")
    try:
        page.theme_tiles.findChild(QWidget, "settings.theme.dark").click()
        assert theme().is_dark
        page.language.segment("zh_CN").click()
        assert shell.window.nav.buttons["settings"].text() == "设置"
        page.text_size.segment("1.5").click()
        assert theme().font("body").pixelSize() == round(13 * 1.5)
        page.density.segment("compact").click()
        assert theme().size("row") == round(36 * 1.5) - 4
        now = shell.app.settings.now
        assert (now.theme, now.language, now.text_size, now.density) == ("dark", "zh_CN", 1.5, "compact")
    finally:
        look.release()


def test_a_setting_that_cannot_be_written_goes_back_and_says_why(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    page: Any = shell.window.page("settings")

    def refuse(**_values: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(shell.app.settings, "change", refuse)
    page.confirm.click()
    assert page.confirm.isChecked()
    assert "disk full" in page.confirm_row.problem.text()


def test_find_a_setting_leaves_the_rows_that_match(shell: Shell) -> None:
    page: Any = shell.window.page("settings")
    page._filter("Ask before")
    shown = [
        row.title.text() for section in page.sections.values() for row in section.rows if row.isVisible()
    ]
    assert shown == ["Ask before changing Production"]
    page._filter("no such words")
    assert page.nothing.isVisible()
    page._filter("")


def test_the_navigation_shrinks_with_the_window(shell: Shell) -> None:
    shell.window.resize(1440, 900)
    assert shell.window.nav.width() == 208
    shell.window.resize(1300, 800)
    assert shell.window.nav.width() == 48
    heard: list[bool] = []
    shell.window.narrow_changed.connect(heard.append)
    shell.window.resize(1100, 680)
    assert heard == [True]
    assert shell.window.is_narrow


def test_the_project_is_remembered_with_its_branch(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "orders-api"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    heard: list[object] = []
    shell.window.project_changed.connect(heard.append)

    async def story() -> None:
        shell.window.set_current_project(folder)
        await shell.aio.until(lambda: shell.window.nav.switcher._branch == "main", "the branch")

    shell.aio(story())
    assert heard == [folder]
    assert shell.window.place.text("project") == str(folder)


def test_an_error_is_shown_with_why_and_what_to_do(shell: Shell) -> None:
    shell.window.error(GoferryError(msg("No Go"), msg("It was not found."), msg("Install it."), detail="x"))
    assert shell.window.error_bar.isVisible()
    assert shell.window.error_bar.text() == "No Go"
    shell.window.error(ValueError("odd"))
    assert "ValueError: odd" in shell.window.error_bar.text()


def test_a_coroutine_that_fails_is_never_silent(shell: Shell) -> None:
    async def fails() -> None:
        raise GoferryError(msg("It broke"))

    async def story() -> None:
        shell.window.spawn(fails())
        await shell.aio.until(lambda: shell.window.error_bar.text() == "It broke", "the error bar")

    shell.aio(story())


def test_activity_can_be_docked_beside_the_page(shell: Shell) -> None:
    shell.window.open_activity()
    width = shell.window.stack.width()
    shell.window.activity.panel.pin.click()
    QApplication.sendPostedEvents()
    shell.aio(shell.aio.until(lambda: shell.window.stack.width() <= width - 400, "room for the panel"))
    shell.window.activity.close()
    shell.aio(shell.aio.until(lambda: shell.window.stack.width() == width, "the whole width"))


def test_set_up_shows_what_this_computer_has(shell: Shell) -> None:
    shell.window.navigate("setup")
    page: Any = shell.window.page("setup")

    async def story() -> None:
        await shell.aio.until(lambda: "go" in page._rows and not page._checking, "the checks")

    shell.aio(story())
    assert page._rows["go"].title.text() == "Go toolchain"
    assert page.next.isEnabled() == (page._rows["go"].dot.state in ("ok", "warn"))


SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop.base.paths import Home
from desktop.ui.instance import Instance
application = QCoreApplication([])
sys.exit(not Instance(Home(Path(sys.argv[1]))).hand_over(Path(sys.argv[2])))
"""


def test_a_second_start_hands_its_folder_over(shell: Shell, tmp_path: Path) -> None:
    first, second = Instance(shell.app.home), Instance(shell.app.home)
    heard: list[str] = []
    first.asked.connect(heard.append)
    assert not second.hand_over(None)
    first.listen()

    words = [sys.executable, "-c", SECOND, str(shell.app.home.root), str(tmp_path / "orders")]
    other = subprocess.Popen(words)

    async def story() -> None:
        await shell.aio.until(lambda: other.poll() == 0, "the end of the second start")
        await shell.aio.until(lambda: heard == [str(tmp_path / "orders")], "the folder")

    shell.aio(story())
    first.close()


def test_a_folder_dropped_on_the_window_becomes_the_project(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "orders-api"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/orders\n", encoding="utf-8")
    dragged = QMimeData()
    dragged.setUrls([QUrl.fromLocalFile(str(folder / "go.mod"))])

    async def story() -> None:
        where, action = QPointF(5, 5), Qt.DropAction.CopyAction
        dropped = QDropEvent(
            where, action, dragged, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        assert shell.window.drops.eventFilter(shell.window, dropped)
        await shell.aio.until(lambda: shell.window.current_project == folder, "the project")

    shell.aio(story())
    assert str(folder) in shell.app.settings.now.projects


def test_the_ring_shows_the_focus_after_keys_only(shell: Shell, qtbot: Any) -> None:
    window = shell.window
    activate(qtbot, window)
    window.nav.finder.setFocus(Qt.FocusReason.TabFocusReason)
    handle = window.windowHandle()
    qtbot.keyClick(handle, Qt.Key.Key_Tab)
    focus = QApplication.focusWidget()
    assert focus is not None
    assert window.ring.isVisible()
    assert window.ring.geometry().contains(focus.mapTo(window, focus.rect().center()))
    qtbot.mouseClick(handle, Qt.MouseButton.LeftButton, pos=QPoint(700, 20))
    assert not window.ring.isVisible()


def test_the_widths_of_panes_are_kept(shell: Shell) -> None:
    page = QWidget()
    splitter = columns((QWidget(), 100, 1), (QWidget(), 100, 1))
    QVBoxLayout(page).addWidget(splitter)
    page.resize(800, 200)
    page.show()
    splitter.setSizes([500, 286])
    chosen = splitter.sizes()
    shell.window.place.keep_splitters("some", page)
    splitter.setSizes([200, 586])
    shell.window.place.restore_splitters("some", page)
    assert splitter.sizes() == chosen


def test_the_first_window_is_no_larger_than_the_screen(qtbot: Any, tmp_path: Path) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(4000, 4000)
    Place(Home(tmp_path)).restore_window(widget)
    room = widget.screen().availableSize()
    assert 0 < widget.width() < room.width()
    assert 0 < widget.height() < room.height()


class OwnWindows(QObject):
    """Notes which widgets were shown as windows of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(f"{type(watched).__name__} {watched.objectName()}")
        return False


def test_no_page_flashes_a_window_of_its_own_while_it_is_made(shell: Shell, qapp: QApplication) -> None:
    noted = OwnWindows()
    qapp.installEventFilter(noted)
    try:
        Banner(name="x", closable=True)
        for key in PAGES:
            shell.window.page(key)
    finally:
        qapp.removeEventFilter(noted)
    assert noted.seen == []
