"""The headless contract: exit codes, one JSON object, two languages, all state under --home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.base.errors import explained
from desktop.cli.main import main


def test_an_unknown_subcommand_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["no-such-thing"])
    assert caught.value.code == 2
    assert "no-such-thing" in capsys.readouterr().err


def test_a_wrong_command_line_is_told_as_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--json", "new"], ["host", "add", "--json"], ["new", "x", "--port", "many", "--json"]):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 2
        told = capsys.readouterr()
        answer = json.loads(told.out)
        assert (answer["ok"], answer["error"]["code"]) == (False, "usage")
        assert answer["error"]["why"] in told.err


def test_help_and_usage_errors_speak_one_language(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["deploy", "--help"], ["deploy"], ["frobnicate"]):
        with pytest.raises(SystemExit):
            main(["--lang", "zh_CN", *words])
        said = "".join(capsys.readouterr())
        for english in ("usage:", "options:", "arguments", "error", "show this", "choose"):
            assert english not in said, f"{words}: {said}"
        assert "用法" in said


def test_doctor_tells_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(tmp_path), "--json", "doctor"])
    answer = json.loads(capsys.readouterr().out)
    found = {check["id"]: check for check in answer["checks"]}
    assert {"go", "git", "ssh_key", "engine"} <= set(found)
    assert set(found["go"]) == {"id", "state", "found", "why", "fix"}


def test_global_options_stand_before_or_after_the_subcommand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", "--json", "--home", str(tmp_path), "--lang", "zh"])
    answer = json.loads(capsys.readouterr().out)
    assert "编译" in next(check["why"] for check in answer["checks"] if check["id"] == "go")
    assert (tmp_path / "logs").is_dir()


def test_a_failure_is_one_json_object_with_three_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--home", str(tmp_path), "--json", "build", str(tmp_path / "nowhere")])
    answer = json.loads(capsys.readouterr().out)
    assert code == 1
    assert answer["ok"] is False
    assert set(answer["error"]) == {"code", "what", "why", "fix", "detail"}
    assert "nowhere" in answer["error"]["what"]


def test_json_reads_the_same_where_the_pipe_has_another_code_page(tmp_path: Path) -> None:
    """A Chinese Windows gives a pipe code page 936, and JSON is UTF-8 to everyone who reads it."""
    words = [sys.executable, "-m", "desktop", "--json", "--lang", "zh", "build", str(tmp_path / "没有")]
    env = os.environ | {"PYTHONIOENCODING": "gbk", "PYTHONUTF8": "0"}
    asked = subprocess.run(words, capture_output=True, check=False, env=env)
    answer = json.loads(asked.stdout.decode("utf-8"))
    assert "没有" in answer["error"]["what"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a single child")
def test_ctrl_c_ends_with_130_and_leaves_nothing_running(tmp_path: Path) -> None:
    name = f"slow{os.getpid()}"  # others on this computer may run this test too
    project = tmp_path / name
    project.mkdir()
    (project / "go.mod").write_text(f"module {name}\n\ngo 1.21\n", encoding="utf-8")
    (project / "main.go").write_text("package main\n\nfunc main() {}\n", encoding="utf-8")
    test = 'package main\n\nimport (\n\t"testing"\n\t"time"\n)\n\nfunc TestSlow(t *testing.T) { time.Sleep(time.Hour) }\n'
    (project / "main_test.go").write_text(test, encoding="utf-8")
    (project / "goferry.yaml").write_text("name: slow\nmain: .\nbuild: { test: true }\n", encoding="utf-8")
    words = [sys.executable, "-m", "desktop", "--home", str(tmp_path / "home"), "build", str(project)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3]), "LC_ALL": "C.UTF-8"}
    child = subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True, encoding="utf-8"
    )
    assert child.stderr is not None
    for line in child.stderr:
        if "go test" in line:
            break
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=250)
    assert child.returncode == 130
    deadline = time.monotonic() + 120
    while running := [line for line in processes() if f"{name}.test" in line]:
        assert time.monotonic() < deadline, running
        time.sleep(0.05)


def processes() -> list[str]:
    """The command lines of all that run; what was ended and only waits to be noticed is none of them."""
    words = ["ps", "-eo", "stat,args"]
    listing = subprocess.run(words, capture_output=True, encoding="utf-8", check=True).stdout
    return [line for line in listing.splitlines() if not line.startswith("Z")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "goferry.log").symlink_to("/dev/full")
    main(["--home", str(tmp_path), "host", "list"])
    assert "Traceback" not in capsys.readouterr().err
    assert main(["--home", str(tmp_path / "other"), "host", "list"]) == 0
    with pytest.raises(OSError, match="No space left") as caught:
        Path("/dev/full").write_text("x", encoding="utf-8")
    told = explained(caught.value)
    assert (told.code, str(told.what)) == ("file.refused", "The disk is full.")
