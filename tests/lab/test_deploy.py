"""Deploys on real servers: the way, and its bad days. The old version must serve after each of them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.app import App
from desktop.app_deploy import Prepared, place_of, prepare_deploy, run_prepared
from desktop.base.errors import GoferryError
from desktop.base.plans import StepResult, StepState
from desktop.base.secret import Secret
from desktop.base.secret_store import secret_key
from desktop.hosts import Inventory
from desktop.release import (
    ChangedSinceSeen,
    ExitedAtOnce,
    HostState,
    Locked,
    NeverHealthy,
    PortBusy,
    RolloutResult,
    WrongCpu,
)
from tests.lab.handle import Lab, LabHost
from tests.lab.site import Site, make_site

pytestmark = pytest.mark.timeout(900, func_only=True)
ROOT = Path(__file__).resolve().parents[2]


class Sites:
    """Makes sites for a test and removes them after it."""

    def __init__(self, lab: Lab, tmp_path: Path, number: int) -> None:
        self._lab, self._tmp_path, self._number = lab, tmp_path, number
        self._made: list[Site] = []

    def __call__(self, *hosts: LabHost) -> Site:
        site = make_site(self._lab, self._tmp_path, f"rt{self._number}", 18000 + self._number, *hosts)
        self._made.append(site)
        return site

    def clean(self) -> None:
        for site in self._made:
            site.clean()


@pytest.fixture
def sites(lab: Lab, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sites]:
    made = Sites(lab, tmp_path, sum(request.node.name.encode()) % 900 + 50)
    yield made
    made.clean()


@pytest.fixture(params=["centos7", "stream9", "openeuler"])
def each_host(request: pytest.FixtureRequest) -> LabHost:
    host: LabHost = request.getfixturevalue(request.param)
    return host


def only(result: RolloutResult) -> Any:
    assert len(result.hosts) == 1
    return result.hosts[0]


def running_image(site: Site, host: LabHost) -> str:
    script = (
        f"docker ps -q --filter label=io.goferry.app={site.name} | xargs docker inspect -f '{{{{.Image}}}}'"
    )
    return site.lab.console(host.name, script).strip()


def released_first(site: Site, host: LabHost) -> str:
    """1.0, and again: its id."""
    site.write("1.0")
    code, first = site.cli("deploy", str(site.folder), "--to", "staging")
    assert (code, first["ok"]) == (0, True), str(first)
    assert {"release", "image", "port", "hosts"} <= set(first)
    [seen] = first["hosts"]
    assert set(seen) == {"name", "state", "steps", "sent_bytes", "relayed_bytes", "downtime_ms", "seconds"}
    assert (seen["state"], seen["downtime_ms"]) == ("done", None)
    assert seen["sent_bytes"] > 0
    assert site.served(host) == "1.0 0"
    code, again = site.cli("deploy", str(site.folder), "--to", "staging")
    assert (code, again["hosts"][0]["state"]) == (0, "unchanged")
    return str(first["release"])


def released_second(site: Site, host: LabHost) -> None:
    """2.0, with other code and another value, after a look at the plan."""
    site.write("2.0")
    (site.folder / "other.go").write_text("package main\n\nvar Other = 2\n", encoding="utf-8")
    code, planned = site.cli("deploy", str(site.folder), "--to", "staging", "--plan")
    assert code == 0
    assert {"key": "env.VERSION", "before": "1.0", "after": "2.0"} in planned["changes"]
    assert planned["to_send"][host.name] > 0
    assert any(
        "docker create" in words for step in planned["hosts"][0]["steps"] for words in step["commands"]
    )
    assert site.served(host) == "1.0 0"
    code, second = site.cli("deploy", str(site.folder), "--to", host.name)
    assert (code, second["hosts"][0]["state"]) == (0, "done")
    assert 0 < second["hosts"][0]["downtime_ms"] < 20_000
    assert site.served(host) == "2.0 0"


def test_the_whole_life_of_a_release(each_host: LabHost, sites: Sites) -> None:
    site = sites(each_host)
    first = released_first(site, each_host)
    image = running_image(site, each_host)
    released_second(site, each_host)
    assert running_image(site, each_host) != image

    code, releases = site.cli("releases", str(site.folder), "--on", "staging")
    assert [row["version"] for row in releases["releases"]] == ["2.0", "1.0"]
    assert [row["hosts"][0]["state"] for row in releases["releases"]] == ["running", "kept"]

    code, back = site.cli("rollback", str(site.folder), "--on", "staging")
    assert (code, back["release"], back["hosts"][0]["state"]) == (0, first, "done")
    assert (site.served(each_host), running_image(site, each_host)) == ("1.0 0", image)

    code, status = site.cli("status", str(site.folder), "--on", "staging")
    running = [row for row in status["instances"] if row["state"] == "running"]
    assert (code, [(row["release"], row["health"]) for row in running]) == (0, [(first, "healthy")])


def test_stopped_and_removed_by_hand(each_host: LabHost, sites: Sites, lab: Lab) -> None:
    site = sites(each_host)
    site.deploy("1.0")
    code, _ = site.cli("stop", str(site.folder), "--on", "staging")
    assert (code, site.served(each_host)) == (0, "")
    code, _ = site.cli("start", str(site.folder), "--on", "staging")
    assert code == 0
    site.until_served(each_host, "1.0")
    code, _ = site.cli("restart", str(site.folder), "--on", "staging")
    assert code == 0
    site.until_served(each_host, "1.0")
    code, removed = site.cli("remove", str(site.folder), "--on", "staging", "--yes")
    assert (code, removed["instances"]) == (0, [])
    assert site.containers(each_host) == []
    left = lab.console(
        each_host.name, f"docker images --format '{{{{.Repository}}}}' | grep {site.name} || true"
    )
    assert left.strip() == ""
    # nothing of the app is left on the server, and it can come back
    assert lab.console(each_host.name, f"ls -A /var/lib/goferry/{site.name} 2>/dev/null || true") == ""
    assert only(site.deploy("1.0")).state is HostState.DONE


def test_a_failure_on_one_host_stops_before_the_next(
    centos7: LabHost,
    stream9: LabHost,
    openeuler: LabHost,
    sites: Sites,
    lab: Lab,
) -> None:
    site = sites(centos7, stream9, openeuler)
    lab.load_image(stream9.name)
    lab.console(
        stream9.name, f"docker run -d --name blocker -p 127.0.0.1:{site.port}:80 busybox:lab sleep 600"
    )
    try:
        site.write("1.0")
        code, result = site.cli("deploy", str(site.folder), "--to", "staging")
    finally:
        lab.console(stream9.name, "docker rm -f blocker")
    assert (code, result["ok"]) == (3, False)
    assert [host["state"] for host in result["hosts"]] == ["done", "failed", "unchanged"]
    assert result["error"]["code"] == "release.port_taken"
    assert "blocker" in result["error"]["why"]
    assert site.served(centos7) == "1.0 0"
    assert site.containers(openeuler) == []
    assert [h.state for h in site.deploy("1.0").hosts] == [
        HostState.UNCHANGED,
        HostState.DONE,
        HostState.DONE,
    ]


def test_a_host_that_does_not_answer_is_unknown_and_nothing_is_begun_without_leave(
    centos7: LabHost, sites: Sites
) -> None:
    site = sites(centos7)
    known = Inventory(site.home).get(centos7.name)
    Inventory(site.home).add(replace(known, name="ghost", port=1))
    site.write("1.0")
    words = ("deploy", str(site.folder), "--to", centos7.name, "ghost")
    code, result = site.cli(*words)
    assert code == 3
    assert [(host["name"], host["state"]) for host in result["hosts"]] == [
        (centos7.name, "unchanged"),
        ("ghost", "unknown"),
    ]
    assert site.containers(centos7) == []
    code, result = site.cli(*words, "--without", "ghost")
    assert (code, [host["state"] for host in result["hosts"]]) == (0, ["done"])


@pytest.mark.parametrize(("behaviour", "error"), [("exit", ExitedAtOnce), ("sick", NeverHealthy)])
def test_a_bad_version_is_taken_back(
    centos7: LabHost, sites: Sites, behaviour: str, error: type[GoferryError]
) -> None:
    site = sites(centos7)
    site.deploy("1.0")
    bad = only(site.deploy("2.0", BEHAVIOUR=behaviour, start="2s"))
    assert isinstance(bad.error, error)
    assert bad.state is HostState.ROLLED_BACK
    assert "starting 2.0" in bad.error.detail
    assert site.served(centos7) == "1.0 0"
    assert len(site.containers(centos7)) == 1
    assert only(site.deploy("3.0")).state is HostState.DONE
    assert site.served(centos7) == "3.0 0"


def test_health_may_be_an_open_port_or_a_command_in_the_container(centos7: LabHost, sites: Sites) -> None:
    site = sites(centos7)
    command = f'command: ["/app/{site.name}", check]'
    assert only(site.deploy("1.0", check="tcp: true", BEHAVIOUR="sick")).state is HostState.DONE
    assert only(site.deploy("2.0", check=command)).state is HostState.DONE
    bad = only(site.deploy("3.0", check=command, BEHAVIOUR="sick", start="2s"))
    assert isinstance(bad.error, NeverHealthy)
    assert "1" in str(bad.error.why)
    assert (bad.state, site.served(centos7)) == (HostState.ROLLED_BACK, "2.0 0")


def test_an_image_for_another_processor_is_refused_before_anything_is_sent(
    centos7: LabHost, sites: Sites
) -> None:
    site = sites(centos7)
    result = only(site.deploy("1.0", target="linux/arm64"))
    assert isinstance(result.error, WrongCpu)
    assert "linux/arm64" in str(result.error)
    assert result.sent_bytes == 0
    assert site.containers(centos7) == []


def test_a_port_that_a_program_has_is_refused_with_its_name(centos7: LabHost, sites: Sites, lab: Lab) -> None:
    site = sites(centos7)
    words = f"python3 -m http.server --bind 127.0.0.1 {site.port}"
    lab.console(centos7.name, f"nohup {words} >/dev/null 2>&1 & echo $! > /tmp/{site.name}")
    try:
        result = only(site.deploy("1.0"))
    finally:
        lab.console(centos7.name, f"kill $(cat /tmp/{site.name})")
    assert isinstance(result.error, PortBusy), result.error


def test_of_twenty_deploys_at_once_one_runs_and_the_others_are_told_who(
    centos7: LabHost, sites: Sites
) -> None:
    site = sites(centos7)
    site.write("1.0")

    async def race(app: App) -> list[RolloutResult]:
        first = await prepare_deploy(app, site.folder, ["staging"])
        async with AsyncExitStack() as stack:
            people = [await stack.enter_async_context(site.somebody_else()) for _ in range(4)]
            others = [await take_part(person, first) for person in people for _ in range(4)]
            mine = [await take_part(app, first) for _ in range(3)]
            return list(await asyncio.gather(*(run_prepared(one) for one in (first, *others, *mine))))

    async def take_part(app: App, first: Prepared) -> Prepared:
        [rollout] = first.rollouts
        place = await place_of(app, centos7.name, site.name)
        return replace(first, rollouts=[replace(rollout, place=place)])

    results = [only(result) for result in site.run(race)]
    states = sorted(str(result.state) for result in results)
    assert states == ["done", *["failed"] * 19]
    losers = [result.error for result in results if result.error is not None]
    # who was kept waiting until the first was done is told that instead
    assert all(isinstance(error, Locked | ChangedSinceSeen) for error in losers), losers
    assert all("since" in str(error) for error in losers)
    assert site.served(centos7) == "1.0 0"
    assert len(site.containers(centos7)) == 1


def test_secrets_reach_the_app_and_nothing_else(centos7: LabHost, sites: Sites, lab: Lab) -> None:
    site = sites(centos7)
    planted = "pl4nted-s3cret-value"
    site.secrets.put(secret_key("env", site.name, "staging", "TOKEN"), Secret(planted))
    result = only(site.deploy("1.0", secrets="TOKEN"))
    assert result.error is None
    assert site.served(centos7) == f"1.0 {len(planted)}"
    found = lab.console(
        centos7.name, f"grep -rl {planted} /var/lib/goferry /home /tmp /var/log 2>/dev/null || true"
    )
    assert found.strip() == ""
    for file in site.home.root.rglob("*"):
        assert not file.is_file() or planted.encode() not in file.read_bytes(), file


def test_prune_keeps_the_current_and_the_last_good_one(centos7: LabHost, sites: Sites) -> None:
    site = sites(centos7)
    for version in ("1.0", "2.0", "3.0"):
        site.deploy(version)
    code, pruned = site.cli("prune", str(site.folder), "--on", "staging", "--keep", "1", "--yes")
    assert code == 0, str(pruned)
    assert [release.partition("-")[0] for release in pruned["removed"]] == ["1"]
    assert len(site.containers(centos7)) == 2
    code, _ = site.cli("rollback", str(site.folder), "--on", "staging")
    assert (code, site.served(centos7)) == (0, "2.0 0")


def after(stage: str, act: Callable[[], object]) -> Callable[[str, StepResult], None]:
    """Does something as soon as a stage has ended well."""

    def watch(host: str, result: StepResult) -> None:
        if result.id == stage and result.state in (StepState.APPLIED, StepState.HELD):
            act()

    return watch


def test_a_link_that_goes_silent_frees_the_lock_and_the_old_version_comes_back(
    spare_host: LabHost, sites: Sites, lab: Lab
) -> None:
    site = sites(spare_host)
    site.deploy("1.0")
    watch = after("start", lambda: lab.fault(spare_host.name, "cut"))
    result = only(site.deploy("2.0", BEHAVIOUR="sick", start="100s", watch=watch))
    assert result.error is not None
    assert result.state is HostState.UNKNOWN
    # nobody told the server that the link is gone: it counts the beats that do not come
    site.until_served(spare_host, "1.0")
    lab.heal(spare_host.name)
    assert only(site.deploy("3.0")).state is HostState.DONE


def test_a_reboot_during_the_health_check_brings_the_old_version_back(
    spare_host: LabHost, sites: Sites, lab: Lab
) -> None:
    site = sites(spare_host)
    site.deploy("1.0")
    watch = after("start", lambda: lab.reboot(spare_host.name))
    result = only(site.deploy("2.0", BEHAVIOUR="sick", start="60s", watch=watch))
    assert result.error is not None
    site.until_served(spare_host, "1.0")
    assert only(site.deploy("3.0")).state is HostState.DONE
    lab.reboot(spare_host.name)
    site.until_served(spare_host, "3.0")


def test_when_goferry_is_killed_the_lock_is_freed_and_the_old_version_comes_back(
    spare_host: LabHost, sites: Sites
) -> None:
    site = sites(spare_host)
    site.deploy("1.0")
    site.write("2.0", BEHAVIOUR="sick", start="200s")
    words = ["--home", str(site.home.root), "--quiet", "deploy", str(site.folder), "--to", "staging", "--yes"]
    child = subprocess.Popen([sys.executable, "-m", "desktop", *words], cwd=ROOT, env=dict(os.environ))
    deadline = time.monotonic() + 240
    while len(site.containers(spare_host)) < 2 or site.served(spare_host).startswith("1.0"):
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    child.send_signal(signal.SIGKILL)
    child.wait()
    site.until_served(spare_host, "1.0")
    assert only(site.deploy("3.0")).state is HostState.DONE


def test_a_clock_that_jumps_back_does_not_change_the_order_of_releases(
    spare_host: LabHost, sites: Sites, lab: Lab
) -> None:
    site = sites(spare_host)
    site.deploy("1.0")
    lab.fault(spare_host.name, "clock-skew", "-86400")
    assert only(site.deploy("2.0")).state is HostState.DONE
    code, releases = site.cli("releases", str(site.folder), "--on", "staging")
    assert code == 0
    rows = releases["releases"]
    assert [row["version"] for row in rows] == ["2.0", "1.0"]
    assert rows[0]["at"] < rows[1]["at"]
    assert site.cli("rollback", str(site.folder), "--on", "staging")[0] == 0
    assert site.served(spare_host) == "1.0 0"


def test_a_full_disk_is_told_and_the_old_version_serves(spare_host: LabHost, sites: Sites, lab: Lab) -> None:
    site = sites(spare_host)
    site.deploy("1.0")
    lab.fault(spare_host.name, "disk-full")
    (site.folder / "other.go").write_text("package main\n\nvar Other = 2\n", encoding="utf-8")
    result = only(site.deploy("2.0"))
    assert result.error is not None
    assert "disk_full" in result.error.code, result.error
    assert site.served(spare_host) == "1.0 0"
    lab.heal(spare_host.name)
    assert only(site.deploy("2.0")).state is HostState.DONE


def test_a_stopped_engine_is_told_and_a_rerun_ends_right(spare_host: LabHost, sites: Sites, lab: Lab) -> None:
    site = sites(spare_host)
    site.deploy("1.0")
    lab.fault(spare_host.name, "stop-docker")
    site.write("2.0")
    code, result = site.cli("deploy", str(site.folder), "--to", "staging")
    assert (code, result["ok"]) == (1, False)
    assert result["error"]["code"] == "engine.down", str(result)
    lab.heal(spare_host.name)
    assert only(site.deploy("2.0")).state is HostState.DONE
