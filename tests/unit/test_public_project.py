"""A large public project, unchanged: Go's own source, two modules with vendored dependencies, opened and built."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_build import build_project, output_folder, prepare
from desktop.base.paths import Home
from desktop.build import BuildOutcome
from desktop.project import Project, config_for

PROGRAM = "./cmd/pprof"


async def open_and_build(home: Path) -> tuple[Path, Project, BuildOutcome]:
    async with App(Home(home)) as app:
        source = (await app.toolchain()).goroot / "src"
        project = await app.project(source)
        config = replace(config_for(project), name="pprof", main=PROGRAM)
        prepared = await prepare(app, project, config=config, output=home / "out")
        return source, project, await build_project(app, prepared)


@pytest.mark.timeout(900)  # the first build of a machine compiles a good part of the standard library
@pytest.mark.skipif(sys.platform != "linux", reason="starts what it built for linux/amd64")
def test_go_s_own_source_opens_builds_and_runs_as_it_is(tmp_path: Path) -> None:
    source, project, outcome = asyncio.run(open_and_build(tmp_path))
    assert [module.path for module in project.modules] == ["std", "cmd"]
    assert project.vendored
    assert {PROGRAM, "./cmd/go", "./cmd/vet"} <= {main.package for main in project.mains}
    assert outcome.ok, outcome.failures
    said = subprocess.run(
        [outcome.binaries[0].path, "-h"], capture_output=True, encoding="utf-8", check=False
    )
    assert "usage" in said.stderr.lower()
    assert not (source / "dist").exists()


def test_source_under_the_name_of_the_output_is_left_alone(tmp_path: Path) -> None:
    assert output_folder(tmp_path) == tmp_path / "dist"
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "build.go").write_text("package main\n", encoding="utf-8")
    assert output_folder(tmp_path) == tmp_path / "goferry-dist"
