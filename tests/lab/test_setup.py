"""Set-up on real servers: every face from bare to a container that answers, bad days, and back again."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from desktop.app import App
from desktop.app_setup import (
    Newcomer,
    Prepared,
    prepare_setup,
    prepare_undo,
    register_many,
    run_setup,
    setup_many,
    with_fix,
)
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.plans import PlanRun, Recorder, StepResult, StepState
from desktop.base.processes import Completed
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host, Inventory
from desktop.hosts.setup import Wish
from tests.lab.handle import Lab, LabHost
from tests.lab.machine import repositories
from tests.lab.machine.names import REPOSITORY_NAME

T = TypeVar("T")
FACES = ("centos-7", "almalinux-8", "rocky-9", "centos-stream-9", "openeuler-22.03")
LAB_MIRROR = f"http://{REPOSITORY_NAME}"

_SEEN = r"""
rpm -qa | sort
sort /etc/passwd /etc/group /etc/gshadow
systemctl list-unit-files --no-legend | grep -v '^session-' | sort
systemctl list-units --type=service,socket --state=active --no-legend --plain | awk '{print $1}' |
  grep -vE '^(user|session|user-runtime)' | sort
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/cache \
  -o -path /var/log -o -path /var/lib/dnf -o -path /var/lib/rpm -o -path /var/lib/systemd -o -path /root \
  -o -path /home -o -path /var/spool \) -prune -o -printf '%p %m %u %g %l\n' | sort
"""


class Desk:
    """A desktop with the lab's mirror in its list, and moves that tests of set-up make."""

    def __init__(self, lab: Lab, root: Path) -> None:
        self.lab, self.home = lab, Home(root)
        self.said: list[str] = []
        root.mkdir(parents=True, exist_ok=True)
        shutil.copy(repositories.ROOT / "linux/centos/gpg", root / "lab.asc")
        self.mirrors(LAB_MIRROR)

    def mirrors(self, *bases: str) -> None:
        entries = "".join(
            f"  - {{id: lab{i or ''}, docker: '{base}', vault: '{LAB_MIRROR}/centos-vault', key: lab.asc}}\n"
            for i, base in enumerate(bases)
        )
        (self.home.root / "mirrors.yaml").write_text(f"mirrors:\n{entries}", encoding="utf-8")

    def add(self, host: LabHost, user: str = "") -> LabHost:
        inventory = Inventory(self.home)
        inventory.add(Host(
            host.name, host.address, host.port, user or host.user, auth="key", key=str(host.key_path),
            fingerprints=tuple(host.fingerprints.values()),
        ))  # fmt: skip
        return host

    def run(self, work: Callable[[App], Awaitable[T]]) -> T:
        async def inside() -> T:
            async with App(self.home, secrets=MemoryStore()) as app:
                return await work(app)

        return asyncio.run(inside())

    def set_up(self, host: LabHost, wish: Wish | None = None) -> PlanRun:
        wish = wish or Wish(mirror="lab")

        async def work(app: App) -> PlanRun:
            prepared = await prepare_setup(app, host.name, wish, Secret(host.sudo_password))
            return await run_setup(app, prepared, self.recorder())

        return self.run(work)

    def undo(self, host: LabHost) -> PlanRun:
        async def work(app: App) -> PlanRun:
            return await run_setup(app, await prepare_undo(app, host.name, Secret(host.sudo_password)))

        return self.run(work)

    def recorder(self) -> Recorder:
        def keep(step: str, done: Completed) -> None:
            self.said.append(f"{step}: {done.command.shown()}\n{done.said()}")

        return Recorder(on_command=keep)


@pytest.fixture
def desk(lab: Lab, tmp_path: Path) -> Desk:
    return Desk(lab, tmp_path / "home")


@pytest.fixture
def vault() -> Iterator[None]:
    """CentOS 7's archive, beside the lab's other repositories."""
    folder = repositories.ROOT / "centos-vault/7.9.2009"
    for part, source in (("os", "base"), ("updates", "base"), ("extras", "extras")):
        (folder / part).mkdir(parents=True, exist_ok=True)
        link = folder / part / "x86_64"
        if not link.is_symlink():
            link.symlink_to(f"../../../os/{source}")
    yield
    shutil.rmtree(repositories.ROOT / "centos-vault")


def states(run: PlanRun) -> dict[str, StepState]:
    assert run.error is None, f"{run.error}\n{run.error.detail}"
    return {result.id: result.state for result in run.results}


def failed(run: PlanRun) -> GoferryError:
    assert run.error is not None
    return run.error


@pytest.mark.timeout(240)
def test_every_face_ends_with_a_container_that_answers_twice_and_is_as_before_after_undo(
    desk: Desk, lab: Lab
) -> None:
    hosts = [desk.add(lab.start(face)) for face in FACES]
    try:
        before = {host.name: lab.console(host.name, _SEEN) for host in hosts}
        passwords = {host.name: Secret(host.sudo_password) for host in hosts}
        names = [host.name for host in hosts]

        async def all_of_them(app: App) -> dict[str, PlanRun | GoferryError]:
            return await setup_many(app, names, Wish(mirror="lab"), passwords)

        for run in desk.run(all_of_them).values():
            assert isinstance(run, PlanRun), run
            assert states(run)["trial"] is StepState.APPLIED
        for run in desk.run(all_of_them).values():
            assert isinstance(run, PlanRun), run
            assert set(states(run).values()) == {StepState.HELD}
        for host in hosts:
            assert "docker" in lab.console(host.name, "id -nG deploy")
            desk.undo(host)
            after = lab.console(host.name, _SEEN)
            assert after.splitlines() == before[host.name].splitlines(), host.os
    finally:
        for host in hosts:
            lab.remove(host.name)


def test_a_dead_centos_7_gets_its_packages_from_the_archive_and_its_own_files_stay(
    desk: Desk, bare_host: LabHost, lab: Lab, vault: None
) -> None:
    desk.add(bare_host)
    lab.fault(bare_host.name, "dead-repo")
    own = "cd /etc/yum.repos.d && ls | grep -v goferry | xargs cat"
    before = lab.console(bare_host.name, own)
    found = states(desk.set_up(bare_host))
    assert (found["sources"], found["trial"]) == (StepState.APPLIED, StepState.APPLIED)
    assert lab.console(bare_host.name, own) == before


@pytest.mark.parametrize(
    ("fault", "argument", "code"),
    [
        ("disk-full", "", "setup.disk_full"),
        ("clock-skew", "+10800", "setup.clock"),
        ("dead-repo", "", "setup.dns"),
    ],
)
def test_a_failure_is_recognised_and_set_up_goes_on_when_it_is_mended(
    desk: Desk, lab: Lab, rocky: LabHost, fault: str, argument: str, code: str
) -> None:
    lab.fault(rocky.name, fault, argument)
    error = failed(desk.set_up(rocky))
    lab.heal(rocky.name)
    assert (error.code, bool(error.fixes)) == (code, True), error.detail
    assert states(desk.set_up(rocky))["trial"] is StepState.APPLIED


LOCK = (
    "setsid python3 -c 'import dnf, time; b = dnf.Base(); l = dnf.lock.build_metadata_lock(b.conf.cachedir, True); "
    "r = dnf.lock.build_rpmdb_lock(b.conf.persistdir, True); l.__enter__(); r.__enter__(); time.sleep(300)' >/dev/null 2>&1 & sleep 1"
)


def test_a_held_package_lock_is_named_and_waited_for_by_a_person(
    desk: Desk, lab: Lab, rocky: LabHost
) -> None:
    lab.console(rocky.name, LOCK)
    error = failed(desk.set_up(rocky))
    assert error.code == "setup.lock", error.detail
    lab.console(rocky.name, "pkill -f dnf.lock")
    assert states(desk.set_up(rocky))["trial"] is StepState.APPLIED


BAD_MIRROR = """
d=/srv/bad/linux/centos/9/x86_64/stable; mkdir -p $d/repodata; cd $d
u=http://repo.ferry.test/linux/centos/9/x86_64/stable
curl -fsS $u/ | sed -n 's/.*href="\\([^"]*rpm\\)".*/\\1/p' | while read -r f; do curl -fsS -o $f $u/$f; truncate -s 50000 $f; done
curl -fsS $u/repodata/ | sed -n 's/.*href="\\([^"/]*\\)".*/\\1/p' | while read -r f; do curl -fsS -o repodata/$f $u/repodata/$f; done
cd /srv/bad && setsid python3 -m http.server 8099 >/dev/null 2>&1 & sleep 1
""".replace("\\\\", "\\")


def test_a_mirror_that_cuts_files_short_is_passed_over_and_said_so(
    desk: Desk, lab: Lab, rocky: LabHost
) -> None:
    lab.console(rocky.name, BAD_MIRROR)
    desk.mirrors("http://127.0.0.1:8099", LAB_MIRROR)
    found = states(desk.set_up(rocky, Wish(mirror="lab")))
    assert found["trial"] is StepState.APPLIED
    assert "http://127.0.0.1:8099 serves broken files; going on with http://repo.ferry.test" in "".join(
        desk.said
    )


def test_an_older_docker_in_the_way_is_asked_about_and_comes_back_with_undo(
    desk: Desk, lab: Lab, rocky: LabHost
) -> None:
    lab.console(
        rocky.name, "dnf -q -y install docker && systemctl disable -q --now docker.socket docker 2>&1"
    )
    installed = lab.console(rocky.name, "rpm -qa | sort")
    with pytest.raises(GoferryError) as asked:
        desk.set_up(rocky)
    assert asked.value.code == "setup.question"
    wish = with_fix(Wish(mirror="lab"), asked.value.fixes[0])
    assert states(desk.set_up(rocky, wish))["rivals"] is StepState.APPLIED
    states(desk.undo(rocky))
    assert lab.console(rocky.name, "rpm -qa | sort") == installed


def test_sudo_is_asked_once_refuses_clearly_and_may_want_a_terminal(
    desk: Desk, lab: Lab, rocky: LabHost
) -> None:
    async def with_password(app: App, word: str) -> PlanRun:
        return await run_setup(app, await prepare_setup(app, rocky.name, Wish(mirror="lab"), Secret(word)))

    assert failed(desk.run(lambda app: with_password(app, "wrong"))).code == "setup.sudo_wrong_password"
    lab.console(rocky.name, "gpasswd -d deploy wheel")
    error = failed(desk.run(lambda app: with_password(app, rocky.sudo_password)))
    assert error.code == "setup.no_sudo"
    lab.console(rocky.name, "usermod -aG wheel deploy; echo 'Defaults requiretty' > /etc/sudoers.d/tty")
    assert states(desk.set_up(rocky))["trial"] is StepState.APPLIED


@pytest.fixture
def rocky(lab: Lab, desk: Desk) -> Iterator[LabHost]:
    host = desk.add(lab.start("rocky-9"))
    yield host
    lab.remove(host.name)


def test_a_server_without_any_way_to_packages_gets_docker_over_ssh_and_back(
    desk: Desk, lab: Lab, rocky: LabHost, stream9: LabHost
) -> None:
    folder = desk.home.root / "offline/x86_64"
    folder.mkdir(parents=True)
    names = "dockerd docker containerd containerd-shim-runc-v2 ctr runc docker-init docker-proxy"
    pack = f"cd /usr/bin && tar --transform 's,^,docker/,' -czhf - {names}"
    with (folder / "docker-28.5.2.tgz").open("wb") as file:
        subprocess.run(
            ["docker", "exec", f"ferrylab-{stream9.name}", "sh", "-c", pack], stdout=file, check=True
        )
    lab.console(rocky.name, "printf '127.0.0.9 repo.ferry.test\\n' >> /etc/hosts")
    before = lab.console(rocky.name, _SEEN)
    found = states(desk.set_up(rocky, Wish(offline=True)))
    assert (found["offline"], found["trial"]) == (StepState.APPLIED, StepState.APPLIED)
    assert set(states(desk.set_up(rocky, Wish(offline=True))).values()) == {StepState.HELD}
    states(desk.undo(rocky))
    assert lab.console(rocky.name, _SEEN).splitlines() == before.splitlines()


@pytest.mark.timeout(180)
def test_killed_after_any_step_it_goes_on_from_what_really_is(desk: Desk, lab: Lab, rocky: LabHost) -> None:
    """Goferry ends after each step that changes something; every start looks anew and does one more."""
    done: list[str] = []

    async def one_more(app: App) -> bool:
        prepared = await prepare_setup(app, rocky.name, Wish(mirror="lab"), Secret(rocky.sudo_password))
        running: asyncio.Task[PlanRun] | None = None

        def watch(run: PlanRun, result: StepResult) -> None:
            if result.state is StepState.APPLIED and running is not None:
                done.append(result.id)
                running.cancel()

        running = asyncio.ensure_future(run_setup(app, prepared, watch=watch))
        try:
            return (await running).ok
        except asyncio.CancelledError:
            return False

    while not desk.run(one_more):
        assert len(done) == len(set(done)) < 12, done
    assert done == ["repository", "packages", "logs", "live", "service", "group", "state", "trial"]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("step", ["repository", "packages", "service"])
@pytest.mark.parametrize("fault", ["cut", "reboot"])
def test_cut_or_rebooted_in_a_step_the_next_run_converges(
    desk: Desk, lab: Lab, rocky: LabHost, step: str, fault: str
) -> None:
    async def broken(app: App) -> None:
        prepared = await prepare_setup(app, rocky.name, Wish(mirror="lab"), Secret(rocky.sudo_password))
        reached = asyncio.Event()

        def watch(run: PlanRun, result: StepResult) -> None:
            ids = [each.id for each in run.plan.steps]
            if ids[ids.index(result.id) + 1 :][:1] == [step]:
                reached.set()

        running = asyncio.ensure_future(run_setup(app, prepared, watch=watch))
        await reached.wait()
        await asyncio.sleep(0.7)  # somewhere inside the step: no condition could say where
        if fault == "cut":
            lab.fault(rocky.name, "cut")
        else:
            lab.reboot(rocky.name, wait=False)
        running.cancel()
        await asyncio.wait({running})

    desk.run(broken)
    if fault == "cut":
        lab.heal(rocky.name)
    lab.host(rocky.name)
    wait_for_ssh(lab, rocky)
    assert states(desk.set_up(rocky))["trial"] in (StepState.APPLIED, StepState.HELD)
    left = lab.console(
        rocky.name, "ls -A /etc/docker /etc/yum.repos.d /var/lib/goferry; systemctl is-active docker"
    )
    assert "daemon.json.goferry" not in left
    assert "packages.before" not in left
    assert left.rstrip().endswith("active")


def wait_for_ssh(lab: Lab, host: LabHost) -> None:
    from tests.lab.machine.hosts import host as machine

    machine(host.name).wait_ready()


def test_the_sudo_password_is_nowhere_on_either_side(desk: Desk, lab: Lab, rocky: LabHost) -> None:
    watch = (
        "for i in $(seq 400); do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; sleep 0.02; done"
        " > /run/watched"
    )
    lab.console(rocky.name, f"setsid sh -c '{watch}' >/dev/null 2>&1 &")

    async def script(app: App) -> str:
        prepared: Prepared = await prepare_setup(app, rocky.name, None, Secret(rocky.sudo_password))
        return prepared.script() + repr(prepared) + str([step.commands for step in prepared.plan.steps])

    exported = desk.run(script)
    run = desk.set_up(rocky)
    assert states(run)["trial"] is StepState.APPLIED
    secret = rocky.sudo_password
    assert secret not in exported + "".join(desk.said) + repr(run)
    files = b"".join(path.read_bytes() for path in desk.home.root.rglob("*") if path.is_file())
    assert secret.encode() not in files
    found = lab.console(
        rocky.name,
        f"grep -c goferry /run/watched -a; grep -rlaF '{secret}' /run/watched /var/log /var/lib/goferry /tmp /var/tmp"
        " /run/goferry-setup /home /root || :",
    ).split()
    assert int(found[0]) > 0
    assert found[1:] == []


def test_several_are_registered_and_set_up_in_one_go_and_the_failed_one_again(desk: Desk, lab: Lab) -> None:
    hosts = [lab.start("rocky-9"), lab.start("centos-7")]

    def newcomers(fingerprints: list[str]) -> list[Newcomer]:
        return [
            Newcomer(
                Host(host.name, host.address, host.port, host.user, auth="key", key=str(host.key_path)),
                fingerprint, Secret(host.sudo_password),
            )
            for host, fingerprint in zip(hosts, fingerprints, strict=True)
        ]  # fmt: skip

    wish = Wish(mirror="lab", deploy_user="ferry", clean_images=True, loopback=True)

    async def first(app: App) -> dict[str, PlanRun | GoferryError]:
        return await register_many(app, newcomers([hosts[0].fingerprint, "SHA256:" + "A" * 43]), wish)

    async def again(app: App) -> dict[str, PlanRun | GoferryError]:
        return await register_many(app, newcomers([host.fingerprint for host in hosts]), wish)

    try:
        good, bad = desk.run(first).values()
        assert isinstance(good, PlanRun)
        assert states(good)["user"] is StepState.APPLIED
        assert isinstance(bad, GoferryError)
        assert bad.code == "host.key_mismatch"
        for run in desk.run(again).values():
            assert isinstance(run, PlanRun)
            assert states(run)["trial"] in (StepState.APPLIED, StepState.HELD)
        key = lab.console(hosts[0].name, "cat ~ferry/.ssh/authorized_keys; id -nG ferry")
        assert "ssh-ed25519" in key
        assert "docker" in key
        states(desk.undo(hosts[0]))
        assert "ferry" not in lab.console(hosts[0].name, "cut -d: -f1 /etc/passwd")
    finally:
        for host in hosts:
            lab.remove(host.name)
