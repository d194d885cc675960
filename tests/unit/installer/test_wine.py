"""The parts of a Windows under Wine that can be said without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer.wine.carry import TIMED_OUT, carry
from installer.wine.machine import Machine, fresh, renamed, windows_path
from installer.wine.python3_def import forwards
from installer.wine.store import Store

pytestmark = pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs util-linux")


def test_a_program_is_done_when_it_ends_though_its_child_holds_its_output() -> None:
    child = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)"
    )
    script = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child + '; input()'!r}]); print('done')"
    ended = carry([sys.executable, "-c", script], os.environ, timeout=250)
    assert (ended.code, ended.text) == (0, "done\n")


def test_output_comes_whole_and_input_goes_in() -> None:
    script = "import sys; sys.stdout.write(sys.stdin.read() * 300000); sys.stderr.write('said')"
    ended = carry([sys.executable, "-c", script], os.environ, timeout=250, stdin=b"x")
    assert (len(ended.out), ended.err, ended.code) == (300000, b"said", 0)


def test_a_program_that_takes_too_long_is_ended() -> None:
    ended = carry(
        [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"], os.environ, timeout=1
    )
    assert ended.code == TIMED_OUT


def test_another_user_has_folders_of_their_own() -> None:
    registry = rb'"AppData"="C:\\users\\dev\\AppData"' + b"\n" + rb'"Profile"="C:\\users\\dev"'
    there = renamed(registry, "dev", "张 三")
    assert (
        there
        == rb'"AppData"="C:\\users\\\x5f20 \x4e09\\AppData"'
        + b"\n"
        + rb'"Profile"="C:\\users\\\x5f20 \x4e09"'
    )


def test_a_linux_path_is_on_drive_z() -> None:
    assert windows_path(Path("/srv/a b")) == r"Z:\srv\a b"


def test_every_export_of_python_is_forwarded_once() -> None:
    rows = "\n".join(f"\t[{n:4}] +base[{n + 1:4}] {n:04x} Py_Name{n}" for n in range(1200))
    text = forwards(f"There is an export table\n[Ordinal/Name Pointer] Table -- Ordinal Base 1\n{rows}\n")
    assert text.startswith("LIBRARY python3.dll\nEXPORTS\n")
    assert text.count("  Py_Name7 = python311.Py_Name7\n") == 1
    assert text.count("\n") == 1202
    with pytest.raises(ValueError, match="only 0 exports"):
        forwards("no table")


def test_a_windows_that_another_process_copies_just_now_is_left_alone(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    copied, left = tmp_path / f"fresh-{os.getpid()}.new", tmp_path / f"fresh-{ended.pid}.new"
    copied.mkdir()
    left.mkdir()
    fresh(Store(tmp_path))
    assert copied.exists()
    assert not left.exists()


def test_a_program_that_met_a_windows_just_going_down_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "ready", lambda _machine: None)
    place = Store(tmp_path)
    place.loader.parent.mkdir(parents=True)
    refused = "wine client error:0: recvmsg: Connection reset by peer"
    script = (
        f"#!/bin/sh\nmkdir {tmp_path}/once 2>/dev/null && echo '{refused}' >&2 && exit 1\necho done; exit 3\n"
    )
    place.loader.write_text(script, encoding="ascii")
    place.loader.chmod(0o755)
    ended = Machine(place, place.prefix).run("cmd")
    assert (ended.code, ended.text) == (3, "done\n")
