"""The palette of the real window, and what keys do while something lies over it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from desktop.base.words import set_language
from desktop.hosts import Host
from tests.ui.conftest import Shell


def test_the_palette_finds_and_runs(shell: Shell, qtbot: Any) -> None:
    shell.window.shortcuts.open_palette()
    palette: Any = shell.window.shortcuts._palette
    qtbot.keyClicks(palette.input, "check this")
    qtbot.keyClick(palette.input, Qt.Key.Key_Return)
    assert shell.window.current_key == "setup"
    assert shell.window.shortcuts._palette is None


def test_the_palette_finds_a_host_by_its_address(shell: Shell, qtbot: Any) -> None:
    shell.app.inventory.add(Host("web-9", "192.0.2.9"))
    shell.window.shortcuts.open_palette()
    palette: Any = shell.window.shortcuts._palette
    palette.input.setText("192.0.2.9")
    assert palette.model.rows[1].title == "web-9"
    qtbot.keyClick(palette.input, Qt.Key.Key_Return)
    assert shell.window.current_key == "hosts"


@pytest.mark.parametrize(
    ("language", "typed"), [("zh_CN", "check this"), ("zh_CN", "jczt"), ("en", "检查这台")]
)
def test_the_palette_finds_in_either_language(shell: Shell, qtbot: Any, language: str, typed: str) -> None:
    set_language(language)
    shell.window.shortcuts.open_palette()
    palette: Any = shell.window.shortcuts._palette
    palette.input.setText(typed)
    qtbot.keyClick(palette.input, Qt.Key.Key_Return)
    assert shell.window.current_key == "setup"


def test_escape_closes_the_palette(shell: Shell, qtbot: Any) -> None:
    shell.window.shortcuts.open_palette()
    palette: Any = shell.window.shortcuts._palette
    qtbot.keyClick(palette.input, Qt.Key.Key_Escape)
    assert shell.window.shortcuts._palette is None


def test_keys_are_off_while_a_sheet_is_open(shell: Shell) -> None:
    shell.window.navigate("settings")
    page: Any = shell.window.page("settings")
    page.findChild(QAbstractButton, "settings.mirrors.registry.change").click()
    shell.window.shortcuts.open_palette()
    assert shell.window.shortcuts._palette is None
    sheet = shell.window.sheets.top
    assert sheet is not None
    sheet.reject()
