"""Steps of tasks on the window's loop, when something hands out events in the middle of one."""

from __future__ import annotations

import asyncio

from PySide6.QtWidgets import QApplication

from tests.ui.conftest import Aio


def test_a_step_that_comes_in_the_middle_of_another_waits_for_its_turn(aio: Aio) -> None:
    order: list[str] = []

    async def other() -> None:
        order.append("other")
        await asyncio.sleep(0)
        order.append("other again")

    async def story() -> None:
        task = asyncio.get_running_loop().create_task(other())
        for _ in range(5):
            QApplication.processEvents()  # as Windows' shell does when it starts a program
        order.append("story")
        await task

    aio(story())
    assert order == ["story", "other", "other again"]


def test_a_step_that_comes_while_the_loop_does_not_run_waits_until_it_runs_again(aio: Aio) -> None:
    ran: list[str] = []

    async def inner() -> None:
        ran.append("inner")

    async def outer() -> None:
        ran.append("outer")
        await asyncio.create_task(inner())

    async def end(task: asyncio.Task[None]) -> None:
        await task

    task = aio.loop.create_task(outer())
    for _ in range(5):
        QApplication.processEvents()  # as qasync does at its end, and pytest-qt after each part of a test
    assert ran == []
    aio(end(task))
    assert ran == ["outer", "inner"]
