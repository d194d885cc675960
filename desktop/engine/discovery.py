"""Finds this computer's engine, and says where it looked when none answers."""

from __future__ import annotations

from desktop.base.blocking import CancelToken, Pool

from .desktop_app import desktop_app
from .desktop_errors import WindowsContainers
from .engine import Engine
from .errors import EngineCut, EngineDown, EngineError, EngineSilent, NoEngine
from .model import EnginePlace
from .places import local_places

PATIENCE = 4
"""Seconds that a place has to answer: a pipe of a hung Docker Desktop takes every connection and says nothing."""


async def local_engine(pool: Pool | None = None, choice: str = "") -> Engine:
    """The first engine that answers. Raises NoEngine with the places, EngineSilent, WindowsContainers, ContextUnknown,
    AddressUnusable, NoPermission, EngineTooOld."""
    pool = pool or Pool("engine", 8)
    places = local_places(choice)
    failures: list[EngineError] = []
    for place in places:
        try:
            await pool.run(answers, place)
        except (EngineDown, EngineCut, EngineSilent, WindowsContainers) as error:
            failures.append(error)
        else:
            return Engine(place, pool)
    detail = "\n".join(error.detail for error in failures)
    for failure in failures:
        if isinstance(failure, WindowsContainers):
            raise failure
        if isinstance(failure, EngineSilent):
            raise EngineSilent("local", PATIENCE, detail=detail) from failure
    app = await pool.run(lambda token: desktop_app())
    looked = tuple(place.address for place in places)
    raise NoEngine("local", looked=looked, detail=detail, app=app.name if app else "")


def answers(token: CancelToken, place: EnginePlace) -> None:
    """Returns when an engine for Linux containers answers there (blocking). Raises an EngineError that says why not."""
    from .client import at_place, close_all, with_errors

    token.check()
    client = at_place(place, timeout=PATIENCE)
    try:
        version = with_errors("local", client.version, api_version=False)
    finally:
        close_all(client)
    if version.get("Os") == "windows":
        raise WindowsContainers("local", detail=f"{place.address}: {version.get('Version', '')}")
