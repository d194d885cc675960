"""What the Live page says: from what is known to the words in a row. Pure, no Qt."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from desktop.app_live import LiveAlert
from desktop.app_seats import HostAnswer, HostLook, Seat
from desktop.base.words import host_words, ntr, sentences, tr
from desktop.release import front_name
from desktop.watch import Health, HealthHistory, Stream, StreamState, UsageHistory, percentile

Key = tuple[str, str]
_WORST = ("fail", "warn", "off", "busy", "wait", "paused", "ok")
_FRONT = front_name("")
TOO_FAST = 2_000
"""Lines a second that can still be shown one by one."""
QUIET_SECONDS = 120.0
SPANS = {"live": 3600.0, "15m": 900.0, "1h": 3600.0, "24h": 86400.0}
"""Key of a span to the seconds its panels show."""
BUCKET = 10
"""Seconds that lines are counted in for the volume strip."""


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A container in the tree."""

    key: Key
    name: str
    state: str
    word: str
    ticked: bool

    @property
    def shown(self) -> str:
        return host_words(self.name)

    @property
    def spoken(self) -> str:
        return f"{self.shown}, {self.word}"


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service with its containers."""

    name: str
    state: str
    right: str
    seats: tuple[SeatRow, ...]

    @property
    def shown(self) -> str:
        """The front of an app by its app, not by its container."""
        app = self.name.removeprefix(_FRONT)
        return self.name if app == self.name else tr("{app}, front", app=app)

    @property
    def spoken(self) -> str:
        return f"{self.shown}, {self.right}"


def seat_state(seat: Seat, look: HostLook, health: HealthHistory | None) -> tuple[str, str]:
    """(shape, words) of a container. What is not known is never shown as healthy."""
    if look.answer is HostAnswer.LOST:
        return "off", tr("no answer since {time}", time=clock(look.since))
    if not seat.running:
        return _stopped(seat)
    if seat.state != "running":
        return ("paused", tr("paused")) if seat.state == "paused" else ("warn", tr("starting again"))
    if health is not None and health.state is not Health.WAIT:
        last = health.last
        said = last.said if last is not None else ""
        return {
            Health.OK: ("ok", tr("healthy")),
            Health.BAD: ("fail", tr("not healthy: {said}", said=said) if said else tr("not healthy")),
            Health.UNKNOWN: ("off", tr("no answer to 3 checks")),
        }[health.state]
    engines = {
        "healthy": ("ok", tr("healthy")),
        "unhealthy": ("fail", tr("not healthy")),
        "starting": ("busy", tr("starting")),
    }
    if seat.health in engines:
        return engines[seat.health]
    return ("wait", tr("not checked yet")) if health is not None else ("ok", tr("running"))


def _stopped(seat: Seat) -> tuple[str, str]:
    if seat.state == "created":
        return "wait", tr("not started")
    if seat.exit_code:
        return "fail", tr("ended with {code}", code=seat.exit_code)
    return "off", tr("stopped")


def services(
    looks: Iterable[HostLook],
    health: Mapping[Key, HealthHistory],
    is_ticked: Callable[[Seat], bool],
) -> tuple[ServiceRow, ...]:
    """The tree: the project's own service first, then the others by name."""
    grouped: dict[tuple[bool, str], list[SeatRow]] = {}
    for look in looks:
        for seat in look.seats:
            state, word = seat_state(seat, look, health.get(seat.key))
            row = SeatRow(seat.key, seat.label, state, word, is_ticked(seat))
            grouped.setdefault((not seat.ours, seat.service), []).append(row)
    return tuple(
        _service(name, rows) for (_, name), rows in sorted(grouped.items(), key=lambda item: item[0])
    )


def _service(name: str, rows: Sequence[SeatRow]) -> ServiceRow:
    well = sum(row.state == "ok" for row in rows)
    if not well and all(row.state == "off" for row in rows):
        right = tr("stopped") if any(row.word == tr("stopped") for row in rows) else tr("no answer")
    else:
        right = tr("{n} of {all}", n=well, all=len(rows))
    state = min((row.state for row in rows), key=_WORST.index, default="wait")
    if state == "fail" and well:
        state = "warn"
    return ServiceRow(name, state, right, tuple(rows))


def summary(rows: Sequence[ServiceRow], own: str) -> tuple[str, str]:
    """(tone, sentence) beside the title: "2 of 3 containers healthy"."""
    seats = [seat for row in rows if row.name == own for seat in row.seats]
    if not seats:
        return "", ""
    well = sum(seat.state == "ok" for seat in seats)
    bad = any(seat.state in ("fail", "warn") for seat in seats)
    tone = "ok" if well == len(seats) else "warn" if bad else "secondary"
    return tone, ntr(
        "{well} of {n} container healthy", "{well} of {n} containers healthy", len(seats), well=well
    )


def facts(seat: Seat, usage: UsageHistory | None, now: float) -> tuple[tuple[str, str, str], ...]:
    """(name, fact, tone) of the chosen container."""
    last = usage.last if usage is not None else None
    limit = seat.memory_limit or (last.memory_limit if last is not None else 0)
    pairs = [
        (tr("Version"), seat.version or seat.image, ""),
        (tr("Release"), seat.release, "mono"),
        (tr("Digest"), short_digest(seat.digest), "mono"),
        (tr("Up for"), duration(now - seat.started) if seat.running and seat.started else "", ""),
        (tr("Restarts"), str(seat.restarts), "warn" if seat.restarts else ""),
        (tr("Memory limit"), size(limit) if limit else tr("none"), ""),
    ]
    return tuple(pair for pair in pairs if pair[1])


@dataclass(frozen=True, slots=True)
class HealthRow:
    """A container in the health card."""

    key: Key
    name: str
    bars: tuple[str, ...]
    uptime: str
    restarts: str
    tone: str
    spoken: str


def health_rows(
    looks: Iterable[HostLook], health: Mapping[Key, HealthHistory], now: float
) -> tuple[HealthRow, ...]:
    """The last hour of each container of the project."""
    rows = []
    for look in looks:
        for seat in look.seats:
            history = health.get(seat.key)
            if not seat.ours or history is None:
                continue
            share = history.uptime(now)
            up = "–" if share is None else f"{math.floor(share * 1000) / 10:.4g}%"
            tone = "warn" if (share is not None and share < 1) or seat.restarts else "secondary"
            spoken = tr(
                "{name}: {up} up in the last hour, {n} restarts",
                name=host_words(seat.label),
                up=up,
                n=seat.restarts,
            )
            bars = tuple(bar.state for bar in history.bars(now))
            rows.append(
                HealthRow(seat.key, host_words(seat.label), bars, up, str(seat.restarts), tone, spoken)
            )
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A line of the chosen container's card: name, what it is measured against, values, the newest in words."""

    name: str
    note: str
    values: tuple[float | None, ...]
    now: str
    role: str = "chart.1"


def usage_rows(
    seat: Seat, health: HealthHistory | None, usage: UsageHistory | None, now: float, span: float = 900.0
) -> tuple[UsageRow, ...]:
    """Latency, CPU and memory of a container; nothing for what is not measured."""
    rows = []
    if health is not None and (answers := health.latencies(now - span)):
        high = percentile([seconds for _, seconds in answers], 0.95) or 0.0
        values = sampled(answers, now - span, now)
        rows.append(UsageRow(tr("Latency p95"), tr("health check"), values, f"{high * 1000:.0f} ms"))
    last = usage.last if usage is not None else None
    if usage is not None and last is not None:
        times = [(s.at, s) for s in usage.samples]
        cpu = sampled([(at, s.cpu_percent) for at, s in times], now - span, now)
        memory = sampled([(at, float(s.memory)) for at, s in times], now - span, now)
        rows.append(UsageRow(tr("CPU"), tr("of one core"), cpu, f"{last.cpu_percent:.0f}%"))
        limit = last.memory_limit
        note = tr("limit {size}", size=size(limit)) if limit else tr("no limit")
        tight = bool(limit) and last.memory >= 0.8 * limit
        rows.append(
            UsageRow(tr("Memory"), note, memory, size(last.memory), "chart.3" if tight else "chart.1")
        )
    return tuple(rows)


def sampled(
    pairs: Sequence[tuple[float, float]], start: float, end: float, slots: int = 60
) -> tuple[float | None, ...]:
    """The highest value of each of `slots` equal spans; one without any takes the value before it."""
    found: list[float | None] = [None] * slots
    width = (end - start) / slots
    for at, value in pairs:
        if start <= at <= end:
            slot = min(slots - 1, int((at - start) / width))
            found[slot] = value if found[slot] is None else max(value, found[slot] or 0.0)
    filled: list[float | None] = []
    for held in found:
        filled.append(held if held is not None else filled[-1] if filled else None)
    return tuple(filled)


def volume(
    counts: Mapping[int, Sequence[int]], now: float, span: float, bars: int = 60
) -> list[tuple[int, int, int]]:
    """(other, warn, error) lines in each bar, from counts per BUCKET of seconds."""
    found = [[0, 0, 0] for _ in range(bars)]
    start, width = now - span, span / bars
    for bucket, count in counts.items():
        index = int((bucket * BUCKET + BUCKET / 2 - start) / width)
        if 0 <= index < bars:
            for level in range(3):
                found[index][level] += count[level]
    return [(other, warn, error) for other, warn, error in found]


def volume_marks(now: float, span: float, count: int = 7) -> tuple[str, ...]:
    """Times below the strip."""
    marks = [clock(now - span * (1 - index / (count - 1))) for index in range(count - 1)]
    return (*marks, tr("now"))


def log_status(sources: int, rate: float, every: int, quiet: float | None) -> str:
    """What stands under the log at the left."""
    parts = [ntr("{n} source merged by time", "{n} sources merged by time", sources)]
    if quiet is not None and quiet >= QUIET_SECONDS:
        parts.append(tr("no lines for {time}", time=duration(quiet)))
    else:
        parts.append(ntr("{n:,} line/s", "{n:,} lines/s", round(rate)))
    if every > 1:
        parts.append(tr("showing 1 of {n}", n=every))
    return "   ".join(parts)


def sampling(rate: float) -> int:
    """Every how many lines one is shown."""
    return max(1, math.ceil(rate / TOO_FAST)) if rate > TOO_FAST else 1


def other_key(looks: Iterable[HostLook]) -> HostLook | None:
    """A host that shows a different key: it answers, and is perhaps another one. That is nothing to try again."""
    changed = ("host.key_changed", "host.key_type_changed")
    return next((look for look in looks if look.error is not None and look.error.code in changed), None)


def lost_banner(looks: Iterable[HostLook], streams: Iterable[Stream], now: float) -> tuple[str, str] | None:
    """(title, why) when hosts do not answer."""
    lost = [look for look in looks if look.answer is HostAnswer.LOST]
    if not lost:
        return None
    since = clock(min(look.since for look in lost))
    if len(lost) == 1:
        title = tr("No connection to {host} since {time}", host=lost[0].host, time=since)
    else:
        title = ntr(
            "No connection to {n} host since {time}",
            "No connection to {n} hosts since {time}",
            len(lost),
            time=since,
        )
    error = next((look.error for look in lost if look.error is not None), None)
    waits = [s.again - now for s in streams if s.state is StreamState.LOST and s.again > now]
    again = tr("Trying again in {n} s.", n=max(1, round(min(waits)))) if waits else tr("Trying again.")
    return title, str(sentences(error.why or error.what, again)) if error is not None else again


def alert_row(alert: LiveAlert) -> tuple[str, str, str]:
    """(state, title, second line)."""
    second = f"{host_words(alert.label)}, {clock(alert.at)}"
    return alert.state, str(alert.title), f"{second}: {alert.said}" if alert.said else second


def clock(at: float) -> str:
    """14:31, local."""
    return time.strftime("%H:%M", time.localtime(at))


def duration(seconds: float) -> str:
    """2 min 14 s, 3 h 5 min, 4 days 2 h."""
    whole = max(0, int(seconds))
    if whole < 60:
        return tr("{n} s", n=whole)
    if whole < 3600:
        return (
            tr("{m} min {s} s", m=whole // 60, s=whole % 60) if whole % 60 else tr("{n} min", n=whole // 60)
        )
    if whole < 86400:
        return tr("{h} h {m} min", h=whole // 3600, m=whole % 3600 // 60)
    return ntr("{n} day {h} h", "{n} days {h} h", whole // 86400, h=whole % 86400 // 3600)


def size(count: int) -> str:
    """188 MB, as Docker counts them for memory (1,024)."""
    value, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1024 or unit == "TB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def short_digest(digest: str) -> str:
    """sha256:c41e…77d0."""
    kind, _, value = digest.partition(":")
    return f"{kind}:{value[:4]}…{value[-4:]}" if len(value) > 12 else digest
