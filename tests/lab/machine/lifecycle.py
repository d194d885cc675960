"""Hosts come and go: keys, disks, first boot, removal."""

from __future__ import annotations

import concurrent.futures
import os
import secrets
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.lab.machine import engine, images, network, shaping
from tests.lab.machine.commands import LabError, locked, run, step, succeeds, wait_until
from tests.lab.machine.faces import FACES
from tests.lab.machine.hosts import Host, every_host
from tests.lab.machine.names import CACHE, DOMAIN, HOSTS, KEYS, NETWORK, PREFIX, ROLE, RUN, subnet

LOCALES = ("en_US.UTF-8", "zh_CN.UTF-8", "zh_CN.GB18030")
PASSPHRASE = "lab-passphrase"
_KEYS = (("ed25519", "id_ed25519", ""), ("rsa", "id_rsa", ""), ("ed25519", "id_locked", PASSPHRASE))
_FIRST_PORT = 2311
_NO_GENERATORS = (
    "cryptsetup debug fstab getty gpt-auto hibernate-resume integritysetup run system-update veritysetup"
)
"""Of systemd: for disks, consoles and kernels, of which a host has none. They would run at each of its many reloads."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What kind of host is wanted."""

    os: str = "centos-7"
    docker: bool = False
    """Already provisioned with Docker."""

    disk_gb: int = 8
    lang: str = "en_US.UTF-8"
    open_passwords: bool = False
    """root and deploy may log in by password, too."""

    sudo_password: str = ""
    """deploy's password; empty: a random one."""


def up(number: int, wish: Wish) -> list[Host]:
    """Start that many more hosts; returns when their SSH server, and their engine if any, answer."""
    if wish.os not in FACES:
        raise LabError(f"no face {wish.os!r}; there are {', '.join(FACES)}")
    with locked():
        engine.ensure()
        images.ensure([wish.os], docker=wish.docker)
        network.ensure()
        authorized = _keys()
        new = _reserve(number, wish)
    with step(f"starting {number} {wish.os} host(s)"), concurrent.futures.ThreadPoolExecutor() as pool:
        try:
            list(pool.map(lambda host: _start(host, authorized), new))
        except LabError:
            down(new)
            raise
    return new


def _reserve(number: int, wish: Wish) -> list[Host]:
    """Hosts to be, with names, addresses and ports that nobody else gets."""
    new = _new_hosts(number, wish)
    for host in new:
        host.folder.mkdir(parents=True)
        host.save()
    return new


def _new_hosts(number: int, wish: Wish) -> list[Host]:
    present = every_host()
    names, ports = {folder.name for folder in HOSTS.glob("*")}, {host.port for host in present}
    new: list[Host] = []
    for index in range(1, network.MOST_HOSTS + 1):
        if len(new) < number and f"h{index}" not in names:
            new.append(_new_host(index, network.free_port(_FIRST_PORT, ports), wish))
            ports.add(new[-1].port)
    if len(new) < number:
        raise LabError(f"no more than {network.MOST_HOSTS} hosts at a time")
    return new


def _new_host(index: int, port: int, wish: Wish) -> Host:
    passwords = {user: f"{user[:3]}-{secrets.token_hex(5)}" for user in ("deploy", "nosudo", "root")}
    if wish.sudo_password:
        passwords["deploy"] = wish.sudo_password
    return Host(
        name=f"h{index}",
        os=wish.os,
        docker=wish.docker,
        address=f"{subnet()}.{10 + index}",
        port=port,
        disk_gb=wish.disk_gb,
        lang=wish.lang,
        open_passwords=wish.open_passwords,
        passwords=passwords,
    )


def _keys() -> str:
    """Make the login keys once; returns their public halves."""
    if not KEYS.exists():
        KEYS.mkdir(parents=True, mode=0o700)
        for kind, name, phrase in _KEYS:
            run("ssh-keygen", "-q", "-t", kind, "-N", phrase, "-C", f"goferry-{name}", "-f", KEYS / name)
    return "".join((KEYS / f"{name}.pub").read_text(encoding="utf-8") for _, name, _ in _KEYS)


def _start(host: Host, authorized: str) -> None:
    disk = _make_disk(host)
    seed = disk / "seed.sh"
    seed.touch(mode=0o600)
    seed.write_text(_seed(host, authorized), encoding="utf-8")
    options = [
        *("--name", host.container, "--hostname", host.name, "--label", f"{ROLE}=host"),
        *engine.server_flags(),
        *("--network", NETWORK, "--ip", host.address, "--network-alias", host.name),
        *("-p", f"127.0.0.1:{host.port}:22", "--restart=unless-stopped", "-v", f"{disk}:/disk"),
    ]
    run("docker", "run", "-d", *options, images.image_name(host.os, docker=host.docker))
    host.wait_ready()
    if host.docker:
        wait_for_engine(host)


def wait_for_engine(host: Host) -> None:
    """Return when the host's own Docker Engine answers."""
    words = ("docker", "exec", host.container, "docker", "info")
    wait_until(lambda: succeeds(*words), 180, f"{host.name}: its Docker Engine does not start")


def _make_disk(host: Host) -> Path:
    """A sparse ext4 file, loop-mounted: the host's disk, with a real end."""
    disk, image = host.folder / "disk", host.folder / "disk.img"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(host.disk_gb << 30)
    quick = ("-m", "0", "-J", "size=16", "-E", "lazy_itable_init=1,nodiscard")
    run("mkfs.ext4", "-q", "-F", *quick, image)
    # No barriers: each flush in the host would be one of the whole image, and what it holds lives no longer than the host.
    run("mount", "-o", "loop,nobarrier", image, disk)
    (disk / "docker").mkdir(mode=0o711)
    return disk


def _seed(host: Host, authorized: str) -> str:
    """The shell script that makes a host its own at its first boot."""
    if host.open_passwords:
        logins = "PasswordAuthentication yes\\nPermitRootLogin yes"
    else:
        logins = "Match User nosudo\\nPasswordAuthentication yes\\nPubkeyAuthentication no"
    kernel = FACES[host.os].kernel
    folder = f"mkdir -p /usr/lib/modules/{kernel}/extra" if kernel else ":"  # the kernel's own package has it
    passwords = "\n".join(f"{user}:{password}" for user, password in host.passwords.items())
    scheme = "YESCRYPT" if FACES[host.os].docker_release == "10" else "SHA512"  # as these systems come
    return f"""chpasswd --crypt-method {scheme} <<'LAB'
{passwords}
LAB
for u in root deploy; do
    home=$(getent passwd $u | cut -d: -f6)
    mkdir -p -m 700 $home/.ssh
    cat > $home/.ssh/authorized_keys <<'LAB'
{authorized}LAB
    chmod 600 $home/.ssh/authorized_keys
    chown -R $u: $home/.ssh
done
mkdir -p /etc/ssh/sshd_config.d
printf {shlex.quote(logins)} > /etc/ssh/sshd_config.d/10-lab.conf
echo LANG={shlex.quote(host.lang)} > /etc/locale.conf
mkdir -p /etc/systemd/system-generators
for g in {_NO_GENERATORS}; do
    ln -sf /dev/null /etc/systemd/system-generators/systemd-$g-generator
done
printf 'search {DOMAIN}\\nnameserver {subnet()}.2\\n' > /etc/resolv.conf
! getent group docker >/dev/null || usermod -aG docker deploy
{folder}
"""


def down(hosts: list[Host]) -> None:
    """Remove these hosts and their disks."""
    for host in hosts:
        shaping.stop(host)
    if hosts:
        words = ("docker", "rm", "-f", "-v", *(host.container for host in hosts))
        any(succeeds(*words) for _ in range(3))  # a busy engine may not manage at once
    for host in hosts:
        _clear(host.folder)


def down_all(*, purge: bool = False) -> None:
    """Remove everything of the lab that is up. purge: and its images and cache."""
    with locked():
        if engine.answers():
            down(every_host())
            left = run("docker", "ps", "-aq", "--filter", f"name=^{PREFIX}").split()
            if left:
                succeeds("docker", "rm", "-f", "-v", *left)
            network.remove()
        for folder in HOSTS.glob("*"):
            _clear(folder)
        shutil.rmtree(RUN, ignore_errors=True)
        if purge:
            if engine.answers():
                images.remove_all()
            shutil.rmtree(CACHE, ignore_errors=True)


def _clear(folder: Path) -> None:
    disk = folder / "disk"
    if os.path.ismount(disk) and not succeeds("umount", disk):
        run("umount", "-l", disk)
    shutil.rmtree(folder, ignore_errors=True)
