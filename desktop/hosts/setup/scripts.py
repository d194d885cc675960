# ruff: noqa: E501  shell lines are read as they run
"""The shell of every step. POSIX sh as EL7's and EL10's alike have it; values come as "$1", "$2", never in the text.

Each runs behind PRELUDE, as root unless its step says otherwise. A check exits 0 where the step holds.
"""

from __future__ import annotations

PRELUDE = """\
LC_ALL=C; export LC_ALL
PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH
umask 022
J=/var/lib/goferry/setup.json
PM=$(command -v dnf || command -v yum || echo yum)
note() {
  if [ ! -d /var/lib/goferry ]; then
    mkdir -p /var/lib/goferry || return 1
    printf '{"step":"state","key":"made","value":"/var/lib/goferry"}\\n' >> "$J"
  fi
  l=$(printf '{"step":"%s","key":"%s","value":"%s"}' "$STEP" "$1" "$2")
  grep -qxF "$l" "$J" 2>/dev/null || printf '%s\\n' "$l" >> "$J"
}
noted() { sed -n "s|^{\\"step\\":\\"$STEP\\",\\"key\\":\\"$1\\",\\"value\\":\\"\\(.*\\)\\"}\\$|\\1|p" "$J" 2>/dev/null; }
forget() {
  [ $# -gt 0 ] || set -- "$STEP"
  for s in "$@"; do
    [ -f "$J" ] || return 0
    t=$(mktemp "$J.XXXXXX") || return 1
    grep -v "^{\\"step\\":\\"$s\\"," "$J" > "$t"
    chmod 644 "$t" && mv -f "$t" "$J" || return 1
  done
}
put() {
  mkdir -p "$(dirname "$1")" && t=$(mktemp "$1.XXXXXX") || return 1
  if printf '%s\\n' "$2" > "$t" && chmod "${3:-644}" "$t" && mv -f "$t" "$1"; then
    if command -v restorecon >/dev/null 2>&1; then restorecon "$1" 2>/dev/null || :; fi
    return 0
  fi
  rm -f "$t"; return 1
}
pm() {
  # sources of Docker's that are not ours: their version word is one that Docker does not know, on many systems
  # names of repositories are words
  # shellcheck disable=SC2013
  for r in $(awk '/^\\[/ {n=substr($0, 2, index($0, "]") - 2)} /^baseurl *=.*\\/linux\\/(centos|rhel|fedora)\\// && n !~ /^goferry-/ {print n}' \
    /etc/yum.repos.d/*.repo 2>/dev/null); do set -- "--disablerepo=$r" "$@"; done
  if [ -f /etc/yum.repos.d/goferry-docker.repo ]; then set -- --enablerepo=goferry-docker "$@"; fi
  if [ -f /etc/yum.repos.d/goferry-vault.repo ]; then set -- '--disablerepo=*' '--enablerepo=goferry-vault-*' "$@"; fi
  "$PM" --setopt=timeout=20 --setopt=retries=2 --setopt=exit_on_lock=1 "$@"
}
"""

ROOT = '[ "$(id -u)" = 0 ]'

CLOCK_CHECK = """\
d=$(($(date +%s) - $1))
[ "$d" -ge -60 ] && [ "$d" -le 60 ]"""

CLOCK_APPLY = """\
case $(timedatectl status 2>/dev/null | sed -n 's/^ *NTP [a-z]*: *//p') in no*|inactive*) note ntp off || exit 1 ;; esac
timedatectl set-ntp true 2>/dev/null || systemctl enable --now chronyd 2>/dev/null || systemctl enable --now ntpd 2>/dev/null
b=$(date +%s)
if [ -n "$2" ]; then
  echo "Setting the clock, which was $((b - $1)) s off."
  if date -s "@$1" >/dev/null; then hwclock --systohc 2>/dev/null || :; fi
fi
i=0
while [ "$i" -lt 10 ]; do
  d=$(($(date +%s) - $1 - i)); [ "$d" -ge -60 ] && [ "$d" -le 60 ] && exit 0
  i=$((i+1)); sleep 1
done
echo "goferry: clock off by $((b - $1)) s"
exit 1"""

TIME_CHECK = """\
for s in chronyd ntpd ntpsec systemd-timesyncd; do if systemctl is-active -q "$s"; then exit 0; fi; done
exit 1"""

TIME_APPLY = """\
mkdir -p /run/goferry-setup || exit 1
if ! rpm -q chrony >/dev/null 2>&1; then
  rpm -qa | sort > /run/goferry-setup/before && pm -y install chrony || exit 1
  rpm -qa | sort | comm -13 /run/goferry-setup/before - | while read -r p; do note package "$p"; done
fi
systemctl is-enabled -q chronyd || note enabled chronyd
note started chronyd && systemctl enable --now chronyd"""

SOURCES_CHECK = """\
rpm -q docker-ce >/dev/null 2>&1 && exit 0
[ -f /etc/yum.repos.d/goferry-vault.repo ] && exit 0
pm -q makecache >/dev/null 2>&1"""

SOURCES_APPLY = """\
version=$1; arch=$2; shift 2
out=$(pm makecache 2>&1) && exit 0
printf '%s\\n' "$out"
case $out in *'o space left'*|*'yum lock'*|*'already locked'*) exit 1 ;; esac
[ -n "$version" ] || exit 1
keys=$(sed -n 's/^gpgkey=//p' /etc/yum.repos.d/*.repo | tr ' ' '\\n' | grep '^file:' | sort -u | tr '\\n' ' ')
for base in "$@"; do
  case $version in
    7*) parts='os/A updates/A extras/A' ;;
    *) parts='BaseOS/A/os AppStream/A/os extras/A/os' ;;
  esac
  text=
  for part in $parts; do
    path=$(printf %s "$part" | sed "s/A/$arch/")
    name=$(printf %s "${part%%/*}" | tr '[:upper:]' '[:lower:]')
    text="${text}[goferry-vault-$name]
name=Goferry: $name of $version from the archive
baseurl=$base/$version/$path/
enabled=0
gpgcheck=1
gpgkey=$keys
"
  done
  note file /etc/yum.repos.d/goferry-vault.repo || exit 1
  put /etc/yum.repos.d/goferry-vault.repo "$text" || exit 1
  if out=$(pm -q makecache 2>&1); then echo "The archive at $base answers."; exit 0; fi
  printf '%s\\n' "$out"
  rm -f /etc/yum.repos.d/goferry-vault.repo
done
exit 1"""

RIVALS_CHECK = 'for p in "$@"; do if rpm -q "$p" >/dev/null 2>&1; then exit 1; fi; done'

RIVALS_APPLY = """\
for p in "$@"; do
  v=$(rpm -q --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}' "$p") || continue
  note removed "$v" || exit 1
  rpm -e "$p" || exit 1
done"""

REPOSITORY_CHECK = """\
wanted=$1
[ -z "$(noted source)" ] || exit 0
[ -s /etc/pki/rpm-gpg/RPM-GPG-KEY-goferry-docker ] || exit 1
grep -qs '^gpgcheck=1' /etc/yum.repos.d/goferry-docker.repo || exit 1
# the one that was asked for, or a good one that was found when that had failed
now=$(sed -n 's|^baseurl=\\(.*\\)/linux/.*|\\1|p' /etc/yum.repos.d/goferry-docker.repo)
[ "$now" != "$wanted" ] || exit 0
! noted passed | grep -qxF "$now" || exit 1
[ -z "$wanted" ] || noted passed | grep -qxF "$wanted\""""

REPOSITORY_APPLY = """\
arch=$1; classes=$2; packages=$3; vendors=$4; static=$5; shift 5
note file /etc/pki/rpm-gpg/RPM-GPG-KEY-goferry-docker || exit 1
note file /etc/yum.repos.d/goferry-docker.repo || exit 1
log=; answered=; wanted=$1
if [ -n "$(noted passed)" ]; then  # what served badly once may be good by now
  t=$(mktemp "$J.XXXXXX") && grep -v '^{"step":"repository","key":"passed",' "$J" > "$t"
  chmod 644 "$t" && mv -f "$t" "$J" || exit 1
fi
while [ $# -gt 1 ] && [ -n "$classes" ]; do
  base=$1
  put /etc/pki/rpm-gpg/RPM-GPG-KEY-goferry-docker "$2" || exit 1
  for class in $classes; do
    put /etc/yum.repos.d/goferry-docker.repo "[goferry-docker]
name=Docker CE for $class, kept by Goferry
baseurl=$base/linux/$class/$arch/stable
enabled=0
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-goferry-docker" || exit 1
    # the list of packages to install stays in one argument until here
    # shellcheck disable=SC2086
    out=$(pm install --assumeno $packages 2>&1)
    case $out in
      *'Operation aborted'*|*'Nothing to do'*|*'Exiting on user command'*)
        [ "$base" = "$wanted" ] || note passed "$wanted"
        echo "$base/linux/$class/$arch/stable"; exit 0 ;;
      *'yum lock'*|*'already locked'*|*'o space left'*) printf '%s\\n' "$out"; rm -f /etc/yum.repos.d/goferry-docker.repo; exit 1 ;;
    esac
    echo "Not from $base/linux/$class: $(printf '%s\\n' "$out" | grep -iE 'error|problem|match|checksum' | head -n 2 | tr '\\n' ' ')"
    log="$log$out
"
    case $out in *'hecksum'*|*'imed out'*|*'resolve host'*|*'onnection refused'*|*'not connect'*) break ;; esac
    answered=yes
  done
  shift 2
done
rm -f /etc/yum.repos.d/goferry-docker.repo
[ -n "$answered" ] || [ -z "$classes" ] || { printf '%s\\n' "$log"; exit 1; }
# no class of Docker's own fits: an engine of the system's maker, if it is 20.10 or newer
for p in $vendors; do
  v=$(pm -q list available "$p" 2>/dev/null | awk -v p="$p." 'index($1, p) == 1 { sub(/^[0-9]+:/, "", $2); v = $2 } END { print v }')
  [ -n "$v" ] || continue
  major=${v%%.*}; minor=${v#*.}; minor=${minor%%.*}
  if [ "$major" -gt 20 ] 2>/dev/null || { [ "$major" = 20 ] && [ "$minor" -ge 10 ]; }; then
    note source "vendor $p" && echo "The system's own $p $v is taken."; exit
  fi
  log="$log$p $v of this system is too old: 20.10 is the oldest that serves.
"
done
if [ -n "$static" ] && [ -n "$vendors" ]; then
  note source static && echo "No package of Docker fits this system; its static archive is taken."; exit
fi
printf '%s\\n' "$log"
[ -z "$vendors" ] || echo "goferry: no Docker fits this system"
exit 1"""

MODULE_CHECK = """\
rpm -q docker-ce >/dev/null 2>&1 && exit 0
case $(pm install --assumeno docker-ce 2>&1) in *'modular filtering'*) exit 1 ;; esac
exit 0"""

MODULE_APPLY = "note enabled container-tools && pm -y module enable container-tools"

_VENDOR = """\
source=$(STEP=repository; noted source | tail -n 1)
vendor=${source#vendor }; [ "$vendor" != "$source" ] || vendor=
"""
"""`source` is empty for Docker's own packages, "static", or "vendor NAME"; `vendor` is that name."""

PACKAGES_CHECK = (
    _VENDOR
    + """\
[ "$source" != static ] || exit 0
[ ! -f /var/lib/goferry/packages.before ] || exit 1
if [ -n "$vendor" ]; then rpm -q "$vendor" >/dev/null 2>&1 && command -v docker >/dev/null; exit; fi
rpm -q docker-ce docker-ce-cli containerd.io >/dev/null 2>&1"""
)

_BEFORE = """\
b=/var/lib/goferry/packages.before
note began yes || exit 1
if [ ! -f $b ]; then
  getent group docker >/dev/null || note group docker
  for d in /etc/docker /var/lib/docker /var/lib/containerd /etc/containerd /opt/containerd /usr/libexec/docker; do
    if [ ! -e "$d" ]; then note folder "$d"; elif [ -z "$(ls -A "$d")" ]; then note empty "$(stat -c %a "$d") $d"; fi
  done
  [ -e /sys/class/net/docker0 ] || note bridge docker0
  rpm -qa | sort > $b.new && mv -f $b.new $b || exit 1
fi
"""
_AFTER = """
rpm -qa | sort > $b.after
comm -13 $b $b.after | while read -r p; do note package "$p"; done
rm -f $b.after $b"""
"""Around an installation: what it brought, is noted; `packages.before` tells that one was cut off."""

PACKAGES_APPLY = (
    _VENDOR
    + """\
bases=$1; shift
r=/etc/yum.repos.d/goferry-docker.repo
if [ -n "$vendor" ]; then set -- "$vendor"; bases=; fi
"""
    + _BEFORE
    + """\
i=0
while :; do
  pm -y install "$@" 2>&1 | tee /run/goferry-setup/said
  # what counts is what is there: a pipe hides the code of its first part
  rpm -q "$@" >/dev/null 2>&1 && break
  i=$((i+1))
  if [ $i -lt 4 ] && grep -qE 'yum lock|already locked|on_lock' /run/goferry-setup/said; then sleep 5; continue; fi
  if grep -qiE 'checksum|not correctly downloaded|end of file|Inconsistent server data|No more mirrors|Error downloading packages' /run/goferry-setup/said; then
    now=$(sed -n 's|^baseurl=\\(.*\\)/linux/.*|\\1|p' $r)
    bases=$(printf '%s' "$bases" | tr ' ' '\\n' | grep -vxF "$now" | tr '\\n' ' ')
    next=${bases%% *}
    [ -z "$now" ] || (STEP=repository; note passed "$now")
    if [ -n "$next" ]; then
      echo "$now serves broken files; going on with $next."
      sed -i "s|^baseurl=$now/|baseurl=$next/|" $r
      pm clean packages >/dev/null 2>&1; i=0; continue
    fi
  fi
  exit 1
done
if [ -n "$vendor" ] && ! command -v docker >/dev/null; then
  # some makers keep the command line in a package of its own
  pm -y install moby-client || pm -y install docker-cli || pm -y install docker-client || exit 1
fi"""
    + _AFTER
)

RPMS_CHECK = """\
[ ! -f /var/lib/goferry/packages.before ] && rpm -q docker-ce containerd.io >/dev/null 2>&1"""

RPMS_APPLY = (
    """\
keys=$1; shift
t=$(mktemp -d /var/lib/goferry/rpms.XXXXXX 2>/dev/null) || { note began yes && t=$(mktemp -d /var/lib/goferry/rpms.XXXXXX); } || exit 1
trap 'rm -rf "$t"' EXIT
while [ $# -gt 1 ]; do
  mv -f "$1" "$t/" || exit 1
  [ "$(sha256sum < "$t/${1##*/}" | cut -d' ' -f1)" = "$2" ] || { echo "goferry: ${1##*/} arrived damaged"; exit 1; }
  shift 2
done
# the signatures, by a key ring that is thrown away: the system's own stays as it is
printf '%s\\n' "$keys" > "$t/keys.asc"
rpm --dbpath "$t/db" --initdb
for k in "$t/keys.asc" /etc/pki/rpm-gpg/*; do [ ! -f "$k" ] || rpmkeys --dbpath "$t/db" --import "$k" 2>/dev/null || :; done
if rpmkeys --dbpath "$t/db" --checksig "$t"/*.rpm | grep -vE '(pgp|gpg|signatures).* OK$'; then echo "GPG check FAILED"; exit 1; fi
rm -rf "$t/db"
"""
    + _BEFORE
    + """\
"$PM" -y '--disablerepo=*' --setopt=exit_on_lock=1 install "$t"/*.rpm 2>&1
rpm -q docker-ce containerd.io >/dev/null || exit 1"""
    + _AFTER
)
"""RPMs from the desktop: only those whose signature holds by Docker's key or one of the system's."""

KERNEL_CHECK = "modprobe -n xt_addrtype 2>/dev/null || [ -d /sys/module/xt_addrtype ]"

KERNEL_APPLY = """\
p=kernel-modules-extra-$(uname -r)
if ! rpm -q "$p" >/dev/null 2>&1; then
  if pm -y install "$p"; then note package "$p" || exit 1
  elif [ -z "$1" ]; then echo "goferry: the modules of the running kernel $(uname -r) are gone from the source"; exit 1
  else
    pm -y install kernel kernel-modules-extra || exit 1
    rpm -q kernel-modules-extra | while read -r q; do note package "$q"; done
    echo "The server starts anew with its newest kernel."
    systemctl reboot
    sleep 300; exit 1
  fi
fi
depmod -a; modprobe xt_addrtype"""

DISK_CHECK = """\
need=$1; inodes=$2; root=$3
systemctl is-active -q docker && [ -z "$root" ] && exit 0
for d in "${root:-/var/lib/docker}" "${root:-/var/lib/containerd}"; do
  while [ ! -d "$d" ]; do d=$(dirname "$d"); done
  free=$(df -Pk "$d" | awk 'NR==2 {print int($4/1024)}')
  left=$(df -Pi "$d" | awk 'NR==2 {print $2 == 0 ? 999999 : $4}')
  [ "$free" -ge "$need" ] || { echo "goferry: disk $d has $free MB free, $need MB are needed"; exit 1; }
  [ "$left" -ge "$inodes" ] || { echo "goferry: disk $d has $left inodes free, $inodes are needed"; exit 1; }
  if [ "$(stat -f -c %T "$d")" = xfs ] && command -v xfs_info >/dev/null 2>&1; then
    m=$(df -P "$d" | awk 'NR==2 {print $6}')
    if xfs_info "$m" 2>/dev/null | grep -q 'ftype=0'; then echo "goferry: disk $d is XFS without d_type support"; exit 1; fi
  fi
done"""

OFFLINE_CHECK = (
    _VENDOR
    + """\
rpm -q docker-ce >/dev/null 2>&1 && exit 0
[ -z "$vendor" ] || exit 0
[ -f /etc/systemd/system/docker.service ] || exit 1
for f in dockerd docker containerd runc docker-proxy; do [ -x "/usr/bin/$f" ] || exit 1; done"""
)

OFFLINE_APPLY = """\
archive=$1; sum=$2; service=$3; socket=$4; runtime=$5
note began yes || exit 1
[ "$(sha256sum < "$archive" | cut -d' ' -f1)" = "$sum" ] || { rm -f "$archive"; echo "goferry: ${archive##*/} arrived damaged"; exit 1; }
command -v iptables >/dev/null || { echo "goferry: iptables is missing"; exit 1; }
getent group docker >/dev/null || { note group docker && groupadd -r docker; } || exit 1
for d in /etc/docker /var/lib/docker /var/lib/containerd /etc/containerd /opt/containerd /etc/cni /opt/cni; do
  if [ ! -e "$d" ]; then note folder "$d"; elif [ -z "$(ls -A "$d")" ]; then note empty "$(stat -c %a "$d") $d"; fi
done
[ -e /sys/class/net/docker0 ] || note bridge docker0
t=$(mktemp -d /var/lib/goferry/static.XXXXXX) || exit 1
if ! tar -xzf "$archive" -C "$t" --no-same-owner; then rm -rf "$t"; exit 1; fi
for f in containerd containerd-shim-runc-v2 ctr runc docker docker-init docker-proxy dockerd; do
  [ -f "$t/docker/$f" ] && [ ! -L "$t/docker/$f" ] || { echo "goferry: the archive has no $f"; rm -rf "$t"; exit 1; }
  if [ -e "/usr/bin/$f" ] && ! noted file | grep -qx "/usr/bin/$f"; then echo "goferry: /usr/bin/$f is there already"; rm -rf "$t"; exit 1; fi
  if ! { note file "/usr/bin/$f" && chmod 755 "$t/docker/$f" && mv -f "$t/docker/$f" "/usr/bin/$f"; }; then rm -rf "$t"; exit 1; fi
  if command -v restorecon >/dev/null 2>&1; then restorecon "/usr/bin/$f" 2>/dev/null || :; fi
done
rm -rf "$t" "$archive"
for f in containerd.service docker.socket docker.service; do note file "/etc/systemd/system/$f" || exit 1; done
put /etc/systemd/system/containerd.service "$runtime" && put /etc/systemd/system/docker.socket "$socket" &&
put /etc/systemd/system/docker.service "$service" && systemctl daemon-reload"""

SERVICE_CHECK = """\
systemctl is-enabled -q docker && systemctl is-active -q docker && docker version --format '{{.Server.Version}}' >/dev/null 2>&1"""

_UNZONE = """\
unzone() {
  z=$(firewall-cmd --permanent --get-zone-of-interface=docker0 2>/dev/null) || z=
  case $z in ''|docker|trusted) return 0 ;; esac
  note zone "$z"
  firewall-cmd --permanent --zone="$z" --remove-interface=docker0 && firewall-cmd --zone="$z" --remove-interface=docker0
}
"""

SERVICE_APPLY = (
    _UNZONE
    + """\
systemctl is-enabled -q docker || note enabled docker
systemctl is-active -q docker || note started docker
if systemctl is-active -q firewalld; then
  (STEP=firewall; unzone; firewall-cmd --permanent --get-zones | grep -qw docker || note made docker)
fi
systemctl reset-failed docker.service docker.socket 2>/dev/null
if ! systemctl enable --now docker; then journalctl -u docker -n 40 --no-pager -o cat; exit 1; fi
i=0
while ! docker version --format '{{.Server.Version}}' 2>/dev/null; do
  i=$((i+1)); [ $i -lt 60 ] || { journalctl -u docker -n 40 --no-pager -o cat; exit 1; }
  sleep 0.5
done"""
)

GROUP_CHECK = 'id -nG "$1" | tr " " "\\n" | grep -qx docker'

GROUP_APPLY = 'getent group docker >/dev/null || { note group docker && groupadd -r docker; }\nnote member "$1" && usermod -aG docker "$1"'

FIREWALL_CHECK = """\
systemctl is-active -q docker || exit 0
# `docker info` starts every plug-in of the command line: it is asked only where nothing cheaper tells
grep -qs '"iptables" *: *false' /etc/docker/daemon.json || iptables -w 10 -t nat -nL DOCKER >/dev/null 2>&1 ||
  case $(docker info --format '{{.FirewallBackend.Driver}}' 2>/dev/null) in nftables*) ;; *) exit 1 ;; esac
systemctl is-active -q firewalld || exit 0
case $(firewall-cmd --get-zone-of-interface=docker0 2>/dev/null) in docker|trusted) exit 0 ;; esac
exit 1"""

FIREWALL_APPLY = (
    _UNZONE
    + """\
! systemctl is-active -q firewalld || unzone
if [ -z "$1" ] && [ -n "$(docker ps -q)" ]; then echo "goferry: containers run, Docker must be restarted"; exit 1; fi
systemctl restart docker"""
)

STATE_CHECK = '[ "$(stat -c "%U:%G %a" /var/lib/goferry 2>/dev/null)" = "root:docker 2775" ]'

STATE_APPLY = "note mode 2775 && chown root:docker /var/lib/goferry && chmod 2775 /var/lib/goferry"

_ASK = """\
ask() {
  docker rm -f goferry-trial >/dev/null 2>&1
  docker run -d --name goferry-trial --read-only --cap-drop ALL -p 127.0.0.1::8080 goferry/trial:1 || return 1
  i=0; answer=
  while [ $i -lt 20 ] && [ "$answer" != goferry ]; do
    p=$(docker port goferry-trial 8080/tcp 2>/dev/null | sed -n '1s/.*://p')
    # a bash that sshd stands behind reads .bashrc, which may print: only the last line is the answer
    answer=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3 && tail -n 1 <&3' ask "$p" 2>/dev/null | tail -n 1)
    i=$((i+1)); [ "$answer" = goferry ] || sleep 0.3
  done
  [ "$answer" = goferry ] || docker logs goferry-trial
  docker rm -f goferry-trial >/dev/null
  [ "$answer" = goferry ] && echo "127.0.0.1:$p answers"
}
"""

TRIAL_CHECK = _ASK + "docker image inspect goferry/trial:1 >/dev/null 2>&1 && ask >/dev/null 2>&1"

TRIAL_APPLY = _ASK + "printf '%s' \"$1\" | base64 -d | docker load || exit 1\nask"
