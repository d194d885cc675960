"""A project as it lies on a Windows disk: Chinese names, carriage returns, read-only files, a share of the network."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_project import folder_terminal
from desktop.base.paths import Home
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
