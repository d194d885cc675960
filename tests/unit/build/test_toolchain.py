"""Finding Go: the real one, none, one that is too old, one that is broken."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.build import (
    BrokenGo,
    NoGo,
    Target,
    Toolchain,
    UnknownTarget,
    WrongGo,
    find_toolchain,
    list_targets,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="writes a shell script as the go program")


def look(pool: Pool, configured: str = "", **more: object) -> Toolchain:
    return asyncio.run(find_toolchain(pool, configured, **more))  # type: ignore[arg-type]  # as the caller gave them


def fake_go(folder: Path, script: str) -> Path:
    """A program that is called go and answers as told: old and broken versions cannot be installed side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def says_version(version: str) -> str:
    answer = f'{{"GOVERSION": "go{version}", "GOROOT": "/none", "GOHOSTOS": "linux", "GOHOSTARCH": "amd64"}}'
    return f"echo '{answer}'"


def test_the_go_of_this_computer_is_found_and_asked(pool: Pool, go: Toolchain) -> None:
    assert go.path.is_file()
    assert go.version[0].isdigit()
    assert (go.goroot / "src").is_dir()
    assert go.cache is not None


def test_it_is_the_program_itself_and_no_script_around_it(go: Toolchain) -> None:
    assert go.path.read_bytes()[:2] != b"#!"


def test_a_goroot_may_be_chosen_instead_of_a_program(pool: Pool, go: Toolchain) -> None:
    assert look(pool, str(go.goroot)).source == "settings"


def test_no_go_says_what_to_do(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGo) as raised:
        look(pool, places=())
    assert raised.value.code == "build.no_go"
    assert raised.value.fixes[0].action == "setup.go"


@posix_only
def test_a_go_that_is_too_old_is_named_with_what_is_wanted(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path, says_version("1.13.8"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    with pytest.raises(WrongGo, match=r"Go 1\.13\.8 is too old.*Go 1\.25 or newer"):
        look(pool, wanted="1.25", places=())


@posix_only
def test_a_newer_go_in_a_usual_place_is_taken_when_that_on_path_is_too_old(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path / "old", says_version("1.13"))
    fake_go(tmp_path / "new", says_version("1.26.1"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    found = look(pool, places=(tmp_path / "new",))
    assert (found.version, found.source) == ("1.26.1", "usual")


@posix_only
@pytest.mark.parametrize("script", ["exit 1", "echo nonsense", "echo '[]'", "echo '{}'"])
def test_a_go_that_does_not_answer_is_broken(pool: Pool, tmp_path: Path, script: str) -> None:
    program = fake_go(tmp_path, script)
    with pytest.raises(BrokenGo, match="does not work"):
        look(pool, str(program))


def test_a_chosen_go_that_is_not_there_is_named(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(NoGo, match=r"There is no Go program at .*nowhere") as raised:
        look(pool, str(tmp_path / "nowhere" / "go"))
    assert raised.value.code == "build.no_go"


def test_targets_are_those_of_go_itself(pool: Pool, go: Toolchain) -> None:
    targets = asyncio.run(list_targets(pool, go))
    names = {str(info.target) for info in targets}
    assert {"linux/amd64", "linux/arm64", "linux/loong64", "windows/amd64"} <= names
    assert next(info for info in targets if info.target == Target("linux", "amd64")).first_class


@pytest.mark.parametrize(
    "text", ["", "linux", "linux/", "/amd64", "linux/amd64/v2", "linux amd64", "-x/amd64", "a\nb/c"]
)
def test_what_has_not_the_form_of_a_target_is_refused(text: str) -> None:
    with pytest.raises(UnknownTarget):
        Target.parse(text)
