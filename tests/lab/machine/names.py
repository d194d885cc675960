"""What the lab is called on this computer: every container, image, folder and name of it is found by these.

None of them is used by anything else, so `down` can remove the lab without touching other work.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent

PREFIX = "ferrylab-"
"""Begins the name of every container."""

NETWORK = "ferrylab"
IMAGE = "ferrylab"
STAMP = "io.goferry.lab.stamp"
"""Label of an image: a hash of what it was made from."""

ROLE = "io.goferry.lab.role"
"""Label of a container: `host`, `repository` or `registry`."""

DOMAIN = "ferry.test"
REPOSITORY_NAME = f"repo.{DOMAIN}"
REGISTRY_NAME = f"registry.{DOMAIN}"
REGISTRY_PORT = 5000
DEAD_NAME = f"mirrorlist.{DOMAIN.replace('test', 'invalid')}"

_caches = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
CACHE = Path(_caches) / "goferry-test-lab"
"""What is costly to make and lasts: the userland, the packages, image archives."""

RUN = CACHE / "run"
"""What belongs to the servers that are up: keys, disks, facts. Gone after `down`."""

KEYS = RUN / "keys"
HOSTS = RUN / "hosts"


def subnet() -> str:
    """The first three numbers of the lab's network; .2 is the repository, .3 the registry, .11 and up the hosts."""
    return os.environ.get("LAB_SUBNET") or "10.231.78"
