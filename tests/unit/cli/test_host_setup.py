"""`goferry host setup`, `undo` and `import --register` for many servers, over real SSH on loopback: what is answered.

The server's shell is this computer's: it is none of the CentOS family, or says so, and nothing on it is changed.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from tests.sshd import PASSWORD, USER, Sshd
from tests.unit.cli.conftest import Call

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell"),
    pytest.mark.skipif(
        bool(shutil.which("dnf") or shutil.which("yum")), reason="this computer could be set up"
    ),
]


def listed(server: Sshd, path: Path, *, fingerprint: str) -> Path:
    path.write_text(
        f"web-1 {USER}@127.0.0.1:{server.port} {fingerprint}\nweb-2 {USER}@127.0.0.1:{server.port} SHA256:{'A' * 43}\n"
        "bad;name -oProxyCommand=id\n",
        encoding="utf-8",
    )
    return path


def test_a_list_shows_each_servers_key_before_anything_is_sent(
    server: Sshd, call: Call, tmp_path: Path
) -> None:
    file = listed(server, tmp_path / "servers.txt", fingerprint=server.fingerprint)
    code, body = call("host", "import", str(file), "--keys")
    assert code == 0
    assert [(row["name"], row["fingerprint"], row["as_expected"]) for row in body["hosts"]] == [
        ("web-1", server.fingerprint, True),
        ("web-2", server.fingerprint, False),
    ]
    assert [row["where"] for row in body["refused"]] == ["line 3"]
    assert (server.heard, server.refused) == ([], [])
    assert "web-1" not in [host["name"] for host in call("host", "list")[1]["hosts"]]


def test_what_is_as_the_list_says_is_registered_and_the_rest_can_be_tried_again(
    server: Sshd, call: Call, tmp_path: Path
) -> None:
    file = listed(server, tmp_path / "servers.txt", fingerprint=server.fingerprint)
    code, body = call("host", "import", str(file), "--register", "--yes", "--group", "prod")
    assert (code, body["added"]) == (3, ["web-1"])
    assert body["hosts"][1]["error"]["code"] == "host.key_mismatch"
    text = file.read_text(encoding="utf-8").replace(f"SHA256:{'A' * 43}", server.fingerprint)
    file.write_text(text.partition("bad;")[0], encoding="utf-8")
    code, body = call("host", "import", str(file), "--register", "--yes")
    assert (code, body["added"]) == (0, ["web-1", "web-2"])
    named = {host["name"]: host["groups"] for host in call("host", "list")[1]["hosts"]}
    assert named["web-1"] == ["prod"]


def test_a_password_places_our_key_once_for_all_of_them(
    server: Sshd, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "account"))
    (tmp_path / "account").mkdir()
    file = tmp_path / "servers.txt"
    file.write_text(f"web-1 {USER}@127.0.0.1:{server.port} {server.fingerprint}\n", encoding="utf-8")

    class Typed:
        buffer = io.BytesIO(PASSWORD.encode() + b"\n")

    monkeypatch.setattr("sys.stdin", Typed())
    code, body = call("host", "import", str(file), "--register", "--yes", "--password-stdin")
    assert (code, body["added"]) == (0, ["web-1"])
    assert "ssh-ed25519 " in (tmp_path / "account/.ssh/authorized_keys").read_text(encoding="utf-8")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "desk").rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept


def test_several_hosts_are_answered_each_with_its_own_failure(
    server: Sshd, call: Call, tmp_path: Path
) -> None:
    file = tmp_path / "servers.txt"
    file.write_text(
        "".join(
            f"{name} {USER}@127.0.0.1:{server.port} {server.fingerprint}\n" for name in ("web-1", "web-2")
        ),
        encoding="utf-8",
    )
    call("host", "import", str(file), "--register", "--yes", "--group", "prod")
    code, body = call("host", "setup", "prod", "--yes")
    assert (code, body["ok"]) == (1, False)
    ended = [(one["host"], one["state"], one["error"]["code"], one["steps"]) for one in body["hosts"]]
    assert sorted(ended) == [
        ("web-1", "failed", "setup.not_supported", []),
        ("web-2", "failed", "setup.not_supported", []),
    ]
    code, body = call("host", "setup", "web-1", "--yes")
    assert (code, body["host"], body["error"]["code"]) == (1, "web-1", "setup.not_supported")
    code, body = call("host", "undo", "web-1", "--only", "logs", "--yes")
    assert (code, body["error"]["code"]) == (1, "setup.nothing_to_undo")
    code, body = call("host", "setup", "web-1", "--mirror", "https://u:p@m/x")
    assert (code, body["error"]["code"]) == (1, "setup.mirror_address")
