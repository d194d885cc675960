"""From the engine's JSON and log lines to values; pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .model import Container, EngineEvent, EngineImage, EngineVersion, LogChunk, Port, Stats

_TIME = re.compile(rb"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def engine_version(version: Mapping[str, Any], info: Mapping[str, Any]) -> EngineVersion:
    store = "classic"
    for pair in info.get("DriverStatus") or ():
        if len(pair) == 2 and "io.containerd.snapshotter" in str(pair[1]):
            store = "containerd"
    options = " ".join(info.get("SecurityOptions") or ())
    return EngineVersion(
        server=str(version.get("Version", "")),
        api=str(version.get("ApiVersion", "")),
        store=store,
        os=str(version.get("Os", "")),
        arch=str(version.get("Arch", "")),
        rootless="name=rootless" in options,
        min_api=str(version.get("MinAPIVersion", "")),
        kernel=str(version.get("KernelVersion", "")),
        root_dir=str(info.get("DockerRootDir", "")),
        driver=str(info.get("Driver", "")),
        cgroup=str(info.get("CgroupVersion", "")),
    )


def engine_image(found: Mapping[str, Any], store: str = "classic") -> EngineImage:
    """From `image inspect`."""
    digests = [text.partition("@")[2] for text in found.get("RepoDigests") or ()]
    identity = str(found.get("Id", ""))
    config = found.get("Config") or {}
    return EngineImage(
        id=identity,
        digest=digests[0] if digests else identity if store == "containerd" else "",
        config_digest=identity if store == "classic" else "",
        diff_ids=tuple((found.get("RootFS") or {}).get("Layers") or ()),
        tags=tuple(tag for tag in found.get("RepoTags") or () if tag != "<none>:<none>"),
        os=str(found.get("Os", "")),
        arch=str(found.get("Architecture", "")),
        size=int(found.get("Size") or 0),
        created=seconds(str(found.get("Created") or "")),
        labels=dict(config.get("Labels") or {}),
    )


def container(found: Mapping[str, Any]) -> Container:
    """From `container inspect`."""
    state = found.get("State") or {}
    config = found.get("Config") or {}
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = [str(network.get("IPAddress") or "") for network in networks.values()]
    return Container(
        id=str(found.get("Id", "")),
        name=str(found.get("Name", "")).lstrip("/"),
        image=str(config.get("Image", "")),
        image_id=str(found.get("Image", "")),
        state=str(state.get("Status", "")),
        exit_code=int(state.get("ExitCode") or 0),
        health=_health(state),
        labels=dict(config.get("Labels") or {}),
        ports=_ports(found),
        started=seconds(str(state.get("StartedAt") or "")),
        finished=seconds(str(state.get("FinishedAt") or "")),
        created=seconds(str(found.get("Created") or "")),
        restarts=int(found.get("RestartCount") or 0),
        error=str(state.get("Error") or ""),
        oom_killed=bool(state.get("OOMKilled")),
        address=next((address for address in addresses if address), ""),
    )


def _health(state: Mapping[str, Any]) -> str:
    word = str((state.get("Health") or {}).get("Status") or "")
    return "" if word == "none" else word


def _ports(found: Mapping[str, Any]) -> tuple[Port, ...]:
    """What is published now; while it does not run, what was asked for."""
    bound = (found.get("NetworkSettings") or {}).get("Ports") or {}
    wanted = (found.get("HostConfig") or {}).get("PortBindings") or {}
    ports = []
    for key, places in (bound if any(bound.values()) else wanted).items():
        number, _, protocol = key.partition("/")
        for place in places or ():
            host = place.get("HostPort") or "0"
            ports.append(Port(int(number), int(host), place.get("HostIp") or "0.0.0.0", protocol or "tcp"))  # noqa: S104  what Docker means by empty
    return tuple(dict.fromkeys(ports))


def stats(found: Mapping[str, Any], before: tuple[int, int] | None = None) -> Stats:
    """From `/stats`. `before` is (container, system) CPU time of an earlier sample, for answers without their own."""
    cpu, system = cpu_times(found)
    earlier = before or cpu_times({"cpu_stats": found.get("precpu_stats") or {}})
    percent = 0.0
    if earlier[1] and system > earlier[1]:
        cores = _cores(found)
        percent = max(0.0, (cpu - earlier[0]) / (system - earlier[1]) * cores * 100.0)
    memory = found.get("memory_stats") or {}
    details = memory.get("stats") or {}
    cache = details.get("inactive_file", details.get("total_inactive_file", 0))
    networks = (found.get("networks") or {}).values()
    return Stats(
        cpu_percent=percent,
        memory=max(0, int(memory.get("usage") or 0) - int(cache or 0)),
        memory_limit=int(memory.get("limit") or 0),
        at=seconds(str(found.get("read") or "")),
        received=sum(int(network.get("rx_bytes") or 0) for network in networks),
        sent=sum(int(network.get("tx_bytes") or 0) for network in networks),
        processes=int((found.get("pids_stats") or {}).get("current") or 0),
    )


def cpu_times(found: Mapping[str, Any]) -> tuple[int, int]:
    """(container, system) CPU time so far, in nanoseconds."""
    cpu = found.get("cpu_stats") or {}
    return int((cpu.get("cpu_usage") or {}).get("total_usage") or 0), int(cpu.get("system_cpu_usage") or 0)


def _cores(found: Mapping[str, Any]) -> int:
    cpu = found.get("cpu_stats") or {}
    return int(cpu.get("online_cpus") or len((cpu.get("cpu_usage") or {}).get("percpu_usage") or ()) or 1)


def event(found: Mapping[str, Any]) -> EngineEvent | None:
    """One line of `docker events`; None for what is not about a container."""
    if found.get("Type") != "container":
        return None
    actor = found.get("Actor") or {}
    attributes = dict(actor.get("Attributes") or {})
    code = attributes.get("exitCode")
    return EngineEvent(
        action=str(found.get("Action") or found.get("status") or ""),
        id=str(actor.get("ID") or found.get("id") or ""),
        name=str(attributes.get("name", "")),
        at_ns=int(found.get("timeNano") or int(found.get("time") or 0) * 1_000_000_000),
        labels=attributes,
        exit_code=int(code) if code is not None and code.lstrip("-").isdigit() else None,
    )


def nanoseconds(stamp: bytes) -> int:
    """UTC nanoseconds of an RFC 3339 time; 0 for none and for Docker's year 1."""
    found = _TIME.match(stamp)
    if found is None:
        return 0
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    if year < 1970:
        return 0
    whole = calendar.timegm((year, month, day, hour, minute, second))
    zone = found[8]
    if zone != b"Z":
        sign = -1 if zone[:1] == b"+" else 1
        whole += sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)
    return whole * 1_000_000_000 + int((found[7] or b"0").ljust(9, b"0"))


def seconds(stamp: str) -> float:
    return nanoseconds(stamp.encode()) / 1e9


def log_line(stream: str, line: bytes) -> LogChunk:
    """A line of `docker logs --timestamps`."""
    stamp, _, rest = line.partition(b" ")
    at = nanoseconds(stamp)
    return LogChunk(stream, at, rest) if at else LogChunk(stream, 0, line)


class FrameReader:
    """Takes the bytes of `/logs` of a container without a terminal, and gives lines.

    Frames are `stream 0 0 0 length` and data. A frame without a line end is a part of a longer line: what follows it
    repeats the time, which is taken out.
    """

    def __init__(self) -> None:
        self._bytes = b""
        self._open: dict[str, bytes] = {}

    def feed(self, data: bytes) -> list[LogChunk]:
        self._bytes += data
        lines: list[LogChunk] = []
        while len(self._bytes) >= 8:
            length = int.from_bytes(self._bytes[4:8], "big")
            if len(self._bytes) < 8 + length:
                break
            stream = "err" if self._bytes[0] == 2 else "out"
            lines += self._frame(stream, self._bytes[8 : 8 + length])
            self._bytes = self._bytes[8 + length :]
        return lines

    def _frame(self, stream: str, data: bytes) -> Iterable[LogChunk]:
        begun = self._open.pop(stream, b"")
        if begun:
            stamp, _, rest = data.partition(b" ")
            data = begun + (rest if nanoseconds(stamp) else data)
        *whole, rest = data.split(b"\n")
        if rest:
            self._open[stream] = rest[: 1 << 20]
        return [log_line(stream, line.removesuffix(b"\r")) for line in whole]

    def finish(self) -> list[LogChunk]:
        left, self._open = self._open, {}
        return [log_line(stream, line) for stream, line in left.items()]


def loaded_refs(text: str) -> tuple[str, ...]:
    """What `docker load` says it stored: references, or ids of images without one."""
    found = re.findall(r"Loaded image(?: ID)?: (\S+)", text)
    return tuple(dict.fromkeys(found))


def since_word(since: float | None) -> str:
    """A time for --since: seconds with nine decimals, as docker takes it."""
    return f"{since:.9f}" if since is not None else ""
