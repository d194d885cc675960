"""What several hosts of a run are sent alike is packed once: a file that grows, read by all who send it."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

from desktop.base.blocking import Cancelled, CancelToken, Pool
from desktop.base.scratch import Scratch

PIECE = 1 << 18
MOST = 16
"""Different packings of a run; what more hosts want is packed for each alone."""

Told = Callable[[int], None]
Make = Callable[[Told], Iterator[bytes]]
"""The packed stream; tells how many bytes went into it."""


class Packing:
    """One packed stream. It is made at full speed by a thread of its own, whatever the links are like."""

    def __init__(self, path: Path, make: Make) -> None:
        self.path, self._make = path, make
        self._turn = threading.Condition()
        self._over = False
        self._failure: BaseException | None = None
        self._source = 0
        self.size = 0
        self.sha256 = ""

    def work(self, token: CancelToken) -> None:
        known = hashlib.sha256()
        try:
            with open(self.path, "wb", buffering=0) as file:
                for piece in self._make(self._count):
                    token.check()
                    file.write(piece)
                    known.update(piece)
                    with self._turn:
                        self.size += len(piece)
                        self._turn.notify_all()
            self.sha256 = known.hexdigest()
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self.end()

    def end(self) -> None:
        """Nothing more will come; who waits is told."""
        with self._turn:
            if not self.sha256 and self._failure is None:
                self._failure = Cancelled()
            self._over = True
            self._turn.notify_all()

    def _count(self, size: int) -> None:
        self._source += size

    def read(self, told: Told) -> Iterator[bytes]:
        """From its beginning, as it comes; `told` as when it is packed. Runs in the thread that sends."""
        done = source = 0
        with open(self.path, "rb") as file:
            while True:
                if self.size == done and not self._over:
                    yield b""  # nothing follows at once: what has been gathered leaves
                with self._turn:
                    while self.size == done and not self._over:
                        self._turn.wait()
                    if self._failure is not None:
                        raise OSError(f"it could not be packed: {self._failure!r}") from self._failure
                    size, whole, over = self.size, self._source, self._over
                if done == size and over:
                    return
                piece = file.read(min(PIECE, size - done))
                done += len(piece)
                now = whole * done // size
                told(now - source)
                source = now
                yield piece


class Packings:
    """The packed streams of one run, in a folder that goes with it."""

    def __init__(self, pool: Pool, scratch: Scratch) -> None:
        self._pool = pool
        self._within = scratch
        self._folder: Path | None = None
        self._made: dict[Hashable, tuple[Packing, asyncio.Task[None]]] = {}

    @property
    def made(self) -> int:
        """How many streams were packed, whoever had them."""
        return len(self._made)

    def get(self, key: Hashable, make: Make) -> Packing | None:
        """The stream under this key; begun now where nobody has asked for it before. None: pack it yourself."""
        found = self._made.get(key)
        if found is not None:
            return found[0]
        if len(self._made) >= MOST:
            return None
        try:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._within.folder()))
            path = self._folder / str(len(self._made))
            path.touch()
        except OSError:
            return None
        packing = Packing(path, make)
        task = asyncio.ensure_future(self._pool.run(packing.work))
        self._made[key] = (packing, task)
        return packing

    async def whole(self, packing: Packing) -> None:
        """Returns when it is complete. Raises what ended it."""
        task = next((task for one, task in self._made.values() if one is packing), None)
        if task is not None:
            await asyncio.shield(task)

    async def close(self) -> None:
        for packing, task in self._made.values():
            task.cancel()
            packing.end()
        await asyncio.gather(*(task for _, task in self._made.values()), return_exceptions=True)
        if self._folder is not None:
            folder = self._folder
            await self._pool.run(lambda token: shutil.rmtree(folder, ignore_errors=True))
