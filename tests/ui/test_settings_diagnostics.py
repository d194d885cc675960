"""Save diagnostics in the window: read first, then saved; what was shown is what is in the zip."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from desktop.hosts import Host
from desktop.ui.pages.settings.diagnostics_sheet import DiagnosticsSheet
from tests.ui import shots, walk
from tests.ui.conftest import Shell
from tests.ui.hand import Hand


@pytest.mark.may_stall(3000)  # changes of look and pictures in one story
def test_a_person_reads_every_file_before_it_is_saved(shell: Shell, tmp_path: Path) -> None:
    hand, target = Hand(shell), tmp_path / "给 张三.zip"
    shell.app.inventory.add(Host("web-1", "192.0.2.10", user="zhang"))
    shell.window.resize(1100, 680)

    async def story() -> None:
        await hand.click("settings.diagnostics.open")
        sheet = shell.window.sheets.top
        assert isinstance(sheet, DiagnosticsSheet)
        save = sheet.primary
        assert save is not None
        await hand.sees(save.isEnabled, "the texts")
        assert sheet.found is not None
        shown = {part.name: part.text for part in sheet.found.parts}
        row = list(shown).index("servers.json")
        sheet.list.setCurrentIndex(sheet.list.model().index(row, 0))
        assert sheet.text.toPlainText() == shown["servers.json"]
        assert "192.0.2.10" not in sheet.text.toPlainText()
        assert json.loads(shown["screen.json"])["screens"]
        for look in shots.each_look(shell.window, "state-diagnostics"):
            assert walk.nameless(shell.window) == [], look
            assert walk.clipped(shell.window) == [], look
        sheet.addresses.click()
        await hand.sees(lambda: save.isEnabled() and "192.0.2.10" in sheet.text.toPlainText(), "the address")
        sheet.save(str(target))
        await hand.sees(lambda: shell.window.sheets.top is None, "the end of the sheet")
        with zipfile.ZipFile(target) as archive:
            assert "192.0.2.10" in archive.read("servers.json").decode("utf-8")
            assert archive.namelist() == list(shown)

    shell.aio(story())


def test_a_place_that_refuses_is_told_and_the_texts_stay(shell: Shell, tmp_path: Path) -> None:
    hand, target = Hand(shell), tmp_path / "a-folder.zip"
    target.mkdir()

    async def story() -> None:
        await hand.click("settings.diagnostics.open")
        sheet = shell.window.sheets.top
        assert isinstance(sheet, DiagnosticsSheet)
        save = sheet.primary
        assert save is not None
        await hand.sees(save.isEnabled, "the texts")
        sheet.save(str(target))
        await hand.sees(lambda: sheet.note.text().startswith("Not saved"), "the reason")
        assert save.isEnabled()
        sheet.reject()

    shell.aio(story())
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith(".part")] == []
