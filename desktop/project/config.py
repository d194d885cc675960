"""goferry.yaml as values. Every field has the default that holds when the key is not there."""

from __future__ import annotations

from dataclasses import dataclass, field

CONFIG_FILE = "goferry.yaml"


@dataclass(frozen=True, slots=True)
class BuildOptions:
    targets: tuple[str, ...] = ("linux/amd64",)
    cgo: bool = False
    strip: bool = True
    trimpath: bool = True
    version: str = "git"
    """"git": from tag, commit and whether there are changes; else the version itself."""
    tags: tuple[str, ...] = ()
    ldflags: str = ""
    race: bool = False
    vet: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True)
class ImageOptions:
    base: str = "scratch"
    files: tuple[str, ...] = ()
    """Relative paths in the project, with slashes; they keep their place beside the program."""
    user: int = 65532
    builder: str = "builtin"
    labels: dict[str, str] = field(default_factory=dict, hash=False)
    ref: str = ""
    """Repository of the image; empty: the project's name."""


@dataclass(frozen=True, slots=True)
class HealthOptions:
    """How to see that the program serves. Durations are seconds. At most one of http, tcp, command is set."""

    http: str | None = "/health"
    tcp: bool = False
    command: tuple[str, ...] | None = None
    interval: float = 5.0
    timeout: float = 2.0
    retries: int = 3
    start: float = 30.0


@dataclass(frozen=True, slots=True)
class Environment:
    name: str
    hosts: tuple[str, ...] = ()
    mode: str = "direct"
    publish: int = 0
    """Port on the host; 0: the program's own."""
    bind: str = "127.0.0.1"
    env: dict[str, str] = field(default_factory=dict, hash=False)
    secrets: tuple[str, ...] = ()
    memory: str = ""
    """Limit such as "256m"; empty: none."""
    strategy: str = "one"
    """Over several hosts: "one" after the other, in "batches", or "all" at once."""
    batch: int = 2
    """Hosts of a batch."""
    on_failure: str = "stop"
    """"stop": no further host begins; "rollback": those before go back too."""
    relay: str = ""
    """Host near the others that hands them what they need, "web-1" or "web-1:47800"; empty: none."""


@dataclass(frozen=True, slots=True)
class Config:
    name: str
    main: str = "."
    port: int = 0
    """The port that the program listens on; 0: it serves none."""
    args: tuple[str, ...] = ()
    """Words that the program is started with; relative paths are beside the program in the image."""
    build: BuildOptions = field(default_factory=BuildOptions)
    image: ImageOptions = field(default_factory=ImageOptions)
    health: HealthOptions = field(default_factory=HealthOptions)
    environments: dict[str, Environment] = field(default_factory=dict, hash=False)
