"""Each template, made and then vetted, tested, built and formatted by the real Go."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from desktop.project import (
    TEMPLATES,
    Answers,
    FolderTaken,
    NotWritten,
    config_for,
    create_project,
    inspect_folder,
    render,
    write_project,
)
from desktop.project.errors import BadAnswer, BadModulePath, BadName, NoSuchTemplate
from desktop.project.go_tokens import head_of
from tests.unit.project import debian_proxy
from tests.unit.project.go import needs_go, run_go

ANSWERS = Answers("coupon-svc", "git.example.com/shop/coupon-svc", 8181)
OFFLINE = ("http", "worker", "cli")
ALL = tuple(one.id for one in TEMPLATES)
SERVING = tuple(one.id for one in TEMPLATES if one.serves)


@pytest.fixture(scope="module")
def gofmt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("gofmt") / "gofmt"
    done = run_go(program.parent, "build", "-o", str(program), "cmd/gofmt")
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> str:
    if why := debian_proxy.missing():
        pytest.skip(why)
    return debian_proxy.make_proxy(tmp_path_factory.mktemp("proxy"))


def checked(folder: Path, *words: str, **settings: str) -> str:
    done = run_go(folder, *words, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def build(folder: Path, **settings: str) -> Path:
    program = folder.parent / f"program-{folder.name}"
    checked(folder, "build", "-ldflags", "-X main.version=9.8.7", "-o", str(program), "./cmd/app", **settings)
    return program


@needs_go
@pytest.mark.timeout(900)
@pytest.mark.parametrize("template", OFFLINE)
def test_a_template_passes_vet_and_its_own_tests_without_network(template: str, tmp_path: Path) -> None:
    folder = tmp_path / "coupon-svc"
    create_project(template, ANSWERS, folder)
    checked(folder, "vet", "./...")
    assert checked(folder, "test", "./...").count("ok  \t") >= 2
    checked(folder, "build", "./...", GOOS="windows")
    checked(folder, "mod", "verify")


@needs_go
@pytest.mark.timeout(900)
def test_the_gin_template_builds_and_passes_against_a_module_proxy(proxy: str, tmp_path: Path) -> None:
    folder = tmp_path / "coupon-svc"
    create_project("gin", ANSWERS, folder)
    settings = {"GOPROXY": proxy, "GOMODCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=mod -modcacherw"}
    checked(folder, "mod", "tidy", **settings)
    assert "github.com/gin-gonic/gin v1." in (folder / "go.mod").read_text(encoding="utf-8")
    checked(folder, "vet", "./...", **settings)
    assert checked(folder, "test", "./...", **settings).count("ok  \t") >= 3
    serve_and_stop(build(folder, **settings), folder)


@needs_go
@pytest.mark.timeout(900)
@pytest.mark.parametrize("template", ["http", "worker"])
def test_a_service_answers_at_health_with_its_version_and_stops_in_order(
    template: str, tmp_path: Path
) -> None:
    folder = tmp_path / "coupon-svc"
    create_project(template, ANSWERS, folder)
    serve_and_stop(build(folder), folder)


def serve_and_stop(program: Path, folder: Path) -> None:
    """Starts it with a port from the environment, asks /health, ends it, and looks at what it logged."""
    environment = {**os.environ, "PORT": "0", "CONFIG_FILE": str(folder / "configs" / "config.yaml")}
    with subprocess.Popen(
        [program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        try:
            assert child.stdout is not None
            line = json.loads(child.stdout.readline())
            port = str(line.get("address", line.get("health"))).rsplit(":", 1)[1]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=120) as answer:
                assert json.load(answer) == {"status": "ok", "version": "9.8.7"}
            if sys.platform != "win32":
                child.send_signal(signal.SIGTERM)
                rest = child.stdout.read().decode()
                assert child.wait(120) == 0
                assert json.loads(rest.splitlines()[-1])["msg"] == "stopped in order"
        finally:
            child.kill()


@needs_go
@pytest.mark.timeout(900)
def test_the_command_line_tool_tells_its_version(tmp_path: Path) -> None:
    folder = tmp_path / "coupon-svc"
    create_project("cli", ANSWERS, folder)
    done = subprocess.run([build(folder), "version"], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "coupon-svc 9.8.7\n"


@needs_go
@pytest.mark.timeout(900)
@pytest.mark.parametrize("template", ALL)
def test_the_files_are_formatted_as_go_formats_them(template: str, gofmt: Path, tmp_path: Path) -> None:
    create_project(template, ANSWERS, tmp_path / "x")
    done = subprocess.run(
        [gofmt, "-l", "."], cwd=tmp_path / "x", capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == ""


@pytest.mark.parametrize("template", ALL)
def test_goferry_finds_in_a_template_what_it_wrote_there(template: str, tmp_path: Path) -> None:
    create_project(template, ANSWERS, tmp_path / "x")
    project = inspect_folder(tmp_path / "x")
    assert project.warnings == ()
    assert project.name == "coupon-svc"
    (main,) = project.mains
    config = config_for(project)
    assert main.package == config.main == "./cmd/app"
    assert main.localhost is None
    assert (main.port, main.health) == ((8181, "/health") if template in SERVING else (None, None))
    assert config.port == (8181 if template in SERVING else 0)
    assert all((tmp_path / "x" / file).is_file() for file in config.image.files)


@pytest.mark.parametrize("template", ALL)
def test_no_placeholder_is_left_and_every_import_is_there(template: str) -> None:
    files = render(template, ANSWERS)
    for path, content in files.items():
        text = content.decode()
        assert re.search(r"\{\{[a-z_]+\}\}", text) is None, path
        assert "\r" not in text
        if path.endswith(".go"):
            for imported in head_of(text).imports:
                if imported.startswith(ANSWERS.module):
                    folder = imported.removeprefix(ANSWERS.module + "/")
                    assert any(one.startswith(folder + "/") for one in files), imported


@pytest.mark.parametrize("template", ALL)
def test_the_layout_is_the_usual_one(template: str) -> None:
    files = set(render(template, ANSWERS))
    assert {
        "go.mod",
        "goferry.yaml",
        ".gitignore",
        ".gitattributes",
        "cmd/app/main.go",
        "Dockerfile",
    } <= files
    folders = {path.split("/")[0] for path in files if "/" in path}
    assert {"cmd", "internal", "pkg"} <= folders
    assert ("configs" in folders) == (template in SERVING)
    assert any(path.endswith("_test.go") for path in files)


def test_options_add_and_leave_out_their_files_only() -> None:
    bare = set(render("http", Answers("a", options=frozenset())))
    full = set(render("http", Answers("a", options=frozenset(["docker", "compose", "readme", "make"]))))
    assert full - bare == {"Dockerfile", ".dockerignore", "compose.yaml", "README.md", "Makefile"}
    assert bare < full


def test_a_preview_takes_a_moment_only() -> None:
    render("http", ANSWERS)
    started = time.thread_time()  # others may have the processor meanwhile
    for _ in range(10):
        render("http", ANSWERS)
    assert time.thread_time() - started < 1.0


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (Answers("x;id"), BadName),
        (Answers("../x"), BadName),
        (Answers("a", "-x"), BadModulePath),
        (Answers("a", "a b"), BadModulePath),
        (Answers("a", 'a"\nrequire x'), BadModulePath),
        (Answers("log"), BadModulePath),
        (Answers("a", port=0), BadAnswer),
        (Answers("a", port=65536), BadAnswer),
        (Answers("a", go_version="1.22\nx"), BadAnswer),
        (Answers("a", go_version="1.20"), BadAnswer),
        (Answers("a", options=frozenset(["rm -rf"])), BadAnswer),
    ],
)
def test_answers_that_do_not_fit_are_refused_before_anything_is_written(
    answers: Answers, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        create_project("http", answers, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(NoSuchTemplate):
        render("../http", ANSWERS)


def test_a_folder_with_files_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderTaken):
        create_project("http", ANSWERS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["go.mod"]
    assert (tmp_path / "go.mod").read_text(encoding="utf-8") == "mine"


def test_what_else_lies_in_the_folder_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    (folder / "cmd").mkdir(parents=True)
    (folder / "cmd" / "notes.txt").write_text("mine", encoding="utf-8")
    files = create_project("http", ANSWERS, folder)
    assert (folder / "cmd" / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert all(path.is_file() for path in files)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "cmd").symlink_to(outside)
    with pytest.raises(FolderTaken):
        create_project("http", ANSWERS, tmp_path / "new")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("there_before", [False, True])
def test_a_failure_leaves_nothing_half_made(tmp_path: Path, there_before: bool) -> None:
    folder = tmp_path / "deep" / "new"
    if there_before:
        folder.mkdir(parents=True)
        (folder / "mine.txt").write_text("mine", encoding="utf-8")
    # deeper than any file system takes, though each part may be
    too_deep = {"good.txt": b"x", "/".join(["x" * 250] * 20) + "/bad.txt": b"x"}
    with pytest.raises(NotWritten):
        write_project(too_deep, folder)
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert left == (["deep", "deep/new", "deep/new/mine.txt"] if there_before else [])


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("x", encoding="utf-8")
    with pytest.raises(FolderTaken):
        create_project("http", ANSWERS, tmp_path / "new")
