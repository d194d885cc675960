"""The docker-ce repository as its vendor lays it out, and the distribution's own older `docker`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lab.machine.apt import STABLE, Apt
from tests.lab.machine.commands import LabError, say
from tests.lab.machine.names import REPOSITORY_NAME
from tests.lab.machine.rpm import Package, Workshop
from tests.lab.machine.system_packages import RELEASE
from tests.lab.machine.trees import put, tidy

KEY = "ferrylab-docker"
SUITES = {"7": (STABLE, "trixie"), "8": ("trixie",), "9": ("trixie", "sid"), "10": ("trixie", "sid")}
"""Whose Docker Engine each release of the repository offers; the first is a must."""

_GROUP = "getent group docker >/dev/null || groupadd -r docker"
_UNITS = "docker.service docker.socket"
_ENGINE_FILES = (
    ("sbin/dockerd", "dockerd"),
    ("sbin/docker-proxy", "docker-proxy"),
    ("bin/tini-static", "docker-init"),
)
_RUNTIME_FILES = ("bin/containerd", "bin/containerd-shim-runc-v2", "bin/ctr", "sbin/runc")
_PLUGINS = ("buildx", "compose")


@dataclass(frozen=True, slots=True)
class EngineFiles:
    """One suite's Docker Engine, unpacked, and the versions of its packages."""

    suite: str
    root: Path
    versions: dict[str, str]

    @property
    def has_plugins(self) -> bool:
        return self.suite != STABLE


class Engines:
    """Docker Engines of Debian's suites, each fetched once and kept below `work` while this object is used."""

    def __init__(self, work: Path, apt_root: Path, in_container: Callable[[str], None]) -> None:
        self._work, self._apt_root, self._in_container = work, apt_root, in_container
        self._fetched: dict[str, EngineFiles] = {}

    def of(self, suite: str) -> EngineFiles:
        """The suite's engine; LabError when it cannot be had or does not run on the hosts' base."""
        if suite not in self._fetched:
            self._fetched[suite] = self._fetch(suite)
        return self._fetched[suite]

    def _fetch(self, suite: str) -> EngineFiles:
        root = self._work / suite
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        own = (
            ["docker.io", "containerd"]
            if suite == STABLE
            else ["docker.io", "containerd", "docker-cli", "docker-buildx", "docker-compose"]
        )
        versions = Apt(self._apt_root, suite).fetch(own, root)
        # Every suite gets stable's runc and tini: later ones need a newer libc than the hosts have.
        Apt(self._apt_root, STABLE).fetch(["runc", "tini"], root)
        tidy(root)
        self._in_container(f"{root}/usr/sbin/dockerd --version\n{root}/usr/bin/containerd --version\n")
        return EngineFiles(suite, root, versions)


def add_docker_ce(workshop: Workshop, engines: Engines, release: str) -> None:
    """The packages of the docker-ce repository for one release of the family."""
    must = SUITES[release][0]
    for suite in SUITES[release]:
        try:
            engine = engines.of(suite)
        except LabError as error:
            if suite == must:
                raise
            say(f"{suite}'s Docker Engine cannot be used, going on without: {error}")
            continue
        _add_engine(workshop, engine, f"1.el{release}")
        _add_client(workshop, engine, f"1.el{release}")
        _add_runtime(workshop, engine, f"1.el{release}")
        _add_plugins(workshop, engine, f"1.el{release}")


def _add_engine(workshop: Workshop, engine: EngineFiles, release: str) -> None:
    tree = workshop.tree(f"engine-{engine.suite}")
    _put_engine(tree, engine, _unit(engine.root))
    workshop.add(
        Package(
            "docker-ce",
            engine.versions["docker.io"],
            release,
            tree,
            epoch=3,
            units=_UNITS,
            pre=_GROUP,
            summary="The open-source application container engine",
            requires=(
                "container-selinux",
                "docker-ce-cli",
                "containerd.io",
                "iptables",
                "systemd",
                "tar",
                "xz",
            ),
            conflicts=("docker", "docker-io", "docker-engine"),
        )
    )


def _add_client(workshop: Workshop, engine: EngineFiles, release: str) -> None:
    tree = workshop.tree(f"client-{engine.suite}")
    put(tree, engine.root / "usr/bin/docker", "/usr/bin/docker", 0o755)
    completion = "usr/share/bash-completion/completions/docker"
    if (engine.root / completion).exists():
        put(tree, engine.root / completion, completion)
    plugins = tuple(f"docker-{name}-plugin" for name in _PLUGINS) if engine.has_plugins else ()
    workshop.add(
        Package(
            "docker-ce-cli",
            engine.versions["docker.io"],
            release,
            tree,
            epoch=1,
            summary="The open-source application container engine",
            recommends=plugins,
            conflicts=("docker-client", "docker-io"),
        )
    )


def _add_runtime(workshop: Workshop, engine: EngineFiles, release: str) -> None:
    tree = workshop.tree(f"runtime-{engine.suite}")
    _put_runtime(tree, engine.root)
    unit = "usr/lib/systemd/system/containerd.service"
    put(tree, engine.root / unit, unit)
    put(tree, 'disabled_plugins = ["cri"]\n', "/etc/containerd/config.toml")
    workshop.add(
        Package(
            "containerd.io",
            engine.versions["containerd"],
            release,
            tree,
            units="containerd.service",
            summary="An industry-standard container runtime",
            conflicts=("containerd", "runc", "docker-common"),
        )
    )


def _add_plugins(workshop: Workshop, engine: EngineFiles, release: str) -> None:
    for name in _PLUGINS if engine.has_plugins else ():
        tree = workshop.tree(f"{name}-{engine.suite}")
        candidates = (path for path in engine.root.rglob(f"docker-{name}") if path.is_file())
        found = next(path for path in candidates if "cli-plugins" in path.parts)
        put(tree, found, f"/usr/libexec/docker/cli-plugins/docker-{name}", 0o755)
        version = engine.versions[f"docker-{name}"]
        summary = f"Docker {name.capitalize()} plugin"
        workshop.add(Package(f"docker-{name}-plugin", version, release, tree, summary=summary))


def add_old_docker(workshop: Workshop, engine: EngineFiles) -> None:
    """The distribution's own, older engine, under the names that the install guides say to remove."""
    version = engine.versions["docker.io"]
    trees = {name: workshop.tree(name) for name in ("docker", "docker-client", "docker-common")}
    alone = _unit(engine.root).replace("--containerd=/run/containerd/containerd.sock", "")
    _put_engine(trees["docker"], engine, alone.replace("containerd.service", ""))
    put(trees["docker-client"], engine.root / "usr/bin/docker", "/usr/bin/docker", 0o755)
    _put_runtime(trees["docker-common"], engine.root)
    common = f"docker-common = 2:{version}"
    workshop.add(
        Package(
            "docker",
            version,
            RELEASE,
            trees["docker"],
            epoch=2,
            units=_UNITS,
            pre=_GROUP,
            summary="The distribution's older Docker Engine",
            requires=(f"docker-client = 2:{version}", common),
        )
    )
    workshop.add(
        Package("docker-client", version, RELEASE, trees["docker-client"], epoch=2, requires=(common,))
    )
    workshop.add(Package("docker-common", version, RELEASE, trees["docker-common"], epoch=2))


def add_vendor_engine(workshop: Workshop, engine: EngineFiles) -> None:
    """The engine that openEuler and Kylin have in their own repositories, in one package."""
    tree = workshop.tree("docker-engine")
    alone = _unit(engine.root).replace("--containerd=/run/containerd/containerd.sock", "")
    _put_engine(tree, engine, alone.replace("containerd.service", ""))
    put(tree, engine.root / "usr/bin/docker", "/usr/bin/docker", 0o755)
    _put_runtime(tree, engine.root)
    version = engine.versions["docker.io"]
    workshop.add(Package("docker-engine", version, RELEASE, tree, units=_UNITS, pre=_GROUP))


def _put_engine(tree: Path, engine: EngineFiles, unit: str) -> None:
    for source, name in _ENGINE_FILES:
        put(tree, engine.root / "usr" / source, f"/usr/bin/{name}", 0o755)
    put(tree, unit, "/usr/lib/systemd/system/docker.service")
    socket = "usr/lib/systemd/system/docker.socket"
    put(tree, engine.root / socket, socket)


def _put_runtime(tree: Path, root: Path) -> None:
    for name in _RUNTIME_FILES:
        put(tree, root / "usr" / name, f"/usr/bin/{Path(name).name}", 0o755)


def _unit(root: Path) -> str:
    text = (root / "usr/lib/systemd/system/docker.service").read_text(encoding="utf-8")
    text = text.replace("/usr/sbin/dockerd", "/usr/bin/dockerd").replace(" $DOCKER_OPTS", "")
    return text.replace("EnvironmentFile=-/etc/default/docker\n", "")


def repository_file() -> str:
    """The `docker-ce.repo` that the install guides download."""
    address = f"http://{REPOSITORY_NAME}/linux/centos"
    return "".join(
        f"[docker-ce-{channel}]\nname=Docker CE {channel.capitalize()} - $basearch\n"
        f"baseurl={address}/$releasever/$basearch/{channel}\nenabled={int(channel == 'stable')}\ngpgcheck=1\n"
        f"gpgkey={address}/gpg\n\n"
        for channel in ("stable", "test")
    )
