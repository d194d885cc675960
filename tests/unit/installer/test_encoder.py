"""The encoder beside the frozen program: with its licence, or left out and said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.build import NoGo
from installer.freeze import encoder


def test_without_go_the_edition_goes_on_without_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(pool: object) -> None:
        raise NoGo()

    monkeypatch.setattr(encoder, "find_toolchain", none)
    said: list[str] = []
    encoder.add(tmp_path / "bin", lambda path: None, said.append)
    assert len(said) == 1
    assert said[0].startswith("without the encoder of patches")
    assert not (tmp_path / "bin").exists()


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
