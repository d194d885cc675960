from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from desktop.base.blocking import Pool
from desktop.base.channel import OutputLine
from desktop.watch import Feed, LogLine, Mark, StreamState, merged
from desktop.watch.feed import TURN
from desktop.watch.follow import BACKOFF, Follower
from desktop.watch.sources import announced, is_gone, logs_command

from .made_up import MadeUp, stamped

NOW = float(int(time.time()))


async def until(holds: Callable[[], bool], what: str, limit: float = 120.0) -> None:
    deadline = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < deadline, f"not in {limit} s: {what}"
        await asyncio.sleep(0.01)


def run_feed(
    body: Callable[[Feed, list[LogLine], list[MadeUp]], Awaitable[None]], *names: str, **options: float
) -> list[LogLine]:
    lines: list[LogLine] = []

    async def run() -> None:
        pool = Pool("test", 2)
        sources = [MadeUp(name) for name in names]
        async with Feed(sources, pool, lines.extend, **options) as feed:  # type: ignore[arg-type]
            await body(feed, lines, sources)
        assert [source.following for source in sources] == [0] * len(sources), "a far process was left behind"
        pool.close()

    asyncio.run(run())
    return lines


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines if not line.mark]


def test_lines_of_three_hosts_come_in_one_order_of_time() -> None:
    async def body(feed: Feed, lines: list[LogLine], sources: list[MadeUp]) -> None:
        await until(lambda: all(s.state is StreamState.STREAMING for s in feed.streams.values()), "streaming")
        for number in range(300):
            sources[number * 7 % 3].write(NOW + number / 1000, f"{number}")
        await until(lambda: len(texts(lines)) == 300, "all lines")

    assert texts(run_feed(body, "web-1", "web-2", "web-3")) == [str(number) for number in range(300)]


def test_after_a_cut_there_is_a_mark_and_no_line_is_lost_or_comes_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop.watch.follow.BACKOFF", (0.05,))

    async def body(feed: Feed, lines: list[LogLine], sources: list[MadeUp]) -> None:
        source = sources[0]
        for number in range(10):
            source.write(NOW + number // 4, f"{number}", "err" if number % 3 else "out")  # stamps repeat
        await until(lambda: len(texts(lines)) == 10, "the first lines")
        source.cut()
        await until(lambda: any(line.mark is Mark.GAP for line in lines), "the gap mark")
        await until(lambda: len(source.asked) > 2, "another try")
        assert next(iter(feed.streams.values())).state is StreamState.LOST
        for number in range(10, 20):
            source.write(NOW + number // 4, f"{number}")
        source.heal()
        await until(lambda: len(texts(lines)) >= 20, "the rest")

    lines = run_feed(body, "web-1")
    assert sorted(texts(lines), key=int) == [str(number) for number in range(20)]
    marks = [(line.mark, line.text) for line in lines if line.mark]
    assert [mark for mark, _ in marks] == [Mark.GAP, Mark.NOTE]
    assert marks[0][1] == "Connection to web-1 lost: cut"
    assert re.fullmatch(r"Connected to web-1 again after \d+ s", marks[1][1])


def test_the_waits_between_tries_grow_to_30_seconds() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def run() -> None:
        source = MadeUp()
        source.cut()
        task = asyncio.create_task(Follower(source, sleep=sleep).follow())
        await until(lambda: len(slept) >= 7, "seven tries")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert slept[:7] == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert BACKOFF == (2.0, 4.0, 8.0, 16.0, 30.0)


def test_try_now_does_not_wait_for_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.watch.follow.BACKOFF", (1000.0,))

    async def body(feed: Feed, lines: list[LogLine], sources: list[MadeUp]) -> None:
        sources[0].cut()
        await until(lambda: next(iter(feed.streams.values())).state is StreamState.LOST, "lost")
        sources[0].heal()
        sources[0].write(NOW, "back")
        feed.try_now()
        await until(lambda: texts(lines) == ["back"], "the line")

    run_feed(body, "web-1")


def test_a_container_that_stops_and_starts_again_goes_on_in_the_same_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop.watch.follow.STOPPED_AGAIN", 0.02)

    async def body(feed: Feed, lines: list[LogLine], sources: list[MadeUp]) -> None:
        source = sources[0]
        source.write(NOW, "before")
        await until(lambda: texts(lines) == ["before"], "the first line")
        source.stop()
        await until(lambda: next(iter(feed.streams.values())).state is StreamState.STOPPED, "stopped")
        await until(lambda: len(source.asked) > 4, "looked again")
        source.run_again()
        source.write(NOW + 3, "after")
        await until(lambda: texts(lines) == ["before", "after"], "the line after")

    lines = run_feed(body, "web-1")
    assert [line.text for line in lines if line.mark] == ["web-1 stopped", "web-1 started again"]


def test_a_source_can_be_taken_out_and_put_in_again() -> None:
    async def body(feed: Feed, lines: list[LogLine], sources: list[MadeUp]) -> None:
        await until(lambda: sources[0].following == 1, "following")
        await feed.remove(sources[0])
        assert sources[0].following == 0
        feed.add(sources[0])
        sources[0].write(NOW, "hello")
        await until(lambda: texts(lines) == ["hello"], "the line")

    run_feed(body, "web-1")


def test_a_source_that_is_put_in_again_goes_on_where_it_was() -> None:
    async def body(feed: Feed, lines: list[LogLine], sources: list[MadeUp]) -> None:
        source = sources[0]
        source.write(NOW, "one")
        source.write(NOW + 0.5, "two")
        await until(lambda: texts(lines) == ["one", "two"], "the first lines")
        await feed.remove(source)
        source.write(NOW + 1, "while it was out")
        feed.add(source)
        source.write(NOW + 2, "three")
        await until(lambda: texts(lines)[-1:] == ["three"], "the last line")
        assert texts(lines) == ["one", "two", "while it was out", "three"]

    run_feed(body, "web-1")


def test_a_host_that_floods_loses_the_oldest_lines_and_the_count_is_shown() -> None:
    async def body(feed: Feed, lines: list[LogLine], sources: list[MadeUp]) -> None:
        follower = next(iter(feed._followers.values()))
        for number in range(25_000):
            follower.buffer.put((NOW, stamped(NOW, str(number))))
        await until(lambda: bool(lines) and lines[-1].text == "24999", "all lines")

    lines = run_feed(body, "web-1")
    assert (lines[0].mark, lines[0].text, lines[0].count) == (Mark.SKIPPED, "5000 lines skipped", 5000)
    assert lines[-1].text == "24999"


def test_a_flood_is_given_out_in_parts_and_others_have_a_turn_between_them() -> None:
    async def run() -> list[tuple[int, int]]:
        pool, turns, parts = Pool("test", 2), 0, list[tuple[int, int]]()
        loop = asyncio.get_running_loop()

        def next_turn() -> None:
            nonlocal turns
            turns += 1
            loop.call_soon(next_turn)

        sources = [MadeUp("a"), MadeUp("b")]
        for number in range(40_000):
            sources[number % 2].write(NOW + number / 1e5, str(number))
        async with Feed(
            sources, pool, lambda batch: parts.append((turns, len(batch))), until_read=True
        ) as feed:
            next_turn()
            await feed.drained()
        pool.close()
        return parts

    parts = asyncio.run(run())
    assert sum(count for _, count in parts) == 40_000
    assert max(count for _, count in parts) <= TURN
    assert len({turn for turn, _ in parts}) == len(parts), "two parts in one turn of the loop"


def test_reading_once_ends_and_loses_nothing_however_much_there_is() -> None:
    async def run() -> list[LogLine]:
        pool = Pool("test", 2)
        sources = [MadeUp("a"), MadeUp("b")]
        for number in range(60_000):
            sources[number % 2].write(NOW + number / 1e5, str(number))
        lines = [line async for batch in merged(sources, pool, follow=False) for line in batch]
        pool.close()
        return lines

    assert texts(asyncio.run(run())) == [str(number) for number in range(60_000)]


def test_a_broken_source_says_so_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MadeUp):
        async def lines(
            self, since_ns: int | None, tail: int | None, *, follow: bool
        ) -> AsyncIterator[list[OutputLine]]:
            raise RuntimeError("a fault of ours")
            yield

    async def run() -> None:
        pool, lines = Pool("test", 1), list[LogLine]()
        broken, good = Broken("broken"), MadeUp("good")
        good.write(NOW, "hello")
        async with Feed([broken, good], pool, lines.extend) as feed:
            await until(lambda: texts(lines) == ["hello"], "the good source's line")
            assert feed.streams[broken].state is StreamState.FAILED
            assert "a fault of ours" in str(feed.streams[broken].error)
        pool.close()

    asyncio.run(run())
    caplog.clear()


def test_docker_is_asked_with_words_of_its_own() -> None:
    command = logs_command("orders-7", since_ns=1_500_000_000, tail=200, follow=True)
    assert command.shown() == (
        "docker logs --timestamps --follow --since 1970-01-01T00:00:01.500000000Z --tail 200 orders-7"
    )
    assert announced(command).argv[-1] == "orders-7"


def test_a_container_that_is_gone_is_told_from_one_that_writes_the_same_words() -> None:
    assert is_gone(OutputLine("err", b"Error response from daemon: No such container: orders-7"))
    assert is_gone(OutputLine("err", b"Error: No such container: orders-7"))
    assert not is_gone(OutputLine("out", b"Error: No such container: orders-7"))
    assert not is_gone(OutputLine("err", b"2026-11-24T14:46:30Z Error: No such container: orders-7"))
