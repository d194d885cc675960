from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.watch import Feed, FileLogs, LogLine, StreamState, merged

from .test_follow import texts, until


def entry(number: int, text: str = "", stream: str = "stdout") -> str:
    time = f"2026-11-24T14:{number // 60:02d}:{number % 60:02d}.000000000Z"
    return json.dumps({"log": f"{text or number}\n", "stream": stream, "time": time}) + "\n"


def write(path: Path, *lines: str) -> None:
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        file.write("".join(lines))


def read_once(files: tuple[Path, Path], **options: int) -> list[LogLine]:
    async def run() -> list[LogLine]:
        pool = Pool("test", 1)
        source = FileLogs(pool, files, name="orders")
        lines = [line async for batch in merged([source], pool, follow=False, **options) for line in batch]
        pool.close()
        return lines

    return asyncio.run(run())


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "log.1.jsonl", tmp_path / "log.jsonl"


def test_both_files_are_read_the_older_first(files: tuple[Path, Path]) -> None:
    write(files[0], entry(1), entry(2, stream="stderr"))
    write(files[1], entry(3), "not json\n", entry(4), '{"log": "half')
    lines = read_once(files)
    assert texts(lines) == ["1", "2", "3", "4"]
    assert [line.stream for line in lines] == ["out", "err", "out", "out"]


def test_only_the_last_lines_are_read_when_so_many_are_asked_for(files: tuple[Path, Path]) -> None:
    write(files[1], *map(entry, range(50)))
    assert texts(read_once(files, tail=3)) == ["47", "48", "49"]


def test_a_program_is_followed_through_the_rotation_of_its_log(files: tuple[Path, Path]) -> None:
    lines: list[LogLine] = []

    async def run() -> None:
        pool = Pool("test", 2)
        source = FileLogs(pool, files, name="orders")
        write(files[1], entry(1))
        async with Feed([source], pool, lines.extend) as feed:
            await until(lambda: texts(lines) == ["1"], "the first line")
            write(files[1], entry(2))
            files[1].rename(files[0])
            write(files[1], entry(3))
            await until(lambda: len(texts(lines)) == 3, "the lines around the rotation")
            for file in files:
                file.unlink()
            await until(lambda: feed.streams[source].state is StreamState.GONE, "gone")
        pool.close()

    asyncio.run(run())
    assert texts(lines) == ["1", "2", "3"]


def test_a_release_that_was_removed_is_told_at_once(files: tuple[Path, Path]) -> None:
    assert [line.text for line in read_once(files)] == ["orders is no longer on this computer."]
