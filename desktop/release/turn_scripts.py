"""What resources/porter/turn.py does, as shell scripts for servers without Python (see `scripts`)."""

from __future__ import annotations

from desktop.base.commands import Command, sh

from .front import Turn
from .model import Release
from .scripts import SWAP, folder_of, record_name

FRONT_FOLDER = 'umask 002; mkdir -p "$1/front" && stat -c %u:%g "$1/front"'

GUARD = """\
d=$1 new=$2 old=$3 oldid=$4 record=$5 limit=$6 front=$7 door=$8 owner=$9
shift 9
to=$1 from=$2 drain=$3
route() { docker exec "$front" /front route "$@" >/dev/null; }
again() {
  docker start "$1" >/dev/null || { echo "old-failed"; exit 1; }
  docker update --restart unless-stopped "$1" >/dev/null
}
back() {
  if [ -n "$from" ] && [ -n "$front" ] && [ -z "$owner" ]; then
    route "$from=1"
  elif [ -n "$door" ]; then
    docker stop -t 5 "$door" >/dev/null 2>&1
  fi
  docker stop -t 5 "$new" >/dev/null 2>&1
  rm -f "$d/releases/$record"
  if [ -n "$old" ]; then
    printf %s "$oldid" > "$d/current.new" && mv -f "$d/current.new" "$d/current"
    again "$old"
  fi
  [ -z "$owner" ] || [ "$owner" = "$old" ] || again "$owner"
  echo "restored"
  exit 0
}
begin() {
  [ -z "$front" ] || docker start "$new" >/dev/null || return 1
  if [ -n "$owner" ]; then
    docker update --restart always "$owner" >/dev/null && docker stop -t 10 "$owner" >/dev/null || return 1
  fi
  echo "stopped"
  [ -z "$door" ] || docker start "$door" >/dev/null || return 1
  [ -n "$front" ] || docker start "$new" >/dev/null
}
leave() {
  if [ -n "$old" ] && [ "$old" != "$owner" ]; then
    if [ -n "$from" ] && [ -n "$front" ] && [ -z "$owner" ]; then
      left=$drain
      while [ "$left" -gt 0 ]; do
        busy=$(docker exec "$front" /front drain "$from" 1 | tr -dc 0-9)
        [ "${busy:-0}" -gt 0 ] || break
        echo "busy $busy"
        left=$((left-1))
      done
    fi
    # whoever has gone back to it in the meantime decides about it
    [ -e "$d/guard.$old" ] || [ "$(cat "$d/current")" = "$oldid" ] || docker stop -t 10 "$old" >/dev/null
  fi
  [ -z "$owner" ] || [ "$owner" = "$old" ] || docker rm -f "$owner" >/dev/null
  echo "settled"
  exit 0
}
if begin; then echo "started"; else echo "not-started"; back; fi
i=0
while [ "$i" -lt "$limit" ]; do
  case $(cat "$d/verdict.$new" 2>/dev/null) in
    keep)
      [ -z "$front" ] || { route "$to=1"; docker update --restart unless-stopped "$front" >/dev/null; }
      docker update --restart unless-stopped "$new" >/dev/null
      [ -z "$old" ] || docker update --restart no "$old" >/dev/null
      rm -f "$d/verdict.$new"
      echo "kept"
      leave ;;
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

SETTLED = """\
f=$1/guard.$2
i=0
while [ "$i" -lt 10 ]; do
  [ -s "$f" ] && ! grep -q '^settled$' "$f" || { echo settled; exit 0; }
  sleep 0.1
  i=$((i+1))
done
sed -n 's/^busy //p' "$f" | tail -n 1
"""


def swap(release: Release, old: Release | None, turn: Turn, limit: float) -> Command:
    """`limit` in seconds: after it the old one comes back without being asked."""
    names = (release.container, turn.old, old.id if old is not None else "", record_name(release))
    turns = str(round(limit / 0.1))
    return sh(SWAP, GUARD, folder_of(release.app), *names, turns, *turn.words())


def settled(release: Release) -> Command:
    """Answers `settled`, or how many requests the old release has still to answer."""
    return sh(SETTLED, folder_of(release.app), release.container)
