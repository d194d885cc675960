"""Set-up on real servers: every face from bare to a container that answers, and back again."""

from __future__ import annotations

import base64
import json
import secrets
import shlex
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from desktop.app import App
from desktop.app_setup import Newcomer, prepare_setup, register_many, run_setup, with_fix
from desktop.base.errors import GoferryError
from desktop.base.plans import PlanRun, Recorder, StepState
from desktop.base.processes import Completed
from desktop.base.secret import Secret
from desktop.hosts import Host
from desktop.hosts.setup import Wish
from tests.lab.desk import Desk, differences, failed, side_by_side, started, states
from tests.lab.handle import Lab, LabHost

FACES = {
    "centos-7": ("dead-repo", "mirrorlist.centos.org"),
    "almalinux-8": ("csh-login", ""),
    "rocky-9": ("firewalld", ""),
    "centos-stream-9": ("noexec-tmp", ""),
    "rocky-10": ("chatty-login", ""),
    "openeuler-22.03": ("requiretty", ""),
    "kylin-v10": ("podman-docker", ""),
}
"""Each face, and what is not as usual on that server."""


@pytest.fixture
def desk(lab: Lab, tmp_path: Path) -> Desk:
    return Desk(lab, tmp_path / "home")


@pytest.mark.timeout(1800, func_only=True)
def test_every_face_ends_with_a_container_that_answers_twice_and_is_as_before_after_undo(
    desk: Desk, lab: Lab
) -> None:
    def there_and_back(host: LabHost) -> None:
        before = desk.seen(host)
        first = desk.cli(host, "setup")
        assert first["trial"] == "applied", host.os
        assert set(desk.cli(host, "setup").values()) == {"held"}, host.os
        assert "docker" in lab.console(host.name, "id -nG deploy")
        desk.cli(host, "undo")
        assert differences(before, desk.seen(host)) == [], host.os

    with started(lab, FACES) as hosts:
        for host in hosts:
            desk.add(host)
            lab.fault(host.name, *FACES[host.os])
        side_by_side(there_and_back, hosts)


def test_sudo_and_an_older_docker_are_asked_about_and_undo_brings_that_docker_back(
    desk: Desk, lab: Lab, rocky: LabHost
) -> None:
    async def with_password(app: App, word: str) -> PlanRun:
        return await run_setup(app, await prepare_setup(app, rocky.name, Wish(mirror="lab"), Secret(word)))

    assert failed(desk.run(lambda app: with_password(app, "wrong"))).code == "setup.sudo_wrong_password"
    lab.console(rocky.name, "gpasswd -d deploy wheel")
    assert failed(desk.run(lambda app: with_password(app, rocky.sudo_password))).code == "setup.no_sudo"
    lab.console(rocky.name, "usermod -aG wheel deploy; dnf -q -y install docker 2>&1")
    lab.console(rocky.name, "systemctl disable -q --now docker.socket docker 2>&1")
    installed = lab.console(rocky.name, "rpm -qa | sort")
    with pytest.raises(GoferryError) as asked:
        desk.set_up(rocky)
    assert asked.value.code == "setup.question"
    wish = with_fix(Wish(mirror="lab"), asked.value.fixes[0])
    assert states(desk.set_up(rocky, wish))["rivals"] is StepState.APPLIED
    states(desk.undo(rocky))
    assert lab.console(rocky.name, "rpm -qa | sort") == installed


@pytest.fixture
def rocky(lab: Lab, desk: Desk) -> Iterator[LabHost]:
    host = desk.add(lab.start("rocky-9"))
    yield host
    lab.remove(host.name)


def forms_of(word: str) -> tuple[str, ...]:
    """A password as it is, and as programs write it."""
    coded = (base64.b64encode(part.encode()).decode().rstrip("=") for part in (word, f"{word}\n"))
    return (word, *coded, quote(word), json.dumps(word)[1:-1], shlex.quote(word))


class ProcessWatch(threading.Thread):
    """Looks at the command line and the environment of every process of this computer, and of the lab's servers on it."""

    def __init__(self, forms: tuple[str, ...]) -> None:
        super().__init__()
        self.forms = [form.encode() for form in forms]
        self.betrayed: set[bytes] = set()
        self.seen: set[bytes] = set()
        self._over = threading.Event()

    def __enter__(self) -> ProcessWatch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(0.03):
            for file in (*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")):
                with suppress(OSError):  # it has ended
                    text = file.read_bytes()
                    self.seen.add(text[:4000])
                    self.betrayed |= {text for form in self.forms if form in text}


def all_that_is_said(desk: Desk, lab: Lab, host: LabHost, word: str) -> str:
    """Everything that Goferry prints or keeps while a server is added, fails, is set up, and Goferry itself breaks."""
    said: list[str] = []
    added = ("add", host.name, host.target, "--password-stdin", "--fingerprint", host.fingerprint)
    for words in (added, ("setup", host.name, "--script"), ("setup", host.name, "--plan")):
        with desk.goferry("host", *words, given=word) as run:
            said += run.communicate()
        assert run.returncode == 0, said
    lab.fault(host.name, "no-extras")
    with desk.start(host, "setup") as run:
        said += run.communicate()
    assert run.returncode == 1, said
    lab.heal(host.name)
    assert desk.cli(host, "setup")["trial"] == "applied"

    def fails(step: str, done: Completed) -> None:
        raise RuntimeError(done.said())

    async def crash(app: App) -> PlanRun:
        prepared = await desk.prepare(app, host, Wish(mirror="lab", clean_images=True))
        said.append(repr(prepared) + prepared.script())
        return await run_setup(app, prepared, Recorder(on_command=fails))

    error = failed(desk.run(crash))
    said.append("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
    files = [
        path.read_bytes().decode("utf-8", "replace") for path in desk.home.root.rglob("*") if path.is_file()
    ]
    return "\n".join([*said, f"{error} {error.detail} {error.to_json()}", *files])


def test_a_planted_password_is_nowhere_on_either_side(desk: Desk, lab: Lab) -> None:
    word = "pl4nt3d %41$(id)'\"" + secrets.token_hex(4)
    host, forms = lab.start("rocky-9", open_passwords=True, sudo_password=word), forms_of(word)
    try:
        with ProcessWatch(forms) as watch:
            said = all_that_is_said(desk, lab, host, word)
        assert any(b"goferry/trial" in line for line in watch.seen)
        assert watch.betrayed == set()
        assert not [form for form in forms if form in said]
        places = "/etc /home /root /run /tmp /var/log /var/lib/goferry /var/lib/dnf /var/tmp /usr/libexec"
        patterns = "\n".join(forms)
        look = f"cat > /dev/shm/forms <<'FORMS'\n{patterns}\nFORMS\ngrep -rlaFf /dev/shm/forms {places} 2>/dev/null || :"
        assert lab.console(host.name, look) == ""
    finally:
        lab.remove(host.name)


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
