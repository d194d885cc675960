"""Three hosts stream into the Live page: how long its loop stands still, how many lines it takes, how much memory.

    python -m tests.bench.live [--rate 20000] [--seconds 60]

The lines come from threads, in the batches and through the buffer that SSH's do; page, merging and parsing are the
program's own. Memory is what the process grew by.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import OutputLine
from desktop.base.streaming import batched
from desktop.watch.sources import CONNECTED
from desktop.watch.stamps import NANO, format_stamp
from tests.lag import Lags, Stopwatch

TEXTS = (
    'level=info msg="order created" id=80214 items=3 total=248.00',
    '{"time":"2026-11-24T14:46:31Z","level":"INFO","msg":"request","method":"GET","path":"/v1/orders","status":200}',
    "cache miss key=price:A-1177",
    'level=warn msg="reserve stock slow" took=1.82s sku=A-1177',
    "POST /v1/orders 201 290ms trace=66e0",
)
STEP = 0.02


class Firehose:
    """A source that writes `rate` lines a second from a thread."""

    remembers = True
    clock_offset = 0.0

    def __init__(self, pool: Pool, name: str, rate: float) -> None:
        self.name = self.host = name
        self._pool, self._rate = pool, rate
        self.written = 0

    async def lines(
        self, since_ns: int | None, tail: int | None, *, follow: bool
    ) -> AsyncGenerator[list[OutputLine], None]:
        yield CONNECTED
        async for batch in batched(self._pool, self._write):
            yield batch

    def _write(self, token: CancelToken, put: Callable[[list[OutputLine]], None]) -> None:
        begun = time.monotonic()
        while not token.cancelled:
            wanted = int((time.monotonic() - begun) * self._rate) - self.written
            stamp = format_stamp(int(time.time() * NANO)).encode() + b" "
            batch = [
                OutputLine("out", stamp + TEXTS[(self.written + n) % len(TEXTS)].encode())
                for n in range(wanted)
            ]
            if batch:
                put(batch)
            self.written += len(batch)
            time.sleep(STEP)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run showed."""

    lags: Lags
    lines_per_second: float
    shown: int
    skipped: int
    memory_mb: float

    def __str__(self) -> str:
        return (
            f"{self.lines_per_second:,.0f} lines/s, {self.lags}, +{self.memory_mb:.0f} MB, "
            f"{self.skipped:,} lines skipped"
        )


def measure(rate: float, seconds: float) -> Measured:
    """One run, in this process: it makes the QApplication and the loop."""
    from desktop.ui.garbage import Garbage
    from desktop.ui.start import make_application
    from desktop.ui.steps import WindowLoop
    from desktop.ui.theme import theme

    application = make_application()
    theme().apply("light")
    loop = WindowLoop(application)
    asyncio.set_event_loop(loop)
    garbage = Garbage()
    try:
        with loop:
            found: Measured = loop.run_until_complete(_run(loop, rate, seconds))
            return found
    finally:
        garbage.release()
        asyncio.set_event_loop(None)


async def _run(loop: asyncio.AbstractEventLoop, rate: float, seconds: float) -> Measured:
    from desktop.app import App
    from desktop.base.paths import Home
    from desktop.ui.pages.live.page import LivePage
    from tests.ui.live_values import MadeUpFrame, three_hosts

    with tempfile.TemporaryDirectory() as folder:
        app = App(Home(Path(folder)))
        frame: Any = MadeUpFrame(loop, None)
        page = LivePage(app, frame)
        page.resize(1232, 840)
        live: Any = three_hosts()
        page.show()
        page.show_live(live)
        page._timer.start()
        await asyncio.sleep(0.5)
        try:
            return await _stream(app, page, tuple(live.looks), rate, seconds)
        finally:
            page.hidden()
            await frame.tasks.close()
            await app.close()
            page.deleteLater()


async def _stream(app: Any, page: Any, names: tuple[str, ...], rate: float, seconds: float) -> Measured:
    from desktop.watch import Feed

    pool = Pool("firehose", len(names))
    hoses = [Firehose(pool, name, rate / len(names)) for name in names]
    before, taken = memory_mb(), 0

    def show(batch: list[Any]) -> None:
        nonlocal taken
        taken += len(batch)
        page.log.add(batch)

    stopwatch = Stopwatch()
    async with Feed(hoses, app.pools.files, show) as feed, stopwatch:
        await asyncio.sleep(seconds)
    pool.close()
    kept = page.log.view.buffer.kept
    return Measured(stopwatch.lags, taken / seconds, kept, feed.skipped, memory_mb() - before)


def memory_mb() -> float:
    """The most this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=20_000, help="lines a second, of all three hosts")
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    print(f"{args.rate:,.0f} lines/s for {args.seconds:.0f} s: {measure(args.rate, args.seconds)}")


if __name__ == "__main__":
    main()
