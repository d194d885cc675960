"""What the window costs: start, memory, processor time while idle, log lines a second, and how long its loop stands still
while twenty hosts are deployed to.

    python -m tests.bench.ui [--json] [--quick] [--frozen FOLDER]

Prints a table, with --json one JSON object. Beside the figures of a start and of memory stand those of a window of the
same Qt that is empty, measured in turns with it. --frozen is a folder that installer/build.py made, else dist/; under
Linux it is started in a Windows under Wine. Exit code 1 when a promise is broken, by more than this computer is slow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["QT_API"] = "pyside6"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.bench.memory import memory
from tests.bench.published import BESIDE, COLUMNS, NOT

ROOT = Path(__file__).resolve().parents[2]
RATE = 110_000
FRAME_S = 1 / 60
PROMISES = {
    "start.window.first_paint_s": 0.4,
    "idle.window.rss_mb": 150,
    "connected.cpu_percent": 1.0,
    "fleet.lag_p99_ms": 16.0,
    "fleet.stall_max_ms": 50.0,
    "log.lag_p99_ms": 16.0,
    "frozen.program.first_paint_s": 1.0,
}
"""At most so much; times, on a computer as fast as the one that tests/ui/stall.py knows."""
AT_LEAST = {"log.lines_per_s": 100_000}

_EMPTY = """
import os, sys, time
from PySide6.QtWidgets import QApplication, QWidget

class Window(QWidget):
    def paintEvent(self, event):
        if len(sys.argv) > 1:
            print(time.time() - float(sys.argv[1]), time.process_time(), flush=True)
            os._exit(0)

application = QApplication([])
window = Window()
window.resize(1232, 840)
window.show()
application.exec()
"""
_WINDOW = """
import os, sys, time
began = float(sys.argv[1])
import desktop.cli.main
import desktop.ui.start

def painted(self, event):
    heavy = [name for name in ("paramiko", "docker", "keyring") if name in sys.modules]
    print(time.time() - began, time.process_time(), *heavy, flush=True)
    os._exit(0)

desktop.ui.start.Window.paintEvent = painted
desktop.cli.main.main(["--home", sys.argv[2]])
"""


def start(times: int) -> dict[str, Any]:
    """From the start of Python to the first paint of the window, warm: the best of so many, and processor time."""
    found: dict[str, list[tuple[float, float]]] = {"window": [], "empty_window": []}
    heavy: set[str] = set()
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as compiled:
        for _ in range(times + 1):
            for name, script in (("empty_window", _EMPTY), ("window", _WINDOW)):
                wall, spent, *loaded = _script(script, repr(time.time()), home, compiled=compiled).split()
                found[name].append((float(wall), float(spent)))
                heavy |= set(loaded)
    best: dict[str, Any] = {
        name: {
            "first_paint_s": round(min(wall for wall, _ in runs[1:]), 3),
            "processor_s": round(statistics.median(spent for _, spent in runs[1:]), 3),
        }
        for name, runs in found.items()
    }
    ratio = best["window"]["processor_s"] / best["empty_window"]["processor_s"]
    return {**best, "ratio": round(ratio, 2), "loaded_before_it": sorted(heavy)}


def _script(script: str, *words: str, compiled: str = "") -> str:
    """What a Python of its own prints; `compiled` is a folder that keeps its bytecode, so that later starts are warm."""
    outer = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        env={**outer, "PYTHONPYCACHEPREFIX": compiled} if compiled else None,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    if done.returncode or not done.stdout:
        raise RuntimeError(done.stderr)
    return done.stdout


def idle(settle: float) -> dict[str, Any]:
    """Memory of the window, started as a person does and left alone, and of the empty one."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        ways = {"window": ["-m", "desktop", "--home", home], "empty_window": ["-c", _EMPTY]}
        for name, words in ways.items():
            with subprocess.Popen([sys.executable, *words], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
                time.sleep(settle)
                found[name] = memory(process.pid)
                process.terminate()
    return found


def in_own_process(call: str) -> dict[str, Any]:
    """A measurement of tests.bench, by a Python that did nothing else."""
    module = call.partition("(")[0].rpartition(".")[0]
    found: dict[str, Any] = json.loads(
        _script(f"import json, {module}; print(json.dumps({call}))").splitlines()[-1]
    )
    return found


async def _stream(view: Any, meter: Any, paints: Any, rate: int, seconds: float) -> dict[str, Any]:
    from desktop.ui.widgets import LogRow

    texts = (
        "GET /v1/orders 200 12ms",
        "reserve stock slow took=1.82s",
        "lock.go:27:12: undefined",
        "中文日志 失败",
    )
    levels = ("info", "info", "warn", "error", "debug", "")
    now = time.time()
    rows = [LogRow(now, levels[n % 6], f"web-{n % 3}", texts[n % 4]) for n in range(rate)]
    sent, spent, began, paints.seen, frame = 0, 0.0, time.perf_counter(), 0, 0
    meter.start()
    while (passed := time.perf_counter() - began) < seconds:
        due, at = int(passed * rate) - sent, sent % rate
        start = time.perf_counter()
        view.append([*rows[at : at + due], *rows[: max(0, at + due - rate)]])
        spent += time.perf_counter() - start
        sent += due
        frame = max(frame, int((time.perf_counter() - began) / FRAME_S)) + 1
        await asyncio.sleep(
            began + frame * FRAME_S - time.perf_counter()
        )  # when the screen shows its next one
    meter.stop()
    return {
        "lines_per_s": round(sent / passed),
        "paints_per_s": round(paints.seen / passed),
        "append_us_per_line": round(spent / max(1, sent) * 1e6, 2),
        "lag_p99_ms": round(meter.percentile(0.99), 2),
        "stall_max_ms": round(meter.worst_ms, 2),
    }


def streaming(rate: int, seconds: float) -> dict[str, Any]:
    """A log in a window while lines come in at every frame, without and with a search."""
    from PySide6.QtCore import QEvent, QObject

    from desktop.ui.garbage import Garbage
    from desktop.ui.start import make_application
    from desktop.ui.steps import WindowLoop
    from desktop.ui.theme import theme
    from desktop.ui.widgets import LogPane
    from tests.ui.stall import StallMeter

    class Paints(QObject):
        seen = 0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
            self.seen += event.type() == QEvent.Type.Paint
            return False

    application = make_application()
    theme().apply("light")
    pane = LogPane(name="bench", label_text="Log", pausable=True)
    pane.resize(1000, 800)
    pane.show()
    paints = Paints()
    pane.view.viewport().installEventFilter(paints)
    loop = WindowLoop(application)
    asyncio.set_event_loop(loop)
    garbage = Garbage()
    with loop:
        plain = loop.run_until_complete(_stream(pane.view, StallMeter(), paints, rate, seconds))
        pane.view.set_search("reserve stock")
        searched = loop.run_until_complete(_stream(pane.view, StallMeter(), paints, rate, seconds))
    garbage.release()
    return {**plain, "with_search": searched, "kept": pane.view.buffer.kept}


def frozen(folder: Path) -> dict[str, Any]:
    """The Windows program that was built, where this computer can start and see it."""
    made = folder / "Goferry"
    if not made.exists():
        return {"skipped": f"{made} is not there: python installer/build.py makes it"}
    if sys.platform != "linux":
        return {
            "skipped": "measured under Wine only: installer/check.py opens the installed program on a Windows"
        }
    setup = next(iter(folder.glob("*-setup.exe")), None)
    sizes = {
        "unpacked_mb": round(sum(file.stat().st_size for file in made.rglob("*") if file.is_file()) / 1e6)
    }
    if setup is not None:
        sizes["installer_mb"] = round(setup.stat().st_size / 1e6)
    return {
        **sizes,
        **in_own_process(f"tests.bench.frozen.measure(__import__('pathlib').Path({str(made)!r}))"),
    }


def broken(found: dict[str, Any]) -> list[str]:
    """The promises that do not hold."""
    from tests.ui.stall import allowed_ms

    answer = []
    for path, limit in PROMISES.items():
        value = _value(found, path)
        allowed = allowed_ms(limit) if path.endswith(("_s", "_ms")) else limit
        if value is not None and value > allowed:
            answer.append(
                f"{path} is {value}, and should be at most {limit} ({allowed:.2f} on this computer now)"
            )
    for path, limit in AT_LEAST.items():
        value = _value(found, path)
        if value is not None and value < limit:
            answer.append(f"{path} is {value}, and should be at least {limit}")
    if found["start"]["loaded_before_it"]:
        answer.append(f"loaded before the first paint: {', '.join(found['start']['loaded_before_it'])}")
    return answer


def _value(found: dict[str, Any], path: str) -> Any:
    value: Any = found
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def table(found: dict[str, Any]) -> str:
    """For people: each figure, the promise beside it, and what others say of theirs."""
    promised = {**{path: f"≤ {limit}" for path, limit in PROMISES.items()}, "log.lines_per_s": "≥ 100000"}
    lines = []

    def add(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                add(f"{path}.{name}" if path else name, inner)
        elif path != "beside":
            lines.append(f"{path:38} {value!s:>12}  {promised.get(path, '')}".rstrip())

    add("", {name: value for name, value in found.items() if name not in ("beside", "broken")})
    lines += ["", f"{'published by their makers':20}" + "".join(f"{name:>30}" for name in COLUMNS)]
    for name, said in BESIDE.items():
        lines.append(f"{name:20}" + "".join(f"{said.get(column, (NOT,))[0]:>30}" for column in COLUMNS))
    return "\n".join(lines + [f"broken: {text}" for text in found["broken"]])


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a third of the time, and no frozen program")
    parser.add_argument("--frozen", type=Path, default=ROOT / "dist", metavar="FOLDER")
    wish = parser.parse_args(words)
    seconds = 4 if wish.quick else 12
    found: dict[str, Any] = {
        "start": start(3 if wish.quick else 8),
        "idle": idle(20),
        "connected": in_own_process(f"tests.bench.many.connected(50, {seconds * 2})"),
        "fleet": in_own_process("tests.bench.many.fleet(20)"),
        "log": in_own_process(f"tests.bench.ui.streaming({RATE}, {seconds})"),
    }
    found["frozen"] = {"skipped": "--quick"} if wish.quick else frozen(wish.frozen.absolute())
    found["beside"] = {
        name: {column: {"said": text, "source": source} for column, (text, source) in said.items()}
        for name, said in BESIDE.items()
    }
    found["broken"] = broken(found)
    print(json.dumps(found, indent=2, ensure_ascii=False) if wish.json else table(found))
    return 1 if found["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
