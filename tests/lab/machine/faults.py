"""What can be broken on a host, for real, and how it is healed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.machine import shaping
from tests.lab.machine.commands import LabError, attempt, run, succeeds, wait_until
from tests.lab.machine.hosts import Host
from tests.lab.machine.lifecycle import wait_for_engine
from tests.lab.machine.names import DEAD_NAME, REPOSITORY_NAME

REBOOT = "reboot"
HEAL = "heal"
_FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
_FILL = (
    "fallocate -l $(df --output=avail -B1 / | tail -1) /var/lab-filler || :\n"
    "dd if=/dev/zero of=/var/lab-filler2 bs=4k 2>/dev/null || :"
)
_REPOSITORIES_BEFORE = "/var/lib/lab-repositories"
_HOLD_LOCK = """\
cat > /run/lab-lock.py <<'X'
import dnf, time
base = dnf.Base()
with dnf.lock.build_metadata_lock(base.conf.cachedir, True), dnf.lock.build_rpmdb_lock(base.conf.persistdir, True):
    open("/run/lab-locked", "w").close()
    time.sleep(900)
X
setsid python3 /run/lab-lock.py >/dev/null 2>&1 </dev/null &
until [ -e /run/lab-locked ]; do sleep 0.1; done
"""
_CHATTER = """\
[ -e /var/lib/lab-bashrc ] || cp -a ~deploy/.bashrc /var/lib/lab-bashrc
{ cat <<'X'; cat /var/lib/lab-bashrc; } > ~deploy/.bashrc
echo "*** Welcome to production ***"
printf 'caf\\351 \\033[31mred\\033[0m\\n'
X
"""
_ENDED_BY_A_REBOOT = (
    "net", "cut", "clock-skew", "freeze-docker", "kill-sshd", "no-route", "noexec-tmp", "yum-lock",
)  # fmt: skip
_HEALED_FIRST = ("power-off", "freeze", "cut")  # what keeps the others from being healed


@dataclass(frozen=True, slots=True)
class Fault:
    """How something is broken, with an optional argument, and how it is healed."""

    make: Callable[[Host, str], None]
    heal: Callable[[Host], None]
    what: str


def _typed(make: str, heal: str, what: str) -> Fault:
    """A fault made by a shell script on the host; `{argument}` in it is the fault's argument."""

    def typed(host: Host, argument: str) -> None:
        host.told(make.replace("{argument}", argument))

    def healed(host: Host) -> None:
        host.told(heal)

    return Fault(typed, healed, what)


def _kill_sshd(host: Host, _argument: str) -> None:
    host.told("systemctl stop sshd; pkill -KILL -x sshd || :")


def _stop_the_engine(host: Host, _argument: str) -> None:
    host.told("systemctl stop docker.socket docker")


def _shift_the_clock(host: Host, argument: str) -> None:
    host.console(f"echo '{argument}' > /etc/faketimerc; echo {_FAKETIME} > /etc/ld.so.preload")
    host.restart_sshd()


def _set_the_clock(host: Host) -> None:
    host.console("rm -f /etc/ld.so.preload /etc/faketimerc")
    host.restart_sshd()


def _lead_astray(host: Host, argument: str) -> None:
    """The addresses lead to a name without a host; the files as they were wait beside them."""
    host.console(
        f"cp -a /etc/yum.repos.d {_REPOSITORIES_BEFORE}\n"
        f"sed -i 's#//{REPOSITORY_NAME}#//{argument or DEAD_NAME}#' /etc/yum.repos.d/*.repo; rm -rf /var/cache/dnf"
    )


def _lead_back(host: Host) -> None:
    host.console(
        f"cp -a {_REPOSITORIES_BEFORE}/. /etc/yum.repos.d; rm -rf {_REPOSITORIES_BEFORE} /var/cache/dnf"
    )


def _cut(host: Host, _argument: str) -> None:
    run("ip", "link", "set", host.cable, "down")


def _plug_in(host: Host) -> None:
    run("ip", "link", "set", host.cable, "up")


def _pull_the_plug(host: Host, _argument: str) -> None:
    run("docker", "kill", host.container)


def _boot(host: Host) -> None:
    run("docker", "start", host.container)
    host.wait_ready()


def _freeze(host: Host, _argument: str) -> None:
    """The kernel may give up freezing a busy machine's processes ("unable to freeze"); then it is asked again."""
    for _ in range(5):
        if succeeds("docker", "pause", host.container):
            return
    run("docker", "pause", host.container)


def _thaw(host: Host) -> None:
    succeeds("docker", "unpause", host.container)


FAULTS = {
    "cut": Fault(_cut, _plug_in, "the network cable is pulled: open connections hang"),
    "kill-sshd": Fault(
        _kill_sshd,
        Host.restart_sshd,
        "sshd is stopped and its sessions are killed",
    ),
    "stop-docker": Fault(
        _stop_the_engine,
        Host.restart_engine,
        "the engine is stopped and with it its containers",
    ),
    "freeze-docker": _typed(
        "pkill -STOP -x dockerd",
        "pkill -CONT -x dockerd || :",
        "the engine hangs, its containers run on",
    ),
    "freeze": Fault(_freeze, _thaw, "the whole host stands still: it accepts connections and says nothing"),
    "disk-full": _typed(
        _FILL, "rm -f /var/lab-filler /var/lab-filler2", "the disk is filled to the last block"
    ),
    "clock-skew": Fault(
        _shift_the_clock,
        _set_the_clock,
        "programs see a clock that is off by the argument (default: +3600 seconds)",
    ),
    "dead-repo": Fault(
        _lead_astray,
        _lead_back,
        "the yum repositories point to a name that does not resolve (the argument), as CentOS 7's do",
    ),
    "no-extras": _typed(
        f"cp -a /etc/yum.repos.d {_REPOSITORIES_BEFORE}\n"
        "sed -i '/os.extras/{n;s/enabled=1/enabled=0/}' /etc/yum.repos.d/*.repo; rm -rf /var/cache/dnf",
        f"cp -a {_REPOSITORIES_BEFORE}/. /etc/yum.repos.d; rm -rf {_REPOSITORIES_BEFORE} /var/cache/dnf",
        "the distribution's second repository is switched off, and with it container-selinux",
    ),
    "no-route": _typed(
        "r=$(getent hosts {repository} | cut -d' ' -f1); grep -q {repository} /etc/hosts || "
        'echo "$r {repository}" >> /etc/hosts; ip route add unreachable "$r"'.replace(
            "{repository}", REPOSITORY_NAME
        ),
        f"sed '/ {REPOSITORY_NAME}$/d' /etc/hosts > /run/hosts; cat /run/hosts > /etc/hosts\n"
        "ip route show type unreachable | while read -r kind address rest; do ip route del unreachable $address; done",
        "no package repository can be reached: no route to host",
    ),
    "yum-lock": _typed(
        _HOLD_LOCK,
        "pkill -f lab-lock.py || :; rm -f /run/lab-locked /run/lab-lock.py",
        "another program holds the locks of the package manager",
    ),
    "requiretty": _typed(
        "echo 'Defaults requiretty' > /etc/sudoers.d/lab-requiretty; chmod 440 /etc/sudoers.d/lab-requiretty",
        "rm -f /etc/sudoers.d/lab-requiretty",
        "sudo wants a terminal",
    ),
    "noexec-tmp": _typed(
        "mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs /tmp; mount -t tmpfs -o noexec,mode=1777 tmpfs /var/tmp",
        "umount /tmp /var/tmp",
        "nothing can be run from /tmp and /var/tmp",
    ),
    "chatty-login": _typed(
        _CHATTER,
        "cat /var/lib/lab-bashrc > ~deploy/.bashrc; rm -f /var/lib/lab-bashrc",
        "the login script prints, and not in UTF-8",
    ),
    "csh-login": _typed(
        "rpm -q tcsh >/dev/null || yum -q -y install tcsh >/dev/null || exit 1; usermod -s /bin/tcsh deploy",
        "usermod -s /bin/bash deploy; rpm -e tcsh",
        "the login shell is csh",
    ),
    "firewalld": _typed(
        "rpm -q firewalld >/dev/null || yum -q -y install firewalld >/dev/null || exit 1; systemctl start firewalld; "
        "systemctl start polkit",
        "systemctl stop firewalld; rpm -e firewalld",
        "firewalld filters",
    ),
    "podman-docker": _typed(
        "yum -q -y install podman-docker >/dev/null",
        "rpm -e podman-docker podman crun",
        "podman-docker owns the command docker",
    ),
    "power-off": Fault(_pull_the_plug, _boot, "the plug is pulled; healing boots the host"),
}


def cause(host: Host, name: str, argument: str = "") -> None:
    """Break something; LabError when there is no such fault."""
    if name == REBOOT:
        reboot(host)
        return
    if name not in FAULTS:
        raise LabError(f"no fault {name!r}; there are {', '.join(FAULTS)}, {REBOOT}")
    host.mark_fault(name, broken=True)
    FAULTS[name].make(host, argument or ("+3600" if name == "clock-skew" else ""))


def heal(host: Host, only: str = "") -> None:
    """Heal everything that is broken on the host, or only that fault."""
    broken = [name for name in host.faults() if only in {"", name}]
    for name in sorted(broken, key=lambda name: name not in _HEALED_FIRST):
        if name == "net":
            shaping.shape(host)
        else:
            FAULTS[name].heal(host)
            host.mark_fault(name, broken=False)
    if broken:
        _wait_usable(host)


def _wait_usable(host: Host) -> None:
    """Return when the host serves again, as far as nothing is broken any more."""
    if host.faults():
        return
    host.wait_ready()
    if host.docker:
        wait_for_engine(host)


def reboot(host: Host, *, wait: bool = True) -> None:
    """Restart the host as `systemctl reboot` does. wait: return when it serves again."""
    booted = host.inspect("{{.State.StartedAt}}")
    attempt("docker", "exec", host.container, "systemctl", "reboot")

    def restarted() -> bool:
        if host.state == "restarting":
            # dockerd waits longer each time before it starts again what went down soon after its start (to a minute)
            attempt("docker", "restart", "--time", "0", host.container)
        return host.inspect("{{.State.StartedAt}}") != booted and host.state == "running"

    # systemd gives what it ends a minute and a half
    wait_until(lambda: host.state != "running" or restarted(), 180, f"{host.name} did not go down")
    wait_until(restarted, 180, f"{host.name} did not restart")
    for name in _ENDED_BY_A_REBOOT:
        host.mark_fault(name, broken=False)
    if wait:
        host.wait_ready()
        if host.docker and not host.faults():
            wait_for_engine(host)


def rekey(host: Host) -> tuple[dict[str, str], dict[str, str]]:
    """Give the host new host keys, as a reinstalled server has; returns the fingerprints before and after."""
    before = host.fingerprints()
    host.console("rm -f /etc/ssh/ssh_host_*; ssh-keygen -A")
    host.restart_sshd()
    host.wait_ready()
    return before, host.fingerprints()
