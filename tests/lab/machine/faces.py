"""The faces a host can wear: what it says it is, and which package repositories it is meant to use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """One distribution, as its release package, `/etc/os-release` and repository file present it."""

    package: str
    version: str
    release: str
    releasever: str
    """What `$releasever` stands for in repository files."""

    docker_release: str
    """The folder of the docker-ce repository that this distribution is meant to use."""

    dist: str
    repository_file: str
    repositories: tuple[str, str]
    line: str
    """The text of `/etc/centos-release` and the like."""

    files: tuple[str, ...]
    os_release: tuple[tuple[str, str], ...]
    kernel: str = ""
    """What `uname -r` says there; empty: this computer's own kernel. With one come that kernel's module packages."""

    libc: str = ""
    """What `getconf GNU_LIBC_VERSION` says there; empty: the base's own."""

    more_files: tuple[tuple[str, str], ...] = ()
    """Other files by which programs tell this system, and their texts."""

    def named(self, key: str) -> str:
        """A value of `/etc/os-release`."""
        return dict(self.os_release)[key]


def _os_release(
    name: str, version: str, identity: str, number: str, like: str, *more: tuple[str, str]
) -> tuple[tuple[str, str], ...]:
    liked = (("ID_LIKE", like),) if like else ()
    pretty = ("PRETTY_NAME", f"{name} {version}")
    return (
        ("NAME", name),
        ("VERSION", version),
        ("ID", identity),
        *liked,
        ("VERSION_ID", number),
        pretty,
        *more,
    )


FACES = {
    "centos-7": Face(
        package="centos-release",
        version="7",
        release="9.2009.1.el7.centos",
        releasever="7",
        docker_release="7",
        dist=".el7",
        repository_file="CentOS-Base",
        repositories=("base", "extras"),
        line="CentOS Linux release 7.9.2009 (Core)",
        files=("centos-release",),
        os_release=_os_release(
            "CentOS Linux", "7 (Core)", "centos", "7", "rhel fedora", ("CPE_NAME", "cpe:/o:centos:centos:7")
        ),
    ),
    "almalinux-8": Face(
        package="almalinux-release",
        version="8.10",
        release="1.el8",
        releasever="8",
        docker_release="8",
        dist=".el8",
        repository_file="almalinux",
        repositories=("baseos", "extras"),
        line="AlmaLinux release 8.10 (Cerulean Leopard)",
        files=("almalinux-release", "centos-release"),
        os_release=_os_release(
            "AlmaLinux",
            "8.10 (Cerulean Leopard)",
            "almalinux",
            "8.10",
            "rhel centos fedora",
            ("PLATFORM_ID", "platform:el8"),
        ),
    ),
    "rocky-9": Face(
        package="rocky-release",
        version="9.4",
        release="1.el9",
        releasever="9",
        docker_release="9",
        dist=".el9",
        repository_file="rocky",
        repositories=("baseos", "extras"),
        line="Rocky Linux release 9.4 (Blue Onyx)",
        files=("rocky-release",),
        os_release=_os_release(
            "Rocky Linux",
            "9.4 (Blue Onyx)",
            "rocky",
            "9.4",
            "rhel centos fedora",
            ("PLATFORM_ID", "platform:el9"),
        ),
    ),
    "centos-stream-9": Face(
        package="centos-stream-release",
        version="9.0",
        release="26.el9",
        releasever="9",
        docker_release="9",
        dist=".el9",
        repository_file="centos",
        repositories=("baseos", "extras-common"),
        line="CentOS Stream release 9",
        files=("centos-release",),
        os_release=_os_release(
            "CentOS Stream", "9", "centos", "9", "rhel fedora", ("PLATFORM_ID", "platform:el9")
        ),
    ),
    # Its $releasever exists in no docker-ce repository, as on the real one.
    "openeuler-22.03": Face(
        package="openEuler-release",
        version="22.03LTS_SP3",
        release="61.oe2203sp3",
        releasever="22.03LTS_SP3",
        docker_release="8",
        dist=".oe2203sp3",
        repository_file="openEuler",
        repositories=("OS", "everything"),
        line="openEuler release 22.03 (LTS-SP3)",
        files=("openEuler-release",),
        os_release=_os_release("openEuler", "22.03 (LTS-SP3)", "openEuler", "22.03", ""),
    ),
    # Its network modules are a package of their own (see `disguise`).
    "rocky-10": Face(
        package="rocky-release",
        version="10.0",
        release="1.el10",
        releasever="10",
        docker_release="10",
        dist=".el10",
        repository_file="rocky",
        repositories=("baseos", "extras"),
        line="Rocky Linux release 10.0 (Red Quartz)",
        files=("rocky-release",),
        os_release=_os_release(
            "Rocky Linux",
            "10.0 (Red Quartz)",
            "rocky",
            "10.0",
            "rhel centos fedora",
            ("PLATFORM_ID", "platform:el10"),
        ),
        kernel="6.12.0-55.9.1.el10_0.x86_64",
        libc="2.39",
    ),
    # ID_LIKE is absent and the version a word; the C library tells the class.
    "kylin-v10": Face(
        package="kylin-release",
        version="10",
        release="24.6.p41.ky10",
        releasever="V10",
        docker_release="8",
        dist=".ky10",
        repository_file="kylin_x86_64",
        repositories=("ks10-adv-os", "ks10-adv-updates"),
        line="Kylin Linux Advanced Server release V10 (Lance)",
        files=("kylin-release",),
        os_release=_os_release("Kylin Linux Advanced Server", "V10 (Lance)", "kylin", "V10", ""),
        libc="2.28",
        more_files=(
            (
                "/etc/.productinfo",
                "Kylin Linux Advanced Server\nrelease V10 (SP3) /(Lance)-x86_64-Build23/20230324\n",
            ),
        ),
    ),
}
