"""A plan saved as a script: what it runs on a host, and that no text of a project can break out of it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.ui.pages.deploy.export import plan_script, script_name
from desktop.ui.pages.deploy.present import HostPlan, PlanView

COMMANDS = (
    ("Lock and check", ("flock {home}/lock",)),
    ("Load", ("docker load", "docker tag orders:1.9.0 goferry/orders:18")),
    (
        "Start",
        ("docker create --name orders-18 -e LOG_LEVEL -e B=1 'goferry/orders:18'", "docker start orders-18"),
    ),
    ("Health", ("curl -f http://127.0.0.1:80/health",)),
)


def plan(home: Path, app: str = "orders") -> PlanView:
    commands = tuple((title, tuple(line.format(home=home) for line in lines)) for title, lines in COMMANDS)
    hosts = (HostPlan("web-1", commands=commands), HostPlan("web-2", unchanged=True))
    return PlanView(app, "staging", False, "1.8.0", "1.9.0", "18-1f3a", "", (), hosts, 0.0)


@pytest.mark.skipif(os.name == "nt", reason="a script for servers")
def test_the_script_does_the_plan_on_the_host_that_is_named(tmp_path: Path) -> None:
    told, bin_ = tmp_path / "told", tmp_path / "bin"
    bin_.mkdir()
    recorder = f'#!/bin/sh\necho "$(basename "$0") $*" >> "{told}"\n[ "$1" != load ] || cat >> "{told}"\n'
    for name in ("docker", "curl", "flock"):
        (bin_ / name).write_text(recorder, encoding="utf-8")
        (bin_ / name).chmod(0o755)
    script, archive = tmp_path / "plan.sh", tmp_path / "image.tar"
    script.write_text(plan_script(plan(tmp_path)), encoding="utf-8", newline="\n")
    archive.write_text("the image\n", encoding="utf-8")
    environment = {"PATH": f"{bin_}:/usr/bin:/bin"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(script), *words], env=environment, capture_output=True, encoding="utf-8", check=False
        )

    assert run().returncode == 2
    assert "one of: web-1" in run("nobody").stderr
    done = run("web-1", str(archive))
    assert (done.returncode, done.stderr) == (0, "")
    assert told.read_text(encoding="utf-8").splitlines() == [
        "flock -n 9",
        "docker load",
        "the image",
        "docker tag orders:1.9.0 goferry/orders:18",
        "docker create --name orders-18 -e LOG_LEVEL -e B=1 goferry/orders:18",
        "docker start orders-18",
        "curl -f http://127.0.0.1:80/health",
    ]


def test_a_network_that_is_there_stays(tmp_path: Path) -> None:
    line = "docker network create goferry-orders"
    host = HostPlan("web-1", commands=(("Start", (line,)),))
    text = plan_script(replace(plan(tmp_path), hosts=(host,)))
    assert f"docker network inspect goferry-orders >/dev/null 2>&1 || {line}\n" in text


def test_settings_without_a_value_are_named_to_be_given(tmp_path: Path) -> None:
    assert "export these before: LOG_LEVEL." in plan_script(plan(tmp_path))


def test_no_name_breaks_out_of_a_comment(tmp_path: Path) -> None:
    text = plan_script(plan(tmp_path, "x\nrm -rf /; $(reboot) `reboot`"))
    assert not [line for line in text.splitlines() if line.startswith("rm")]
    assert "$(reboot)" not in text
    assert "`" not in text.replace("`goferry image --output`", "")
    assert "/" not in script_name(plan(tmp_path, "a/b"))
