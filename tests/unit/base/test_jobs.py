"""Jobs: progress, results, failures and cancels reach whoever watches, and nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from desktop.base.errors import GoferryError
from desktop.base.history import History
from desktop.base.jobs import Job, Jobs, JobState
from desktop.base.words import msg, set_language, tr


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
        title = msg("Plan for {environment}", environment=tr("Production"))
        await jobs.start("y", title, number, subject="orders").wait()

    asyncio.run(scenario())
    found = {record.kind: record for record in History(tmp_path / "history.jsonl").past}
    record = found["x"]
    assert str(found["y"].title) == "Plan for Production"
    assert (record.state, record.subject, str(record.title)) == ("done", "orders", "go was not found.")
    set_language("zh")
    try:
        assert str(record.title) == "找不到 go。"
        assert str(found["y"].title) == "为生产制定计划", "words inside words follow too"
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


def test_a_third_build_waits_for_a_place_until_a_person_says_now() -> None:
    async def scenario() -> None:
        jobs, go_on = Jobs(), asyncio.Event()

        async def work(job: Job[None]) -> None:
            await go_on.wait()

        started = [jobs.start("build", f"Build {n}", work, gate="build") for n in range(5)]
        states = [JobState.RUNNING] * 2 + [JobState.WAITING] * 3
        await reach(started, states)
        started[4].start_now()
        await reach(started, [*states[:4], JobState.RUNNING])
        started[3].cancel()
        await reach(started, [*states[:3], JobState.CANCELLED, JobState.RUNNING])
        started[0].cancel()  # its place goes to the one that waits
        await reach(
            started, [JobState.CANCELLED, *[JobState.RUNNING] * 2, JobState.CANCELLED, JobState.RUNNING]
        )
        go_on.set()
        await asyncio.gather(*(job.wait() for job in started if not job.state.over))
        again = [jobs.start("build", "Build", work, gate="build") for _ in range(2)]
        await asyncio.gather(*(job.wait() for job in again))

    async def reach(started: list[Job[None]], wanted: list[JobState]) -> None:
        async with asyncio.timeout(200):
            while [job.state for job in started] != wanted:
                await asyncio.sleep(0)

    asyncio.run(scenario())


def test_what_keeps_two_changes_of_one_thing_apart_is_never_jumped() -> None:
    async def scenario() -> None:
        jobs, go_on = Jobs(), asyncio.Event()

        async def work(job: Job[None]) -> None:
            await go_on.wait()

        first, second = (jobs.start("deploy", "Deploy", work, gate="deploy:orders:prod") for _ in range(2))
        second.start_now()
        for _ in range(20):
            await asyncio.sleep(0)
        assert (first.state, second.state) == (JobState.RUNNING, JobState.WAITING)
        go_on.set()
        await asyncio.gather(first.wait(), second.wait())

    asyncio.run(scenario())
