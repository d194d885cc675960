"""The Images and History tabs of the Hosts page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.app import App
from desktop.app_host import HostDeed, HostImage, images_of
from desktop.base.errors import GoferryError
from desktop.base.words import msg
from desktop.engine.model import Container, EngineImage
from desktop.hosts import Unreachable
from desktop.ui.pages.hosts.more import Carried
from desktop.ui.widgets import ConfirmSheet, repeat_texts
from tests.ui.conftest import Aio
from tests.ui.hosts_stage import Stage, staged
from tests.ui.shots import each_look, take
from tests.ui.walk import clipped, nameless, outside

IMAGES = (
    HostImage(
        "sha256:a", ("orders-api:1.9.0",), 12_400_000, 3.0, "orders-api", ("orders-api-9-1f3a2b", "orders-api-8")
    ),
    HostImage("sha256:b", ("orders-api:1.7.2", "orders-api:stable"), 12_100_000, 2.0, "orders-api"),
    HostImage("sha256:c", ("registry.example.com/team/very/long/name/orders-api:1.6.0",), 11_000_000, 1.0, "orders-api"),
    HostImage("sha256:d", ("postgres:16",), 1_432_000_000, 5.0, "", ("orders-db",)),
    HostImage("sha256:e", ("alpine:3.20",), 7_800_000, 4.0),
)  # fmt: skip


class MadeCarried(Carried):
    """Answers as a host would; keeps what was to be removed."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.there: list[HostImage] = list(IMAGES)
        self.error: GoferryError | None = None
        self.asked: list[str] = []

    async def images(self, host: str) -> tuple[HostImage, ...]:
        self.asked.append(host)
        if self.error is not None:
            raise self.error
        return tuple(self.there)

    async def history(self, host: str) -> tuple[HostDeed, ...]:
        now = time.time()
        return (
            HostDeed(now - 60, msg("Setting up {host}", host=host), msg("Step {n} of {total}", n=3, total=9), "fail"),
            HostDeed(now - 90_000, msg("Deployed {app} {version}", app="orders", version="1.9.0 (9-1f)"), "", "ok", "zhao@pc"),
        )  # fmt: skip

    async def remove(self, host: str, images: Sequence[HostImage]) -> int:
        self.there = [one for one in self.there if one not in images]
        return sum(one.size for one in images)


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    with staged(aio, tmp_path, MadeCarried) as made:
        made.fill()
        yield made


def carried(stage: Stage) -> MadeCarried:
    found = stage.page.more._carried
    assert isinstance(found, MadeCarried)
    return found


def images_tab(stage: Stage) -> list[tuple[str, str]]:
    stage.show("web-bj-01")
    stage.click("hosts.tabs.images")
    stage.until(lambda: stage.page.details.images.again.isEnabled(), "the images")
    return rows(stage)


def rows(stage: Stage) -> list[tuple[str, str]]:
    return [(row.title, row.second) for row in stage.page.details.images.rows.rows]


def test_an_image_says_what_uses_it_and_ours_come_first() -> None:
    images = (
        EngineImage("1", "", "", (), ("redis:7",), "linux", "amd64", 9, 5.0),
        EngineImage("2", "", "", (), ("app:1",), "linux", "amd64", 9, 1.0, {"io.goferry.app": "app"}),
        EngineImage("3", "", "", (), ("app:2",), "linux", "amd64", 9, 2.0, {"io.goferry.app": "app"}),
    )
    found = images_of(images, [Container("c", "app-2", "app:2", "3", "exited")])
    assert [(one.tags[0], one.used_by, one.is_old) for one in found] == [
        ("app:2", ("app-2",), False), ("app:1", (), True), ("redis:7", (), False),
    ]  # fmt: skip


def test_the_images_of_a_host_are_read_when_the_tab_is_opened(stage: Stage) -> None:
    stage.show("web-bj-01")
    assert carried(stage).asked == []
    found = images_tab(stage)
    assert found[0] == ("orders-api:1.9.0", "used by orders-api-9-1f3a2b, orders-api-8")
    assert found[1] == ("orders-api:1.7.2 +1", "old: nothing uses it")
    assert "5 images, 1.5 GB" in stage.page.details.images.said.text()
    stage.do(lambda: stage.page.tree.choose("web-bj-02"))
    stage.until(lambda: carried(stage).asked == ["web-bj-01", "web-bj-02"], "the other host is asked")


def test_old_images_of_ours_go_after_a_question_that_names_them(stage: Stage) -> None:
    images_tab(stage)
    stage.click("hosts.images.prune")
    sheet: ConfirmSheet = stage.sheet(ConfirmSheet)
    words = " ".join(label.text() for label in sheet.findChildren(type(stage.page.details.images.said)))
    assert "Remove 2 images from web-bj-01?" in words
    assert "orders-api:1.7.2" in words
    stage.do(lambda: sheet.accept(True))
    stage.until(lambda: len(rows(stage)) == 3 and not stage.app.jobs.running, "they are gone")
    assert not stage.page.details.images.prune.isVisible()


def test_an_image_in_use_cannot_be_removed_and_one_without_use_by_the_delete_key(stage: Stage) -> None:
    images_tab(stage)
    tab = stage.page.details.images
    stage.do(lambda: tab.view.setCurrentIndex(tab.rows.index(0)))
    assert not tab.remove.isEnabled()
    stage.do(lambda: tab.view.setCurrentIndex(tab.rows.index(4)))
    assert tab.remove.isEnabled()
    stage.do(lambda: QTest.keyClick(tab.view, Qt.Key.Key_Delete))
    if not stage.frame.sheets:  # without the keyboard of a window manager a shortcut does not fire
        stage.click("hosts.images.remove")
    assert isinstance(stage.frame.sheets[-1][0], ConfirmSheet)


def test_a_host_that_does_not_answer_says_so_in_the_tab(stage: Stage) -> None:
    carried(stage).error = Unreachable("web-bj-01", "192.0.2.11:22", "192.0.2.11:22 did not answer in 10 s.")
    assert images_tab(stage) == []
    assert "did not answer in 10 s" in stage.page.details.images.said.text()
    carried(stage).error = None
    stage.click("hosts.images.again")
    stage.until(lambda: len(rows(stage)) == 5, "the second answer")


def test_the_tab_key_goes_from_the_tabs_into_what_they_show(stage: Stage) -> None:
    images_tab(stage)
    names, at = [], stage.page.nextInFocusChain()
    while at is not None and at is not stage.page:
        if at.isVisibleTo(stage.page) and at.focusPolicy() & Qt.FocusPolicy.TabFocus:
            names.append(at.objectName())
        at = at.nextInFocusChain()
    start = names.index("hosts.tabs.images")
    wanted = {"hosts.images.again", "hosts.images", "hosts.images.prune", "hosts.images.remove"}
    assert set(names[start + 1 : start + 5]) == wanted


@pytest.mark.may_stall(2000)  # each look is put in force and painted whole
def test_images_look_right(stage: Stage) -> None:
    images_tab(stage)
    for _ in each_look(stage.page, "hosts-images"):
        repeat_texts()
        stage.page.retranslate()
        assert nameless(stage.page) == []
        assert outside(stage.page) == []
        assert clipped(stage.page) == []


def test_the_history_of_a_host_has_releases_and_set_ups_the_newest_first(stage: Stage) -> None:
    stage.show("web-bj-01")
    stage.click("hosts.tabs.history")
    stage.until(lambda: stage.page.details.history.again.isEnabled(), "the history")
    shown = [(row.title, row.second, row.state) for row in stage.page.details.history.rows.rows]
    assert shown == [
        ("Setting up web-bj-01", "Step 3 of 9", "fail"), ("Deployed orders 1.9.0 (9-1f)", "zhao@pc", "ok"),
    ]  # fmt: skip
    take(stage.page, "hosts-history")
    assert clipped(stage.page) == []
