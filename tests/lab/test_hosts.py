"""Hosts against real servers: keys, commands, files, facts, and the bad days."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from desktop.base.commands import Command, sh
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host, Inventory, Sessions, add_host, check_host, check_hosts, confirmed_key
from tests.lab.handle import Lab, LabHost


def on(tmp_path: Path, work: Callable[[Sessions], Awaitable[None]], *hosts: LabHost) -> None:
    home = Home(tmp_path / "desk")
    inventory = Inventory(home)
    for host in hosts:
        inventory.add(_as_host(host))

    async def all_of_it() -> None:
        sessions = Sessions(inventory, MemoryStore(), home, persons_known_hosts=tmp_path / "none")
        try:
            await work(sessions)
        finally:
            await sessions.close()

    asyncio.run(all_of_it())


def _as_host(host: LabHost, **values: object) -> Host:
    wanted: dict[str, object] = {
        "user": host.user, "auth": "key", "key": str(host.key_path), "fingerprints": (host.fingerprint,), **values,
    }  # fmt: skip
    return Host(host.name, host.address, host.port, **wanted)  # type: ignore[arg-type]


def test_three_systems_tell_their_facts_side_by_side(
    centos7: LabHost, stream9: LabHost, openeuler: LabHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.hosts.check.LIMIT", 240.0)

    async def work(sessions: Sessions) -> None:
        found = {one.host.name: one for one in await check_hosts(sessions, sessions.inventory.hosts()[1:])}
        shown = {}
        for host in (centos7, stream9, openeuler):
            facts = found[host.name].facts
            assert facts is not None, found[host.name].error
            shown[host.os] = facts.system.shown
            assert facts.engine is not None
            assert facts.engine.running
            assert facts.in_docker_group
            assert facts.user == host.user
            assert facts.clock_offset is not None
            assert abs(facts.clock_offset) < 30
        assert shown == {
            "centos-7": "CentOS 7.9", "centos-stream-9": "CentOS Stream 9", "openeuler-22.03": "openEuler 22.03",
        }  # fmt: skip

    on(tmp_path, work, centos7, stream9, openeuler)


def test_any_of_the_servers_fingerprints_is_good_for_adding_it(centos7: LabHost, tmp_path: Path) -> None:
    async def work(sessions: Sessions) -> None:
        for kind, fingerprint in centos7.fingerprints.items():
            host = _as_host(centos7, fingerprints=())
            key = await confirmed_key(sessions, host, fingerprint)
            assert key.kind == kind
            await add_host(sessions, host, key)
            assert (await sessions.channel(host.name).run(Command(("true",)))).ok
            sessions.inventory.remove(host.name)
            sessions.forget(host.name)

    on(tmp_path, work)


def test_the_password_is_used_once_to_place_the_own_key(
    spare_host: LabHost, lab: Lab, tmp_path: Path
) -> None:
    async def work(sessions: Sessions) -> None:
        host = _as_host(spare_host, user=spare_host.password_user, auth="own", key="")
        key = await confirmed_key(sessions, host, spare_host.fingerprint)
        added = await add_host(sessions, host, key, password=Secret(spare_host.password))
        assert added.auth == "own"
        sessions.drop(added.name)
        ended = await sessions.channel(added.name).run(sh("id -un; ls -l ~/.ssh/authorized_keys"))
        assert ended.text().splitlines()[0] == spare_host.password_user
        assert "-rw-------" in ended.text()

    _let_keys_in(lab, spare_host, "yes")
    try:
        on(tmp_path, work)
    finally:
        _let_keys_in(lab, spare_host, "no")
    for file in (tmp_path / "desk").rglob("*"):
        assert file.is_dir() or spare_host.password.encode() not in file.read_bytes()


def _let_keys_in(lab: Lab, host: LabHost, word: str) -> None:
    """The lab's password user takes no keys by default."""
    change = (
        f"sed -i 's/^PubkeyAuthentication .*/PubkeyAuthentication {word}/' /etc/ssh/sshd_config.d/10-lab.conf"
    )
    lab.console(host.name, change)
    lab.restart_sshd(host.name)
    deadline = time.monotonic() + 120
    while True:
        try:
            with socket.create_connection((host.address, host.port), 5) as answer:
                if answer.recv(4) == b"SSH-":
                    return
        except OSError:
            assert time.monotonic() < deadline, "sshd did not come back"
            time.sleep(0.05)


def test_a_server_that_takes_no_keys_is_told_after_the_password_and_gets_no_key(
    spare_host: LabHost, lab: Lab, tmp_path: Path
) -> None:
    keys = f"/home/{spare_host.password_user}/.ssh"
    lab.console(spare_host.name, f"rm -rf {keys}")

    async def work(sessions: Sessions) -> None:
        host = _as_host(spare_host, user=spare_host.password_user, auth="own", key="")
        key = await confirmed_key(sessions, host, spare_host.fingerprint)
        with pytest.raises(GoferryError) as caught:
            await add_host(sessions, host, key, password=Secret(spare_host.password))
        assert caught.value.code == "host.auth_refused"
        assert "password" in str(caught.value.why)
        assert [known.name for known in sessions.inventory.hosts()] == ["local"]

    on(tmp_path, work)
    assert lab.console(spare_host.name, f"[ -e {keys} ] || echo none").strip() == "none"
    # what was there before stays as it was, and nothing is put beside it
    lines = "ssh-ed25519 AAAAC3Nz colleague"
    script = f"mkdir -m 700 {keys}; echo '{lines}' > {keys}/authorized_keys; chown -R {spare_host.password_user} {keys}"
    lab.console(spare_host.name, script)
    on(tmp_path, work)
    assert lab.console(spare_host.name, f"cat {keys}/*; rm -r {keys}").strip() == lines


def test_a_jump_host_leads_to_another(centos7: LabHost, stream9: LabHost, tmp_path: Path) -> None:
    async def work(sessions: Sessions) -> None:
        sessions.inventory.add(_as_host(stream9, via=centos7.name))
        ended = await sessions.channel(stream9.name).run(sh('echo "$SSH_CONNECTION"'))
        assert ended.text().split()[0] == centos7.address

    on(tmp_path, work, centos7)


def test_a_cancelled_command_is_gone_from_the_server(centos7: LabHost, lab: Lab, tmp_path: Path) -> None:
    async def work(sessions: Sessions) -> None:
        channel = sessions.channel(centos7.name)
        lines = channel.lines(sh("(sleep 4711 & wait) & echo begun; wait"))
        assert (await anext(lines)).text == b"begun"
        assert "sleep 4711" in lab.console(centos7.name, "ps ax -o args")
        await lines.aclose()  # type: ignore[attr-defined]
        deadline = time.monotonic() + 60
        while "sleep 4711" in lab.console(centos7.name, "ps ax -o args"):
            assert time.monotonic() < deadline, "it runs on"
            await asyncio.sleep(0.1)

    on(tmp_path, work, centos7)


def test_a_cut_link_ends_the_command_and_leaves_no_half_file(
    spare_host: LabHost, lab: Lab, tmp_path: Path
) -> None:
    async def work(sessions: Sessions) -> None:
        channel = sessions.channel(spare_host.name)
        await channel.run(Command(("true",)))

        def slowly() -> Iterator[bytes]:
            yield b"x" * 1_000_000
            lab.fault(spare_host.name, "kill-sshd")
            for _ in range(200):
                yield b"x" * 1_000_000

        with pytest.raises(GoferryError) as caught:
            await channel.send(sh("cat > /tmp/whole.part && mv /tmp/whole.part /tmp/whole"), slowly())
        assert caught.value.code == "host.cut"
        lab.heal(spare_host.name)
        ended = await channel.run(sh("ls /tmp/whole; ps ax -o args"))
        assert b"/tmp/whole\n" not in ended.stdout.split(b"COMMAND")[0]
        assert b"cat > /tmp/whole.part" not in ended.stdout

    on(tmp_path, work, spare_host)


def test_a_reinstalled_server_is_a_full_stop(spare_host: LabHost, lab: Lab, tmp_path: Path) -> None:
    async def work(sessions: Sessions) -> None:
        host = sessions.inventory.get(spare_host.name)
        assert (await check_host(sessions, host, limit=240)).state == "connected"
        sessions.drop(host.name)
        before, after = lab.rekey(spare_host.name)
        found = await check_host(sessions, host, limit=240)
        assert found.state == "key-changed"
        assert found.error is not None
        assert before["ED25519"] in str(found.error.why)
        assert after["ED25519"] in str(found.error.why)

    on(tmp_path, work, spare_host)


def test_a_bare_server_has_no_engine_and_says_so(bare_host: LabHost, tmp_path: Path) -> None:
    async def work(sessions: Sessions) -> None:
        found = await check_host(sessions, sessions.inventory.get(bare_host.name), limit=240)
        assert found.facts is not None, found.error
        assert found.facts.engine is None

    on(tmp_path, work, bare_host)
