"""Jobs: progress, results, failures and cancels reach whoever watches, and nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from desktop.base.errors import GoferryError
from desktop.base.history import History
from desktop.base.jobs import Job, Jobs, JobState
from desktop.base.words import msg, set_language


async def number(job: Job[int]) -> int:
    job.report("half way", 0.5)
    job.say("hello")
    return 7


async def broken(job: Job[int]) -> int:
    raise ZeroDivisionError("no")


def test_a_job_gives_its_result_and_told_its_progress() -> None:
    async def scenario() -> None:
        jobs, seen = Jobs(), list[tuple[JobState, float | None]]()
        jobs.listen(lambda job: seen.append((job.state, job.fraction)))
        job = jobs.start("count", "Count", number)
        assert await job.wait() == 7
        assert (JobState.RUNNING, 0.5) in seen
        assert seen[-1][0] is JobState.DONE
        assert [entry.text for entry in job.log] == ["hello"]

    asyncio.run(scenario())


def test_an_unknown_failure_is_shown_whole() -> None:
    async def scenario() -> None:
        job = Jobs().start("break", "Break", broken)
        with pytest.raises(GoferryError) as caught:
            await job.wait()
        assert "ZeroDivisionError: no" in str(caught.value.what)
        assert "test_jobs.py" in caught.value.detail

    asyncio.run(scenario())


def test_closing_cancels_and_waits_until_each_has_tidied_up() -> None:
    tidied = []

    async def endless(job: Job[None]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.append(job.id)

    async def scenario() -> None:
        jobs = Jobs()
        job = jobs.start("wait", "Wait", endless)
        await asyncio.sleep(0)
        await jobs.close()
        assert job.state is JobState.CANCELLED
        assert tidied == [job.id]

    asyncio.run(scenario())


def test_one_changing_job_per_host_the_others_wait() -> None:
    async def scenario() -> None:
        jobs, gate, running = Jobs(), asyncio.Event(), list[int]()

        async def hold(job: Job[None]) -> None:
            running.append(job.id)
            await gate.wait()

        first = jobs.start("deploy", "A", hold, gate="host:web-1")
        second = jobs.start("deploy", "B", hold, gate="host:web-1")
        while not running:
            await asyncio.sleep(0)
        assert (first.state, second.state) == (JobState.RUNNING, JobState.WAITING)
        gate.set()
        await second.wait()
        assert running == [first.id, second.id]

    asyncio.run(scenario())


def test_history_is_read_back_in_the_language_of_the_reader(tmp_path: Path) -> None:
    async def scenario() -> None:
        jobs = Jobs()
        History(tmp_path / "history.jsonl").follow(jobs)
        await jobs.start("x", msg("{program} was not found.", program="go"), number, subject="orders").wait()

    asyncio.run(scenario())
    record = History(tmp_path / "history.jsonl").past[0]
    assert (record.state, record.subject, str(record.title)) == ("done", "orders", "go was not found.")
    set_language("zh")
    try:
        assert str(record.title) == "找不到 go。"
    finally:
        set_language("en")


def test_what_was_under_way_at_a_crash_is_told_at_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"

    async def scenario() -> None:
        jobs = Jobs()
        History(file).follow(jobs)
        await jobs.start("x", "Deploy", number).wait()

    asyncio.run(scenario())
    started = file.read_text(encoding="utf-8").splitlines()[0]
    file.write_text(started + "\n{half a li", encoding="utf-8")
    assert [record.state for record in History(file).past] == ["interrupted"]
