"""What Settings and set-up say."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.app_doctor import Check, CheckState
from desktop.ui.git_branch import branch_of
from desktop.ui.navigation import initials
from desktop.ui.pages.settings.present import (
    CHINA,
    proxy_choices,
    proxy_key,
    proxy_problem,
    proxy_value,
    third_parties,
)
from desktop.ui.pages.setup.present import ready, steps, tally
from installer.freeze.notices import WITHOUT_METADATA, Notice, told


def check(name: str, state: CheckState, *, required: bool = False) -> Check:
    return Check(name, name, state, "found", "why", required=required)


def test_every_proxy_choice_leads_to_a_value_and_back() -> None:
    for key, _ in proxy_choices():
        if key != "own":
            assert proxy_key(proxy_value(key, "")) == key
    assert proxy_key("https://goproxy.example.com,direct") == "own"
    assert proxy_value("china", "") == CHINA


def test_a_company_proxy_needs_an_address() -> None:
    assert proxy_problem("") != ""
    assert proxy_problem("goproxy.example.com") != ""
    assert proxy_problem("https://goproxy.example.com,direct") == ""
    assert proxy_problem("http://10.0.0.5:8081|direct") == ""


def test_this_computer_is_ready_when_what_is_required_is_there() -> None:
    go, engine = check("go", CheckState.OK, required=True), check("engine", CheckState.OFF)
    assert ready([go, engine])
    assert not ready([check("go", CheckState.FAIL, required=True), engine])
    assert not ready([])


def test_optional_things_need_nobody() -> None:
    checks = [check("go", CheckState.OK, required=True), check("engine", CheckState.OFF)]
    assert tally(checks) == "1 of 2 ready"
    assert tally([*checks, check("paths", CheckState.WARN)]) == "1 of 3 ready, 1 needs you"
    assert [step.state for step in steps(checks, has_project=True)] == ["ok", "ok", "wait", "ok"]


def test_the_branch_is_read_without_running_git(tmp_path: Path) -> None:
    assert branch_of(tmp_path / "nowhere") == ""
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/feature/sso\n", encoding="utf-8")
    assert branch_of(tmp_path / "cmd") == "feature/sso"
    (git / "HEAD").write_text("3f9c2e1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", encoding="utf-8")
    assert branch_of(tmp_path) == "3f9c2e1"


def test_a_work_tree_names_its_real_folder(tmp_path: Path) -> None:
    real = tmp_path / "main" / ".git" / "worktrees" / "one"
    real.mkdir(parents=True)
    (real / "HEAD").write_text("ref: refs/heads/one\n", encoding="utf-8")
    tree = tmp_path / "one"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {real}\n", encoding="utf-8")
    assert branch_of(tree) == "one"


def test_a_project_has_two_letters() -> None:
    assert [initials(name) for name in ("orders-api", "ledger", "a", "")] == ["OA", "LE", "A", "?"]


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
    monkeypatch.setattr("desktop.ui.pages.settings.present.resources", lambda: tmp_path / "resources")
    found = {part.name: part for part in third_parties()}
    assert list(found)[:2] == ["anyio", "CPython"]
    assert len(found) == len(notices) + len(WITHOUT_METADATA)
    assert (found["paramiko"].version, found["paramiko"].home) == ("5.1.0", "https://paramiko.org")
    assert found["paramiko"].licence.startswith("LGPL-2.1")
    qt = found["Qt 6 (in PySide6 and shiboken6)"]
    assert (qt.version, qt.licence) == ("", "LGPL-3.0-only")
