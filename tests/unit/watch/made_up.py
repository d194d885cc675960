"""A source whose lines the test writes; it can be cut, healed and stopped like a container's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from desktop.base.channel import OutputLine
from desktop.base.errors import GoferryError
from desktop.watch.sources import CONNECTED
from desktop.watch.stamps import NANO, format_stamp, split_stamp


class CutHere(GoferryError):
    code = "test.cut"


def stamped(at: float, text: str, stream: str = "out") -> OutputLine:
    return OutputLine(stream, f"{format_stamp(int(at * NANO))} {text}".encode())


class MadeUp:
    """Keeps all lines like an engine does, and gives them from a stamp on to whoever asks."""

    remembers = False

    def __init__(self, name: str = "web-1", host: str = "", clock_offset: float = 0.0) -> None:
        self.name, self.host, self.clock_offset = name, host or name, clock_offset
        self.kept: list[OutputLine] = []
        self.asked: list[int | None] = []
        self.following = 0
        self._news = asyncio.Event()
        self._cut = self._stopped = False

    def write(self, at: float, text: str, stream: str = "out") -> None:
        self.kept.append(stamped(at, text, stream))
        self._news.set()

    def cut(self) -> None:
        self._cut = True
        self._news.set()

    def heal(self) -> None:
        self._cut = False

    def stop(self) -> None:
        self._stopped = True
        self._news.set()

    def run_again(self) -> None:
        self._stopped = False

    async def lines(
        self, since_ns: int | None, tail: int | None, *, follow: bool
    ) -> AsyncIterator[list[OutputLine]]:
        self.asked.append(since_ns)
        if self._cut:
            raise CutHere("no way there")
        self.following += 1
        try:
            yield CONNECTED
            shown = 0 if tail is None else max(0, len(self.kept) - tail)
            while True:
                self._news.clear()
                while shown < len(self.kept):
                    batch = self.kept[shown : shown + 500]
                    shown += len(batch)
                    if since_ns is not None:
                        batch = [
                            line for line in batch if (split_stamp(line.text)[0] or since_ns) >= since_ns
                        ]
                    if batch:
                        yield batch
                if self._cut:
                    raise CutHere("cut")
                if self._stopped or not follow:
                    return
                await self._news.wait()
        finally:
            self.following -= 1
