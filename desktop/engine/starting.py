"""Starts the program that brings this computer its engine, and waits for the engine."""

from __future__ import annotations

import time
from collections.abc import Callable

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.processes import start_apart
from desktop.base.words import Message, msg

from .desktop_app import desktop_app
from .desktop_errors import EngineNotStarted, NoDesktopApp
from .discovery import answers
from .engine import Engine
from .errors import EngineCut, EngineDown, EngineSilent
from .model import DesktopApp, EnginePlace
from .places import local_places

START_LIMIT = 240.0
"""Seconds that a start may take: the first one after an update unpacks a virtual machine."""
ASK_AGAIN = 1.5

Report = Callable[[Message, float], None]
"""Takes what goes on and a guess at how much of it is done, 0..1; called from a worker thread."""


async def start_local_engine(
    pool: Pool, report: Report, choice: str = "", *, app: DesktopApp | None = None, limit: float = START_LIMIT
) -> Engine:
    """Starts what is installed here and waits until its engine answers. A cancel ends the waiting only.
    Raises NoDesktopApp, EngineNotStarted, and what a wrong choice of engine raises."""
    places = local_places(choice)
    found = app or await pool.run(lambda token: desktop_app())
    if found is None:
        raise NoDesktopApp()
    return Engine(await pool.run(_start, found, places, report, limit), pool)


def _start(
    token: CancelToken, app: DesktopApp, places: tuple[EnginePlace, ...], report: Report, limit: float
) -> EnginePlace:
    start_apart(Command((str(app.program),)))
    begun, said = time.monotonic(), ""
    while (passed := time.monotonic() - begun) < limit:
        # it has no end to measure against: half of what is left of a minute each half minute
        report(
            msg("{app} starts ({seconds} s)", app=app.name, seconds=round(passed)), 1 - 2 ** (-passed / 30)
        )
        for place in places:
            try:
                answers(token, place)
            except (EngineDown, EngineCut, EngineSilent) as error:
                said = error.detail
            else:
                return place
        token.sleep(ASK_AGAIN)
    raise EngineNotStarted(app.name, limit, detail=said)
