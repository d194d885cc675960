"""What the window costs: first paint, lines a second through a log, how long the loop stands still meanwhile.

    python -m tests.bench.ui [--seconds 10] [--rate 20000]

Prints one JSON object. Exit code 1 when a promise is broken: first paint within a second, no stall over 100 ms and
99 of 100 beats within 16 ms while lines stream.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["QT_API"] = "pyside6"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[2]
FIRST_PAINT_S = 1.0
STALL_MS = 100.0
P99_MS = 16.0
_BATCH_S = 0.05

_FIRST_PAINT = """
import sys, time
began = float(sys.argv[1])
from pathlib import Path
import asyncio
from PySide6.QtCore import QEvent, QObject
from desktop.ui.start import App, Home, Look, Window, make_application
import qasync

class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            heavy = [name for name in ("paramiko", "docker", "keyring") if name in sys.modules]
            print(time.time() - began, *heavy, flush=True)
            import os
            os._exit(0)
        return False

application = make_application()
loop = qasync.QEventLoop(application)
asyncio.set_event_loop(loop)
app = App(Home(Path(sys.argv[2])))
look = Look(application, app.settings)
window = Window(app, loop)
painted = Painted()
window.installEventFilter(painted)


window.open()
with loop:
    loop.run_until_complete(asyncio.sleep(20))
"""


def first_paint() -> dict[str, Any]:
    """Seconds from the start of the program to the first paint of a page, the best of three warm starts."""
    times, heavy = [], set[str]()
    with tempfile.TemporaryDirectory() as home:
        for _ in range(3):
            words = [sys.executable, "-c", _FIRST_PAINT, repr(time.time()), home]
            done = subprocess.run(
                words, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False
            )
            if not done.stdout:
                raise RuntimeError(done.stderr)
            seconds, *loaded = done.stdout.split()
            times.append(float(seconds))
            heavy |= set(loaded)
    return {"first_paint_s": round(min(times), 3), "loaded_before_it": sorted(heavy)}


async def _stream(view: Any, meter: Any, rate: int, seconds: float) -> dict[str, Any]:
    from desktop.ui.widgets import LogRow

    texts = (
        "GET /v1/orders 200 12ms",
        "reserve stock slow took=1.82s",
        "lock.go:27:12: undefined",
        "中文日志 失败",
    )
    levels = ("info", "info", "warn", "error", "debug", "")
    sent, began = 0, time.perf_counter()
    spent = 0.0
    meter.start()
    while (now := time.perf_counter() - began) < seconds:
        due = int(now * rate) - sent
        rows = [LogRow(1e9 + now, levels[n % 6], f"web-{n % 3}", texts[n % 4]) for n in range(due)]
        start = time.perf_counter()
        view.append(rows)
        spent += time.perf_counter() - start
        sent += due
        await asyncio.sleep(_BATCH_S)
    meter.stop()
    return {
        "lines": sent,
        "lines_per_s": round(sent / seconds),
        "append_us_per_line": round(spent / max(1, sent) * 1e6, 2),
        "lag_p50_ms": round(meter.percentile(0.5), 2),
        "lag_p99_ms": round(meter.percentile(0.99), 2),
        "stall_max_ms": round(meter.worst_ms, 2),
        "kept": view.buffer.kept,
        "mb": _memory_mb(),
    }


def streaming(rate: int, seconds: float) -> dict[str, Any]:
    """A log view in a real window while lines stream, with and without a search."""
    import qasync

    from desktop.ui.start import make_application
    from desktop.ui.theme import theme
    from desktop.ui.widgets import LogPane
    from tests.ui.stall import StallMeter

    application = make_application()
    theme().apply("light")
    pane = LogPane(name="bench", label_text="Log", pausable=True)
    pane.resize(1000, 800)
    pane.show()
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        plain = loop.run_until_complete(_stream(pane.view, StallMeter(), rate, seconds))
        pane.view.set_search("reserve stock")
        searched = loop.run_until_complete(_stream(pane.view, StallMeter(), rate, seconds))
    return {"streaming": plain, "streaming_with_search": searched, "paint_ms": round(_paint_ms(pane.view), 2)}


def _paint_ms(view: Any) -> float:
    start = time.perf_counter()
    for _ in range(20):
        view.viewport().grab()
    return (time.perf_counter() - start) / 20 * 1000


def _memory_mb() -> int:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) // 1024


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=int, default=20_000)
    wish = parser.parse_args(words)
    found = {**first_paint(), **streaming(wish.rate, wish.seconds)}
    print(json.dumps(found, indent=2))
    kept = [
        found["first_paint_s"] <= FIRST_PAINT_S,
        not found["loaded_before_it"],
        *(found[name]["stall_max_ms"] <= STALL_MS for name in ("streaming", "streaming_with_search")),
        *(found[name]["lag_p99_ms"] <= P99_MS for name in ("streaming", "streaming_with_search")),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
