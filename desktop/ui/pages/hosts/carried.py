"""From a host's images and history to rows; pure, no Qt."""

from __future__ import annotations

import time
from collections.abc import Sequence

from desktop.app_host import HostDeed, HostImage
from desktop.base.words import ntr, tr
from desktop.ui.widgets.lists import Row


def size_text(count: int) -> str:
    """9 KB, 12.4 MB, 1.2 GB: as registries count, in thousands."""
    if count < 1_000_000:
        return f"{count / 1e3:.0f} KB"
    if count < 100_000_000:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e6:.0f} MB" if count < 1_000_000_000 else f"{count / 1e9:.1f} GB"


def old(images: Sequence[HostImage]) -> list[HostImage]:
    """Those that Goferry brought and nothing uses."""
    return [image for image in images if image.is_old]


def images_line(images: Sequence[HostImage]) -> str:
    if not images:
        return tr("No image is on it.")
    return ntr(
        "{n} image, {size}",
        "{n} images, {size}",
        len(images),
        size=size_text(sum(one.size for one in images)),
    )


def image_row(image: HostImage) -> Row:
    """Its name, what uses it, how large it is."""
    name = image.tags[0] if image.tags else image.id[:19]
    short = name.removeprefix("docker.io/").removeprefix("library/")
    more = f" +{len(image.tags) - 1}" if len(image.tags) > 1 else ""
    if image.used_by:
        second = tr("used by {names}", names=", ".join(image.used_by))
    else:
        second = tr("old: nothing uses it") if image.is_old else tr("nothing uses it")
    state = "ok" if image.used_by else "wait" if image.is_old else "off"
    tip = "\n".join((*image.tags, image.id, second))
    return Row(short + more, second, state, right=size_text(image.size), tip=tip, payload=image)


def deed_row(deed: HostDeed, now: float) -> Row:
    second = tr(", ").join(part for part in (str(deed.second), deed.by) if part)
    return Row(
        str(deed.title), second, deed.state, right=when(deed.at, now), tip=f"{deed.title}\n{second}".strip()
    )


def when(at: float, now: float) -> str:
    """14:31 today, else the day and the time."""
    then = time.localtime(at)
    if then[:3] == time.localtime(now)[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%m-%d %H:%M" if then[0] == time.localtime(now)[0] else "%Y-%m-%d", then)
