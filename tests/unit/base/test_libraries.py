"""The libraries that came along, in a source tree and in the frozen program."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from desktop.base.libraries import third_parties, versions_of
from installer.freeze.notices import WITHOUT_METADATA, Notice, told


def test_the_libraries_are_named_with_their_licences() -> None:
    found = {part.name.casefold(): part for part in third_parties()}
    assert "paramiko" in found
    assert "LGPL" in found["paramiko"].licence
    assert any(name.startswith("pyside6") for name in found)


def test_the_frozen_program_names_what_its_notices_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices = [
        Notice("paramiko", "5.1.0", "LGPL-2.1", "https://paramiko.org", "Version 2.1: of 1999\n" + "=" * 40),
        Notice("anyio", "4.16.0", "MIT", "", "The MIT License (MIT)\n\nCopyright: others"),
    ]
    (tmp_path / "THIRD_PARTY_NOTICES.txt").write_text(told(notices), encoding="utf-8", newline="\r\n")
    monkeypatch.setattr("desktop.base.libraries.resources", lambda: tmp_path / "resources")
    found = {part.name: part for part in third_parties()}
    assert list(found)[:2] == ["anyio", "CPython"]
    assert len(found) == len(notices) + len(WITHOUT_METADATA)
    assert (found["paramiko"].version, found["paramiko"].home) == ("5.1.0", "https://paramiko.org")
    assert found["paramiko"].licence.startswith("LGPL-2.1")
    qt = found["Qt 6 (in PySide6 and shiboken6)"]
    assert (qt.version, qt.licence) == ("", "LGPL-3.0-only")
    versions = versions_of(["PySide6-Essentials", "paramiko", "CPython"])
    assert versions == {"PySide6-Essentials": "?", "paramiko": "5.1.0", "CPython": ""}


def test_the_versions_of_libraries_are_known_however_their_names_are_written() -> None:
    assert versions_of(["pyside6.essentials", "no-such-thing"]) == {
        "pyside6.essentials": metadata.version("PySide6_Essentials"),
        "no-such-thing": "?",
    }
