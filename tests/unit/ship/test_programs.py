"""Programs that are made in the background: whoever sends an image waits for none of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.ship.delta import DeltaTools, Helper
from desktop.ship.programs import Programs


def test_a_helper_that_is_being_made_is_not_waited_for(tmp_path: Path) -> None:
    helper = Helper(tmp_path / "helper", 9, "0" * 64)

    async def story() -> None:
        go, asked = asyncio.Event(), list[bool]()

        async def find(arch: str, build: bool) -> Helper | None:
            asked.append(build)
            if build:
                await go.wait()
            return helper if go.is_set() else None

        async def never() -> DeltaTools | None:
            await asyncio.Event().wait()
            return None

        pool = Pool("programs", 1)
        programs = Programs(Home(tmp_path), pool, never, find)
        assert await programs.helper("amd64") is None
        assert await programs.helper("amd64") is None
        await asyncio.sleep(0)
        assert asked == [False, False, True]  # made once, however often it is asked for
        ended = asyncio.ensure_future(programs.made())
        await asyncio.sleep(0)
        assert not ended.done()
        go.set()
        await ended
        assert await programs.helper("amd64") == helper
        encoder = programs.get_ready()
        await programs.close()  # nor does the end of a run wait for the encoder
        assert encoder.cancelled()
        pool.close()

    asyncio.run(asyncio.wait_for(story(), 15))
