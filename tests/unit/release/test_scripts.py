"""Answers of the server-side scripts, and the scripts themselves in a real shell."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.base.commands import Command, sh
from desktop.release import scripts
from desktop.release.records import to_record

from .values import release

ONE, TWO = release(1), release(2)
posix = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("flock") is None, reason="a server's shell"
)


def test_a_look_is_parsed_whatever_else_is_said() -> None:
    said = "\n".join(
        [
            "Last login: Tue",
            "now 1700000000.5",
            "arch aarch64",
            "current 2-abcd",
            f"record {to_record(TWO)}",
            "record {broken",
            f"record {to_record(ONE)}",
            'holder {"by": "Lin", "what": "deploy 3", "since": 1699999990.0, "pid": 7}',
        ]
    )
    state = scripts.parse_look(said)
    assert (state.now, state.arch, state.current) == (1_700_000_000.5, "arm64", "2-abcd")
    assert state.records == (ONE, TWO)
    assert state.holder is not None
    assert (state.holder.by, state.holder.what, state.holder.now) == ("Lin", "deploy 3", 1_700_000_000.5)


def test_a_lock_without_readable_words_is_still_a_lock() -> None:
    assert scripts.parse_look("now 5\nholder ").holder is not None
    assert scripts.parse_taken("taken 12.5 not json").now == pytest.approx(12.5)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", ("", "")),
        ("container shop-3-aa shop", ("shop-3-aa", "")),
        ('listens "nginx",pid=812', ("", "nginx (pid 812)")),
        ("listens ", ("", "?")),
    ],
)
def test_the_owner_of_a_port(said: str, found: tuple[str, str]) -> None:
    assert scripts.parse_port(said) == found


@posix
def test_values_with_quotes_reach_the_script_as_they_are(tmp_path: Path) -> None:
    command = sh(scripts.LOOK, f"{tmp_path}/a b'$HOME")
    done = subprocess.run(command.argv, capture_output=True, encoding="utf-8", check=True)
    assert "absent" in done.stdout


DOCKER = """#!/bin/sh
# a docker whose containers are files: name -> running or not; `bad-*` does not start
d=$(dirname "$0")/state
mkdir -p "$d"
echo "$*" >> "$d/calls"
for last; do :; done
case "$1 $2" in
  "stop "*) echo no > "$d/$last" ;;
  "start "*) case "$last" in bad-*) echo "cannot start" >&2; exit 1 ;; *) echo yes > "$d/$last" ;; esac ;;
  "update "*) : ;;
  "inspect "*) [ "$(cat "$d/$last" 2>/dev/null)" = yes ] && echo true || echo false ;;
esac
"""


class Server:
    """A folder that stands for a server: the scripts run for real, with a docker of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "orders"
        (self.folder / "releases").mkdir(parents=True)
        tool = root / "docker"
        tool.write_text(DOCKER, encoding="utf-8")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        self.held: list[subprocess.Popen[str]] = []

    def command(self, command: Command) -> list[str]:
        # the scripts know one place; here it is this folder
        return [word.replace(scripts.STATE, str(self.root)) for word in command.argv]

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.root}:{os.environ['PATH']}"}

    def run(self, command: Command) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(command),
            capture_output=True,
            encoding="utf-8",
            env=self.env,
            check=False,
            timeout=120,
        )

    def lock(self) -> subprocess.Popen[str]:
        words = self.command(scripts.hold("orders", "Lin", "deploy"))
        child = subprocess.Popen(
            words, stdout=subprocess.PIPE, encoding="utf-8", env=self.env, start_new_session=True
        )
        self.held.append(child)
        assert child.stdout is not None
        assert child.stdout.readline().startswith("held")
        return child

    def end(self, child: subprocess.Popen[str]) -> None:
        if child.poll() is None:
            os.killpg(child.pid, 9)
        child.wait()
        assert child.stdout is not None
        child.stdout.close()

    def runs(self, container: str) -> bool:
        file = self.root / "state" / container
        return file.exists() and file.read_text(encoding="utf-8").strip() == "yes"

    def serving(self, container: str) -> None:
        (self.root / "state").mkdir(exist_ok=True)
        (self.root / "state" / container).write_text("yes\n", encoding="utf-8")

    def current(self) -> str:
        return (self.folder / "current").read_text(encoding="utf-8")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    for child in made.held:
        made.end(child)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@posix
def test_a_swap_that_is_confirmed_stays(server: Server) -> None:
    server.serving(ONE.container)
    server.lock()
    assert server.run(scripts.swap("orders", TWO, ONE, 200)).returncode == 0
    assert (server.runs(ONE.container), server.runs(TWO.container)) == (False, True)
    assert server.run(scripts.keep(TWO)).returncode == 0
    assert server.current() == TWO.id
    calls = (server.root / "state" / "calls").read_text(encoding="utf-8")
    assert f"update --restart unless-stopped {TWO.container}" in calls
    assert f"update --restart no {ONE.container}" in calls


@posix
def test_a_swap_whose_goferry_is_gone_takes_itself_back(server: Server) -> None:
    server.serving(ONE.container)
    holder = server.lock()
    server.run(scripts.swap("orders", TWO, ONE, 200))
    server.end(holder)
    until(lambda: server.runs(ONE.container))
    assert not server.runs(TWO.container)
    assert server.current() == ONE.id
    assert server.run(scripts.keep(TWO)).returncode != 0


@posix
def test_a_swap_that_nobody_judges_ends_by_its_limit(server: Server) -> None:
    server.serving(ONE.container)
    server.lock()
    server.run(scripts.swap("orders", TWO, ONE, 0.4))
    until(lambda: server.runs(ONE.container) and not server.runs(TWO.container))


@posix
def test_a_new_one_that_does_not_start_brings_the_old_one_back_at_once(server: Server) -> None:
    server.serving(ONE.container)
    server.lock()
    bad = release(3)
    bad = type(bad)(**{**{f: getattr(bad, f) for f in bad.__slots__}, "app": "bad"})
    done = server.run(
        sh(scripts.SWAP, scripts.GUARD, str(server.folder), bad.container, ONE.container, ONE.id, "x", "50")
    )
    assert done.returncode != 0
    assert "cannot start" in done.stdout
    assert server.runs(ONE.container)


@posix
def test_taking_back_by_hand_waits_until_the_old_one_runs(server: Server) -> None:
    server.serving(ONE.container)
    server.lock()
    server.run(scripts.swap("orders", TWO, ONE, 200))
    assert server.run(scripts.back(TWO, ONE)).returncode == 0
    assert (server.runs(ONE.container), server.runs(TWO.container)) == (True, False)


@posix
def test_the_lock_is_told_and_freed_with_its_holder(server: Server) -> None:
    holder = server.lock()
    taken = server.run(scripts.hold("orders", "Chen", "rollback"))
    found = scripts.parse_taken(taken.stdout.strip())
    assert (found.by, found.what) == ("Lin", "deploy")
    assert scripts.parse_look(server.run(scripts.look("orders")).stdout).holder is not None
    server.end(holder)
    assert scripts.parse_look(server.run(scripts.look("orders")).stdout).holder is None
    server.lock()


@posix
def test_a_lock_without_beats_is_freed(server: Server) -> None:
    words = server.command(scripts.hold("orders", "Lin", "deploy", 1))
    done = subprocess.run(
        words, capture_output=True, encoding="utf-8", env=server.env, check=True, timeout=120
    )
    assert done.stdout.split("\n")[1] == "silent"


@posix
def test_a_lock_that_is_taken_over_ends_the_one_before(server: Server) -> None:
    holder = server.lock()
    server.run(sh(scripts.TAKE_OVER, str(server.folder)))
    holder.wait(120)
    server.lock()
