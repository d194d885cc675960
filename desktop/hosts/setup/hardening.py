# ruff: noqa: E501  shell lines are read as they run
"""The shell of the steps that a person may choose: settings of daemon.json, cleaning, a user for deploys.

As in `scripts.py`: POSIX sh behind PRELUDE, values as "$1", "$2"; a check exits 0 where the step holds.
"""

from __future__ import annotations

DAEMON = """\
write_daemon() {
  put /etc/docker/daemon.json.goferry "$1" || return 1
  (STEP=daemon; note wrote "$(sha256sum < /etc/docker/daemon.json.goferry | cut -d' ' -f1)") || return 1
  if dockerd --help 2>&1 | grep -q -- --validate && ! dockerd --validate --config-file /etc/docker/daemon.json.goferry; then
    rm -f /etc/docker/daemon.json.goferry; return 1
  fi
  mv -f /etc/docker/daemon.json.goferry /etc/docker/daemon.json
}
use_daemon() {
  systemctl is-active -q docker || return 0
  if [ -n "$1" ] || [ -z "$(docker ps -q)" ]; then systemctl restart docker
  else systemctl reload docker && echo "Containers run: what needs a restart of Docker holds from the next one on."
  fi
}
undo_store() {
  noted file | while read -r f; do
    case $f in /etc/systemd/system/containerd.service.d/goferry-root.conf) rm -f "$f" ;; esac
  done
  if [ -n "$(noted folder)" ]; then rmdir /etc/systemd/system/containerd.service.d 2>/dev/null || :; fi
  systemctl daemon-reload
}
"""
"""Functions for the steps that change daemon.json, and for taking them back."""

SETTING_CHECK = """\
now=$(cat /etc/docker/daemon.json 2>/dev/null)
for text in "$@"; do if [ "$now" = "$text" ]; then exit 0; fi; done
exit 1"""

SETTING_APPLY = (
    DAEMON
    + """\
restart=$1; notes=$2; shift 2
f=/etc/docker/daemon.json
now=$(cat $f 2>/dev/null); new=
while [ $# -gt 1 ]; do
  if [ "$now" = "$1" ]; then new=$2; break; fi
  shift 2
done
[ -n "$new" ] || { echo "goferry: $f changed since you looked"; exit 1; }
printf '%s\\n' "$notes" | while read -r k v; do [ -z "$k" ] || note "$k" "$v" || exit 1; done || exit 1
(
  STEP=daemon
  if [ ! -e $f ]; then note file $f
  elif [ -z "$(noted backup)$(noted file)" ]; then cp -p $f $f.before-goferry && note backup $f.before-goferry
  fi
) || exit 1
write_daemon "$new" && use_daemon "$restart\""""
)

STORE_CHECK = (
    """\
root=$1; shift
grep -qsxF "ExecStart=/usr/bin/containerd --root $root/containerd-store" /etc/systemd/system/containerd.service.d/goferry-root.conf || exit 1
"""
    + SETTING_CHECK
)

STORE_APPLY = """\
d=/etc/systemd/system/containerd.service.d
[ -d $d ] || note folder $d
note file $d/goferry-root.conf || exit 1
for s in packages offline; do
  # who takes Docker away takes its data along, as with the usual folders
  ( STEP=$s; [ -n "$(noted began)" ] || exit 0
    if [ ! -e "$1" ]; then note folder "$1"; elif [ -z "$(ls -A "$1")" ]; then note empty "$(stat -c %a "$1") $1"; fi )
done
put $d/goferry-root.conf "# Written by Goferry: images of newer Docker lie with containerd, so its data goes along.
[Service]
ExecStart=
ExecStart=/usr/bin/containerd --root $1/containerd-store" || exit 1
systemctl daemon-reload
if systemctl is-active -q containerd; then
  if [ -n "$2" ] || [ -z "$(docker ps -q)" ]; then systemctl restart containerd docker
  else echo "Containers run: containerd takes the folder with its next restart."
  fi
fi"""

CLEAN_CHECK = "[ -x /usr/libexec/goferry-clean ] && systemctl is-active -q goferry-clean.timer"

CLEAN_APPLY = """\
for f in /usr/libexec/goferry-clean /etc/systemd/system/goferry-clean.service /etc/systemd/system/goferry-clean.timer; do
  note file $f || exit 1
done
[ ! -d /etc/systemd/system/timers.target.wants ] || note wants yes
put /usr/libexec/goferry-clean "$1" 755 && put /etc/systemd/system/goferry-clean.service "$2" &&
put /etc/systemd/system/goferry-clean.timer "$3" && systemctl daemon-reload && systemctl enable --now goferry-clean.timer"""

USER_CHECK = """\
h=$(getent passwd "$1" | cut -d: -f6)
id -nG "$1" 2>/dev/null | tr " " "\\n" | grep -qx docker && grep -qsxF "$2" "$h/.ssh/authorized_keys\""""

USER_APPLY = """\
id "$1" >/dev/null 2>&1 || { note user "$1" && useradd -m -s /bin/sh "$1"; } || exit 1
usermod -aG docker "$1" || exit 1
h=$(getent passwd "$1" | cut -d: -f6); g=$(id -gn "$1")
install -d -m 700 -o "$1" -g "$g" "$h/.ssh" || exit 1
[ -n "$(noted user)" ] || note key "$1 $(printf %s "$2" | cut -d" " -f2)"
grep -qsxF "$2" "$h/.ssh/authorized_keys" || printf '%s\\n' "$2" >> "$h/.ssh/authorized_keys"
chown "$1:$g" "$h/.ssh/authorized_keys" && chmod 600 "$h/.ssh/authorized_keys"
! command -v restorecon >/dev/null 2>&1 || restorecon -R "$h/.ssh" """

KEYS_BACK = """\
rm -f /etc/ssh/sshd_config.d/00-goferry.conf
sed -i '/^# Written by Goferry: only keys sign in/,+2d' /etc/ssh/sshd_config
systemctl reload sshd"""
"""Lets passwords sign in again, as far as we forbade it."""

KEYS_CHECK = """\
found=$(sshd -T 2>/dev/null) || exit 1
printf '%s\\n' "$found" | grep -qix 'passwordauthentication no' || exit 1
if printf '%s\\n' "$found" | grep -qiE '^(kbdinteractive|challengeresponse)authentication yes'; then exit 1; fi
# this is asked over a connection of its own: keys do sign in, and nothing needs to be put back
systemctl stop goferry-keys-back.timer 2>/dev/null || :"""

KEYS_APPLY = """\
f=/etc/ssh/sshd_config
text='# Written by Goferry: only keys sign in.
PasswordAuthentication no
ChallengeResponseAuthentication no'
if grep -qiE '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\\.d/' $f; then
  note file /etc/ssh/sshd_config.d/00-goferry.conf && put /etc/ssh/sshd_config.d/00-goferry.conf "$text" 600 || exit 1
elif ! grep -q '^# Written by Goferry: only keys' $f; then
  note lines $f && t=$(mktemp) || exit 1
  { printf '%s\\n' "$text"; cat $f; } > "$t" && cat "$t" > $f; rm -f "$t"
fi
if ! sshd -t; then sh -c "$1"; exit 1; fi
# should the next sign-in fail, all of this is taken back by the server itself
systemctl reset-failed goferry-keys-back.service goferry-keys-back.timer 2>/dev/null
systemd-run --on-active=90 --unit=goferry-keys-back /bin/sh -c "$1" && systemctl reload sshd"""
