"""What is released and where it stands; frozen values, no doing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.errors import GoferryError
from desktop.base.plans import StepResult
from desktop.base.secret import Secret
from desktop.base.words import Words

if TYPE_CHECKING:
    from desktop.build import Binary
    from desktop.image import Image

STAGES = ("upload", "load", "start", "health", "switch", "retire")
"""The lanes a person sees; the plan has `lock` before them and `record` after."""


class Outcome(StrEnum):
    """What became of a release on a host."""

    GOOD = "good"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
    REMOVED = "removed"


class HostState(StrEnum):
    """A host's state after a release, as in the headless contract."""

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """How a release proves that it works. Seconds. Exactly one of `http` (a path), `tcp` and `command`, or none."""

    http: str = "/health"
    tcp: bool = False
    command: tuple[str, ...] = ()
    interval: float = 5.0
    timeout: float = 2.0
    retries: int = 3
    start: float = 30.0

    @property
    def patience(self) -> float:
        """Seconds from the start after which a release that never answered well counts as failed."""
        return self.start + self.retries * self.interval


@dataclass(frozen=True, slots=True)
class Release:
    """One version of an app with its configuration. `at` is the host's time in seconds since 1970."""

    id: str
    sequence: int
    app: str
    image_ref: str
    image_digest: str
    """Of the image's configuration ("sha256:…"), or of the bare binary: what really runs."""
    version: str
    port: int
    publish: int
    bind: str = "127.0.0.1"
    args: tuple[str, ...] = ()
    """Words that a bare program is started with; an image has its own inside."""
    env: tuple[tuple[str, str], ...] = ()
    secret_names: tuple[str, ...] = ()
    secret_mark: str = ""
    """Tells whether secret values changed, and too short to tell which they were."""
    health: Health = field(default_factory=Health)
    memory: str = ""
    environment: str = ""
    by: str = ""
    at: float = 0.0
    note: str = ""
    mode: str = "direct"
    """"direct": its container owns the port. "proxy": a front does, and passes requests on to it."""
    outcome: Outcome = Outcome.GOOD
    why: str = ""
    """With FAILED and ROLLED_BACK: what happened."""

    @property
    def container(self) -> str:
        return f"{self.app}-{self.id}"

    @property
    def proxied(self) -> bool:
        return self.mode == "proxy"

    @property
    def title(self) -> str:
        """As people name it: "1.9.0 (7-1f3a)"."""
        return f"{self.version} ({self.id})" if self.version else self.id

    @property
    def fingerprint(self) -> str:
        """Equal for releases that run the same with the same configuration."""
        parts = (self.app, self.image_digest, self.port, self.publish, self.bind, sorted(self.env))
        more = (sorted(self.secret_names), self.secret_mark, self.memory, self.health.command, self.args)
        mode = (self.mode,) if self.proxied else ()  # what was released before there were modes keeps its own
        return hashlib.sha256(json.dumps([parts, more, *mode]).encode()).hexdigest()

    def ended(self, outcome: Outcome, why: str = "") -> Release:
        return replace(self, outcome=outcome, why=why)


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is brought to a host: an image for an engine, a binary for this computer without one."""

    image: Image | None = None
    binary: Binary | None = None
    folder: Path | None = None
    """Where a bare binary starts, so that it finds its files."""
    ref: str = ""
    digest: str = ""

    @classmethod
    def of_image(cls, image: Image, binary: Binary | None = None) -> Artifact:
        """`binary`: the program in the image, where it is known."""
        return cls(image=image, binary=binary, ref=image.ref, digest=image.config_digest)

    @classmethod
    def of_binary(cls, binary: Binary, folder: Path) -> Artifact:
        return cls(binary=binary, folder=folder, ref=str(binary.path), digest=f"sha256:{binary.sha256}")

    @classmethod
    def of_release(cls, release: Release) -> Artifact:
        """What a rollback brings: nothing, for the host has it."""
        return cls(ref=release.image_ref, digest=release.image_digest)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to serve. Secrets have their values here and nowhere else."""

    app: str
    version: str
    port: int
    publish: int
    bind: str = "127.0.0.1"
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, Secret], ...] = ()
    later: tuple[str, ...] = ()
    """Secrets whose values are not known yet: good for a plan, which takes them to be as `mark` tells."""
    mark: str = ""
    health: Health = field(default_factory=Health)
    memory: str = ""
    environment: str = ""
    by: str = ""
    note: str = ""
    mode: str = "direct"
    keep: int = 5

    @property
    def secret_mark(self) -> str:
        if not self.secrets or self.later:
            return self.mark
        text = json.dumps([self.app, sorted((name, secret.reveal()) for name, secret in self.secrets)])
        # 16 bits: a changed secret is noticed (all but once in 65,536), and nothing can be guessed from them
        return hashlib.sha256(text.encode()).hexdigest()[:4]

    def release(self, artifact: Artifact, sequence: int, at: float) -> Release:
        """The release this wish becomes; its id holds its place in the order and four digits of what it is."""
        made = Release(
            id="",
            sequence=sequence,
            app=self.app,
            image_ref=artifact.ref,
            image_digest=artifact.digest,
            version=self.version,
            port=self.port,
            publish=self.publish,
            bind=self.bind,
            args=self.args,
            env=tuple(sorted(self.env)),
            secret_names=tuple(sorted((*self.later, *(name for name, _ in self.secrets)))),
            secret_mark=self.secret_mark,
            health=self.health,
            memory=self.memory,
            environment=self.environment,
            by=self.by,
            at=at,
            note=self.note,
            mode=self.mode if self.port and self.publish else "direct",
        )
        return replace(made, id=f"{sequence}-{made.fingerprint[:4]}")

    def values(self) -> tuple[tuple[str, str | Secret], ...]:
        """The environment as the app gets it."""
        return (*self.env, *self.secrets)


@dataclass(frozen=True, slots=True)
class Instance:
    """A running or stopped release on a host, as it is now."""

    host: str
    app: str
    release: str
    state: str
    """"running", "exited", "created", "restarting", "paused", "dead", "stopped"."""
    health: str = ""
    """"healthy", "unhealthy", "" when nobody asked."""
    ports: tuple[str, ...] = ()
    version: str = ""
    restarts: int = 0
    exit_code: int | None = None
    started: float = 0.0
    container: str = ""

    @property
    def running(self) -> bool:
        return self.state in ("running", "restarting", "paused")

    def to_json(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "release": self.release,
            "version": self.version,
            "state": self.state,
            "health": self.health or "unknown",
            "ports": list(self.ports),
            "restarts": self.restarts,
            "started": self.started,
            "container": self.container,
        }


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock of an app on a host; times are the host's."""

    by: str
    what: str
    since: float
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What is true on a host for an app, read there."""

    host: str
    app: str
    releases: tuple[Release, ...] = ()
    """Known, by sequence, oldest first."""
    instances: tuple[Instance, ...] = ()
    current: str = ""
    """The release that serves, or served last before a person stopped it."""
    now: float = 0.0
    """The host's time."""
    arch: str = ""
    holder: Holder | None = None

    @property
    def next_sequence(self) -> int:
        numbers = [release.sequence for release in self.releases]
        # an instance that was cut off has no record yet, and its number is taken all the same
        numbers += [int(number) for i in self.instances if (number := i.release.partition("-")[0]).isdigit()]
        return max(numbers, default=0) + 1

    def release(self, wanted: str) -> Release | None:
        return next((r for r in self.releases if r.id == wanted or str(r.sequence) == wanted), None)

    @property
    def serving(self) -> Release | None:
        return self.release(self.current) if self.current else None

    def instance(self, release: str) -> Instance | None:
        return next((i for i in self.instances if i.release == release), None)

    @property
    def up(self) -> bool:
        """Whether the current release runs."""
        instance = self.instance(self.current)
        return instance is not None and instance.running

    def previous_good(self) -> Release | None:
        """What a rollback goes to: the newest good release before the current one."""
        serving = self.serving
        before = serving.sequence if serving is not None else self.next_sequence
        good = [r for r in self.releases if r.outcome is Outcome.GOOD and r.sequence < before]
        return good[-1] if good else None


@dataclass(frozen=True, slots=True)
class Sent:
    """What went over the wire."""

    bytes: int = 0
    seconds: float = 0.0
    how: str = "none"
    """"none" (it was there), "whole", "layers" (those that were missing), "delta" (what changed in the program)."""
    relayed: int = 0
    """Bytes that came from another server and are not in `bytes`."""
    note: Words = ""
    """What a person should know of the way."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """A server that hands on to the others: what it was sent for that, and why it was not used, where it was not."""

    host: str
    sent_bytes: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ToSend:
    """What a deploy would send to a host: bytes before packing, and how many of the layers are there already."""

    bytes: int = 0
    there: int = 0
    layers: int = 0
    changes_only: bool = False
    """Of the program only what changed is sent: `bytes` are those of the change, packed."""


@dataclass(frozen=True, slots=True)
class HostResult:
    """How a release went on one host."""

    name: str
    state: HostState
    steps: tuple[StepResult, ...] = ()
    sent_bytes: int = 0
    downtime_ms: int | None = None
    """From the stop of the old version to the first good answer of the new; None when nothing served before."""
    seconds: float = 0.0
    error: GoferryError | None = None
    notes: tuple[Words, ...] = ()
    sent_how: str = "none"
    """As `Sent.how`."""
    relayed_bytes: int = 0
    """What it fetched from another server, instead of this computer's uplink."""

    def to_json(self) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "name": self.name,
            "state": str(self.state),
            "steps": [step.to_json() for step in self.steps],
            "sent_bytes": self.sent_bytes,
            "relayed_bytes": self.relayed_bytes,
            "downtime_ms": self.downtime_ms,
            "seconds": round(self.seconds, 3),
        }
        if self.error is not None:
            answer["error"] = self.error.to_json()
        return answer


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """How a release went as a whole."""

    release: Release
    hosts: tuple[HostResult, ...]
    relay: Relayed | None = None

    @property
    def ok(self) -> bool:
        return all(
            host.state in (HostState.DONE, HostState.UNCHANGED) and host.error is None for host in self.hosts
        )

    @property
    def sent_bytes(self) -> int:
        """By this computer, to all of them."""
        return sum(host.sent_bytes for host in self.hosts) + (self.relay.sent_bytes if self.relay else 0)

    @property
    def error(self) -> GoferryError | None:
        return next((host.error for host in self.hosts if host.error is not None), None)


@dataclass(frozen=True, slots=True)
class Change:
    """A configuration key that differs between two releases. Secrets show no value."""

    key: str
    before: str | None
    after: str | None
