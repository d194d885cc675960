"""The images that hosts start from: one for each face, and one with Docker installed on it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from tests.lab.machine import base_image, engine, network, repositories
from tests.lab.machine.commands import attempt, run, stamp, step, succeeds, wait_until
from tests.lab.machine.faces import FACES
from tests.lab.machine.names import CACHE, HERE, IMAGE, NETWORK, PREFIX, REPOSITORY_NAME, STAMP

_FORGOTTEN = "rm -f /etc/ssh/ssh_host_*; rm -rf /var/log/journal/* /var/cache/dnf; : > /etc/machine-id"


def ensure(os_names: Iterable[str], *, docker: bool) -> None:
    """Make the images of these faces, as far as what they are made from changed."""
    wanted = list(dict.fromkeys(os_names))
    base = base_image.ensure()
    packages = repositories.ensure(FACES[name].docker_release for name in wanted)
    for name in wanted:
        _ensure_face(name, base + packages)
        if docker:
            _ensure_docker(name, base + packages + stamp(HERE / "images.py"))


def image_name(os_name: str, *, docker: bool) -> str:
    return f"{IMAGE}:{os_name}-docker" if docker else f"{IMAGE}:{os_name}"


def _ensure_face(os_name: str, mark: str) -> None:
    image = image_name(os_name, docker=False)
    if base_image.mark_of(image) == mark:
        return
    face = FACES[os_name]
    release_package = f"{repositories.RELEASE_PACKAGES}/{face.package}-{face.version}-*.rpm"
    script = (
        f"dnf -q -y --nogpgcheck --disablerepo='*' --releasever={face.releasever} install"
        f" {repositories.MARKERS}/*.rpm {release_package}\n"
        "rm -rf /etc/apt /etc/dpkg /var/log/dnf* /var/log/hawkey* /var/cache/dnf\n"
    )
    if os_name == "centos-7":  # yum only, as there
        script += "rm -f /usr/bin/dnf\n"
    with step(f"making the {os_name} image"), _workbench() as container:
        options = ("--network=none", "-v", f"{CACHE}:{CACHE}:ro", base_image.IMAGE_NAME)
        run("docker", "run", "-i", "--name", container, *options, "sh", "-eu", stdin=script)
        _keep(container, image, mark)


def docker_installation(os_name: str, user: str = "deploy") -> str:
    """The steps that Docker documents for the RHEL family, as a shell script."""
    correction = (
        "sed -i 's/$releasever/8/' /etc/yum.repos.d/docker-ce.repo" if "openeuler" in os_name else ":"
    )
    old = "docker docker-client docker-client-latest docker-common docker-latest docker-latest-logrotate"
    return f"""set -e
yum remove -y {old} docker-logrotate docker-engine
yum install -y yum-utils
yum-config-manager --add-repo http://{REPOSITORY_NAME}/linux/centos/docker-ce.repo
{correction}
yum install -y docker-ce docker-ce-cli containerd.io
systemctl enable --now docker
usermod -aG docker {user}
docker info >/dev/null
"""


def _ensure_docker(os_name: str, mark: str) -> None:
    """A host on which the documented steps were really run, kept."""
    image = image_name(os_name, docker=True)
    if base_image.mark_of(image) == mark:
        return
    network.ensure()
    with step(f"provisioning the {os_name} image with Docker"), _workbench() as container:
        options = (*engine.server_flags(), "--network", NETWORK, "-v", "/var/lib/docker")
        run("docker", "run", "-d", "--name", container, *options, image_name(os_name, docker=False))
        wait_until(lambda: _booted(container), 180, f"{container} did not boot")
        run("docker", "exec", "-i", container, "sh", stdin=docker_installation(os_name))
        run("docker", "exec", container, "sh", "-c", _FORGOTTEN)
        run("docker", "stop", "-t", "20", container)
        _keep(container, image, mark)


def _booted(container: str) -> bool:
    state = attempt("docker", "exec", container, "systemctl", "is-system-running")
    return state in {"running", "degraded"}


@contextlib.contextmanager
def _workbench() -> Iterator[str]:
    """The name of a container that is removed afterwards."""
    container = f"{PREFIX}make-{os.getpid()}"
    try:
        yield container
    finally:
        succeeds("docker", "rm", "-f", "-v", container)


def _keep(container: str, image: str, mark: str) -> None:
    run("docker", "commit", "-c", f"LABEL {STAMP}={mark}", "-c", base_image.INIT, container, image)
    succeeds("docker", "image", "prune", "-f", "--filter", f"label={STAMP}")  # the one it supersedes


def remove_all() -> None:
    """Remove every image of the lab."""
    names = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", IMAGE).split()
    if names:
        succeeds("docker", "rmi", "-f", *names)
    succeeds("docker", "image", "prune", "-f", "--filter", f"label={STAMP}")
