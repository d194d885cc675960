"""A stranger's clone is complete, and tells nothing about the computer it was made on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.quality.sources import ROOT, tracked

BINARY = {".png", ".ico", ".icns", ".qm", ".woff2", ".ttf", ".gz", ".tar", ".zip", ".exe", ".dll", ".pyc"}
WINDOWS = {".bat", ".cmd", ".ps1"}
LARGEST = 2_000_000


def texts() -> list[tuple[str, bytes]]:
    return [
        (path.relative_to(ROOT).as_posix(), path.read_bytes())
        for path in tracked()
        if path.suffix not in BINARY
    ]


@pytest.mark.parametrize(
    "path", [ROOT, Path(sys.prefix)], ids=["the clone's own path", "the environment's path"]
)
def test_no_file_names_a_path_of_this_computer(path: Path) -> None:
    if len(path.parts) < 3 or path.is_relative_to("/usr"):
        pytest.skip(f"{path} is a path that any computer has")
    assert [name for name, content in texts() if str(path).encode() in content] == []


def test_lines_end_as_gitattributes_says() -> None:
    assert [
        name for name, content in texts() if b"\r\n" in content and Path(name).suffix not in WINDOWS
    ] == []


def test_no_file_is_so_large_that_a_clone_is_slow() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > LARGEST] == []


def test_no_two_names_differ_by_case_only() -> None:
    """Windows would check out one of them."""
    names = [path.relative_to(ROOT).as_posix().casefold() for path in tracked()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_no_name_is_refused_by_windows() -> None:
    reserved = {
        "con",
        "prn",
        "aux",
        "nul",
        *(f"com{n}" for n in range(1, 10)),
        *(f"lpt{n}" for n in range(1, 10)),
    }
    refused = [
        name
        for name in (path.relative_to(ROOT).as_posix() for path in tracked())
        if any(
            set(part) & set('<>:"|?*\\') or part.split(".")[0].casefold() in reserved
            for part in name.split("/")
        )
    ]
    assert refused == []


@pytest.mark.parametrize(
    "name", ["LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "uv.lock", ".ci/run"]
)
def test_a_clone_has(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0
