"""Finds this computer's engine, and says where it looked when none answers."""

from __future__ import annotations

from desktop.base.blocking import CancelToken, Pool

from .engine import Engine
from .errors import EngineCut, EngineDown, EngineError, NoEngine
from .model import EnginePlace
from .places import local_places


async def local_engine(pool: Pool | None = None, choice: str = "") -> Engine:
    """The first engine that answers. Raises NoEngine with the places, ContextUnknown, AddressUnusable,
    NoPermission, EngineTooOld."""
    pool = pool or Pool("engine", 8)
    places = local_places(choice)
    failures: list[EngineError] = []
    for place in places:
        try:
            await pool.run(_answers, place)
        except (EngineDown, EngineCut) as error:
            failures.append(error)
        else:
            return Engine(place, pool)
    detail = "\n".join(error.detail for error in failures)
    raise NoEngine("local", looked=tuple(place.address for place in places), detail=detail)


def _answers(token: CancelToken, place: EnginePlace) -> None:
    from .client import at_place

    token.check()
    at_place(place, timeout=5).close()
