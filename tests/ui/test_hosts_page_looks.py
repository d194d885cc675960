"""The Hosts page and its sheets in both languages and looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.ui.pages.hosts.add_sheet import AddHostSheet
from desktop.ui.pages.hosts.import_sheet import ImportSheet
from desktop.ui.pages.hosts.page import HostsPage
from desktop.ui.widgets import repeat_texts
from tests.sshd import Sshd
from tests.ui.conftest import Aio
from tests.ui.shots import each_look
from tests.ui.walk import clipped, nameless, outside

from .hosts_stage import Stage, staged
from .hosts_values import key_changed


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    with staged(aio, tmp_path) as made:
        yield made


def say_again(page: HostsPage | None = None) -> None:
    """What the window does when the language has changed."""
    repeat_texts()
    if page is not None:
        page.retranslate()


@pytest.mark.may_stall(2000)  # each look is put in force and painted whole
def test_the_page_looks_right_in_both_languages_and_modes(stage: Stage) -> None:
    stage.fill()
    page = stage.show("web-bj-01")
    for _ in each_look(page, "hosts"):
        say_again(page)
        assert nameless(page) == []
        assert outside(page) == []
        assert clipped(page) == []


@pytest.mark.may_stall(2000)  # each look is put in force and painted whole
def test_the_changed_key_and_the_empty_page_look_right(stage: Stage) -> None:
    page = stage.show()
    for _ in each_look(page, "hosts-empty"):
        say_again(page)
        assert nameless(page) == []
    stage.fill()
    stage.asked.answers["web-bj-03"] = key_changed("web-bj-03")
    stage.show("web-bj-03")
    stage.do(page.refresh)
    stage.until(lambda: page.banner.isVisible(), "the banner is shown")
    for _ in each_look(page, "hosts-key-changed"):
        say_again(page)
        assert clipped(page) == []


@pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell")
@pytest.mark.may_stall(2000)  # each look is put in force and painted whole
def test_the_sheets_look_right(stage: Stage, tmp_path: Path) -> None:
    with Sshd(shell=("/bin/sh",)) as server:
        stage.fill()
        stage.show()
        stage.do(stage.page.ask_add)
        sheet: AddHostSheet = stage.sheet(AddHostSheet)
        sheet.name_field.set_text("web-sh-01")
        sheet.address_field.set_text(f"root@127.0.0.1:{server.port}")
        sheet.tags_field.set_text("shanghai, web")
        stage.do(sheet.on_primary)
        stage.until(lambda: sheet.step == 1, "the key")
        sheet.identity.pasted.set_text(server.fingerprint)
        sheet.resize(sheet.width(), 760)
        for _ in each_look(sheet, "hosts-add-identity"):
            say_again()
            assert nameless(sheet) == []
            assert clipped(sheet) == []
        stage.do(sheet.on_primary)
        for way in ("key", "password"):
            sheet.sign_in.choose(way)
            for _ in each_look(sheet, f"hosts-add-sign-in-{way}"):
                say_again()
                assert nameless(sheet) == []
                assert clipped(sheet) == []
        stage.do(stage.page.ask_import)
        table: ImportSheet = stage.sheet(ImportSheet)
        file = tmp_path / "hosts.yaml"
        file.write_text(
            "- {name: a, address: 192.0.2.1, user: deploy}\n- {name: a b, address: x}\n", encoding="utf-8"
        )
        stage.do(lambda: table.read(file))
        stage.until(lambda: len(table.rows) == 2, "the file is read")
        table.resize(table.width(), 520)
        for _ in each_look(table, "hosts-import"):
            say_again()
            assert nameless(table) == []
