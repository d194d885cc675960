"""The distribution's own repositories, and the release package of each face."""

from __future__ import annotations

import re
from pathlib import Path

from tests.lab.machine import disguise
from tests.lab.machine.apt import Apt, upstream_version
from tests.lab.machine.faces import FACES, Face
from tests.lab.machine.names import REPOSITORY_NAME
from tests.lab.machine.rpm import Package, Workshop
from tests.lab.machine.trees import put, tidy

KEY = "ferrylab-base"
RELEASE = "1.lab"

INSTALLABLE = {  # RPM name: Debian package
    "wget": "wget",
    "nginx": "nginx",
    "git": "git",
    "lvm2": "lvm2",
    "firewalld": "firewalld",
    "tcsh": "tcsh",
    "device-mapper-persistent-data": "thin-provisioning-tools",
}

# What the base image already holds, so that yum says "already installed".
PRESENT = {
    "bash": "bash",
    "bash-completion": "bash-completion",
    "bzip2": "bzip2",
    "ca-certificates": "ca-certificates",
    "coreutils": "coreutils",
    "cronie": "cron",
    "curl": "curl",
    "dbus": "dbus",
    "dnf-plugins-core": "dnf-plugins-core",
    "glibc": "libc6",
    "gnupg2": "gnupg",
    "gzip": "gzip",
    "hostname": "hostname",
    "iproute": "iproute2",
    "iptables": "iptables",
    "iputils": "iputils-ping",
    "kmod": "kmod",
    "less": "less",
    "logrotate": "logrotate",
    "lsof": "lsof",
    "net-tools": "net-tools",
    "nftables": "nftables",
    "openssh-clients": "openssh-client",
    "openssh-server": "openssh-server",
    "openssl": "openssl",
    "procps-ng": "procps",
    "psmisc": "psmisc",
    "python3": "python3-minimal",
    "rpm": "rpm",
    "rsync": "rsync",
    "rsyslog": "rsyslog",
    "shadow-utils": "passwd",
    "socat": "socat",
    "sudo": "sudo",
    "systemd": "systemd",
    "tar": "tar",
    "tzdata": "tzdata",
    "unzip": "unzip",
    "util-linux": "util-linux",
    "vim-minimal": "vim-tiny",
    "which": "debianutils",
    "xz": "xz-utils",
    "yum": "dnf",
}
_ALSO_PROVIDES = {"yum": ("dnf",), "bash": ("/bin/sh", "/bin/bash")}
_YUM_TOOLS = (
    "yum-config-manager",
    "yumdownloader",
    "repoquery",
    "needs-restarting",
    "reposync",
    "package-cleanup",
)
_NGINX = """user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log;
pid /run/nginx.pid;
include /etc/nginx/modules-enabled/*.conf;

events {
    worker_connections 1024;
}

http {
    access_log /var/log/nginx/access.log;
    sendfile on;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    include /etc/nginx/conf.d/*.conf;

    server {
        listen 80;
        server_name _;
        root /usr/share/nginx/html;
        include /etc/nginx/default.d/*.conf;
    }
}
"""


def add_installable(workshop: Workshop, apt: Apt) -> None:
    """What `yum install` finds in the base repository."""
    for name, debian in INSTALLABLE.items():
        tree = workshop.tree(name)
        version = apt.fetch([debian], tree, closure=True)[debian]
        tidy(tree)
        workshop.add(_settled(name, version, tree))
    tree = workshop.tree("yum-utils")
    (tree / "usr/bin").mkdir(parents=True)
    for tool in _YUM_TOOLS:
        (tree / "usr/bin" / tool).symlink_to("/usr/libexec/dnf-utils-3")
    workshop.add(Package("yum-utils", "4.3.1", RELEASE, tree, arch="noarch", summary="Yum-utils CLI layer"))


def _settled(name: str, version: str, tree: Path) -> Package:
    """The package with what Debian's maintainer scripts would do, or the family's package does otherwise."""
    if name == "nginx":
        put(tree, _NGINX, "/etc/nginx/nginx.conf")
        user = "getent passwd nginx >/dev/null || useradd -r -d /var/lib/nginx -s /sbin/nologin nginx"
        return Package(name, version, RELEASE, tree, units="nginx.service", pre=user)
    if name == "firewalld":
        actions = tree / "usr/share/polkit-1/actions"
        policy = actions / "org.fedoraproject.FirewallD1.policy"
        policy.symlink_to("org.fedoraproject.FirewallD1.server.policy.choice")
        user = "getent passwd polkitd >/dev/null || useradd -r -M -s /sbin/nologin polkitd"
        reload = "systemctl reload dbus >/dev/null 2>&1 || :"
        return Package(name, version, RELEASE, tree, units="firewalld.service", post=reload, pre=user)
    return Package(name, version, RELEASE, tree, post="ldconfig")


def add_kernel_modules(workshop: Workshop) -> None:
    """For each face with a kernel of its own, the package that Docker's network needs there."""
    for face in FACES.values():
        if face.kernel:
            tree = workshop.tree(f"kernel-{face.kernel}")
            put(tree, "", disguise.module_of(face.kernel))
            version, release = face.kernel.removesuffix(".x86_64").split("-")
            workshop.add(
                Package("kernel-modules-extra", version, release, tree, summary="Extra kernel modules")
            )


def add_podman(workshop: Workshop, apt: Apt) -> None:
    """Podman with a runtime to choose, as the family has it, and the wrapper that owns `/usr/bin/docker`."""
    for name, debian in (("crun", "crun"), ("runc", "runc")):
        tree = workshop.tree(name)
        version = apt.fetch([debian], tree, closure=True)[debian]
        tidy(tree)
        _as_bin(tree)
        workshop.add(Package(name, version, RELEASE, tree, post="ldconfig", provides=("oci-runtime",)))
    tree = workshop.tree("podman")
    version = apt.fetch(["podman"], tree, closure=True)["podman"]
    tidy(tree)
    for runtime in ("crun", "runc"):
        (tree / "usr/bin" / runtime).unlink(missing_ok=True)
    workshop.add(Package("podman", version, RELEASE, tree, post="ldconfig", requires=("oci-runtime",)))
    tree = workshop.tree("podman-docker")
    put(tree, '#!/bin/sh\nexec /usr/bin/podman "$@"\n', "/usr/bin/docker", 0o755)
    workshop.add(
        Package(
            "podman-docker",
            version,
            RELEASE,
            tree,
            arch="noarch",
            requires=("podman",),
            summary="Emulate Docker CLI",
        )
    )


def _as_bin(tree: Path) -> None:
    """`/usr/sbin/runc` is `/usr/bin/runc` in the family."""
    for program in (tree / "usr/sbin").glob("*"):
        (tree / "usr/bin" / program.name).unlink(missing_ok=True)  # may be a link to it
        put(tree, program, f"/usr/bin/{program.name}")
        program.unlink()
    if (tree / "usr/sbin").is_dir():
        (tree / "usr/sbin").rmdir()


def add_selinux_placeholder(workshop: Workshop) -> None:
    summary = "Placeholder: this kernel has no SELinux"
    workshop.add(Package("container-selinux", "2.205.0", RELEASE, arch="noarch", summary=summary))


def add_markers(workshop: Workshop, status: Path) -> None:
    """Empty packages that stand for what the base image has; `status` is its dpkg status file."""
    text = status.read_text(encoding="utf-8")
    versions = dict(re.findall(r"^Package: (\S+)\n(?:.+\n)*?Version: (\S+)", text, re.MULTILINE))
    for name, debian in PRESENT.items():
        workshop.add(
            Package(
                name,
                upstream_version(versions[debian]),
                RELEASE,
                arch="noarch",
                summary="Marker: the base image has this one",
                provides=_ALSO_PROVIDES.get(name, ()),
            )
        )


def add_release_packages(workshop: Workshop) -> None:
    for name, face in FACES.items():
        _fill_release_tree(workshop, tree := workshop.tree(name), face)
        workshop.add(
            Package(
                face.package,
                face.version,
                face.release,
                tree,
                arch="noarch",
                pre=disguise.before(face),
                summary=f"{face.named('PRETTY_NAME')} release files",
                provides=tuple(
                    f"{what} = {face.releasever}" for what in ("system-release", "system-release(releasever)")
                ),
            )
        )


def _fill_release_tree(workshop: Workshop, tree: Path, face: Face) -> None:
    put(tree, "".join(f'{key}="{value}"\n' for key, value in face.os_release), "/usr/lib/os-release")
    (tree / "etc").mkdir()
    (tree / "etc/os-release").symlink_to("../usr/lib/os-release")
    put(tree, f"{face.line}\n", f"/etc/{face.files[0]}")
    redhat = [] if face.named("ID") == "openEuler" else ["redhat-release"]
    for link in (*face.files[1:], *redhat, "system-release"):
        (tree / "etc" / link).symlink_to(face.files[0])
    put(tree, f"{face.line}\nKernel \\r on an \\m\n\n", "/etc/issue")
    put(tree, f"%dist {face.dist}\n%rhel {face.docker_release}\n", "/usr/lib/rpm/macros.d/macros.dist")
    put(tree, workshop.public_key(KEY), f"/etc/pki/rpm-gpg/RPM-GPG-KEY-{KEY}", 0o644)
    put(tree, repository_file(face), f"/etc/yum.repos.d/{face.repository_file}.repo")
    for place, text in face.more_files:
        put(tree, text, place)
    disguise.fill(tree, face)


def repository_file(face: Face) -> str:
    """The `.repo` file that points a host to the lab's base and extras repositories."""
    return "".join(
        f"[{name}]\nname={face.named('NAME')} $releasever - {name}\n"
        f"baseurl=http://{REPOSITORY_NAME}/os/{folder}/\nenabled=1\ngpgcheck=1\n"
        f"gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-{KEY}\n\n"
        for name, folder in zip(face.repositories, ("base", "extras"), strict=True)
    )
