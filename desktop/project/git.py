"""The state of a project's Git repository, asked of the git program without letting the repository run anything."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop.base.blocking import CancelToken
from desktop.base.commands import Command
from desktop.base.processes import find_program, run_process
from desktop.base.visible import visible
from desktop.base.words import Words, msg

from .errors import ProjectError
from .reading import read_text


@dataclass(frozen=True, slots=True)
class GitState:
    """`commit` is the short hash; `dirty` how many files are not committed; `tag` that of this very commit."""

    branch: str
    commit: str
    dirty: int = 0
    tag: str = ""


# A repository's own settings may name programs (fsmonitor, hooks, pagers, filters): none of them is run.
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    # a folder on a share, on a stick or of another account belongs to somebody else, and git would refuse to look into
    # it; what it fears, that the repository's settings start a program, is kept from happening here
    "safe.directory=*",
)
_SAFE = tuple(word for setting in _SETTINGS for word in ("-c", setting))
_ENVIRONMENT = (
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("LC_ALL", "C"),
)


class NoCommit(ProjectError):
    """Git is not there, or refused the first commit."""

    code = "project.no_commit"

    def __init__(self, why: Words, fix: Words = "", *, detail: str = "") -> None:
        super().__init__(
            msg("The project is not in Git yet."),
            why,
            fix or msg("Run “git init”, “git add .” and “git commit” in the folder once that is put right."),
            detail=detail,
        )


_NOBODY = ("identity unknown", "tell me who you are", "empty ident", "unable to auto-detect email")
"""What git says where it knows no name or e-mail address to commit with."""


def _not_committed(word: str, said: str) -> NoCommit:
    """`said` is all that git said, in English."""
    if any(words in said.casefold() for words in _NOBODY):
        return NoCommit(
            msg("Git does not know your name and e-mail address yet, which a commit carries."),
            msg(
                "Run “git config --global user.name YOUR-NAME” and “git config --global user.email YOUR-ADDRESS”,"
                " then “git init”, “git add .” and “git commit” in the folder."
            ),
            detail=said,
        )
    first = visible(said.strip().splitlines()[0], 200) if said.strip() else ""
    return NoCommit(msg("git {word} says: {said}", word=word, said=first), detail=said)


def start_git(token: CancelToken, folder: Path) -> None:
    """Makes a repository with one commit (blocking). Raises NoCommit, and then no repository is left behind; inside
    another repository nothing is done."""
    program = find_program("git")
    if program is None:
        raise NoCommit(msg("There is no git program on this computer."))
    if any((above / ".git").exists() for above in (folder, *folder.parents)):
        return
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "--all"),
        ("commit", "-q", "-m", "Start from a template"),
    ):
        done = run_process(token, Command((str(program), *words), _ENVIRONMENT, cwd=folder), timeout=60.0)
        if not done.ok:
            _remove_repository(folder / ".git")
            raise _not_committed(words[0], done.said())


def _remove_repository(folder: Path) -> None:
    def writable(function: Callable[[str], object], path: str, _: object) -> None:
        os.chmod(path, stat.S_IWRITE)  # Git's objects are read-only, which Windows does not delete
        function(path)

    shutil.rmtree(folder, onerror=writable)


def git_command(program: Path, folder: Path) -> Command:
    words = (
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=normal",
        "--ignore-submodules=all",
        "-z",
    )
    return Command((str(program), *_SAFE, *words), _ENVIRONMENT, cwd=folder)


def read_git(folder: Path, token: CancelToken | None = None) -> GitState | None:
    """Branch, commit and changes (blocking, 5 s at most); None without git or outside a repository."""
    program = find_program("git")
    token = token or CancelToken()
    if program is None or not folder.is_dir() or not _safe_repository(folder):
        return None
    try:
        status = run_process(token, git_command(program, folder), timeout=5.0)
        if not status.ok:
            return None
        tag = run_process(token, _tag_command(program, folder), timeout=5.0)
    except (OSError, TimeoutError):
        return None
    return parse_status(status.text(), tag.text().strip().split("\n")[0] if tag.ok else "")


def _tag_command(program: Path, folder: Path) -> Command:
    return Command(
        (str(program), *_SAFE, "tag", "--points-at", "HEAD", "--sort=-version:refname"),
        _ENVIRONMENT,
        cwd=folder,
    )


def _safe_repository(folder: Path) -> bool:
    """Whether there is a repository that may be asked: `git status` would run a clean filter of its settings."""
    for above in (folder, *folder.parents):
        inner = above / ".git"
        if inner.is_file():  # a work tree or submodule: the file says where the repository is
            inner = above / read_text(inner, 4096).removeprefix("gitdir:").strip()
            common = read_text(inner / "commondir", 4096).strip()
            return _harmless(inner / "config") and (not common or _harmless(inner / common / "config"))
        if inner.exists():
            return _harmless(inner / "config")
    return False


def _harmless(settings: Path) -> bool:
    text = read_text(settings, 1 << 20).lower()
    return not any(word in text for word in ("[filter", "[include", "worktreeconfig"))


def parse_status(text: str, tag: str = "") -> GitState | None:
    """What `git status --porcelain=v2 --branch -z` says."""
    branch = commit = ""
    dirty = 0
    parts = iter(text.split("\0"))
    for part in parts:
        if part.startswith("# branch.oid "):
            commit = part.removeprefix("# branch.oid ").strip()
        elif part.startswith("# branch.head "):
            branch = part.removeprefix("# branch.head ").strip()
        elif part[:2] in ("1 ", "2 ", "u ", "? "):
            dirty += 1
            if part.startswith("2 "):
                next(parts, "")  # a rename is followed by its old path
    if not branch and not commit:
        return None
    if branch == "(detached)":
        branch = ""
    return GitState(branch, "" if commit == "(initial)" else commit[:12], dirty, tag)
