"""Steps that really run, on this computer: what they say while they run, and how they end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.base.plans import PlanRun, Recorder, StepState, run_plan
from desktop.hosts.local import LocalChannel
from desktop.hosts.setup import Hands, Piece, Script, Upload, explain_failure, plan_of
from desktop.hosts.setup.scripts import CLOCK_APPLY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the steps are POSIX shell")


@pytest.fixture
def hands() -> Iterator[Hands]:
    pool = Pool("test", 4)
    channel = LocalChannel(pool)

    async def reconnect() -> LocalChannel:
        return channel

    yield Hands(channel, "root", True, True, None, reconnect)
    pool.close()


def piece(apply: str, *arguments: str, check: str = "false", reconnect: bool = False) -> Piece:
    return Piece(
        "x", "x", "x", Script(check, arguments), (Script(apply, arguments),), reconnect=reconnect
    )  # fmt: skip


def test_each_line_is_told_while_the_command_runs(hands: Hands, tmp_path: Path) -> None:
    said: list[str] = []
    go_on = tmp_path / "go"

    def tell(step: str, line: str) -> None:
        said.append(line)
        go_on.touch()

    waits = 'echo first; while [ ! -e "$1" ]; do sleep 0.05; done; echo "second, on stderr" >&2'
    plan = plan_of((piece(waits, str(go_on), check='[ -e "$1" ]'),), hands, "x")
    run = asyncio.run(asyncio.wait_for(run_plan(plan, recorder=Recorder(on_text=tell)), 250))
    assert run.results[0].state is StepState.APPLIED
    assert said == ["first", "second, on stderr"]


def test_a_failing_command_comes_back_whole_after_its_lines(hands: Hands) -> None:
    said: list[str] = []
    plan = plan_of((piece("echo one; echo 中文 >&2; exit 7"),), hands, "x")
    recorder = Recorder(on_text=lambda step, line: said.append(line))
    run: PlanRun = asyncio.run(run_plan(plan, recorder=recorder))
    assert run.error is not None
    assert {"one", "中文"} == set(said) == set(run.error.detail.split())


def test_what_begins_and_what_waits_for_a_new_connection_is_told(hands: Hands, tmp_path: Path) -> None:
    told: list[object] = []
    recorder = Recorder(on_begin=told.append, on_reconnect=lambda step, waiting: told.append(waiting))
    made = str(tmp_path / "made")
    held = piece("false", check="true")
    steps = (held, piece('touch "$1"', made, check='[ -e "$1" ]', reconnect=True))
    run = asyncio.run(run_plan(plan_of(steps, hands, "x"), recorder=recorder))
    assert [result.state for result in run.results] == [StepState.HELD, StepState.APPLIED]
    assert told == ["x", True, False]


def test_only_a_step_that_proves_itself_is_not_asked_again(hands: Hands, tmp_path: Path) -> None:
    asked, made = tmp_path / "asked", str(tmp_path / "made")
    usual = piece('touch "$1"', made, str(asked), check='echo asked >> "$2"; [ -e "$1" ]')
    for step, times in ((usual, 2), (replace(usual, proves=True), 1)):
        run = asyncio.run(run_plan(plan_of((step,), hands, "x")))
        assert [result.state for result in run.results] == [StepState.APPLIED]
        assert asked.read_text(encoding="utf-8").split() == ["asked"] * times
        asked.unlink()
        Path(made).unlink()


def test_a_file_is_sent_whole_once_and_its_progress_told_on_the_loop(hands: Hands, tmp_path: Path) -> None:
    data = bytes(range(256)) * 12_000
    (tmp_path / "archive.tgz").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    upload = Upload(tmp_path / "archive.tgz", str(tmp_path / "there.tgz"), digest)
    step = replace(piece('touch "$1"', str(tmp_path / "made"), check='[ -e "$1" ]'), uploads=(upload,))
    told: list[float | None] = []

    def progress(step: str, fraction: float | None) -> None:
        asyncio.get_running_loop()  # raises on any other thread
        told.append(fraction)

    async def twice() -> None:
        for _ in range(2):
            (tmp_path / "made").unlink(missing_ok=True)
            run = await run_plan(plan_of((step,), hands, "x"), recorder=Recorder(on_progress=progress))
            assert run.ok, run.error

    asyncio.run(twice())
    assert (tmp_path / "there.tgz").read_bytes() == data
    assert told[-1] is None
    assert told.count(1.0) == 1


CLOCK = """
clock=$OFF
date() { case $1 in +%s) echo $((1000 + clock)) ;; -s) [ -n "$MAY" ] && clock=0 ;; esac; }
timedatectl() { case $1 in status) echo "  NTP service: inactive" ;; *) [ "$NTP" = works ] && clock=0; true ;; esac; }
hwclock() { :; }
sleep() { clock=$((clock + 1)); }
note() { echo "noted $*"; }
"""


@pytest.mark.parametrize(
    ("off", "ntp", "may", "wish", "code"),
    [
        (10800, "works", "", "", 0),
        (10800, "", "", "", 1),
        (-10800, "", "yes", "yes", 0),
        (10800, "", "", "yes", 1),  # a container may not set its clock
    ],
)
def test_a_wrong_clock_is_put_right_by_the_time_service_or_by_this_computers(
    off: int, ntp: str, may: str, wish: str, code: int
) -> None:
    script = f"{CLOCK}\n{CLOCK_APPLY}"
    settings = {"OFF": str(off), "NTP": ntp, "MAY": may, "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        ["/bin/sh", "-c", script, "goferry", "1000", wish],
        env=settings, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ended.returncode == code, ended.stderr
    assert "noted ntp off" in ended.stdout
    if code:
        assert explain_failure(ended.stdout, "x").code == "setup.clock"
        assert str(off) in str(explain_failure(ended.stdout, "x").what)


@pytest.mark.parametrize(("state", "code"), [("stopping", "host.cut"), ("running", "setup.daemon_down")])
def test_what_a_server_that_goes_down_says_is_taken_for_a_cut(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, code: str
) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f"#!/bin/sh\necho {state}\n", encoding="utf-8")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    plan = plan_of((piece("echo Job for docker.service canceled. >&2; exit 1"),), hands, "x")
    run = asyncio.run(run_plan(plan, recorder=Recorder()))
    assert run.error is not None
    assert run.error.code == code
    assert "canceled" in run.error.detail
