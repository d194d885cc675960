"""The headless contract, command by command, as a build machine calls it: three servers of three systems."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.lab.handle import Lab, LabHost

ROOT = Path(__file__).resolve().parents[2]
APP, PORT = "contract-orders", 18777
SECRET = "planted-8c1f;$(id) 'q'"
STEP_STATES = {"held", "applied", "failed", "skipped", "pending"}
HOST_KEYS = {"name", "state", "steps", "sent_bytes", "relayed_bytes", "downtime_ms", "seconds"}


@dataclass
class Caller:
    """Calls `goferry`, and keeps all it ever said."""

    home: Path
    folder: Path
    heard: list[str] = field(default_factory=list)

    def __call__(self, *words: str, code: int = 0, stdin: str = "", quiet: bool = True) -> dict[str, Any]:
        done = self.run("--json", *(["--quiet"] if quiet else []), *words, stdin=stdin)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        assert (done.stderr == "") == quiet or code == 2, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        assert answer["ok"] == (code == 0)
        if code in (1, 2):
            assert {"code", "what", "why", "fix", "detail"} <= set(answer["error"])
        return answer

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "desktop", "--home", str(self.home), *words]
        done = subprocess.run(
            command, cwd=ROOT, input=stdin, capture_output=True, encoding="utf-8", check=False
        )
        self.heard += [done.stdout, done.stderr]
        return done

    def project(self, command: str, *words: str, code: int = 0, secret: bool = False) -> dict[str, Any]:
        if secret:
            return self(
                command, str(self.folder), *words, "--secrets-stdin", code=code, stdin=f"KEY={SECRET}\n"
            )
        return self(command, str(self.folder), *words, code=code)


@pytest.fixture
def goferry(
    lab: Lab, tmp_path: Path, centos7: LabHost, stream9: LabHost, openeuler: LabHost
) -> Iterator[Caller]:
    yield Caller(tmp_path / "home", tmp_path / APP)
    for host in (centos7, stream9, openeuler):
        lab.console(
            host.name,
            f"docker ps -aq --filter label=io.goferry.app={APP} | xargs -r docker rm -f >/dev/null;"
            f"docker images -q 'goferry/{APP}' | xargs -r docker rmi -f >/dev/null 2>&1;"
            f"rm -rf /var/lib/goferry/{APP}",
        )


def add_hosts(goferry: Caller, first: LabHost, second: LabHost, third: LabHost) -> None:
    def words(host: LabHost) -> list[str]:
        return [
            "host",
            "add",
            host.name,
            f"{host.user}@{host.address}:{host.port}",
            "--key",
            str(host.key_path),
        ]

    unknown = goferry(*words(first), code=1)
    assert unknown["error"]["code"] == "host.key_unknown"
    other = goferry(*words(first), "--fingerprint", second.fingerprint, code=1)
    assert other["error"]["code"] == "host.key_mismatch"
    added = goferry(*words(first), "--fingerprint", first.fingerprint, "--group", "web")
    assert (added["host"], added["fingerprint"]) == (first.name, first.fingerprint)
    assert (
        goferry(*words(first), "--fingerprint", first.fingerprint, code=1)["error"]["code"] == "host.exists"
    )
    goferry(*words(second), "--fingerprint", second.fingerprint, "--via", first.name)
    goferry(*words(third), "--fingerprint", third.fingerprint)

    listed = {host["name"]: host for host in goferry("host", "list")["hosts"]}
    assert set(listed) == {"local", first.name, second.name, third.name}
    assert all(set(host) >= {"name", "address", "groups", "state", "facts"} for host in listed.values())
    assert listed[first.name]["groups"] == ["web"]
    [shown] = goferry("host", "show", second.name)["hosts"]
    assert (shown["state"], shown["facts"]["engine"]["running"]) == ("connected", True)
    checked = goferry("host", "check", first.name, second.name, third.name)["hosts"]
    families = [host["facts"]["system"].split()[0] for host in checked]
    assert families == ["CentOS", "CentOS", "openEuler"]


def make_project(goferry: Caller, *hosts: LabHost) -> None:
    made = goferry("new", APP, "--dir", str(goferry.folder))
    assert (made["path"], "goferry.yaml" in made["files"]) == (str(goferry.folder), True)
    assert (
        goferry("new", APP, "--dir", str(goferry.folder), code=1)["error"]["code"] == "project.folder_taken"
    )
    found = goferry.project("inspect")
    assert {"modules", "mains", "port", "go_version", "dockerfile", "compose", "warnings"} <= set(found)
    assert (found["port"], found["warnings"]) == (8080, [])
    built = goferry.project("build", "--target", "linux/amd64", "--target", "linux/arm64")["binaries"]
    assert [one["target"] for one in built] == ["linux/amd64", "linux/arm64"]
    assert all(set(one) >= {"target", "path", "size", "sha256", "static", "seconds"} for one in built)
    refused = goferry.project("build", "--target", "linux/none", code=1)
    assert refused["error"]["code"] == "build.unknown_target"
    archive = goferry.folder / "image.tar"
    image = goferry.project("image", "--output", str(archive))
    assert {"ref", "digest", "size", "layers"} <= set(image)
    assert all({"digest", "size", "what"} <= set(layer) for layer in image["layers"])
    loaded = subprocess.run(
        ["docker", "load", "-i", str(archive)], capture_output=True, encoding="utf-8", check=True
    )
    assert image["ref"] in loaded.stdout
    subprocess.run(["docker", "rmi", image["ref"]], capture_output=True, check=True)
    set_level(goferry, "info", *hosts)


def set_level(goferry: Caller, level: str, *hosts: LabHost) -> None:
    file = goferry.folder / "goferry.yaml"
    text = file.read_text(encoding="utf-8").partition("environments:")[0]
    names = ", ".join(host.name for host in hosts)
    file.write_text(
        f"{text}environments:\n  staging:\n    hosts: [{names}]\n    publish: {PORT}\n"
        f"    env: {{ LOG_LEVEL: {level} }}\n    secrets: [KEY]\n",
        encoding="utf-8",
    )


def test_every_command_of_the_contract(
    goferry: Caller, centos7: LabHost, stream9: LabHost, openeuler: LabHost, lab: Lab
) -> None:
    hosts = (centos7, stream9, openeuler)
    add_hosts(goferry, *hosts)
    make_project(goferry, *hosts)
    first, second = deploy_twice(goferry, *hosts)
    live_on(goferry, first, second)
    nothing_secret_is_left(goferry, lab, *hosts)
    removed = goferry.project("remove", "--on", "staging", "--yes")
    assert removed["instances"] == []
    assert goferry.project("status", "--on", "staging")["instances"] == []
    assert lab.console(centos7.name, f"ls -A /var/lib/goferry/{APP} 2>/dev/null || true") == ""
    words_and_codes(goferry, centos7, stream9)


def deploy_twice(goferry: Caller, *hosts: LabHost) -> tuple[str, str]:
    """Two releases, told apart by one value of the environment."""
    missing = goferry.project("deploy", "--to", "staging", code=1)
    assert missing["error"]["code"] == "release.secret_missing"
    # a plan needs no value, for it sends none
    planned = goferry.project("deploy", "--to", "staging", "--plan")
    assert {step["state"] for host in planned["hosts"] for step in host["steps"]} == {"pending"}
    assert (planned["secrets_missing"], planned["changes"][0]["before"]) == (["KEY"], None)
    first = goferry.project("deploy", "--to", "staging", secret=True)
    assert {"release", "image", "port", "hosts"} <= set(first)
    assert [(host["name"], host["state"]) for host in first["hosts"]] == [
        (host.name, "done") for host in hosts
    ]
    for host in first["hosts"]:
        assert set(host) == HOST_KEYS
        assert {step["state"] for step in host["steps"]} <= STEP_STATES
    status = goferry.project("status", "--on", "staging")["instances"]
    assert [(one["host"], one["state"], one["health"]) for one in status] == [
        (host.name, "running", "healthy") for host in hosts
    ]

    set_level(goferry, "debug", *hosts)
    planned = spread_as_wished(goferry, hosts[0])
    assert planned["changes"] == [{"key": "env.LOG_LEVEL", "before": "info", "after": "debug"}]
    second = goferry.project("deploy", "--to", "staging", "--strategy", "all", secret=True)
    assert [host["sent_bytes"] for host in second["hosts"]] == [0, 0, 0]
    assert (second["sent_bytes"], second["relay"]) == (0, None)
    history = goferry.project("releases", "--on", "staging")["releases"]
    assert [one["id"] for one in history] == [second["release"], first["release"]]
    assert history[0]["changes"] == [{"key": "env.LOG_LEVEL", "before": "info", "after": "debug"}]
    logs = goferry.run("--json", "logs", str(goferry.folder), "--on", "staging", "--tail", "5")
    lines = [json.loads(line) for line in logs.stdout.splitlines()]
    assert (logs.returncode, {line["host"] for line in lines}) == (0, {host.name for host in hosts})
    assert goferry.project("logs", "--tail", "-3", code=2)["error"]["code"] == "usage"
    for words in (["--since", "yesterday"], ["--grep", "("]):
        assert goferry.project("logs", "--on", "staging", *words, code=1)["error"]["code"].startswith(
            "logs.bad_"
        )

    return str(first["release"]), str(second["release"])


def spread_as_wished(goferry: Caller, relay: LabHost) -> dict[str, Any]:
    """A plan with the options that say how it spreads over the hosts."""
    spread = ("--batch", "2", "--on-failure", "rollback", "--relay", relay.name)
    planned = goferry.project("deploy", "--to", "staging", "--plan", *spread)
    told = [planned[key] for key in ("strategy", "at_once", "on_failure", "relay")]
    assert told == ["batches", 2, "rollback", relay.name]
    nobody = goferry.project("deploy", "--to", "staging", "--plan", "--relay", "nobody", code=1)
    assert nobody["error"]["code"] == "host.unknown"
    assert goferry.project("deploy", "--to", "staging", "--batch", "0", code=2)["error"]["code"] == "usage"
    return planned


def live_on(goferry: Caller, first: str, second: str) -> None:
    """From the second release back to the first, which is stopped, started and left alone. Nobody is asked for the
    secrets again: the containers have them."""
    back = goferry.project("rollback", "--on", "staging")
    assert (back["release"], {host["state"] for host in back["hosts"]}) == (first, {"done"})
    for command, state in (("stop", "exited"), ("start", "running"), ("restart", "running")):
        now = goferry.project(command, "--on", "staging")["instances"]
        assert {one["state"] for one in now if one["release"] == first} == {state}
    assert goferry.project("prune", "--on", "staging", "--keep", "1", "--yes")["removed"] == [second]


def nothing_secret_is_left(goferry: Caller, lab: Lab, *hosts: LabHost) -> None:
    planted = SECRET.partition(";")[0]
    assert not any(planted in heard for heard in goferry.heard)
    for file in (file for top in (goferry.home, goferry.folder) for file in top.rglob("*") if file.is_file()):
        assert planted.encode() not in file.read_bytes(), file
    for host in hosts:
        places = "/var/lib/goferry /tmp /home /root /var/log"
        assert lab.console(host.name, f"grep -rl {planted} {places} 2>/dev/null || true").strip() == ""


def words_and_codes(goferry: Caller, host: LabHost, beyond: LabHost) -> None:
    """Usage is 2, told as an object too; texts follow --lang; a removed host is unknown."""
    assert goferry("host", "add", code=2)["error"]["code"] == "usage"
    chinese = goferry("--lang", "zh", "status", str(goferry.folder), "--on", "nowhere", code=1)
    assert "没有" in chinese["error"]["what"]
    plain = goferry.run("--lang", "zh", "status", str(goferry.folder), "--on", "nowhere")
    assert (plain.returncode, plain.stdout, "没有" in plain.stderr) == (1, "", True)
    assert goferry("host", "remove", host.name, code=1)["error"]["code"] == "host.is_jump"
    goferry("host", "remove", beyond.name)
    goferry("host", "remove", host.name)
    assert goferry("host", "show", host.name, code=1)["error"]["code"] == "host.unknown"
