"""Many hosts at once: what they share is packed once and may go once over the uplink; and the status of two hundred."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desktop.app import App
from desktop.app_consistency import read_consistency
from desktop.app_deploy import prepare_deploy, run_prepared
from desktop.base.paths import Home
from desktop.release import HostState, Reason, RolloutResult, Strategy, Verdict, key_text
from desktop.ship import Convoy, Quick
from tests.lab.crowd import EACH, KINDS, Uplink, ask_all, crowd
from tests.lab.handle import Lab, LabHost
from tests.lab.site import Site, make_site
from tests.lab.test_ship import edit

pytestmark = pytest.mark.timeout(900, func_only=True)
PORT = 17811
"""At which the relay listens; shut by a test. Below those that the kernel gives to connections."""


@dataclass
class Run:
    result: RolloutResult
    uplink: int
    """Bytes that left this computer for the lab, by a counter in its sockets."""
    patches: int
    packings: int


class Fleet:
    """One app on three servers, deployed in the ways of a fleet."""

    def __init__(self, lab: Lab, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lab, self.site = lab, site
        self.convoys: list[Convoy] = []
        made, self.uplink = Quick.convoy, Uplink()

        def kept(*args: Any, **more: Any) -> Convoy:
            convoy = made(*args, **more)
            self.convoys.append(convoy)
            return convoy

        monkeypatch.setattr(Quick, "convoy", kept)
        monkeypatch.setattr("desktop.hosts.session.tcp", self.uplink.tcp)

    def deploy(
        self, version: str, *names: str, kind: str = "all", relay: str = "", undo: bool = False, **env: str
    ) -> Run:
        self.site.write(version, **env)

        async def work(app: App) -> Run:
            prepared = await prepare_deploy(app, self.site.folder, names or ("staging",))
            prepared.strategy, prepared.relay = Strategy(kind, 2, undo), relay
            before = self.uplink.sent
            result = await run_prepared(prepared)
            sent = self.uplink.sent - before
            return Run(result, sent, app.quick.programs.encodings, 0)

        run = self.site.run(work)
        run.packings = self.convoys[-1].packings.made if self.convoys else 0
        return run

    def remove(self) -> None:
        assert self.site.cli("remove", str(self.site.folder), "--on", "staging", "--yes")[0] == 0


@pytest.fixture
def fleet(
    lab: Lab,
    centos7: LabHost,
    stream9: LabHost,
    openeuler: LabHost,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Fleet]:
    site = make_site(lab, tmp_path, "fleet", 18951, centos7, stream9, openeuler)
    yield Fleet(lab, site, monkeypatch)
    site.clean()


def well(run: Run, how: str) -> None:
    hosts = run.result.hosts
    assert [(host.state, host.sent_how) for host in hosts] == [(HostState.DONE, how)] * len(hosts), hosts


def test_what_hosts_want_alike_is_packed_once_and_a_relay_hands_it_on(fleet: Fleet) -> None:
    each = sent_once_and_by_a_relay(fleet)
    assert each > 0
    one_patch_for_each_base(fleet)
    a_wall_between_the_servers(fleet)
    # a bad version stops the rest
    bad = fleet.deploy("5.0", kind="batches", undo=True, BEHAVIOUR="exit")
    assert [host.state for host in bad.result.hosts][2] is HostState.UNCHANGED
    assert [fleet.site.served(host) for host in fleet.site.hosts] == ["4.0 0"] * 3


def sent_once_and_by_a_relay(fleet: Fleet) -> int:
    """Straight to each, and again by a relay: what one of them costs."""
    site = fleet.site
    relay = site.hosts[0]
    straight = fleet.deploy("1.0")
    well(straight, "whole")
    assert straight.packings <= 2  # a classic store is sent other parts than a containerd one
    each = min(host.sent_bytes for host in straight.result.hosts)
    assert straight.result.sent_bytes == sum(host.sent_bytes for host in straight.result.hosts) >= 3 * each
    assert straight.uplink > straight.result.sent_bytes
    a_change_by_hand_is_seen(fleet)
    fleet.remove()

    # and what stands in front of the app goes the same way
    relayed = fleet.deploy("1.0", relay=f"{relay.name}:{PORT}", mode="proxy")
    well(relayed, "whole")
    told = relayed.result.relay
    assert told is not None
    assert (told.host, told.trouble) == (relay.name, "")
    assert all(host.relayed_bytes >= each and not host.sent_bytes for host in relayed.result.hosts)
    assert relayed.result.sent_bytes == told.sent_bytes
    print(
        f"uplink: {straight.uplink} bytes straight, {relayed.uplink} bytes by a relay, {relayed.packings} streams"
    )
    assert relayed.uplink < straight.uplink  # with the front, which alone is as large as the app
    assert [site.served(host) for host in site.hosts] == ["1.0 0"] * 3
    # made anew behind its front, a container that runs already loses no request
    last = site.names[2]
    _, again = site.cli("deploy", str(site.folder), "--to", "staging", "--yes", "--only", last, "--anew")
    assert [(one["name"], one["state"], one["downtime_ms"]) for one in again["hosts"]] == [(last, "done", 0)]
    # nobody listens there afterwards
    assert fleet.lab.console(relay.name, f"ss -ltn | grep -c :{PORT} || true").strip() == "0"
    return each


def a_change_by_hand_is_seen(fleet: Fleet) -> None:
    """The hosts run alike, until somebody gives one container another limit past Goferry."""
    site = fleet.site
    odd = site.hosts[1].name
    container = "$(docker ps -q --filter label=io.goferry.app=fleet)"
    fleet.lab.console(odd, f"docker update --memory 256m --memory-swap 256m {container}")
    found = site.run(lambda app: read_consistency(app, site.folder))
    rows = {key_text(row.key): row for row in found.rows}
    limit = rows["container.memory"]
    assert (limit.verdict, limit.reason) == (Verdict.DRIFTED, Reason.HOSTS)
    assert [(value.text, value.hosts) for value in limit.odd[0].values][1:] == [("256 MB", (odd,))]
    ours = [row for name, row in rows.items() if row.key[0] != "server" and name != "container.memory"]
    assert {row.verdict for row in ours} == {Verdict.SAME}, ours
    assert {"container.restart", "container.user", "config.VERSION", "network.published"} <= rows.keys()
    assert len(found.readings) == 3
    the_one_host_is_put_right(fleet, odd)


def the_one_host_is_put_right(fleet: Fleet, odd: str) -> None:
    """By a deploy to it alone, which makes its container anew; the others are left as they are."""
    site = fleet.site
    before = [site.containers(host) for host in site.hosts]
    to = ("deploy", str(site.folder), "--to", "staging", "--yes")
    code, told = site.cli(*to, "--only", odd, "--anew")
    assert code == 0, str(told)
    [host] = told["hosts"]
    assert (host["name"], host["state"], host["sent_bytes"], told["release"][:2]) == (odd, "done", 0, "2-")
    after = [site.containers(host) for host in site.hosts]
    assert [now == then for now, then in zip(after, before, strict=True)] == [
        host.name != odd for host in site.hosts
    ]
    found = site.run(lambda app: read_consistency(app, site.folder))
    ours = {row.verdict for row in found.rows if row.key[0] != "server"}
    assert ours == {Verdict.SAME}, found.rows
    code, told = site.cli(*to)
    assert {host["state"] for host in told["hosts"]} == {"unchanged"}


def one_patch_for_each_base(fleet: Fleet) -> None:
    site = fleet.site
    edit(site, 'fmt.Println("this is new", version)')
    changed = fleet.deploy("2.0")
    well(changed, "delta")
    assert (changed.patches, changed.packings) == (1, 0)
    edit(site, 'fmt.Println("this is newer", version, len(version))')
    assert fleet.deploy("3.0", site.hosts[2].name).patches == 1
    edit(site, 'fmt.Println("this is the newest", len(version), version)')
    both = fleet.deploy("4.0")
    well(both, "delta")
    assert both.patches == 2
    fleet.remove()


def a_wall_between_the_servers(fleet: Fleet) -> None:
    """Each is sent its own then, and that is told."""
    relay, *others = fleet.site.hosts
    shut = f"iptables -I INPUT -p tcp --dport {PORT} ! -i lo -j DROP"
    fleet.lab.console(relay.name, shut)
    try:
        walled = fleet.deploy("4.0", kind="one", relay=f"{relay.name}:{PORT}")
    finally:
        fleet.lab.console(relay.name, shut.replace("-I", "-D"))
    well(walled, "whole")
    assert walled.result.relay is not None
    assert walled.result.relay.trouble.startswith("the relay")
    assert [bool(host.relayed_bytes) for host in walled.result.hosts] == [True, False, False]
    assert "Sent directly: the relay" in str(walled.result.hosts[2].notes[-1])
    assert {fleet.site.served(host) for host in others} == {"4.0 0"}


def test_the_status_of_two_hundred_hosts_waits_for_none_that_is_silent(
    bare_host: LabHost, lab: Lab, tmp_path: Path
) -> None:
    home = Home(tmp_path / "goferry")
    with crowd(lab, bare_host, home):
        seconds, came = ask_all(home)
        for _ in range(2):  # on a busy computer one that is up may not greet in time
            if any(one.error for _, one in came if one.host.name.startswith("up-")):
                seconds, came = ask_all(home)
    print(f"200 hosts, 50 of them reachable: {seconds:.1f} s")
    states = {kind: [one.state for _, one in came if one.host.name.startswith(f"{kind}-")] for kind in KINDS}
    assert states["up"] == ["connected"] * EACH, [one.error for _, one in came if one.state == "failed"]
    assert states["off"] == states["silent"] == states["unknown"] == ["no-answer"] * EACH
    names = [one.host.name for _, one in came]
    assert names.index("off-0") < names.index("silent-0")
    assert seconds < 120  # on a quiet computer 5; one silent host after the other would be 200
