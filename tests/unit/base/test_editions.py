"""What earlier versions left beside the one that runs goes; what is used stays."""

from __future__ import annotations

import ctypes
import shutil
import sys
from pathlib import Path

import pytest

from desktop.base.editions import parts_named, remove_older

NEW, OLD = "app-0.2.0-0a1b2c3d", "app-0.1.0-00000000"


def program(folder: Path, name: str, parts: str) -> None:
    (folder / name).write_bytes(b"MZ\0pyi-contents-directory " + parts.encode() + b"\0\0")
    (folder / parts).mkdir(exist_ok=True)
    (folder / parts / "python311.dll").write_bytes(b"MZ")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    program(tmp_path, "old.exe", OLD)
    (tmp_path / "old.exe").rename(tmp_path / "goferryw.exe.123.old")
    program(tmp_path, "goferry.exe", NEW)
    program(tmp_path, "goferryw.exe", NEW)
    (tmp_path / "uninstall.exe").write_bytes(b"MZ")
    (tmp_path / "mine.txt").write_bytes(b"a person's own")
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_parts_and_programs_of_an_older_version_go(installed: Path) -> None:
    assert remove_older(installed) == [OLD, "goferryw.exe.123.old"]
    assert names(installed) == [NEW, "goferry.exe", "goferryw.exe", "mine.txt", "uninstall.exe"]
    assert remove_older(installed) == []


def test_parts_that_one_of_the_programs_still_names_stay(installed: Path) -> None:
    """A set-up was killed between the two."""
    program(installed, "goferry.exe", OLD)
    assert remove_older(installed) == ["goferryw.exe.123.old"]
    assert {OLD, NEW} <= set(names(installed))


def test_nothing_is_older_where_a_program_is_missing(installed: Path) -> None:
    (installed / "goferry.exe").unlink()
    assert remove_older(installed) == []
    assert OLD in names(installed)


@pytest.mark.skipif(sys.platform != "win32", reason="an open library is no hindrance elsewhere")
def test_parts_that_run_stay(installed: Path) -> None:
    library = installed / OLD / "python311.dll"
    shutil.copy(Path(sys.base_prefix) / "python3.dll", library)
    loaded = ctypes.CDLL(str(library))
    assert OLD not in remove_older(installed)
    assert library.exists()
    ctypes.windll.kernel32.FreeLibrary(ctypes.c_void_p(loaded._handle))  # type: ignore[attr-defined]  # Windows only
    assert OLD in remove_older(installed)


def test_only_folders_of_parts_are_found_in_a_program() -> None:
    assert parts_named(b"\0app-1.2.3-0a1b2c3dapp-1.2\0app-x") == {"app-1.2.3-0a1b2c3d"}
