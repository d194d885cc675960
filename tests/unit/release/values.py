"""Releases and hosts for tests of decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from desktop.release import Instance, Release, Seen

MADE = Release("", 0, "orders", "orders:1", "sha256:aa", "1", 8080, 80, at=1_700_000_000.0, by="lin@desk")


def release(sequence: int, **changes: Any) -> Release:
    values = {"image_digest": f"sha256:{sequence:02}", "version": f"{sequence}.0", **changes}
    return replace(MADE, id=f"{sequence}-abcd", sequence=sequence, **values)


def instance(of: Release, state: str = "running", host: str = "web-1") -> Instance:
    return Instance(host, of.app, of.id, state, version=of.version, container=of.container)


def seen(
    *releases: Release, current: Release | None = None, running: bool = True, host: str = "web-1"
) -> Seen:
    """A host with these releases, the last one serving unless another is said to."""
    serving = current or (releases[-1] if releases else None)
    states = ["running" if r is serving and running else "exited" for r in releases]
    instances = tuple(instance(r, state, host) for r, state in zip(releases, states, strict=True))
    return Seen(host, "orders", releases, instances, serving.id if serving else "", 1_700_000_100.0, "amd64")
