"""Is this computer ready? A missing Go is a click away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from desktop.app_doctor import GET_GO, go_offer
from desktop.build import NoGo
from tests.ui.conftest import Shell
from tests.unit.build.test_fetch import GO, GOOD, Sources, package


def test_go_is_downloaded_by_a_click_where_there_is_none(
    shell: Shell, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from desktop.app_doctor import Check, CheckState

    sources = Sources()
    offer = package(sources.add(lambda: GOOD))
    monkeypatch.setattr("desktop.build.fetch.offered", lambda: offer)
    try:
        shell.window.navigate("setup")
        page: Any = shell.window.page("setup")
        error = NoGo()
        fixes = (*go_offer(error), *error.fixes)
        page.show_checks(
            [Check("go", "Go", CheckState.FAIL, error.what, "", error.fix, fixes, required=True)]
        )
        assert not page.next.isEnabled()
        get = page.findChild(QPushButton, f"setup.go.{GET_GO}")

        async def downloaded() -> None:
            qtbot.mouseClick(get, Qt.MouseButton.LeftButton)
            job = next(job for job in shell.app.jobs.all if job.kind == "go.fetch")
            await shell.aio.until(lambda: job.state.over, "the end of the download")
            assert job.result == shell.app.home.root / "go" / "bin" / GO

        shell.aio(downloaded(), 30)
    finally:
        sources.close()
    assert (shell.app.home.root / "go" / "VERSION").read_text(encoding="utf-8") == "go1.99.0"
