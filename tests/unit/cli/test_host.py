"""`goferry host …` as a build machine calls it, against a real SSH server on loopback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sshd import USER, Sshd
from tests.unit.cli.conftest import Call

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell")


def target(server: Sshd) -> str:
    return f"{USER}@127.0.0.1:{server.port}"


def test_without_a_fingerprint_nothing_is_sent_and_the_way_to_confirm_is_told(
    server: Sshd, call: Call
) -> None:
    code, body = call("host", "add", "web", target(server))
    assert (code, body["ok"], body["error"]["code"]) == (1, False, "host.key_unknown")
    assert server.fingerprint in body["error"]["why"]
    assert f"--fingerprint {server.fingerprint}" in body["error"]["fix"]
    assert server.heard == []
    assert server.refused == []


def test_a_wrong_fingerprint_is_refused(server: Sshd, call: Call) -> None:
    code, body = call("host", "add", "web", target(server), "--fingerprint", "SHA256:" + "A" * 43)
    assert (code, body["error"]["code"]) == (1, "host.key_mismatch")
    assert server.refused == []


def test_a_host_is_added_listed_checked_shown_and_removed(server: Sshd, call: Call) -> None:
    added = call(
        "host", "add", "web", target(server), "--group", "staging", "--fingerprint", server.fingerprint
    )
    assert added[0] == 0
    assert (added[1]["host"], added[1]["fingerprint"]) == ("web", server.fingerprint)
    code, body = call("host", "list")
    assert code == 0
    assert [(host["name"], host["groups"], host["state"]) for host in body["hosts"]] == [
        ("local", [], "unknown"), ("web", ["staging"], "unknown"),
    ]  # fmt: skip
    code, body = call("host", "check", "staging")
    assert code == 0
    assert [(host["name"], host["state"]) for host in body["hosts"]] == [("web", "connected")]
    assert body["hosts"][0]["facts"]["user"]
    code, body = call("host", "show", "web")
    assert (code, body["hosts"][0]["fingerprints"]) == (0, [server.fingerprint])
    assert call("host", "add", "web", target(server), "--fingerprint", server.fingerprint)[1]["error"][
        "code"
    ] == ("host.exists")
    code, body = call("host", "remove", "web")
    assert (code, body["removed"], [host["name"] for host in body["hosts"]]) == (0, "web", ["local"])


def test_some_hosts_that_fail_are_told_apart_from_all(server: Sshd, call: Call) -> None:
    call("host", "add", "web", target(server), "--fingerprint", server.fingerprint)
    server.rekey()
    server.cut()
    code, body = call("host", "check", "web")
    assert (code, body["hosts"][0]["state"], body["error"]["code"]) == (1, "key-changed", "host.key_changed")
    code, body = call("host", "check")
    assert code == 3
    assert {host["name"]: host["state"] for host in body["hosts"]} == {
        "local": "connected",
        "web": "key-changed",
    }


def test_a_changed_key_is_taken_only_with_the_new_fingerprint(server: Sshd, call: Call) -> None:
    call("host", "add", "web", target(server), "--fingerprint", server.fingerprint)
    old = server.fingerprint
    server.rekey()
    assert call("host", "trust", "web", "--fingerprint", old)[1]["error"]["code"] == "host.key_mismatch"
    assert call("host", "trust", "web", "--fingerprint", server.fingerprint)[0] == 0
    assert call("host", "check", "web")[0] == 0


def test_an_import_shows_first_and_adds_when_told(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "Host gate\n  HostName 203.0.113.7\nHost web\n  HostName 10.0.0.5\n  ProxyJump gate\n",
        encoding="utf-8",
    )
    code, body = call("host", "import", str(file))
    assert (code, body["added"], [host["name"] for host in body["hosts"]]) == (0, [], ["gate", "web"])
    code, body = call("host", "import", str(file), "--yes", "--group", "prod")
    assert sorted(body["added"]) == ["gate", "web"]
    assert [host["groups"] for host in call("host", "list")[1]["hosts"]] == [[], ["prod"], ["prod"]]


def test_the_ssh_command_is_printed(server: Sshd, call: Call) -> None:
    call("host", "add", "web", target(server), "--fingerprint", server.fingerprint)
    code, body = call("host", "terminal", "web", "--print")
    assert code == 0
    assert body["command"].startswith("ssh -p ")
    assert body["command"].endswith(f"{USER}@127.0.0.1")


@pytest.mark.parametrize("name", ["-v", "x;id", "local", "a b"])
def test_a_name_that_cannot_be_is_refused(call: Call, name: str) -> None:
    code, body = call("host", "add", "--", name, "root@192.0.2.1")
    assert (code, body["error"]["code"]) == (1, "host.bad_field")
