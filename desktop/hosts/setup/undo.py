# ruff: noqa: E501  shell lines are read as they run
"""Taking back what set-up made, from the journal that lies on the server itself: any desktop can do it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

from desktop.base.words import Words, msg

from .daemon import SETTINGS
from .hardening import DAEMON, KEYS_BACK
from .model import Piece, Script

_GONE = """\
ours() {
  case $1 in
    /etc/docker|/var/lib/docker|/var/lib/containerd|/etc/containerd|/opt/containerd|/usr/libexec/docker|/etc/cni|/opt/cni) ;;
    *..*|*[!A-Za-z0-9_./-]*) return 1 ;;
    /*) [ -e "$1/engine-id" ] || [ -d "$1/containerd-store" ] ;;
    *) return 1 ;;
  esac
}
gone() {
  noted folder | while read -r d; do if ours "$d"; then rm -rf "$d" || exit 1; fi; done || exit 1
  noted empty | while read -r m d; do if ours "$d"; then find "$d" -mindepth 1 -delete; chmod "$m" "$d"; fi; done
  if [ "$(noted group)" = docker ] && getent group docker >/dev/null; then groupdel docker; fi
}
"""
"""Docker's folders and its group, as far as they were made with it. A folder that a person chose must look like one."""

UNDO: dict[str, str] = {
    "rivals": """\
noted removed | while read -r p; do
  n=$(printf '%s' "$p" | sed 's/-[^-]*-[^-]*$//')
  rpm -q "$n" >/dev/null 2>&1 || pm -y install "$p" || pm -y install "$n" || exit 1
done""",
    "sources": "rm -f /etc/yum.repos.d/goferry-vault.repo",
    "repository": """\
rm -f /etc/yum.repos.d/goferry-docker.repo /etc/pki/rpm-gpg/RPM-GPG-KEY-goferry-docker
rm -rf /var/cache/dnf/goferry-docker* /var/cache/dnf/goferry-vault* /var/cache/yum/*/*/goferry-*""",
    "module": '[ -z "$(noted enabled)" ] || pm -y module reset container-tools',
    "packages": """\
b=/var/lib/goferry/packages.before
if [ -f $b ]; then
  rpm -qa | sort | comm -13 $b - | while read -r p; do note package "$p"; done
  rm -f $b
fi
# each name was checked by rpm itself; several words are wanted here
# shellcheck disable=SC2046
set -- $(noted package | while read -r p; do if rpm -q "$p" >/dev/null 2>&1; then echo "$p"; fi; done)
[ $# = 0 ] || rpm -e "$@" || exit 1
systemctl daemon-reload
[ -z "$(noted bridge)" ] || ip link delete docker0 2>/dev/null || :
gone""",
    "offline": """\
systemctl disable --now docker.service docker.socket containerd.service 2>/dev/null
noted file | while read -r f; do
  case $f in /usr/bin/*|/etc/systemd/system/*.service|/etc/systemd/system/*.socket) rm -f "$f" ;; esac
done
systemctl daemon-reload
[ -z "$(noted bridge)" ] || ip link delete docker0 2>/dev/null || :
gone""",
    "kernel": 'noted package | while read -r p; do if rpm -q "$p" >/dev/null 2>&1; then rpm -e "$p" || exit 1; fi; done',
    "setting": """\
f=/etc/docker/daemon.json
[ "$(cat $f 2>/dev/null)" = "$1" ] || { echo "goferry: $f changed since you looked"; exit 1; }
if [ -n "$2" ]; then write_daemon "$2" || exit 1
elif [ "$(STEP=daemon; noted file)" = $f ]; then rm -f $f
elif [ -e $f ]; then write_daemon '{}' || exit 1
fi
[ "$STEP" != data ] || undo_store
use_daemon ''
exit 0""",
    "daemon": """\
f=/etc/docker/daemon.json
was=$(cat $f 2>/dev/null)
if [ ! -e $f ] || noted wrote | grep -qx "$(sha256sum < $f | cut -d' ' -f1)"; then
  if [ -n "$(noted backup)" ] && [ -e $f.before-goferry ]; then mv -f $f.before-goferry $f
  elif [ "$(noted file)" = $f ]; then rm -f $f
  fi
else
  # somebody changed it since: only what is ours is taken out
  [ "$was" = "$1" ] || { echo "goferry: $f changed since you looked"; exit 1; }
  if [ -n "$2" ]; then write_daemon "$2" || exit 1; elif [ "$(noted file)" = $f ]; then rm -f $f; fi
fi
rm -f $f.goferry $f.before-goferry
STEP=data; undo_store
[ "$was" = "$(cat $f 2>/dev/null)" ] || use_daemon ''
forget logs live loopback data""",
    "service": """\
if [ -n "$(noted started)" ] && [ -n "$(docker ps -aq 2>/dev/null)" ]; then
  echo "goferry: containers are left: $(docker ps -a --format '{{.Names}}' | tr '\\n' ' ')"; exit 1
fi
[ -z "$(noted started)" ] || systemctl stop docker.socket docker.service containerd.service 2>/dev/null
[ -z "$(noted enabled)" ] || systemctl disable docker.service docker.socket containerd.service 2>/dev/null
exit 0""",
    "group": 'noted member | while read -r u; do gpasswd -d "$u" docker; done\nexit 0',
    "firewall": """\
systemctl is-active -q firewalld || exit 0
z=$(noted zone); [ -z "$z" ] || firewall-cmd --permanent --zone="$z" --add-interface=docker0
# Docker had made these; what holds now goes with the firewall's next start
if [ -n "$(noted made)" ]; then
  firewall-cmd --permanent --delete-policy=docker-forwarding; firewall-cmd --permanent --delete-zone=docker
  rm -f /etc/firewalld/policies/docker-forwarding.xml.old /etc/firewalld/zones/docker.xml.old
fi
exit 0""",
    "trial": "docker rm -f goferry-trial >/dev/null 2>&1; docker image rm goferry/trial:1 >/dev/null 2>&1; exit 0",
    "clean": """\
systemctl disable --now goferry-clean.timer 2>/dev/null
# disabling the last one takes the folder along
[ -z "$(noted wants)" ] || mkdir -p /etc/systemd/system/timers.target.wants
noted file | while read -r f; do
  case $f in /usr/libexec/goferry-clean|/etc/systemd/system/goferry-clean.*) rm -f "$f" ;; esac
done
systemctl daemon-reload""",
    "keys": f"systemctl stop goferry-keys-back.timer 2>/dev/null\n{KEYS_BACK}",
    "clock": '[ "$(noted ntp)" != off ] || timedatectl set-ntp false 2>/dev/null || :',
    "time": """\
[ -z "$(noted started)" ] || systemctl stop chronyd 2>/dev/null
[ -z "$(noted enabled)" ] || systemctl disable chronyd 2>/dev/null
# each name was checked by rpm itself; several words are wanted here
# shellcheck disable=SC2046
set -- $(noted package | while read -r p; do if rpm -q "$p" >/dev/null 2>&1; then echo "$p"; fi; done)
[ $# = 0 ] || rpm -e "$@\"""",
    "user": """\
noted user | while read -r u; do userdel -r "$u"; done
noted key | while read -r u k; do
  f=$(getent passwd "$u" | cut -d: -f6)/.ssh/authorized_keys
  [ -n "$k" ] && [ -f "$f" ] || continue
  t=$(mktemp) && grep -vF "$k" "$f" > "$t"; cat "$t" > "$f"; rm -f "$t"
done
exit 0""",
    "state": """\
made=$(noted made)
rm -f /var/lib/goferry/packages.before "$J"
if [ "$made" = /var/lib/goferry ]; then rmdir /var/lib/goferry 2>/dev/null || echo "Goferry's records of apps stay in /var/lib/goferry."; fi
rm -rf /run/goferry-setup""",
}
ORDER = ("trial", "keys", "clean", "user", "group", "firewall", "service", "loopback", "live", "logs", "data", "daemon", "kernel",
         "offline", "packages", "module", "repository", "time", "sources", "rivals", "clock", "state")  # fmt: skip
_ON_ENGINE = ("trial", "clean", "group", "firewall", "service", *SETTINGS, "daemon")
STANDS_ON: dict[str, tuple[str, ...]] = {
    "packages": _ON_ENGINE,
    "offline": _ON_ENGINE,
    "rivals": ("packages", "offline", *_ON_ENGINE),
    "service": ("trial",),
    "kernel": ("trial", "service"),
    "daemon": SETTINGS,
}
"""What would not work any more without the step."""
TITLES: dict[str, Words] = {
    "trial": msg("Remove the trial image"),
    "clean": msg("Remove the daily cleaning"),
    "user": msg("Remove the deploy user"),
    "group": msg("Take the user out of the group docker"),
    "firewall": msg("Put docker0 back into its zone"),
    "service": msg("Stop Docker, if set-up started it"),
    "logs": msg("Take the rotation of logs out of Docker's settings"),
    "live": msg("Let containers stop with Docker again"),
    "loopback": msg("Take the loopback address out of Docker's settings"),
    "data": msg("Put Docker's data back into its usual folders"),
    "daemon": msg("Put daemon.json back"),
    "kernel": msg("Remove the kernel modules"),
    "offline": msg("Remove Docker's files"),
    "packages": msg("Remove the packages that set-up installed"),
    "module": msg("Reset the module stream"),
    "repository": msg("Remove Docker's key and package source"),
    "sources": msg("Remove the archive source"),
    "rivals": msg("Install again what was in the way"),
    "keys": msg("Let passwords sign in again"),
    "time": msg("Remove the time service"),
    "clock": msg("Switch the time service off again"),
    "state": msg("Remove Goferry's folder"),
}


def noted_steps(journal: str) -> dict[str, dict[str, list[str]]]:
    """step -> key -> values. A line that was cut by a lost connection is left out."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in journal.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            found.setdefault(str(entry["step"]), {}).setdefault(str(entry["key"]), []).append(
                str(entry["value"])
            )
    return found


@dataclass(frozen=True, slots=True)
class UndoChoice:
    """A step that can be taken back alone. `also` stands on it and goes with it, last made first."""

    step: str
    title: Words
    also: tuple[str, ...] = ()


def choices(journal: str) -> tuple[UndoChoice, ...]:
    """What set-up made on this server, last made first."""
    noted = noted_steps(journal)
    return tuple(
        UndoChoice(step, TITLES[step], _standing_on(step, noted))
        for step in ORDER
        if step in noted and step != "state"
    )


def undo_pieces(journal: str, daemon: str = "", only: Sequence[str] = ()) -> tuple[Piece, ...]:
    """What to take back, last made first; empty where set-up made nothing. `daemon` is the text of daemon.json now;
    `only` these steps, with what stands on them."""
    noted = noted_steps(journal)
    if not noted:
        return ()
    if only:
        asked = {step for step in only if step in noted and step != "state"}
        wanted = asked | {also for step in asked for also in _standing_on(step, noted)}
    else:
        wanted = {step for step in ORDER if step in noted or step in ("trial", "state")}
    if "daemon" in wanted:
        wanted -= set(SETTINGS)  # the whole file is put back
    return tuple(_piece(step, noted, daemon) for step in ORDER if step in wanted)


def _standing_on(step: str, noted: Mapping[str, object]) -> tuple[str, ...]:
    """The trial notes nothing: it is tried."""
    standing = STANDS_ON.get(step, ())
    return tuple(one for one in ORDER if one in standing and (one in noted or one == "trial"))


def _piece(step: str, noted: dict[str, dict[str, list[str]]], daemon: str) -> Piece:
    made = ", ".join(value for values in noted.get(step, {}).values() for value in values)[:300]
    why: Words = msg("Set-up had noted: {made}", made=made) if made else msg("Set-up had made it.")
    arguments: tuple[str, ...] = ()
    if step in (*SETTINGS, "daemon"):
        steps = SETTINGS if step == "daemon" else (step,)
        arguments = (daemon.rstrip("\n"), without_settings(daemon, noted, steps).rstrip("\n"))
    script = UNDO["setting"] if step in SETTINGS else UNDO[step]
    if step in (*SETTINGS, "daemon"):
        script = f"{DAEMON}{script}"
    if step in ("packages", "offline"):
        script = f"{_GONE}{script}"
    text = script if step == "state" else f"({script}\n) || exit 1\nforget"
    return Piece(step, TITLES[step], why, Script("false"), (Script(text, arguments),))


def without_settings(
    daemon: str, noted: Mapping[str, Mapping[str, Sequence[str]]], steps: Sequence[str]
) -> str:
    """The text of daemon.json without what these steps put into it; what a person changed since stays."""
    try:
        now = json.loads(daemon) if daemon.strip() else {}
    except ValueError:
        return daemon
    if not isinstance(now, dict):
        return daemon
    left = dict(now)
    for step in steps:
        was = dict(word.split(" ", 1) for word in noted.get(step, {}).get("was", ()) if " " in word)
        for word in noted.get(step, {}).get("key", ()):
            name, _, value = word.partition(" ")
            with suppress(ValueError):
                if name in left and left[name] == json.loads(unquote(value)):
                    del left[name]
                    if name in was:
                        left[name] = json.loads(unquote(was[name]))
    if left == now:
        return daemon
    return json.dumps(left, indent=2, ensure_ascii=False) + "\n" if left else ""
