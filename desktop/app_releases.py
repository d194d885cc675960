"""The life of what is deployed: history, rollback, stop, start, restart, remove, prune."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.errors import GoferryError, explained
from desktop.base.plans import Recorder
from desktop.base.secret import Secret
from desktop.release import (
    Artifact,
    HostResult,
    HostState,
    Instance,
    NothingReleased,
    Outcome,
    Place,
    Release,
    Rollout,
    SecretMissing,
    Seen,
    config_changes,
    lacking,
    rollback_target,
    to_prune,
)

from .app_deploy import Prepared, Target, find_target, look_at, release_values, who
from .app_fleet import strategy_of, way_back

if TYPE_CHECKING:
    from desktop.app import App

Act = Callable[[Place, Seen, Release], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Overview:
    """What is on the hosts of a target, and who did not answer."""

    target: Target
    places: Mapping[str, Place]
    seen: Mapping[str, Seen]
    offline: Mapping[str, GoferryError]

    @property
    def instances(self) -> tuple[Instance, ...]:
        return tuple(instance for seen in self.seen.values() for instance in seen.instances)

    def history(self) -> list[dict[str, object]]:
        """Releases of all hosts, newest first, with where each is and what it changed."""
        rows: dict[str, dict[str, object]] = {}
        for host, seen in self.seen.items():
            before: Release | None = None
            for release in seen.releases:
                row = rows.setdefault(release.id, _row(release, before))
                on = row["hosts"]
                assert isinstance(on, list)  # made in _row
                on.append({"name": host, "state": _state(release, seen)})
                before = release if release.outcome is not Outcome.FAILED else before
        return sorted(rows.values(), key=lambda row: int(str(row["sequence"])), reverse=True)


def _row(release: Release, before: Release | None) -> dict[str, object]:
    changes = config_changes(before, release) if before is not None else ()
    return {
        "id": release.id,
        "sequence": release.sequence,
        "version": release.version,
        "image": release.image_ref,
        "digest": release.image_digest,
        "by": release.by,
        "at": release.at,
        "environment": release.environment,
        "note": release.note,
        "why": release.why,
        "changes": [{"key": c.key, "before": c.before, "after": c.after} for c in changes],
        "hosts": [],
    }


def _state(release: Release, seen: Seen) -> str:
    if release.id == seen.current:
        return "running" if seen.up else "stopped"
    return "kept" if release.outcome is Outcome.GOOD and seen.instance(release.id) else str(release.outcome)


async def overview(app: App, folder: Path, names: Sequence[str], *, native: bool = False) -> Overview:
    """Read from the hosts, now. Raises only when no host answers."""
    target = await find_target(app, folder, names)
    places, seen, offline = await look_at(app, target, native=native)
    return Overview(target, places, seen, offline)


async def status(app: App, folder: Path, names: Sequence[str]) -> tuple[Overview, tuple[Instance, ...]]:
    """The same, with each running instance's health asked now."""
    from dataclasses import replace

    found = await overview(app, folder, names)
    instances = []
    for host, seen in found.seen.items():
        for instance in seen.instances:
            release = seen.release(instance.release)
            health = instance.health
            if release is not None and instance.running and release.id == seen.current:
                probe = await found.places[host].probe(release)
                health = "healthy" if probe.ok else "unhealthy"
            instances.append(replace(instance, health=health))
    return found, tuple(instances)


async def prepare_rollback(
    app: App,
    folder: Path,
    names: Sequence[str],
    wanted: str = "",
    *,
    secrets: Mapping[str, Secret] | None = None,
) -> Prepared:
    """The way back on each host: to `wanted`, else to the last good release before the current one."""
    found = await overview(app, folder, names)
    rollouts = []
    for host, place in found.places.items():
        seen = found.seen[host]
        if not seen.releases:
            raise NothingReleased(found.target.app, host)
        release = rollback_target(seen, wanted)
        wanted = wanted or release.id
        values = await release_values(app, release, secrets)
        missing = lacking(release, dict(values))
        if missing and (place.kind == "native" or seen.instance(release.id) is None):
            raise SecretMissing(missing, release.environment, release.app)
        keep = app.settings.now.keep_releases
        artifact = Artifact.of_release(release)
        rollouts.append(Rollout(place, release, artifact, values, seen, by=who(), keep=keep, rollback=True))
    artifacts = {rollout.place.host: rollout.artifact for rollout in rollouts}
    return Prepared(
        found.target, rollouts[0].release, rollouts, artifacts, found.seen, found.offline,
        strategy=strategy_of(found.target.environment), back=way_back(partial(release_values, app)),
    )  # fmt: skip


async def act_on(app: App, found: Overview, verb: str, act: Act) -> tuple[HostResult, ...]:
    """Does something to the current release of each host, under its lock; hosts after a failure are still tried."""
    results = []
    for host, place in found.places.items():
        started = time.monotonic()
        try:
            async with place.hold(found.target.app, who(), verb):
                seen = await place.look(found.target.app)
                if seen.serving is None:
                    raise NothingReleased(found.target.app, host)
                await act(place, seen, seen.serving)
            results.append(HostResult(host, HostState.DONE, seconds=time.monotonic() - started))
        except Exception as error:  # noqa: BLE001  each host tells its own failure
            trouble = explained(error)
            results.append(
                HostResult(host, HostState.FAILED, seconds=time.monotonic() - started, error=trouble)
            )
    results += [HostResult(host, HostState.UNKNOWN, error=error) for host, error in found.offline.items()]
    return tuple(results)


async def stop(app: App, found: Overview) -> tuple[HostResult, ...]:
    async def act(place: Place, seen: Seen, release: Release) -> None:
        await place.stop(release)

    return await act_on(app, found, "stop", act)


async def start(
    app: App, found: Overview, secrets: Mapping[str, Secret] | None = None, *, again: bool = False
) -> tuple[HostResult, ...]:
    """Starts what was stopped; with `again` restarts it."""

    async def act(place: Place, seen: Seen, release: Release) -> None:
        values = await release_values(app, release, secrets)
        await (place.restart(release, values) if again else place.start(release, values))

    return await act_on(app, found, "restart" if again else "start", act)


async def remove(app: App, found: Overview) -> tuple[HostResult, ...]:
    """Takes the app off the hosts: containers, images, history."""
    results = []
    for host, place in found.places.items():
        started = time.monotonic()
        try:
            async with place.hold(found.target.app, who(), "remove"):
                seen = await place.look(found.target.app)
                await place.forget(found.target.app, seen.releases)
            await place.clear(found.target.app)
            empty = not seen.releases and not seen.instances
            state = HostState.UNCHANGED if empty else HostState.DONE
            results.append(HostResult(host, state, seconds=time.monotonic() - started))
        except GoferryError as error:
            results.append(
                HostResult(host, HostState.FAILED, error=error, seconds=time.monotonic() - started)
            )
    results += [HostResult(host, HostState.UNKNOWN, error=error) for host, error in found.offline.items()]
    return tuple(results)


async def prune(app: App, found: Overview, keep: int) -> tuple[tuple[HostResult, ...], tuple[str, ...]]:
    """Removes old releases; the current and the last good one always stay. Answers what went."""
    gone: list[str] = []

    async def act(place: Place, seen: Seen, release: Release) -> None:
        goes, stays = to_prune(seen, release, keep)
        await place.retire(goes, stays, Recorder())
        for old in goes:
            if old.outcome is not Outcome.FAILED:
                await place.record(old.ended(Outcome.REMOVED))
        gone.extend(old.id for old in goes if old.id not in gone)

    return await act_on(app, found, "prune", act), tuple(gone)


__all__ = ["Overview", "overview", "prepare_rollback", "prune", "remove", "start", "status", "stop"]
