"""What to do about a wish on a host, worked out from what was seen there; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .errors import ChangedSinceSeen, NothingToRollBackTo, UnknownRelease
from .model import Artifact, Change, Instance, Outcome, Release, Seen, Wish


@dataclass(frozen=True, slots=True)
class Decision:
    """What a host needs. `unchanged`: it serves this already. `leftovers` are from an interrupted release."""

    host: str
    release: Release
    old: Release | None
    unchanged: bool = False
    leftovers: tuple[Instance, ...] = ()
    obsolete: tuple[Release, ...] = ()
    kept: tuple[Release, ...] = ()


def new_release(wish: Wish, artifact: Artifact, seen: Iterable[Seen], *, anew: bool = False) -> Release:
    """The release for all hosts: their next number; the one that serves already where nothing differs, but `anew`."""
    hosts = tuple(seen)
    sequence = max((s.next_sequence for s in hosts), default=1)
    fresh = wish.release(artifact, sequence, max((s.now for s in hosts), default=0.0))
    same = [s.serving for s in hosts if s.serving is not None and s.serving.fingerprint == fresh.fingerprint]
    # a host that was left out of an earlier run gets that run's release, not another one with the same content
    return max(same, key=lambda r: r.sequence) if same and not anew else fresh


def decide(release: Release, seen: Seen, keep: int = 5, *, anew: bool = False) -> Decision:
    """What `release` means for a host as it was seen. `anew`: another release of the same content does not do."""
    serving = seen.serving
    alike = serving is not None and serving.fingerprint == release.fingerprint
    if serving is not None and alike and seen.up and (not anew or serving.id == release.id):
        return Decision(seen.host, serving, serving, unchanged=True)
    again = serving is not None and serving.id == release.id
    old = None if again else serving
    obsolete, kept = to_prune(seen, release, keep)
    return Decision(seen.host, release, old, leftovers=leftovers(seen, release), obsolete=obsolete, kept=kept)


def leftovers(seen: Seen, release: Release | None = None) -> tuple[Instance, ...]:
    """Instances that no record vouches for: a release that was cut off before its end."""
    known = {r.id for r in seen.releases if r.outcome is not Outcome.FAILED}
    wanted = release.id if release is not None and release.id in known else ""
    return tuple(
        i for i in seen.instances if i.release not in known and i.release not in (seen.current, wanted)
    )


def to_prune(seen: Seen, current: Release, keep: int) -> tuple[tuple[Release, ...], tuple[Release, ...]]:
    """(what goes, what stays). Stays: the current one, the last good one before it, and the newest up to `keep`."""
    others = [r for r in seen.releases if r.id != current.id and r.outcome is not Outcome.REMOVED]
    usable = [r for r in others if r.outcome is not Outcome.FAILED]
    protected = {current.id, seen.current}
    last_good = next((r for r in reversed(usable) if r.outcome is Outcome.GOOD), None)
    if last_good is not None:
        protected.add(last_good.id)
    newest = {r.id for r in usable[max(0, len(usable) - max(keep - 1, 0)) :]} if keep > 1 else set()
    stays = tuple(r for r in others if r.id in protected or r.id in newest)
    goes = tuple(r for r in others if r not in stays and (r in usable or seen.instance(r.id) is not None))
    return goes, (*stays, current)


def rollback_target(seen: Seen, wanted: str = "") -> Release:
    """The release to go back to. Raises UnknownRelease, NothingToRollBackTo."""
    if wanted:
        found = seen.release(wanted)
        if found is None or found.outcome in (Outcome.FAILED, Outcome.REMOVED):
            raise UnknownRelease(
                wanted, tuple(r.id for r in seen.releases if r.outcome is not Outcome.FAILED)
            )
        return found
    target = seen.previous_good()
    if target is None:
        raise NothingToRollBackTo(seen.app, seen.host)
    return target


def check_unchanged(expected: Seen, found: Seen) -> None:
    """Raises ChangedSinceSeen when another release serves than when the plan was made."""
    if expected.current != found.current:
        raise ChangedSinceSeen(found.host, expected.current or "-", found.current or "-")


def config_changes(before: Release | None, after: Release) -> tuple[Change, ...]:
    """Keys that differ. Secrets are named, their values never."""
    old = _flat(before) if before is not None else {}
    new = _flat(after)
    keys = sorted({*old, *new})
    return tuple(Change(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key))


def _flat(release: Release) -> dict[str, str]:
    values = {f"env.{key}": value for key, value in release.env}
    values.update({f"secrets.{name}": f"({release.secret_mark})" for name in release.secret_names})
    values.update(port=str(release.port), publish=str(release.publish), bind=release.bind)
    if release.memory:
        values["memory"] = release.memory
    if release.proxied:
        values["mode"] = release.mode
    check = release.health
    values["health"] = " ".join(check.command) or check.http or ("tcp" if check.tcp else "-")
    return values


def lacking(release: Release, names: Iterable[str]) -> tuple[str, ...]:
    """Secrets of a release that have no value among `names`."""
    given = set(names)
    return tuple(name for name in release.secret_names if name not in given)


def superseded(old: Release, by: Release) -> Release:
    """The record of a release that a rollback left: told apart from one that a newer version replaced."""
    if by.sequence < old.sequence:
        return replace(old, outcome=Outcome.ROLLED_BACK, why=by.id)
    return old
