"""Folders as they come: one module, many, workspaces, vendored, huge, hostile. Nothing of them is run."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from desktop.project import (
    ConfigError,
    NoFolder,
    Project,
    apply_change,
    config_for,
    go_too_old,
    inspect_folder,
    line_ends,
    listen_everywhere,
    locate_main,
)
from desktop.project.errors import ChangedSince
from desktop.project.scan import scan

MAIN = 'package main\n\nimport "net/http"\n\nfunc main() {\n\thttp.ListenAndServe(":8080", nil)\n}\n'


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def codes(project: Project) -> set[str]:
    return {finding.code for finding in project.warnings}


def test_a_plain_project_is_read(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "Orders API",
        {
            "go.mod": "module example.com/orders // ours\n\ngo 1.22.3\n\ntoolchain go1.23.1\n",
            "cmd/app/main.go": MAIN,
            "Dockerfile": "FROM scratch\n",
            "compose.yaml": "services: {}\n",
        },
    )
    project = inspect_folder(folder)
    assert project.name == "orders-api"
    assert [(one.path, one.go_version, one.toolchain) for one in project.modules] == [
        ("example.com/orders", "1.22.3", "go1.23.1")
    ]
    assert [(one.package, one.name, one.port) for one in project.mains] == [("./cmd/app", "app", 8080)]
    assert project.dockerfile == folder / "Dockerfile"
    assert project.compose == folder / "compose.yaml"
    assert project.go_version == "1.22.3"
    assert codes(project) == set()


def test_a_dockerfile_of_the_tests_is_not_the_programs(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module x\n", "main.go": MAIN, "tests/Dockerfile": "FROM scratch\n"})
    assert inspect_folder(tmp_path).dockerfile is None
    write(tmp_path, {"build/package/Dockerfile": "FROM scratch\n"})
    assert inspect_folder(tmp_path).dockerfile == tmp_path / "build" / "package" / "Dockerfile"


def test_the_port_may_be_set_in_another_package_or_in_a_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": "module example.com/a\n\ngo 1.22\n",
            "main.go": 'package main\nimport "example.com/a/internal/server"\nfunc main() { server.Run() }\n',
            "internal/server/server.go": 'package server\nimport "net/http"\nfunc Run() { http.ListenAndServe(addr(), '
            'routes()) }\nfunc routes() http.Handler { m := mux(); m.HandleFunc("/healthz", h)\nreturn m }',
            "configs/config.yaml": "database:\n  db_port: 5432\nserver:\n  port: 9123\n",
        },
    )
    main = inspect_folder(tmp_path).mains[0]
    assert (main.package, main.port, main.health) == (".", 9123, "/healthz")


def test_several_modules_and_programs_are_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.work": "go 1.22\n\nuse (\n\t./a\n\t./b\n)\n",
            "a/go.mod": 'module "example.com/a"\n\ngo 1.22\n',
            "a/main.go": MAIN,
            "b/go.mod": "module example.com/b/v2\n\ngo 1.21\n",
            "b/cmd/tool/main.go": MAIN.replace("8080", "9090"),
            "b/main.go": "package b\n",
        },
    )
    project = inspect_folder(tmp_path)
    assert project.workspace
    assert {one.path for one in project.modules} == {"example.com/a", "example.com/b/v2"}
    assert {(one.package, one.module, one.port) for one in project.mains} == {
        ("./a", "example.com/a", 8080),
        ("./b/cmd/tool", "example.com/b/v2", 9090),
    }
    assert locate_main(tmp_path, "./b/cmd/tool") == (tmp_path, "./b/cmd/tool")
    (tmp_path / "go.work").unlink()
    assert locate_main(tmp_path, "./b/cmd/tool") == (tmp_path / "b", "./cmd/tool")


def test_what_go_leaves_out_is_no_program(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": "module example.com/a\n",
            "gen/gen.go": "//go:build ignore\n\n" + MAIN,
            "testdata/main.go": MAIN,
            "_old/main.go": MAIN,
            ".hidden/main.go": MAIN,
            "vendor/example.com/x/main.go": MAIN,
            "node_modules/x/main.go": MAIN,
            "lib/lib.go": "package lib\n",
            "half/main.go": "package main\n\nfunc helper() {}\n",
            "cmd/main_test.go": MAIN,
        },
    )
    project = inspect_folder(tmp_path)
    assert project.mains == ()
    assert codes(project) == {"project.no_main"}


def test_a_program_in_a_folder_with_ignored_generators_is_found(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"go.mod": "module a.b/c\n", "lib/a_gen.go": "//go:build ignore\npackage main\nfunc main(){}\n",
         "lib/b.go": "package lib\n", "app/a_gen.go": "// +build ignore\n\npackage lib\n", "app/z.go": MAIN},
    )  # fmt: skip
    assert [one.package for one in inspect_folder(tmp_path).mains] == ["./app"]


def test_the_main_program_comes_before_tools_and_examples(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "shop",
        {"go.mod": "module a.b/shop\n", "examples/a/main.go": MAIN, "hack/x/main.go": MAIN, "cmd/zeta/main.go": MAIN,
         "cmd/shop/main.go": MAIN},
    )  # fmt: skip
    project = inspect_folder(folder)
    assert project.mains[0].package == "./cmd/shop"
    assert project.mains[1].package == "./cmd/zeta"


def test_a_folder_that_is_no_project_says_so(tmp_path: Path) -> None:
    project = inspect_folder(tmp_path)
    assert project.modules == ()
    assert codes(project) == {"project.no_module"}


def test_a_missing_folder_is_an_explained_error(tmp_path: Path) -> None:
    with pytest.raises(NoFolder):
        inspect_folder(tmp_path / "gone")


def test_cgo_is_noticed_in_own_and_in_vendored_code(tmp_path: Path) -> None:
    own = write(
        tmp_path / "own",
        {
            "go.mod": "module a.b/c\n",
            "main.go": 'package main\n\n// #include <stdio.h>\nimport "C"\n\nfunc main() {}\n',
        },
    )
    vendored = write(
        tmp_path / "vendored",
        {
            "go.mod": "module a.b/c\n\nrequire x.y/z v1.0.0\n",
            "main.go": 'package main\n\nimport "x.y/z"\n\nfunc main() { z.Z() }\n',
            "vendor/modules.txt": "# x.y/z v1.0.0\n",
            "vendor/x.y/z/z.go": 'package z\n\nimport "C"\n\nfunc Z() {}\n',
        },
    )
    comment = write(tmp_path / "comment", {"go.mod": "module a.b/c\n", "main.go": '// import "C"\n' + MAIN})
    optional = write(
        tmp_path / "optional",
        {
            "go.mod": "module a.b/c\n",
            "main.go": MAIN,
            "c.go": '//go:build cgo\n\npackage main\n\nimport "C"\n',
        },
    )
    assert [inspect_folder(one).uses_cgo for one in (own, vendored, comment, optional)] == [
        True,
        True,
        False,
        False,
    ]
    assert inspect_folder(vendored).vendored
    assert "project.cgo" in codes(inspect_folder(own))
    assert config_for(inspect_folder(own)).build.cgo


def test_scripts_with_windows_line_ends_are_named_and_can_be_put_right(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"go.mod": "module a.b/c\n", "main.go": MAIN, "run.sh": b"#!/bin/sh\r\nexit 0\r\n", "ok.sh": "a\n"},
    )
    project = inspect_folder(tmp_path)
    assert project.crlf_scripts == (tmp_path / "run.sh",)
    assert "project.crlf" in codes(project)
    (change,) = line_ends(project)
    assert "-#!/bin/sh␍" in change.diff()
    apply_change(change)
    assert (tmp_path / "run.sh").read_bytes() == b"#!/bin/sh\nexit 0\n"


def test_a_bind_to_localhost_is_named_by_line_and_can_be_changed(tmp_path: Path) -> None:
    text = MAIN.replace('":8080"', '"localhost:8080"').replace(
        "func main", "// Gruß, “localhost:8080”\nfunc main"
    )
    write(tmp_path, {"go.mod": "module a.b/c\n", "main.go": text.replace("\n", "\r\n")})
    project = inspect_folder(tmp_path)
    place = project.mains[0].localhost
    assert place is not None
    assert (place.line, "project.localhost" in codes(project)) == (7, True)
    change = listen_everywhere(place)
    assert change is not None
    added = [line for line in change.diff().splitlines() if line.startswith("+\t")]
    assert added == ['+\thttp.ListenAndServe(":8080", nil)␍']
    apply_change(change)
    assert (tmp_path / "main.go").read_bytes() == text.replace("\n", "\r\n").replace(
        'Serve("localhost:8080"', 'Serve(":8080"'
    ).encode()
    assert inspect_folder(tmp_path).mains[0].localhost is None


def test_a_change_is_not_written_over_a_file_that_moved_on(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module a.b/c\n", "main.go": MAIN.replace('":8080"', '"localhost:8080"')})
    place = inspect_folder(tmp_path).mains[0].localhost
    assert place is not None
    change = listen_everywhere(place)
    assert change is not None
    (tmp_path / "main.go").write_text("package main // new\n", encoding="utf-8")
    with pytest.raises(ChangedSince):
        apply_change(change)
    assert (tmp_path / "main.go").read_text(encoding="utf-8") == "package main // new\n"


def test_a_broken_configuration_is_a_finding_and_never_replaced_by_guesses(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module a.b/c\n", "main.go": MAIN, "goferry.yaml": "name: x\nport: many\n"})
    project = inspect_folder(tmp_path)
    (finding,) = project.warnings
    assert finding.place is not None
    assert (finding.code, finding.place.line) == ("project.config", 2)
    with pytest.raises(ConfigError):
        config_for(project)


def test_defaults_come_from_what_was_found(tmp_path: Path) -> None:
    code = 'package main\nfunc main() { http.HandleFunc("/healthz", h); http.ListenAndServe(":9000", nil) }\n'
    write(tmp_path / "shop", {"go.mod": "module a.b/c\n", "cmd/x/main.go": code})
    config = config_for(inspect_folder(tmp_path / "shop"))
    assert (config.name, config.main, config.port, config.health.http) == (
        "shop",
        "./cmd/x",
        9000,
        "/healthz",
    )


def test_a_port_without_a_health_path_is_checked_by_tcp(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module a.b/c\n", "main.go": MAIN})
    health = config_for(inspect_folder(tmp_path)).health
    assert (health.http, health.tcp) == (None, True)


def test_a_health_path_without_a_port_is_not_told(tmp_path: Path) -> None:
    code = 'package main\nimport "net/http"\nfunc main() { http.Get(*endpoint + "/health"); http.ListenAndServe(addr(), mux("/health")) }\n'
    write(tmp_path, {"go.mod": "module a.b/ctl\n", "main.go": code})
    main = inspect_folder(tmp_path).mains[0]
    assert (main.port, main.health) == (None, None)


def test_a_main_that_is_gone_is_named(tmp_path: Path) -> None:
    write(
        tmp_path, {"go.mod": "module a.b/c\n", "main.go": MAIN, "goferry.yaml": "name: x\nmain: ./cmd/old\n"}
    )
    assert "project.lost_main" in codes(inspect_folder(tmp_path))


@pytest.mark.parametrize(
    ("there", "wanted", "old"),
    [("1.21.9", "1.22", True), ("1.22", "1.22.0", False), ("1.27.3", "1.9", False), ("1.22rc1", "1.22", True),
     ("1.22.1", "1.22rc2", False), ("1.22.0", "", False)],
)  # fmt: skip
def test_an_old_go_is_noticed(there: str, wanted: str, old: bool) -> None:
    assert (go_too_old(there, wanted) is not None) == old


# hostile and huge


def test_a_huge_tree_is_bounded_in_number(tmp_path: Path) -> None:
    for n in range(40):
        (tmp_path / f"d{n:02}").mkdir()
        for m in range(50):
            (tmp_path / f"d{n:02}" / f"f{m}.txt").touch()
    tree = scan(tmp_path, most=500)
    assert tree.stopped
    assert tree.entries == 500


@pytest.mark.skipif(sys.platform == "win32", reason="to make so many files takes minutes there")
def test_a_hundred_thousand_files_are_read_in_time(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module a.b/c\n", "main.go": MAIN})
    for n in range(100):
        folder = tmp_path / "assets" / str(n)
        folder.mkdir(parents=True)
        for m in range(1000):
            os.close(os.open(folder / str(m), os.O_CREAT))
    started = time.thread_time()
    project = inspect_folder(tmp_path)
    assert time.thread_time() - started < 15
    assert [one.port for one in project.mains] == [8080]


def test_many_packages_are_bounded_in_time(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"go.mod": "module a.b/c\n"}
    files |= {f"cmd/a{n}/main.go": MAIN for n in range(300)}
    write(tmp_path, files)
    started = time.thread_time()
    assert len(inspect_folder(tmp_path).mains) == 300
    assert time.thread_time() - started < 15


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no names that are no text")
def test_names_that_are_no_text_are_survived(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(odd)
    Path(os.fsdecode(odd + b"/go.mod")).write_text("module a.b/c\n", encoding="utf-8")
    Path(os.fsdecode(odd + b"/main.go")).write_text(MAIN, encoding="utf-8")
    Path(os.fsdecode(odd + b"/\x1b[2J.sh")).write_bytes(b"\r\n")
    project = inspect_folder(tmp_path)
    assert project.mains[0].port == 8080
    shown = " ".join(f"{one.what}{one.why}{one.fix}" for one in project.warnings)
    assert shown.isprintable()
    assert "\\x1b[2J" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and devices")
def test_links_pipes_and_devices_do_not_hang_it(tmp_path: Path) -> None:
    write(tmp_path, {"main.go": MAIN})
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "go.mod").symlink_to("/dev/zero")
    (tmp_path / "goferry.yaml").symlink_to("/dev/random")
    os.mkfifo(tmp_path / "run.sh")
    os.mkfifo(tmp_path / "a.go")
    (tmp_path / "Dockerfile").symlink_to(tmp_path / "nowhere")
    project = inspect_folder(tmp_path)
    assert [one.package for one in project.mains] == ["."]
    assert "project.config" in codes(project)


def test_hostile_contents_are_survived(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": b"module \x1b]52;c;x\x07\n\nrequire (\n" + b"(" * 5000 + b"\xff" * 1000,
            "go.work": b"\0" * 1000,
            "main.go": b"package main\n//go:build " + b"(" * 100_000 + b"\nfunc main() {}\n",
            "b/b.go": b"//go:build " + b"!" * 100_000 + b"x\n\npackage main\n",
            "c/c.go": b"/*" * 100_000,
            "d/d.go": b'package main; func main() { f("' + b"\\" * 200_001,
            "Dockerfile": b"EXPOSE " + b"9" * 100_000,
            "config.yaml": b"port: " + b" " * 60_000 + b"x",
            "x.sh": b"\xff\r\n",
        },
    )
    started = time.thread_time()
    project = inspect_folder(tmp_path)
    assert time.thread_time() - started < 10
    assert all(str(one.what).isprintable() and str(one.why).isprintable() for one in project.warnings)


def test_folders_in_place_of_files_are_survived(tmp_path: Path) -> None:
    for name in ("go.mod", "goferry.yaml", "Dockerfile", "compose.yaml", "main.go", "run.sh"):
        (tmp_path / name).mkdir()
    project = inspect_folder(tmp_path)
    assert (project.modules, project.mains) == ((), ())
    assert "project.config" in codes(project)


def test_a_main_outside_the_project_is_looked_for_where_it_is(tmp_path: Path) -> None:
    """On Windows it may even be on another drive, which has no way from here to there."""
    project, other = tmp_path / "项目", tmp_path / "other"
    for folder, name in ((project, "a"), (other, "b")):
        (folder / "cmd").mkdir(parents=True)
        (folder / "go.mod").write_text(f"module example.com/{name}\n", encoding="utf-8")
    assert locate_main(project, "../other/cmd") == (other, "./cmd")
    assert locate_main(project, str(other / "cmd")) == (other, "./cmd")
    nowhere = Path(tmp_path.anchor) / "nowhere" / "cmd"
    assert locate_main(project, str(nowhere)) == (project, nowhere.as_posix())
