"""`goferry deploy` and its kin on this computer without an engine: a real build, a real program, real exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
SERVICE = ROOT / "tests" / "lab" / "service"
pytestmark = pytest.mark.timeout(600)


@dataclass
class Here:
    """A project and a Goferry home in a test's own folder."""

    folder: Path
    home: Path
    port: int

    def write(self, version: str, **env: str) -> None:
        values = json.dumps({"VERSION": version, **env})
        self.folder.joinpath("goferry.yaml").write_text(
            f"""\
name: heretest
main: .
port: {self.port}
build: {{ version: "{version}" }}
health: {{ http: /health, interval: 1s, timeout: 2s, retries: 1, start: 100s }}
environments:
  dev: {{ hosts: [local], env: {values} }}
""",
            encoding="utf-8",
        )

    def goferry(self, *words: str, input: str = "", as_json: bool = True) -> tuple[int, Any, str]:
        """Exit code, the JSON object (or text) on standard output, standard error."""
        options = ["--json"] if as_json else []
        command = [sys.executable, "-X", "utf8", "-m", "desktop", "--home", str(self.home), *options, *words]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, input=input, timeout=280
        )
        return done.returncode, json.loads(done.stdout) if as_json else done.stdout, done.stderr


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    shutil.copytree(SERVICE, tmp_path / "project")
    made = Here(tmp_path / "project", tmp_path / "home", free_port())
    made.write("1.0")
    # no engine answers there, so that programs run as they are
    made.home.mkdir()
    made.home.joinpath("settings.yaml").write_text("engine: unix:///nowhere.sock\n", encoding="utf-8")
    yield made
    made.goferry("remove", str(made.folder), "--on", "dev", "--yes")


def test_the_contract_s_keys_and_exit_codes(here: Here) -> None:
    folder = str(here.folder)
    code, first, told = here.goferry("deploy", folder, "--to", "dev")
    assert (code, first["ok"], first["port"]) == (0, True, here.port), first
    assert first["hosts"][0]["state"] == "done"
    assert "Health" in told

    code, plan, _ = here.goferry("deploy", folder, "--to", "dev", "--plan", "--quiet")
    assert {step["state"] for step in plan["hosts"][0]["steps"]} == {"held"}

    words = ("deploy", folder, "--to", "dev", "--plan", "--quiet")
    code, plan, _ = here.goferry(*words, "--only", "local", "--anew")
    assert {step["state"] for step in plan["hosts"][0]["steps"]} == {"pending"}
    assert plan["release"].startswith("2-")
    code, plan, _ = here.goferry(*words, "--only", "web-9")
    assert (code, plan["error"]["code"], "It has: local." in plan["error"]["why"]) == (
        1, "deploy.no_such_part", True)  # fmt: skip

    code, alike, _ = here.goferry("consistency", folder, "--quiet")
    assert (code, alike["counts"]["drifted"]) == (0, 0), alike

    here.write("2.0", BEHAVIOUR="exit")
    code, drifted, _ = here.goferry("consistency", folder, "--quiet")
    found = {row["key"]: (row["verdict"], row["reason"]) for row in drifted["rows"]}
    assert (code, found["config.BEHAVIOUR"]) == (1, ("drifted", "file"))

    code, bad, _ = here.goferry("deploy", folder, "--to", "dev", "--quiet")
    assert (code, bad["ok"], bad["error"]["code"]) == (1, False, "release.exited")
    assert bad["hosts"][0]["state"] == "rolled-back"
    assert "no database" in bad["error"]["detail"]

    code, status, _ = here.goferry("status", folder, "--quiet")
    assert code == 0
    assert [(i["release"], i["state"], i["health"]) for i in status["instances"]] == [
        (first["release"], "running", "healthy")
    ]
    code, releases, _ = here.goferry("releases", folder, "--on", "dev", "--quiet")
    assert [(r["version"], r["hosts"][0]["state"]) for r in releases["releases"]] == [
        ("2.0", "failed"),
        ("1.0", "running"),
    ]
    code, back, _ = here.goferry("rollback", folder, "--on", "dev", "--quiet")
    assert (code, back["error"]["code"]) == (1, "release.no_earlier")


def test_a_secret_comes_by_standard_input_and_is_nowhere_else(here: Here) -> None:
    planted = "pl4nted-s3cret"
    text = here.folder.joinpath("goferry.yaml").read_text(encoding="utf-8")
    here.folder.joinpath("goferry.yaml").write_text(
        text.replace("dev: { hosts: [local],", "dev: { hosts: [local], secrets: [TOKEN],"), encoding="utf-8"
    )
    words = ("deploy", str(here.folder), "--to", "dev")
    code, missing, _ = here.goferry(*words)
    assert (code, missing["error"]["code"]) == (1, "release.secret_missing")
    code, done, told = here.goferry(*words, "--secrets-stdin", input=f"TOKEN={planted}\n")
    assert code == 0, done
    assert planted not in json.dumps(done) + told
    for file in here.home.rglob("*"):
        assert not file.is_file() or planted.encode() not in file.read_bytes(), file
    # a plan sends no value and needs none; a program that is started anew gets it from nobody else
    code, plan, _ = here.goferry(*words, "--plan", "--quiet")
    assert (code, plan["secrets_missing"], plan["changes"]) == (0, ["TOKEN"], [])
    code, refused, _ = here.goferry("restart", str(here.folder), "--on", "dev", "--quiet")
    assert (code, refused["error"]["code"]) == (1, "release.secret_missing")
    assert [one["state"] for one in refused["instances"]] == ["running"]


def test_people_get_sentences(here: Here) -> None:
    code, said, _ = here.goferry("deploy", str(here.folder), "--to", "dev", "--plan", as_json=False)
    assert code == 0
    assert "heretest 1.0, release 1-" in said
    assert "env.VERSION: - -> 1.0" in said
    assert "have to be sent" in said
    with here.folder.joinpath("goferry.yaml").open("a", encoding="utf-8") as file:
        file.write("  prod: { hosts: [local], env: { VERSION: other } }\n")
    code, said, _ = here.goferry("deploy", str(here.folder), "--to", "prod", "--plan", as_json=False)
    assert (code, "env.VERSION: - -> other" in said) == (0, True)
    code, _, told = here.goferry("deploy", str(here.folder), "--to", "nowhere", as_json=False)
    assert code == 1
    assert "nowhere" in told


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  where Goferry said that it serves
            return bool(answer.status == 200)
    except OSError:
        return False


def test_the_demo_goes_the_whole_way_and_leaves_nothing_running(here: Here) -> None:
    project = here.folder.parent / "demo"
    code, kept, told = here.goferry("demo", "--dir", str(project), "--keep")
    assert code == 0, kept
    assert {"project", "binary", "image", "release", "url", "health", "seconds"} <= set(kept)
    assert told
    assert answers(kept["url"])
    code, done, _ = here.goferry("demo", "--dir", str(project), "--quiet")
    assert (code, done["ok"]) == (0, True), done
    assert not answers(done["url"])


def test_deploy_without_a_target_is_a_usage_error(here: Here) -> None:
    command = [sys.executable, "-X", "utf8", "-m", "desktop", "deploy", str(here.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "--to" in done.stderr
