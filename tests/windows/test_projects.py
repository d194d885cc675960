"""A project as it lies on a Windows disk: Chinese names, carriage returns, read-only files, a share of the network."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_build import build_project, prepare
from desktop.app_choices import save_choices
from desktop.app_project import folder_terminal
from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.paths import Home
from desktop.base.processes import find_program, run_process
from desktop.build import Inputs, Watching
from desktop.project import locate_main

if sys.platform != "win32":
    pytest.skip("needs a Windows Python: test_edition.py starts one", allow_module_level=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "项目 1 (副本)"
    (made / "cmd" / "app").mkdir(parents=True)
    (made / "go.mod").write_bytes(b"module example.com/app\r\n\r\ngo 1.21\r\n")
    main = made / "cmd" / "app" / "main.go"
    main.write_bytes(
        b'package main\r\n\r\nimport "net/http"\r\n\r\nfunc main() {\r\n\thttp.ListenAndServe(":8081", nil)\r\n}\r\n'
    )
    main.chmod(0o444)
    config = "# 注释\r\nname: app\r\nmain: ./cmd/app\r\nport: 8081\r\nenvironments:\r\n  dev:\r\n    hosts: [local]\r\n"
    (made / "goferry.yaml").write_bytes(config.encode())
    (made / "run.sh").write_bytes(b"#!/bin/sh\r\necho hi\r\n")
    return made


def test_carriage_returns_and_chinese_names_are_read_as_they_are(folder: Path, tmp_path: Path) -> None:
    async def look() -> None:
        async with App(Home(tmp_path / "家")) as app:
            project = await app.project(folder)
            assert project.main is not None
            assert (project.main.package, project.main.port) == ("./cmd/app", 8081)
            assert project.config is not None
            assert project.config.environments["dev"].hosts == ("local",)
            assert [finding.code for finding in project.warnings] == ["project.crlf"]

    asyncio.run(look())


@pytest.mark.parametrize("main", [r"Q:\other\cmd", r"\\server\share\cmd"])
def test_a_main_on_another_drive_or_a_share_is_no_crash(folder: Path, main: str) -> None:
    assert locate_main(folder, main) == (folder, Path(main).as_posix())


def test_a_terminal_opens_on_a_share_which_cmd_could_not() -> None:
    command = folder_terminal(Path(r"\\server\share\it's"))
    assert not command.argv[0].lower().endswith("cmd.exe")
    assert any("server" in word for word in command.argv)


@pytest.fixture
def shared(folder: Path) -> Path:
    r"""The same folder as a path of the network, \\localhost\C$\…"""
    if folder.drive.upper() != "C:":
        pytest.skip("the folder for temporary files is not on drive C")
    path = Path(r"\\localhost\C$", *folder.parts[1:])
    if not path.is_dir():
        pytest.skip("this person may not use the shares of the drives")
    return path


def test_a_project_on_a_share_is_read_and_its_choices_written(shared: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with App(Home(tmp_path / "home")) as app:
            project = await app.project(shared)
            assert project.main is not None
            assert project.config is not None
            assert project.main.package == "./cmd/app"
            assert save_choices(shared, project.config, {"port": 8082}).port == 8082

    asyncio.run(work())
    text = (shared / "goferry.yaml").read_bytes()
    assert b"port: 8082\r\n" in text
    assert text.startswith("# 注释\r\n".encode())


@pytest.mark.timeout(900)  # go.exe, perhaps with nothing compiled yet
def test_a_project_on_a_share_is_built(shared: Path, tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", "import os; print(os.getcwd())"],
        cwd=shared,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    if asked.stdout.strip().lower() != str(shared).lower():
        pytest.skip("Wine starts no program in a folder of the network")

    async def work() -> None:
        async with App(Home(tmp_path / "home")) as app:
            project = await app.project(shared)
            build = await prepare(app, project, config=project.config, output=tmp_path / "out")
            outcome = await build_project(app, build, targets=("linux/amd64",))
            assert outcome.failures == {}
            assert outcome.binaries[0].path.read_bytes()[:4] == b"\x7fELF"

    asyncio.run(work())


@pytest.mark.timeout(900)
def test_go_itself_knows_its_way_on_a_share(shared: Path, tmp_path: Path) -> None:
    go, output = find_program("go"), tmp_path / "out"
    if go is None:
        pytest.skip("no go.exe on PATH")
    env = (
        ("GOOS", "linux"),
        ("GOARCH", "amd64"),
        ("CGO_ENABLED", "0"),
        ("GOTOOLCHAIN", "local"),
        ("GOFLAGS", " "),
    )
    command = Command((str(go), "build", "-C", str(shared), "-o", str(output), "./cmd/app"), env)
    done = run_process(CancelToken(), command)
    assert output.read_bytes()[:4] == b"\x7fELF", done


@pytest.mark.timeout(900)
def test_a_save_on_a_share_is_noticed_and_a_look_at_the_file_is_not(shared: Path) -> None:
    pool, told, ready = Pool("watch", 1), list[tuple[str, ...]](), threading.Event()

    async def watch() -> None:
        watching = Watching(Inputs(shared))
        task = asyncio.ensure_future(
            pool.run(lambda token: watching.run(token, lambda one: told.append(one.files), ready.set))
        )
        main = shared / "cmd" / "app" / "main.go"
        try:
            await until(ready.is_set)
            main.read_bytes()
            main.chmod(0o666)  # an attribute, as OneDrive changes it when it has fetched a file
            (shared / "goferry.yaml").write_bytes(b"name: app\r\nmain: ./cmd/app\r\n")
            await until(lambda: told)
            assert told[0] == ("goferry.yaml",)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(holds: Callable[[], object]) -> None:
        async with asyncio.timeout(250):
            while not holds():
                await asyncio.sleep(0.05)

    try:
        asyncio.run(watch())
    finally:
        pool.close()
