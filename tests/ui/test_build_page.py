"""The Build page in the real window, over a small real Go project: what a person sees, and what their clicks do."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QListView, QPushButton

from desktop.base.jobs import JobState
from desktop.base.words import set_language
from desktop.build import Binary
from desktop.image import Image
from desktop.project import parse_config
from desktop.release import Release
from desktop.ui.pages.build.actions import ChangeSheet
from desktop.ui.pages.build.dependencies import BaseSheet, FilesSheet, GraphSheet, LayerSheet, ProxySheet
from desktop.ui.pages.build.page import BuildPage
from desktop.ui.widgets import ROW_ROLE
from tests.ui.conftest import Shell
from tests.ui.shots import each_look, take
from tests.ui.walk import clipped, nameless, outside, tab_order, unreachable

pytestmark = [
    pytest.mark.timeout(300),  # the first build of all compiles the standard library
]

MAIN = """package main

import (
	"fmt"

	"example.com/orders/internal/store"
)

var version = "dev"

func main() { fmt.Println(version, store.Lock(1)) }
"""
LOCK = """package store

import "syscall"

// Lock takes the file.
func Lock(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX) }
"""
LOCK_TEST = """package store

import "testing"

func TestLock(t *testing.T) {}
"""
CONFIG = """# how orders is built
name: orders
main: .
port: 8080
build:
  targets: [linux/amd64]   # the servers
image:
  files: [configs/config.yaml]
"""
FILES = {
    "go.mod": "module example.com/orders\n\ngo 1.22\n",
    "main.go": MAIN,
    "internal/store/lock.go": LOCK,
    "internal/store/lock_test.go": LOCK_TEST,
    "configs/config.yaml": "level: info\n",
    "goferry.yaml": CONFIG,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    return folder


def opened(shell: Shell, folder: Path | None, arg: object = None) -> BuildPage:
    """The page, with the project read and Go met."""
    shell.app.settings.change(goproxy="off")
    page = shell.window.page("build")
    assert isinstance(page, BuildPage)

    def show() -> None:
        shell.window.set_current_project(folder)
        shell.window.navigate("build", arg)

    does(shell, show, lambda: folder is None or bool(page.known) or page.problem is not None, 120)
    return page


def does(shell: Shell, act: Callable[[], object], holds: Callable[[], bool], limit: float = 40) -> None:
    """Do something and wait for what comes of it, all on the running loop, as in the window."""

    async def run() -> None:
        act()
        while not holds():
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)  # the last batch of output

    shell.aio(run(), limit)


def built(shell: Shell, page: BuildPage) -> None:
    """Press Build, and wait for the end."""
    before = page.job
    does(shell, press(page, "build.run"), lambda: over(page, before), 240)


def over(page: BuildPage, before: object = None) -> bool:
    return page.job is not None and page.job is not before and page.job.state.over


def press(page: BuildPage, name: str) -> Callable[[], None]:
    found = page.findChild(QAbstractButton, name)
    assert found is not None, name
    assert found.isEnabled(), name
    return found.click


def text_of(page: BuildPage) -> str:
    return page.output.pane.view.text()


def config_of(folder: Path) -> str:
    return (folder / "goferry.yaml").read_text(encoding="utf-8")


def test_without_a_project_it_says_where_to_open_one(shell: Shell) -> None:
    page = opened(shell, None)
    assert page.stack.currentWidget() is page.nothing


def test_while_the_project_is_read_nothing_is_said_of_it(shell: Shell, project: Path) -> None:
    page = shell.window.page("build")
    assert isinstance(page, BuildPage)
    shell.window.resize(1440, 900)

    async def look() -> None:
        shell.window.set_current_project(project)
        shell.window.navigate("build")
        for part in (page.branch, page.dirty, page.cancel, page.targets.count, page.timeline.failed):
            assert not part.isVisible()

    shell.aio(look())


def test_before_the_first_build_it_shows_what_will_be(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    assert page.timeline.state.word.text() == "Not built yet"
    assert page.artifacts.hint.isVisible()
    assert page.targets.targets == ("linux/amd64",)
    assert page.version.placeholderText() == "dev"
    assert "COPY configs/config.yaml /app/configs/config.yaml" in page.files.code.toPlainText()
    order = tab_order(page)
    left = [
        "build.version",
        "build.run",
        "build.head.amd64",
        "build.target.linux/amd64",
        "build.preset.centos",
    ]
    assert [name for name in order if name in left] == left
    assert order.index("build.preset.centos") < order.index("build.option.vet") < order.index("build.tabs")
    for language in each_look(page, "build-never"):
        assert language
    assert (nameless(page), clipped(page), outside(page), unreachable(page)) == ([], [], [], [])


def test_a_build_gives_a_binary_and_an_image(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    built(shell, page)
    assert page.job is not None
    assert page.job.state is JobState.DONE
    rows = [page.artifacts.model.row(index) for index in range(2)]
    binary, image = rows[0].payload, rows[1].payload
    assert isinstance(binary, Binary)
    assert isinstance(image, Image)
    assert binary.path == project / "dist" / "linux_amd64" / "orders"
    assert image.ref == "orders:dev"
    assert page.timeline.state.word.text().startswith("Built 1 target in")
    assert page.output.banner.text().startswith("Built 1 target in")
    assert str(Path("dist/linux_amd64/orders")) in text_of(page)
    assert "go build -trimpath" in text_of(page)
    assert len(page.layers.findChildren(QAbstractButton)) == 3
    assert "first deploy" in page.layers.sends.text()
    for _ in each_look(page, "build-ok"):
        assert page.title()
    assert (nameless(page), clipped(page), outside(page), unreachable(page)) == ([], [], [], [])


def test_a_second_build_tells_how_little_a_deploy_sends(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    built(shell, page)
    (project / "main.go").write_text(MAIN.replace("store.Lock(1)", "store.Lock(2)"), encoding="utf-8")
    does(shell, lambda: page.refresh(), lambda: page.look is not None and page.look.before is not None)
    built(shell, page)
    assert page.layers.sends.text().startswith("2 layers are as in the last image.")


def test_what_a_deploy_sends_is_told_from_what_the_environment_has(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    built(shell, page)
    image = page.artifacts.model.row(1).payload
    serving = Release("1-aa", 1, "orders", image.ref, image.config_digest, "1.8.0", 8080, 80)
    shell.window.environments[project] = "prod"
    shell.window.serving[project, "prod"] = serving
    told = "Production has all of it: a deploy sends nothing."
    does(shell, lambda: page.refresh(), lambda: page.layers.sends.text() == told)


def test_a_target_that_fails_is_explained_and_the_others_are_there(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    does(
        shell,
        lambda: page.targets.choose(("linux/amd64", "windows/amd64")),
        lambda: "windows/amd64" in config_of(project),
    )
    built(shell, page)
    assert page.job is not None
    assert page.job.state is JobState.FAILED
    assert page.output.banner.text() == "windows/amd64: syscall.Flock does not exist on this system"
    texts = [one.text() for one in page.output.banner.findChildren(QPushButton)]
    assert texts == ["Open lock.go:6", "Add a build tag…", "Untick windows/amd64"]
    states = [row.state for row in page.artifacts.model.rows]
    assert states == ["ok", "ok", "fail"]
    assert page.timeline.failed.word.text() == "1 target failed"
    assert [row.second for row in page.output.problem_model.rows] == [
        "internal/store/lock.go:6:42",
        "internal/store/lock.go:6:60",
    ]
    for _ in each_look(page, "build-one-failed"):
        assert page.title()
    assert (nameless(page), clipped(page), outside(page), unreachable(page)) == ([], [], [], [])


def test_the_button_that_unticks_a_target_does(shell: Shell, project: Path) -> None:
    (project / "goferry.yaml").write_text(
        CONFIG.replace("[linux/amd64]", "[linux/amd64, windows/amd64]"), encoding="utf-8"
    )
    page = opened(shell, project)
    built(shell, page)
    does(shell, press(page, "build.banner.fix2"), lambda: "windows" not in config_of(project))
    assert page.targets.targets == ("linux/amd64",)


def test_a_build_tag_is_shown_before_it_is_written(shell: Shell, project: Path) -> None:
    (project / "goferry.yaml").write_text(
        CONFIG.replace("[linux/amd64]", "[windows/amd64]"), encoding="utf-8"
    )
    page = opened(shell, project)
    built(shell, page)
    does(
        shell, press(page, "build.banner.fix1"), lambda: isinstance(shell.window.sheets.top, ChangeSheet), 10
    )
    lock = project / "internal" / "store" / "lock.go"
    assert lock.read_text(encoding="utf-8") == LOCK
    take(shell.window, "build-tag-sheet")
    sheet = shell.window.sheets.top
    assert isinstance(sheet, ChangeSheet)
    does(shell, sheet.on_primary, lambda: lock.read_text(encoding="utf-8") != LOCK)
    assert lock.read_text(encoding="utf-8") == "//go:build !windows\n\n" + LOCK


def test_choices_are_kept_in_goferry_yaml_with_its_comments(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    does(shell, press(page, "build.target.linux/arm64"), lambda: "arm64" in config_of(project))
    does(shell, lambda: page.options.boxes["vet"].click(), lambda: "vet: true" in config_of(project))
    page.image_card.user.set_text("1000")
    does(
        shell,
        lambda: page.image_card.user.input.editingFinished.emit(),
        lambda: "user: 1000" in config_of(project),
    )
    text = config_of(project)
    config = parse_config(text)
    assert config.build.targets == ("linux/amd64", "linux/arm64")
    assert config.image.user == 1000
    assert "# how orders is built" in text
    assert "# the servers" in text
    assert "USER 1000:1000" in page.files.code.toPlainText()


def test_a_project_without_goferry_yaml_gets_one_at_the_first_choice(shell: Shell, project: Path) -> None:
    (project / "goferry.yaml").unlink()
    page = opened(shell, project)
    does(shell, lambda: page.options.boxes["test"].click(), lambda: (project / "goferry.yaml").is_file())
    config = parse_config(config_of(project))
    assert (config.name, config.main, config.build.test) == ("orders", ".", True)


def test_a_value_that_cannot_be_is_refused_where_it_is_typed(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    before = config_of(project)
    for field, text in (
        (page.image_card.port, "99999"),
        (page.image_card.user, "-1"),
        (page.image_card.ref, "A b"),
    ):
        field.set_text(text)
        field.input.editingFinished.emit()
        assert field.error
    page.options.tags.set_text("a;b")
    page.options.tags.input.editingFinished.emit()
    assert page.options.tags.error
    assert config_of(project) == before


def test_cancelling_ends_the_build_and_says_so(shell: Shell, project: Path) -> None:
    slow = LOCK_TEST.replace("{}", "{ select {} }").replace("\n\nfunc", '\n\nimport _ "os/signal"\n\nfunc')
    (project / "internal" / "store" / "lock_test.go").write_text(slow, encoding="utf-8")
    (project / "goferry.yaml").write_text(CONFIG + "# end\n", encoding="utf-8")
    page = opened(shell, project)
    does(
        shell,
        lambda: page.options.boxes["test"].click(),
        lambda: page.look is not None and page.look.prepared.config.build.test,
    )

    async def start_and_cancel() -> None:
        press(page, "build.run")()
        while page.run is None or ("all", "test") not in page.run.stages:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        take(page, "build-running")
        press(page, "build.cancel")()
        while not over(page):
            await asyncio.sleep(0.02)

    shell.aio(start_and_cancel(), 120)
    assert page.output.banner.text() == "The build was cancelled."
    assert not list((project / "dist").glob("*/*"))
    assert page.run_button.isEnabled()
    take(page, "build-cancelled")


def test_failing_tests_stop_the_build_and_are_named(shell: Shell, project: Path) -> None:
    lock = project / "internal" / "store" / "lock.go"  # tests run on this computer, which may be a Windows
    lock.write_text("package store\n\nfunc Lock(fd int) error { return nil }\n", encoding="utf-8")
    failing = LOCK_TEST.replace("{}", '{ t.Error("lost") }')
    (project / "internal" / "store" / "lock_test.go").write_text(failing, encoding="utf-8")
    (project / "goferry.yaml").write_text(
        CONFIG.replace("build:\n", "build:\n  test: true\n"), encoding="utf-8"
    )
    page = opened(shell, project)
    built(shell, page)
    assert page.output.banner.text() == "1 test failed"
    assert page.output.tab == "problems"
    assert page.output.problem_model.row(0).second == "internal/store/lock_test.go:5"


def test_findings_of_vet_are_a_warning(shell: Shell, project: Path) -> None:
    (project / "main.go").write_text(
        MAIN.replace("fmt.Println(version,", 'fmt.Printf("%d\\n", version,'), encoding="utf-8"
    )
    (project / "goferry.yaml").write_text(
        CONFIG.replace("build:\n", "build:\n  vet: true\n"), encoding="utf-8"
    )
    page = opened(shell, project)
    built(shell, page)
    assert page.job is not None
    assert page.job.state is JobState.DONE
    assert page.output.banner.text() == "go vet found 1 thing to look at"
    press(page, "build.banner.fix0")()
    assert page.output.tab == "problems"


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


def test_without_go_the_banner_leads_to_the_set_up(shell: Shell, project: Path, tmp_path: Path) -> None:
    shell.app.settings.change(go=str(tmp_path / "nowhere" / "go"))
    page = opened(shell, project)
    assert page.output.banner.text() == f"There is no Go program at {tmp_path / 'nowhere' / 'go'}."
    assert not page.run_button.isEnabled()
    assert [one.text() for one in page.output.banner.findChildren(QPushButton)] == ["Set up Go", "Choose Go…"]
    take(page, "build-no-go")


def test_a_goferry_yaml_with_a_mistake_names_the_line(shell: Shell, project: Path) -> None:
    (project / "goferry.yaml").write_text("name: orders\nprot: 8080\n", encoding="utf-8")
    page = opened(shell, project)
    assert "goferry.yaml:2" in page.output.banner.text()
    assert page.output.banner.findChildren(QPushButton)[0].text() == "Open goferry.yaml"


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
        60,
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


def test_the_language_changes_under_a_finished_build(shell: Shell, project: Path) -> None:
    page = opened(shell, project)
    built(shell, page)
    set_language("zh_CN")
    try:
        assert page.output.tabs.tabText(1) == "问题"
        assert page.timeline.state.word.text().startswith("1 个目标平台构建完成")
        assert page.layers.findChild(QAbstractButton, "build.layer.0").text() == "CA 证书、时区"  # type: ignore[union-attr]  # it is there
    finally:
        set_language("en")


def test_opening_the_page_to_run_builds_at_once(shell: Shell, project: Path) -> None:
    page = shell.window.page("build")
    assert isinstance(page, BuildPage)

    def show() -> None:
        shell.window.set_current_project(project)
        shell.window.navigate("build", "run")

    does(shell, show, lambda: over(page), 240)
    assert page.run is not None
    assert page.run.built is not None


def test_the_output_of_another_project_is_not_mixed_in(shell: Shell, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "second"
    shutil.copytree(project, other)
    page = opened(shell, project)
    built(shell, page)
    does(
        shell,
        lambda: shell.window.set_current_project(other),
        lambda: page.look is not None and page.folder == other,
        20,
    )
    assert text_of(page) == ""
    assert page.timeline.state.word.text() == "Not built yet"
    does(
        shell,
        lambda: shell.window.set_current_project(project),
        lambda: page.look is not None and page.folder == project,
        20,
    )
    assert "go build" in text_of(page)
    assert page.artifacts.view.model().index(0, 0).data(ROW_ROLE).state == "ok"


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
