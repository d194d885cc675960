"""What differs between two releases: image, commit, layers, configuration; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from desktop.base.words import tr
from desktop.image import Image
from desktop.release import Release, Seen, config_changes


@dataclass(frozen=True, slots=True)
class Held:
    """The image of a release, as far as this computer still has it."""

    image: Image
    commit: str = ""


def all_releases(seen: Mapping[str, Seen], planned: Release | None = None) -> tuple[Release, ...]:
    """Every release of all hosts, the newest first."""
    found = {release.id: release for one in seen.values() for release in one.releases}
    if planned is not None:
        found.setdefault(planned.id, planned)
    return tuple(sorted(found.values(), key=lambda release: release.sequence, reverse=True))


def first_pair(releases: Sequence[Release], serving: str, chosen: str = "") -> tuple[str, str]:
    """(from, to): the chosen one, or the newest, against what serves, or what came before it."""
    ids = [release.id for release in releases]
    new = chosen if chosen in ids else ids[0]
    others = [one for one in ids if one != new]
    old = serving if serving in others else next((one for one in ids[ids.index(new) + 1 :]), others[0])
    order = {release.id: release.sequence for release in releases}
    return (old, new) if order[old] <= order[new] else (new, old)


def comparison(old: Release, new: Release, held: Mapping[str, Held]) -> str:
    """The differences as a diff with headings; what is the same stands there with two spaces before it."""
    before, after = held.get(old.id), held.get(new.id)
    lines = [f"# {tr('Image')}", *_pair(old.image_ref, new.image_ref)]
    lines += _pair(old.image_digest, new.image_digest)
    if before is not None and after is not None:
        lines += _pair(_mb(before.image.size), _mb(after.image.size))
    lines += ["", f"# {tr('Commit')}", *_commits(before, after)]
    lines += ["", f"# {tr('Layers')}", *_layers(before, after)]
    lines += ["", f"# {tr('Configuration')}", *_config(old, new)]
    return "\n".join(lines)


def _pair(old: str, new: str) -> list[str]:
    return [f"  {new}"] if old == new else [f"- {old}", f"+ {new}"]


def _commits(before: Held | None, after: Held | None) -> list[str]:
    if before is None or after is None or not (before.commit or after.commit):
        return [f"  {tr('not known on this computer')}"]
    return _pair(before.commit or tr("none"), after.commit or tr("none"))


def _layers(before: Held | None, after: Held | None) -> list[str]:
    if before is None or after is None:
        return [f"  {tr('not known on this computer')}"]
    there = {layer.diff_id for layer in before.image.layers}
    wanted = {layer.diff_id for layer in after.image.layers}
    gone = [
        f"- {layer.what}, {_mb(layer.size)}" for layer in before.image.layers if layer.diff_id not in wanted
    ]
    now = [
        f"{'  ' if layer.diff_id in there else '+ '}{layer.what}, {_mb(layer.size)}"
        for layer in after.image.layers
    ]
    return [*gone, *now]


def _config(old: Release, new: Release) -> list[str]:
    lines = []
    for change in config_changes(old, new):
        if change.before is not None:
            lines.append(f"- {change.key}: {change.before}")
        if change.after is not None:
            lines.append(f"+ {change.key}: {change.after}")
    return lines or [f"  {tr('the same')}"]


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 50_000 else f"{max(1.0, size / 1e3):.0f} KB"
