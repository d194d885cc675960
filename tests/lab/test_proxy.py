"""Mode proxy on real servers: somebody asks at the door all the time, and no request is lost, whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from desktop.app_deploy import prepare_deploy
from desktop.base.plans import StepResult
from desktop.release import ExitedAtOnce, HostState, RolloutResult
from desktop.ship.porter import NoPorter, Porters
from tests.lab.handle import Lab, LabHost
from tests.lab.machine import hosts
from tests.lab.prober import prober
from tests.lab.site import ROOT, Site, make_site

pytestmark = pytest.mark.timeout(900, func_only=True)
Sites = Callable[[LabHost, int], Site]
FORGOTTEN = """\
docker images -q goferry/{app} | xargs -r docker rmi -f; docker images -q goferry/front | xargs -r docker rmi -f
rm -rf /var/lib/goferry/{app}
"""


@pytest.fixture
def sites(lab: Lab, tmp_path: Path) -> Iterator[Sites]:
    made: list[Site] = []

    def make(host: LabHost, port: int) -> Site:
        site = make_site(lab, tmp_path / str(port), f"px{port}", port, host)
        made.append(site)
        return site

    yield make
    for site in made:
        site.clean()


def deployed(site: Site, version: str, mode: str = "proxy", **more: Any) -> Any:
    result: RolloutResult = site.deploy(version, mode=mode, **more)
    [host] = result.hosts
    assert host.error is None or "BEHAVIOUR" in more, (host.error, host.error.detail)
    return host


def lost_nothing(site: Site, version: str) -> None:
    host = deployed(site, version)
    assert (host.state, host.downtime_ms, host.error) == (HostState.DONE, 0, None)
    assert "No request was lost." in [str(note) for note in host.notes]


def left_over(site: Site, host: LabHost) -> list[str]:
    script = (
        f"docker ps -a --format '{{{{.Names}}}}' | grep {site.name}; docker network ls | grep {site.name}"
    )
    return site.lab.console(host.name, f"({script}) || true").split()


CONVERSATION = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 120)
connection.sendall(b"GET /talk HTTP/1.1\\r\\nHost: a\\r\\nConnection: Upgrade\\r\\nUpgrade: talk\\r\\n\\r\\n")
reader = connection.makefile("rb")
while reader.readline().strip():
    pass
print("open", flush=True)
for line in sys.stdin:
    connection.sendall(line.encode())
    print(reader.readline().decode().strip(), flush=True)
"""


class Conversation:
    """A long one with the app, as a websocket has it."""

    def __init__(self, host: LabHost, port: int) -> None:
        words = (
            "nsenter",
            "-t",
            hosts.host(host.name).pid,
            "-n",
            sys.executable,
            "-c",
            CONVERSATION,
            str(port),
        )
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(words, text=True, encoding="utf-8", **pipes)  # type: ignore[call-overload]
        assert self.heard() == "open"

    def heard(self) -> str:
        return str(self._process.stdout.readline()).strip()

    def says(self, line: str) -> str:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self.heard()

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait(120)
        self._process.stdout.close()


def test_no_request_is_lost_by_deploys_failures_and_the_way_back(centos7: LabHost, sites: Sites) -> None:
    site = sites(centos7, 18931)
    deployed(site, "0.9", mode="direct")
    site.write("1.0", mode="proxy")
    code, planned = site.cli("deploy", str(site.folder), "--to", "staging", "--plan")
    assert (code, {"key": "mode", "before": None, "after": "proxy"} in planned["changes"]) == (0, True)
    first = deployed(site, "1.0")
    assert (first.state, first.downtime_ms > 0) == (HostState.DONE, True)
    with prober(centos7, site.port) as door:
        lost_nothing(site, "2.0")
        talk = Conversation(centos7, site.port)
        said = [talk.says("hello")]
        broken = deployed(site, "3.0", BEHAVIOUR="exit")
        assert (broken.state, type(broken.error)) == (HostState.ROLLED_BACK, ExitedAtOnce)
        said.append(talk.says("still there"))
        answered = change_while_talking(site, talk, door.until)
        code, back = site.cli("rollback", str(site.folder), "--on", "staging")
        assert (code, back["hosts"][0]["state"], back["hosts"][0]["downtime_ms"]) == (0, "done", 0)
        door.until("2.0")
        code, _ = site.cli("restart", str(site.folder), "--on", "staging")
        assert code == 0
        door.until("2.0")
    assert (said, answered) == (["2.0 hello", "2.0 still there"], "2.0 after the switch")
    assert door.failed == []
    assert door.seen == ["1.0", "2.0", "4.0", "2.0"]
    assert door.asked > 20
    stopped_moved_and_removed(site, centos7)


def change_while_talking(site: Site, talk: Conversation, until: Callable[[str], None]) -> str:
    """4.0 serves while the old version goes on with its conversation; when that ends, the old one is stopped."""
    site.write("4.0", mode="proxy")
    words = ["--home", str(site.home.root), "--quiet", "deploy", str(site.folder), "--to", "staging", "--yes"]
    with subprocess.Popen([sys.executable, "-m", "desktop", *words], cwd=ROOT) as deploying:
        until("4.0")
        answered = talk.says("after the switch")
        assert deploying.poll() is None
        talk.end()
        assert deploying.wait(240) == 0
    running = f"docker ps -q --filter label=io.goferry.app={site.name} | wc -l"
    assert site.lab.console(site.hosts[0].name, running).strip() == "1"
    return answered


def stopped_moved_and_removed(site: Site, host: LabHost) -> None:
    """By hand: stopped and started, to another port, back to mode direct, and away."""
    on = (str(site.folder), "--on", "staging")
    assert site.cli("stop", *on)[0] == 0
    assert site.served(host) == ""
    assert site.cli("start", *on)[0] == 0
    site.until_served(host, "2.0")
    code, status = site.cli("status", *on)
    [row] = [row for row in status["instances"] if row["state"] == "running"]
    assert (code, row["health"], row["ports"]) == (0, "healthy", [f"127.0.0.1:{site.port}"])
    site.port += 1
    moved = deployed(site, "5.0")
    assert (moved.state, moved.downtime_ms > 0, site.served(host)) == (HostState.DONE, True, "5.0 0")
    direct = deployed(site, "6.0", mode="direct")
    assert (direct.state, direct.downtime_ms > 0, site.served(host)) == (HostState.DONE, True, "6.0 0")
    assert not [name for name in left_over(site, host) if "front" in name]
    lost = deployed(site, "7.0")
    assert (lost.state, site.served(host)) == (HostState.DONE, "7.0 0")
    assert site.cli("remove", *on, "--yes")[0] == 0
    assert left_over(site, host) == []


def test_no_request_is_lost_when_goferry_is_killed_or_the_server_reboots_on_the_way(
    spare_host: LabHost, sites: Sites, lab: Lab
) -> None:
    site = sites(spare_host, 18933)
    prepared_and_left(site, spare_host)
    killed_with_the_app_on_its_way(site, spare_host)
    ended_on_the_way(site, spare_host)
    # the front has come while the program was built, and the program is built upon it
    assert deployed(site, "1.0").sent_how == "delta"
    with prober(spare_host, site.port) as door:
        killed_with_the_new_one_up(site, spare_host)
        lost_nothing(site, "2.0")
        door.until("2.0")
    assert (door.failed, door.seen) == ([], ["1.0", "2.0"])
    site.write("3.0", mode="proxy", BEHAVIOUR="sick", start="60s")
    rebooted = site.deploy(
        "3.0",
        mode="proxy",
        BEHAVIOUR="sick",
        start="60s",
        watch=lambda host, step: lab.reboot(host) if step.id == "start" and step.seconds else None,
    )
    assert rebooted.hosts[0].error is not None
    site.until_served(spare_host, "2.0")
    with prober(spare_host, site.port) as door:
        lost_nothing(site, "4.0")
        door.until("4.0")
    assert (door.failed, door.seen) == ([], ["2.0", "4.0"])


def prepared_and_left(site: Site, host: LabHost) -> None:
    """What a first deploy sends ahead is nothing to a server where nobody runs the deploy."""
    site.lab.console(host.name, "docker images -q goferry/front | xargs -r docker rmi -f >/dev/null")
    site.write("1.0", mode="proxy")
    site.run(lambda app: prepare_deploy(app, site.folder, ("staging",)))
    script = f"docker images -q goferry/front; ls -d /var/lib/goferry/{site.name} 2>/dev/null || true"
    assert site.lab.console(host.name, script).strip() == ""


def killed_with_the_app_on_its_way(site: Site, host: LabHost) -> None:
    """The front opens the door before the app is there; it goes when nobody is left to bring that one."""
    at, console = f"/tmp/stops/{site.name}", partial(site.lab.console, host.name)
    console(f"mkdir -p /tmp/stops; chmod 777 /tmp/stops; printf 'decoded half' >{at}")
    site.write("1.0", mode="proxy")
    words = ["--home", str(site.home.root), "--quiet", "deploy", str(site.folder), "--to", "staging", "--yes"]
    words = [sys.executable, "-m", "tests.lab.stops", *words]
    child = subprocess.Popen(words, cwd=ROOT, env=dict(os.environ))
    opened = f"[ ! -s {at}.stopped ] || docker ps -q --filter name=goferry-front-{site.name} | wc -l"
    until(site, host, opened, "1", lambda: child.poll() is None)
    child.send_signal(signal.SIGKILL)
    child.wait()
    until(site, host, f"docker ps -aq --filter name=goferry-front-{site.name} | wc -l", "0")
    until(site, host, f"docker network ls -q --filter name=goferry-{site.name} | wc -l", "0")
    console(f"rm {at}.stopped; {FORGOTTEN.format(app=site.name)}")


def ended_on_the_way(site: Site, host: LabHost) -> None:
    """Somebody cancels it when the front is there, and made: it goes with the release that does not come."""

    def watch(_: str, step: StepResult) -> None:
        if step.id == "load" and step.seconds and (task := asyncio.current_task()) is not None:
            task.cancel()

    with pytest.raises(asyncio.CancelledError):
        site.deploy("1.0", mode="proxy", watch=watch)
    assert left_over(site, host) == []
    assert site.lab.console(host.name, "docker images -q goferry/front").strip() == ""
    site.lab.console(host.name, FORGOTTEN.format(app=site.name))


def killed_with_the_new_one_up(site: Site, host: LabHost) -> None:
    site.write("9.0", mode="proxy", BEHAVIOUR="sick", start="200s")
    words = ["--home", str(site.home.root), "--quiet", "deploy", str(site.folder), "--to", "staging", "--yes"]
    child = subprocess.Popen([sys.executable, "-m", "desktop", *words], cwd=ROOT, env=dict(os.environ))
    both = f"docker ps -q --filter label=io.goferry.app={site.name} | wc -l"
    until(site, host, both, "2", lambda: child.poll() is None)
    child.send_signal(signal.SIGKILL)
    child.wait()
    until(site, host, both, "1")


def until(
    site: Site, host: LabHost, script: str, wanted: str, holds: Callable[[], bool] = lambda: True
) -> None:
    deadline = time.monotonic() + 240
    while site.lab.console(host.name, script).strip() != wanted:
        assert holds()
        assert time.monotonic() < deadline, f"{script} does not say {wanted}"
        time.sleep(0.2)


def test_no_request_is_lost_on_a_server_without_python(
    centos7: LabHost, sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(self: Porters, channel: object, holding: str = "") -> NoReturn:
        raise NoPorter("as without Python")

    monkeypatch.setattr(Porters, "take", none)
    site = sites(centos7, 18935)
    deployed(site, "0.9", mode="direct")
    moved = deployed(site, "1.0")
    assert (moved.state, moved.downtime_ms > 0) == (HostState.DONE, True)
    with prober(centos7, site.port) as door:
        lost_nothing(site, "2.0")
        sick = deployed(site, "3.0", BEHAVIOUR="sick", start="1s")
        assert sick.state is HostState.ROLLED_BACK
        lost_nothing(site, "4.0")
        door.until("4.0")
    assert (door.failed, door.seen) == ([], ["1.0", "2.0", "4.0"])
    assert deployed(site, "5.0", mode="direct").state is HostState.DONE
    assert site.served(centos7) == "5.0 0"
