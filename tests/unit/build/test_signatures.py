"""Every known failure is made with the real go, and must come back explained."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from desktop.build import explain
from tests.web_between import https_with_its_own_certificate, proxy_that_wants_a_login

from .conftest import HELLO, Bench, module, needs_c

MAIN = {"go.mod": module(), "main.go": HELLO}
CGO = 'package main\n\n// int one() { return 1; }\nimport "C"\n\nfunc main() { println(C.one()) }\n'


def main_with(body: str, imports: str = "") -> dict[str, str]:
    return {"go.mod": module(), "main.go": f"package main\n{imports}\n{body}\n"}


@dataclass(frozen=True)
class Case:
    code: str
    files: dict[str, str]
    says: str = ""
    wish: dict[str, Any] = field(default_factory=dict)
    target: str = "linux/amd64"


CASES = {
    "a name that is not defined": Case("build.undefined", main_with("func main() { nothing() }"), "nothing"),
    "a call that another system has": Case(
        "build.not_on_this_system",
        main_with("func main() { syscall.Flock(0, 0) }", 'import "syscall"'),
        "syscall.Flock does not exist on this system",
        {"targets": ("windows/amd64",)},
        "windows/amd64",
    ),
    "a mistake in the syntax": Case("build.syntax", main_with("func main() { if }"), "main.go:3:18"),
    "an unused variable": Case("build.unused", main_with("func main() { x := 1 }"), "x is there"),
    "an unused import": Case("build.unused", main_with("func main() {}", 'import "os"'), '"os" is there'),
    "a type that does not fit": Case(
        "build.compile", main_with('func main() { var n int = "a"; _ = n }'), "main.go:3"
    ),
    "a module that go.mod does not name": Case(
        "build.missing_module",
        main_with("func main() { lib.X() }", 'import "example.org/lib"'),
        "example.org/lib",
    ),
    "a package of its own that is not there": Case(
        "build.missing_module",
        main_with("func main() { no.X() }", 'import "example.com/app/internal/no"'),
        "internal/no",
    ),
    "a package that only looks like the standard library's": Case(
        "build.missing_module", main_with("func main() { nolib.X() }", 'import "nolib"'), "nolib"
    ),
    "a module that is not here, with fetching off": Case(
        "build.proxy_off",
        {
            "go.mod": module() + "\nrequire example.org/lib v1.0.0\n",
            "go.sum": "example.org/lib v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
            "example.org/lib v1.0.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "main.go": 'package main\nimport "example.org/lib"\nfunc main() { lib.X() }\n',
        },
    ),
    "a proxy that does not answer": Case(
        "build.offline",
        {
            "go.mod": module() + "\nrequire example.org/lib v1.0.0\n",
            "go.sum": "example.org/lib v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
            "example.org/lib v1.0.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "main.go": 'package main\nimport "example.org/lib"\nfunc main() { lib.X() }\n',
        },
        "127.0.0.1:9",
        {"goproxy": "http://127.0.0.1:9"},
    ),
    "a go.sum without the entry": Case(
        "build.go_sum",
        {
            "go.mod": module() + "\nrequire example.org/lib v1.0.0\n",
            "main.go": 'package main\nimport "example.org/lib"\nfunc main() { lib.X() }\n',
        },
    ),
    "packages in a circle": Case(
        "build.import_cycle",
        {
            "go.mod": module(),
            "main.go": 'package main\nimport _ "example.com/app/a"\nfunc main() {}\n',
            "a/a.go": 'package a\nimport _ "example.com/app/b"\n',
            "b/b.go": 'package b\nimport _ "example.com/app/a"\n',
        },
        "example.com/app/a",
    ),
    "a go.mod that wants a newer Go": Case("build.wrong_go", {**MAIN, "go.mod": module("1.99.0")}, "1.99.0"),
    "a go.mod with a mistake": Case(
        "build.bad_go_mod", {**MAIN, "go.mod": module() + "\nnonsense here\n"}, "line 5"
    ),
    "a folder without go.mod": Case("build.no_go_mod", {"main.go": HELLO}),
    "a folder without Go": Case("build.no_main", {"go.mod": module(), "readme.txt": "nothing"}),
    "a package that is no program": Case("build.no_main", {"go.mod": module(), "lib.go": "package lib\n"}),
    "a program without func main": Case("build.no_main", {"go.mod": module(), "main.go": "package main\n"}),
    "a folder that is not there": Case("build.no_main", MAIN, "cmd/none", {"main": "./cmd/none"}),
    "a target that Go does not know": Case(
        "build.unknown_target", MAIN, "plan9/arm64", {"targets": ("plan9/arm64",)}, "plan9/arm64"
    ),
    "files for another system only": Case(
        "build.excluded", {"go.mod": module(), "main_windows.go": HELLO}, "linux/amd64"
    ),
    "a vendor folder that does not fit": Case(
        "build.vendor",
        {
            **MAIN,
            "go.mod": module() + "\nrequire example.org/lib v1.0.0\n",
            "vendor/modules.txt": "# nothing\n",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_known_failure_is_explained(bench: Bench, name: str) -> None:
    case = CASES[name]
    outcome = bench.build(case.files, **case.wish)
    error = outcome.failures[case.target]
    assert error.code == case.code, error.detail
    assert case.says in f"{error.what} {error.why} {error.fix}".replace("\\", "/"), str(error)
    assert error.detail, "go's own words are kept"
    assert not list(bench.folder.glob("dist/*/app*"))


MISSING = CASES["a proxy that does not answer"].files


def test_a_proxy_that_wants_a_login_is_explained(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with proxy_that_wants_a_login() as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://{proxy}")
        error = bench.build(MISSING, goproxy="https://modules.example").failures["linux/amd64"]
    assert error.code == "build.proxy_login", error.detail
    assert "HTTPS_PROXY" in str(error.fix)


def test_a_certificate_that_nobody_trusts_is_explained(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    with https_with_its_own_certificate(tmp_path) as server:
        error = bench.build(MISSING, goproxy=f"https://{server}").failures["linux/amd64"]
    assert error.code == "build.distrusted", error.detail


@pytest.mark.skipif(os.name == "nt", reason="the scanner of this test is a shell script")
def test_a_program_that_a_scanner_takes_away_is_explained(bench: Bench, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text(
        f'#!/bin/sh\n"{bench.go.path}" "$@" || exit\n[ "$1" = build ] || exit 0\n'
        'while [ "$1" != -o ]; do shift; done\nrm -f "$2"\n',
        encoding="utf-8",
    )
    go.chmod(0o755)
    bench.go = replace(bench.go, path=go)
    error = bench.build(MAIN).failures["linux/amd64"]
    assert error.code == "build.scanner", error.detail
    assert "Protection history" in str(error.fix)


def test_cgo_without_a_compiler_is_explained(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    error = bench.build({"go.mod": module(), "main.go": CGO}, cgo=True).failures["linux/amd64"]
    assert error.code == "build.no_c_compiler"
    assert "no-such-compiler" in str(error)
    assert error.fixes[0].argument == "cgo=false"


@needs_c
def test_a_compiler_for_another_processor_is_explained(bench: Bench) -> None:
    files = {"go.mod": module(), "main.go": CGO}
    error = bench.build(files, cgo=True, targets=("linux/arm64",)).failures["linux/arm64"]
    assert error.code == "build.cross_compiler", error.detail


def test_tests_that_fail_are_named_with_their_place(bench: Bench) -> None:
    files = {
        **MAIN,
        "store/store.go": "package store\n",
        "store/store_test.go": 'package store\nimport "testing"\n'
        'func TestSave(t *testing.T) { t.Errorf("lost %d", 3) }\n',
    }
    outcome = bench.build(files, test=True)
    error = outcome.failures["all"]
    assert error.code == "build.tests_failed"
    assert "TestSave" in str(error)
    assert [(p.file, p.line, p.text) for p in outcome.problems] == [("store/store_test.go", 3, "lost 3")]
    assert outcome.binaries == ()


def test_a_test_that_does_not_compile_is_explained(bench: Bench) -> None:
    files = {
        **MAIN,
        "main_test.go": 'package main\nimport "testing"\nfunc TestA(t *testing.T) { nothing() }\n',
    }
    outcome = bench.build(files, test=True)
    assert outcome.failures["all"].code == "build.undefined"
    assert outcome.problems[0].file == "main_test.go"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("# a\nwrite /tmp/go-build1/b001/_pkg_.a: no space left on device\n", "build.disk_full"),
        ("go: writing stat cache: open C:\\x: There is not enough space on the disk.", "build.disk_full"),
        (
            "verifying example.org/lib@v1.0.0: checksum mismatch\n\tdownloaded: h1:a\n\tgo.sum: h1:b\n",
            "build.checksum",
        ),
        ("go: creating work dir: mkdir /opt/x: permission denied", "build.permission"),
        ("go: open C:\\Go\\x: Access is denied.", "build.permission"),
        (
            "open C:\\p\\dist\\a.out.exe: Operation did not complete successfully because the file contains a virus "
            "or potentially unwanted software.",
            "build.scanner",
        ),
        (
            "fork/exec C:\\x\\app.test.exe: 无法成功完成操作，因为文件包含病毒或潜在的垃圾软件。",
            "build.scanner",
        ),
        (
            "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled",
            "build.private_module",
        ),
        ("/usr/lib/go/pkg/tool/linux_amd64/link: signal: killed", "build.killed"),
        ("go: -race requires cgo; enable cgo by setting CGO_ENABLED=1", "build.race_needs_cgo"),
        (
            'cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in %PATH%',
            "build.no_c_compiler",
        ),
        ("go: example.org/lib@v9.0.0: reading http://p/x.info: 404 Not Found", "build.no_such_module"),
        (
            'go: example.org/lib@v1.0.0: Get "https://proxy.golang.org/x": dial tcp: lookup proxy: no such host',
            "build.offline",
        ),
        (
            'main.go:2:8: example.org/lib@v1.0.0: Get "http://127.0.0.1:9/x.zip": dial tcp 127.0.0.1:9: '
            "connectex: 由于目标计算机积极拒绝，无法连接。",
            "build.offline",
        ),
    ],
)
def test_what_a_bad_day_says_is_recognised(said: str, code: str) -> None:
    error = explain(said)
    assert error is not None
    assert error.code == code
    assert error.detail == said


def test_what_nobody_knows_is_not_explained() -> None:
    assert explain("go: the moon is in the wrong phase") is None
