"""Builds with the real go: what comes out, what is told meanwhile, and what is left when it is cancelled."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.build import BuildEvent, UnknownTarget

from .conftest import HELLO, Bench, module, needs_c

BOTH = ("linux/amd64", "windows/amd64")
LOCK = {
    "go.mod": module(),
    "main.go": HELLO,
    "lock_windows.go": "package main\n\nfunc init() { nothing() }\n",
}
SLOW_TEST = """package main

import ("os"; "os/exec"; "testing"; "time")

func TestSlow(t *testing.T) {
	child := exec.Command("sleep", "300")
	child.Start()
	os.WriteFile(os.Getenv("TOLD"), []byte("started"), 0o600)
	time.Sleep(300 * time.Second)
}
"""


def test_several_targets_are_built_and_read(bench: Bench) -> None:
    outcome = bench.build(targets=(*BOTH, "linux/arm64"), version="1.9.0")
    assert outcome.ok
    linux, windows, arm = outcome.binaries
    assert (linux.target, linux.arch, linux.static, linux.libraries) == ("linux/amd64", "amd64", True, ())
    assert (arm.target, arm.arch, arm.static) == ("linux/arm64", "arm64", True)
    assert windows.path == bench.folder / "dist" / "windows_amd64" / "app.exe"
    assert windows.libraries == ("kernel32.dll",)
    assert linux.sha256 == hashlib.sha256(linux.path.read_bytes()).hexdigest()
    assert linux.size == linux.path.stat().st_size


@pytest.mark.skipif(sys.platform != "linux", reason="starts what it built")
def test_the_version_is_in_the_program(bench: Bench) -> None:
    binary = bench.build(version="1.9.0-rc.3").binaries[0]
    said = subprocess.run([binary.path], capture_output=True, text=True, encoding="utf-8", check=True)
    assert said.stderr == "hello 1.9.0-rc.3\n"


def test_the_same_source_gives_the_same_bytes_in_another_folder(bench: Bench, tmp_path: Path) -> None:
    first = bench.build(version="1").binaries[0]
    bench.folder = tmp_path / "elsewhere" / "deeper"
    second = bench.build(version="1").binaries[0]
    assert first.path != second.path
    assert first.sha256 == second.sha256


def test_one_target_that_fails_does_not_stop_the_others(bench: Bench) -> None:
    outcome = bench.build(LOCK, targets=BOTH)
    assert [binary.target for binary in outcome.binaries] == ["linux/amd64"]
    assert list(outcome.failures) == ["windows/amd64"]
    problem = outcome.problems[0]
    assert (problem.file, problem.line, problem.column) == ("lock_windows.go", 3, 15)
    assert problem.target == "windows/amd64"


def test_events_tell_the_stages_of_each_target(bench: Bench) -> None:
    bench.build(vet=True, test=True, targets=BOTH)
    told = [
        (event.target, event.stage, event.kind) for event in bench.events if event.kind in ("start", "end")
    ]
    assert told[:4] == [
        ("all", "vet", "start"),
        ("all", "vet", "end"),
        ("all", "test", "start"),
        ("all", "test", "end"),
    ]
    assert set(told[4:]) == {(target, "compile", kind) for target in BOTH for kind in ("start", "end")}
    times = [event.at for event in bench.events]
    assert times == sorted(times)


def test_the_command_shown_is_the_one_to_copy(bench: Bench) -> None:
    bench.build(tags=("a", "b"), version="2", ldflags="-X main.x=y")
    command = next(event.command for event in bench.events if event.command is not None)
    line = command.shown()
    assert "CGO_ENABLED=0 GOOS=linux GOARCH=amd64" in line
    assert "-trimpath -tags=a,b '-ldflags=-s -w -X main.version=2 -X main.x=y'" in line
    assert ".goferry-build" not in line


def test_settings_of_the_surrounding_shell_do_not_apply(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-no-such-flag")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOWORK", "/no/such/go.work")
    assert bench.build().ok


def test_flags_that_a_person_keeps_in_gos_own_settings_do_not_apply(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "goenv").write_text("GOFLAGS=-no-such-flag\n", encoding="utf-8")
    monkeypatch.setenv("GOENV", str(tmp_path / "goenv"))
    assert bench.build().ok


def test_vet_findings_are_shown_and_do_not_stop(bench: Bench) -> None:
    """Those of the code that the target gets, whatever system this is."""
    body = 'package main\nimport "fmt"\nfunc main() { fmt.Printf("%d\\n", "a"); more() }\n'
    linux = 'package main\nimport ("fmt"; "syscall")\nfunc more() { syscall.Umask(0); fmt.Printf("%d\\n", "b") }\n'
    windows = "package main\nfunc more() {}\n"
    files = {"go.mod": module(), "main.go": body, "more_linux.go": linux, "more_windows.go": windows}
    for target, places in (
        ("linux/amd64", [("main.go", 3), ("more_linux.go", 3)]),
        ("windows/amd64", [("main.go", 3)]),
    ):
        outcome = bench.build(files, targets=(target,), vet=True)
        assert outcome.ok
        assert [(p.file, p.line, p.stage) for p in outcome.problems] == [(*place, "vet") for place in places]


def test_tests_are_counted(bench: Bench) -> None:
    tests = 'package main\nimport "testing"\nfunc TestA(t *testing.T) {}\nfunc TestB(t *testing.T) {}\n'
    outcome = bench.build({"go.mod": module(), "main.go": HELLO, "main_test.go": tests}, test=True)
    assert outcome.tests == 2
    assert any("ok" in str(event.text) for event in bench.events if event.stage == "test")


@needs_c
@pytest.mark.timeout(900)  # compiles the standard library anew when the cache is cold
def test_a_race_is_found_when_asked_for(bench: Bench) -> None:
    body = """package main
import "testing"
func TestRace(t *testing.T) {
	n, done := 0, make(chan bool)
	go func() { n++; done <- true }()
	n++
	<-done
	_ = n
}
"""
    outcome = bench.build({"go.mod": module(), "main.go": HELLO, "main_test.go": body}, test=True, race=True)
    assert outcome.failures["all"].code == "build.tests_failed"
    assert "DATA RACE" in outcome.failures["all"].detail


def test_a_module_inside_the_repository_is_built_from_its_own_folder(bench: Bench) -> None:
    files = {"go.mod": module(), "svc/go.mod": module(path="example.com/svc"), "svc/cmd/api/main.go": HELLO}
    assert bench.build(files, main="./svc/cmd/api").ok


def test_a_workspace_is_taken_as_it_is(bench: Bench) -> None:
    files = {
        "go.work": "go 1.22\n\nuse (\n\t./svc\n\t./lib\n)\n",
        "svc/go.mod": module(path="example.com/svc"),
        "svc/main.go": 'package main\nimport "example.com/lib"\nfunc main() { lib.Say() }\n',
        "lib/go.mod": module(path="example.com/lib"),
        "lib/lib.go": "package lib\nfunc Say() {}\n",
    }
    assert bench.build(files, main="./svc").ok


def test_results_do_not_count_as_changes_of_the_project(bench: Bench) -> None:
    bench.build()
    assert (bench.folder / "dist" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_text_that_is_no_target_is_refused_before_anything_runs(bench: Bench) -> None:
    with pytest.raises(UnknownTarget, match="--upload-pack"):
        bench.build(targets=("--upload-pack=x",))
    assert not (bench.folder / "dist").exists()


def test_an_old_binary_stays_when_the_next_build_fails(bench: Bench) -> None:
    before = bench.build().binaries[0]
    assert not bench.build({"go.mod": module(), "main.go": "package main\nfunc main() { nothing() }\n"}).ok
    assert hashlib.sha256(before.path.read_bytes()).hexdigest() == before.sha256


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_cancelling_leaves_no_process_and_no_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    told = bench.folder.parent / "told"
    monkeypatch.setenv("TOLD", str(told))
    files = {"go.mod": module(), "main.go": HELLO, "main_test.go": SLOW_TEST}
    wish = bench.wish(files, test=True)

    async def cancelled() -> None:
        building = asyncio.ensure_future(bench.start(wish))
        async with asyncio.timeout(200):
            while not told.exists():
                await asyncio.sleep(0.02)
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building

    asyncio.run(cancelled())
    assert [path.name for path in (bench.folder / "dist").rglob("*")] == [".gitignore"]
    deadline = time.monotonic() + 120
    while left := processes_with(str(told)):  # an ended process is gone a moment later
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def test_cancelling_a_compile_leaves_no_half_binary(bench: Bench) -> None:
    wish = bench.wish(targets=BOTH)

    async def cancelled(events: list[BuildEvent]) -> None:
        building = asyncio.ensure_future(bench.start(wish))
        async with asyncio.timeout(200):
            while not events:
                await asyncio.sleep(0.005)
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building

    asyncio.run(cancelled(bench.events))
    left = [path.name for path in (bench.folder / "dist").rglob("*") if path.is_file()]
    assert [name for name in left if name not in (".gitignore", "app", "app.exe")] == []


def processes_with(text: str) -> list[str]:
    """Command lines of processes that have `text` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (process / "environ").read_bytes() and int(process.name) != os.getpid():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
