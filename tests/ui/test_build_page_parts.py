"""The Build page beyond the build: what it opens, copies and lists, its dependencies, bases and layers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QListView

from desktop.ui.pages.build.dependencies import BaseSheet, FilesSheet, GraphSheet, LayerSheet, ProxySheet
from desktop.ui.widgets import ROW_ROLE
from tests.ui.conftest import Shell
from tests.ui.shots import take

from .build_stage import (
    FILES,
    MAIN,
    built,
    config_of,
    does,
    opened,
    press,
)

pytestmark = [
    pytest.mark.timeout(600),  # the first build of all compiles the standard library
]


@pytest.mark.skipif(sys.platform == "win32", reason="the editor that is played here is a shell script")
def test_a_link_opens_the_persons_editor_at_the_line(
    shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told, program = tmp_path / "told", tmp_path / "bin" / "code"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > "{told}.part" && mv "{told}.part" "{told}"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    page = opened(shell, project)
    does(shell, lambda: page.output.link_opened.emit("internal/store/lock.go:6:40"), told.is_file)
    assert told.read_text(encoding="utf-8").split() == ["--goto", f"{project}/internal/store/lock.go:6:40"]


def test_commands_can_be_copied_for_either_shell(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    built(shell, page)
    page.output.go_to("commands")
    assert "CGO_ENABLED=0 GOOS=linux GOARCH=amd64" in page.output.commands.toPlainText()
    page.output.shell.segment("powershell").click()
    assert "$env:GOOS = linux" in page.output.commands.toPlainText()
    press(page, "build.commands.copy")()
    assert "$env:GOOS = linux" in QGuiApplication.clipboard().text()
    take(page, "build-commands")


def test_a_layer_shows_its_files(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    built(shell, page)
    does(shell, press(page, "build.layer.0"), lambda: isinstance(shell.window.sheets.top, LayerSheet))
    take(shell.window, "build-layer-sheet")


def test_each_line_of_the_dockerfile_has_its_reason(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    lines = page.files.code.toPlainText().splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("USER "))
    assert page.files.code.reason_of(at).startswith("Not root:")


def test_dependencies_are_listed_and_drawn(shell: Shell, project: Path) -> None:
    (project / "lib").mkdir()
    (project / "lib" / "go.mod").write_text("module example.org/lib\n\ngo 1.22\n", encoding="utf-8")
    (project / "lib" / "lib.go").write_text("package lib\n", encoding="utf-8")
    (project / "go.mod").write_text(
        FILES["go.mod"] + "\nrequire example.org/lib v1.0.0\n\nreplace example.org/lib => ./lib\n",
        encoding="utf-8",
    )
    page = opened(shell, project)
    does(
        shell,
        lambda: page.output.go_to("dependencies"),
        lambda: "counted" not in page.dependencies.cache.text(),
    )
    assert page.dependencies.model.rows[0].title == "1 module that the project names"
    assert page.dependencies.model.rows[1].title == "example.org/lib"
    take(page, "build-dependencies")
    does(shell, press(page, "build.deps.graph"), lambda: isinstance(shell.window.sheets.top, GraphSheet))
    take(shell.window, "build-graph")


def test_the_choice_of_a_proxy_is_kept(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    page.doing.choose_proxy()
    sheet = shell.window.sheets.top
    assert isinstance(sheet, ProxySheet)
    take(shell.window, "build-proxy")
    sheet.own.click()
    sheet.address.set_text("nonsense")
    sheet.on_primary()
    assert sheet.address.error
    sheet.address.set_text("https://goproxy.example.com,direct")
    sheet.on_primary()
    assert shell.app.settings.now.goproxy == "https://goproxy.example.com,direct"


def test_another_base_is_asked_for_and_checked(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    page.image_card.other_base_asked.emit()
    sheet = shell.window.sheets.top
    assert isinstance(sheet, BaseSheet)
    sheet.field.set_text("Not An Image")
    sheet.on_primary()
    assert sheet.field.error
    sheet.field.set_text("harbor.example.com/base/debian:12")
    does(shell, sheet.on_primary, lambda: "harbor.example.com/base/debian:12" in config_of(project))
    assert page.image_card.base.value == "harbor.example.com/base/debian:12"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_what_is_not_committed_is_listed(shell: Shell, project: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *who, *words], cwd=project, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "first")
    (project / "main.go").write_text(MAIN + "\n", encoding="utf-8")
    (project / "new file.txt").write_text("x", encoding="utf-8")
    page = opened(shell, project)
    assert page.branch.text() == "main"
    assert page.dirty.text() == "2 files not committed"
    does(shell, press(page, "build.dirty"), lambda: isinstance(shell.window.sheets.top, FilesSheet))
    sheet = shell.window.sheets.top
    view = sheet.findChild(QListView) if sheet is not None else None
    assert view is not None
    rows = [view.model().index(at, 0).data(ROW_ROLE) for at in range(view.model().rowCount())]
    assert [(row.title, row.right) for row in rows] == [("main.go", "M"), ("new file.txt", "new")]
    take(shell.window, "build-changes")
