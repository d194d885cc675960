"""The lab as fixtures. Servers are started when the first test asks for them, once for all test processes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab import handle
from tests.lab.handle import Lab, LabHost
from tests.lab.machine import sample_images, sharing
from tests.lab.machine.commands import LabError, locked
from tests.lab.machine.registry import Registry

_TIME_LIMIT_S = 900
"""For what hangs. A busy computer may take several times as long as a quiet one."""

_REGISTRY_LOCK = "registry.lock"
_SHARED = ("centos-7", "centos-stream-9", "openeuler-22.03")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/lab/" not in item.path.as_posix():
            continue
        item.add_marker("lab")
        if item.get_closest_marker("timeout") is None:
            # The first test waits for the servers to be built: that is not its own time.
            item.add_marker(pytest.mark.timeout(_TIME_LIMIT_S, func_only=True))


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab. Where it cannot run its tests are skipped; where it must run (`CI=true`) they fail."""
    if obstacle := handle.obstacle():
        _refuse(obstacle)
    try:
        sharing.enter()
        if handle.is_required():  # all tests will run: what they need is made once, not piece by piece
            sharing.prepare(_SHARED)
            Lab().all_shared(*_SHARED)
    except LabError as error:
        _refuse(str(error))
    if os.environ.get("GOFERRY_KEEP_LAB") == "1":
        sharing.keep()
    yield Lab()
    sharing.leave()


def _refuse(reason: str) -> None:
    if handle.is_required():
        pytest.fail(f"The lab cannot run here: {reason}", pytrace=False)
    pytest.skip(f"the lab cannot run here: {reason}")


@pytest.fixture(scope="session")
def local_engine(lab: Lab) -> str:
    """The address of a real Docker Engine on this computer (`unix:///var/run/docker.sock`), with `busybox:lab`."""
    address = handle.local_engine()
    lab.load_image(sample_images.LOCAL)
    return address


@pytest.fixture(scope="session")
def centos7(lab: Lab) -> LabHost:
    """CentOS 7 with Docker 26. Shared by all tests: leave it as it was, and break `spare_host` instead."""
    return lab.shared("centos-7")


@pytest.fixture(scope="session")
def stream9(lab: Lab) -> LabHost:
    """CentOS Stream 9 with the newest Docker that Debian has. Shared by all tests."""
    return lab.shared("centos-stream-9")


@pytest.fixture(scope="session")
def openeuler(lab: Lab) -> LabHost:
    """openEuler 22.03 with Docker 26. Shared by all tests."""
    return lab.shared("openeuler-22.03")


@pytest.fixture
def bare_host(lab: Lab) -> Iterator[LabHost]:
    """A CentOS 7 fresh from its installation, without Docker, for this test alone."""
    host = lab.start()
    yield host
    lab.remove(host.name)


@pytest.fixture(scope="session")
def _own_hosts(lab: Lab) -> Iterator[list[str]]:
    """The name of this process's own host; empty before its first, and after one that could not be healed."""
    names: list[str] = []
    yield names
    for name in names:
        lab.remove(name)


@pytest.fixture
def spare_host(lab: Lab, _own_hosts: list[str]) -> Iterator[LabHost]:
    """A CentOS 7 with Docker, to be broken: it is healed after each test, and no other process uses it."""
    if not _own_hosts:
        _own_hosts.append(lab.start(docker=True).name)
    [name] = _own_hosts
    yield lab.host(name)
    try:
        lab.heal(name)
    except BaseException:  # this test has failed; the next one gets another host
        _own_hosts.clear()
        lab.remove(name)
        raise


@pytest.fixture
def image_registry(lab: Lab) -> Iterator[Registry]:
    """An empty image registry with a password, over plain HTTP; no other test has it at the same time."""
    with locked(_REGISTRY_LOCK):
        yield lab.registry()


@pytest.fixture
def tls_registry(lab: Lab) -> Iterator[Registry]:
    """The same with a certificate of the lab's own authority (`.ca`)."""
    with locked(_REGISTRY_LOCK):
        yield lab.registry(tls=True)
