"""What is run on a server around its containers, as shell scripts with arguments; and what they answer, parsed.

Values go in as "$1", "$2", never into the text. The scripts need a POSIX shell, flock and the docker command.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from desktop.base.commands import Command, sh

from .model import Holder, Release
from .records import from_record

STATE = "/var/lib/goferry"

LOOK = """\
d=$1
echo "now $(date +%s.%N)"
echo "arch $(uname -m)"
[ -d "$d/releases" ] || echo "absent"
[ -d "$d" ] || exit 0
[ -w "$d" ] || echo "readonly"
[ -f "$d/current" ] && echo "current $(cat "$d/current")"
for f in "$d"/releases/*.json; do
  [ -f "$f" ] && { printf 'record '; cat "$f"; echo; }
done
if [ -f "$d/lock" ] && ! flock -s -w 0.3 "$d/lock" true; then
  printf 'holder '; cat "$d/holder" 2>/dev/null; echo
fi
exit 0
"""

ENSURE = """\
d=$1
umask 002
if mkdir -p "$d/releases" 2>/dev/null && [ -w "$d" ] && [ -w "$d/releases" ]; then exit 0; fi
g=$(stat -c %g /var/run/docker.sock 2>/dev/null || echo 0)
if sudo -n true 2>/dev/null; then
  sudo -n sh -c 'mkdir -p "$1/releases" && chgrp -R "$2" "$1" && chmod 2775 "$1" "$1/releases"' sh "$d" "$g" &&
  [ -w "$d" ] && exit 0
fi
echo "gid $g"
exit 9
"""

HOLD = """\
d=$1
umask 002
: >> "$d/lock" || exit 3
while :; do
  exec 9<>"$d/lock" || exit 3
  if ! flock -w 1 9; then
    echo "taken $(date +%s.%N) $(cat "$d/holder" 2>/dev/null)"
    exit 0
  fi
  # a file that was taken away with the app, while this one waited for it, locks nothing
  [ "$(stat -L -c %i /proc/self/fd/9 9<&9)" = "$(stat -c %i "$d/lock" 2>/dev/null)" ] && break
done
rm -f "$d/holder.new"
printf '{"by": %s, "what": %s, "since": %s, "pid": %s}' "$2" "$3" "$(date +%s.%N)" $$ > "$d/holder.new"
mv -f "$d/holder.new" "$d/holder"
rm -f "$d"/beat.*
for f in "$d"/guard.*; do
  grep -q -s -e '^kept$' -e '^restored$' -e '^old-failed$' "$f" && rm -f "$f" "$d/verdict.${f##*/guard.}"
done
: > "$d/beat.$$"
mine=$(stat -c %i "$d/lock")
trap 'rm -f "$d/beat.$$"' EXIT
trap 'exit 1' HUP INT TERM
echo "held $$"
last= same=0
while [ "$same" -lt "$4" ]; do
  sleep 2 9<&-
  now=$(stat -c '%y' "$d/beat.$$" 2>/dev/null)
  if [ "$now" = "$last" ]; then same=$((same+1)); else same=0; fi
  last=$now
  [ "$(stat -c %i "$d/lock" 2>/dev/null)" = "$mine" ] || { echo "lost"; exit 0; }
done
echo "silent"
"""
"""The lock of an app. Held by an open file of this very process: freed by the system when it ends, and it ends with
the link, or when no beat has come for `$4` times two seconds (a cut that nobody told the server of). What earlier
holders left is cleared: their beats, and the notes of guards that came to their end."""

BEAT = 'touch "$1/beat.$2"'

TAKE_OVER = """\
d=$1
p=$(sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p' "$d/holder" 2>/dev/null)
rm -f "$d/lock"
[ -z "$p" ] || kill -TERM "$p" 2>/dev/null
exit 0
"""

GUARD = """\
d=$1 new=$2 old=$3 oldid=$4 record=$5 limit=$6
back() {
  docker stop -t 5 "$new" >/dev/null 2>&1
  rm -f "$d/releases/$record"
  if [ -n "$old" ]; then
    printf %s "$oldid" > "$d/current.new" && mv -f "$d/current.new" "$d/current"
    docker start "$old" >/dev/null || { echo "old-failed"; exit 1; }
    docker update --restart unless-stopped "$old" >/dev/null
  fi
  echo "restored"
  exit 0
}
if [ -n "$old" ]; then
  docker update --restart always "$old" >/dev/null || { echo "not-started"; exit 1; }
  docker stop -t 10 "$old" >/dev/null || { echo "not-started"; docker start "$old" >/dev/null; exit 1; }
fi
echo "stopped"
if docker start "$new" >/dev/null; then echo "started"; else echo "not-started"; back; fi
i=0
while [ "$i" -lt "$limit" ]; do
  case $(cat "$d/verdict.$new" 2>/dev/null) in
    keep)
      docker update --restart unless-stopped "$new" >/dev/null
      [ -z "$old" ] || docker update --restart no "$old" >/dev/null
      rm -f "$d/verdict.$new"
      echo "kept"
      exit 0 ;;
    back) rm -f "$d/verdict.$new"; back ;;
  esac
  if [ $((i % 10)) -eq 9 ] && flock -n "$d/lock" true; then
    [ "$(cat "$d/verdict.$new" 2>/dev/null)" = keep ] || { echo "alone"; back; }
  fi
  sleep 0.1
  i=$((i+1))
done
echo "late"
back
"""
"""Swaps two containers and waits for a verdict. Without one (the link was cut, Goferry was killed) it brings the old
one back by itself; a reboot does the same, since until the verdict the old one is `always` and the new one `no`."""

SWAP = """\
g=$1
shift
d=$1 new=$2
rm -f "$d/verdict.$new"
echo begun > "$d/guard.$new" || { rm -f "$d/guard.$new"; exit 4; }
setsid /bin/sh -c "$g" goferry-guard "$@" </dev/null >>"$d/guard.$new" 2>&1 &
i=0
while [ "$i" -lt 600 ]; do
  if grep -q '^started$' "$d/guard.$new"; then cat "$d/guard.$new"; exit 0; fi
  if grep -q -e '^restored$' -e '^old-failed$' "$d/guard.$new"; then cat "$d/guard.$new"; exit 4; fi
  if grep -q '^not-started$' "$d/guard.$new" && ! kill -0 $! 2>/dev/null; then cat "$d/guard.$new"; exit 4; fi
  sleep 0.1
  i=$((i+1))
done
cat "$d/guard.$new"
exit 5
"""

KEEP = """\
d=$1 new=$2 id=$3
printf %s "$id" > "$d/current.new" && mv -f "$d/current.new" "$d/current" || exit 6
printf keep > "$d/verdict.$new.new" && mv -f "$d/verdict.$new.new" "$d/verdict.$new" || exit 6
i=0
while [ "$i" -lt 150 ]; do
  grep -q '^kept$' "$d/guard.$new" && exit 0
  grep -q -e '^restored$' -e '^old-failed$' "$d/guard.$new" && { cat "$d/guard.$new"; exit 4; }
  sleep 0.05
  i=$((i+1))
done
cat "$d/guard.$new"
exit 5
"""

BACK = """\
d=$1 new=$2 old=$3
if [ -f "$d/guard.$new" ] && ! grep -q -e '^restored$' -e '^old-failed$' "$d/guard.$new"; then
  printf back > "$d/verdict.$new.new" && mv -f "$d/verdict.$new.new" "$d/verdict.$new"
  i=0
  while [ "$i" -lt 300 ]; do
    grep -q -e '^restored$' -e '^old-failed$' "$d/guard.$new" && break
    sleep 0.1
    i=$((i+1))
  done
fi
rm -f "$d/guard.$new" "$d/verdict.$new"
[ -z "$old" ] && exit 0
[ "$(docker inspect -f '{{.State.Running}}' "$old" 2>/dev/null)" = true ] && exit 0
docker start "$old" >/dev/null
"""

PORT_OWNER = """\
docker ps --filter "publish=$1" --format 'container {{.Names}} {{.Label "io.goferry.app"}}'
hex=$(printf %04X "$1")
if cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
  awk -v p=":$hex" '$4 == "0A" && index($2, p) == length($2)-4 {f=1} END {exit !f}'
then
  who=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:((\\("[^"]*",pid=[0-9]*\\).*/\\1/p' | head -n 1)
  echo "listens $who"
fi
"""

FREE = "df -Pk \"$1\" 2>/dev/null | awk 'NR==2 {print $4}'"

FORGET = """\
d=$1
find "$d" -mindepth 1 -maxdepth 1 ! -name lock ! -name 'beat.*' -exec rm -rf {} +
exit 0
"""
"""Under the lock, which stays."""

CLEAR = """\
d=$1
[ -f "$d/lock" ] && [ ! -e "$d/releases" ] || exit 0
exec 9<>"$d/lock"
flock -w 3 9 || exit 0
[ ! -e "$d/releases" ] || exit 0
rm -f "$d/lock" "$d/holder" "$d"/beat.*
rmdir "$d" 2>/dev/null || sudo -n rmdir "$d" 2>/dev/null || :
"""
"""After FORGET, when the lock is free: the rest. The empty folder stays where the user may not remove it."""


@dataclass(frozen=True, slots=True)
class State:
    """What LOOK answered."""

    now: float = 0.0
    arch: str = ""
    absent: bool = False
    writable: bool = True
    current: str = ""
    records: tuple[Release, ...] = ()
    holder: Holder | None = None


def folder_of(app: str) -> str:
    return f"{STATE}/{app}"


def look(app: str) -> Command:
    return sh(LOOK, folder_of(app))


def hold(app: str, by: str, what: str, beats: int = 12) -> Command:
    return sh(HOLD, folder_of(app), json.dumps(by), json.dumps(what), str(beats))


def swap(app: str, new: Release, old: Release | None, limit: float) -> Command:
    """`limit` in seconds: after it the old one comes back without being asked."""
    previous = (old.container, old.id) if old is not None else ("", "")
    turns = str(round(limit / 0.1))
    return sh(SWAP, GUARD, folder_of(app), new.container, *previous, record_name(new), turns)


def keep(release: Release) -> Command:
    return sh(KEEP, folder_of(release.app), release.container, release.id)


def back(release: Release, old: Release | None) -> Command:
    return sh(BACK, folder_of(release.app), release.container, old.container if old is not None else "")


def record_name(release: Release) -> str:
    return f"{release.sequence:06}.json"


GO_ARCH = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "i686": "386",
    "i386": "386",
    "armv7l": "arm",
    "loongarch64": "loong64",
}


def parse_look(output: str) -> State:
    """Lines of `word rest`; what cannot be read is left out."""
    now, arch, current, absent, writable = 0.0, "", "", False, True
    records: list[Release] = []
    holder = ""
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word == "now":
            with suppress(ValueError):
                now = float(rest)
        elif word == "arch":
            arch = GO_ARCH.get(rest.strip(), rest.strip())
        elif word == "current":
            current = rest.strip()
        elif word == "record" and (release := from_record(rest)) is not None:
            records.append(release)
        elif word == "holder":
            holder = rest or "{}"
        elif word == "absent":
            absent = True
        elif word == "readonly":
            writable = False
    ordered = tuple(sorted(records, key=lambda r: r.sequence))
    return State(now, arch, absent, writable, current, ordered, parse_holder(holder, now) if holder else None)


def parse_holder(text: str, now: float) -> Holder:
    """Who holds a lock; with empty words where the file is damaged or not written yet."""
    with suppress(ValueError, KeyError, TypeError):
        found = json.loads(text)
        return Holder(str(found["by"]), str(found["what"]), float(found["since"]), now)
    return Holder("", "", now, now)


def parse_taken(line: str) -> Holder:
    """The answer of HOLD when somebody else has it: `taken NOW {json}`."""
    _, now, rest = (*line.split(" ", 2), "", "")[:3]
    moment = 0.0
    with suppress(ValueError):
        moment = float(now)
    return parse_holder(rest, moment)


def parse_port(output: str) -> tuple[str, str]:
    """(container, other listener) of a port; both empty when it is free."""
    container = listener = ""
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word == "container":
            container = rest.split(" ", 1)[0]
        elif word == "listens":
            listener = rest.replace('"', "").replace(",pid=", " (pid ").strip()
            listener = f"{listener})" if "(pid" in listener else listener or "?"
    return container, listener
