"""Deploys into this computer's own Docker Engine, on bad days."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from desktop.release import HostState, RolloutResult, WrongCpu
from tests.lab.handle import Lab
from tests.lab.site import ROOT, Site, make_site

pytestmark = pytest.mark.timeout(300, func_only=True)


class HereSite(Site):
    """An app on this computer."""

    @property
    def names(self) -> list[str]:
        return ["local"]

    def answers(self) -> str:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=3) as answer:
            return str(answer.read().decode())
        return ""

    def until(self, wanted: str) -> None:
        deadline = time.monotonic() + 90
        while self.answers() != wanted:
            assert time.monotonic() < deadline, f"{wanted} does not answer, but {self.answers()!r}"
            time.sleep(0.1)

    def deploy_until_killed(self, version: str) -> None:
        """A version that never becomes healthy is tried, and Goferry is killed while it serves."""
        self.write(version, BEHAVIOUR="sick", start="200s")
        words = [
            "--home",
            str(self.home.root),
            "--quiet",
            "deploy",
            str(self.folder),
            "--to",
            "staging",
            "--yes",
        ]
        child = subprocess.Popen([sys.executable, "-m", "desktop", *words], cwd=ROOT)
        try:
            self.until(f"{version} 0")
            assert child.poll() is None
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()

    def guards(self) -> list[int]:
        """The processes that watch over a release of this app."""
        folder = str(self.home.root / "engine" / self.name).encode()
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = place.read_bytes().split(b"\0")
                if folder in words and b"desktop.release.guard" in words:
                    found.append(int(place.parent.name))
        return found

    def until_nobody_guards(self) -> None:
        deadline = time.monotonic() + 60
        while self.guards():
            assert time.monotonic() < deadline, "a guard stays after its release is confirmed"
            time.sleep(0.1)


@pytest.fixture
def here(lab: Lab, local_engine: str, tmp_path: Path) -> Iterator[HereSite]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = make_site(lab, tmp_path, f"here-{port}", port)
    site = HereSite(lab, made.name, port, made.folder, made.home, ())
    yield site
    code, removed = site.cli("remove", str(site.folder), "--on", "staging", "--yes")
    assert (code, removed["instances"]) == (0, [])
    for guard in site.guards():
        os.kill(guard, signal.SIGKILL)


def only(result: RolloutResult) -> HostState:
    [host] = result.hosts
    return host.state


def test_when_goferry_is_killed_the_engine_of_this_computer_goes_back_to_the_old_version(
    here: HereSite,
) -> None:
    assert only(here.deploy("1.0")) is HostState.DONE
    here.until_nobody_guards()
    here.deploy_until_killed("2.0")
    # nobody starts Goferry again: a process that was left behind takes it back
    here.until("1.0 0")
    code, status = here.cli("status", str(here.folder), "--on", "staging")
    running = [row["version"] for row in status["instances"] if row["state"] == "running"]
    assert (code, running) == (0, ["1.0"])

    here.deploy_until_killed("3.0")
    for guard in here.guards():
        os.kill(guard, signal.SIGKILL)
    # that process is gone too: the next command that changes the app begins with it, even when it fails itself
    [refused] = here.deploy("4.0", target="linux/arm64").hosts
    assert isinstance(refused.error, WrongCpu)
    here.until("1.0 0")
    assert only(here.deploy("4.0")) is HostState.DONE
    assert here.answers() == "4.0 0"
    here.until_nobody_guards()
