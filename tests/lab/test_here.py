"""Run here: a public program as it is, and deploys into this computer's own Docker Engine on bad days."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from desktop.base.paths import Home
from desktop.base.secret_store import MemoryStore
from desktop.release import HostState, RolloutResult, WrongCpu
from tests.lab.handle import Lab
from tests.lab.machine.apt import mirror
from tests.lab.site import ROOT, Site, make_site
from tests.ports import free_port

pytestmark = pytest.mark.timeout(900, func_only=True)
PROGRAM = "webhook-2.8.0"
SOURCE = "pool/main/w/webhook/webhook_2.8.0.orig.tar.gz"
SOURCE_SHA256 = "c521558083f96bcefef16575a6f3f98ac79c0160fd0073be5e76d6645e068398"
"""A public server with 270,000 lines of Go, most of them in vendor/, as Debian keeps its authors' own archive."""


class HereSite(Site):
    """An app on this computer."""

    @property
    def names(self) -> list[str]:
        return ["local"]

    def answers(self, path: str = "/") -> str:
        address = f"http://127.0.0.1:{self.port}{path}"
        with (
            suppress(OSError, http.client.HTTPException),
            urllib.request.urlopen(address, timeout=60) as answer,
        ):
            return str(answer.read().decode())
        return ""

    def until(self, wanted: str) -> None:
        deadline = time.monotonic() + 240
        while self.answers() != wanted:
            assert time.monotonic() < deadline, f"{wanted} does not answer, but {self.answers()!r}"
            time.sleep(0.1)

    @property
    def deploying(self) -> list[str]:
        """The command of a deploy to here."""
        home = ["--home", str(self.home.root), "--quiet"]
        return [
            sys.executable,
            "-m",
            "desktop",
            *home,
            "deploy",
            str(self.folder),
            "--to",
            "staging",
            "--yes",
        ]

    def deploy_until_killed(self, version: str) -> None:
        """A version that never becomes healthy is tried, and Goferry is killed while it serves."""
        self.write(version, BEHAVIOUR="sick", start="200s")
        child = subprocess.Popen(self.deploying, cwd=ROOT)
        try:
            self.until(f"{version} 0")
            assert child.poll() is None
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()

    def running(self) -> int:
        """Releases that run, the one that serves and the one that is tried."""
        words = ["docker", "ps", "-q", "--filter", f"label=io.goferry.app={self.name}"]
        return len(subprocess.run(words, capture_output=True, check=True, encoding="utf-8").stdout.split())

    def kill_while_tried(self, version: str) -> None:
        """A version behind a front that never becomes healthy runs beside the one that serves; Goferry is killed."""
        self.write(version, mode="proxy", BEHAVIOUR="sick", start="200s")
        with subprocess.Popen(self.deploying, cwd=ROOT) as child:
            self.until_running(2)
            assert child.poll() is None
            child.send_signal(signal.SIGKILL)
        self.until_running(1)

    def until_running(self, wanted: int) -> None:
        deadline = time.monotonic() + 240
        while self.running() != wanted:
            assert time.monotonic() < deadline, f"{self.running()} releases run, not {wanted}"
            time.sleep(0.1)

    @contextmanager
    def asked(self) -> Iterator[list[str]]:
        """Somebody asks all the time: what was answered, each change once; "" for nothing."""
        answers, ended = [self.answers()], threading.Event()

        def ask() -> None:
            while not ended.wait(0.01):
                answer = self.answers()
                if answer != answers[-1]:
                    answers.append(answer)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield answers
        finally:
            ended.set()
            thread.join()

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

    def end_guards(self) -> None:
        for guard in self.guards():
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(guard, signal.SIGKILL)

    def until_nobody_guards(self) -> None:
        deadline = time.monotonic() + 240
        while self.guards():
            assert time.monotonic() < deadline, "a guard stays after its release is confirmed"
            time.sleep(0.1)


@pytest.fixture
def here(lab: Lab, local_engine: str, tmp_path: Path) -> Iterator[HereSite]:
    port = free_port()
    made = make_site(lab, tmp_path, f"here-{port}", port)
    site = HereSite(lab, made.name, port, made.folder, made.home, ())
    yield site
    code, removed = site.cli("remove", str(site.folder), "--on", "staging", "--yes")
    assert (code, removed["instances"]) == (0, [])
    assert not (site.home.root / "engine" / site.name).exists()
    site.end_guards()


def only(result: RolloutResult) -> HostState:
    [host] = result.hosts
    return host.state


def test_no_request_is_lost_behind_a_front_on_this_computer(here: HereSite) -> None:
    assert only(here.deploy("0.9")) is HostState.DONE
    assert only(here.deploy("1.0", mode="proxy")) is HostState.DONE
    with here.asked() as answers:
        [second] = here.deploy("2.0", mode="proxy").hosts
        assert (second.state, second.downtime_ms, second.error) == (HostState.DONE, 0, None)
        here.kill_while_tried("3.0")
        assert only(here.deploy("4.0", mode="proxy", BEHAVIOUR="exit")) is HostState.ROLLED_BACK
        code, back = here.cli("rollback", str(here.folder), "--on", "staging")
        assert (code, back["hosts"][0]["state"]) == (0, "done")
        here.until("1.0 0")
    assert answers == ["1.0 0", "2.0 0", "1.0 0"]
    here.until_nobody_guards()


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
    here.end_guards()
    # that process is gone too: the next command that changes the app begins with it, even when it fails itself
    [refused] = here.deploy("4.0", target="linux/arm64").hosts
    assert isinstance(refused.error, WrongCpu)
    here.until("1.0 0")
    assert only(here.deploy("4.0")) is HostState.DONE
    assert here.answers() == "4.0 0"
    here.until_nobody_guards()


@pytest.fixture
def public_program(lab: Lab, tmp_path: Path) -> Path:
    """The folder of a public program, exactly as its authors packed it."""
    try:
        address = f"{mirror()}/{SOURCE}"
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  apt reads from there too
            archive = answer.read()
    except (OSError, http.client.HTTPException) as error:
        pytest.skip(f"this computer's Debian mirror has no source of {PROGRAM}: {error}")
    assert hashlib.sha256(archive).hexdigest() == SOURCE_SHA256
    (tmp_path / "source.tar.gz").write_bytes(archive)
    with tarfile.open(tmp_path / "source.tar.gz") as packed:
        if hasattr(tarfile, "data_filter"):  # Debian 12's own Python is older
            packed.extraction_filter = tarfile.data_filter
        packed.extractall(tmp_path)  # noqa: S202  its checksum is known
    return tmp_path / PROGRAM


def files_in(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_public_program_with_a_configuration_file_runs_as_it_is(
    local_engine: str, public_program: Path, tmp_path: Path
) -> None:
    port, folder = free_port(), str(public_program)
    site = HereSite(Lab(), f"hook-{port}", port, public_program, Home(tmp_path / "home"), (), MemoryStore())
    as_it_came = files_in(public_program)
    code, found = site.cli("inspect", folder)
    assert (code, found["port"], found["warnings"]) == (0, 9000, [])
    assert [module["path"] for module in found["modules"]] == ["github.com/adnanh/webhook"]

    public_program.joinpath("goferry.yaml").write_text(
        f"""\
name: {site.name}
main: .
port: {port}
args: [-hooks, hooks.json.example, -port, "{port}", -verbose]
image: {{ files: [hooks.json.example] }}
health: {{ http: /, interval: 1s, start: 30s }}
environments: {{ staging: {{ hosts: [local], publish: {port}, mode: proxy }} }}
""",
        encoding="utf-8",
    )
    for words in (("--native",), ()):  # where there is no front, mode proxy is no hindrance
        code, deployed = site.cli("deploy", folder, "--to", "staging", "--yes", *words)
        assert code == 0, str(deployed)
        assert site.answers() == "OK"
        # it has read its configuration, in which this hook has rules; a hook that it does not know is not found
        assert site.answers("/hooks/webhook") == "Hook rules were not satisfied."
        assert site.answers("/hooks/other") == ""
        done = subprocess.run(
            [sys.executable, "-m", "desktop", "--home", str(site.home.root), "--json", "--quiet", "logs", folder],
            cwd=ROOT, capture_output=True, encoding="utf-8", check=True,
        )  # fmt: skip
        assert any("loaded: webhook" in json.loads(line)["text"] for line in done.stdout.splitlines())
        code, removed = site.cli("remove", folder, "--on", "staging", "--yes")
        assert (code, removed["instances"], site.answers()) == (0, [], "")
    assert not any((site.home.root / kind / site.name).exists() for kind in ("native", "engine"))
    assert files_in(public_program) == as_it_came | {"goferry.yaml": files_in(public_program)["goferry.yaml"]}
