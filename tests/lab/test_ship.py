"""Only what changed is sent: the same image on every kind of engine, and the bad days of the way there."""

from __future__ import annotations

import asyncio
import hashlib
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_build import build_and_image, prepare
from desktop.app_deploy import Prepared, prepare_deploy, run_prepared
from desktop.base.plans import StepResult, StepState
from desktop.base.settings import SettingsStore
from desktop.image import Image
from desktop.release import HostResult, HostState, RolloutResult
from desktop.ship import Delivery, programs
from desktop.ship.delta import Helper
from tests.lab.handle import Lab, LabHost
from tests.lab.machine.names import PREFIX
from tests.lab.site import Site, make_site
from tests.lab.stops import stopping_porters
from tests.old_pythons import old_pythons

pytestmark = pytest.mark.timeout(900, func_only=True)

OLD_ENGINE = """\
yum -y -q downgrade docker-ce-20.10.24 docker-ce-cli-20.10.24 containerd.io-1.6.20 >/tmp/downgrade 2>&1 || cat /tmp/downgrade
systemctl restart docker
"""
CONTAINERD_STORE = """\
systemctl stop docker containerd 2>/dev/null
mkdir -p /var/lib/docker/containerd-store /etc/docker
mount --bind /var/lib/docker/containerd-store /var/lib/containerd  # overlayfs wants a disk of its own below it
echo '{"features": {"containerd-snapshotter": true}}' > /etc/docker/daemon.json
systemctl start docker
"""
UNTIL_UP = "\nuntil docker info >/dev/null 2>&1; do sleep 0.1; done"
CHANGES = 100_000
"""Bytes that a change of one line is well below."""


@pytest.fixture
def engines(lab: Lab, centos7: LabHost) -> Iterator[tuple[LabHost, ...]]:
    """The oldest engine that is served, one of CentOS 7, and the newest with its own kind of store."""
    old, new = lab.start(docker=True), None
    try:
        lab.console(old.name, OLD_ENGINE + UNTIL_UP)
        new = lab.start("centos-stream-9", docker=True)
        lab.console(new.name, CONTAINERD_STORE + UNTIL_UP)
        yield old, centos7, new
    finally:
        for host in (old, new):
            if host is not None:
                lab.remove(host.name)


def edit(site: Site, line: str) -> None:
    """One line of the program's source."""
    path = site.folder / "main.go"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, text in enumerate(lines) if "starting" in text)
    lines[number] = f"\t{line} // starting"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def serving_image(site: Site, host: LabHost) -> str:
    """What an engine says of the image that serves: its identity, its layers, its configuration."""
    script = (
        f"docker ps -q --filter label=io.goferry.app={site.name} | xargs docker inspect -f '{{{{.Image}}}}' | "
        "xargs docker image inspect -f '{{.Id}} {{.RootFS.Layers}} {{.Architecture}} {{json .Config}}'"
    )
    return site.lab.console(host.name, script).strip()


def test_a_delta_makes_the_image_that_a_whole_upload_makes(
    lab: Lab, engines: tuple[LabHost, ...], tmp_path: Path
) -> None:
    site = make_site(lab, tmp_path, "ship-same", 18941, *engines)
    versions = {
        host.name: lab.console(host.name, "docker version -f '{{.Server.Version}}'") for host in engines
    }
    stores = {host.name: lab.console(host.name, "docker info -f '{{.DriverStatus}}'") for host in engines}
    assert versions[engines[0].name].startswith("20.10"), versions
    assert "io.containerd.snapshotter" in stores[engines[2].name], stores
    try:
        first = site.deploy("1.0").hosts
        assert [(host.state, host.sent_how) for host in first] == [(HostState.DONE, "whole")] * 3, first
        edit(site, 'fmt.Println("now this starts:", version)')
        second = site.deploy("2.0").hosts
        assert [(host.state, host.sent_how) for host in second] == [(HostState.DONE, "delta")] * 3, second
        assert all(
            host.sent_bytes < CHANGES < one.sent_bytes for host, one in zip(second, first, strict=True)
        )
        assert {site.served(host) for host in engines} == {"2.0 0"}
        by_delta = [serving_image(site, host) for host in engines]
        assert site.cli("remove", str(site.folder), "--on", "staging", "--yes")[0] == 0
        third = site.deploy("2.0").hosts
        assert [host.sent_how for host in third] == ["whole"] * 3
        assert [serving_image(site, host) for host in engines] == by_delta
        # an image of patched files is one like others: it can go elsewhere
        saved = "docker save $(docker images -q goferry/ship-same | head -n 1) | tar -t | grep -c sha256"
        assert all(int(lab.console(host.name, saved)) for host in engines[1:])
    finally:
        site.clean()


class BadDay:
    """One app on a host to break; a deploy of a change afterwards must end right, with nothing half-written left."""

    def __init__(self, lab: Lab, host: LabHost, site: Site) -> None:
        self.lab, self.host, self.site = lab, host, site
        self.number = 0
        self.last = self.deploy()
        assert self.last.state is HostState.DONE

    def deploy(self) -> HostResult:
        self.number += 1
        edit(self.site, f'fmt.Println("start number", {self.number} * len(version))')
        return self.again()

    def again(self) -> HostResult:
        [self.last] = self.site.deploy(f"{self.number}.0").hosts
        return self.last

    def is_well(self, how: str = "delta") -> None:
        result = self.deploy()
        assert (result.state, result.sent_how) == (HostState.DONE, how), result
        self.site.until_served(self.host, f"{self.number}.0")
        left = self.lab.console(self.host.name, f"ls /var/lib/goferry/{self.site.name}/kept").split()
        assert all(len(name) == 64 for name in left), left
        assert len(left) == 2


@pytest.fixture
def day(spare_host: LabHost, lab: Lab, tmp_path: Path) -> Iterator[BadDay]:
    site = make_site(lab, tmp_path, "ship-bad", 18942, spare_host)
    yield BadDay(lab, spare_host, site)
    site.clean()


def test_what_cannot_be_built_upon_is_sent_again_as_a_whole(day: BadDay) -> None:
    """A damaged base."""
    name, kept = day.host.name, f"/var/lib/goferry/{day.site.name}/kept"
    day.lab.console(
        name, f"for f in {kept}/*; do printf x | dd of=$f bs=1 seek=9999 conv=notrunc 2>/dev/null; done"
    )
    damaged = day.deploy()
    assert (damaged.state, damaged.sent_how) == (HostState.DONE, "layers")
    day.is_well()


def test_a_server_without_python_gets_changes_by_a_helper_of_its_own(
    day: BadDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, folder = day.host.name, f"/var/lib/goferry/{day.site.name}"
    with no_python(day):
        # nobody waits for the helper: the first time goes without it
        assert (day.deploy().state, day.last.sent_how) == (HostState.DONE, "layers"), day.last
        made = day.site.run(helper_of)
        first = day.deploy()
        assert (first.state, first.sent_how) == (HostState.DONE, "delta"), first
        assert helper_in(day) == made.sha256
        day.is_well()
        assert day.last.sent_bytes < CHANGES < first.sent_bytes
        a_changed_one_is_not_run_and_one_that_may_not_run_there_runs_elsewhere(day)
        by_helper = serving_image(day.site, day.host)
    assert day.site.cli("remove", str(day.site.folder), "--on", "staging", "--yes")[0] == 0
    assert day.lab.console(name, f"ls {folder} 2>/dev/null || :") == ""
    assert (day.again().state, day.last.sent_how) == (HostState.DONE, "whole"), day.last
    assert serving_image(day.site, day.host) == by_helper
    # beside a Python it works for large programs only, and only where a person wants it
    with monkeypatch.context() as patched:
        patched.setattr(programs, "LARGE", 1 << 20)
        assert helper_in(day) == ""
        SettingsStore(day.site.home).change(helper=True)
        day.is_well()
        assert helper_in(day) == made.sha256


@contextmanager
def no_python(day: BadDay) -> Iterator[None]:
    day.lab.console(day.host.name, "for f in /usr/bin/python*; do mv $f /root; done")
    try:
        yield
    finally:
        day.lab.console(day.host.name, "mv /root/python* /usr/bin/")


def test_a_server_whose_only_python_is_2_7_gets_changes_as_others_do(day: BadDay) -> None:
    """CentOS 7 has this one."""
    old = old_pythons().get("python2.7")
    if old is None:
        pytest.skip("this computer has no Python 2.7 to put on a server")
    with no_python(day), python_2(day, Path(old)):
        day.is_well()
        assert helper_in(day) == ""
        results: list[HostResult] = []
        for version in ("11.0", "12.0", "13.0"):
            edit(day.site, f'fmt.Println("start of {version}", version)')
            results += day.site.deploy(version, mode="proxy").hosts
        assert [one.state for one in results] == [HostState.DONE] * 3, results
        assert [(one.sent_how, one.downtime_ms) for one in results[1:]] == [("delta", 0)] * 2, results
        assert day.site.served(day.host) == "13.0 0"


@contextmanager
def python_2(day: BadDay, program: Path) -> Iterator[None]:
    home, there = program.parent.parent, "/opt/python2"
    parts = [
        "bin/python2.7",
        "lib/python2.7",
        *(f"lib/{path.name}" for path in home.glob("lib/libpython2.7*")),
    ]
    packed = ("tar", "-c", "-C", str(home), "--exclude=test", "--exclude=site-packages", *parts)
    unpacked = ("docker", "exec", "-i", PREFIX + day.host.name, "tar", "-x", "-C", there)
    start = f'#!/bin/sh\nLD_LIBRARY_PATH={there}/lib exec {there}/bin/python2.7 "$@"\n'
    day.lab.console(day.host.name, f"mkdir {there}")
    with subprocess.Popen(packed, stdout=subprocess.PIPE) as source:
        subprocess.run(unpacked, stdin=source.stdout, check=True)
    assert source.returncode == 0
    day.lab.console(
        day.host.name, f"printf %s {shlex.quote(start)} > /usr/bin/python2; chmod 755 /usr/bin/python2"
    )
    try:
        yield
    finally:
        day.lab.console(day.host.name, f"rm -rf {there} /usr/bin/python2")


def helper_in(day: BadDay) -> str:
    """The hash of the helper that lies in the app's folder; empty: none does."""
    script = f"cat /var/lib/goferry/{day.site.name}/helper-* 2>/dev/null | sha256sum | cut -c1-64"
    found = day.lab.console(day.host.name, script).strip()
    return "" if found == hashlib.sha256().hexdigest() else found


def a_changed_one_is_not_run_and_one_that_may_not_run_there_runs_elsewhere(day: BadDay) -> None:
    name, folder = day.host.name, f"/var/lib/goferry/{day.site.name}"
    at = f"$(ls {folder}/helper-*)"
    day.lab.console(name, f"printf x >> {at}; mount --bind {folder} {folder}")
    day.lab.console(name, f"mount -o remount,bind,noexec {folder}; ! {at} check 2>/dev/null")
    try:
        day.is_well()
        assert day.last.sent_bytes > CHANGES
        left = "ls -d /dev/shm/.gof* /tmp/.gof* /var/tmp/.gof* /run/user/*/.gof* /home/*/.gof* 2>/dev/null"
        look = f"{left}; pgrep -f 'goferry-helper|helper-' || :"
        deadline = time.monotonic() + 60
        while found := day.lab.console(name, look):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        assert day.lab.console(name, "command -v goferry-helper || :") == ""
    finally:
        day.lab.console(name, f"umount {folder}")


async def helper_of(app: App) -> Helper:
    """The helper for the lab's servers, made as a Goferry that stays open makes it in the background."""
    while (found := await app.quick.programs.helper("amd64")) is None:
        await asyncio.sleep(0.1)
    return found


def test_an_image_for_arm64_goes_the_same_ways(lab: Lab, centos7: LabHost, tmp_path: Path) -> None:
    """To where its engine keeps it: this server's processor could not run it, but it is what one of ARM gets."""
    site = make_site(lab, tmp_path, "ship-arm", 18943, centos7)
    site.write("1.0", target="linux/arm64")
    folder = f"/var/lib/goferry/{site.name}"
    lab.console(centos7.name, f"install -d -m 2775 -o deploy {folder}")

    async def sent(app: App) -> tuple[str, Image]:
        prepared = await prepare(app, await app.project(site.folder))
        built = await build_and_image(app, prepared)
        [image], [binary] = built.images.values(), built.outcome.binaries
        engine, channel = await app.engine(centos7.name), await app.channel(centos7.name)
        swift = app.quick.swift(site.name, folder, binary)
        async with Delivery(image, engine, channel, lambda done, whole: None, swift) as delivery:
            await delivery.sent()
            return (await delivery.loaded()).how, image

    def kept(image: Image) -> str:
        form = "{{.Id}} {{.Architecture}} {{.RootFS.Layers}}"
        return lab.console(centos7.name, f"docker image inspect -f '{form}' {image.ref}").strip()

    try:
        assert site.run(sent)[0] == "whole"
        edit(site, 'fmt.Println("now on", version)')
        how, image = site.run(sent)
        assert how == "delta"
        layers = " ".join(layer.diff_id for layer in image.layers)
        assert kept(image) == f"{image.config_digest} arm64 [{layers}]"
    finally:
        lab.console(centos7.name, "docker rmi -f $(docker images -q '*ship-arm*') >/dev/null 2>&1 || :")
        site.clean()


def test_who_takes_a_lock_over_ends_what_held_it(day: BadDay) -> None:
    """And of what was sent ahead, by those who got no lock or came too late, nothing stays."""
    site = day.site

    async def both(app: App) -> tuple[RolloutResult, RolloutResult]:
        site.write("2.0", BEHAVIOUR="sick", start="100s")
        stuck = await prepare_deploy(app, site.folder, ["staging"])
        started = asyncio.Event()

        def watch(host: str, result: StepResult) -> None:
            if result.id == "start" and result.state is StepState.APPLIED:
                started.set()

        slow = asyncio.create_task(run_prepared(stuck, watch=watch))
        await started.wait()
        site.write("3.0")
        edit(site, 'fmt.Println("three, said", version)')
        async with App(site.home, secrets=site.secrets) as second, site.somebody_else() as other:
            with stopping_porters():
                late = await prepare_deploy(second, site.folder, ["staging"])
                assert await shut_out(day, late) == "release.locked"
            mine = await prepare_deploy(other, site.folder, ["staging"])
            taken = await run_prepared(mine, take_over=True), await slow
            images = images_of(day)
            [result] = (await run_prepared(late)).hosts
            assert result.error is not None
            assert (result.error.code, images_of(day)) == ("release.changed", images)
            return taken

    taken, lost = site.run(both)
    assert taken.error is None, taken.error
    assert lost.error is not None
    assert lost.error.code == "release.lock_lost"
    site.until_served(day.host, "3.0")


async def shut_out(day: BadDay, prepared: Prepared) -> str:
    """The code of the error of a deploy whose change has come to the server before it heard that the lock is taken."""
    name, at = day.host.name, f"/tmp/stops/{day.site.name}"
    kept = f"ls /var/lib/goferry/{day.site.name}/kept"
    before = images_of(day), day.lab.console(name, kept)
    day.lab.console(name, f"mkdir -p /tmp/stops; chmod 777 /tmp/stops; printf 'ahead of the lock' >{at}")
    [result] = (await run_prepared(prepared)).hosts
    assert day.lab.console(name, f"cat {at}.stopped; rm {at}.stopped"), "nothing was sent ahead"
    assert (images_of(day), day.lab.console(name, kept)) == before
    assert result.error is not None
    return result.error.code


def images_of(day: BadDay) -> set[str]:
    script = "docker images --format '{{.Repository}}:{{.Tag}} {{.ID}}'"
    return {line for line in day.lab.console(day.host.name, script).splitlines() if day.site.name in line}
