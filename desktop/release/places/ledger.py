"""History and lock of apps: on a server through its channel, on this computer as files under the home folder."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

from desktop.base.blocking import Pool
from desktop.base.channel import Channel, OutputLine
from desktop.base.commands import Command, sh
from desktop.base.errors import GoferryError
from desktop.base.paths import write_atomically
from desktop.base.processes import Completed, decoded
from desktop.release import scripts
from desktop.release.errors import Locked, LockLost, StateUnwritable
from desktop.release.filelock import FileLock, is_locked
from desktop.release.model import Holder, Release
from desktop.release.records import from_record, to_record
from desktop.release.scripts import State

T = TypeVar("T")
BEAT_EVERY = 6.0
"""Seconds between signs of life; the server frees the lock after about 24 s without one."""

MakeFolder = Callable[[str, int], Awaitable[None]]
"""Makes an app's state folder on a server, for a group's number, with the engine's rights."""


class Ledger(Protocol):
    """Where a host keeps what was released, and who may change it."""

    async def look(self, app: str) -> State: ...

    def hold(self, app: str, by: str, what: str) -> AbstractAsyncContextManager[None]: ...

    async def take_over(self, app: str) -> None:
        """Frees a lock that somebody holds; what they do ends with an error."""

    async def record(self, release: Release) -> None: ...

    async def forget(self, app: str) -> None:
        """History and what serves; under the lock."""

    async def clear(self, app: str) -> None:
        """What is left of a forgotten app, with its lock, which must be free."""


class FileLedger:
    """On this computer. The lock is the system's own on an open file: it ends with the process."""

    def __init__(self, root: Path, pool: Pool, host: str = "local") -> None:
        self.root, self._pool, self._host = root, pool, host

    def folder(self, app: str) -> Path:
        return self.root / app

    async def look(self, app: str) -> State:
        return await self._run(lambda: self._look(app))

    def _look(self, app: str) -> State:
        folder = self.folder(app)
        records = [from_record(read_text(file)) for file in folder.glob("releases/*.json")]
        ordered = tuple(sorted((r for r in records if r is not None), key=lambda r: r.sequence))
        holder = None
        if is_locked(folder / "lock"):
            holder = scripts.parse_holder(read_text(folder / "holder.json"), time.time())
        current = read_text(folder / "current").strip()
        return State(time.time(), "", not folder.is_dir(), True, current, ordered, holder)

    @asynccontextmanager
    async def hold(self, app: str, by: str, what: str) -> AsyncIterator[None]:
        lock = FileLock(self.folder(app) / "lock")
        holder = self.folder(app) / "holder.json"
        for _ in range(5):
            await self._run(lock.__enter__)
            if lock.held:
                break
            # who looks whether it is held takes it for a microsecond
            lock.__exit__(None, None, None)
            await asyncio.sleep(0.05)
        try:
            if not lock.held:
                text = await self._run(lambda: read_text(holder))
                other = scripts.parse_holder(text, time.time())
                raise Locked(self._host, other.by, other.what, other.since, time.time())
            text = json.dumps({"by": by, "what": what, "since": time.time()}, ensure_ascii=False)
            await self._run(lambda: write_atomically(holder, text))
            yield
        finally:
            lock.__exit__(None, None, None)

    async def take_over(self, app: str) -> None:
        """A lock of this computer belongs to a living Goferry: that one is to be asked, or ended."""

    async def record(self, release: Release) -> None:
        await self._run(lambda: self._write(release))

    async def set_current(self, release: Release) -> None:
        await self._run(lambda: write_atomically(self.folder(release.app) / "current", release.id))

    def _write(self, release: Release) -> None:
        folder = self.folder(release.app) / "releases"
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / scripts.record_name(release), to_record(release))

    async def forget(self, app: str) -> None:
        await self._run(lambda: shutil.rmtree(self.folder(app) / "releases", ignore_errors=True))
        await self._run(lambda: (self.folder(app) / "current").unlink(missing_ok=True))

    async def clear(self, app: str) -> None:
        await self._run(lambda: self._clear(app))

    def _clear(self, app: str) -> None:
        folder = self.folder(app)
        if not (folder / "lock").exists():
            return
        with FileLock(folder / "lock") as lock:
            mine = lock.held and not (folder / "releases").exists()
            for left in ("holder.json", "guard.log") if mine else ():
                with suppress(PermissionError):  # Windows keeps a log that a guard still writes
                    (folder / left).unlink(missing_ok=True)
            if mine and sys.platform != "win32":
                (folder / "lock").unlink(missing_ok=True)
        if mine:
            # what cannot be removed is somebody's: a program that still writes its log, or a new lock
            with suppress(OSError):
                if sys.platform == "win32":
                    (folder / "lock").unlink(missing_ok=True)
                folder.rmdir()

    async def _run(self, work: Callable[[], T]) -> T:
        return await self._pool.run(lambda token: work())


class ServerLedger:
    """On a server, under /var/lib/goferry: the same for everyone who deploys there."""

    def __init__(self, channel: Channel, make_folder: MakeFolder) -> None:
        self._channel, self._make_folder = channel, make_folder
        self._ready: set[str] = set()
        """Apps whose folder was there and writable at the last look."""

    async def look(self, app: str) -> State:
        done = await self._ask(scripts.look(app))
        return self.seen(app, done.text())

    def seen(self, app: str, answer: str) -> State:
        """What a look answered, however it was asked for."""
        state = scripts.parse_look(answer)
        if state.writable and not state.absent:
            self._ready.add(app)
        else:
            self._ready.discard(app)
        return state

    def is_ready(self, app: str) -> bool:
        """Whether its folder was there, and writable, at the last look."""
        return app in self._ready

    async def ensure(self, app: str) -> None:
        """Makes the app's folder: as the user, else by sudo without a password, else through the engine, which can
        write anywhere. Raises StateUnwritable."""
        if app in self._ready:
            return
        made = await self._channel.run(sh(scripts.ENSURE, scripts.folder_of(app)), timeout=30)
        if made.ok:
            return
        trouble = made.said()
        group = int(trouble.rpartition("gid ")[2].split()[0]) if "gid " in trouble else 0
        try:
            await self._make_folder(app, group)
        except GoferryError as error:
            # somebody else may have made it at the same moment
            trouble = f"{error} {error.detail}"
        again = await self._channel.run(sh(scripts.ENSURE, scripts.folder_of(app)), timeout=30)
        if not again.ok:
            raise StateUnwritable(
                self._channel.name, scripts.folder_of(app), detail=f"{again.said()} {trouble}".strip()
            )

    @asynccontextmanager
    async def hold(self, app: str, by: str, what: str) -> AsyncIterator[None]:
        await self.ensure(app)
        async with aclosing(self._channel.lines(scripts.hold(app, by, what))) as lines:  # type: ignore[type-var]
            holder = await self._first(lines)
            async with while_held(self._loss(lines), self.beat(app, holder)):
                yield

    async def _loss(self, lines: AsyncIterator[OutputLine]) -> GoferryError:
        """The stream ends with the lock."""
        try:
            async for line in lines:
                # what the shell complains of, a full disk say, does not end the lock
                if line.stream == "out":
                    break
        except GoferryError as error:
            return error
        return LockLost(self._channel.name)

    async def beat(self, app: str, holder: str) -> None:
        """Signs of life for the server, until it is cancelled."""
        while True:
            await asyncio.sleep(BEAT_EVERY)
            with suppress(GoferryError):
                await self._channel.run(sh(scripts.BEAT, scripts.folder_of(app), holder), timeout=20)

    async def _first(self, lines: AsyncIterator[OutputLine]) -> str:
        """The number of the process that holds the lock now. Raises Locked, StateUnwritable."""
        async for line in lines:
            text = decoded(line.text).strip()
            word, _, rest = text.partition(" ")
            if word == "held":
                return rest
            if word == "taken":
                other: Holder = scripts.parse_taken(text)
                raise Locked(self._channel.name, other.by, other.what, other.since, other.now)
        raise StateUnwritable(self._channel.name, scripts.STATE)

    async def take_over(self, app: str) -> None:
        await self._ask(sh(scripts.TAKE_OVER, scripts.folder_of(app)))

    async def record(self, release: Release) -> None:
        path = f"{scripts.folder_of(release.app)}/releases/{scripts.record_name(release)}"
        await self._channel.write_file(path, to_record(release).encode(), mode=0o664)

    async def forget(self, app: str) -> None:
        await self._ask(sh(scripts.FORGET, scripts.folder_of(app)))
        self._ready.discard(app)

    async def clear(self, app: str) -> None:
        await self._ask(sh(scripts.CLEAR, scripts.folder_of(app)))

    async def _ask(self, command: Command) -> Completed:
        return await self._channel.run(command, timeout=30)


@asynccontextmanager
async def while_held(
    loss: Coroutine[None, None, GoferryError], beat: Coroutine[None, None, None]
) -> AsyncIterator[None]:
    """The time in which a lock is held: `beat` goes on, and when the `loss` comes nothing more may be done here: the
    task is cancelled, and raises it."""
    task, lost = asyncio.current_task(), list[GoferryError]()
    assert task is not None

    async def watch() -> None:
        lost.append(await loss)
        task.cancel()

    helpers = [asyncio.ensure_future(watch()), asyncio.ensure_future(beat)]
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            task.uncancel()
            raise lost[0] from None
        raise
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        loss.close()


def read_text(path: Path) -> str:
    """The file's text; empty when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
