"""The Build page in the real window, over a small real Go project: what a person sees, and what their clicks do."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QPushButton

from desktop.base.jobs import JobState
from desktop.base.words import set_language
from desktop.build import Binary
from desktop.image import Image
from desktop.project import parse_config
from desktop.release import Release
from desktop.ui.pages.build.page import BuildPage
from desktop.ui.widgets import ROW_ROLE, ChangeSheet
from tests.ui.conftest import Shell
from tests.ui.shots import each_look, take
from tests.ui.walk import clipped, nameless, outside, tab_order, unreachable

from .build_stage import (
    CONFIG,
    LOCK,
    LOCK_TEST,
    MAIN,
    built,
    config_of,
    does,
    opened,
    over,
    press,
    text_of,
)

pytestmark = [
    pytest.mark.timeout(600),  # the first build of all compiles the standard library
]


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
    does(shell, press(page, "build.banner.fix1"), lambda: isinstance(shell.window.sheets.top, ChangeSheet))
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

    shell.aio(start_and_cancel())
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

    does(shell, show, lambda: over(page))
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
    )
    assert text_of(page) == ""
    assert page.timeline.state.word.text() == "Not built yet"
    does(
        shell,
        lambda: shell.window.set_current_project(project),
        lambda: page.look is not None and page.folder == project,
    )
    assert "go build" in text_of(page)
    assert page.artifacts.view.model().index(0, 0).data(ROW_ROLE).state == "ok"
