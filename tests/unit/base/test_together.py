from __future__ import annotations

import asyncio

import pytest

from desktop.base.together import together


async def slow_to_end(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        ended.append("slow")


def test_results_come_in_order() -> None:
    async def give(value: int) -> int:
        await asyncio.sleep(0.01 / value)
        return value

    assert asyncio.run(together(give(1), give(2), give(3))) == (1, 2, 3)


def test_an_error_comes_out_when_the_others_have_ended() -> None:
    ended: list[str] = []

    async def fails() -> None:
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        asyncio.run(together(slow_to_end(ended), fails()))
    assert ended == ["slow"]


def test_a_cancel_returns_when_all_have_ended() -> None:
    ended: list[str] = []

    async def run() -> None:
        async def quick() -> None:
            await asyncio.Event().wait()

        task = asyncio.ensure_future(together(quick(), slow_to_end(ended)))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert ended == ["slow"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_a_cancel_before_the_first_step_leaves_no_coroutine_unawaited() -> None:
    async def run() -> None:
        task = asyncio.ensure_future(together(asyncio.sleep(1), asyncio.sleep(1)))
        await asyncio.sleep(0)  # it has made its tasks, and none of them has begun
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())  # a warning would be an error
