"""What the Projects page says, from what was looked at; no widgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.app_project import EnvironmentLook, FolderLook
from desktop.base.history import JobRecord
from desktop.base.jobs import Job, JobState
from desktop.project import Config, Environment, Finding, GitState, Module, Project
from desktop.ui.pages.projects import present

NOW = 1_700_000_000.0
FOLDER = Path("/projects/orders")


def look(**changes: object) -> FolderLook:
    config = Config(
        "orders-api", environments={name: Environment(name) for name in ("dev", "staging", "prod", "far")}
    )
    project = Project(FOLDER, "orders-api", (Module("example.com/orders", FOLDER),), config=config)
    return FolderLook(FOLDER, project, GitState("main", "abc"))


def job(
    state: JobState, *, stage: str = "", fraction: float | None = None, started: float = NOW - 60
) -> Job[None]:
    made: Job[None] = Job(1, "build", "Build", "orders-api", "build", state, stage, fraction, started)
    made.ended = None if not state.over else NOW - 30
    return made


def card(**given: object) -> present.Card:
    values: dict[str, object] = {"look": look(), "environments": {}, "jobs": [], "past": [], **given}
    return present.card(FOLDER, now=NOW, **values)  # type: ignore[arg-type]


def test_a_folder_that_is_being_read_has_its_name_at_once() -> None:
    shown = card(look=None)
    assert (shown.name, shown.reading, shown.line) == ("orders", True, "Reading the folder")


def test_a_folder_that_is_gone_says_so() -> None:
    shown = card(look=FolderLook(FOLDER, gone=True))
    assert (shown.gone, shown.note) == (True, "Folder is gone")


def test_three_environments_fit_on_a_card() -> None:
    shown = card()
    assert [cell.title for cell in shown.cells] == ["Dev", "Staging", "Production"]
    assert {(cell.state, cell.words) for cell in shown.cells} == {("wait", "not asked yet")}


CELLS = [
    ((("running", "healthy", "1.2.0"),), 0, "ok", "1.2.0", "1 of 1 healthy"),
    (
        (("running", "healthy", "1.2.0"), ("running", "unhealthy", "1.2.0")),
        0,
        "warn",
        "1.2.0",
        "1 of 2 healthy",
    ),
    ((("running", "unhealthy", "1.2.0"),), 0, "fail", "1.2.0", "0 of 1 healthy"),
    ((("running", "healthy", "1.2.0"),), 1, "warn", "1.2.0", "1 of 2 healthy"),
    ((("running", "starting", "2.0"),), 0, "busy", "2.0", "starting"),
    ((("exited", "", "1.2.0"),), 0, "off", "1.2.0", "stopped"),
    ((("restarting", "", "1.2.0"),), 0, "fail", "1.2.0", "restarts again and again"),
    ((), 0, "wait", "none", "not deployed"),
    ((), 2, "off", "–", "no answer"),
]


@pytest.mark.parametrize(("instances", "offline", "state", "version", "words"), CELLS)
def test_an_environment_is_told_by_its_instances(
    instances: tuple[tuple[str, str, str], ...], offline: int, state: str, version: str, words: str
) -> None:
    cell = present.cell("dev", EnvironmentLook("dev", NOW, instances, offline), NOW)
    assert (cell.state, cell.version, cell.words) == (state, version, words)


def test_what_is_old_says_from_when_it_is() -> None:
    cell = present.cell("dev", EnvironmentLook("dev", NOW - 600, (("running", "healthy", "1"),)), NOW)
    assert "as of" in cell.words


def test_a_running_build_shows_its_share_and_can_be_cancelled() -> None:
    shown = card(jobs=[job(JobState.RUNNING, stage="compiling", fraction=0.64)])
    assert (shown.building, shown.state, shown.line, shown.share) == (True, "busy", "compiling, 64%", 0.64)


def test_the_last_build_is_told_with_its_time() -> None:
    assert card(jobs=[job(JobState.DONE)]).line == "Built just now, 0:30"
    assert card(jobs=[job(JobState.FAILED, stage="no Go")]).line == "Build failed just now: no Go"
    assert card().line == "Not built yet"


def test_the_last_twelve_builds_are_bars_by_duration() -> None:
    past = [
        JobRecord(
            str(n), "build", "Build", "orders-api", "build", "done", "", NOW - 100 * n, NOW - 100 * n + n
        )
        for n in range(1, 20)
    ]
    bars = card(past=past, jobs=[job(JobState.FAILED)]).bars
    assert len(bars) == 12
    assert (bars[-1].state, bars[-1].height) == ("fail", 1.0)
    assert bars[0].height < 0.5


def test_builds_of_other_projects_are_not_counted() -> None:
    other = job(JobState.FAILED)
    other.subject = "payments"
    assert card(jobs=[other]).line == "Not built yet"


def test_hostile_names_are_shown_as_text() -> None:
    project = Project(FOLDER, "orders-api", (Module("a\x1b[2J\u202eb", FOLDER),))
    shown = card(look=FolderLook(FOLDER, project, GitState("br\x07anch", "")))
    assert (shown.module, shown.branch) == ("a\\x1b[2J\\u202eb", "br\\x07anch")


def test_pinned_projects_come_first_and_the_filter_looks_at_name_module_and_branch() -> None:
    cards = [present.Card(Path(f"/{name}"), name, f"x/{name}", "main") for name in ("a", "b", "c")]
    assert [one.name for one in present.in_order(cards, (str(Path("/c")), str(Path("/b"))))] == [
        "c",
        "b",
        "a",
    ]
    assert [one.name for one in present.in_order(cards, (), "X/B")] == ["b"]


def test_the_most_pressing_thing_is_one_that_fails() -> None:
    bad = {"dev": EnvironmentLook("dev", NOW, (("running", "unhealthy", "1"),))}
    half = {
        "prod": EnvironmentLook("prod", NOW, (("running", "healthy", "1"), ("running", "unhealthy", "1")))
    }
    found = present.pressing([card(environments=half), card(environments=bad)])
    assert found is not None
    assert (found.why, found.action) == ("Dev: 0 of 1 healthy.", "live")
    assert present.pressing([card()]) is None


def test_a_broken_goferry_yaml_is_pressing_too() -> None:
    project = Project(
        FOLDER, "orders-api", warnings=(Finding("project.config", "goferry.yaml:2:1 cannot be used"),)
    )
    found = present.pressing([card(look=FolderLook(FOLDER, project))])
    assert found is not None
    assert found.action == "findings"


def test_done_work_is_told_by_its_title_and_a_folder_by_its_name() -> None:
    done, running = job(JobState.DONE, stage="linux/amd64: image"), job(JobState.RUNNING, stage="compiling")
    done.subject = "C:\\code\\orders-api"
    rows = present.activity_rows([running, done], (), NOW)
    assert [(row.subject, row.text) for row in rows] == [("orders-api", "Build"), ("orders-api", "compiling")]


def test_activity_is_newest_first_and_can_show_failures_only() -> None:
    past = [JobRecord("a", "deploy", "Deploy", "x", "deploy", "interrupted", "", NOW - 9000, None)]
    rows = present.activity_rows([job(JobState.DONE), job(JobState.FAILED)], past, NOW)
    assert [row.state for row in rows] == ["fail", "ok", "warn"]
    assert [
        row.state for row in present.activity_rows([job(JobState.DONE)], past, NOW, failed_only=True)
    ] == ["warn"]
