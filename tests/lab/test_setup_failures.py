"""What goes wrong in a set-up is recognised, a fix is offered, and the fix works: each on a server where it really happens.

The tests print one table of it. What a lab server cannot be made to do stands in it by its recorded words.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_setup import Prepared, run_setup, with_fix
from desktop.base.errors import Fix, GoferryError
from desktop.base.plans import PlanRun, StepState
from desktop.hosts.setup import DaemonFileBroken, Wish, explain_failure
from tests.lab.desk import LAB_MIRROR, Desk, differences, failed, side_by_side, started, table
from tests.lab.handle import Lab, LabHost
from tests.lab.machine import mirrors
from tests.lab.machine.names import CACHE
from tests.unit.hosts_setup.said import RECORDED

AGAIN, NEXT, OFFLINE = "setup.again", "setup.next_mirror", "setup.offline"
RESTART, REMOVE, RECONNECT, KERNEL = (
    "setup.allow_restart",
    "setup.remove_rivals",
    "setup.reconnect",
    "setup.kernel",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One failure of the table."""

    signature: str
    shown_on: str
    offered: str
    works: str


@dataclass
class Story:
    """One server on which one thing after the other goes wrong."""

    desk: Desk
    lab: Lab
    host: LabHost
    rows: list[Row] = field(default_factory=list)

    def console(self, script: str) -> str:
        return self.lab.console(self.host.name, script)

    def fault(self, name: str, argument: str = "") -> Callable[[], None]:
        return lambda: self.lab.fault(self.host.name, name, argument)

    def heal(self) -> None:
        self.lab.heal(self.host.name)

    def attempt(
        self,
        wish: Wish | None = None,
        *,
        only: tuple[str, ...] = (),
        meanwhile: Callable[[], object] | None = None,
    ) -> tuple[Prepared, PlanRun]:
        """A set-up in a Goferry of its own; `only` these steps; `meanwhile` happens between the look and the run."""

        async def work(app: App) -> tuple[Prepared, PlanRun]:
            prepared = await self.desk.prepare(app, self.host, wish)
            if meanwhile is not None:
                meanwhile()
            return prepared, await run_setup(app, _only(prepared, only), self.desk.recorder())

        return self.desk.run(work)

    def fails(
        self,
        code: str,
        step: str,
        *,
        by: Callable[[], object],
        mended: Callable[[], object] | None = None,
        fix: str = AGAIN,
        wish: Wish | None = None,
        only: tuple[str, ...] = (),
        meanwhile: bool = False,
        then: tuple[str, ...] = (),
    ) -> None:
        """`by` makes the step fail with that code; after `mended` (what a person does) the offered `fix` gets it done.
        `meanwhile`: it happens after the plan was made. `then`: the steps that the second run is held to."""
        if not meanwhile:
            by()
        prepared, run = self.attempt(wish, only=only, meanwhile=by if meanwhile else None)
        error = failed(run)
        assert (error.code, run.results[_index(run)].id) == (f"setup.{code}", step), (
            f"{error}\n{error.detail}"
        )
        if mended is not None:
            mended()
        self.mended(code, error, fix, prepared, wish or Wish(mirror="lab"), step, then or only)

    def passes(self, code: str, said: str, only: tuple[str, ...], wish: Wish | None = None) -> None:
        """What the tools said themselves is recognised, and the plan gets by it on its own."""
        error = explain_failure(said, self.host.name)
        assert error.code == f"setup.{code}", said
        _, run = self.attempt(wish, only=only)
        assert run.error is None, f"{code}: {run.error}\n{run.error.detail}"
        self.rows.append(Row(code, self.host.os, "by the plan itself", "yes"))

    def mended(
        self,
        code: str,
        error: GoferryError,
        fix: str,
        prepared: Prepared,
        wish: Wish,
        step: str,
        only: tuple[str, ...],
    ) -> None:
        offered = [each for each in error.fixes if each.action == fix]
        assert offered, f"{code} offers {[each.action for each in error.fixes]}, not {fix}"
        better = with_fix(wish, offered[0], prepared)
        assert better is not None
        _, run = self.attempt(better, only=only)
        done = {result.id: result.state for result in run.results}
        works = done.get(step) in (StepState.APPLIED, StepState.HELD, None) and run.error is None
        assert works, f"{code}: after {fix}: {run.error}\n{run.error.detail if run.error else done}"
        self.rows.append(Row(code, self.host.os, _names(error.fixes), "yes"))


def _index(run: PlanRun) -> int:
    return next(i for i, result in enumerate(run.results) if result.state is StepState.FAILED)


def _names(fixes: tuple[Fix, ...]) -> str:
    return ", ".join(str(fix.label) for fix in fixes) or "by a person"


def _only(prepared: Prepared, ids: tuple[str, ...]) -> Prepared:
    if not ids:
        return prepared
    kept = tuple(step for step in prepared.plan.steps if step.id in ids)
    return replace(prepared, plan=replace(prepared.plan, steps=kept))


SOURCES = ("root", "sources", "repository")
PACKAGES = (*SOURCES, "rivals", "packages")


def packages_that_do_not_come(story: Story) -> None:
    """From a bare Rocky 9 to one with Docker, by every detour that it can be forced to."""
    a_server_that_cannot_install(story)
    sources_that_do_not_answer(story)
    mirrors_that_serve_badly(story)
    packages_in_the_way(story)


def a_server_that_cannot_install(story: Story) -> None:
    room = "rm -f /var/lib/lab-room; fallocate -l $(($(df --output=avail -B1 / | tail -1) - 900000000)) /var/lib/lab-room"
    story.fails("disk_full", "sources", by=story.fault("disk-full"), mended=story.heal, only=SOURCES)
    story.fails("disk_small", "disk", by=lambda: story.console(room),
                mended=lambda: story.console("rm /var/lib/lab-room"), only=("root", "disk"))  # fmt: skip
    story.fails(
        "clock", "clock", by=story.fault("clock-skew", "+10800"), mended=story.heal, only=("root", "clock")
    )
    story.fault("requiretty")()
    story.passes("tty", story.console("su deploy -c 'sudo -n true' 2>&1 </dev/null || :"), ("root", "clock"))
    story.heal()
    story.fails("lock", "sources", by=story.fault("yum-lock"), mended=story.heal, only=SOURCES)


def sources_that_do_not_answer(story: Story) -> None:
    own = "/etc/yum.repos.d/own.repo"

    def source(name: str, path: str) -> str:
        lines = f"[{name}]\\nname={name}\\nbaseurl={LAB_MIRROR}/{path}\\ngpgcheck=0\\n"
        return story.console(f"printf '{lines}' > {own}; yum makecache 2>&1 || :")

    story.fails("dns", "sources", by=story.fault("dead-repo"), mended=story.heal, only=SOURCES)
    gone = story.fault("dead-repo", "mirrorlist.centos.org")
    story.fails("vault", "sources", by=gone, mended=story.heal, only=SOURCES)
    story.fails("source_dead", "sources", by=lambda: source("own", "none"),
                mended=lambda: story.console(f"rm {own}"), only=SOURCES)  # fmt: skip
    story.passes("not_found", source("docker", "linux/centos/7Server/x86_64/stable"), SOURCES)
    story.console(f"rm {own}")


def mirrors_that_serve_badly(story: Story) -> None:
    for kind, code, step in (
        (mirrors.EMPTY, "package_gone", "repository"),
        (mirrors.TORN, "checksum", "repository"),
        (mirrors.STALE, "stale", "packages"),
        (mirrors.TRUNCATED, "checksum", "packages"),
    ):
        fresh(story, mirrors.ensure(kind))
        story.fails(code, step, by=lambda: None, mended=lambda: story.desk.mirrors(LAB_MIRROR), only=PACKAGES, fix=NEXT,
                    then=SOURCES)  # fmt: skip
        assert f"baseurl={LAB_MIRROR}/linux/" in story.console("cat /etc/yum.repos.d/goferry-docker.repo"), (
            kind
        )
    shutil.copy(CACHE / "gpg/ferrylab-base.asc", story.desk.home.root / "other.asc")
    fresh(story, LAB_MIRROR, key="other.asc")
    story.fails("gpg", "packages", by=lambda: None, mended=lambda: story.desk.mirrors(LAB_MIRROR),
                only=PACKAGES, fix=NEXT, then=SOURCES)  # fmt: skip
    bad = mirrors.ensure(mirrors.TRUNCATED)
    fresh(story, bad)
    story.desk.mirrors(bad, LAB_MIRROR)
    _, run = story.attempt(only=PACKAGES)
    assert run.error is None, run.error
    assert f"{bad} serves broken files; going on with {LAB_MIRROR}" in "".join(story.desk.said)
    story.rows.append(Row("checksum", story.host.os, "by the plan itself", "yes"))
    story.desk.mirrors(LAB_MIRROR)
    assert story.desk.undo(story.host).error is None


def fresh(story: Story, mirror: str, key: str = "lab.asc") -> None:
    """Only that mirror is known, and nothing of another one is left."""
    story.console("rm -f /etc/yum.repos.d/goferry-docker.repo; rm -rf /var/cache/dnf/goferry*")
    story.desk.mirrors(mirror, key=key)


def packages_in_the_way(story: Story) -> None:
    desk, host = story.desk, story.host
    story.fails("rival_files", "packages", by=story.fault("podman-docker"), meanwhile=True, only=PACKAGES, fix=REMOVE,
                then=(*SOURCES, "rivals"))  # fmt: skip
    story.fails("rival", "packages", by=lambda: story.console("yum -q -y install runc >/dev/null 2>&1"), meanwhile=True,
                only=PACKAGES, fix=REMOVE)  # fmt: skip
    whole = desk.set_up(host, Wish(mirror="lab", remove_rivals=True))
    assert whole.error is None, whole.error
    story.console("docker run -d --name left goferry/trial:1")
    error = failed(desk.undo(host))
    assert error.code == "setup.containers_left", error.detail
    story.console("docker rm -f left")
    assert desk.undo(host).error is None
    story.rows.append(Row("containers_left", host.os, _names(error.fixes), "yes"))


def no_way_to_packages(story: Story) -> None:
    """A server that reaches no package source gets Docker from the desktop, and is as before after undo."""
    desk, lab, host = story.desk, story.lab, story.host
    before = desk.seen(host)
    lab.fault(host.name, "no-extras")
    story.fails("extras", "repository", by=lambda: None, only=SOURCES, fix=OFFLINE, then=("root", "offline"),
                mended=lambda: lab.heal(host.name))  # fmt: skip
    assert desk.undo(host).error is None
    lab.fault(host.name, "no-route")
    path = "/usr/sbin/iptables"
    story.fails("iptables", "offline", by=lambda: story.console(f"mv {path} {path}.away"), wish=Wish(offline=True),
                mended=lambda: story.console(f"mv {path}.away {path}"), only=("root", "offline"))  # fmt: skip
    assert desk.undo(host).error is None
    story.fails("no_route", "sources", by=lambda: None, fix=OFFLINE)
    _, again = story.attempt(Wish(offline=True))
    assert {result.state for result in again.results} == {StepState.HELD}
    assert desk.undo(host).error is None
    lab.heal(host.name)
    assert differences(before, desk.seen(host)) == []


def an_engine_in_trouble(story: Story) -> None:
    """A server that has Docker, which then does not start, or does not let anybody in."""
    lab, host = story.lab, story.host
    daemon, service = "/etc/docker/daemon.json", ("root", "service")

    def says(text: str) -> Callable[[], str]:
        return lambda: story.console(
            f"mkdir -p /etc/docker; printf '%s\\n' '{text}' > {daemon}; systemctl restart docker || :"
        )

    def silent() -> str:
        return story.console(f"rm -f {daemon}")

    story.fails("changed", "logs", by=lambda: story.console(f"mkdir -p /etc/docker; echo '{{}}' > {daemon}"), meanwhile=True,
                mended=silent, only=("root", "logs"))  # fmt: skip
    story.console(f'rm -f {daemon}; echo \'{{\n"mtu": 1400\n"ipv6": true}}\' > {daemon}')
    with pytest.raises(DaemonFileBroken) as broken:
        story.attempt()
    silent()
    story.rows.append(Row("daemon_json (its line)", host.os, _names(broken.value.fixes), "yes"))
    story.fails(
        "daemon_json",
        "service",
        by=says('{"hosts": ["unix:///var/run/docker.sock"]}'),
        mended=silent,
        only=service,
    )
    story.fails("port", "service", by=says('{"metrics-addr": "127.0.0.1:22"}'), mended=silent, only=service)
    away = "/etc/systemd/system/docker.service.d"
    story.fails("daemon_down", "service", only=service, by=lambda: story.console(
        f"mkdir -p {away}; printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > {away}/lab.conf;"
        "systemctl daemon-reload; systemctl restart docker || :"),
        mended=lambda: story.console(f"rm -r {away}; systemctl daemon-reload"))  # fmt: skip
    story.console("systemctl reset-failed docker; systemctl start docker")
    trial = ("root", "firewall", "trial")
    assert story.attempt(only=trial)[1].error is None
    story.fails("chain", "trial", by=lambda: story.console(
        "iptables -t nat -F; iptables -t nat -X; iptables -F; iptables -X 2>/dev/null || :"),
        only=("root", "trial"), then=trial, fix=RESTART)  # fmt: skip
    story.fails("api", "trial", only=trial, by=lambda: story.console(
        "cp ~deploy/.bashrc /run/rc; sed -i '1i export DOCKER_API_VERSION=1.12' ~deploy/.bashrc"),
        mended=lambda: story.console("cat /run/rc > ~deploy/.bashrc"))  # fmt: skip
    story.console("gpasswd -d deploy docker")
    story.fails("users_locked", "group", by=lambda: story.console("printf 1 > /etc/group.lock"),
                mended=lambda: story.console("rm /etc/group.lock"), only=("root", "group"))  # fmt: skip
    story.console("gpasswd -d deploy docker")
    story.fails("group", "trial", by=lambda: story.console("usermod -aG docker deploy"), meanwhile=True, fix=RECONNECT,
                only=("root", "group", "trial"))  # fmt: skip
    lab.fault(host.name, "firewalld")
    wrong = "firewall-cmd -q --permanent --zone=public --add-interface=docker0"
    said = story.console(
        f"systemctl stop docker.socket docker; ip link delete docker0; {wrong}; firewall-cmd -q --reload;"
        "systemctl start docker 2>&1 || journalctl -u docker -n 20 --no-pager -o cat"
    )
    story.passes("zone", said, ("root", "service", "firewall"))
    story.console("docker run -d --name stays goferry/trial:1")
    story.fails("restart", "firewall", fix=RESTART, only=("root", "firewall"), by=lambda: story.console(
        f"firewall-cmd -q --permanent --zone=docker --remove-interface=docker0; {wrong};"
        "firewall-cmd -q --zone=docker --remove-interface=docker0; firewall-cmd -q --zone=public --add-interface=docker0"))  # fmt: skip


def version_10_without_its_modules(story: Story) -> None:
    story.fails(
        "addrtype",
        "service",
        by=lambda: None,
        wish=Wish(mirror="lab", skip=frozenset({"kernel"})),
        fix=KERNEL,
    )


STORIES = {
    "rocky-9": packages_that_do_not_come,
    "almalinux-8": no_way_to_packages,
    "rocky-10": version_10_without_its_modules,
    "centos-stream-9": an_engine_in_trouble,
}


@pytest.mark.timeout(1800, func_only=True)
def test_each_failure_is_recognised_and_the_fix_that_is_offered_works(
    lab: Lab, tmp_path: Path, stream9: LabHost, show: Callable[[str], None]
) -> None:
    told: dict[str, Story] = {}
    try:
        with started(lab, STORIES, docker=("centos-stream-9",)) as hosts:
            for host in hosts:
                told[host.os] = Story(Desk(lab, tmp_path / host.os), lab, host)
                told[host.os].desk.add(host)
            pack_archive(stream9, told["almalinux-8"].desk)
            side_by_side(lambda face: STORIES[face](told[face]), STORIES)
    finally:
        rows = [row for story in told.values() for row in story.rows]
        provoked = {row.signature for row in rows}
        for said, code in RECORDED.items():
            if code not in provoked:
                error = explain_failure(said, "a server")
                assert error.code == f"setup.{code}"
                rows.append(Row(code, "recorded words", _names(error.fixes), "not tried"))
        show(table("Failures of a set-up", ("signature", "shown on", "fix offered", "fix works"),
                   ((row.signature, row.shown_on, row.offered, row.works) for row in rows)))  # fmt: skip


def pack_archive(source: LabHost, desk: Desk) -> None:
    """Docker's static archive as its makers lay it out, from the programs of a server that has them."""
    folder = desk.home.root / "offline/x86_64"
    folder.mkdir(parents=True)
    names = "dockerd docker containerd containerd-shim-runc-v2 ctr runc docker-init docker-proxy"
    pack = f"cd /usr/bin && tar --transform 's,^,docker/,' -czhf - {names}"
    with (folder / "docker-lab.tgz").open("wb") as file:
        subprocess.run(
            ["docker", "exec", f"ferrylab-{source.name}", "sh", "-c", pack], stdout=file, check=True
        )
    digest = hashlib.sha256((folder / "docker-lab.tgz").read_bytes()).hexdigest()
    (folder / "docker-lab.tgz.sha256").write_text(f"{digest}  docker-lab.tgz\n", encoding="utf-8")
