# ruff: noqa: E501  shell lines are read as they run
"""Taking back what set-up made, from the journal that lies on the server itself: any desktop can do it."""

from __future__ import annotations

import json
from contextlib import suppress

from desktop.base.words import Words, msg

from .model import Piece, Script

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
for d in /etc/docker /var/lib/docker /var/lib/containerd /etc/containerd /opt/containerd /usr/libexec/docker; do
  if noted folder | grep -qx "$d"; then rm -rf "$d" || exit 1; fi
done
if [ "$(noted group)" = docker ] && getent group docker >/dev/null; then groupdel docker; fi
noted empty | while read -r m d; do
  case $d in /etc/docker|/var/lib/docker|/var/lib/containerd|/etc/containerd|/opt/containerd|/usr/libexec/docker)
    find "$d" -mindepth 1 -delete; chmod "$m" "$d" ;; esac
done""",
    "offline": """\
systemctl disable --now docker.service docker.socket containerd.service 2>/dev/null
noted file | while read -r f; do
  case $f in /usr/bin/*|/etc/systemd/system/*.service|/etc/systemd/system/*.socket) rm -f "$f" ;; esac
done
systemctl daemon-reload
[ -z "$(noted bridge)" ] || ip link delete docker0 2>/dev/null || :
for d in /etc/docker /var/lib/docker /var/lib/containerd /etc/containerd /opt/containerd /etc/cni /opt/cni; do
  if noted folder | grep -qx "$d"; then rm -rf "$d" || exit 1; fi
done
if [ "$(noted group)" = docker ] && getent group docker >/dev/null; then groupdel docker; fi
noted empty | while read -r m d; do
  case $d in /etc/docker|/var/lib/docker|/var/lib/containerd|/etc/containerd|/opt/containerd|/etc/cni|/opt/cni)
    find "$d" -mindepth 1 -delete; chmod "$m" "$d" ;; esac
done""",
    "kernel": 'noted package | while read -r p; do if rpm -q "$p" >/dev/null 2>&1; then rpm -e "$p" || exit 1; fi; done',
    "daemon": """\
f=/etc/docker/daemon.json
if [ -n "$(noted backup)" ] && [ -e $f.before-goferry ]; then mv -f $f.before-goferry $f
elif [ "$(noted file)" = $f ]; then rm -f $f
fi
rm -f $f.goferry""",
    "service": """\
if [ -n "$(noted started)" ] && [ -n "$(docker ps -aq 2>/dev/null)" ]; then
  echo "goferry: containers are left: $(docker ps -a --format '{{.Names}}' | tr '\\n' ' ')"; exit 1
fi
[ -z "$(noted started)" ] || systemctl stop docker.socket docker.service containerd.service 2>/dev/null
[ -z "$(noted enabled)" ] || systemctl disable docker.service docker.socket containerd.service 2>/dev/null
exit 0""",
    "group": 'noted member | while read -r u; do gpasswd -d "$u" docker; done\nexit 0',
    "firewall": 'z=$(noted zone); [ -z "$z" ] || firewall-cmd --permanent --zone="$z" --add-interface=docker0',
    "trial": "docker rm -f goferry-trial >/dev/null 2>&1; docker image rm goferry/trial:1 >/dev/null 2>&1; exit 0",
    "clean": "rm -f /etc/cron.daily/goferry-clean",
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
ORDER = ("trial", "clean", "user", "group", "firewall", "service", "daemon", "kernel", "offline", "packages", "module",
         "repository", "sources", "rivals", "state")  # fmt: skip
TITLES: dict[str, Words] = {
    "trial": msg("Remove the trial image"),
    "clean": msg("Remove the daily cleaning"),
    "user": msg("Remove the deploy user"),
    "group": msg("Take the user out of the group docker"),
    "firewall": msg("Put docker0 back into its zone"),
    "service": msg("Stop Docker, if set-up started it"),
    "daemon": msg("Put daemon.json back"),
    "kernel": msg("Remove the kernel modules"),
    "offline": msg("Remove Docker's files"),
    "packages": msg("Remove the packages that set-up installed"),
    "module": msg("Reset the module stream"),
    "repository": msg("Remove Docker's key and package source"),
    "sources": msg("Remove the archive source"),
    "rivals": msg("Install again what was in the way"),
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


def undo_pieces(journal: str) -> tuple[Piece, ...]:
    """What to take back, last made first; empty where set-up made nothing."""
    noted = noted_steps(journal)
    if not noted:
        return ()
    wanted = [step for step in ORDER if step in noted or step in ("trial", "state")]
    return tuple(_piece(step, noted.get(step, {})) for step in wanted)


def _piece(step: str, noted: dict[str, list[str]]) -> Piece:
    made = ", ".join(value for values in noted.values() for value in values)[:300]
    why: Words = msg("Set-up had noted: {made}", made=made) if made else msg("Set-up had made it.")
    return Piece(step, TITLES[step], why, Script("false"), (Script(UNDO[step]),))
