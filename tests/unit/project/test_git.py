"""The state of a Git repository, read without letting the repository run anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.base.blocking import CancelToken
from desktop.project import GitState, NoCommit, parse_status, read_git, start_git

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Lin Yue")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "lin@example.com")
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "a.txt").write_text("a\n", encoding="utf-8")
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


@needs_git
def test_a_first_commit_is_made_and_read(repository: Path) -> None:
    start_git(CancelToken(), repository)
    state = read_git(repository)
    assert state is not None
    assert (state.branch, state.dirty, state.tag) == ("main", 0, "")
    assert len(state.commit) == 12


@needs_git
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives a folder away, as root may"
)
def test_a_repository_that_belongs_to_somebody_else_is_read_too(repository: Path) -> None:
    """As each one on a share does, to git for Windows."""
    start_git(CancelToken(), repository)
    for path in (repository, repository / ".git"):
        os.chown(path, 12345, 12345)
    asked = subprocess.run(["git", "status"], cwd=repository, capture_output=True, check=False)
    assert b"dubious ownership" in asked.stderr
    state = read_git(repository)
    assert state is not None
    assert len(state.commit) == 12


@needs_git
def test_changes_and_tags_are_seen_from_a_folder_inside(repository: Path) -> None:
    start_git(CancelToken(), repository)
    git(repository, "tag", "v1.2.0")
    git(repository, "mv", "a.txt", "b.txt")
    (repository / "new dir").mkdir()
    (repository / "new dir" / "日本\n.txt").write_text("x", encoding="utf-8")
    state = read_git(repository / "new dir")
    assert state is not None
    assert (state.dirty, state.tag) == (2, "v1.2.0")


@needs_git
def test_a_folder_outside_any_repository_has_no_state(tmp_path: Path) -> None:
    assert read_git(tmp_path) is None


@needs_git
def test_without_an_author_nothing_is_left_and_it_is_told(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "")
    with pytest.raises(NoCommit) as caught:
        start_git(CancelToken(), repository)
    assert caught.value.detail
    assert "user.email" in str(caught.value.fix), "the way out is not told"
    assert not (repository / ".git").exists()
    assert (repository / "a.txt").exists()


@needs_git
@pytest.mark.skipif(sys.platform == "win32", reason="the trap is a shell script")
@pytest.mark.parametrize("trap", ["fsmonitor", "hook", "filter", "include"])
def test_a_hostile_repository_runs_nothing(repository: Path, tmp_path: Path, trap: str) -> None:
    start_git(CancelToken(), repository)
    sprung, script = tmp_path / "sprung", tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {sprung}\ncat\n", encoding="utf-8")
    script.chmod(0o755)
    if trap == "fsmonitor":
        git(repository, "config", "core.fsmonitor", str(script))
    elif trap == "hook":
        hooks = repository / "hooks"
        hooks.mkdir()
        for name in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
            shutil.copy(script, hooks / name)
        git(repository, "config", "core.hooksPath", str(hooks))
    else:
        (repository / ".gitattributes").write_text("* filter=trap\n", encoding="utf-8")
        settings = repository / ".git" / "config"
        text = f'[filter "trap"]\n\tclean = {script}\n'
        if trap == "include":
            (tmp_path / "other").write_text(text, encoding="utf-8")
            text = f"[include]\n\tpath = {tmp_path / 'other'}\n"
        settings.write_text(settings.read_text(encoding="utf-8") + text, encoding="utf-8")
    (repository / "a.txt").write_text("changed\n", encoding="utf-8")
    read_git(repository)
    assert not sprung.exists()


@needs_git
@pytest.mark.skipif(sys.platform == "win32", reason="the trap is a shell script")
def test_a_folder_that_is_itself_a_bare_repository_runs_nothing(repository: Path, tmp_path: Path) -> None:
    start_git(CancelToken(), repository)
    sprung, script = tmp_path / "sprung", tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {sprung}\n", encoding="utf-8")
    script.chmod(0o755)
    bare = tmp_path / "bare"
    shutil.copytree(repository / ".git", bare)
    with open(bare / "config", "a", encoding="utf-8") as file:
        file.write(f"\n[core]\n\tfsmonitor = {script}\n\tworktree = {repository}\n\tbare = false\n")
    assert read_git(bare) is None
    assert not sprung.exists()


STATUS = [
    ("# branch.oid 0123456789abcdef\0# branch.head main\0", GitState("main", "0123456789ab")),
    ("# branch.oid (initial)\0# branch.head main\0? a\0", GitState("main", "", 1)),
    ("# branch.oid 0123456789abcdef\0# branch.head (detached)\0", GitState("", "0123456789ab")),
    (
        "# branch.oid 0123456789abcdef\0# branch.head f/x\0"
        "1 .M N... 100644 100644 100644 a b file\0002 R. N... 100644 100644 100644 a b R100 new\0? looks-new\0u x\0",
        GitState("f/x", "0123456789ab", 3),
    ),
    ("", None),
]


@pytest.mark.parametrize(("text", "state"), STATUS)
def test_status_is_parsed(text: str, state: GitState | None) -> None:
    assert parse_status(text) == state
