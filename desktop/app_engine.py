"""Starts what brings this computer its engine (Docker Desktop), as a job with progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.base.jobs import Job
from desktop.base.words import Message, msg
from desktop.engine import Engine, start_local_engine

if TYPE_CHECKING:
    from desktop.app import App

Report = Callable[[Message, float], None]


async def start_engine(app: App, report: Report = lambda text, part: None) -> Engine:
    """The engine, started and answering. Raises NoDesktopApp and EngineNotStarted. `report` is called in a worker."""
    engine = await start_local_engine(app.pools.engine, report, app.settings.now.engine)
    app.use_engine("local", engine)
    return engine


def start_engine_job(app: App, page: str = "", then: Callable[[], None] = lambda: None) -> Job[Engine]:
    """The same as a job; `then` is called when the engine answers. One at a time: a second wish waits for the first."""

    async def work(job: Job[Engine]) -> Engine:
        loop = asyncio.get_running_loop()
        engine = await start_engine(app, lambda text, part: _tell(loop, lambda: job.report(text, part)))
        job.report(msg("Docker Engine answers"), 1.0)
        then()
        return engine

    return app.jobs.start("engine.start", msg("Start Docker"), work, page=page, gate="engine.start")


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(what)
