"""Several hosts answer at the same time, and a person chooses another span meanwhile: each source is followed once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from desktop.app_live import Live
from desktop.app_seats import HostAnswer, HostLook, Seat
from desktop.base.blocking import Pool
from desktop.base.together import together
from desktop.watch import LogLine
from tests.unit.watch.made_up import MadeUp

SEAT = Seat("web-1", "shop-1", "web-1", "shop", True, "running")
NOW = float(int(time.time()))


class Stage:
    """A Live with one container, whose source takes its time to be found."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines, self.made = list[LogLine](), list[MadeUp]()
        monkeypatch.setattr("desktop.app_live.source_of", self.source_of)

    async def source_of(self, *_: Any) -> MadeUp:
        source = MadeUp("web-1")
        source.write(NOW, "a line")
        self.made.append(source)
        await asyncio.sleep(0.01)
        return source

    @asynccontextmanager
    async def live(self) -> AsyncIterator[Live]:
        pool = Pool("test", 2)
        app: Any = SimpleNamespace(pools=SimpleNamespace(files=pool, net=pool))
        target: Any = SimpleNamespace(app="shop", hosts=[SimpleNamespace(name="web-1")])
        live = Live(app, target, self.lines.extend)
        live.looks["web-1"] = HostLook("web-1", HostAnswer.OK, (SEAT,), NOW, NOW)
        live.offsets["web-1"] = 0.0
        live.feed.start()
        yield live
        await live.feed.close()
        await live.watcher.close()
        pool.close()

    @property
    def following(self) -> int:
        return sum(source.following for source in self.made)

    async def shows(self, *texts: str) -> None:
        await self.until(lambda: self.following == 1 and [one.text for one in self.lines] == list(texts))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not holds():
                await asyncio.sleep(0.01)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def test_two_answers_at_once_follow_a_source_once_and_take_it_out_once(stage: Stage) -> None:
    async def story() -> None:
        async with stage.live() as live:
            await together(live._follow_ticked(), live._follow_ticked())
            await stage.shows("a line")
            live.unticked.add(SEAT.key)
            await together(live._follow_ticked(), live._follow_ticked())
            assert stage.following == 0

    asyncio.run(story())


def test_an_answer_while_another_span_is_read_does_not_silence_its_source(stage: Stage) -> None:
    async def story() -> None:
        async with stage.live() as live:
            await live._follow_ticked()
            await stage.shows("a line")
            stage.lines.clear()
            await together(live.restart_feed(None), live._follow_ticked())
            await stage.shows("a line")

    asyncio.run(story())


def test_nothing_is_followed_after_the_end(stage: Stage) -> None:
    async def story() -> None:
        async with stage.live() as live:
            await live.feed.close()
            await live._follow_ticked()
            await asyncio.sleep(0)
            assert (stage.following, asyncio.all_tasks()) == (0, {asyncio.current_task()})

    asyncio.run(story())
