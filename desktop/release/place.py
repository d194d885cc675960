"""What a rollout needs from a place where releases live: a host's engine, or this computer without one."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from desktop.base.commands import Command
from desktop.base.plans import Recorder
from desktop.base.secret import Secret
from desktop.base.words import Words

from .model import Artifact, Instance, Release, Seen, Sent, ToSend

if TYPE_CHECKING:
    from desktop.build import Binary
    from desktop.ship import Convoy

Values = tuple[tuple[str, str | Secret], ...]
"""The environment of an app: settings and secrets."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at a release's health. `said` is for a person: "200 OK", "connection refused"."""

    ok: bool
    said: Words
    ms: float = 0.0


@dataclass(frozen=True, slots=True)
class HealthLook:
    """A stretch of looks at a release's health, taken on the host. `passed`: it was well as often as wanted."""

    probes: tuple[Probe, ...]
    instance: Instance | None
    passed: bool


class Shipment(Protocol):
    """Something on its way to a host."""

    async def sent(self) -> Sent:
        """Returns when the last byte has left."""

    async def loaded(self) -> Sent:
        """Returns when the host has it whole and has checked it, with all that was sent for it."""


@runtime_checkable
class Watches(Protocol):
    """A place that may be able to watch a release's health without asking over and over."""

    async def watch(self, release: Release, seconds: float, good: int) -> HealthLook | None:
        """Until it was well `good` times in a row, has ended, or the time is over. None: ask by `probe`."""


@runtime_checkable
class Foresees(Protocol):
    """A place that may get ready while a program is being built."""

    def warm(self) -> None:
        """A look is coming, and something that needs more than it."""

    def expect(self, mode: str, *, soon: bool = False) -> None:
        """A release of that mode is coming. `soon`: for this place alone, and not only as a plan that is read: what it
        will need may be sent already, as long as it stays in nobody's way."""

    def foresee(self, binary: Binary) -> None:
        """This program is what will be sent; its image is still being made."""


@runtime_checkable
class GoesAhead(Protocol):
    """A place that may be asked for the next thing while the answer to the one before is on its way; its host keeps the
    order all the same, and does nothing without the lock."""

    def ship_ahead(self, release: Release, artifact: Artifact, recorder: Recorder) -> None:
        """Before `hold`: sends what `ship` will be asked for, where that is little. What no `ship` has asked for is
        taken back before the lock is free."""

    async def start_ahead(
        self, release: Release, old: Release | None, artifact: Artifact, values: Values, recorder: Recorder
    ) -> bool:
        """After `sent`: asks for what `create` and `swap` will be called for, to be done when the artifact is there
        whole and is the one that was meant. False: it could not be asked for."""

    async def called_off(self) -> bool:
        """Ends what `start_ahead` has asked for; whether it may have begun."""


@runtime_checkable
class Joins(Protocol):
    """A place that can share with the other hosts of a run what is sent to all of them."""

    def join(self, convoy: Convoy | None) -> None:
        """From now on; None: no more."""


class Place(Protocol):
    """One host and its way to run releases. All calls may raise GoferryError; none leaves anything half-written."""

    host: str
    kind: str
    """"engine" or "native"."""

    async def look(self, app: str) -> Seen:
        """What is there now."""

    def hold(self, app: str, by: str, what: str) -> AbstractAsyncContextManager[None]:
        """The lock of an app on this host. Raises Locked at once when somebody has it; freed with the link."""

    async def check(self, release: Release, artifact: Artifact, seen: Seen) -> None:
        """Raises what would make the release fail, before anything is sent: wrong CPU, port taken, no room."""

    async def take_over(self, app: str) -> None:
        """Frees the lock that somebody holds, on a person's word."""

    async def has(self, release: Release, artifact: Artifact) -> bool:
        """Whether the artifact is there whole."""

    async def to_send(self, release: Release, artifact: Artifact) -> ToSend:
        """What `ship` would send, for the plan."""

    def ship(
        self, release: Release, artifact: Artifact, recorder: Recorder
    ) -> AbstractAsyncContextManager[Shipment]:
        """Sends it; leaving early takes back what arrived."""

    async def create(self, release: Release, artifact: Artifact, values: Values, recorder: Recorder) -> None:
        """Makes the instance without starting it. One that is there already, and is the same, is kept; so is one
        whose secrets have no value in `values`: it holds them. Raises SecretMissing when there is none."""

    async def swap(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        """Stops the old instance and starts the new one in its place. Where the host can, it takes this back by
        itself when nobody confirms: the link was cut, or this program ended."""

    async def probe(self, release: Release) -> Probe:
        """Asks its health once, as seen from the host."""

    async def instance(self, release: Release) -> Instance | None: ...

    async def tail(self, release: Release, lines: int = 40) -> str:
        """Its last log lines."""

    async def confirm(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        """The new one stays: it is recorded as the current one, and comes back after a reboot; the old one does not."""

    async def settle(self, release: Release, recorder: Recorder) -> None:
        """After `confirm`: returns when the old instance has answered what was asked of it before, and is stopped; or
        when that took too long. Goes on by itself when nobody waits for it."""

    async def restore(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        """Takes the new instance away and starts the old one. Raises when the old one does not start."""

    async def record(self, release: Release) -> None:
        """Writes the release into the host's history."""

    async def retire(
        self, releases: tuple[Release, ...], kept: tuple[Release, ...], recorder: Recorder
    ) -> None:
        """Removes instances and images of `releases`, never what one of `kept` uses."""

    async def sweep(self, instances: tuple[Instance, ...], recorder: Recorder) -> None:
        """Removes instances that an interrupted release left behind."""

    async def stop(self, release: Release) -> None: ...

    async def start(self, release: Release, values: Values) -> None: ...

    async def restart(self, release: Release, values: Values) -> None: ...

    async def forget(self, app: str, releases: tuple[Release, ...]) -> None:
        """Removes the app from this host: instances, images, history. Under the lock."""

    async def clear(self, app: str) -> None:
        """After `forget`, when the lock is free: takes the lock and the empty folder away too."""

    def commands(
        self, stage: str, release: Release, old: Release | None, artifact: Artifact
    ) -> tuple[Command, ...]:
        """What a stage runs, for a person to read before."""
