"""A new container on this computer's engine until it is confirmed. When Goferry is killed before, it is taken back.

A note in the app's folder says what is tried in whose place. A small process (`guard`) waits until the note is gone, or
the lock of the app is free although it is there. Where that process was killed too, the next Goferry does its work.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from desktop.base.blocking import Pool
from desktop.base.paths import write_atomically
from desktop.engine import ContainerMissing, Engine, EngineError, EnginePlace
from desktop.release.filelock import FileLock
from desktop.release.front import Turn
from desktop.release.model import Release
from desktop.release.scripts import record_name

from .ledger import FileLedger, read_text
from .spawn import start_guard

NOTE = "trial.json"
POLL = 0.25
AGAIN_AFTER, AT_MOST = 2.0, 3600.0
"""Seconds between tries, and for all of them, when the engine does not answer."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What NOTE says: `new` runs in the place of `old` (both containers), and nobody has confirmed it."""

    nonce: str
    address: str
    tls: str
    new: str
    record: str
    old: str = ""
    old_id: str = ""
    front: str = ""
    door: str = ""
    owner: str = ""
    back: str = ""
    """As in a `Turn`, where one of the two is behind a front."""


def read_trial(folder: Path) -> Trial | None:
    """None when nothing is tried."""
    try:
        return Trial(**json.loads(read_text(folder / NOTE)))
    except (ValueError, TypeError):
        return None


async def take_back(engine: Engine, folder: Path, trial: Trial) -> None:
    """Stops the new container and starts the old one. Only under the lock of the app; doing it twice is fine."""
    if trial.front and trial.back and not trial.owner:
        with suppress(EngineError):
            await engine.exec(trial.front, ("/front", "route", f"{trial.back}=1"))
    elif trial.door:
        with suppress(ContainerMissing):
            await engine.stop(trial.door, timeout=5)
    with suppress(ContainerMissing):
        await engine.stop(trial.new, timeout=5)
    (folder / "releases" / trial.record).unlink(missing_ok=True)
    if trial.old:
        write_atomically(folder / "current", trial.old_id)
    else:
        (folder / "current").unlink(missing_ok=True)
    for name in dict.fromkeys((trial.old, trial.owner)):
        if name:
            with suppress(ContainerMissing):
                await engine.start(name)
                await engine.set_restart(name, "unless-stopped")
    (folder / NOTE).unlink(missing_ok=True)


class TrialLedger(FileLedger):
    """History and lock of apps in this computer's engine, with what is on trial."""

    def __init__(self, root: Path, pool: Pool, host: str, engine: Engine) -> None:
        super().__init__(root, pool, host)
        self._engine = engine

    @asynccontextmanager
    async def hold(self, app: str, by: str, what: str) -> AsyncIterator[None]:
        async with super().hold(app, by, what):
            trial = await self._run(lambda: read_trial(self.folder(app)))
            if trial is not None:
                await take_back(self._engine, self.folder(app), trial)
            yield

    async def begin(self, release: Release, old: Release | None, turn: Turn | None = None) -> None:
        """From here on the old one comes back by itself: when Goferry is gone, and when this computer restarts."""
        place = self._engine.place
        assert place is not None  # an engine of this computer has one
        before = (old.container, old.id) if old is not None else ("", "")
        trial = Trial(
            secrets.token_hex(8), place.address, place.tls, release.container, record_name(release), *before
        )
        if turn is not None:
            trial = replace(trial, front=turn.front, door=turn.door, owner=turn.owner, back=turn.back)
        folder = self.folder(release.app)
        await self._run(lambda: write_atomically(folder / NOTE, json.dumps(asdict(trial))))
        await self._pool.run(start_guard, folder)
        if old is not None and turn is None:
            with suppress(ContainerMissing):
                await self._engine.set_restart(old.container, "always")

    async def give_up(self, release: Release, old: Release | None) -> None:
        """Takes it back as a guard would; raises where the old one does not start."""
        trial = await self._run(lambda: read_trial(self.folder(release.app)))
        if trial is not None:
            await take_back(self._engine, self.folder(release.app), trial)
            if old is not None:
                await self._engine.start(old.container)
            return
        with suppress(ContainerMissing):
            await self._engine.stop(release.container, timeout=5)
        await self.end(release.app)

    async def end(self, app: str) -> None:
        """It is confirmed, or it was taken back."""
        await self._run(lambda: (self.folder(app) / NOTE).unlink(missing_ok=True))


async def watch(folder: Path, nonce: str) -> None:
    """Returns when that trial is over. Takes the new container back when nobody holds the lock any more."""
    until: float | None = None
    while (trial := read_trial(folder)) is not None and trial.nonce == nonce:
        with FileLock(folder / "lock") as lock:
            if lock.held and (trial := read_trial(folder)) is not None and trial.nonce == nonce:
                until = until or time.monotonic() + AT_MOST
                told = {"by": "goferry", "what": f"take back {trial.new}", "since": time.time()}
                write_atomically(folder / "holder.json", json.dumps(told))
                with suppress(EngineError):
                    await _take_back_by(folder, trial)
        if until is not None and time.monotonic() > until:
            return
        await asyncio.sleep(POLL if until is None else AGAIN_AFTER)


async def _take_back_by(folder: Path, trial: Trial) -> None:
    pool = Pool("guard", 2)
    engine = Engine(EnginePlace(trial.address, "", tls=trial.tls), pool)
    try:
        await take_back(engine, folder, trial)
    finally:
        engine.close()
        pool.close()
