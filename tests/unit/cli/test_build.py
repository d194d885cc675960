"""`goferry build`, `image` and `deps`, as a build machine calls them: one JSON object, exit codes, files."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from desktop.cli.main import main

HELLO = 'package main\n\nvar version = "dev"\n\nfunc main() { println(version) }\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/orders\n\ngo 1.22\n", encoding="utf-8")
    (folder / "main.go").write_text(HELLO, encoding="utf-8")
    (folder / "goferry.yaml").write_text("name: orders\nport: 8080\n", encoding="utf-8")
    return folder


def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["--home", str(tmp_path / "home"), "--json", "--quiet", *words])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["ok"] == (code == 0)
    return code, answer


def test_build_answers_with_the_keys_of_the_contract(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path
) -> None:
    words = ("build", str(project), "--target", "linux/amd64", "--target", "linux/arm64", "--stamp", "1.9.0")
    code, answer = call(capsys, tmp_path, *words)
    assert code == 0
    assert [binary["target"] for binary in answer["binaries"]] == ["linux/amd64", "linux/arm64"]
    for binary in answer["binaries"]:
        assert {"target", "path", "size", "sha256", "static", "seconds"} <= binary.keys()
        assert Path(binary["path"]).stat().st_size == binary["size"]
        assert binary["static"] is True
        assert binary["version"] == "1.9.0"


def test_the_output_folder_can_be_chosen(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path
) -> None:
    _, answer = call(capsys, tmp_path, "build", str(project), "--output", str(tmp_path / "out"))
    assert answer["binaries"][0]["path"] == str(tmp_path / "out" / "linux_amd64" / "orders")
    assert not (project / "dist").exists()


def test_a_failure_is_explained_and_what_was_built_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path
) -> None:
    (project / "lock_windows.go").write_text("package main\n\nfunc init() { nothing() }\n", encoding="utf-8")
    words = ("build", str(project), "--target", "linux/amd64", "--target", "windows/amd64")
    code, answer = call(capsys, tmp_path, *words)
    assert code == 1
    assert [binary["target"] for binary in answer["binaries"]] == ["linux/amd64"]
    assert answer["error"]["code"] == "build.undefined"
    assert answer["failures"].keys() == {"windows/amd64"}
    assert answer["problems"][0] == {
        "file": "lock_windows.go", "line": 3, "column": 15, "text": "undefined: nothing",
        "target": "windows/amd64", "stage": "compile",
    }  # fmt: skip


def test_a_folder_without_go_is_explained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, answer = call(capsys, tmp_path, "build", str(tmp_path / "empty"))
    assert code == 1
    assert answer["error"]["code"] in ("build.no_go_mod", "build.no_main")


def test_image_writes_an_archive_that_says_what_is_in_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path
) -> None:
    file = tmp_path / "out" / "orders.tar"
    code, answer = call(capsys, tmp_path, "image", str(project), "--stamp", "1.9.0", "--output", str(file))
    assert code == 0
    assert answer["ref"] == "orders:1.9.0"
    assert [layer["what"] for layer in answer["layers"]] == ["CA certificates, time zones", "/app/orders"]
    assert answer["size"] == sum(layer["size"] for layer in answer["layers"])
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert f"blobs/sha256/{answer['digest'].removeprefix('sha256:')}" in names
    assert "manifest.json" in names


def test_the_same_source_gives_the_same_image(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path
) -> None:
    _, first = call(capsys, tmp_path, "image", str(project))
    code = main(["--home", str(tmp_path / "other"), "--json", "--quiet", "image", str(project)])
    second = json.loads(capsys.readouterr().out)
    assert code == 0
    assert first["digest"] == second["digest"]


def test_an_image_of_a_windows_program_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path
) -> None:
    code, answer = call(capsys, tmp_path, "image", str(project), "--target", "windows/amd64")
    assert code == 1
    assert answer["error"]["code"] == "image.not_linux"


def test_a_base_that_nobody_has_is_explained(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///none.sock")
    code, answer = call(capsys, tmp_path, "image", str(project), "--base", "127.0.0.1:9/shop/base:1")
    assert code == 1
    assert answer["error"]["code"] == "image.registry_unreachable"


def test_deps_lists_modules_with_the_graph(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, project: Path
) -> None:
    (project / "lib").mkdir()
    (project / "lib" / "go.mod").write_text("module example.org/lib\n\ngo 1.22\n", encoding="utf-8")
    with open(project / "go.mod", "a", encoding="utf-8") as file:
        file.write("\nrequire example.org/lib v1.0.0\n\nreplace example.org/lib => ./lib\n")
    code, answer = call(capsys, tmp_path, "deps", str(project), "--graph")
    assert code == 0
    assert [(m["path"], m["main"]) for m in answer["modules"]] == [
        ("example.com/orders", True),
        ("example.org/lib", False),
    ]
    assert answer["graph"]["edges"] == [["example.com/orders", "example.org/lib@v1.0.0"]]
