"""Folders that lead elsewhere, told from those that a cloud keeps, by attributes as Windows gives them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from desktop.base.links import leads_elsewhere
from desktop.project.scan import scan

FOLDER, REPARSE, OFFLINE, PINNED, RECALL = 0x10, 0x400, 0x1000, 0x80000, 0x400000


def found(attributes: int, tag: int, mode: int = stat.S_IFDIR | 0o777) -> Any:
    return SimpleNamespace(st_mode=mode, st_file_attributes=attributes, st_reparse_tag=tag)


@pytest.mark.parametrize(
    ("attributes", "tag", "elsewhere"),
    [
        (FOLDER, 0, False),
        (FOLDER | REPARSE, 0x9000701A, False),  # OneDrive's root, as fsutil told it
        (FOLDER | REPARSE | PINNED, 0x9000001A, False),  # a folder in it, kept on this computer
        (FOLDER | REPARSE | OFFLINE | RECALL, 0x9000601A, False),  # one that is in the cloud only
        (REPARSE, 0x80000013, False),  # deduplicated
        (FOLDER | REPARSE, 0xA0000003, True),  # a junction
        (FOLDER | REPARSE, 0xA000000C, True),  # a symbolic link
        (REPARSE, 0xA000001D, True),  # a link of WSL
    ],
)
def test_a_clouds_folder_is_a_folder_and_a_junction_is_not(
    attributes: int, tag: int, elsewhere: bool
) -> None:
    assert leads_elsewhere(found(attributes, tag)) is elsewhere


def test_a_symbolic_link_of_this_system_leads_elsewhere(tmp_path: Path) -> None:
    assert not leads_elsewhere(tmp_path.lstat())
    try:
        (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this person may not make links")
    if not os.path.islink(tmp_path / "link"):
        pytest.skip("links of this system are none to Python")
    assert leads_elsewhere((tmp_path / "link").lstat())


def test_a_project_that_lies_in_onedrive_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cmd" / "app").mkdir(parents=True)
    (tmp_path / "cmd" / "app" / "main.go").write_text("package main\n", encoding="utf-8")
    real = os.scandir

    class InTheCloud:
        """An entry as OneDrive's folders have it, for a program that placeholders are not hidden from."""

        def __init__(self, entry: os.DirEntry[str]) -> None:
            self._entry, self.name, self.path = entry, entry.name, entry.path

        def is_dir(self, *, follow_symlinks: bool = True) -> bool:
            return self._entry.is_dir(follow_symlinks=follow_symlinks)

        def stat(self, *, follow_symlinks: bool = True) -> Any:
            mode = self._entry.stat(follow_symlinks=follow_symlinks).st_mode
            return found(FOLDER | REPARSE | RECALL, 0x9000601A, mode)

    class Entries:
        def __init__(self, folder: str) -> None:
            self._entries = real(folder)

        def __enter__(self) -> list[InTheCloud]:
            return [InTheCloud(entry) for entry in self._entries]

        def __exit__(self, *_: object) -> None:
            self._entries.close()

    monkeypatch.setattr("desktop.project.scan.os.scandir", Entries)
    assert list(scan(tmp_path).go.values()) == [["main.go"]]
