"""The Consistency page over readings that the tests make up: what a person sees, and what their clicks ask for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu, QPlainTextEdit, QWidget

from desktop.app import App
from desktop.app_consistency import Consistency
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.words import msg
from desktop.project import Change, Mark
from desktop.release import SECRET_VALUE, SECRETS_FACT, FactKey, HostReading, Verdict, compare_hosts
from desktop.ui.pages.consistency.page import ConsistencyPage, Deeds
from desktop.ui.pages.consistency.sheet import MarkSheet
from desktop.ui.widgets import ChangeSheet, ConfirmSheet, repeat_icons, repeat_texts
from desktop.ui.wishes import DeployTo
from tests.ui.conftest import Aio
from tests.ui.rest import at_rest
from tests.ui.shots import look, take
from tests.ui.walk import clipped, nameless, outside, unreachable

from .live_values import MadeUpFrame
from .page_stage import PageStage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen platform

ENVIRONMENTS = ("dev", "staging", "prod")
SETTINGS = {"CACHE_TTL": "30s", "FEATURE_SEARCH": "on", "HTTP_TIMEOUT": "5s"}
COMMON: dict[FactKey, str] = {
    ("container", "state"): "running",
    ("container", "memory"): "512 MB",
    ("container", "cpu"): "2",
    ("container", "restart"): "unless-stopped",
    ("container", "health"): "/healthz, 5 s",
    ("container", "log"): "10m × 5",
    ("container", "user"): "65532",
    ("container", "readonly"): "yes",
    ("network", "port"): "8080",
    ("network", "published"): "127.0.0.1:8080",
    ("network", "mode"): "proxy",
    ("server", "engine"): "28.5.1",
    ("server", "kernel"): "5.14.0-570",
    ("server", "processor"): "amd64",
    ("config", "DB_PASSWORD"): SECRET_VALUE,
    **{("config", name): value for name, value in SETTINGS.items()},
}


def reading(
    host: str, environment: str, version: str, digest: str, level: str, **changed: str
) -> HostReading:
    facts = {
        **COMMON,
        ("image", "version"): version,
        ("image", "digest amd64"): f"sha256:{digest}5e0a7d27bb77d0{digest}",
        ("config", "LOG_LEVEL"): level,
        SECRETS_FACT: digest,
    }
    if "memory" in changed:
        facts["container", "memory"] = changed["memory"]
    if environment == "prod":
        del facts["config", "FEATURE_SEARCH"]
    return HostReading(environment, host, facts, "7-1f3a", "zhao@pc-7", time.time() - 3600)


def readings() -> list[HostReading]:
    return [
        reading("dev-1", "dev", "1.9.0-rc.3", "e0c1", "debug"),
        reading("stg-1", "staging", "1.9.0-rc.2", "8b3d", "info"),
        reading("web-bj-01", "prod", "1.8.0", "c41e", "info"),
        reading("web-bj-02", "prod", "1.8.0", "c41e", "info"),
        reading("web-bj-03", "prod", "1.8.0", "c41e", "info", memory="256 MB"),
    ]


def made(read: list[HostReading] | None = None, marks: tuple[Mark, ...] = ()) -> Consistency:
    found = readings() if read is None else read
    declared: dict[str, dict[FactKey, str]] = {}
    for name in ENVIRONMENTS:
        level = "debug" if name == "dev" else "info"
        declared[name] = {("config", key): value for key, value in SETTINGS.items()}
        declared[name] |= {("config", "LOG_LEVEL"): level, ("config", "DB_PASSWORD"): SECRET_VALUE}
    declared["prod"] = {
        key: value for key, value in declared["prod"].items() if key != ("config", "FEATURE_SEARCH")
    }
    declared["prod"]["config", "CACHE_TTL"] = "300s"
    rows = compare_hosts(ENVIRONMENTS, found, declared, marks)
    return Consistency("orders-api", ENVIRONMENTS, tuple(found), rows, time.time())


class Stage(PageStage):
    """The page over readings."""

    page: ConsistencyPage

    def __init__(self, aio: Aio, app: App, folder: Path) -> None:
        super().__init__(aio, app, MadeUpFrame(aio.loop, folder))
        self.folder = folder
        self.found: Consistency | GoferryError = made()
        self.reads = 0
        self.marked: list[tuple[Any, ...]] = []
        self.wanted: list[tuple[FactKey, str]] = []
        self.change: Change | None = None
        deeds = Deeds(self._read, self._mark, self._everywhere)
        self.page = ConsistencyPage(app, self.frame, deeds=deeds)  # type: ignore[arg-type]
        self.page.resize(1232, 840)

    async def _read(self, app: App, folder: Path, on_read: Callable[[int, int], object]) -> Consistency:
        on_read(0, 5)
        await asyncio.sleep(0)
        self.reads += 1
        if isinstance(self.found, GoferryError):
            raise self.found
        return self.found

    async def _mark(self, app: App, folder: Path, *words: Any) -> None:
        self.marked.append(words)

    async def _everywhere(self, app: App, folder: Path, key: FactKey, value: str) -> Change | None:
        self.wanted.append((key, value))
        return self.change

    def menu(self, name: str) -> dict[str, QAction]:
        """What a button's menu offers."""
        self.click(name)
        return self.open_menu()

    def open_menu(self) -> dict[str, QAction]:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        found = {action.text(): action for action in menu.actions()}
        menu.hide()
        return found

    def choose(self, menu: dict[str, QAction], text: str) -> None:
        self.do(menu[text].trigger)
        self.until(lambda: self.frame.sheets, "a sheet")

    def show(self) -> ConsistencyPage:
        self.page.show()
        self.page.shown(None)
        self.settle()
        return self.page

    def settle(self) -> None:
        self.until(lambda: self.page.reading is None, "it has read")

    def words(self) -> str:
        """All that stands there."""
        at_rest(self.page)
        return " | ".join(one.text() for one in self.page.findChildren(QLabel) if one.isVisible())

    def table(self) -> dict[str, tuple[str, ...]]:
        groups = self.page.parts.tree.drift.groups
        return {
            one.title: (*(cell.text for cell in one.cells), one.word)
            for group in groups
            for one in group.rows
        }


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    one = Stage(aio, App(Home(tmp_path / "home")), tmp_path / "orders-api")
    yield one
    one.end_tidily()


def button_text(page: ConsistencyPage, name: str) -> str:
    found = page.findChild(QAbstractButton, name)
    assert found is not None
    return str(found.text())


def test_environments_stand_side_by_side_and_the_first_drift_is_explained(stage: Stage) -> None:
    page = stage.show()
    table = stage.table()
    assert table["Memory limit"] == ("512 MB", "512 MB", "512 MB on 2, 256 MB on 1", "drifted")
    assert table["FEATURE_SEARCH"] == ("on", "on", "missing", "drifted")
    assert table["LOG_LEVEL"] == ("debug", "info", "info", "meant to differ")
    assert table["DB_PASSWORD"] == ("secret", "secret", "secret", "the same")
    assert table["Version"][-1] == "meant to differ"
    assert {verdict: button.count for verdict, button in page.parts.counts.items()} == {
        Verdict.DRIFTED: 3,
        Verdict.MEANT: 4,
        Verdict.SAME: 15,
        Verdict.UNREADABLE: 0,
    }
    assert page.parts.summary.whole().startswith("read from 5 of 5 hosts at ")
    assert page.parts.details.name.text() == "Memory limit"
    assert "web-bj-03: 256 MB. The other hosts of Production: 512 MB." in stage.words()
    assert "1 of 3" in stage.words()
    assert ("set_badge", "consistency", 3) in stage.frame.asked


def test_the_next_drift_is_a_key_away_and_comes_round(stage: Stage) -> None:
    page = stage.show()
    seen = []
    for _ in range(4):
        seen.append(page.parts.details.name.text())
        page.next_problem(1)
    assert seen == ["Memory limit", "CACHE_TTL", "FEATURE_SEARCH", "Memory limit"]
    page.next_problem(-1)
    assert page.parts.details.name.text() == "Memory limit"


def test_what_goferry_yaml_says_now_is_told_and_a_deploy_offered(stage: Stage) -> None:
    page = stage.show()
    page.parts.tree.choose(("config", "CACHE_TTL"))
    assert "Production runs with 30s; goferry.yaml now says 300s." in stage.words()
    stage.click("consistency.deploy")
    assert ("navigate", "deploy", DeployTo("prod")) in stage.frame.asked


def test_a_host_that_strays_gets_a_plan_of_its_own(stage: Stage) -> None:
    page = stage.show()
    words = stage.words()
    assert (
        "A deploy makes the container anew there, as goferry.yaml says. The others serve meanwhile." in words
    )
    assert page.findChild(QWidget, "consistency.deploy") is None  # it would leave the host as it is
    assert button_text(page, "consistency.deploy.only") == "Plan for web-bj-03 only…"
    stage.click("consistency.deploy.only")
    assert stage.frame.asked[-1] == ("navigate", "deploy", DeployTo("prod", ("web-bj-03",), anew=True))


def test_most_hosts_may_be_wrong_and_goferry_yaml_says_which(stage: Stage) -> None:
    """The two that do not have what it says get the plan, not the one that differs from them."""
    hosts = readings()
    odd = {**hosts[4].facts, ("config", "CACHE_TTL"): "300s"}
    stage.found = made([*hosts[:4], HostReading("prod", "web-bj-03", odd, "8-bbbb", "li@pc", hosts[4].at)])
    page = stage.show()
    page.parts.tree.choose(("config", "CACHE_TTL"))
    assert button_text(page, "consistency.deploy.only") == "Plan for these 2 hosts only…"
    stage.click("consistency.deploy.only")
    assert stage.frame.asked[-1] == ("navigate", "deploy", DeployTo("prod", ("web-bj-01", "web-bj-02")))
    stage.click("consistency.deploy")
    assert stage.frame.asked[-1] == ("navigate", "deploy", DeployTo("prod"))


def test_one_value_for_all_is_read_as_a_difference_then_written_and_a_deploy_offered(stage: Stage) -> None:
    file = stage.folder / "goferry.yaml"
    stage.folder.mkdir()
    file.write_bytes(b"memory: 256m\n")
    stage.change = Change(file, b"memory: 256m\n", b"memory: 512m\n")
    page = stage.show()
    menu = stage.menu("consistency.everywhere")
    assert list(menu) == [
        "Make “512 MB” the value everywhere…",
        "Make “256 MB” the value everywhere…",
    ]
    stage.choose(menu, "Make “512 MB” the value everywhere…")
    assert stage.wanted == [(("container", "memory"), "512 MB")]
    sheet, ended = stage.frame.sheets.pop()
    assert isinstance(sheet, ChangeSheet)
    assert ended is not None
    shown = sheet.findChild(QPlainTextEdit, "consistency.change.diff")
    assert shown is not None
    assert "+memory: 512m" in shown.toPlainText()
    assert file.read_text(encoding="utf-8") == "memory: 256m\n"
    sheet.resize(680, 400)
    sheet.show()
    take(sheet, "consistency-change")
    sheet.hide()
    ended(True)
    stage.aio(stage.aio.until(lambda: stage.reads == 2 and page.reading is None, "it is read again"))
    assert file.read_text(encoding="utf-8") == "memory: 512m\n"
    [(_, _, title, text, [(_, plan)])] = [one for one in stage.frame.asked if one[0] == "toast"]
    assert (title(), text()) == ("goferry.yaml was changed", "A deploy brings it to the hosts.")
    plan()
    assert stage.frame.asked[-1] == ("navigate", "deploy", DeployTo("prod"))
    sheet.deleteLater()


def test_where_goferry_yaml_says_so_already_a_deploy_is_all_there_is_to_do(stage: Stage) -> None:
    page = stage.show()
    page.parts.tree.choose(
        ("config", "LOG_LEVEL")
    )  # which is meant to differ, and may be made alike all the same
    stage.choose(stage.menu("consistency.everywhere"), "Make “info” the value everywhere…")
    sheet, ended = stage.frame.sheets.pop()
    assert isinstance(sheet, ConfirmSheet)
    assert ended is not None
    ended(True)
    assert stage.frame.asked[-1] == ("navigate", "deploy", DeployTo("dev"))
    sheet.deleteLater()


@pytest.mark.parametrize(
    ("key", "column", "offered"),
    [
        (("container", "memory"), 3, ["Copy", "Show web-bj-03", "Make “512 MB”", "Make “256 MB”", "Mark as"]),
        (("config", "LOG_LEVEL"), 1, ["Copy", "Show dev-1", "Make “debug”"]),
        (("config", "DB_PASSWORD"), 1, ["Copy", "Show dev-1"]),
        (("config", "HTTP_TIMEOUT"), 0, ["Copy"]),
    ],
)
def test_a_cell_s_menu_offers_what_can_be_done_with_it(
    stage: Stage, key: FactKey, column: int, offered: list[str]
) -> None:
    page = stage.show()
    tree = page.parts.tree
    tree.choose(key)
    index = tree.drift.index_of(key).siblingAtColumn(column)
    page._on_menu(tree.visualRect(index).center())
    texts = list(stage.open_menu())
    assert len(texts) == len(offered)
    assert all(text.startswith(start) for text, start in zip(texts, offered, strict=True)), texts


def test_a_count_filters_and_pressed_again_shows_all(stage: Stage) -> None:
    stage.show()
    stage.click("consistency.count.drifted")
    assert set(stage.table()) == {"Memory limit", "CACHE_TTL", "FEATURE_SEARCH"}
    stage.click("consistency.count.drifted")
    assert len(stage.table()) == 22


def test_a_key_is_found_by_its_name_or_value(stage: Stage) -> None:
    page = stage.show()
    page.parts.find.setText("28.5")
    stage.aio(stage.aio.until(lambda: list(stage.table()) == ["Docker Engine"], "one row"))


def test_marked_as_meant_it_is_asked_why_and_read_again(stage: Stage) -> None:
    page = stage.show()
    page.parts.tree.choose(("config", "FEATURE_SEARCH"))
    stage.click("consistency.mark")
    sheet, ended = stage.frame.sheets[0]
    assert isinstance(sheet, MarkSheet)
    assert sheet.primary is not None
    assert not sheet.primary.isEnabled()
    sheet.why.input.setText("comes in June")
    assert sheet.primary.isEnabled()
    sheet.finished.connect(ended)
    stage.found = made(marks=(Mark("config.FEATURE_SEARCH", "comes in June", "li@pc"),))

    async def press() -> None:
        sheet.on_primary()
        await stage.aio.until(lambda: stage.reads == 2 and page.reading is None, "it is read again")

    stage.aio(press())
    assert stage.marked == [(("config", "FEATURE_SEARCH"), "comes in June", "")]
    assert stage.table()["FEATURE_SEARCH"][-1] == "meant to differ"
    assert "comes in June" in stage.words()
    assert "li@pc" in stage.words()


def test_a_host_that_is_silent_is_named_and_nothing_is_called_the_same(stage: Stage) -> None:
    hosts = [
        *readings()[:3],
        HostReading("staging", "web-bj-02", problem=GoferryError(msg("It does not answer."))),
        HostReading("prod", "web-bj-02", problem=GoferryError(msg("It does not answer."))),
    ]
    stage.found = made(hosts)
    page = stage.show()
    assert "1 host could not be read" in stage.words()
    assert "web-bj-02: It does not answer." in stage.words()
    assert page.parts.counts[Verdict.SAME].count == 0
    assert stage.table()["Docker Engine"][-1] == "not readable"
    take(page, "consistency-silent")


def test_without_a_release_or_a_project_the_page_says_what_comes(stage: Stage) -> None:
    stage.found = made([HostReading("prod", "web-bj-01")])
    page = stage.show()
    assert page.parts.stack.currentWidget() is page.parts.nothing
    stage.click("consistency.nothing.deploy")
    assert ("navigate", "deploy") in stage.frame.asked
    stage.frame.current_project = None
    page.shown(None)
    assert page.parts.stack.currentWidget() is page.parts.no_project


def test_a_broken_goferry_yaml_is_explained_and_can_be_tried_again(stage: Stage) -> None:
    stage.found = GoferryError(msg("It is empty."), "", msg("Save it as UTF-8."))
    stage.show()
    assert "It is empty." in stage.words()
    stage.found = made()
    stage.click("consistency.banner.again")
    stage.settle()
    assert len(stage.table()) == 22


@pytest.mark.parametrize("name", ["report.md", "report.csv"])
def test_the_report_has_every_row_and_no_secret(stage: Stage, name: str, tmp_path: Path) -> None:
    page = stage.show()
    file = tmp_path / name

    async def save() -> None:
        page.write_report(file)
        await stage.aio.until(file.is_file, "the file")

    stage.aio(save())
    text = file.read_text(encoding="utf-8")
    assert all(title in text for title in stage.table())
    assert "256 MB on 1" in text
    assert "\0" not in text


@pytest.mark.may_stall(3000)  # changes of look and as many pictures
@pytest.mark.parametrize("size", [(1232, 840), (1052, 620)])
def test_nothing_is_cut_off_nameless_or_out_of_reach(stage: Stage, size: tuple[int, int]) -> None:
    page = stage.show()
    stage.frame.is_narrow = size[0] < 1100
    page.shown(None)
    page.resize(*size)
    for mode, language in (("light", "en"), ("dark", "zh_CN"), ("light", "zh_CN"), ("dark", "en")):
        with look(mode, language):
            repeat_texts()
            repeat_icons()
            page.retranslate()
            take(page, f"consistency-{size[0]}-{mode}-{language}")
            for check in (nameless, unreachable, clipped, outside):
                assert check(page) == [], (check.__name__, mode, language)
    if stage.frame.is_narrow:
        page.toggle_right()
        take(page, "consistency-drawer")
        assert clipped(page) == outside(page) == []
        page.toggle_right()
    with look("light", "en", 1.5):
        page.retranslate()
        take(page, f"consistency-{size[0]}-150")
        assert clipped(page) == []


def test_a_change_past_goferry_is_told_from_another_release(stage: Stage) -> None:
    stage.show()
    assert "They have the same release: it was changed on the host itself, past Goferry." in stage.words()
    *others, odd = readings()
    stage.found = made([*others, HostReading("prod", odd.host, odd.facts, "6-aaaa", "li@pc", odd.at)])
    stage.click("consistency.read")
    stage.settle()
    assert "Not every host of this environment has the same release." in stage.words()
    assert "web-bj-03: release 6-aaaa by li@pc" in stage.words()
