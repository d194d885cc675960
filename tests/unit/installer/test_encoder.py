"""The encoder beside the frozen program, with its licence, also from a computer without Go."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.base.processes import find_program
from desktop.build import NoGo, Toolchain, find_toolchain
from desktop.build.toolchain import packaged
from installer.freeze import encoder


def test_on_a_computer_without_go_the_locked_one_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def find(pool: Pool, configured: str = "") -> Toolchain:
        asked.append(configured)
        if not configured:
            raise NoGo()
        return await find_toolchain(pool, configured)

    async def build(
        pool: Pool, toolchain: Toolchain, folder: Path, *words: object, **more: object
    ) -> list[Path]:
        folder.mkdir()
        return [toolchain.path]

    monkeypatch.setattr(encoder, "find_toolchain", find)
    monkeypatch.setattr(encoder, "prebuild", build)
    monkeypatch.setattr(encoder, "locked_go", lambda: str(find_program("go") or packaged()))
    said: list[str] = []
    encoder.add(tmp_path / "bin", lambda path: None, said.append)
    assert len(asked) == 2
    assert said[0].startswith("go")
    assert "The Go Authors" in (tmp_path / "bin" / "GO-LICENSE.txt").read_text(encoding="utf-8")


def test_gos_licence_is_found_in_both_kinds_of_go(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        encoder.go_licence(tmp_path)
    (tmp_path / "LICENSE").write_text("somebody else's", encoding="utf-8")
    packaged = tmp_path / "src" / "cmd" / "vendor" / "golang.org" / "x" / "sys" / "LICENSE"
    packaged.parent.mkdir(parents=True)
    packaged.write_text("Copyright 2009 The Go Authors.", encoding="utf-8")
    assert encoder.go_licence(tmp_path) == packaged.read_bytes()
    (tmp_path / "LICENSE").write_text("Copyright 2009 The Go Authors. All", encoding="utf-8")
    assert encoder.go_licence(tmp_path).endswith(b"All")
