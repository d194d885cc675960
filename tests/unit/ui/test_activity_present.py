"""What is said about jobs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from desktop.base.errors import GoferryError
from desktop.base.history import JobRecord
from desktop.base.jobs import Job, JobState
from desktop.base.words import msg, set_language
from desktop.ui.pages.activity.present import elapsed, job_row, report, rows, summary, when

NOW = time.mktime((2026, 11, 24, 14, 46, 0, 0, 0, -1))


def job(number: int, state: JobState, **values: Any) -> Job[None]:
    made: Job[None] = Job(number, "build", f"Build {number}", state=state, started=NOW - 19)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def titles(found: list[Any]) -> list[str]:
    return [shown.group or shown.title for shown in found]


def test_what_needs_you_comes_first_and_failures_before_what_is_done() -> None:
    jobs = [
        job(1, JobState.DONE, ended=NOW),
        job(2, JobState.FAILED, ended=NOW - 5),
        job(3, JobState.RUNNING),
        job(4, JobState.NEEDS_YOU),
        job(5, JobState.WAITING),
    ]
    assert titles(rows(jobs, [], NOW)) == [
        "Needs you, 1", "Build 4", "Running and waiting, 2", "Build 3", "Build 5", "Done, 2", "Build 2", "Build 1",
    ]  # fmt: skip


def test_cleared_jobs_are_hidden_and_later_ones_are_not() -> None:
    jobs = [job(1, JobState.DONE, ended=NOW - 60), job(2, JobState.DONE, ended=NOW)]
    assert titles(rows(jobs, [], NOW, cleared=NOW - 30)) == ["Done, 1", "Build 2"]


def test_a_job_of_a_run_that_was_killed_is_said_to_be_unfinished() -> None:
    record = JobRecord("k", "build", "Build 1", "", "build", "interrupted", "compile", NOW - 90, None)
    shown = rows([], [record], NOW)[1]
    assert (shown.state, shown.second) == ("warn", "Goferry ended before it was done")


def test_a_job_that_is_done_tells_how_long_it_took_and_not_its_last_stage() -> None:
    record = JobRecord("k", "deploy", "Deploy 1", "", "deploy", "done", "web-1: record", NOW - 90, NOW - 81)
    done = job(1, JobState.DONE, stage="web-1: record", ended=NOW)
    failed = job(2, JobState.FAILED, stage="The disk of web-1 is full.", ended=NOW)
    shown = rows([done, failed], [record], NOW)
    assert [one.second for one in shown if not one.group] == [
        "The disk of web-1 is full.", "Done in 0:19", "Done in 0:09",
    ]  # fmt: skip


def test_what_ended_badly_can_be_run_again_and_a_waiting_build_started_now() -> None:
    def keys(state: JobState, **values: Any) -> list[str]:
        return [key for key, _, _ in job_row(job(1, state, **values), NOW).buttons]

    assert keys(JobState.FAILED, ended=NOW, again=list) == ["open", "again"]
    assert keys(JobState.CANCELLED, ended=NOW, again=list) == ["again"]
    assert keys(JobState.CANCELLED, ended=NOW) == []
    assert keys(JobState.DONE, ended=NOW, again=list) == []
    assert keys(JobState.WAITING, can_jump=True) == ["now", "cancel"]
    assert keys(JobState.WAITING) == ["cancel"]


@pytest.mark.parametrize(
    ("expected", "spent", "words"),
    [
        (None, 19, "0:19"),
        (25.0, 19, "0:19 of about 0:25"),
        (5.0, 19, "0:19, longer than usual"),
        (None, 3661, "1:01:01"),
    ],
)
def test_elapsed_time_is_measured_against_what_is_usual(
    expected: float | None, spent: int, words: str
) -> None:
    assert elapsed(job(1, JobState.RUNNING, expected=expected, started=NOW - spent), NOW) == words


def test_times_are_named_as_people_do() -> None:
    assert when(NOW - 60, NOW) == "14:45"
    assert when(NOW - 86400, NOW) == "yesterday 14:46"
    assert when(NOW - 5 * 86400, NOW) == "2026-11-19 14:46"


def test_the_status_bar_tells_the_most_important_job() -> None:
    running = job(1, JobState.RUNNING, stage="compile 3 of 9", fraction=0.3)
    assert summary([]).text == "Nothing running"
    assert summary([running]).text == "Build 1: compile 3 of 9"
    failed = job(2, JobState.FAILED)
    assert summary([running, failed]).state == "fail"
    failed.seen = True
    assert summary([running, failed]).state == "busy"
    assert summary([running, failed, job(3, JobState.NEEDS_YOU)]).text == "Build 3 needs you"
    assert summary([running, job(4, JobState.WAITING)]).text == "1 running, 1 waiting"


def test_a_bug_report_has_the_error_and_the_last_lines() -> None:
    broken = job(1, JobState.FAILED, error=GoferryError(msg("It broke"), detail="trace"), ended=NOW)
    broken.say("last words", "linux/amd64")
    text = report(broken)
    assert "It broke" in text
    assert "trace" in text
    assert "last words" in text


def test_rows_are_said_in_the_language_in_force() -> None:
    set_language("zh_CN")
    try:
        assert titles(rows([job(1, JobState.RUNNING)], [], NOW))[0] == "进行中与等待中，1"
    finally:
        set_language("en")
