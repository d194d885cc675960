"""How long a loop lets others wait, beside how long this computer lets anybody wait."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TICK = 0.01
_CONTROL = """
import sys, time
worst = 0.0
print("ready", flush=True)
import threading
threading.Thread(target=lambda: (sys.stdin.read(), print(worst, flush=True)), daemon=True).start()
while True:
    before = time.monotonic()
    time.sleep(0.01)
    worst = max(worst, time.monotonic() - before - 0.01)
"""


@dataclass(frozen=True, slots=True)
class Lags:
    """Seconds. `starved` is the longest that a process without any work waited in the same time."""

    p50: float
    p99: float
    worst: float
    starved: float

    def __str__(self) -> str:
        words = (f"p50 {self.p50 * 1000:.1f}", f"p99 {self.p99 * 1000:.1f}", f"worst {self.worst * 1000:.1f}")
        return f"lag {', '.join(words)} ms (a process without work: {self.starved * 1000:.1f} ms)"

    @property
    def own(self) -> float:
        """The worst wait that is the loop's own doing. Where a process without work waits, one with threads waits a
        few times over: the scheduler also sets aside the thread that holds what the loop wants."""
        return max(0.0, self.worst - 3 * self.starved)


class Stopwatch:
    """Measures while it is entered: a ticker on the loop, and a process beside that does nothing but sleep."""

    async def __aenter__(self) -> Self:
        self._samples: list[float] = []
        self._process = subprocess.Popen(  # noqa: ASYNC220  it starts in a few milliseconds, before anything is measured
            [sys.executable, "-c", _CONTROL],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self._ticker = asyncio.ensure_future(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ticker.cancel()
        await asyncio.gather(self._ticker, return_exceptions=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._starved = float(self._process.stdout.readline() or 0)
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK)
            self._samples.append(time.monotonic() - before - TICK)

    @property
    def lags(self) -> Lags:
        """After it was left."""
        found = sorted(self._samples)
        return Lags(found[len(found) // 2], found[int(len(found) * 0.99)], found[-1], self._starved)
