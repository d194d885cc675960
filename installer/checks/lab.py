"""A deploy to a real server of the test lab with the installed program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from installer.checks.stage import NotHere, Stage, must
from installer.freeze.edition import PROJECT

HOST = "web-1"


def deploy_to_the_lab(stage: Stage) -> str:
    """A new project is built by go.exe, sent through SSH, and answers on the server; then it is removed."""
    if stage.machine is None:
        raise NotHere("the lab's servers need Linux")
    host = _server()
    home, project = stage.place(r"%TEMP%\home-lab"), stage.place(r"%TEMP%\家 里\hello")
    stage.path(r"%TEMP%\家 里").mkdir(parents=True, exist_ok=True)
    try:
        common = ("--home", home, "--json", "--quiet")
        stage.goferry(*common, "new", "hello", "--dir", project, timeout=60)
        address = f"{host['user']}@{host['address']}:22"
        key = ("--key", Path(host["key"]), "--fingerprint", host["fingerprints"]["ED25519"])
        stage.goferry(*common, "host", "add", HOST, address, *key, timeout=60)
        answer = json.loads(
            stage.goferry(*common, "deploy", project, "--to", HOST, "--yes", timeout=200).text
        )
        must(answer["ok"] and answer["hosts"][0]["state"] == "done", f"the deploy says {answer}")
        stage.goferry(*common, "remove", project, "--on", HOST, "--yes", timeout=60)
        sent = answer["hosts"][0]["sent_bytes"] / 1e6
        return f"done in {answer['hosts'][0]['seconds']:.1f} s, {sent:.1f} MB sent, from the folder 家 里"
    finally:
        _lab("down", host["name"])


def _server() -> dict[str, Any]:
    """A fresh one with Docker. Raises NotHere where the lab cannot run."""
    made = _lab("up", "1", "--docker")
    if made.returncode:
        raise NotHere(f"the lab cannot run here: {(made.stderr or made.stdout).strip().splitlines()[-1:]}")
    name = made.stdout.split()[-1]
    hosts: list[dict[str, Any]] = json.loads(_lab("status", "--json").stdout)["hosts"]
    return next(host for host in hosts if host["name"] == name)


def _lab(*words: str) -> subprocess.CompletedProcess[str]:
    """It needs no package, as this check does not: a clone that was never set up has no environment yet."""
    return subprocess.run(
        [sys.executable, "-m", "tests.lab.machine", *words],
        cwd=PROJECT,
        env={**os.environ, "GOFERRY_KEEP_LAB": "1"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
