"""From hosts, facts and failures to the words of the Hosts page; pure, no Qt."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.words import Words, msg, ntr, sentences, tr
from desktop.hosts import Checked, Facts, Host, HostState, grouped
from desktop.ui.environments import environment_words

FULL = 0.9
"""A share of disk or memory from which a host needs a look."""
NO_ROOM = 0.995
"""From here on nothing of use fits any more."""
CLOCK_LIMIT = 2.0
"""Seconds of clock difference from which a host needs a look."""
KEY_CHANGED = ("host.key_changed", "host.key_type_changed")
_UNANSWERED = ("host.unreachable", "host.no_ssh", "host.ssh_dropped", "host.cut", "host.too_slow")


@dataclass(frozen=True, slots=True)
class Known:
    """What the page knows of one host: the last facts (perhaps of an earlier run), the last failure, what goes on."""

    facts: Facts | None = None
    error: GoferryError | None = None
    checked_at: float = 0.0
    """When it was last asked in this run; 0: not yet."""
    lost_at: float = 0.0
    """Since when it does not answer."""
    busy: bool = False
    fingerprints: tuple[str, ...] = ()
    work: Words = ""
    """The set-up that goes on there, with its step."""
    waits: bool = False
    """That set-up waits for somebody: a password, a key to compare."""


@dataclass(frozen=True, slots=True)
class HostRow:
    """One row of the tree. Shares are 0 to 1, None where nothing is known."""

    name: str
    address: str
    state: str
    state_text: str
    system: str = ""
    engine: str = ""
    ended: bool = False
    cpu: float | None = None
    memory: float | None = None
    disk: float | None = None
    containers: str = ""
    names: str = ""
    faded: bool = False
    """Old values of a host that does not answer."""
    answers: bool = False
    """It answered when it was last asked in this run."""

    @property
    def spoken(self) -> str:
        """What a screen reader says of the row."""
        return ", ".join(part for part in (self.name, self.state_text, self.system, self.engine) if part)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A heading over the hosts of one environment. `key` is the group's name; "" for hosts without one."""

    key: str
    title: str
    tone: str
    count_text: str
    trouble: str = ""
    trouble_state: str = "warn"
    hosts: tuple[HostRow, ...] = field(default=())


def tone_of(group: str) -> str:
    """The colour family of an environment, by what its name means."""
    lowered = group.lower()
    if lowered.startswith(("prod", "live")) or "生产" in group:
        return "env.prod"
    if lowered.startswith(("stag", "test", "uat", "pre")) or "预发" in group or "测试" in group:
        return "env.staging"
    return "env.dev" if lowered.startswith("dev") or "开发" in group else "off"


def host_row(host: Host, known: Known, session: HostState, now: float) -> HostRow:
    """The words and shares of one host."""
    state, text = host_state(host, known, session, now)
    facts = known.facts
    answers = known.error is None and known.checked_at > 0 and facts is not None
    base = HostRow(host.name, "" if host.local else host.address, state, text, answers=answers)
    if facts is None:
        return base
    lost = state in ("off", "fail") or (known.checked_at == 0 and not known.busy)
    return HostRow(
        base.name,
        base.address,
        state,
        text,
        system=facts.system.shown,
        engine=engine_line(facts),
        ended=facts.system.ended is not None,
        cpu=None if lost or facts.cpu_percent is None else facts.cpu_percent / 100,
        memory=None if lost else _share(facts.memory_bytes - facts.memory_free, facts.memory_bytes),
        disk=None if lost else _share(facts.disk_bytes - facts.disk_free, facts.disk_bytes),
        containers=tr("unknown") if lost else running_line(facts),
        names=last_seen_line(facts) if lost else names_line(facts, host),
        faded=lost,
        answers=answers,
    )


def host_state(host: Host, known: Known, session: HostState, now: float) -> tuple[str, str]:
    """(kit state, words) of a host."""
    if str(known.work):
        return ("warn", tr("Set-up waits for you")) if known.waits else ("busy", str(known.work))
    if known.busy:
        return "busy", tr("Checking…")
    if known.error is not None:
        return _failure_state(known, now)
    if known.checked_at == 0 or known.facts is None:
        return "wait", tr("Not checked yet")
    if trouble := troubles(known.facts):
        return "warn", trouble[0]
    if host.local:
        return "ok", tr("Ready")
    latency = session.latency_ms if session.latency_ms is not None else known.facts.latency_ms
    return "ok", tr("Connected") if latency is None else tr("Connected, {ms} ms", ms=max(1, round(latency)))


def set_up_now(jobs: Sequence[Job[Any]]) -> dict[str, tuple[Words, bool]]:
    """host -> what its set-up is at, and whether it waits for somebody, for those that are set up or taken back."""
    kinds = ("host.setup", "host.setup.plan")
    return {
        job.subject: (
            msg("Set-up: {stage}", stage=job.stage) if str(job.stage) else msg("Set-up"),
            job.state == "needs_you",
        )
        for job in jobs
        if job.kind in kinds and job.subject and not job.state.over and job.state != "waiting"
    }


def _failure_state(known: Known, now: float) -> tuple[str, str]:
    assert known.error is not None
    code = known.error.code
    if code in _UNANSWERED:
        return "off", tr("No answer since {time}", time=clock(known.lost_at or now))
    words = {
        "host.key_changed": tr("Key changed"),
        "host.key_type_changed": tr("Key changed"),
        "host.key_revoked": tr("Key revoked"),
        "host.key_unknown": tr("Key not confirmed"),
        "host.auth_refused": tr("Sign-in refused"),
        "host.password_needed": tr("Password needed"),
        "host.passphrase_needed": tr("Passphrase needed"),
        "host.password_expired": tr("Password expired"),
        "host.too_old": tr("SSH too old"),
    }
    waits = code in ("host.key_unknown", "host.password_needed", "host.passphrase_needed")
    return "warn" if waits else "fail", words.get(code, tr("Failed"))


def troubles(facts: Facts) -> tuple[str, ...]:
    """What needs a look, the most pressing first."""
    found = []
    engine = facts.engine
    if engine is not None and not engine.running:
        found.append(tr("Reconnect for Docker") if facts.group_pending else tr("Docker not running"))
    disk = _share(facts.disk_bytes - facts.disk_free, facts.disk_bytes) or 0
    if disk >= FULL:
        found.append(tr("Disk full") if disk >= NO_ROOM else tr("Disk almost full"))
    if (_share(facts.memory_bytes - facts.memory_free, facts.memory_bytes) or 0) >= FULL:
        found.append(tr("Memory almost full"))
    if facts.inodes_free is not None and facts.inodes_free < 1000:
        found.append(tr("No inodes left"))
    if facts.clock_offset is not None and abs(facts.clock_offset) > CLOCK_LIMIT:
        found.append(tr("Clock {seconds} s off", seconds=round(facts.clock_offset)))
    return tuple(found)


def engine_line(facts: Facts) -> str:
    engine = facts.engine
    if engine is None:
        return tr("Docker Engine missing")
    if not engine.running:
        return tr("Docker Engine down")
    return f"Docker Engine {short_version(engine.server)}"


def short_version(version: str) -> str:
    """28.5.2+dfsg4 → 28.5."""
    return ".".join(version.split("+")[0].split(".")[:2])


def running_line(facts: Facts) -> str:
    engine = facts.engine
    if engine is None or not engine.running or engine.containers_running == 0:
        return tr("none")
    return tr("{n} running now", n=engine.containers_running)


def names_line(facts: Facts, host: Host) -> str:
    engine = facts.engine
    if engine is None:
        return "" if host.local else tr("set-up first")
    return ", ".join(engine.names[:3]) + (", …" if len(engine.names) > 3 else "")


def last_seen_line(facts: Facts) -> str:
    engine = facts.engine
    count = engine.containers_running if engine is not None else 0
    return ntr("{n} last seen", "{n} last seen", count)


def _share(used: int, total: int) -> float | None:
    return min(1.0, max(0.0, used / total)) if total else None


def group_rows(
    hosts: Sequence[Host],
    known: Mapping[str, Known],
    sessions: Mapping[str, HostState],
    now: float,
    wanted: str = "",
) -> tuple[GroupRow, ...]:
    """The tree: production first, then staging, development, other groups, hosts without one, this computer.
    `wanted` filters by name, address or group."""
    members: dict[str, list[HostRow]] = {}
    for host in hosts:
        if _matches(host, wanted):
            row = host_row(
                host, known.get(host.name, Known()), sessions.get(host.name, HostState("idle")), now
            )
            members.setdefault(_home_of(host), []).append(row)
    order = sorted(members, key=lambda key: (_rank(key), key))
    return tuple(_group(key, tuple(sorted(members[key], key=_by_name))) for key in order)


def _by_name(row: HostRow) -> list[tuple[int, str]]:
    """web-2 before web-10, in whichever order servers signed in."""
    parts = re.split(r"(\d+)", row.name.casefold())
    return [(int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)]


LOCAL_GROUP = "\0local"


def _home_of(host: Host) -> str:
    return LOCAL_GROUP if host.local else host.groups[0] if host.groups else ""


def _rank(key: str) -> int:
    if key == LOCAL_GROUP:
        return 9
    if key == "":
        return 8
    return {"env.prod": 0, "env.staging": 1, "env.dev": 2}.get(tone_of(key), 3)


def _group(key: str, rows: tuple[HostRow, ...]) -> GroupRow:
    title = tr("This computer") if key == LOCAL_GROUP else environment_words(key) or tr("No environment")
    failed = sum(row.state == "fail" for row in rows)
    looks = sum(row.state == "warn" for row in rows)
    trouble, state = "", "warn"
    if failed:
        trouble, state = ntr("{n} failed", "{n} failed", failed), "fail"
    elif looks:
        trouble = ntr("{n} needs a look", "{n} need a look", looks)
    tone = tone_of(key) if key not in ("", LOCAL_GROUP) else "off"
    return GroupRow(key, title, tone, ntr("{n} host", "{n} hosts", len(rows)), trouble, state, rows)


def _matches(host: Host, wanted: str) -> bool:
    text = " ".join((host.name, host.address, host.user, *host.groups, host.note)).lower()
    return all(word in text for word in wanted.lower().split())


# --- the right column


Pair = tuple[str, str] | tuple[str, str, str]


def fact_pairs(facts: Facts) -> tuple[Pair, ...]:
    """What a host is, one line each."""
    system = f"{facts.system.shown}, {facts.arch}"
    pairs: list[Pair] = [(tr("System"), system)]
    if facts.system.ended is not None:
        pairs.append((tr("Maintained"), tr("ended {day}", day=facts.system.ended.isoformat()), "warn"))
    pairs += [
        (tr("Kernel"), facts.kernel),
        (tr("Docker Engine"), *_engine_fact(facts)),
        (
            tr("Processor"),
            ntr("{n} core, load {load}", "{n} cores, load {load}", facts.cpus, load=f"{facts.load:.2f}"),
        ),
        (tr("Memory"), _of(facts.memory_bytes - facts.memory_free, facts.memory_bytes)),
        (tr("Disk"), _of(facts.disk_bytes - facts.disk_free, facts.disk_bytes)),
        ("SELinux", facts.selinux or tr("unknown")),
        (tr("Firewall"), tr("off") if facts.firewall == "off" else facts.firewall or tr("unknown")),
        (tr("Clock"), clock_line(facts.clock_offset)),
        (tr("Up for"), duration(facts.uptime)),
        (tr("User"), user_line(facts)),
    ]
    return tuple(pairs)


def _engine_fact(facts: Facts) -> tuple[str, str]:
    engine = facts.engine
    if engine is None:
        return tr("not installed"), "secondary"
    if not engine.running:
        return engine.problem or tr("not running"), "warn"
    cgroup = f", cgroup v{engine.cgroup}" if engine.cgroup else ""
    return f"{engine.server}, API {engine.api}, {engine.driver}{cgroup}", ""


def user_line(facts: Facts) -> str:
    words = [facts.user]
    if facts.root:
        return facts.user
    words.append(tr("in the group docker") if facts.in_docker_group else tr("not in the group docker"))
    if facts.can_sudo:
        words.append(tr("may use sudo"))
    return tr(", ").join(words)


def clock_line(offset: float | None) -> str:
    if offset is None:
        return tr("unknown")
    if abs(offset) < 1:
        return tr("in step, {ms} ms off", ms=round(abs(offset) * 1000))
    return tr("{seconds} s off", seconds=f"{offset:+.1f}")


def duration(seconds: float) -> str:
    days, hours, minutes = int(seconds // 86400), int(seconds // 3600), int(seconds // 60)
    if days:
        return ntr("{n} day", "{n} days", days)
    if hours:
        return ntr("{n} hour", "{n} hours", hours)
    return ntr("{n} minute", "{n} minutes", minutes)


def _of(used: int, total: int) -> str:
    if used < 5e7:  # 0.0 GB would be none
        return tr("{used} MB of {total} GB", used=round(used / 1e6), total=f"{total / 1e9:.1f}")
    return tr("{used} of {total} GB", used=f"{used / 1e9:.1f}", total=f"{total / 1e9:.1f}")


def connection_pairs(host: Host, known: Known, session: HostState) -> tuple[Pair, ...]:
    """How Goferry gets there, and who the host proved to be."""
    ways = {
        "own": tr("Goferry's own key"),
        "key": host.key,
        "agent": tr("Key agent"),
        "password": tr("Password each time"),
    }
    pairs: list[Pair] = [(tr("Sign-in"), ways.get(host.auth, host.auth))]
    if host.via:
        pairs.append((tr("Jump host"), host.via))
    shown = known.fingerprints[0] if known.fingerprints else tr("not confirmed")
    pairs.append((tr("Fingerprint"), in_two_lines(shown), "mono"))
    open_now = tr("none") if session.word != "connected" else str(session.sessions)
    pairs.append((tr("Open sessions"), open_now))
    return tuple(pairs)


def in_two_lines(fingerprint: str) -> str:
    """It has no place to break at by itself."""
    return f"{fingerprint[:25]}\n{fingerprint[25:]}" if fingerprint.startswith("SHA256:") else fingerprint


def as_of(known: Known) -> str:
    """For facts that were not asked for just now."""
    if known.facts is None:
        return ""
    return tr("as of {time}", time=clock(known.facts.taken_at))


def clock(at: float) -> str:
    return time.strftime("%H:%M", time.localtime(at))


def checked_line(known: Iterable[Known]) -> str:
    """When the hosts were last asked."""
    last = max((one.checked_at for one in known), default=0.0)
    return tr("checked {time}", time=clock(last)) if last else tr("not checked yet")


def status_line(groups: Sequence[GroupRow]) -> tuple[str, str]:
    """(state, words) for the status bar: "7 of 8 hosts connected"."""
    rows = [row for group in groups for row in group.hosts if row.address]
    if not rows:
        return "off", ""
    good = sum(row.answers for row in rows)
    states = {row.state for row in rows}
    state = "fail" if "fail" in states else "warn" if "off" in states else "ok"
    if state == "ok" and states & {"wait", "busy"}:
        state = "wait"  # nothing is wrong with a host that was not asked yet
    return state, tr("{good} of {all} hosts connected", good=good, all=len(rows))


# --- adding


def fingerprint_lines(fingerprint: str) -> str:
    """SHA256: and two lines of groups of four, to be compared by eye."""
    prefix, *groups = grouped(fingerprint)
    half = (len(groups) + 1) // 2
    return f"{prefix}\n{' '.join(groups[:half])}\n{' '.join(groups[half:])}"


def compared(pasted: str, shown: str) -> str:
    """ "" for nothing pasted, else "same", "different" or "unreadable"."""
    from desktop.hosts import BadHostField, check_fingerprint

    if not pasted.strip():
        return ""
    try:
        return "same" if check_fingerprint(pasted) == shown else "different"
    except BadHostField:
        return "unreadable"


def console_command(kind: str) -> str:
    """How to read a key's fingerprint at the server itself."""
    return f"ssh-keygen -lf /etc/ssh/ssh_host_{kind.lower()}_key.pub"


def error_text(error: GoferryError) -> tuple[str, str]:
    """(sentence, why and what to do)."""
    return str(error.what), str(sentences(error.why, error.fix))


def after_check(before: Known, checked: Checked, now: float, fingerprints: tuple[str, ...]) -> Known:
    """What is known after an answer: the old facts stay when there are no new ones."""
    code = checked.error.code if checked.error is not None else ""
    lost = (before.lost_at or now) if code in _UNANSWERED else 0.0
    return Known(
        facts=checked.facts or before.facts,
        error=checked.error,
        checked_at=now,
        lost_at=lost,
        fingerprints=fingerprints,
    )
