"""What a Docker Engine tells and takes, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from desktop.base.secret import Secret
from desktop.base.words import Words


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """`store` is where images lie: "classic" or "containerd" (there an image's id is its manifest's digest)."""

    server: str
    api: str
    store: str
    os: str
    arch: str
    rootless: bool = False
    min_api: str = ""
    kernel: str = ""
    root_dir: str = "/var/lib/docker"
    driver: str = ""
    cgroup: str = ""


@dataclass(frozen=True, slots=True)
class EngineImage:
    """`config_digest` is empty in a containerd store, where the engine does not tell it. Sizes in bytes."""

    id: str
    digest: str
    config_digest: str
    diff_ids: tuple[str, ...]
    tags: tuple[str, ...]
    os: str
    arch: str
    size: int = 0
    created: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Port:
    """`container` inside, published as `host` (0: the engine chooses) on the address `bind`."""

    container: int
    host: int = 0
    bind: str = "127.0.0.1"
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Container:
    """`state` is Docker's word: created, running, paused, restarting, removing, exited or dead. `health` is empty
    where the image has no check. `started` and `finished` are UTC seconds, 0 for never."""

    id: str
    name: str
    image: str
    image_id: str
    state: str
    exit_code: int = 0
    health: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    ports: tuple[Port, ...] = ()
    started: float = 0.0
    finished: float = 0.0
    created: float = 0.0
    restarts: int = 0
    error: str = ""
    oom_killed: bool = False
    address: str = ""
    """Its IP address in its first network; empty while it does not run."""

    @property
    def running(self) -> bool:
        return self.state in ("running", "restarting", "paused")


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container to create. Values of `env` may be secrets: they go through the API, never into a command line.

    `restart` is no, always, unless-stopped or on-failure[:N]; `memory` like "512m"; `volumes` like "/data:/data:ro".
    """

    name: str
    image: str
    env: Mapping[str, str | Secret] = field(default_factory=dict, hash=False)
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    ports: tuple[Port, ...] = ()
    restart: str = "unless-stopped"
    memory: str = ""
    network: str = ""
    user: str = ""
    volumes: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    log_options: Mapping[str, str] = field(default_factory=dict, hash=False)
    """For example {"max-size": "10m", "max-file": "5"}; empty: the engine's own."""
    aliases: tuple[str, ...] = ()
    """Its further names in a `network` of one's own."""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """One line of a container: `stream` is "out" or "err", `at_ns` UTC nanoseconds (0: no time came with it)."""

    stream: str
    at_ns: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Stats:
    """`cpu_percent` is of one processor (200 = two busy ones). Memory in bytes, without the file cache."""

    cpu_percent: float
    memory: int
    memory_limit: int
    at: float
    received: int = 0
    sent: int = 0
    processes: int = 0


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something happened to a container: `action` is start, die, health_status: unhealthy, oom, ..."""

    action: str
    id: str
    name: str
    at_ns: int
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One step of an image build as it goes on. `state` is running, done, cached or failed; `text` a line it wrote."""

    id: str
    name: str
    state: str
    text: str = ""
    seconds: float | None = None
    current: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ExecResult:
    code: int
    output: bytes


@dataclass(frozen=True, slots=True)
class DesktopApp:
    """An installed program that brings an engine when it is started."""

    name: str
    program: Path


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """Where this computer's engine may be. `source` says why it is looked for there."""

    address: str
    source: Words
    context: str = ""
    chosen: bool = False
    tls: str = ""
    """A folder with ca.pem, cert.pem and key.pem."""
