"""A Live that looks at nothing: the page's tests say what there is to see."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from desktop.app_live import LiveAlert
from desktop.app_seats import HostAnswer, HostLook, Seat
from desktop.base.blocking import Pool
from desktop.base.words import msg
from desktop.project.config import Config, Environment
from desktop.watch import HealthSample, LogLine, Mark, Stream, StreamState, UsageSample, Watcher

DIGEST = "sha256:c41e0a5d27bb77d0"
TEXTS = (
    ("info", "POST /v1/orders 201 290ms trace=66e0"),
    ("info", "GET /v1/orders/80207 200 12ms trace=1f3c"),
    ("info", "order created id=80214 items=3 total=248.00"),
    ("warn", "reserve stock slow took=1.82s sku=A-1177"),
    ("info", "cache miss key=price:A-1177"),
    ("error", 'reserve stock failed err="deadline exceeded" internal/stock/reserve.go:88'),
    ("debug", "heap 231 MB of 256 MB, GC ran 41 times in 10 s"),
    ("info", "订单已创建 id=80215 金额=59.00"),
)


def seat(host: str, now: float, **changes: Any) -> Seat:
    made = Seat(
        host=host,
        id=f"orders-api-7-1f3a-{host}",
        label=host,
        service="orders-api",
        ours=True,
        state="running",
        version="1.8.0",
        release="7-1f3a",
        image="orders-api:1.8.0",
        digest=DIGEST,
        started=now - 7_834,
        memory_limit=256 << 20,
        publish=8080,
        bind="127.0.0.1",
    )
    return replace(made, **changes)


class Source:
    """Stands for a stream in `feed.streams`."""


class MadeUpLive:
    """What the page reads of a Live, settable; `wishes` holds what it asked for."""

    def __init__(
        self, seats: Iterable[Seat] = (), *, hosts: Iterable[str] = (), environment: str = "prod"
    ) -> None:
        now = time.time()
        self.wishes: list[tuple[Any, ...]] = []
        names = list(dict.fromkeys([*hosts, *(one.host for one in seats)]))
        self.looks = {
            name: HostLook(
                name, HostAnswer.OK, tuple(one for one in seats if one.host == name), now, now - 60
            )
            for name in names
        }
        environments = {
            "dev": Environment("dev"),
            "staging": Environment("staging"),
            "prod": Environment("prod"),
        }
        self.target = SimpleNamespace(
            app="orders-api",
            config=Config("orders-api", environments=environments),
            environment=Environment(environment),
            production=environment == "prod",
        )
        self.watcher = Watcher(Pool("unused", 1))
        self.alerts: list[LiveAlert] = []
        self.streams: dict[Any, Stream] = {Source(): Stream(StreamState.STREAMING) for _ in names}
        self.feed = SimpleNamespace(streams=self.streams)
        self.unticked: set[tuple[str, str]] = set()
        self.streaming_hosts = len(names)

    @property
    def seats(self) -> tuple[Seat, ...]:
        return tuple(one for look in self.looks.values() for one in look.seats)

    def is_ticked(self, one: Seat) -> bool:
        return one.ours and one.key not in self.unticked

    async def tick(self, keys: Iterable[tuple[str, str]], on: bool) -> None:
        keys = tuple(keys)
        self.wishes.append(("tick", keys, on))
        for key in keys:
            self.unticked.discard(key) if on else self.unticked.add(key)

    async def restart_feed(self, span: float | None) -> None:
        self.wishes.append(("span", span))

    def try_now(self) -> None:
        self.wishes.append(("try",))

    async def run(self) -> None:
        await asyncio.Event().wait()

    # Filling

    def connecting(self) -> None:
        self.looks = {name: HostLook(name, since=time.time()) for name in self.looks}

    def lose(self, host: str, error: Any) -> None:
        look = self.looks[host]
        self.looks[host] = replace(look, answer=HostAnswer.LOST, since=time.time() - 75, error=error)

    def breathe(self, bad: str = "") -> None:
        """An hour of checks and a quarter of use for each seat; `bad` is the host that fails now and then."""
        now, dice = time.time(), random.Random(3)
        for one in self.seats:
            if not one.ours:
                continue
            from desktop.watch import HealthHistory, UsageHistory

            health, usage = HealthHistory(), UsageHistory()
            for step in range(240):
                at = now - 3_600 + step * 15
                sick = one.host == bad and (step // 8 in (10, 20, 21, 27) or step == 239)
                said = "503 Service Unavailable" if sick else "200 OK"
                late = 0.02 + 0.01 * dice.random() + (0.4 if sick else 0.0)
                health.add(HealthSample(at, one.host, one.id, not sick, late, said))
            for step in range(300):
                wave = abs(math.sin(step / 30))
                memory = int((120 + 90 * (step % 100) / 100) * (1 << 20))
                usage.add(
                    UsageSample(now - 900 + step * 3, one.host, one.id, 8 + 40 * wave, memory, 256 << 20)
                )
            self.watcher.health[one.key], self.watcher.usage[one.key] = health, usage


def three_hosts() -> MadeUpLive:
    """Two well, one that fails now and then and was restarted three times; a database and a proxy beside."""
    now = time.time()
    seats = [
        seat("web-bj-01", now),
        seat("web-bj-02", now),
        seat("web-bj-03", now, restarts=3, started=now - 134),
    ]
    other = {"version": "", "release": "", "digest": "", "ours": False, "publish": 0}
    seats += [
        seat(
            "web-bj-01",
            now,
            id="orders-db",
            label="orders-db",
            service="orders-db",
            image="postgres:16",
            **other,
        ),
        seat("web-bj-02", now, id="redis", label="redis", service="redis", image="redis:7", **other),
        seat(
            "web-bj-03",
            now,
            id="report-job",
            label="report-job",
            service="report-job",
            image="report:2",
            **(other | {"state": "exited"}),
            exit_code=0,
        ),
    ]
    live = MadeUpLive(seats)
    live.breathe(bad="web-bj-03")
    live.alerts = [
        LiveAlert(now - 20, "fail", msg("Not healthy"), "web-bj-03", "web-bj-03", "503 Service Unavailable"),
        LiveAlert(now - 200, "warn", msg("Restarted by itself"), "web-bj-03", "web-bj-03", "exit 137"),
        LiveAlert(now - 900, "ok", msg("Healthy again"), "web-bj-02", "web-bj-02", "200 OK"),
    ]
    return live


def lines(count: int, *sources: str, end: float | None = None, gap_at: int = -1) -> list[LogLine]:
    """Lines of the last `count` × 2 seconds; one of them the mark of a cut."""
    names = sources or ("web-bj-01", "web-bj-02", "web-bj-03")
    last = time.time() if end is None else end
    made = []
    for n in range(count):
        at, name = last - (count - n) * 2.13, names[n % len(names)]
        if n == gap_at:
            made.append(
                LogLine(at, name, name, "", f"Connection to {name} lost: the network is gone", mark=Mark.GAP)
            )
            continue
        level, text = TEXTS[n % 7 if n % 13 else 7]
        made.append(LogLine(at, name, name, level, text, (("trace", f"{n:04x}"),)))
    return made


class MadeUpFrame:
    """What a page asks of the window."""

    def __init__(self, loop: asyncio.AbstractEventLoop, folder: Path | None) -> None:
        from desktop.ui.tasks import Tasks

        self.current_project = folder
        self.is_narrow = False
        self.environments: dict[Path, str] = {}
        self.serving: dict[tuple[Path, str], Any] = {}
        self.asked: list[tuple[Any, ...]] = []
        self.errors: list[BaseException] = []
        self.sheets: list[tuple[Any, Callable[[Any], None] | None]] = []
        self.tasks = Tasks(loop, self.errors.append)
        self.project_changed = SimpleNamespace(connect=lambda slot: None)
        self.narrow_changed = SimpleNamespace(connect=lambda slot: None)

    def spawn(self, work: Any, owner: Any = None) -> Any:
        return self.tasks.spawn(work, owner)

    def open_sheet(self, sheet: Any, ended: Callable[[Any], None] | None = None) -> Any:
        self.sheets.append((sheet, ended))
        return sheet

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *words: self.asked.append((name, *words))
