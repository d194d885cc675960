"""The lab's own network, and on it a name server and the web server of its package repositories."""

from __future__ import annotations

import socket
from collections.abc import Collection

from tests.lab.machine import base_image, repositories
from tests.lab.machine.commands import LabError, run, succeeds
from tests.lab.machine.names import DOMAIN, NETWORK, PREFIX, REGISTRY_NAME, REPOSITORY_NAME, ROLE, subnet

MOST_HOSTS = 99
_CONTAINER = f"{PREFIX}repo"


def ensure() -> None:
    """Return when network, name server and repositories are there. The repositories must have been built."""
    if not succeeds("docker", "network", "inspect", NETWORK):
        run("docker", "network", "create", "--subnet", f"{subnet()}.0/24", NETWORK)
    if succeeds("docker", "container", "inspect", _CONTAINER):
        return
    names = {REPOSITORY_NAME: 2, REGISTRY_NAME: 3}
    names |= {f"h{number},h{number}.{DOMAIN}": 10 + number for number in range(1, MOST_HOSTS + 1)}
    records = " ".join(f"--host-record={name},{subnet()}.{last}" for name, last in names.items())
    options = [
        *("--name", _CONTAINER, "--label", f"{ROLE}=repository", "--init", "--restart", "unless-stopped"),
        *("--network", NETWORK, "--ip", f"{subnet()}.2", "--network-alias", REPOSITORY_NAME),
        *("-v", f"{repositories.ROOT}:/srv:ro"),
    ]
    services = f"dnsmasq --user=root --no-hosts --no-resolv --local=/#/ {records}\n"
    services += "exec python3 -u -m http.server -d /srv 80"
    run("docker", "run", "-d", *options, base_image.IMAGE_NAME, "sh", "-ec", services)


def remove() -> None:
    succeeds("docker", "network", "rm", NETWORK)


def free_port(first: int, taken: Collection[int] = ()) -> int:
    """A port of 127.0.0.1, `first` or later, that nothing listens on and that is not among the taken ones."""
    for port in range(first, 65536):
        with socket.socket() as probe:
            if port not in taken and probe.connect_ex(("127.0.0.1", port)):
                return port
    raise LabError("no free port on 127.0.0.1")
