"""`goferry new` and `goferry inspect`, as a build machine calls them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from desktop.cli.main import main
from tests.unit.project import debian_proxy
from tests.unit.project.go import GO, needs_go, run_go


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFERRY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    if GO is not None:
        monkeypatch.setenv("PATH", os.pathsep.join([str(Path(GO).parent), os.environ["PATH"]]))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the one JSON object on stdout."""
    code = main([*words, "--json"])
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    answer: dict[str, Any] = json.loads(out)
    return code, answer


def test_new_writes_a_project_and_inspect_finds_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, made = said(capsys, "new", "orders", "--module", "git.example.com/shop/orders")
    assert (code, made["ok"], made["path"]) == (0, True, str(tmp_path / "orders"))
    assert {"go.mod", "goferry.yaml", "cmd/app/main.go"} <= set(made["files"])
    assert all((tmp_path / "orders" / file).is_file() for file in made["files"])
    code, found = said(capsys, "inspect", "orders")
    assert code == 0
    assert found["modules"][0]["path"] == "git.example.com/shop/orders"
    assert [(one["package"], one["port"], one["health"]) for one in found["mains"]] == [
        ("./cmd/app", 8080, "/health")
    ]
    assert (found["port"], found["go_version"], found["warnings"]) == (8080, "1.22", [])
    assert (found["dockerfile"], found["compose"]) == ("Dockerfile", "compose.yaml")


def test_options_port_and_folder_are_followed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = (
        "--dir",
        "deep/er",
        "--port",
        "9000",
        "--without",
        "docker",
        "--with",
        "make",
        "--template",
        "worker",
    )
    code, made = said(capsys, "new", "jobs", *words)
    assert (code, made["path"]) == (0, str(tmp_path / "deep" / "er"))
    assert "Makefile" in made["files"]
    assert "Dockerfile" not in made["files"]
    assert said(capsys, "inspect", "deep/er")[1]["port"] == 9000


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("x;id",), "project.bad_name"),
        (("../x",), "project.bad_name"),
        (("CON",), "project.bad_name"),
        (("a", "--module", "a b"), "project.bad_module_path"),
        (("a", "--template", "../http"), "project.no_template"),
        (("a", "--with", "rm"), "project.bad_answer"),
        (("a", "--port", "0"), "project.bad_answer"),
        (("a", "--go", "1.1"), "project.bad_answer"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...], code: str
) -> None:
    exit_code, answer = said(capsys, "new", *words)
    assert (exit_code, answer["ok"], answer["error"]["code"]) == (1, False, code)
    assert answer["error"]["what"]
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []


def test_a_second_new_in_the_same_place_overwrites_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said(capsys, "new", "orders")
    (tmp_path / "orders" / "go.mod").write_text("mine", encoding="utf-8")
    code, answer = said(capsys, "new", "orders")
    assert (code, answer["error"]["code"]) == (1, "project.folder_taken")
    assert (tmp_path / "orders" / "go.mod").read_text(encoding="utf-8") == "mine"


def test_a_missing_folder_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = said(capsys, "inspect", "nowhere")
    assert (code, answer["error"]["code"]) == (1, "project.no_folder")


def test_warnings_name_file_and_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module a.b/c\n\ngo 1.999\n", encoding="utf-8")
    code = 'package main\n\nfunc main() {\n\tr.Run("localhost:8080")\n}\n'
    (tmp_path / "main.go").write_text(code, encoding="utf-8")
    (tmp_path / "goferry.yaml").write_text("name: x\nport: many\n", encoding="utf-8")
    _, found = said(capsys, "inspect")
    warnings = {one["code"]: (one["file"], one["line"]) for one in found["warnings"]}
    assert warnings["project.localhost"] == ("main.go", 4)
    assert warnings["project.config"] == ("goferry.yaml", 2)
    if GO is not None:
        assert "project.go_too_old" in warnings


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no names that are no text")
def test_names_that_are_no_text_are_told_as_escapes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\x1b[2J"
    os.mkdir(odd)
    Path(os.fsdecode(odd + b"/go.mod")).write_text("module a.b/c\n", encoding="utf-8")
    _, found = said(capsys, "inspect")
    assert found["modules"][0]["folder"] == "\\xff\\x1b[2J"


def test_people_are_told_in_their_language(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["new", "orders", "--lang", "zh_CN"]) == 0
    assert "个文件" in capsys.readouterr().out
    assert main(["inspect", "orders", "--lang", "en"]) == 0
    assert "program ./cmd/app, port 8080, health /health" in capsys.readouterr().out


@needs_go
@pytest.mark.timeout(900)
def test_the_gin_template_has_its_modules_after_new(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := debian_proxy.missing():
        pytest.skip(why)
    monkeypatch.setenv("GOPROXY", debian_proxy.make_proxy(tmp_path / "proxy"))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GOSUMDB", "off")
    monkeypatch.setenv("GOFLAGS", "-modcacherw")
    code, made = said(capsys, "new", "shop", "--template", "gin")
    assert code == 0
    assert "go.sum" in made["files"]
    settings = {"GOPROXY": "off", "GOMODCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=readonly"}
    done = run_go(tmp_path / "shop", "build", "./...", **settings)
    assert done.returncode == 0, done.stderr
    run_go(tmp_path / "shop", "clean", "-modcache", **settings)


@needs_go
def test_without_network_the_project_is_there_and_what_is_left_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "cache"))
    assert main(["new", "shop", "--template", "gin"]) == 0
    assert "Still to do" in capsys.readouterr().out
    assert (tmp_path / "shop" / "cmd" / "app" / "main.go").is_file()
