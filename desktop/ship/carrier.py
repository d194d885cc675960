"""A helper: a static program that is put into an app's folder on a server without Python, and carries images there as
a porter does. It is checked by its hash before each use, goes with the app, is on no PATH and runs only when asked.

What else a porter does (lock, swap, health) is done by the shell on such servers.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.channel import Channel, Talks
from desktop.base.commands import sh

from .porter import NoPorter, Porter

if TYPE_CHECKING:
    from .delta import Helper

_log = logging.getLogger(__name__)

FIND = """\
d=$1 name=$2 sum=$3
[ -d "$d" ] && [ -w "$d" ] && command -v sha256sum >/dev/null 2>&1 && command -v gzip >/dev/null 2>&1 || exit 8
for f in "$d/$name" "$d"/../*/"$name"; do
  [ -f "$f" ] && [ "$(sha256sum <"$f" 2>/dev/null | cut -c1-64)" = "$sum" ] || continue
  [ "$f" = "$d/$name" ] && exit 0
  rm -f "$d"/helper-*
  cp "$f" "$d/helper-part.$$" && chmod 755 "$d/helper-part.$$" && mv -f "$d/helper-part.$$" "$d/$name" && exit 0
done
exit 7
"""
"""Whether it is there and is what it was: in this app's folder, or in another app's, from where it is taken."""

PUT = """\
d=$1 name=$2 sum=$3
umask 022
rm -f "$d"/helper-*
p=$d/helper-part.$$
trap 'rm -f "$p"' EXIT
trap 'exit 1' HUP INT TERM
gzip -dc >"$p" && [ "$(sha256sum <"$p" | cut -c1-64)" = "$sum" ] && chmod 755 "$p" && mv -f "$p" "$d/$name"
"""
"""What other versions of Goferry put there goes, and so does what was cut off."""

SERVE = """\
d=$1 name=$2 sum=$3
t= f=$d/$name
trap '[ -z "$t" ] || rm -rf "$t"' EXIT
trap 'exit 1' HUP INT TERM
is_it() { [ "$(sha256sum <"$1" 2>/dev/null | cut -c1-64)" = "$sum" ]; }
is_it "$f" || exit 97
if "$f" check >/dev/null 2>&1; then exec "$f" serve; fi
for place in "$XDG_RUNTIME_DIR" /dev/shm "$HOME" /var/tmp /tmp; do
  [ -n "$place" ] && [ -d "$place" ] && [ -w "$place" ] || continue
  for old in "$place"/.goferry-helper.*; do
    [ -d "$old" ] && [ -O "$old" ] && [ ! -d "/proc/${old##*.}" ] && rm -rf "$old"
  done
  t=$place/.goferry-helper.$$
  if mkdir -m 700 "$t" 2>/dev/null; then
    cp "$f" "$t/goferry-helper" && chmod 700 "$t/goferry-helper" && is_it "$t/goferry-helper" &&
      "$t/goferry-helper" check >/dev/null 2>&1 && exec "$t/goferry-helper" serve once
    rm -rf "$t"
  fi
  t=
done
exit 6
"""
"""Checks it and hands over to it. Where the app's folder may run nothing (noexec), a copy runs from another place: it
removes itself when it starts."""

THERE, ABSENT = 0, 7


@asynccontextmanager
async def helping(channel: Channel, folder: str, helper: Helper) -> AsyncIterator[tuple[Porter, int]]:
    """A helper in the app's folder on a server, and how many bytes were sent to have it there. It speaks as a porter
    does. Raises NoPorter where none can run, and the errors of the link."""
    if channel.local or not isinstance(channel, Talks):
        raise NoPorter("none for this host")
    words = (folder, f"helper-{helper.sha256[:16]}", helper.sha256)
    sent = 0
    try:
        porter = await _started(channel, words)
    except NoPorter as error:
        if not error.absent:
            raise
        sent = await _placed(channel, words, helper.path)
        porter = await _started(channel, words)
    try:
        yield porter, sent
    finally:
        await porter.close()


async def _started(channel: Talks, words: tuple[str, str, str]) -> Porter:
    porter = Porter(channel, sh(SERVE, *words))
    try:
        await porter.greeted()
    except BaseException as error:
        _log.info("no helper: %s", error)
        await porter.close()
        raise
    return porter


async def _placed(channel: Channel, words: tuple[str, str, str], path: Path) -> int:
    found = await channel.run(sh(FIND, *words))
    if found.code == THERE:
        return 0
    if found.code != ABSENT:
        raise NoPorter(f"no helper can be put there: {found.said() or found.code}")
    sizes: list[int] = []
    done = await channel.send(sh(PUT, *words), _packed(path, sizes))
    if not done.ok:
        raise NoPorter(f"the helper did not arrive: {done.said() or done.code}")
    return sum(sizes)


def _packed(path: Path, sizes: list[int]) -> Iterator[bytes]:
    """In gzip; runs in the thread that sends."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with open(path, "rb") as file:
        while piece := file.read(1 << 18):
            packed = packer.compress(piece)
            sizes.append(len(packed))
            yield packed
    packed = packer.flush()
    sizes.append(len(packed))
    yield packed
